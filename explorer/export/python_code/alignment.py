"""Which steps of two blocks correspond, and which only one of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from explorer.export.python_code.terms import Body, Hole, Literal, Step, Term, Value, Var, variables


@dataclass
class Alignment:
    """Steps by their targets. Those in `skipped` only the first list has, those in `added` only the second; each with
    the value that it passes on where it is missing."""

    matched: dict[Var, Var] = field(default_factory=dict)
    skipped: dict[Var, Var] = field(default_factory=dict)
    added: dict[Var, Var] = field(default_factory=dict)


_MAX_STEPS = 200  # in longer blocks nothing is optional: looking for it would take too long


def align_steps(one: Body, two: Body) -> Alignment | None:
    """The alignment in which most steps correspond; None where less than half of them do."""
    if max(len(one.steps), len(two.steps)) > _MAX_STEPS and len(one.steps) != len(two.steps):
        return None
    aligner = _Aligner(one, two)
    found = Alignment()
    for a, b in zip(one.results, two.results, strict=True):
        if aligner.matches(a, b) is None or not aligner.collect(a, b, found):
            return None
    if 2 * len(found.matched) < max(len(one.steps), len(two.steps)):
        return None
    plain = [var for var in found.skipped if aligner.one[var].flag is None]
    if plain and found.added:
        return None  # two blocks that each have what the other has not are two classes
    return found


Matches = frozenset[tuple[Var, Var]]


class _Aligner:
    def __init__(self, one: Body, two: Body) -> None:
        self.one = {step.target: step for step in one.steps}
        self.two = {step.target: step for step in two.steps}
        self.known: dict[tuple[Var, Var], tuple[Matches | None, str, Var | None]] = {}

    def matches(self, one: Value, two: Value) -> Matches | None:
        """The steps behind two values that correspond, as many as can be; None where the values do not."""
        if isinstance(one, Var) and isinstance(two, Var):
            return self._choice(one, two)[0]
        if isinstance(one, Term) and isinstance(two, Term):
            if one.tag != two.tag or len(one.parts) != len(two.parts):
                return None
            found: Matches = frozenset()
            for a, b in zip(one.parts, two.parts, strict=True):
                inner = self.matches(a, b)
                if inner is None:
                    return None
                found |= inner
            return found
        constants = isinstance(one, (Literal, Hole)) and isinstance(two, Literal)
        return frozenset() if constants else None

    def _choice(self, one: Var, two: Var) -> tuple[Matches | None, str, Var | None]:
        key = (one, two)
        if key not in self.known:
            self.known[key] = (None, "", None)
            choices = [choice for choice in self._choices(one, two) if choice[0] is not None]
            self.known[key] = max(choices, key=lambda choice: len(choice[0] or ()), default=(None, "", None))
        return self.known[key]

    def _choices(self, one: Var, two: Var) -> Iterator[tuple[Matches | None, str, Var | None]]:
        first, second = self.one.get(one), self.two.get(two)
        if first is None and second is None:
            if one == two:
                yield frozenset(), "input", None
            return
        if first is not None and second is not None:
            inner = self.matches(first.value, second.value)
            if inner is not None:
                yield inner | {(one, two)}, "match", None
        if first is not None:
            for var in _passed(first):
                yield self._choice(var, two)[0], "skip", var
        if second is not None:
            for var in _passed(second):
                yield self._choice(one, var)[0], "add", var

    def collect(self, one: Value, two: Value, found: Alignment) -> bool:
        """Note the choices made; False where they contradict each other."""
        if isinstance(one, Term) and isinstance(two, Term):
            return all(self.collect(a, b, found) for a, b in zip(one.parts, two.parts, strict=True))
        if not isinstance(one, Var) or not isinstance(two, Var):
            return True
        _, choice, var = self._choice(one, two)
        if choice == "match":
            if one in found.matched or two in found.matched.values():
                return found.matched.get(one) == two
            if one in found.skipped or two in found.added:
                return False
            found.matched[one] = two
            return self.collect(self.one[one].value, self.two[two].value, found)
        if choice == "skip":
            assert var is not None
            if one in found.matched or found.skipped.setdefault(one, var) != var:
                return False
            return self.collect(var, two, found)
        if choice == "add":
            assert var is not None
            if two in found.matched.values() or found.added.setdefault(two, var) != var:
                return False
            return self.collect(one, var, found)
        return choice == "input"


def _passed(step: Step) -> Sequence[Var]:
    """The values that may stand for a step's result where it is missing."""
    if isinstance(step.otherwise, Var):
        return [step.otherwise]
    return list(dict.fromkeys(variables(step.value))) if step.flag is None else []


