"""From places that vary to constructor arguments: equal ones are one, some follow from others, all have names."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from torch import nn

from explorer.export.python_code.generalise import FALSE, TRUE, Family
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Hole, Literal, Template, Term, Value

Row = Mapping[int, Value]
Vector = tuple[Value | None, ...]  # one value for each instance; None where it is not read


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constructor argument. `default` is None where one must be given."""

    name: str
    type: str
    vector: Vector
    default: Value | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """Where a hole is: the argument of which layer or function, of which child, and what it depends on."""

    role: str
    owner: str
    flags: tuple[Hole, ...]
    default: str | None = None


class Parameters:
    """The arguments of one class, and for each hole the expression that stands there."""

    def __init__(self, parameters: Sequence[Parameter], expressions: Mapping[int, str]) -> None:
        self.parameters = list(parameters)
        self.expressions = dict(expressions)
        self.roles: dict[int, str] = {}
        self.locals: list[tuple[str, str]] = []  # names for what is computed from arguments and used often
        self._positions: dict[str, int] = {}

    @classmethod
    def of(cls, family: Family, sources: Sources, entering: Sequence[int | None]) -> Parameters:
        return _Namer(family, sources, entering).parameters()

    def call(self, name: str, row: Row) -> Term:
        """The call that makes the instance with these values."""
        index = self._index(row)
        values = tuple(p.vector[index] if p.vector[index] is not None else p.default for p in self.parameters)
        names = tuple(p.name for p in self.parameters)
        defaults = tuple(p.default for p in self.parameters)
        kinds = tuple(p.type for p in self.parameters)
        return Term(
            ("new", name, names, defaults, kinds), tuple(v if v is not None else Literal("None") for v in values)
        )

    def _index(self, row: Row) -> int:
        return next(n for n, own in enumerate(self.rows) if own is row)

    rows: Sequence[Row] = ()


_PLACES = ("in_channels", "in_features", "num_features", "out_channels", "out_features")


