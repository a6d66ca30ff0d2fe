"""The border, header and padding of an open group, and how links get from its border to its inside."""

from dataclasses import dataclass

from explorer.layout.frame import Plan
from explorer.layout.geometry import Point, Spacing

EVEN = 48.0  # a group is made symmetric around its axis where that costs no more width than this
NARROW = 110.0  # a title needs some width


@dataclass(frozen=True, slots=True)
class Shell:
    """A solved group in coordinates relative to its top left corner, in the direction in which it is drawn."""

    width: float
    height: float
    at: tuple[Point, ...]
    wires: tuple[tuple[Point, ...], ...]
    skips: tuple[bool, ...]
    enter: tuple[tuple[Point, ...], ...]  # by input port: from the border to the inside
    leave: tuple[tuple[Point, ...], ...]  # by output port: from the inside to the border


def enclose(plan: Plan, ins: int, outs: int, *, across: bool, sideways: bool, bare: bool, space: Spacing) -> Shell:
    """Put a border around a plan: `across` flows to the right, `sideways` flows down between ports at the sides."""
    if bare:
        return _boxed(plan, (0, 0, 0, 0), 0, 0, across)
    pad = space.padding
    if across:
        return _boxed(plan, (pad, space.header + 4, pad, pad), ins, outs, across=True)
    wide = max(plan.width, plan.reach - pad + 2)
    left, right = plan.axis, wide - plan.axis
    even = max(left, right) if abs(left - right) <= EVEN else left
    before = pad + even - left
    after = pad + max(even, right) - right + wide - plan.width
    slack = max(0.0, NARROW - before - plan.width - after) / 2
    edges = (before + slack, space.header, after + slack, 4 if outs else pad)
    if not sideways:
        return _boxed(plan, edges, ins, outs, across=False)
    return _sideways(plan, edges, ins, outs, space)


def _boxed(plan: Plan, edges: tuple[float, float, float, float], ins: int, outs: int, across: bool) -> Shell:
    """Ports where the flow meets the border: top and bottom, or left and right."""
    left, top, right, bottom = edges

    def turn(x: float, y: float) -> Point:
        return (y + left, x + top) if across else (x + left, y + top)

    width, height = (plan.height, plan.width) if across else (plan.width, plan.height)
    width, height = width + left + right, height + top + bottom
    at = tuple(turn(x, y) for x, y in plan.at)
    wires = tuple(tuple(turn(x, y) for x, y in wire) for wire in plan.wires)
    first, last = at[:ins], at[len(at) - outs :]
    enter = tuple(((0.0, y), (x, y)) if across else ((x, 0.0), (x, y)) for x, y in first)
    leave = tuple(((x, y), (width, y)) if across else ((x, y), (x, height)) for x, y in last)
    return Shell(width, height, at, wires, plan.skips, enter, leave)


def _sideways(plan: Plan, edges: tuple[float, float, float, float], ins: int, outs: int, space: Spacing) -> Shell:
    """Ports on the left side below the header and on the right side near the bottom; ports further right lie higher."""
    left, top, right, _ = edges
    above = 6 + max(0, ins - 1) * space.track if ins else 0.0
    below = space.padding + (max(0, outs - 1) * space.track if outs else 0)
    inner = _boxed(plan, (left, top + above, right, below), 0, 0, across=False)
    first, last = inner.at[:ins], inner.at[len(inner.at) - outs :]
    level = {number: place for place, number in enumerate(sorted(range(ins), key=lambda n: (-first[n][0], n)))}
    enter = tuple(
        ((0.0, top + 6 + level[n] * space.track), (x, top + 6 + level[n] * space.track), (x, y))
        for n, (x, y) in enumerate(first)
    )
    level = {number: place for place, number in enumerate(sorted(range(outs), key=lambda n: (-last[n][0], n)))}
    leave = tuple(
        ((x, y), (x, y + level[n] * space.track), (inner.width, y + level[n] * space.track))
        for n, (x, y) in enumerate(last)
    )
    return Shell(inner.width, inner.height, inner.at, inner.wires, plan.skips, enter, leave)