def align_items(one: Sequence[Value], two: Sequence[Value]) -> list[tuple[Value | None, Value | None]] | None:
    """Modules of two sequences that correspond, in order; None where less than half of them do."""
    rows, columns = len(one), len(two)
    best: dict[tuple[int, int], tuple[float, str]] = {(rows, columns): (0.0, "")}
    for i in range(rows, -1, -1):
        for j in range(columns, -1, -1):
            choices = [best[i, j]] if (i, j) in best else []
            if i < rows and j < columns and (price := _unlike(one[i], two[j])) is not None:
                choices.append((best[i + 1, j + 1][0] + price, "match"))
            if i < rows:
                choices.append((best[i + 1, j][0] + 1, "skip"))
            if j < columns:
                choices.append((best[i, j + 1][0] + 1, "add"))
            best[i, j] = min(choices, key=lambda choice: choice[0])
    i = j = matched = 0
    found: list[tuple[Value | None, Value | None]] = []
    while (i, j) != (rows, columns):
        choice = best[i, j][1]
        found.append((one[i] if choice != "add" else None, two[j] if choice != "skip" else None))
        matched += choice == "match"
        i, j = i + (choice != "add"), j + (choice != "skip")
    lacking = [_sort(a) for a, b in found if b is None], [_sort(b) for a, b in found if a is None]
    if any(s not in ("optional", "repeat") for s in lacking[0]) and any(s != "repeat" for s in lacking[1]):
        return None
    repeats = sum(_sort(item) == "repeat" for item in (*one, *two))
    return found if 2 * (matched + repeats) >= max(rows, columns) else None


def _unlike(one: Value, two: Value) -> float | None:
    """How much two modules of a sequence differ; None where they do not correspond."""
    if isinstance(one, Hole):
        return 0.0 if _sort(two) == "layer" and isinstance(two, Term) and two.tag[3] else None
    if _sort(one) == "optional":
        assert isinstance(one, Term)
        return _unlike(one.parts[1], two)
    if _sort(one) == "repeat" and _sort(two) != "repeat":
        assert isinstance(one, Term)
        return _unlike(one.parts[1], two)
    if _sort(two) == "repeat" and _sort(one) != "repeat":
        assert isinstance(two, Term)
        return _unlike(one, two.parts[1])
    if not isinstance(one, Term) or not isinstance(two, Term):
        return None
    if one.tag != two.tag:
        stateless = one.sort == two.sort == "layer" and one.tag[3] and two.tag[3]
        return 0.9 if stateless else None
    if one.sort in ("sequential", "entry", "repeat"):
        return 0.0 if one.sort == "sequential" or _unlike(one.parts[-1], two.parts[-1]) is not None else None
    if one.sort not in ("layer", "new"):
        return 0.0
    pairs = zip(one.tag[2], one.parts, two.parts, strict=True)
    return sum(_PRICES.get(name, 0.15) for name, a, b in pairs if isinstance(a, Literal) and a != b)


#: How much a difference in an argument speaks against two modules being the same; others count more.
_PRICES = {"in_channels": 0.02, "out_channels": 0.02, "groups": 0.02, "stride": 0.05, "p": 0.01}


def _sort(value: Value | None) -> str:
    return value.sort if isinstance(value, Term) else ""
