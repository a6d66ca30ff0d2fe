"""Search for the scaling that meets a budget.

What always holds: the factors of the axes that do not give way are those that were wanted, and the value that is
returned was counted on the network that the steps make. Within `BUDGET_TOLERANCE` of the budget wherever a network is:
the number of blocks follows from a linear model of `explorer.edits.block_counts`; a width, a resolution or an expansion
from a secant on logarithms (multiply-adds grow by the square of width and of resolution: Tan and Le, "EfficientNet",
2019, §3.3) inside a bracket that only shrinks, down to one pixel or one rounding of the widths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from explorer.base.gc_pause import gc_paused
from explorer.base.languages import tr
from explorer.edits.block_counts import find_run_costs
from explorer.edits.budget import (
    AXES,
    BUDGET_FIGURES,
    LARGEST,
    SMALLEST,
    Axis,
    BudgetFigure,
    Scaling,
    Steps,
    apply_scaling,
    count_scaled,
    free_axes,
    measure_figure,
    read_figure,
)
from explorer.edits.edit import Edit, EditError
from explorer.graph.architecture import Architecture

BUDGET_TOLERANCE = 0.01  # of the budget
_CLOSE = 0.4 * BUDGET_TOLERANCE  # near enough to stop
_EXACT_TRIALS = 3  # after which the tolerance is near enough
_MOST_TRIALS: dict[Axis, int] = {"depth": 6, "width": 8, "resolution": 14, "expansion": 7}
_NARROWEST = 0.004  # bracket of the logarithm of a factor
_STEEPEST = 4.0  # power that no figure grows by: twice that of the square
_FINE = 2  # divisor of widths where eights are too coarse
_ONE_EIGHT = 0.25  # how far, in it, rounding to eights may have led astray
#: The power by which each figure grows with each axis, to begin with.
_POWERS: dict[BudgetFigure, dict[Axis, float]] = {
    "macs": {"width": 1.8, "resolution": 2.0, "expansion": 0.95},
    "params": {"width": 1.6, "expansion": 0.9},
    "memory": {"width": 1.3, "resolution": 0.8, "expansion": 0.8},
}


@dataclass(frozen=True, slots=True)
class BudgetResult:
    """A scaling that meets a budget as nearly as rounding allows."""

    scaling: Scaling
    steps: Steps
    value: int  # of the figure
    budget: int
    trials: int  # snapshots that were counted
    other_side: int | None = None  # the nearest value found on the other side of the budget; None where there is none

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that scale the network so."""
        return tuple(edit for edit, _ in self.steps)

    @property
    def deviation(self) -> float:
        """By how much of the budget it lies above (positive) or below."""
        return self.value / self.budget - 1

    @property
    def is_met(self) -> bool:
        """Whether it is within the tolerance."""
        return abs(self.deviation) <= BUDGET_TOLERANCE

    @property
    def other_deviation(self) -> float | None:
        """The same for the nearest network on the other side; None where the axis has come to its end."""
        return None if self.other_side is None else self.other_side / self.budget - 1


@gc_paused()
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
    search = _Search(architecture, wanted, gives_way, figure, budget)
    if gives_way == "depth":
        search.count_blocks()
    else:
        search.follow_power()
        if gives_way == "width" and search.values and not search.is_met:
            search.round_finer()
    return search.result()


