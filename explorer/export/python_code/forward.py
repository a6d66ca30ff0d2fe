"""`forward` as text: names for values, one line for each convolution with its norm and activation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn

from explorer.export.python_code.constructors import is_list, reach
from explorer.export.python_code.formatting import WIDTH, Bracketed, Doc, call, flat, lines
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Body, Hole, Literal, Step, Term, Value, Var

_INPUT_NAMES = ("x", "y", "z")
_DEPTH = 2
#: Functions that are written around the call of a layer.
_WRAPPING = ("F.relu", "F.relu6", "F.silu", "F.gelu", "F.dropout", "torch.relu")
#: Methods that move numbers and change none: written inside of what takes their result.
_REARRANGING = frozenset({"contiguous", "flatten", "permute", "reshape", "transpose", "unsqueeze", "view"})


@dataclass
class _Line:
    step: Step
    doc: Doc
    reads: list[Var] = field(default_factory=list)


class Forward:
    """Writes the steps of one class. `attributes` are the holes' expressions there: `self.stride`."""

    def __init__(
        self,
        body: Body,
        attributes: Mapping[int, str],
        sources: Sources,
        comments: Mapping[Var, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.arguments = arguments
        self.body, self.attributes, self.sources = body, attributes, sources
        self.comments = comments or {}
        self.children = {child.name: child for child in body.children}
        self.uses = self._count()
        self.inlined: dict[Var, Term] = {}
        self.names: dict[Var, str] = {}
        self.functional = False
        self.looping: list[Step] = []
        self.places: dict[Var, list[int]] = {}  # which items of a tuple are picked
        self.unpacked: dict[Var, list[Var]] = self._unpackable()
        self.sizes = self._find_sizes()

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """Name and type of every input."""
        if self.arguments:
            return [(name, "torch.Tensor") for name in self.arguments]
        found: list[tuple[str, str]] = []
        plain = iter(_INPUT_NAMES)
        for number, is_a_list in enumerate(self.body.inputs):
            if is_a_list:
                found.append(("features" if not number else f"features_{number + 1}", "list[torch.Tensor]"))
            else:
                found.append((next(plain, f"x{number + 1}"), "torch.Tensor"))
        return found

    def _count(self) -> dict[Var, int]:
        found: dict[Var, int] = {}
        for step in self.body.steps:
            for var in _vars(step.value):
                found[var] = found.get(var, 0) + 1
            if isinstance(step.otherwise, Var):
                found[step.otherwise] = found.get(step.otherwise, 0) + 2  # read in a line of its own
        for result in self.body.results:
            for var in _vars(result):
                found[var] = found.get(var, 0) + 1
        return found

    def _unpackable(self) -> dict[Var, list[Var]]:
        """Tuples whose items are picked one by one, all of them: `x1, x2 = x.chunk(2, dim=1)`."""
        found: dict[Var, list[Var]] = {}
        for step in self.body.steps:
            items = sorted(
                (inner.value.parts[1].value, inner.target.index)
                for inner in self.body.steps
                if inner.value.sort == "item" and inner.value.parts[0] == step.target and inner.flag is None
                if isinstance(inner.value.parts[1], Literal) and isinstance(inner.value.parts[1].value, int)
            )
            numbers = [number for number, _ in items]
            if step.flag is not None or not items or self.uses.get(step.target) != len(items):
                continue
            rank = _rank_of_shape(step.value)
            sides = len(numbers) > 1 and len(set(numbers)) == len(numbers) and set(numbers) <= set(range(rank))
            if sides or numbers == list(range(_count_of_parts(step.value))):
                found[step.target] = [Var(index) for _, index in items]
                self.places[step.target] = numbers
        return found

    def _find_sizes(self) -> set[Var]:
        """Values that are whole numbers: sides of a tensor and what is computed from them."""
        found: set[Var] = set()
        shapes = {
            step.target for step in self.body.steps if step.value.sort == "attribute" and step.value.tag[1] == "shape"
        }
        for step in self.body.steps:
            parts = step.value.parts
            if step.value.sort == "item" and parts[0] in shapes and not isinstance(parts[1], Term):
                found.add(step.target)
            if step.value.sort == "infix" and all(isinstance(part, (Literal, Hole)) or part in found for part in parts):
                found.add(step.target)
        return found

    def lines(self) -> list[str]:
        """The body of `forward`, indented."""
        for number, (name, _) in enumerate(self.inputs):
            self.names[Var(number)] = name
        steps = self._inline()
        found: list[str] = []
        condition = ""
        skipped = 0
        for place, step in enumerate(steps):
            if place < skipped:
                continue
            if step.value.sort == "gather":
                found += self._gather(step, steps[place:])
                condition = ""
                continue
            looped = self._loop(steps, place)
            if looped:
                found += looped
                skipped = place + len(self.looping)
                condition = ""
                continue
            alive = self._alive(steps[place + 1 :])
            doc = self._doc(step.value)
            if step.flag is None:
                if place == len(steps) - 1 and self.body.results == (step.target,):
                    return [*found, *lines("return ", doc, "", _DEPTH)]
                if step.target in self.unpacked:
                    found += self._unpack(step, doc, alive)
                    condition = ""
                    continue
                self.names[step.target] = self._name(step, alive)
                found += self._assign(self.names[step.target], doc, _DEPTH, self.comments.get(step.target, ""))
                condition = ""
                continue
            here = self._condition(step)
            before = self.names.get(step.otherwise) if isinstance(step.otherwise, Var) else None
            last = place == len(steps) - 1 and self.body.results == (step.target,)
            text = f"{flat(doc)} if {here} else {before}"
            if last and before is not None and here != condition and len(text) + 15 <= WIDTH:
                return [*found, f"        return {text}"]
            otherwise = step.otherwise
            dies = isinstance(otherwise, Var) and otherwise not in alive
            name = before if before is not None and dies else self._name(step, alive | self._held(otherwise))
            self.names[step.target] = name
            if before is not None and name != before:
                found += self._choice(name, doc, here, before)
                condition = ""
                continue
            if here != condition:
                found.append(f"        if {here}:")
            found += self._assign(name, doc, _DEPTH + 1)
            condition = here
        return [*found, *self._return()]

    def _loop(self, steps: list[Step], place: int) -> list[str]:
        """A loop over a module list of which each module takes what the one before gave."""
        self.looping = []
        value = steps[place].value
        if (
            value.sort != "call"
            or len(value.tag[1]) != 2
            or len(value.parts) != 1
            or not isinstance(value.parts[0], Var)
        ):
            return []
        owner = value.tag[1][0]
        make = self.children[owner].make if owner in self.children else None
        if not isinstance(make, Term) or make.sort != "holder" or not is_list(make) or len(make.parts) < 2:
            return []
        before: Value = value.parts[0]
        for number in range(len(make.parts)):
            step = steps[place + number] if place + number < len(steps) else None
            if (
                step is None
                or step.flag is not None
                or step.value != Term(("call", (owner, str(number)), ()), (before,))
            ):
                return []
            self.looping.append(step)
            before = step.target
        if any(self.uses[step.target] != 1 for step in self.looping[:-1]):
            return []
        alive = self._alive(steps[place + len(self.looping) :])
        start = self.names[value.parts[0]]
        name = start if value.parts[0] not in alive else "out"
        self.names[before] = name  # type: ignore[index]
        single = owner.removesuffix("s") if owner.endswith("s") and len(owner) > 1 else "module"
        first = [f"        {name} = {start}"] if name != start else []
        return [*first, f"        for {single} in self.{owner}:", f"            {name} = {single}({name})"]

    def _unpack(self, step: Step, doc: Doc, alive: set[Var]) -> list[str]:
        targets = self.unpacked[step.target]
        taken = {self.names[var] for var in alive if var in self.names}
        names: list[str] = []
        rank = _rank_of_shape(step.value)
        if rank:
            sides = ["_"] * rank
            for place, target in zip(self.places[step.target], targets, strict=True):
                sides[place] = self.names[target] = self._side_name(place, taken | set(sides))
            return lines(f"{', '.join(sides)} = ", doc, "", _DEPTH)
        for target in targets:
            number = len(names) + 1
            while f"x{number}" in taken or f"x{number}" in names:
                number += 1
            names.append(f"x{number}")
            self.names[target] = names[-1]
        return lines(f"{', '.join(names)} = ", doc, "", _DEPTH)

    def _held(self, value: Value | None) -> set[Var]:
        return {value} if isinstance(value, Var) else set()

    def _return(self) -> list[str]:
        docs = [self._doc(result) for result in self.body.results]
        whole: Doc = docs[0] if len(docs) == 1 else ", ".join(flat(doc) for doc in docs)
        return lines("return ", whole, "", _DEPTH)

    def _choice(self, name: str, doc: Doc, condition: str, before: str) -> list[str]:
        negated = condition.replace(" is not None", " is None")
        text = f"{flat(doc)} if {condition} else {before}"
        if negated != condition:
            text = f"{before} if {negated} else {flat(doc)}"
        if len(name) + len(text) + 11 <= WIDTH:
            return [f"        {name} = {text}"]
        return [f"        {name} = {before}", f"        if {condition}:", *self._assign(name, doc, _DEPTH + 1)]

    def _assign(self, name: str, doc: Doc, depth: int, comment: str = "") -> list[str]:
        found = lines(f"{name} = ", doc, "", depth)
        if comment and len(found) == 1 and len(found[0]) + len(comment) + 4 <= WIDTH:
            found = [f"{found[0]}  # {comment}"]
        return found

    def _condition(self, step: Step) -> str:
        if step.value.sort == "call":
            child = self.children.get(step.value.tag[1][0])
            if child is not None and child.flag == step.flag:
                return f"self.{child.name} is not None"
        assert step.flag is not None
        return self.attributes[step.flag.index]

    def _gather(self, step: Step, rest: list[Step]) -> list[str]:
        start, _ = step.value.parts
        text = flat(self._doc(start))
        before, first, after = step.value.tag[1]
        only = step.value.tag[2]
        name = "features" if "features" not in self.names.values() else "outputs"
        self.names[step.target] = name
        layers = "self.children()" if only else f'getattr(self, f"{before}{{i + {first}}}{after}")'
        if only:
            return [
                f"        {name} = {text}",
                f"        for layer in {layers}:",
                f"            {name}.append(layer({name}))",
            ]
        count = flat(self._doc(step.value.parts[1]))
        return [
            f"        {name} = {text}",
            f"        for i in range({count}):",
            f"            {name}.append({layers}({name}))",
        ]

    # names

    def _alive(self, rest: list[Step]) -> set[Var]:
        """Values that later lines read."""
        found: set[Var] = set()
        for step in rest:
            found.update(self._reads(step.value))
            if isinstance(step.otherwise, Var):
                found.add(step.otherwise)
        for result in self.body.results:
            found.update(self._reads(result))
        return found

    def _reads(self, value: Value) -> set[Var]:
        found: set[Var] = set()
        for var in _vars(value):
            found.update(self._reads(self.inlined[var]) if var in self.inlined else {var})
        return found

    def _name(self, step: Step, alive: set[Var]) -> str:
        taken = {self.names[var] for var in alive if var in self.names}
        if step.target in self.sizes:
            return self._size_name(step.value, taken)
        lists = {name for name, kind in self.inputs if kind != "torch.Tensor"}
        if lists and "x" not in taken and not any(v in self.names and self.names[v] == "x" for v in _vars(step.value)):
            return "x"
        read = [var for var in self._ordered_reads(step.value) if var in self.names]
        plain = [self.names[var] for var in read if self.names[var] not in taken]
        wished = self._wished(step.value)
        branches = step.value.sort == "call" and wished not in ("", "out") and bool(taken)
        if plain and not (branches and plain[0] == "x"):
            joins = len(read) > 1
            return "x" if joins and "x" not in taken and "x" in self.names.values() else plain[0]
        for name in (wished, "out"):
            if name and name not in taken and name not in self.sources.names:
                return name
        count, base = 2, wished or "out"
        while f"{base}_{count}" in taken:
            count += 1
        return f"{base}_{count}"

    def _size_name(self, value: Term, taken: set[str]) -> str:
        number = value.parts[1].value if value.sort == "item" and isinstance(value.parts[1], Literal) else None
        return self._side_name(number if isinstance(number, int) else -1, taken)

    def _side_name(self, place: int, taken: set[str]) -> str:
        base = "nchw"[place] if 0 <= place < 4 else "size"
        name, count = base, 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        return name

    def _ordered_reads(self, value: Value) -> list[Var]:
        found: list[Var] = []
        for var in _vars(value):
            found += self._ordered_reads(self.inlined[var]) if var in self.inlined else [var]
        return found

    def _wished(self, value: Term) -> str:
        if value.sort == "call":
            path = value.tag[1]
            child = self.children.get(path[0])
            container = child is not None and isinstance(child.make, Term) and child.make.sort in ("new", "sequential")
            if container and path[0].isidentifier() and path[0] not in ("conv", "block", "features", "layers", "f"):
                return "identity" if path[0] in ("downsample", "proj", "shortcut") else str(path[0])
            return "out"
        if value.sort in ("attribute", "item"):
            return str(value.tag[1]) if value.sort == "attribute" else "part"
        if value.sort in ("function", "method") and len(value.tag) > 1:
            name = str(value.tag[1]).rpartition(".")[2].strip("_")
            return name if name.isidentifier() and name not in ("cat", "relu") else "out"
        return "out"

    # lines

    def _inline(self) -> list[Step]:
        """The steps that have lines of their own; those read once, where it reads well, are written inside others."""
        producers = {step.target: step for step in self.body.steps}
        for step in self.body.steps:
            for var in _vars(step.value):
                inner = producers.get(var)
                if inner is None or self.uses[var] != 1 or inner.flag is not None or inner.value.sort == "gather":
                    continue
                if inner.value.sort == "item" and inner.value.parts[0] in self.unpacked:
                    continue
                number = var in self.sizes and step.value.sort in ("method", "function", "infix")
                if (number or self._belongs(var, inner.value, step)) and self._fits(inner.value, step.value):
                    self.inlined[var] = inner.value
        items = {target for targets in self.unpacked.values() for target in targets}
        return [step for step in self.body.steps if step.target not in self.inlined and step.target not in items]

    def _belongs(self, target: Var, inner: Term, outer: Step) -> bool:
        if inner.sort in ("attribute", "tensor"):
            return True
        if inner.sort == "item":
            return not isinstance(inner.parts[1], Term)
        if outer.value.sort == inner.sort == "method":  # x.reshape(…).permute(…)
            return outer.value.parts[0] == target
        if inner.sort == "method" and outer.value.sort in ("call", "infix") and outer.flag is None:
            return inner.tag[1] in _REARRANGING
        if outer.value.sort == "call":
            return inner.sort == "call" and self._is_norm_or_activation(outer.value) and outer.flag is None
        if outer.value.sort == "function":
            name = str(outer.value.tag[1])
            if name in ("F.softmax", "torch.softmax", "torch.sigmoid") and inner.sort == "infix":
                return True
            return inner.sort == "call" and name in (*_WRAPPING, "torch.chunk")
        if outer.value.sort != "infix" or inner.sort != "call" or outer.flag is not None:
            return False
        return self._is_dropout(inner) or (outer.value.tag[1] == "*" and self._is_gate(inner))

    def _fits(self, inner: Term, outer: Term) -> bool:
        return len(flat(self._doc(inner))) + len(flat(self._doc(outer))) < WIDTH - 14

    def _is_norm_or_activation(self, value: Term) -> bool:
        child = self.children.get(value.tag[1][0])
        if child is None or len(value.tag[1]) != 1 or child.flag is not None:
            return False
        if isinstance(child.make, Hole):
            return True
        if not isinstance(child.make, Term) or child.make.sort != "layer":
            return False
        name = str(child.make.tag[1]).removeprefix("nn.")
        return "Norm" in name or hasattr(nn.modules.activation, name) or self._is_dropout(value)

    def _is_gate(self, value: Term) -> bool:
        child = self.children.get(value.tag[1][0])
        return child is not None and isinstance(child.make, Term) and "igmoid" in str(child.make.tag[1])

    def _is_dropout(self, value: Term) -> bool:
        child = self.children.get(value.tag[1][0])
        if child is None or len(value.tag[1]) != 1 or child.flag is not None or not isinstance(child.make, Term):
            return False
        name = str(child.make.tag[1]) if child.make.sort == "layer" else ""
        return name == "StochasticDepth" or "Dropout" in name

    def _doc(self, value: Value) -> Doc:
        if isinstance(value, Literal):
            return value.text
        if isinstance(value, Hole):
            return self.attributes[value.index]
        if isinstance(value, Var):
            if value in self.inlined:
                return self._doc(self.inlined[value])
            return self.names.get(value, "x")
        return getattr(self, f"_{value.sort}")(value)  # type: ignore[no-any-return]

    def _arguments(self, parts: tuple[Value, ...], keywords: tuple[str, ...]) -> list[tuple[str, Doc]]:
        plain = len(parts) - len(keywords)
        items: list[tuple[str, Doc]] = [("", self._doc(part)) for part in parts[:plain]]
        return items + [(f"{name}=", self._doc(part)) for name, part in zip(keywords, parts[plain:], strict=True)]

    def _call(self, value: Term) -> Doc:
        return call(self.reached(value.tag[1]), self._arguments(value.parts, value.tag[2]))

    def reached(self, path: tuple[str, ...]) -> str:
        """How a module or tensor is reached: `self.layer1[0].conv1`."""
        code = "self"
        make: Value | None = None
        for number, part in enumerate(path):
            child = self.children.get(part) if number == 0 else None
            if number and part.isdecimal() and isinstance(make, Term) and _is_indexed(make):
                code += f"[{part}]"
            else:
                code = reach(code, part)
            make = child.make if child is not None else _inner(make, part)
        return code

    def _tensor(self, value: Term) -> Doc:
        return self.reached(value.tag[1])

    def _function(self, value: Term) -> Doc:
        self.functional |= str(value.tag[1]).startswith("F.")
        return call(value.tag[1], self._arguments(value.parts, value.tag[2]))

    def _method(self, value: Term) -> Doc:
        target = flat(self._operand(value.parts[0]))
        return call(f"{target}.{value.tag[1]}", self._arguments(value.parts[1:], value.tag[2]))

    def _operand(self, value: Value) -> Doc:
        doc = self._doc(value)
        simple = not isinstance(value, (Var, Term)) or not self._is_infix(value)
        if isinstance(value, Literal) and value.text.startswith("-"):
            simple = False
        return doc if simple else f"({flat(doc)})"

    def _is_infix(self, value: Value) -> bool:
        if isinstance(value, Var) and value in self.inlined:
            return self._is_infix(self.inlined[value])
        return isinstance(value, Term) and value.sort == "infix"

    def _infix(self, value: Term) -> Doc:
        return f" {value.tag[1]} ".join(flat(self._operand(part)) for part in value.parts)

    def _item(self, value: Term) -> Doc:
        return f"{flat(self._operand(value.parts[0]))}[{self._index(value.parts[1])}]"

    def _index(self, value: Value) -> str:
        if isinstance(value, Term) and value.sort == "tuple":
            return ", ".join(map(self._index, value.parts)) + ("," if len(value.parts) == 1 else "")
        if isinstance(value, Term) and value.sort == "slice":
            start, stop, step = ("" if part == Literal("None") else flat(self._doc(part)) for part in value.parts)
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return flat(self._doc(value))

    def _attribute(self, value: Term) -> Doc:
        return f"{flat(self._operand(value.parts[0]))}.{value.tag[1]}"

    def _list(self, value: Term) -> Doc:
        return Bracketed("[", self._arguments(value.parts, ()), "]")

    def _tuple(self, value: Term) -> Doc:
        if len(value.parts) == 1:
            return f"({flat(self._doc(value.parts[0]))},)"
        return Bracketed("(", self._arguments(value.parts, ()), ")")

    def _dict(self, value: Term) -> Doc:
        return Bracketed("{", [(f"{k}: ", self._doc(p)) for k, p in zip(value.tag[1], value.parts, strict=True)], "}")

    def _slice(self, value: Term) -> Doc:
        return call("slice", self._arguments(value.parts, ()))

    def _training(self, value: Term) -> Doc:
        return "self.training"


def _count_of_parts(value: Term) -> int:
    """Into how many parts a call splits a tensor; 0 where it does not say."""
    if value.sort not in ("method", "function") or str(value.tag[1]).rpartition(".")[2] != "chunk":
        return 0
    count = value.parts[1] if len(value.parts) > 1 else None
    return count.value if isinstance(count, Literal) and isinstance(count.value, int) else 0


def _rank_of_shape(value: Term) -> int:
    """How many sides the shape has that a step reads; 0 where it reads none, or that is not known."""
    return value.tag[2] if value.sort == "attribute" and value.tag[1] == "shape" and len(value.tag) > 2 else 0


def _vars(value: Value) -> list[Var]:
    if isinstance(value, Var):
        return [value]
    return [v for part in value.parts for v in _vars(part)] if isinstance(value, Term) else []


def _is_indexed(make: Term) -> bool:
    if make.sort == "holder":
        return is_list(make)
    return make.tag[:2] == ("sequential", None)


def _inner(make: Value | None, part: str) -> Value | None:
    if not isinstance(make, Term):
        return None
    if make.sort in ("holder", "extended"):
        parts = make.parts[-len(make.tag[1]) :]
        return dict(zip(make.tag[1], parts, strict=True)).get(part)
    if make.sort == "sequential" and make.tag[1] is None and part.isdecimal() and int(part) < len(make.parts):
        return make.parts[int(part)]
    return None
