"""From places that vary to constructor arguments: equal ones are one, some follow from others, all have names."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explorer.export.python_code.derived import Vector, find_condition, find_expression, is_on, join, numbers_of
from explorer.export.python_code.generalise import Family
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import FALSE, NOTHING, TRUE, Literal, Term, Value
from explorer.export.python_code.uses import Use, find_uses

ArgumentRow = Mapping[int, Value]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constructor argument. `default` is None where one must be given."""

    name: str
    type: str
    vector: Vector
    default: Value | None = None


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

    def call(self, name: str, row: ArgumentRow) -> Term:
        """The call that makes the instance with these values."""
        index = self._index(row)
        values = tuple(p.vector[index] if p.vector[index] is not None else p.default for p in self.parameters)
        names = tuple(p.name for p in self.parameters)
        defaults = tuple(p.default for p in self.parameters)
        kinds = tuple(p.type for p in self.parameters)
        return Term(("new", name, names, defaults, kinds), tuple(v if v is not None else NOTHING for v in values))

    def _index(self, row: ArgumentRow) -> int:
        return next(n for n, own in enumerate(self.rows) if own is row)

    rows: Sequence[ArgumentRow] = ()


_PLACES = ("in_channels", "in_features", "num_features", "out_channels", "out_features")


class _Namer:
    def __init__(self, family: Family, sources: Sources, entering: Sequence[int | None]) -> None:
        self.family, self.sources = family, sources
        self.entering = tuple(Literal(str(count), count) if count is not None else None for count in entering)
        self.uses: dict[int, list[Use]] = {}
        find_uses(family.template, self.uses, sources)
        self.rows = family.rows
        self.taken = {"self", "x", "i"}

    def vector(self, index: int) -> Vector:
        """The values of a hole, without those that nobody reads."""
        found: list[Value | None] = []
        for row in self.rows:
            read = any(all(is_on(row.get(flag.index)) for flag in use.flags) for use in self.uses.get(index, ()))
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
                if (index in flags) == (members[0] in flags) and (both := join(vector, vectors[index])):
                    classes[number] = ([*members, index], both)
                    break
            else:
                classes.append(([index], vectors[index]))
        return self._name_all(classes)

    def _completed(self, index: int, vector: Vector) -> Vector:
        """The vector with the channels that enter where it says the same wherever it is read."""
        roles = {use.role for use in self.uses[index]}
        if roles & set(_PLACES[:3]) and None in vector and None not in self.entering:
            return join(vector, self.entering) or vector
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
            derived = find_expression(vector, known) if not self._is_flag(members) else find_condition(vector, known)
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
                if kind == "type[nn.Module]":  # some are given none, as blocks whose activation was taken out
                    derived = f"{name}() if {name} else None" if NOTHING in vector else f"{name}()"
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
        wide, entering = numbers_of(vector), numbers_of(known[0].vector)
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
            return NOTHING if None in vector or NOTHING in vector else None
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


def _type_of(vector: Vector, sources: Sources) -> str:
    values = [v for v in vector if v is not None and v != NOTHING]
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
    alike = len(defaults) == len(value.parts)  # one may have keywords that another has not
    return alike and all(isinstance(p, Literal) and p.text == d for p, d in zip(value.parts, defaults, strict=True))


def _sequence_type(kind: str, values: Sequence[object]) -> str:
    inner = {type(item).__name__ for value in values if isinstance(value, (list, tuple)) for item in value}
    item = inner.pop() if len(inner) == 1 else "object"
    return f"list[{item}]" if kind == "list" else f"tuple[{item}, ...]"
