"""Several instances of one class as one template: what differs becomes holes, what only some have becomes optional.

This is anti-unification. Constructor arguments that differ become holes. In `forward`, a step that only some instances
have is optional if without it its value is one of those it reads: a projection on a shortcut, an addition, a gate.
Whatever is made here is checked: put into the template, the values of each instance give its own body again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from explorer.export.python_code.alignment import align_steps
from explorer.export.python_code.filling import fill_template, normal
from explorer.export.python_code.step_merging import StepMerger
from explorer.export.python_code.terms import TRUE, Body, Child, Hole, Step, Template, Term, Value
from explorer.export.python_code.value_merging import Mismatch, ValueMerger


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


class _Merger(ValueMerger):
    """Merges whole classes: what they make, and what `forward` does."""

    def templates(self, one: Template, two: Template) -> Template:
        if isinstance(one, Body) and isinstance(two, Body):
            return self.bodies(one, two)
        if isinstance(one, Term) and isinstance(two, Term):
            merged = self.value(one, two)
            if isinstance(merged, Term):
                return merged
        raise Mismatch

    def bodies(self, one: Body, two: Body) -> Body:
        if one.inputs != two.inputs or len(one.results) != len(two.results):
            raise Mismatch
        alignment = align_steps(one, two)
        if alignment is None:
            raise Mismatch
        steps, results = StepMerger(self, one, two, alignment).merge()
        children = self._children(one, two, steps)
        return Body(one.inputs, children, steps, results)

    def _children(self, one: Body, two: Body, steps: Sequence[Step]) -> tuple[Child, ...]:
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
