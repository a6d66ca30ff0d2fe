"""Two lists of the steps of `forward` as one: a step that only one list has gets a flag, and a value without it."""

from __future__ import annotations

from explorer.export.python_code.alignment import Alignment
from explorer.export.python_code.terms import FALSE, TRUE, Body, Hole, Step, Term, Value, Var, variables
from explorer.export.python_code.value_merging import Mismatch, ValueMerger


class StepMerger:
    """Merges two lists of steps along an alignment."""

    def __init__(self, merger: ValueMerger, one: Body, two: Body, alignment: Alignment) -> None:
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

    def merge(self) -> tuple[tuple[Step, ...], tuple[Value, ...]]:
        """Return the steps of the template, and the values that it returns. Raises Mismatch."""
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
            flag = self.merger.hole(TRUE, FALSE)  # equal flags are joined later
        else:
            self.merger.set(flag, FALSE)
        if otherwise is None and step.otherwise is not None:  # an earlier instance goes without it, the others read it
            otherwise = self.solo_one(step.otherwise)
        value = self.solo_one(step.value, otherwise, self.alignment.skipped.get(var))
        assert isinstance(value, Term)
        return self._emit(("one", var), float(self.places[var]), value, flag, otherwise)

    def _only_two(self, var: Var, otherwise: Value | None) -> Var:
        known = self.made.get(("two", var))
        if known is not None:
            return known
        value = self.solo_two(self.two[var].value, otherwise, self.alignment.added.get(var))
        assert isinstance(value, Term)
        flag = self.merger.hole(FALSE, TRUE)
        return self._emit(("two", var), self._place_of_added(var), value, flag, otherwise)

    def _place_of_added(self, var: Var) -> float:
        """After the last step before it that both have."""
        before = [
            step.target for step in self.two.values() if step.target.index < var.index and step.target in self.partner
        ]
        return self.places[self.partner[before[-1]]] + 0.5 if before else -0.5

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
        place = max([place, *(self.keys[v] + 1e-3 for v in variables(value) if v in self.keys)])
        self.keys[target] = place
        self.order.append((place, Step(target, value, flag, otherwise)))
        return target
