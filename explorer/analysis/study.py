"""A snapshot with everything known about its structure: figures, hierarchy, names. Computed when asked, then kept."""

from __future__ import annotations

from functools import cached_property

from explorer.analysis.figures import Figures
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.hierarchy import Hierarchy
from explorer.graph.pattern_words import Pattern
from explorer.graph.patterns import recognise, stage


class Study:
    """What is known about one snapshot. Get it with `study()`: there is one for each snapshot."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self._patterns: dict[str, Pattern] = {}

    @property
    def architecture(self) -> Architecture:
        return self.figures.architecture

    @cached_property
    def hierarchy(self) -> Hierarchy:
        return Hierarchy.of(
            self.architecture,
            {name: known.shape.dims if known.shape else None for name, known in self.figures.measures.items()},
        )

    def pattern(self, group: Group) -> Pattern:
        if group.id not in self._patterns:
            if group.role == "stage":
                found = stage(self.pattern(block) for block in group.groups if block.role == "block")
            else:
                found = recognise(group, self.architecture)
            self._patterns[group.id] = found
        return self._patterns[group.id]


def study(architecture: Architecture) -> Study:
    """The study of a snapshot. Raises ShapeError when the snapshot does not hold together."""
    known = architecture.__dict__.get("_study")
    if known is None:
        known = Study(Figures.of(architecture))
        architecture.__dict__["_study"] = known  # a cache, like a cached_property; the snapshot itself stays as it is
    assert isinstance(known, Study)
    return known
