"""Routes of links as the preset connectors of Office: straight, or bent up to four times.

A connector runs from one connection site to another; its geometry is a preset in a box of its own, which may be turned
by a quarter and flipped, and adjustments say where it bends. Source: ECMA-376, part 1, presetShapeDefinitions
(`bentConnector2` to `5`). A longer way loses those in its middle: no preset has more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.layout import Point

_MIN_SIDE = 0.25  # of the box: adjustments are shares of it, so that it cannot be nothing
_QUARTER = 5_400_000  # of a turn, in 60,000ths of a degree


@dataclass(frozen=True, slots=True)
class Connector:
    """Preset, place and bends of a connector; lengths are in the units of its points."""

    preset: str
    x: float
    y: float
    width: float
    height: float
    rotation: int  # in 60,000ths of a degree
    flips_across: bool
    flips_down: bool
    bends: tuple[int, ...]  # in 100,000ths of the box


def starts_down(points: Sequence[Point]) -> bool:
    """Return whether a route leaves its card downwards, not to the right."""
    return points[0][0] == points[1][0]


def ends_down(points: Sequence[Point]) -> bool:
    """Return whether a route enters its card from above, not from the left."""
    return points[-1][0] == points[-2][0]


def fit_connector(points: Sequence[Point]) -> Connector:
    """Return the connector for a route of axis-parallel stretches."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    if len(points) == 2:
        return Connector(
            "straightConnector1", min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0), 0, x1 < x0, y1 < y0, ()
        )
    down = starts_down(points)
    kept = _preset_bends(points)
    count = len(kept) + 1
    along, across = (y1 - y0, x1 - x0) if down else (x1 - x0, y1 - y0)
    along, across = _at_least(along), _at_least(across)
    bends = []
    for number, (x, y) in enumerate(kept[:-1]):
        # Stretches run along and across in turn: a bend ends the first of them, the next one ends the second.
        runs_along = number % 2 == 0
        place = ((y - y0) if down else (x - x0)) / along if runs_along else ((x - x0) if down else (y - y0)) / across
        bends.append(round(100_000 * place))
    width, height = abs(along), abs(across)
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    # Turned by a quarter, the box's own x runs down and its y to the left.
    flips = (along < 0, across > 0) if down else (along < 0, across < 0)
    return Connector(
        f"bentConnector{count}",
        centre[0] - width / 2,
        centre[1] - height / 2,
        width,
        height,
        _QUARTER if down else 0,
        *flips,
        tuple(bends),
    )


def _preset_bends(points: Sequence[Point]) -> Sequence[Point]:
    """The bends of a route. One with more than a preset has keeps its longest stretch that its card can reach, and
    comes to the other card as it did."""
    down = starts_down(points)
    most = 4 if down == ends_down(points) else 3
    bends = list(points[1:-1])
    if len(bends) <= most:
        return bends
    if not down:
        return [(x, y) for y, x in _preset_bends([(y, x) for x, y in points])]
    (x0, y0), (x1, y1) = points[0], points[-1]
    across = [(bends[n], bends[n + 1]) for n in range(0, len(bends) - 2, 2)]
    (_, first), (lane, _) = max(
        (one for one in across if one[0][1] >= y0), key=lambda one: abs(one[1][0] - one[0][0]), default=across[0]
    )
    if most == 4:
        return [(x0, first), (lane, first), (lane, bends[-1][1]), (x1, bends[-1][1])]
    lane = bends[-1][0]
    return [(x0, first), (lane, first), (lane, y1)]


def _at_least(length: float) -> float:
    return length if abs(length) >= _MIN_SIDE else _MIN_SIDE
