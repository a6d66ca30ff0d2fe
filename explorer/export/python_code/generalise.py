"""Several instances of one class as one template: what differs becomes holes, what only some have becomes optional.

This is anti-unification. Constructor arguments that differ become holes. In `forward`, a step that only some instances
have is optional if without it its value is one of those it reads: a projection on a shortcut, an addition, a gate.
Whatever is made here is checked: put into the template, the values of each instance give its own body again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from explorer.export.python_code.alignment import Alignment, align_items, align_steps
from explorer.export.python_code.terms import Body, Child, Hole, Literal, Step, Template, Term, Value, Var

TRUE, FALSE = Literal("True", True), Literal("False", False)


class Mismatch(Exception):
    """Two instances that are not of one class."""


@dataclass
class Family:
    """A template and the values of its holes, one row for each instance."""

    template: Template
    rows: list[dict[int, Value]] = field(default_factory=lambda: [{}])
    bodies: list[Template] = field(default_factory=list)
    holes: int = 0

    @classmethod
    def of(cls, body: Template) -> Family:
        return cls(body, bodies=[body])

    def copy(self) -> Family:
        return Family(self.template, list(self.rows), list(self.bodies), self.holes)

    def add(self, body: Template) -> bool:
        """Take an instance in; False, and nothing is changed, where it is not alike enough."""
        merger = _Merger(self.holes)
        try:
            template = merger.templates(self.template, body)
        except Mismatch:
            return False
        rows = [row | merger.earlier for row in self.rows] + [merger.values]
        bodies = [*self.bodies, body]
        for row, own in zip(rows, bodies, strict=True):
            if normal(fill_template(template, row)) != normal(own):
                return False
        self.template, self.rows, self.bodies, self.holes = template, rows, bodies, merger.holes
        return True


class _Merger:
    def __init__(self, holes: int) -> None:
        self.holes = holes
        self.earlier: dict[int, Value] = {}  # of new holes, what all earlier instances have
        self.values: dict[int, Value] = {}  # what the new instance has

    def hole(self, earlier: Value, new: Value) -> Hole:
        found = Hole(self.holes)
        self.holes += 1
        self.earlier[found.index], self.values[found.index] = earlier, new
        return found

    def set(self, hole: Hole, value: Value) -> None:
        if self.values.setdefault(hole.index, value) != value:
            raise Mismatch

    def templates(self, one: Template, two: Template) -> Template:
        if isinstance(one, Body) and isinstance(two, Body):
            return self.bodies(one, two)
        if isinstance(one, Term) and isinstance(two, Term):
            merged = self.value(one, two)
            if isinstance(merged, Term):
                return merged
        raise Mismatch

    def value(self, one: Value, two: Value) -> Value:
        """The template of two constructor values."""
        if isinstance(one, Hole):
            if not (isinstance(two, Literal) or _is_stateless(two)):
                raise Mismatch
            self.set(one, two)
            return one
        if isinstance(one, Literal) and isinstance(two, Literal):
            return one if one == two else self.hole(one, two)
        if not isinstance(one, Term) or not isinstance(two, Term):
            raise Mismatch
        if one.sort == two.sort == "sequential" and one.tag == two.tag:
            return self.sequence(one, two)
        if one.tag == two.tag and len(one.parts) == len(two.parts):
            return Term(one.tag, tuple(self.value(a, b) for a, b in zip(one.parts, two.parts, strict=True)))
        if _is_stateless(one) and _is_stateless(two):
            return self.hole(one, two)
        raise Mismatch

    def sequence(self, one: Term, two: Term) -> Term:
        lead = 1 if isinstance(one.tag[1], tuple) else 0  # what the names begin with
        pairs = align_items(one.parts[lead:], two.parts[lead:])
        if pairs is None:
            raise Mismatch
        prefix = [self.value(a, b) for a, b in zip(one.parts[:lead], two.parts[:lead], strict=True)]
        return Term(one.tag, (*prefix, *(self.item(a, b) for a, b in pairs)))

    def item(self, one: Value | None, two: Value | None) -> Value:
        if one is None:
            assert two is not None
            if _sort(two) == "repeat":
                return self._repeat_or_none(two, earlier=False)
            return Term(("optional",), (self.hole(FALSE, TRUE), two))
        if two is None:
            if _sort(one) == "repeat":
                return self._repeat_or_none(one, earlier=True)
            if _sort(one) == "optional":
                assert isinstance(one, Term)
                assert isinstance(one.parts[0], Hole)
                self.set(one.parts[0], FALSE)
                return one
            return Term(("optional",), (self.hole(TRUE, FALSE), one))
        if _sort(one) == "optional":
            assert isinstance(one, Term)
            assert isinstance(one.parts[0], Hole)
            self.set(one.parts[0], TRUE)
            return Term(one.tag, (one.parts[0], self.value(one.parts[1], two)))
        if _sort(one) == "repeat" and _sort(two) != "repeat":
            assert isinstance(one, Term)
            two = Term(one.tag, (Literal("1", 1), two))
        if _sort(two) == "repeat" and _sort(one) != "repeat":
            assert isinstance(two, Term)
            one = Term(two.tag, (Literal("1", 1), one))
        return self.value(one, two)

    def _repeat_or_none(self, repeat: Value, *, earlier: bool) -> Term:
        assert isinstance(repeat, Term)
        count, none = repeat.parts[0], Literal("0", 0)
        if isinstance(count, Hole):
            self.set(count, none)
        else:
            count = self.hole(count, none) if earlier else self.hole(none, count)
        return Term(repeat.tag, (count, *repeat.parts[1:]))

    # forward

    def bodies(self, one: Body, two: Body) -> Body:
        if one.inputs != two.inputs or len(one.results) != len(two.results):
            raise Mismatch
        alignment = align_steps(one, two)
        if alignment is None:
            raise Mismatch
        merged = _Steps(self, one, two, alignment)
        steps, results = merged.steps()
        children = self._children(one, two, steps, merged)
        return Body(one.inputs, children, steps, results)

    def _children(self, one: Body, two: Body, steps: Sequence[Step], merged: _Steps) -> tuple[Child, ...]:
        theirs = {child.name: child for child in two.children}
        ours = {child.name for child in one.children}
        found: list[Child] = []
        for child in one.children:
            other = theirs.get(child.name)
            if other is not None:
                if child.flag is not None:
                    self.set(child.flag, TRUE)
                found.append(Child(child.name, self.value(child.make, other.make), child.flag))
            else:
                found.append(Child(child.name, child.make, child.flag or _flag_of(child.name, steps)))
        after = {child.name: place for place, child in enumerate(two.children)}
        for child in two.children:
            if child.name not in ours:
                before = [c.name for c in two.children[: after[child.name]]]
                at = max((n + 1 for n, held in enumerate(found) if held.name in before), default=0)
                found.insert(at, Child(child.name, child.make, _flag_of(child.name, steps)))
        return tuple(found)


def _flag_of(name: str, steps: Sequence[Step]) -> Hole:
    """The flag of the steps that use a child which only some instances have."""
    using = [step for step in steps if _uses(step.value, name)]
    flags = {step.flag for step in using}
    if not using or None in flags:
        raise Mismatch
    flag = using[0].flag
    assert flag is not None
    return flag


def _uses(value: Value, name: str) -> bool:
    if not isinstance(value, Term):
        return False
    if value.sort in ("call", "tensor") and value.tag[1][0] == name:
        return True
    return any(_uses(part, name) for part in value.parts)


class _Steps:
    """Merges two lists of steps along an alignment."""

    def __init__(self, merger: _Merger, one: Body, two: Body, alignment: Alignment) -> None:
        self.merger, self.alignment = merger, alignment
        self.one = {step.target: step for step in one.steps}
        self.two = {step.target: step for step in two.steps}
        self.results = list(zip(one.results, two.results, strict=True))
        self.partner = {b: a for a, b in alignment.matched.items()}
        self.inputs = len(one.inputs)
        self.order: list[tuple[float, Step]] = []
        self.keys: dict[Var, float] = {}
        self.places = {step.target: place for place, step in enumerate(one.steps)}
        self.made: dict[tuple[str, Var], Var] = {}
        self.next = self.inputs
        self.flags: dict[str, Hole] = {}

    def steps(self) -> tuple[tuple[Step, ...], tuple[Value, ...]]:
        results = tuple(self.pair(a, b) for a, b in self.results)
        ordered = [step for _, step in sorted(self.order, key=lambda item: item[0])]
        numbers = {step.target: Var(self.inputs + n) for n, step in enumerate(ordered)}

        def renumbered(value: Value) -> Value:
            if isinstance(value, Term):
                return Term(value.tag, tuple(renumbered(part) for part in value.parts))
            return numbers.get(value, value) if isinstance(value, Var) else value

        steps = []
        for step in ordered:
            value = renumbered(step.value)
            assert isinstance(value, Term)
            otherwise = renumbered(step.otherwise) if step.otherwise is not None else None
            steps.append(Step(numbers[step.target], value, step.flag, otherwise))
        return tuple(steps), tuple(renumbered(value) for value in results)

    def pair(self, one: Value, two: Value) -> Value:
        """The template of two values of `forward`."""
        if isinstance(one, Var) and isinstance(two, Var):
            return self._variables(one, two)
        if isinstance(one, Term) and isinstance(two, Term):
            if one.tag != two.tag or len(one.parts) != len(two.parts):
                raise Mismatch
            return Term(one.tag, tuple(self.pair(a, b) for a, b in zip(one.parts, two.parts, strict=True)))
        return self.merger.value(one, two)

    def _variables(self, one: Var, two: Var) -> Var:
        if one.index < self.inputs and two.index < self.inputs:
            if one != two:
                raise Mismatch
            return one
        if one in self.alignment.skipped and self.alignment.matched.get(one) != two:
            return self._only_one(one, self.pair(self.alignment.skipped[one], two))
        if two in self.alignment.added and self.partner.get(two) != one:
            return self._only_two(two, self.pair(one, self.alignment.added[two]))
        if self.alignment.matched.get(one) != two:
            raise Mismatch
        return self._matched(one, two)

    def _matched(self, one: Var, two: Var) -> Var:
        known = self.made.get(("both", one))
        if known is not None:
            return known
        first, second = self.one[one], self.two[two]
        if first.flag is not None:
            self.merger.set(first.flag, TRUE)
        value = self.pair(first.value, second.value)
        assert isinstance(value, Term)
        otherwise = self.solo_one(first.otherwise) if first.otherwise is not None else None
        return self._emit(("both", one), float(self.places[one]), value, first.flag, otherwise)

    def _only_one(self, var: Var, otherwise: Value | None) -> Var:
        known = self.made.get(("one", var))
        if known is not None:
            return known
        step = self.one[var]
        flag = step.flag
        if flag is None:
            flag = self._flag("one", TRUE, FALSE)
        else:
            self.merger.set(flag, FALSE)
        value = self.solo_one(step.value, otherwise, self.alignment.skipped.get(var))
        assert isinstance(value, Term)
        return self._emit(("one", var), float(self.places[var]), value, flag, otherwise)

    def _only_two(self, var: Var, otherwise: Value | None) -> Var:
        known = self.made.get(("two", var))
        if known is not None:
            return known
        value = self.solo_two(self.two[var].value, otherwise, self.alignment.added.get(var))
        assert isinstance(value, Term)
        flag = self._flag("two", FALSE, TRUE)
        return self._emit(("two", var), self._place_of_added(var), value, flag, otherwise)

    def _place_of_added(self, var: Var) -> float:
        """After the last step before it that both have."""
        before = [
            step.target for step in self.two.values() if step.target.index < var.index and step.target in self.partner
        ]
        return self.places[self.partner[before[-1]]] + 0.5 if before else -0.5

    def _flag(self, side: str, earlier: Literal, new: Literal) -> Hole:
        """One flag for all steps of a side would tie together what is not; equal flags are joined later."""
        return self.merger.hole(earlier, new)

    def solo_one(self, value: Value, through: Value | None = None, passed: Value | None = None) -> Value:
        """A value of the first list alone; where it is the one passed through, `through` stands for it."""
        if through is not None and value == passed:
            return through
        if isinstance(value, Term):
            return Term(value.tag, tuple(self.solo_one(part, through, passed) for part in value.parts))
        if not isinstance(value, Var) or value.index < self.inputs:
            return value
        if value in self.alignment.matched:
            return self._matched(value, self.alignment.matched[value])
        if value in self.alignment.skipped:
            return self.made.get(("one", value)) or self._only_one(value, None)
        return self._only_one(value, None)

    def solo_two(self, value: Value, through: Value | None = None, passed: Value | None = None) -> Value:
        if through is not None and value == passed:
            return through
        if isinstance(value, Term):
            return Term(value.tag, tuple(self.solo_two(part, through, passed) for part in value.parts))
        if not isinstance(value, Var) or value.index < self.inputs:
            return value
        if value in self.partner:
            return self._matched(self.partner[value], value)
        return self.made.get(("two", value)) or self._only_two(value, None)

    def _emit(self, key: tuple[str, Var], place: float, value: Term, flag: Hole | None, otherwise: Value | None) -> Var:
        target = Var(self.next + 1_000_000)
        self.next += 1
        self.made[key] = target
        place = max([place, *(self.keys[v] + 1e-3 for v in _vars(value) if v in self.keys)])
        self.keys[target] = place
        self.order.append((place, Step(target, value, flag, otherwise)))
        return target


def _vars(value: Value) -> list[Var]:
    if isinstance(value, Var):
        return [value]
    return [v for part in value.parts for v in _vars(part)] if isinstance(value, Term) else []


def _sort(value: Value) -> str:
    return value.sort if isinstance(value, Term) else ""


def _is_stateless(value: Value) -> bool:
    return isinstance(value, Term) and value.sort == "layer" and bool(value.tag[3])


# back again


def fill_template(template: Template, row: dict[int, Value]) -> Template:
    """The template with these values in its holes."""
    if isinstance(template, Term):
        filled = _filled(template, row)
        assert isinstance(filled, Term)
        return filled
    children = tuple(
        Child(child.name, _filled(child.make, row))
        for child in template.children
        if child.flag is None or row.get(child.flag.index) == TRUE
    )
    steps: list[Step] = []
    passed: dict[Var, Value] = {}

    def current(value: Value) -> Value:
        if isinstance(value, Var):
            return passed.get(value, value)
        return Term(value.tag, tuple(current(part) for part in value.parts)) if isinstance(value, Term) else value

    for step in template.steps:
        if step.flag is not None and row.get(step.flag.index, FALSE) == FALSE:
            if step.otherwise is not None:
                passed[step.target] = current(step.otherwise)
            continue
        value = _filled(current(step.value), row)
        assert isinstance(value, Term)
        steps.append(Step(step.target, value))
    results = tuple(_filled(current(value), row) for value in template.results)
    return Body(template.inputs, children, tuple(steps), results)


def _filled(value: Value, row: dict[int, Value]) -> Value:
    if isinstance(value, Hole):
        return row[value.index]
    if not isinstance(value, Term):
        return value
    if value.sort == "sequential":
        parts: list[Value] = []
        for part in value.parts:
            if isinstance(part, Term) and part.sort == "optional":
                if _filled(part.parts[0], row) == TRUE:
                    parts.append(_filled(part.parts[1], row))
            elif isinstance(part, Term) and part.sort == "repeat":
                count = _filled(part.parts[0], row)
                assert isinstance(count, Literal)
                if count.value == 1:
                    parts.append(_filled(part.parts[1], row))
                elif count.value:
                    parts.append(_filled(part, row))
            else:
                parts.append(_filled(part, row))
        return Term(value.tag, tuple(parts))
    return Term(value.tag, tuple(_filled(part, row) for part in value.parts))


def normal(template: Template) -> Template:
    """The template with its steps in an order that follows from what they read, for comparing."""
    if isinstance(template, Term):
        return template
    steps = {step.target: step for step in template.steps}
    numbers: dict[Var, Var] = {Var(n): Var(n) for n in range(len(template.inputs))}
    ordered: list[Step] = []

    def visited(value: Value) -> Value:
        if isinstance(value, Term):
            return Term(value.tag, tuple(visited(part) for part in value.parts))
        if not isinstance(value, Var):
            return value
        if value not in numbers:
            step = steps[value]
            inner = visited(step.value)
            assert isinstance(inner, Term)
            numbers[value] = Var(len(numbers))
            ordered.append(Step(numbers[value], inner, step.flag, step.otherwise))
        return numbers[value]

    results = tuple(visited(value) for value in template.results)
    children = tuple(sorted(template.children, key=lambda child: child.name))
    return Body(template.inputs, children, tuple(ordered), results)
