"""What seeds say: means with intervals, paired differences, and a sentence that does not overclaim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from explorer.base.languages import tr, tr_n
from explorer.base.number_format import format_points


@dataclass(frozen=True)
class Interval:
    """Mean of some values with its 95 % interval by Student's t; the interval of a single value is unknown."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def is_known(self) -> bool:
        """Whether there were two values at least."""
        return self.count > 1


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean and the 95 % interval for the mean of independent values. Raises ValueError without any."""
    if not values:
        raise ValueError("there are no values to take the mean of")
    count, mean = len(values), sum(values) / len(values)
    if count == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)
    half = float(stats.t.ppf(0.975, count - 1)) * error
    return Interval(mean, mean - half, mean + half, count)


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Return the mean of second − first with its interval; both are in the order of the seeds. Raises ValueError where
    they are not of one length."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values cannot be paired with {len(second)}")
    return mean_interval([b - a for a, b in zip(first, second, strict=True)])


def pareto_front(points: Sequence[tuple[float, float]]) -> frozenset[int]:
    """Return the places of the points (cost, gain) that no other beats: none is as cheap and as good, and cheaper or
    better."""
    return frozenset(
        place
        for place, (cost, gain) in enumerate(points)
        if not any(c <= cost and g >= gain and (c, g) != (cost, gain) for c, g in points)
    )


def verdict(difference: Interval, name: str, baseline: str) -> str:
    """Return what a difference in accuracy (as a part, 0 to 1) allows to say: "No difference seen with 3 seeds: …"."""
    points = format_points(difference.mean)
    if not difference.is_known:
        return tr(
            "One seed says nothing about how much is chance: {name} differs from {baseline} by {points} points.",
            name=name,
            baseline=baseline,
            points=points,
        )
    low, high = format_points(difference.low), format_points(difference.high)
    limits = tr("95 % interval {low} to {high}", low=low, high=high)
    seeds = tr_n("{n} seed", "{n} seeds", difference.count)
    if difference.low <= 0 <= difference.high:
        return tr(
            "No difference seen with {seeds}: {points} points, {limits}.", seeds=seeds, points=points, limits=limits
        )
    better = tr("{name} is better than {baseline}", name=name, baseline=baseline)
    worse = tr("{name} is worse than {baseline}", name=name, baseline=baseline)
    return tr(
        "{claim} with {seeds}: {points} points, {limits}.",
        claim=better if difference.mean > 0 else worse,
        seeds=seeds,
        points=points,
        limits=limits,
    )
