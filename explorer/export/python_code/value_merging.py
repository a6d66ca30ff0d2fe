"""Two values of constructors as one template: what differs becomes a hole, what only one has becomes optional."""

from __future__ import annotations

from explorer.export.python_code.alignment import align_items
from explorer.export.python_code.terms import FALSE, TRUE, Hole, Literal, Term, Value


class Mismatch(Exception):
    """Two instances that are not of one class."""


class ValueMerger:
    """Merges values into templates, and remembers what stands in the holes it makes.

    `earlier` is what all earlier instances have in a new hole, `values` what the new instance has in each hole.
    """

    def __init__(self, holes: int) -> None:
        self.holes = holes
        self.earlier: dict[int, Value] = {}
        self.values: dict[int, Value] = {}

    def hole(self, earlier: Value, new: Value) -> Hole:
        """Return a new hole, for what the earlier instances have and the new one has."""
        found = Hole(self.holes)
        self.holes += 1
        self.earlier[found.index], self.values[found.index] = earlier, new
        return found

    def set(self, hole: Hole, value: Value) -> None:
        """Note what the new instance has in a hole. Raises Mismatch where it would be two things."""
        if self.values.setdefault(hole.index, value) != value:
            raise Mismatch

    def value(self, one: Value, two: Value) -> Value:
        """Return the template of two constructor values. Raises Mismatch."""
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
        """Return the template of two `nn.Sequential`, their items aligned."""
        lead = 1 if isinstance(one.tag[1], tuple) else 0  # what the names begin with
        pairs = align_items(one.parts[lead:], two.parts[lead:])
        if pairs is None:
            raise Mismatch
        prefix = [self.value(a, b) for a, b in zip(one.parts[:lead], two.parts[:lead], strict=True)]
        return Term(one.tag, (*prefix, *(self.item(a, b) for a, b in pairs)))

    def item(self, one: Value | None, two: Value | None) -> Value:
        """Return the template of two aligned items of a sequence; None for an instance that has none there."""
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


def _sort(value: Value) -> str:
    return value.sort if isinstance(value, Term) else ""


def _is_stateless(value: Value) -> bool:
    return isinstance(value, Term) and value.sort == "layer" and bool(value.tag[3])