class _Namer:
    def __init__(self, family: Family, sources: Sources, entering: Sequence[int | None]) -> None:
        self.family, self.sources = family, sources
        self.entering = tuple(Literal(str(count), count) if count is not None else None for count in entering)
        self.uses: dict[int, list[Use]] = {}
        _find_uses(family.template, self.uses, sources)
        self.rows = family.rows
        self.taken = {"self", "x", "i"}

    def vector(self, index: int) -> Vector:
        """The values of a hole, without those that nobody reads."""
        found: list[Value | None] = []
        for row in self.rows:
            read = any(all(_is_on(row.get(flag.index)) for flag in use.flags) for use in self.uses.get(index, ()))
            found.append(row.get(index) if read else None)
        return tuple(found)

    def parameters(self) -> Parameters:
        holes = list(self.uses)
        flags = {use_flag.index for uses in self.uses.values() for use in uses for use_flag in use.flags}
        vectors = {index: self._completed(index, self.vector(index)) for index in holes}
        vectors = {index: self._without_rate(index, vector) for index, vector in vectors.items()}
        classes: list[tuple[list[int], Vector]] = []  # holes of equal values
        for index in holes:
            for number, (members, vector) in enumerate(classes):
                if (index in flags) == (members[0] in flags) and (joined := _joined(vector, vectors[index])):
                    classes[number] = ([*members, index], joined)
                    break
            else:
                classes.append(([index], vectors[index]))
        return self._name_all(classes)

    def _completed(self, index: int, vector: Vector) -> Vector:
        """The vector with the channels that enter where it says the same wherever it is read."""
        roles = {use.role for use in self.uses[index]}
        if roles & set(_PLACES[:3]) and None in vector and None not in self.entering:
            return _joined(vector, self.entering) or vector
        return vector

    def _without_rate(self, index: int, vector: Vector) -> Vector:
        """The vector with 0.0 where a layer that drops values is left out: so do those who write `if p > 0`."""
        rates = [v.value for v in vector if isinstance(v, Literal)]
        if None not in vector or any(use.role != "p" or not use.flags for use in self.uses[index]):
            return vector
        return tuple(v or Literal("0.0", 0.0) for v in vector) if all(rate > 0 for rate in rates) else vector

    def _name_all(self, classes: list[tuple[list[int], Vector]]) -> Parameters:
        parameters: list[Parameter] = []
        expressions: dict[int, str] = {}
        known: list[tuple[str, Vector]] = []
        computed: list[tuple[str, str]] = []
        ordered = sorted(classes, key=lambda item: self._rank(item[0]))
        for members, vector in ordered:
            if len({v for v in vector if v is not None}) == 1 and None in vector:
                value = next(v for v in vector if v is not None)  # the same wherever it is read
                if isinstance(value, Literal):
                    expressions |= dict.fromkeys(members, value.text)
                    continue
            derived = _derived(vector, known) if not self._is_flag(members) else _condition(vector, known)
            ratio = self._ratio(members, vector, parameters) if derived is None else None
            if ratio is not None:
                parameters.append(ratio)
                known.append((ratio.name, ratio.vector))
                derived = f"{ratio.name} * {parameters[0].name}"
            elif derived is None:
                name = self._name(members)
                kind = _type_of(vector, self.sources)
                default = self._default(members, vector)
                parameters.append(Parameter(name, kind, vector, default))
                known.append((name, vector))
                derived = name
                if kind == "type[nn.Module]":
                    derived = f"{name}()"
            if not derived.isidentifier() and self._is_used_often(members):
                name = self._name(members)
                computed.append((name, derived))
                derived = name
            if derived not in [name for name, _ in known]:
                known.append((derived, vector))
            expressions |= dict.fromkeys(members, derived)
        ordered_parameters = [p for p in parameters if p.default is None] + [p for p in parameters if p.default]
        found = Parameters(ordered_parameters, expressions)
        found.rows = self.rows
        found.locals = computed
        found.roles = {index: uses[0].role for index, uses in self.uses.items()}
        return found

    def _ratio(self, members: Sequence[int], vector: Vector, known: Sequence[Parameter]) -> Parameter | None:
        """How many times the channels that enter an inner width is, if that takes few values: the expansion."""
        if not known or known[0].name != "in_channels" or self._is_last(members):
            return None
        wide, entering = _numbers(vector), _numbers(known[0].vector)
        if wide is None or entering is None or None in wide or None in entering:
            return None
        pairs = [(a, b) for a, b in zip(wide, entering, strict=True) if a is not None and b]
        if len(pairs) < len(vector) or any(a % b for a, b in pairs):
            return None
        ratios = [a // b for a, b in pairs]
        if len(set(ratios)) > 3 or 2 * len(set(ratios)) > len(set(wide)) or "expansion" in self.taken:
            return None
        self.taken.add("expansion")
        common, _ = Counter(ratios).most_common(1)[0]
        literals = tuple(Literal(str(ratio), ratio) for ratio in ratios)
        return Parameter("expansion", "int", literals, Literal(str(common), common))

    def _is_used_often(self, members: Sequence[int]) -> bool:
        uses = [use for index in members for use in self.uses[index]]
        return not self._is_flag(members) and len(uses) > 2 and any(use.role in _PLACES for use in uses)

    def _is_flag(self, members: Sequence[int]) -> bool:
        return all(row.get(members[0], TRUE) in (TRUE, FALSE) for row in self.rows)

    def _rank(self, members: Sequence[int]) -> tuple[int, int]:
        roles = [use.role for index in members for use in self.uses[index]]
        if self._is_flag(members):
            return (3, min(members))
        first = list(self.uses).index(members[0])
        if any(role in ("in_channels", "in_features") for role in roles) and first == self._first_of(_PLACES[:3]):
            return (0, first)
        return (1 if any(role in _PLACES for role in roles) else 2, first)

    def _first_of(self, roles: Sequence[str]) -> int:
        order = list(self.uses)
        return next((n for n, i in enumerate(order) if any(use.role in roles for use in self.uses[i])), -1)

    def _name(self, members: Sequence[int]) -> str:
        uses = [use for index in members for use in self.uses[index]]
        use = uses[0]
        roles = [u.role for u in uses]
        wished = [use.role, *([f"{use.owner}_{use.role}"] if use.role != "size" else [])]
        if any(role in _PLACES for role in roles):
            role = "channels"
            outs = [u for u in uses if u.role in ("out_channels", "out_features")]
            ins = [u for u in uses if u.role in ("in_channels", "in_features", "num_features")]
            owner = (outs or ins)[0].owner
            if members[0] == list(self.uses)[max(self._first_of(_PLACES[:3]), 0)] and ins:
                wished = ["in_channels", f"{owner}_in_channels"]
            elif (outs and not ins) or (outs and self._is_last(members)):
                wished = [f"{owner}_{role}", "out_channels"] if not self._is_last(members) else ["out_channels"]
            else:
                wished = ["width", f"{owner}_{role}"]
        elif self._is_flag(members):
            wished = [use.role, f"with_{use.role}"]
        for name in wished:
            cleaned = re.sub(r"\W+", "_", name).strip("_").lower() or "value"
            if cleaned.isidentifier() and not keyword.iskeyword(cleaned) and cleaned not in self.taken:
                self.taken.add(cleaned)
                return cleaned
        if use.role == "size":
            wished.append("size")
        base, count = (re.sub(r"\W+", "_", wished[-1]).strip("_").lower() or "value"), 2
        base = base if base.isidentifier() else f"value_{base}"
        while f"{base}_{count}" in self.taken:
            count += 1
        self.taken.add(f"{base}_{count}")
        return f"{base}_{count}"

    def _is_last(self, members: Sequence[int]) -> bool:
        outs = [i for i in self.uses if any(u.role in ("out_channels", "out_features") for u in self.uses[i])]
        return bool(outs) and outs[-1] in members

    def _default(self, members: Sequence[int], vector: Vector) -> Value | None:
        if any(isinstance(v, Term) for v in vector):
            return Literal("None") if None in vector else None
        uses = [use for index in members for use in self.uses[index]]
        values = [v for v in vector if v is not None]
        if self._is_flag(members):
            return FALSE if values.count(FALSE) else TRUE
        own = next((use.default for use in uses if use.default is not None), None)
        same = next((v for v in values if isinstance(v, Literal) and v.text == own), None)
        if same is not None and not any(use.role in _PLACES for use in uses):
            return same
        if Literal("0.0") in values and all(use.role == "p" and use.flags for use in uses):
            return Literal("0.0", 0.0)
        common, count = Counter(values).most_common(1)[0]
        if None in vector:
            return common
        return common if 3 * count >= 2 * len(values) and not any(u.role in _PLACES for u in uses) else None


def _is_on(value: Value | None) -> bool:
    return isinstance(value, Literal) and value.value not in (False, 0)


def _joined(one: Vector, two: Vector) -> Vector | None:
    """One vector for both, where they say the same wherever both are read."""
    if all(a is None or b is None or a == b for a, b in zip(one, two, strict=True)):
        if not any(a is not None and b is not None for a, b in zip(one, two, strict=True)):
            return None
        return tuple(a if a is not None else b for a, b in zip(one, two, strict=True))
    return None


def _numbers(vector: Vector) -> list[int | None] | None:
    if all(v is None or (isinstance(v, Literal) and type(v.value) is int) for v in vector):
        return [v.value if isinstance(v, Literal) else None for v in vector]
    return None


def _derived(vector: Vector, known: Sequence[tuple[str, Vector]]) -> str | None:
    """An expression in arguments that are known already, the simplest that holds for every instance."""
    for name, other in known:
        if all(a is None or a == b for a, b in zip(vector, other, strict=True)):
            return name
    wanted = [v.value if isinstance(v, Literal) else None for v in vector]
    if not all(type(a) in (int, float, type(None)) for a in wanted) or len({a for a in wanted if a is not None}) < 2:
        return None
    held = {name: numbers for name, other in known if name.isidentifier() and (numbers := _numbers(other)) is not None}
    for name, numbers in held.items():
        pairs = [(a, b) for a, b in zip(wanted, numbers, strict=True) if a is not None]
        whole = [(a, b) for a, b in pairs if b is not None]
        if len(whole) == len(pairs) and (found := _formula(name, whole)):
            return found
    for (one, first), (two, second) in combinations(held.items(), 2):
        if all(a is None or (b and c and a == b * c) for a, b, c in zip(wanted, first, second, strict=True)):
            return f"{one} * {two}"
    return None


def _formula(name: str, pairs: Sequence[tuple[Any, int]]) -> str | None:
    """An expression in one argument that gives the first number of each pair from the second."""
    if all(type(a) is float for a, _ in pairs):  # the scale of attention
        return f"{name}**-0.5" if all(b > 0 and a == b**-0.5 for a, b in pairs) else None
    if any(type(a) is float for a, _ in pairs):
        return None
    ratios = {a / b if b else 0 for a, b in pairs}
    if len(ratios) == 1 and (ratio := ratios.pop()) == int(ratio) and ratio > 1:
        return f"{int(ratio)} * {name}"
    for divisor in (2, 3, 4, 6, 8, 16, 32):
        if all(a == b // divisor for a, b in pairs):
            return f"{name} // {divisor}"
    return f"{name}**2" if all(a == b * b for a, b in pairs) else None


def _condition(vector: Vector, known: Sequence[tuple[str, Vector]]) -> str | None:
    """A condition on arguments that are known already which is true exactly where the flag is."""
    tests: list[tuple[str, list[bool]]] = []
    numbered = [(name, held) for name, other in known if (held := _numbers(other)) is not None and None not in held]
    for name, held in numbered:
        if name in ("stride", "expansion"):
            tests.append((f"{name} == 1", [value == 1 for value in held]))
    for name, makes in known:
        if name.isidentifier() and None in makes and any(isinstance(v, Term) for v in makes):
            tests.append((f"{name} is not None", [v is not None for v in makes]))
    for name, rates in known:
        shares = [v.value for v in rates if isinstance(v, Literal) and type(v.value) is float]
        if name.isidentifier() and len(shares) == len(rates):
            tests.append((f"{name} > 0", [share > 0 for share in shares]))
    for number, (name, held) in enumerate(numbered):
        for other, theirs in numbered[number + 1 :]:
            channels = all("channels" in n or "width" in n for n in (name, other))
            if channels:
                tests.append((f"{name} == {other}", [a == b for a, b in zip(held, theirs, strict=True)]))
    pairs = [
        (f"{a} and {b}", [p and q for p, q in zip(one, two, strict=True)])
        for n, (a, one) in enumerate(tests)
        for b, two in tests[n + 1 :]
    ]
    on = [value == TRUE for value in vector]
    for text, values in (*tests, *pairs):
        if values == on:
            return text
        if [not value for value in values] == on:
            return text.replace("==", "!=").replace(" and ", " or ").replace(">", "<=").replace(" is not ", " is ")
    return None


def _type_of(vector: Vector, sources: Sources) -> str:
    values = [v for v in vector if v is not None]
    if any(isinstance(v, Term) for v in values):
        plain = all(isinstance(v, Term) and _takes_nothing(v, sources) for v in values)
        return "type[nn.Module]" if plain else "nn.Module"
    kinds = {type(v.value) for v in values if isinstance(v, Literal)}
    if kinds == {int, float}:
        return "float"
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind in (tuple, list):
            return _sequence_type(kind.__name__, [v.value for v in values if isinstance(v, Literal)])
        return kind.__name__ if kind in (int, float, bool, str) else "object"
    if kinds == {int, tuple}:
        return "int | tuple[int, int]"
    return "object"


def _takes_nothing(value: Term, sources: Sources) -> bool:
    """Is a layer made with its class alone?"""
    defaults = [argument.default for argument in sources.layers[value.tag[1]].arguments]
    return all(isinstance(p, Literal) and p.text == d for p, d in zip(value.parts, defaults, strict=True))


def _sequence_type(kind: str, values: Sequence[object]) -> str:
    inner = {type(item).__name__ for value in values if isinstance(value, (list, tuple)) for item in value}
    item = inner.pop() if len(inner) == 1 else "object"
    return f"list[{item}]" if kind == "list" else f"tuple[{item}, ...]"


def _find_uses(template: Template, uses: dict[int, list[Use]], sources: Sources) -> None:
    if isinstance(template, Term):
        _walk(template, "", "", (), uses, sources)
        return
    for child in template.children:
        flags = (child.flag,) if child.flag is not None else ()
        role = "activation" if isinstance(child.make, Hole) else ""
        _walk(child.make, child.name, role, flags, uses, sources)
    for step in template.steps:
        flags = (step.flag,) if step.flag is not None else ()
        if step.flag is not None:
            uses.setdefault(step.flag.index, []).append(Use(_flag_role(step.value), "", ()))
        _walk_step(step.value, flags, uses, sources)


def _walk_step(value: Value, flags: tuple[Hole, ...], uses: dict[int, list[Use]], sources: Sources) -> None:
    """Uses in a step: an argument is named as the function names it."""
    if not isinstance(value, Term):
        return
    names = _argument_names(value, sources)
    for name, part in zip(names, value.parts, strict=True):
        if isinstance(part, Hole):
            uses.setdefault(part.index, []).append(Use(name, "", flags))
        else:
            _walk_step(part, flags, uses, sources)


def _argument_names(value: Term, sources: Sources) -> list[str]:
    count = len(value.parts)
    if value.sort in ("function", "method"):
        keywords = list(value.tag[2])
        plain = count - len(keywords)
        known = sources.parameters.get(value.tag[1], _ARGUMENTS.get(str(value.tag[1]).rpartition(".")[2], ()))
        return [*(known[n] if n < len(known) else "size" for n in range(plain)), *keywords]
    return ["size" if value.sort == "infix" else "depth" if value.sort == "gather" else "value"] * count


#: Names of the arguments of functions that do not tell them.
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "permute": ("x", "dims"),
    "channel_shuffle": ("x", "groups"),
    "flatten": ("x", "start_dim", "end_dim"),
    "avg_pool2d": ("x", "kernel_size", "stride", "padding"),
    "max_pool2d": ("x", "kernel_size", "stride", "padding"),
    "chunk": ("x", "chunks", "dim"),
    "cat": ("tensors", "dim"),
    "mean": ("x", "dim"),
}


def _flag_role(value: Term) -> str:
    if value.sort == "call":
        return "_".join(value.tag[1])
    if value.sort == "infix":
        return {"+": "shortcut", "*": "gate"}.get(value.tag[1], "apply")
    name = str(value.tag[1]) if len(value.tag) > 1 else value.sort
    return {"F.channel_shuffle": "shuffle"}.get(name, name.rpartition(".")[2])


def _walk(
    value: Value,
    owner: str,
    role: str,
    flags: tuple[Hole, ...],
    uses: dict[int, list[Use]],
    sources: Sources,
    default: str | None = None,
) -> None:
    if isinstance(value, Hole):
        uses.setdefault(value.index, []).append(Use(role, owner, flags, default))
        return
    if not isinstance(value, Term):
        return
    if value.sort == "optional":
        assert isinstance(value.parts[0], Hole)
        role = _optional_role(value.parts[1])
        uses.setdefault(value.parts[0].index, []).append(Use(role, owner, flags))
        _walk(value.parts[1], owner, role, (*flags, value.parts[0]), uses, sources)
    elif value.sort == "repeat":
        count = value.parts[0]
        _walk(count, owner, "depth", flags, uses, sources)
        inner = (*flags, count) if isinstance(count, Hole) else flags
        _walk(value.parts[1], owner, role, inner, uses, sources)
    elif value.sort == "layer":
        defaults = {a.name: a.default for a in sources.layers[value.tag[1]].arguments}
        for name, part in zip(value.tag[2], value.parts, strict=True):
            _walk(part, owner, name, flags, uses, sources, defaults.get(name))
    elif value.sort == "new":
        for name, given, part in zip(value.tag[2], value.tag[3], value.parts, strict=True):
            _walk(part, owner, name, flags, uses, sources, given.text if isinstance(given, Literal) else None)
    elif value.sort == "sequential":
        parts = value.parts
        if isinstance(value.tag[1], tuple):
            _walk(parts[0], owner, "prefix", flags, uses, sources)
            parts = parts[1:]
        for number, part in enumerate(parts):
            inner_role = "activation" if isinstance(part, Hole) else role
            _walk(part, f"{owner}_{number}" if owner else "", inner_role, flags, uses, sources)
    elif value.sort in ("holder", "extended"):
        for name, part in zip(value.tag[1], value.parts[-len(value.tag[1]) :], strict=True):
            _walk(part, f"{owner}_{name}", role, flags, uses, sources)
    else:
        for part in value.parts:
            _walk(part, owner, role, flags, uses, sources, default)


def _optional_role(value: Value) -> str:
    if isinstance(value, Hole):
        return "activation"
    if isinstance(value, Term) and value.sort in ("new", "layer"):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", str(value.tag[1]).removeprefix("nn.")).lower()
        plain = str(value.tag[1]).removeprefix("nn.")
        if value.sort == "layer" and hasattr(nn.modules.activation, plain):
            return "activation"
        return {"conv2d_norm_activation": "expand", "squeeze_excitation": "squeeze"}.get(name, name)
    return "extra"
