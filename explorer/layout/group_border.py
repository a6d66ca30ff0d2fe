"""The border, header and padding of an open group, and the lines from its border to its inside."""

from dataclasses import dataclass, replace
from enum import Enum

from explorer.layout.geometry import Point, Spacing
from explorer.layout.problem import LayoutSolution

BEND_LENGTH = 6.0  # from the header to the line that comes in from the side
MIN_GROUP_WIDTH = 110.0  # a title needs some width


class GroupStyle(Enum):
    """The direction in which a group flows, and its surroundings."""

    ROOT_DOWN = "root, downwards"
    ROOT_ACROSS = "root, to the right"
    DOWN = "group, downwards"
    ACROSS = "group, to the right"
    COLUMN = "group, downwards between ports at its sides"
    BARE_COLUMN = "the same without a border"
    ROW = "columns side by side, between ports at its top and bottom, without a border"

    @property
    def is_horizontal(self) -> bool:
        """Whether the data flows to the right."""
        return self in (GroupStyle.ROOT_ACROSS, GroupStyle.ACROSS, GroupStyle.ROW)


@dataclass(frozen=True, slots=True)
class SolvedGroup:
    """A solved group in coordinates relative to its top left corner, in the direction in which it is drawn."""

    style: GroupStyle
    width: float
    height: float
    axis: float  # what goes onto the common axis of the surrounding column or row
    corners: tuple[Point, ...]
    polylines: tuple[tuple[Point, ...], ...]
    uses_lane: tuple[bool, ...]
    entry_lines: tuple[tuple[Point, ...], ...]  # by input port: from the border to the inside
    exit_lines: tuple[tuple[Point, ...], ...]  # by output port: from the inside to the border


def add_border(solution: LayoutSolution, ins: int, outs: int, style: GroupStyle, space: Spacing) -> SolvedGroup:
    """Return a solution with a border around it."""
    pad = space.padding
    if style in (GroupStyle.ROOT_DOWN, GroupStyle.ROOT_ACROSS):
        return _add_frame(solution, (0, 0, 0, 0), ins, outs, style)
    if style is GroupStyle.ACROSS:
        return _add_frame(solution, (pad, space.header + 4, pad, pad), ins, outs, style)
    if style is GroupStyle.ROW:
        return _add_row_border(solution, ins, outs, space)
    if style is GroupStyle.BARE_COLUMN:
        return _add_column_border(
            solution, (0, 0, max(0.0, solution.reach - solution.width), 0), ins, outs, style, space
        )
    wide = max(solution.width, solution.reach - pad + 2)
    left, right = solution.axis, wide - solution.axis
    even = (
        right if abs(solution.width - 2 * left) < 1 else 0.0
    )  # a plain column stays in the middle in spite of its texts
    before, after = pad + max(even, left) - left, pad + max(even, right) - (solution.width - solution.axis)
    slack = max(0.0, MIN_GROUP_WIDTH - before - solution.width - after) / 2
    edges = (before + slack, space.header, after + slack, 4 if outs else pad)
    if style is GroupStyle.DOWN:
        return _add_frame(solution, edges, ins, outs, style)
    return _add_column_border(solution, edges, ins, outs, style, space)


def _add_frame(
    solution: LayoutSolution, edges: tuple[float, float, float, float], ins: int, outs: int, style: GroupStyle
) -> SolvedGroup:
    """Ports where the flow meets the border: top and bottom, or left and right."""
    left, top, right, bottom = edges
    across = style.is_horizontal

    def turn(x: float, y: float) -> Point:
        return (y + left, x + top) if across else (x + left, y + top)

    width, height = (solution.height, solution.width) if across else (solution.width, solution.height)
    width, height = width + left + right, height + top + bottom
    at = tuple(turn(x, y) for x, y in solution.corners)
    wires = tuple(tuple(turn(x, y) for x, y in wire) for wire in solution.polylines)
    first, last = at[:ins], at[len(at) - outs :]
    enter = tuple(((0.0, y), (x, y)) if across else ((x, 0.0), (x, y)) for x, y in first)
    leave = tuple(((x, y), (width, y)) if across else ((x, y), (x, height)) for x, y in last)
    axis = solution.axis + (top if across else left)
    return SolvedGroup(style, width, height, axis, at, wires, solution.uses_lane, enter, leave)


def _add_column_border(
    solution: LayoutSolution,
    edges: tuple[float, float, float, float],
    ins: int,
    outs: int,
    style: GroupStyle,
    space: Spacing,
) -> SolvedGroup:
    """Ports on the left side below the header and on the right side near the bottom; ports further right lie higher."""
    left, top, right, bottom = edges
    track = space.track
    above = BEND_LENGTH + max(0, ins - 1) * track if ins else 0.0
    below = (bottom and space.padding) + max(0, outs - 1) * track if outs else bottom
    inner = _add_frame(solution, (left, top + above, right, below), 0, 0, style)
    first, last = inner.corners[:ins], inner.corners[len(inner.corners) - outs :]
    heights = [top + BEND_LENGTH + level * track for level in _number_from_right(first)]
    enter = tuple(((0.0, turn), (x, turn), (x, y)) for turn, (x, y) in zip(heights, first, strict=True))
    falls = [level * track for level in _number_from_right(last)]
    leave = tuple(((x, y), (x, y + fall), (inner.width, y + fall)) for fall, (x, y) in zip(falls, last, strict=True))
    return replace(inner, axis=top + BEND_LENGTH, entry_lines=enter, exit_lines=leave)


def _add_row_border(solution: LayoutSolution, ins: int, outs: int, space: Spacing) -> SolvedGroup:
    """Ports at the top on the left and at the bottom on the right; lower ones lie further left."""
    track = space.track
    before = BEND_LENGTH + max(0, ins - 1) * track if ins else 0.0
    after = BEND_LENGTH + max(0, outs - 1) * track if outs else 0.0
    inner = _add_frame(solution, (before, 0, after, 0), 0, 0, GroupStyle.ROW)
    first, last = inner.corners[:ins], inner.corners[len(inner.corners) - outs :]
    turns = [level * track for level in _number_from_right(tuple((y, x) for x, y in first))]
    enter = tuple(((turn, 0.0), (turn, y), (x, y)) for turn, (x, y) in zip(turns, first, strict=True))
    falls = [BEND_LENGTH + level * track for level in _number_from_right(tuple((y, x) for x, y in last))]
    leave = tuple(((x, y), (x + fall, y), (x + fall, inner.height)) for fall, (x, y) in zip(falls, last, strict=True))
    return replace(inner, axis=0.0, entry_lines=enter, exit_lines=leave)


def _number_from_right(points: tuple[Point, ...]) -> list[int]:
    """Count ports from the right, so that their lines do not cross."""
    order = sorted(range(len(points)), key=lambda number: (-points[number][0], number))
    levels = [0] * len(points)
    for level, number in enumerate(order):
        levels[number] = level
    return levels
