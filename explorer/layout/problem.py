"""The layout problem inside one open group, without names, and its solution.

Both are hashable values in coordinates of their own, so that equal blocks are solved once. A problem always flows from
top to bottom; a group that flows from left to right hands in transposed sizes.
"""

from dataclasses import dataclass, replace

from explorer.layout.geometry import Point, Spacing

Edge = tuple[int, int, int, int]  # source node, its output pin, target node, its input pin

TOP, FREE, BOTTOM = -1, 0, 1


@dataclass(frozen=True, slots=True)
class LayoutNode:
    """A card, an open group or a port, as its surroundings see it."""

    width: float
    height: float
    ins: tuple[float, ...]  # where input pins lie along the top border
    outs: tuple[float, ...]  # where output pins lie along the bottom border
    axis: float  # what goes onto the common axis of a column
    lead: float = 0  # free room above, for the arrow head
    stub: float = 0  # free room below, for the shape text
    reach: float = 0  # how far the node and its shape text extend to the right
    pin: int = FREE  # ports keep to the first or the last rank
    is_column: bool = False  # the flow turns in it: links come in at one end of it and leave at the other


def build_port(pin: int, room: float = 0) -> LayoutNode:
    """Return a port: where links enter or leave."""
    return LayoutNode(0, 0, (0,), (0,), 0, lead=room if pin == BOTTOM else 0, stub=room if pin == TOP else 0, pin=pin)


@dataclass(frozen=True, slots=True)
class LayoutProblem:
    """Nodes in topological order, ports at the top first and ports at the bottom last, and the edges between them."""

    nodes: tuple[LayoutNode, ...]
    edges: tuple[Edge, ...]
    spacing: Spacing
    depth: int = 0  # how many parallel sections surround this one


@dataclass(frozen=True, slots=True)
class LayoutSolution:
    """A solved problem: top left corners by node, lines and whether they use a lane by edge."""

    width: float
    height: float
    axis: float
    reach: float
    corners: tuple[Point, ...]
    polylines: tuple[tuple[Point, ...], ...]
    uses_lane: tuple[bool, ...]


def normalise_origin(problem: LayoutProblem, solution: LayoutSolution) -> LayoutSolution:
    """Move a solution drawn around any origin so that its content starts at the left border."""
    left = min((x for x, _ in solution.corners), default=0.0)
    left = min(left, min((x for wire in solution.polylines for x, _ in wire), default=left))
    right = max((x + node.width for node, (x, _) in zip(problem.nodes, solution.corners, strict=True)), default=0.0)
    right = max(right, max((x for wire in solution.polylines for x, _ in wire), default=right))
    reach = max((x + node.reach for node, (x, _) in zip(problem.nodes, solution.corners, strict=True)), default=0.0)
    return replace(
        solution,
        width=right - left,
        axis=solution.axis - left,
        reach=max(right, reach) - left,
        corners=tuple((x - left, y) for x, y in solution.corners),
        polylines=tuple(tuple((x - left, y) for x, y in wire) for wire in solution.polylines),
    )
