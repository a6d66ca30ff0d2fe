"""Analysis of one snapshot: figures, hierarchy and recognised patterns, each computed when first asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from explorer.analysis.figures.figures import Figures, Total
from explorer.base.memo import per_object
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.hierarchy.hierarchy import Hierarchy
from explorer.graph.recognition.patterns import Pattern
from explorer.graph.recognition.recognise import recognise, recognise_stage


class Analysis:
    """Figures, hierarchy and patterns of one snapshot. Get it with `analyse`: there is one for each snapshot."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self._patterns: dict[str, Pattern] = {}
        self._totals: dict[tuple[str, ...], Total] = {}

    @property
    def architecture(self) -> Architecture:
        """The snapshot that is analysed."""
        return self.figures.architecture

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Stages, blocks and units of the snapshot, as a tree of groups."""
        return Hierarchy.build(
            self.architecture,
            {name: known.shape.dims if known.shape else None for name, known in self.figures.measures.items()},
        )

    def total(self, names: tuple[str, ...]) -> Total:
        """Return the figures of a set of nodes together, memoised: a diagram asks again whenever a group is
        expanded."""
        known = self._totals.get(names)
        if known is None:
            known = self._totals[names] = self.figures.sum(names)
        return known

    @cached_property
    def stage_numbers(self) -> Mapping[str, int]:
        """Number of each stage by its id: that of the code where it calls all of them so (`stage2` of ShuffleNet, as in
        its paper), otherwise from 1 on in execution order."""
        stages = [group for group in self.hierarchy.root.groups if group.role == "stage"]
        named = [re.fullmatch(r"stage_?(\d+)", group.path.rsplit(".", 1)[-1]) for group in stages]
        numbers = [int(found[1]) for found in named if found is not None]
        if len(numbers) < len(stages) or len(set(numbers)) < len(numbers) or 0 in numbers:
            numbers = list(range(1, len(stages) + 1))
        return {group.id: number for group, number in zip(stages, numbers, strict=True)}

    def pattern(self, group: Group) -> Pattern:
        """Return the recognised pattern of a group; that of a stage follows from its blocks."""
        if group.id not in self._patterns:
            if group.role == "stage":
                found = recognise_stage(self.pattern(block) for block in group.groups if block.role == "block")
            else:
                found = recognise(group, self.architecture)
            self._patterns[group.id] = found
        return self._patterns[group.id]


@per_object
def analyse(architecture: Architecture) -> Analysis:
    """Return the analysis of a snapshot, the same object each time.

    Raises ShapeError when the snapshot does not hold together.
    """
    return Analysis(Figures.of(architecture))
