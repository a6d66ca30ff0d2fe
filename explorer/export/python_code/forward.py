"""`forward` as text: names for values, one line for each convolution with its norm and activation."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.export.python_code.constructors import is_list, reach
from explorer.export.python_code.expressions import Expressions
from explorer.export.python_code.formatting import WIDTH, Doc, flat, lines
from explorer.export.python_code.forward_values import ForwardValues, rank_of_shape
from explorer.export.python_code.inlining import Inliner
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Body, Step, Term, Value, Var
from explorer.export.python_code.value_names import ValueNames

_INPUT_NAMES = ("x", "y", "z")
_DEPTH = 2


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
        self.body, self.attributes, self.arguments = body, attributes, arguments
        self.comments = comments or {}
        self.children = {child.name: child for child in body.children}
        self.values = ForwardValues(body)
        self.expressions = Expressions(self.children, attributes)
        has_lists = any(kind != "torch.Tensor" for _, kind in self.inputs)
        self.names = ValueNames(self.values, self.expressions, sources, has_lists)
        self.looping: list[Step] = []
        self.condition = ""  # of the `if` whose block the last line is in
        self.has_returned = False

    @property
    def functional(self) -> bool:
        """Whether what was written uses `torch.nn.functional` as `F`."""
        return self.expressions.functional

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

    def lines(self) -> list[str]:
        """The body of `forward`, indented."""
        for number, (name, _) in enumerate(self.inputs):
            self.expressions.names[Var(number)] = name
        steps = Inliner(self.values, self.expressions).steps()
        found: list[str] = []
        while steps:
            loop = self._find_loop(steps)
            step, rest = steps[0], steps[max(len(loop), 1) :]
            if step.value.sort == "gather":
                found += self._gather_lines(step)
            elif loop:
                found += self._loop_lines(loop, rest)
            elif step.flag is not None:
                found += self._optional_lines(step, rest)
            else:
                found += self._plain_lines(step, rest)
            if step.flag is None or step.value.sort == "gather":
                self.condition = ""
            steps = rest
        return found if self.has_returned else [*found, *self._return()]

    def _returns(self, step: Step, rest: list[Step]) -> bool:
        """Whether the step is the last one, and its value all that is returned."""
        return not rest and self.body.results == (step.target,)

    def _plain_lines(self, step: Step, rest: list[Step]) -> list[str]:
        alive = self.names.alive(rest)
        doc = self.expressions.doc(step.value)
        if self._returns(step, rest):
            self.has_returned = True
            return lines("return ", doc, "", _DEPTH)
        if step.target in self.values.unpacked:
            return self._unpack(step, doc, alive)
        name = self.expressions.names[step.target] = self.names.choose(step, alive)
        return self._assign(name, doc, _DEPTH, self.comments.get(step.target, ""))

    def _optional_lines(self, step: Step, rest: list[Step]) -> list[str]:
        """Lines of a step that is left out where its flag is false; steps with one condition share its `if`."""
        alive = self.names.alive(rest)
        doc, condition, otherwise = self.expressions.doc(step.value), self._condition(step), step.otherwise
        before = self.expressions.names.get(otherwise) if isinstance(otherwise, Var) else None
        returned = f"        return {flat(doc)} if {condition} else {before}"
        is_new = before is not None and condition != self.condition
        if self._returns(step, rest) and is_new and len(returned) <= WIDTH:
            self.has_returned = True
            return [returned]
        dies = isinstance(otherwise, Var) and otherwise not in alive
        held = {otherwise} if isinstance(otherwise, Var) else set()
        name = before if before is not None and dies else self.names.choose(step, alive | held)
        self.expressions.names[step.target] = name
        if before is not None and name != before:
            self.condition = ""
            return self._choice(name, doc, condition, before)
        opening = [f"        if {condition}:"] if condition != self.condition else []
        self.condition = condition
        return [*opening, *self._assign(name, doc, _DEPTH + 1)]

    def _find_loop(self, steps: list[Step]) -> list[Step]:
        """Return the steps to begin with that call all modules of a list, each with what the one before gave; empty
        where they do not."""
        value = steps[0].value
        called = value.sort == "call" and len(value.tag[1]) == 2 and len(value.parts) == 1
        if not called or not isinstance(value.parts[0], Var):
            return []
        owner = value.tag[1][0]
        make = self.children[owner].make if owner in self.children else None
        if not isinstance(make, Term) or not is_list(make) or len(make.parts) < 2:
            return []
        before: Value = value.parts[0]
        loop = steps[: len(make.parts)]
        for number, step in enumerate(loop):
            if step.flag is not None or step.value != Term(("call", (owner, str(number)), ()), (before,)):
                return []
            before = step.target
        is_read_between = any(self.values.uses[step.target] != 1 for step in loop[:-1])
        return loop if len(loop) == len(make.parts) and not is_read_between else []

    def _loop_lines(self, loop: list[Step], rest: list[Step]) -> list[str]:
        start, owner = loop[0].value.parts[0], loop[0].value.tag[1][0]
        assert isinstance(start, Var)
        before = self.expressions.names.get(start)
        if before is None:  # written where it is read
            before, name = flat(self.expressions.doc(start)), self.names.choose(loop[0], self.names.alive(rest))
        else:
            name = "out" if start in self.names.alive(rest) else before
        self.expressions.names[loop[-1].target] = name
        single = owner.removesuffix("s") if owner.endswith("s") and len(owner) > 1 else "module"
        first = [f"        {name} = {before}"] if name != before else []
        return [*first, f"        for {single} in self.{owner}:", f"            {name} = {single}({name})"]

    def _unpack(self, step: Step, doc: Doc, alive: set[Var]) -> list[str]:
        targets = self.values.unpacked[step.target]
        taken = {self.expressions.names[var] for var in alive if var in self.expressions.names}
        names: list[str] = []
        rank = rank_of_shape(step.value)
        if rank:
            sides = ["_"] * rank
            for place, target in zip(self.values.places[step.target], targets, strict=True):
                sides[place] = self.expressions.names[target] = self.names.side_name(place, taken | set(sides))
            return lines(f"{', '.join(sides)} = ", doc, "", _DEPTH)
        for target in targets:
            if not self.values.uses.get(target):
                names.append("_")
                continue
            number = len(names) + 1
            while f"x{number}" in taken or f"x{number}" in names:
                number += 1
            names.append(f"x{number}")
            self.expressions.names[target] = names[-1]
        return lines(f"{', '.join(names)} = ", doc, "", _DEPTH)

    def _return(self) -> list[str]:
        results = self.body.results
        if len(results) == 1 and isinstance(results[0], Term) and results[0].sort == "tuple":
            results = results[0].parts if len(results[0].parts) > 1 else results
        docs = [self.expressions.doc(result) for result in results]
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
                return f"{reach('self', child.name)} is not None"
        assert step.flag is not None
        return self.attributes[step.flag.index]

    def _gather_lines(self, step: Step) -> list[str]:
        start, _ = step.value.parts
        text = flat(self.expressions.doc(start))
        before, first, after = step.value.tag[1]
        only = step.value.tag[2]
        name = "features" if "features" not in self.expressions.names.values() else "outputs"
        self.expressions.names[step.target] = name
        if only:
            loop, layer = "for layer in self.children():", "layer"
        else:
            loop = f"for i in range({flat(self.expressions.doc(step.value.parts[1]))}):"
            layer = f'getattr(self, f"{before}{{i + {first}}}{after}")'
        return [f"        {name} = {text}", f"        {loop}", f"            {name}.append({layer}({name}))"]
