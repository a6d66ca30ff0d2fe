"""What is known of the values of `forward` before it is written: uses, sizes, tuples that are unpacked."""

from __future__ import annotations

from explorer.export.python_code.terms import Body, Hole, Literal, Term, Var, variables


class ForwardValues:
    """How often each value is read, which are whole numbers, and which tuples are taken apart, all at once."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.uses = _count_uses(body)
        self.places: dict[Var, list[int]] = {}  # which items of a tuple are picked
        self.unpacked: dict[Var, list[Var]] = self._find_unpacked()
        self.sizes = self._find_sizes()

    def _find_unpacked(self) -> dict[Var, list[Var]]:
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
            rank = rank_of_shape(step.value)
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


def _count_uses(body: Body) -> dict[Var, int]:
    found: dict[Var, int] = {}
    for step in body.steps:
        for var in variables(step.value):
            found[var] = found.get(var, 0) + 1
        if isinstance(step.otherwise, Var):
            found[step.otherwise] = found.get(step.otherwise, 0) + 2  # read in a line of its own
    for result in body.results:
        for var in variables(result):
            found[var] = found.get(var, 0) + 1
    return found


def _count_of_parts(value: Term) -> int:
    """Into how many parts a call splits a tensor, or how many values a module returns; 0 where it does not say."""
    if value.sort == "call" and len(value.tag) > 3:
        return int(value.tag[3])
    if value.sort not in ("method", "function") or str(value.tag[1]).rpartition(".")[2] != "chunk":
        return 0
    count = value.parts[1] if len(value.parts) > 1 else None
    return count.value if isinstance(count, Literal) and isinstance(count.value, int) else 0


def rank_of_shape(value: Term) -> int:
    """How many sides the shape has that a step reads; 0 where it reads none, or that is not known."""
    return value.tag[2] if value.sort == "attribute" and value.tag[1] == "shape" and len(value.tag) > 2 else 0
