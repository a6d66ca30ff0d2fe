"""Scaling of a whole network under a budget: one of depth, width, resolution and expansion moves, another gives way.

Every figure is counted by `explorer.analysis` on a snapshot that was made; the search only chooses which to make. It
follows the power that the figure grows by (multiply-adds by the square of width and of resolution: Tan and Le,
"EfficientNet", 2019, §3.3) and corrects it by what it finds, inside a bracket that only shrinks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.languages import tr, tr_noop
from explorer.base.memo import memoise
from explorer.edits.depth import MultiplyDepth, runs_at
from explorer.edits.edit import EVERYWHERE, Edit, EditError, place_of
from explorer.edits.hidden_widths import SetBottleneckRatio, SetExpansion, hidden_width_ratio
from explorer.edits.inputs import SetInputSize
from explorer.edits.subgraph import blocks_at
from explorer.edits.widths import MultiplyWidth
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture

Axis = Literal["depth", "width", "resolution", "expansion"]
BudgetFigure = Literal["macs", "params", "memory"]

#: The axes in the order they are applied after the expansion, and how each is said.
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
BUDGET_TOLERANCE = 0.01  # of the budget
_MOST_TRIALS = 9
#: The power by which each figure grows with each axis, to begin with; 0: not at all.
_POWERS: dict[BudgetFigure, dict[Axis, float]] = {
    "macs": {"depth": 1.0, "width": 1.8, "resolution": 2.0, "expansion": 0.95},
    "params": {"depth": 1.0, "width": 1.6, "resolution": 0.0, "expansion": 0.9},
    "memory": {"depth": 0.7, "width": 1.3, "resolution": 0.8, "expansion": 0.8},
}


@dataclass(frozen=True, slots=True)
class Scaling:
    """Factors by which a network is scaled; all 1 for the network as it is."""

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0
    expansion: float = 1.0
    divisor: int = 8  # that widths are rounded to

    def with_axis(self, axis: Axis, factor: float) -> Scaling:
        """Return it with one factor changed, kept in its limits."""
        changed: dict[str, Any] = {axis: min(max(factor, SMALLEST), LARGEST)}
        return replace(self, **changed)

    def axis_edits(self, architecture: Architecture, axis: Axis) -> tuple[Edit, ...]:
        """Return the existing edits that scale a network along one axis."""
        if axis == "expansion":
            return _expansion_edits(architecture, self.expansion)
        if axis == "depth":
            return (MultiplyDepth(EVERYWHERE, self.depth),) if self.depth != 1 else ()
        if axis == "width":
            return (MultiplyWidth(EVERYWHERE, self.width, self.divisor),) if self.width != 1 else ()
        side = round(architecture.input_shape[-1] * self.resolution)
        return (SetInputSize(resolution=side),) if side != architecture.input_shape[-1] else ()


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """A scaling that meets a budget as nearly as rounding allows."""

    scaling: Scaling
    edits: tuple[Edit, ...]
    value: int  # of the figure
    budget: int
    trials: int  # snapshots that were counted

    @property
    def deviation(self) -> float:
        """By how much of the budget it lies above (positive) or below."""
        return self.value / self.budget - 1


def measure_figure(architecture: Architecture, figure: BudgetFigure) -> int:
    """Return multiply-adds, parameters, or the bytes of the weights (float32) and of the peak of one pass."""
    figures = analyse(architecture).figures
    if figure == "memory":
        return 4 * figures.total.params + figures.activations.peak_bytes
    return figures.total.macs if figure == "macs" else figures.total.params


def free_axes(architecture: Architecture, figure: BudgetFigure) -> tuple[Axis, ...]:
    """Return the axes that a network can be scaled along, and that the figure depends on."""
    able = memoise(architecture, ("scaling axes", ""), lambda: tuple(_find_axes(architecture)))
    return tuple(axis for axis in able if _POWERS[figure][axis])


def _find_axes(architecture: Architecture) -> list[Axis]:
    found: list[Axis] = []
    for axis in AXES:
        for factor in (1.25, 0.75, 2.0):
            if _count(architecture, Scaling().with_axis(axis, factor), "macs", axis) not in (
                None,
                measure_figure(architecture, "macs"),
            ):
                found.append(axis)
                break
    return found


def fit_budget(
    architecture: Architecture, wanted: Scaling, gives_way: Axis, figure: BudgetFigure, budget: int
) -> BudgetResult:
    """Return the scaling that meets the budget where one axis gives way and the others are as wanted.

    Raises EditError where the axis cannot move, the figure does not depend on it, or the wanted scaling cannot be made.
    """
    if gives_way not in free_axes(architecture, figure):
        raise EditError(
            tr("{figure} cannot be kept by {axis} here", figure=tr(BUDGET_FIGURES[figure]), axis=tr(AXES[gives_way]))
        )
    best = _Search(architecture, wanted, gives_way, figure, budget).run()
    if abs(best.deviation) > BUDGET_TOLERANCE and gives_way == "width":  # finer steps than the usual eights
        finer = _Search(architecture, replace(best.scaling, divisor=2), gives_way, figure, budget, 4).run()
        best = min(best, replace(finer, trials=best.trials + finer.trials), key=lambda found: abs(found.deviation))
    return best


class _Search:
    """A secant in logarithms, kept inside a bracket; steps that round to a factor that was tried bisect."""

    def __init__(
        self,
        architecture: Architecture,
        wanted: Scaling,
        axis: Axis,
        figure: BudgetFigure,
        budget: int,
        most: int = _MOST_TRIALS,
    ) -> None:
        self.architecture, self.wanted, self.axis, self.figure, self.budget = architecture, wanted, axis, figure, budget
        self.most = min(most, 5) if axis == "depth" else most  # its steps are large, and copies take time
        self.low, self.high = math.log(SMALLEST), math.log(LARGEST)
        self.power = _POWERS[figure][axis]
        self.tried: dict[float, int] = {}  # logarithm of the factor -> value
        self.refused = 0

    def run(self) -> BudgetResult:
        at = math.log(getattr(self.wanted, self.axis))
        while len(self.tried) + self.refused < self.most:
            at = self._snap(at)
            if at in self.tried:
                break
            value = _count(self.architecture, self._scaling(at), self.figure, self.axis)
            if value is None:
                self.refused += 1
                if not self.tried:
                    at = at * 0.5 if at else 0.1  # nearer to the network as it is
                else:
                    near = min(self.tried, key=lambda known: abs(known - at))
                    at = (at + near) / 2
                continue
            self.tried[at] = value
            if abs(value / self.budget - 1) <= 0.4 * BUDGET_TOLERANCE:
                break
            if value < self.budget:
                self.low = max(self.low, at)
            else:
                self.high = min(self.high, at)
            if self.high - self.low < 0.004:
                break
            at = self._next(at, value)
        if not self.tried:
            raise EditError(tr("the network cannot be scaled so"))
        found = min(self.tried, key=lambda known: abs(self.tried[known] / self.budget - 1))
        scaling = self._scaling(found)
        _, edits = apply_scaling(self.architecture, scaling, self.axis)
        return BudgetResult(scaling, edits, self.tried[found], self.budget, len(self.tried) + self.refused)

    def _snap(self, at: float) -> float:
        """The nearest factor that makes another network: a number of blocks, a number of pixels."""
        if self.axis == "depth":
            lengths = {len(run) for run in runs_at(self.architecture, EVERYWHERE)}
            steps = [n / length for length in lengths for n in range(1, int(LARGEST * length) + 1)]
            inside = [math.log(step) for step in steps if self.low < math.log(step) < self.high]
            return min(inside, key=lambda step: abs(step - at), default=at)
        if self.axis == "resolution":
            side = self.architecture.input_shape[-1]
            return math.log(max(round(math.exp(at) * side), 1) / side)
        return at

    def _scaling(self, at: float) -> Scaling:
        return self.wanted.with_axis(self.axis, round(math.exp(at), 5))

    def _next(self, at: float, value: int) -> float:
        others = [(abs(known - at), known) for known in self.tried if abs(known - at) > 1e-6]
        if others:
            _, near = min(others)
            steep = math.log(value / self.tried[near]) / (at - near)
            self.power = steep if 0.2 < steep < 4 else self.power
        step = math.log(self.budget / value) / self.power
        following = at + step
        if not self.low < following < self.high or len(self.tried) > 4:
            following = (self.low + self.high) / 2
        return following


def _count(architecture: Architecture, scaling: Scaling, figure: BudgetFigure, last: Axis) -> int | None:
    """The figure of a scaled network; None where it cannot be made. Remembered with the network."""
    made = memoise(architecture, ("scaled", (scaling, last)), lambda: _try_scaling(architecture, scaling, last))
    return made.get(figure)


def _try_scaling(architecture: Architecture, scaling: Scaling, last: Axis) -> dict[BudgetFigure, int]:
    try:
        scaled, _ = apply_scaling(architecture, scaling, last)
        return {figure: measure_figure(scaled, figure) for figure in BUDGET_FIGURES}
    except (EditError, ShapeError):
        return {}


def apply_scaling(
    architecture: Architecture, scaling: Scaling, last: Axis = "width"
) -> tuple[Architecture, tuple[Edit, ...]]:
    """Return the snapshot and the edits that make it; the axis that is still sought comes last. Raises EditError.

    What the other axes make is remembered: while one slider moves, they are not applied again.
    """
    order = sorted(AXES, key=lambda axis: axis == last)
    made: tuple[Architecture, tuple[Edit, ...]] = (architecture, ())
    for axis in order[:-1]:
        before, factor = made, getattr(scaling, axis)
        key = ("scaled_axis", (axis, factor, scaling.divisor))
        if factor != 1:
            made = memoise(before[0], key, partial(_scale_axis, before, scaling, axis))
            made = made[0], before[1] + made[1]
    scaled = _scale_axis(made, scaling, order[-1])
    return scaled[0], made[1] + scaled[1]


def _scale_axis(
    before: tuple[Architecture, tuple[Edit, ...]], scaling: Scaling, axis: Axis
) -> tuple[Architecture, tuple[Edit, ...]]:
    architecture = before[0]
    edits = scaling.axis_edits(architecture, axis)
    for edit in edits:
        architecture = edit.apply(architecture)
    analyse(architecture)
    return architecture, edits


def _expansion_edits(architecture: Architecture, factor: float) -> tuple[Edit, ...]:
    """One edit for each hidden width there is, as a multiple of what enters or a part of what leaves."""
    if factor == 1:
        return ()
    found: dict[tuple[str, float], list[str]] = {}
    for block in blocks_at(architecture, EVERYWHERE):
        inverted = any(op_kinds.kind(node) == "depthwise" for node in block.layers) and not block.is_dense_layer
        kind = "entering" if inverted else "leaving"
        joined = any(op_kinds.kind(node) == "concat" for node in block.layers) and not block.is_dense_layer
        ratio = None if joined else hidden_width_ratio(block, kind)
        if ratio:
            found.setdefault((kind, ratio), []).append(block.id)
    edits: list[Edit] = []
    for (kind, ratio), ids in found.items():
        edit = SetExpansion if kind == "entering" else SetBottleneckRatio
        edits.append(edit(place_of(*ids), round(ratio * factor, 4)))
    return tuple(edits)