class _Search:
    """The scalings tried so far and what they count; two ways to choose the next."""

    def __init__(
        self, architecture: Architecture, wanted: Scaling, axis: Axis, figure: BudgetFigure, budget: int
    ) -> None:
        self.architecture, self.wanted, self.axis, self.figure, self.budget = architecture, wanted, axis, figure, budget
        self.values: dict[Scaling, int] = {}
        self.refused = 0

    def try_scaling(self, scaling: Scaling) -> int | None:
        """Count one network. None where it cannot be made."""
        value = count_scaled(self.architecture, scaling, self.figure, self.axis)
        if value is None:
            self.refused += 1
        else:
            self.values[scaling] = value
        return value

    def _deviation(self, scaling: Scaling) -> float:
        return abs(self.values[scaling] / self.budget - 1)

    @property
    def is_met(self) -> bool:
        """Whether one is within the tolerance."""
        return any(self._deviation(scaling) <= BUDGET_TOLERANCE for scaling in self.values)

    def result(self) -> BudgetResult:
        """Return the nearest. Raises EditError where none could be made."""
        if not self.values:
            apply_scaling(self.architecture, self.wanted, self.axis)  # says why
            raise EditError(tr("the network cannot be scaled so"))
        best = min(self.values, key=self._deviation)
        value = self.values[best]
        beyond = [found for found in self.values.values() if (found - self.budget) * (value - self.budget) < 0]
        other = min(beyond, key=lambda found: abs(found - self.budget), default=None)
        steps = apply_scaling(self.architecture, best, self.axis)
        return BudgetResult(best, steps, value, self.budget, len(self.values) + self.refused, other)

    # depth

    def count_blocks(self) -> None:
        """Try the numbers of blocks that the model of their costs gives, corrected by what it missed."""
        start = self.wanted.with_axis("depth", 1.0)
        steps = apply_scaling(self.architecture, start, self.axis)
        before = steps[-1][1] if steps else self.architecture
        base = self.values[start] = measure_figure(before, self.figure)
        costs = find_run_costs(before, lambda total: read_figure(total, self.figure), self.figure, base)
        aim, known = float(self.budget), [(base, base)]
        for _ in range(_MOST_TRIALS["depth"]):
            if min(map(self._deviation, self.values)) <= _CLOSE:
                break
            counts = costs.nearest(aim, SMALLEST, LARGEST)
            scaling = replace(start, depth=round(sum(counts) / sum(costs.lengths), 4), blocks=counts)
            if counts == costs.lengths or scaling in self.values:
                break
            value = self.try_scaling(scaling)
            if value is None:
                break
            known.append((costs.predict(counts), value))
            aim = _interpolate(known, self.budget)

    # width, resolution, expansion

    def follow_power(self, low: float = math.log(SMALLEST), high: float = math.log(LARGEST)) -> None:
        """Follow the power that the figure grows by, inside a bracket of logarithms of the factor."""
        power = _POWERS[self.figure][self.axis]
        at = self._factor(self.wanted)
        known: list[tuple[float, int]] = []
        for trial in range(_MOST_TRIALS[self.axis]):
            at = self._snap(at)
            scaling = self.wanted.with_axis(self.axis, round(math.exp(at), 5))
            if scaling in self.values:
                break
            value = self.try_scaling(scaling)
            if value is None:
                at = self._nearer(at, known)
                continue
            if self._deviation(scaling) <= (_CLOSE if trial < _EXACT_TRIALS else BUDGET_TOLERANCE):
                break
            low, high = (max(low, at), high) if value < self.budget else (low, min(high, at))
            if high - low < _NARROWEST and self.axis != "resolution":
                break
            power = _steepness(known, at, value, power)
            known.append((at, value))
            if self.axis == "width" and self.wanted.divisor > _FINE and _jumps(known, low, high):
                break  # from one rounding of the widths to the next: nothing lies between
            at += math.log(self.budget / value) / power
            if not low < at < high or trial > 3:
                at = (low + high) / 2

    def round_finer(self) -> None:
        """Search once more, in steps finer than the usual eights.

        It begins where the power leads from the widths as they were: of all that were tried, these alone are not
        rounded (up, more often than down).
        """
        first = next(iter(self.values))
        start = self._factor(first)
        start += math.log(self.budget / self.values[first]) / _POWERS[self.figure]["width"]
        self.wanted = replace(first, divisor=_FINE).with_axis("width", math.exp(start))
        self.follow_power(start - _ONE_EIGHT, start + _ONE_EIGHT)

    def _factor(self, scaling: Scaling) -> float:
        return math.log(getattr(scaling, self.axis))

    def _snap(self, at: float) -> float:
        """The nearest factor that makes another network: a whole number of pixels."""
        if self.axis != "resolution":
            return at
        side = self.architecture.input_shape[-1]
        return math.log(max(round(math.exp(at) * side), 1) / side)

    def _nearer(self, at: float, known: list[tuple[float, int]]) -> float:
        """Where to go on after a refusal: towards what could be made, else towards the network as it is."""
        if known:
            return (at + min((other for other, _ in known), key=lambda other: abs(other - at))) / 2
        return at * 0.5 if at else 0.1


def _interpolate(known: Sequence[tuple[int, int]], budget: int) -> float:
    """What to ask the model for so that the network counts as the budget, from what it predicted and what was counted:
    linear between the nearest on both sides; where all lie on one, as much further as is missing."""
    below = max((pair for pair in known if pair[1] <= budget), key=lambda pair: pair[1], default=None)
    above = min((pair for pair in known if pair[1] > budget), key=lambda pair: pair[1], default=None)
    if below is None or above is None:
        predicted, value = below or above or (budget, budget)
        return max(float(predicted + budget - value), 1.0)
    return below[0] + (above[0] - below[0]) * (budget - below[1]) / (above[1] - below[1])


def _jumps(known: list[tuple[float, int]], low: float, high: float) -> bool:
    """Whether a figure changes between the ends of the bracket much more than any power that it grows by allows."""
    values = dict(known)
    return low in values and high in values and math.log(values[high] / values[low]) > _STEEPEST * (high - low)


def _steepness(known: list[tuple[float, int]], at: float, value: int, power: float) -> float:
    """The power between this and the nearest that is known; the one so far where that tells nothing."""
    others = [(abs(other - at), other, count) for other, count in known if abs(other - at) > 1e-6]
    if not others:
        return power
    _, near, count = min(others)
    steep = math.log(value / count) / (at - near)
    return steep if power / 2 < steep < 2 * power else power
