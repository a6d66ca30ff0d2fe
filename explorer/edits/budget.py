"""Scaling of a whole network under a budget: one of depth, width, resolution and expansion moves, another gives way.

Every figure is counted by `explorer.analysis` on a snapshot that was made; the searches of
`explorer.edits.budget_search` only choose which to make.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.figures import Total
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.languages import tr_noop
from explorer.base.memo import memoise
from explorer.edits.depth import MultiplyDepth, SetDepths, runs_at
from explorer.edits.edit import EVERYWHERE, Edit, EditError
from explorer.edits.hidden_widths import MultiplyExpansion, blocks_with_hidden_width
from explorer.edits.history import apply_edit
from explorer.edits.inputs import SetInputSize
from explorer.edits.widths import MultiplyWidth
from explorer.graph.architecture import Architecture

Axis = Literal["depth", "width", "resolution", "expansion"]
BudgetFigure = Literal["macs", "params", "memory"]

#: The axes in the order they are applied, but for the one that is sought, and how each is said.
AXES: dict[Axis, str] = {
    "depth": tr_noop("Depth"),
    "width": tr_noop("Width"),
    "resolution": tr_noop("Resolution"),
    "expansion": tr_noop("Expansion"),
}
BUDGET_FIGURES: dict[BudgetFigure, str] = {
    "macs": "MACs",
    "params": tr_noop("Parameters"),
    "memory": tr_noop("Memory (weights and peak)"),
}

SMALLEST, LARGEST = 0.2, 5.0  # factors of an axis

#: Edits, each with the snapshot after it.
Steps = tuple[tuple[Edit, Architecture], ...]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Factors by which a network is scaled; all 1 for the network as it is."""

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0
    expansion: float = 1.0
    divisor: int = 8  # that widths are rounded to
    blocks: tuple[int, ...] = ()  # in each run; where given they, and not the factor, are the depth

    def with_axis(self, axis: Axis, factor: float) -> Scaling:
        """Return it with one factor changed, kept in its limits."""
        changed: dict[str, Any] = {axis: min(max(factor, SMALLEST), LARGEST)}
        return replace(self, **changed)

    def find_edit(self, architecture: Architecture, axis: Axis) -> Edit | None:
        """Return the edit that scales a network along one axis; None where nothing changes."""
        if axis == "depth" and self.blocks:
            return SetDepths(EVERYWHERE, self.blocks)
        if axis == "resolution":
            side = round(architecture.input_shape[-1] * self.resolution)
            return SetInputSize(resolution=side) if side != architecture.input_shape[-1] else None
        if getattr(self, axis) == 1:
            return None
        if axis == "expansion":
            return MultiplyExpansion(EVERYWHERE, self.expansion)
        if axis == "depth":
            return MultiplyDepth(EVERYWHERE, self.depth)
        return MultiplyWidth(EVERYWHERE, self.width, self.divisor)


def measure_figure(architecture: Architecture, figure: BudgetFigure) -> int:
    """Return multiply-adds, parameters, or the bytes of the weights (float32) and of the peak of one pass."""
    figures = analyse(architecture).figures
    peak = figures.activations.peak_bytes if figure == "memory" else 0
    return read_figure(figures.total, figure) + peak


def read_figure(total: Total, figure: BudgetFigure) -> int:
    """Return the part of a figure that some nodes have alone: for memory, the bytes of their weights."""
    return {"macs": total.macs, "params": total.params, "memory": 4 * total.params}[figure]


def free_axes(architecture: Architecture, figure: BudgetFigure) -> tuple[Axis, ...]:
    """Return the axes that a network can be scaled along, and that the figure depends on."""
    able = memoise(
        architecture, ("scaling axes", ""), lambda: tuple(axis for axis in AXES if _can_scale(architecture, axis))
    )
    return tuple(axis for axis in able if not (figure == "params" and axis == "resolution"))


def _can_scale(architecture: Architecture, axis: Axis) -> bool:
    if axis == "depth":
        return bool(runs_at(architecture, EVERYWHERE))
    if axis == "expansion":
        return any(blocks_with_hidden_width(architecture, EVERYWHERE))
    try:
        if axis == "width":
            return MultiplyWidth(EVERYWHERE, 2.0).has_effect(architecture)
        before = measure_figure(architecture, "macs")
        counts = [count_scaled(architecture, Scaling(resolution=by), "macs", axis) for by in (1.25, 0.75)]
        return any(count not in (None, before) for count in counts)
    except (EditError, ShapeError):
        return False


def count_scaled(architecture: Architecture, scaling: Scaling, figure: BudgetFigure, last: Axis) -> int | None:
    """Return a figure of a scaled network; None where it cannot be made. Remembered with the network."""
    (value,) = memoise(
        architecture, ("scaled", (scaling, last, figure)), lambda: (_count(architecture, scaling, figure, last),)
    )
    return value


def _count(architecture: Architecture, scaling: Scaling, figure: BudgetFigure, last: Axis) -> int | None:
    try:
        steps = apply_scaling(architecture, scaling, last)
        return measure_figure(steps[-1][1] if steps else architecture, figure)
    except (EditError, ShapeError):
        return None


def apply_scaling(architecture: Architecture, scaling: Scaling, last: Axis = "width") -> Steps:
    """Return the edits that scale a network, with their snapshots; the axis that is sought comes last.

    What the other axes make is remembered: while one slider moves, they are not applied again. Raises EditError.
    """
    steps: Steps = ()
    for axis in sorted(AXES, key=lambda axis: axis == last):
        before = steps[-1][1] if steps else architecture
        edit = scaling.find_edit(before, axis)
        if edit is None:
            continue
        make = partial(_scale, edit, before)
        after = make() if axis == last else memoise(before, ("scaled_axis", cast("Hashable", edit)), make)
        if after is not before:
            steps += ((edit, after),)
    return steps


def _scale(edit: Edit, architecture: Architecture) -> Architecture:
    made = apply_edit(edit, architecture)
    analyse(made)
    return made
