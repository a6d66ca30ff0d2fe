"""The border, header and padding of an open group, and how links get from its border to its inside."""

from dataclasses import dataclass, replace
from enum import Enum

from explorer.layout.frame import Plan
from explorer.layout.geometry import Point, Spacing

BEND = 6.0  # from the header to the line that comes in from the side
NARROW = 110.0  # a title needs some width


class Style(Enum):
    """How a group flows and what surrounds it."""

    ROOT_DOWN = "root, downwards"
    ROOT_ACROSS = "root, to the right"
    DOWN = "group, downwards"
    ACROSS = "group, to the right"
    COLUMN = "group, downwards between ports at its sides"
    BARE_COLUMN = "the same without a border"
    ROW = "columns side by side, between ports at its top and bottom, without a border"

    @property
    def across(self) -> bool:
        return self in (Style.ROOT_ACROSS, Style.ACROSS, Style.ROW)


@dataclass(frozen=True, slots=True)
class Shell:
    """A solved group in coordinates relative to its top left corner, in the direction in which it is drawn."""

    style: Style
    width: float
    height: float
    axis: float  # what goes onto the common axis of the surrounding column or row
    at: tuple[Point, ...]
    wires: tuple[tuple[Point, ...], ...]
    skips: tuple[bool, ...]
    enter: tuple[tuple[Point, ...], ...]  # by input port: from the border to the inside
    leave: tuple[tuple[Point, ...], ...]  # by output port: from the inside to the border


def enclose(plan: Plan, ins: int, outs: int, style: Style, space: Spacing) -> Shell:
    """Put a border around a plan."""
    pad = space.padding
    if style in (Style.ROOT_DOWN, Style.ROOT_ACROSS):
        return _boxed(plan, (0, 0, 0, 0), ins, outs, style)
    if style is Style.ACROSS:
        return _boxed(plan, (pad, space.header + 4, pad, pad), ins, outs, style)
    if style is Style.ROW:
        return _row(plan, ins, outs, space)
    if style is Style.BARE_COLUMN:
        return _column(plan, (0, 0, max(0.0, plan.reach - plan.width), 0), ins, outs, style, space)
    wide = max(plan.width, plan.reach - pad + 2)
    left, right = plan.axis, wide - plan.axis
    even = right if abs(plan.width - 2 * left) < 1 else 0.0  # a plain column stays in the middle in spite of its texts
    before, after = pad + max(even, left) - left, pad + max(even, right) - (plan.width - plan.axis)
    slack = max(0.0, NARROW - before - plan.width - after) / 2
    edges = (before + slack, space.header, after + slack, 4 if outs else pad)
    if style is Style.DOWN:
        return _boxed(plan, edges, ins, outs, style)
    return _column(plan, edges, ins, outs, style, space)


def _boxed(plan: Plan, edges: tuple[float, float, float, float], ins: int, outs: int, style: Style) -> Shell:
    """Ports where the flow meets the border: top and bottom, or left and right."""
    left, top, right, bottom = edges
    across = style.across

    def turn(x: float, y: float) -> Point:
        return (y + left, x + top) if across else (x + left, y + top)

    width, height = (plan.height, plan.width) if across else (plan.width, plan.height)
    width, height = width + left + right, height + top + bottom
    at = tuple(turn(x, y) for x, y in plan.at)
    wires = tuple(tuple(turn(x, y) for x, y in wire) for wire in plan.wires)
    first, last = at[:ins], at[len(at) - outs :]
    enter = tuple(((0.0, y), (x, y)) if across else ((x, 0.0), (x, y)) for x, y in first)
    leave = tuple(((x, y), (width, y)) if across else ((x, y), (x, height)) for x, y in last)
    axis = plan.axis + (top if across else left)
    return Shell(style, width, height, axis, at, wires, plan.skips, enter, leave)


def _column(
    plan: Plan, edges: tuple[float, float, float, float], ins: int, outs: int, style: Style, space: Spacing
) -> Shell:
    """Ports on the left side below the header and on the right side near the bottom; ports further right lie higher."""
    left, top, right, bottom = edges
    track = space.track
    above = BEND + max(0, ins - 1) * track if ins else 0.0
    below = (bottom and space.padding) + max(0, outs - 1) * track if outs else bottom
    inner = _boxed(plan, (left, top + above, right, below), 0, 0, style)
    first, last = inner.at[:ins], inner.at[len(inner.at) - outs :]
    heights = [top + BEND + level * track for level in _levels(first)]
    enter = tuple(((0.0, turn), (x, turn), (x, y)) for turn, (x, y) in zip(heights, first, strict=True))
    falls = [level * track for level in _levels(last)]
    leave = tuple(((x, y), (x, y + fall), (inner.width, y + fall)) for fall, (x, y) in zip(falls, last, strict=True))
    return replace(inner, axis=top + BEND, enter=enter, leave=leave)


def _row(plan: Plan, ins: int, outs: int, space: Spacing) -> Shell:
    """Ports at the top on the left and at the bottom on the right; lower ones lie further left."""
    track = space.track
    before = BEND + max(0, ins - 1) * track if ins else 0.0
    after = BEND + max(0, outs - 1) * track if outs else 0.0
    inner = _boxed(plan, (before, 0, after, 0), 0, 0, Style.ROW)
    first, last = inner.at[:ins], inner.at[len(inner.at) - outs :]
    turns = [level * track for level in _levels(tuple((y, x) for x, y in first))]
    enter = tuple(((turn, 0.0), (turn, y), (x, y)) for turn, (x, y) in zip(turns, first, strict=True))
    falls = [BEND + level * track for level in _levels(tuple((y, x) for x, y in last))]
    leave = tuple(((x, y), (x + fall, y), (x + fall, inner.height)) for fall, (x, y) in zip(falls, last, strict=True))
    return replace(inner, axis=0.0, enter=enter, leave=leave)


def _levels(points: tuple[Point, ...]) -> list[int]:
    """Count ports from the right, so that their lines do not cross."""
    order = sorted(range(len(points)), key=lambda number: (-points[number][0], number))
    levels = [0] * len(points)
    for level, number in enumerate(order):
        levels[number] = level
    return levels
