"""Lay out a problem by its series-parallel decomposition.

Nodes that every path passes through go onto one axis, the components between two of them become columns, and an edge
that jumps over columns becomes a lane beside them. What cannot be decomposed further is left to ranks.
"""

from collections import Counter
from dataclasses import dataclass

from explorer.base.memo import bounded
from explorer.layout.decomposition import Section, find_cuts, is_dense
from explorer.layout.geometry import Point, Spacing
from explorer.layout.problem import (
    BOTTOM,
    TOP,
    Edge,
    LayoutNode,
    LayoutProblem,
    LayoutSolution,
    build_port,
    normalise_origin,
)
from explorer.layout.ranks import solve_in_ranks
from explorer.layout.track_routing import TrackLink, assign_tracks

MAX_DEPTH = 40  # parallel sections within parallel sections; beyond that ranks serve as well and need no recursion
MAIN_COLUMN_RATIO = 1.5  # a column this many times as high as the only other one stays on the axis

EMPTY_SOLUTION = LayoutSolution(0, 0, 0, 0, (), (), ())


@dataclass(slots=True)
class SectionColumn:
    """One column of a section: its own plan, the pins it hangs on, and the edge each of its edges stands for."""

    members: list[int]
    edges: list[int]
    entries: list[int]  # output pins of the cut above
    exits: list[int]  # input pins of the cut below
    solution: LayoutSolution = EMPTY_SOLUTION
    x: float = 0


@bounded(2048)
def solve(problem: LayoutProblem) -> LayoutSolution:
    """Place the nodes of a problem and route its edges."""
    if problem.depth > MAX_DEPTH or is_dense(problem):
        return solve_in_ranks(problem)
    return _SeriesBuilder(problem).build(*find_cuts(problem))


def _build_subproblem(
    problem: LayoutProblem, members: list[int], edges: list[int]
) -> tuple[SectionColumn, LayoutProblem]:
    """One column on its own, not yet solved, between ports that stand for the cuts around it."""
    inside = set(members)
    entries = sorted({problem.edges[edge][1] for edge in edges if problem.edges[edge][0] not in inside})
    exits = sorted({problem.edges[edge][3] for edge in edges if problem.edges[edge][2] not in inside})
    local = {node: len(entries) + place for place, node in enumerate(members)}
    foot = len(entries) + len(members)
    inner: list[Edge] = []
    for edge in edges:
        source, out, target, into = problem.edges[edge]
        head = (local[source], out) if source in inside else (entries.index(out), 0)
        tail = (local[target], into) if target in inside else (foot + exits.index(into), 0)
        inner.append((*head, *tail))
    out_degree, in_degree = Counter(edge[0] for edge in inner), Counter(edge[2] for edge in inner)
    track = problem.spacing.track
    tops = [build_port(TOP, track if out_degree[pin] > 1 or len(entries) > 1 else 0) for pin in range(len(entries))]
    ends = [
        build_port(BOTTOM, track if in_degree[foot + pin] > 1 or len(exits) > 1 else 0) for pin in range(len(exits))
    ]
    nodes = (*tops, *(problem.nodes[node] for node in members), *ends)
    return SectionColumn(members, edges, entries, exits), LayoutProblem(
        nodes, tuple(inner), problem.spacing, problem.depth + 1
    )


def _solve_columns(problem: LayoutProblem, section: Section) -> tuple[list[SectionColumn], list[int]]:
    """Solve the columns of a section; the edges that are left run beside them."""
    owner = {node: number for number, members in enumerate(section.components) for node in members}
    shares: list[list[int]] = [[] for _ in section.components]
    direct: list[int] = []
    for edge in section.edges:
        source, _, target, _ = problem.edges[edge]
        number = owner.get(source, owner.get(target, -1))
        (shares[number] if number >= 0 else direct).append(edge)
    if len(section.components) == 1 and direct:
        part, whole = _build_subproblem(problem, section.components[0], section.edges)
        if is_dense(whole):
            part.solution = solve(whole)
            return [part], []
    parts = []
    for members, share in zip(section.components, shares, strict=True):
        part, inner = _build_subproblem(problem, members, share)
        part.solution = solve(inner)
        parts.append(part)
    return parts, direct


class _SeriesBuilder:
    """Puts cuts and sections below one another, around x = 0."""

    def __init__(self, problem: LayoutProblem) -> None:
        self.problem = problem
        self.corners: list[Point] = [(0, 0)] * len(problem.nodes)
        self.polylines: list[list[Point]] = [[] for _ in problem.edges]
        self.uses_lane = [False] * len(problem.edges)
        self.y = 0.0

    def build(self, cuts: list[int], sections: list[Section]) -> LayoutSolution:
        """Return the solution for these cuts and the sections between them."""
        for number, section in enumerate(sections):
            above = cuts[number - 1] if number > 0 else None
            below = cuts[number] if number < len(cuts) else None
            if section.components:
                self._place_section(section, above, below)
            else:
                self._connect_cuts(section, above, below)
        self._extend_ports()
        plan = LayoutSolution(
            0, self.y, 0, 0, tuple(self.corners), tuple(map(tuple, self.polylines)), tuple(self.uses_lane)
        )
        return normalise_origin(self.problem, plan)

    def _extend_ports(self) -> None:
        """Ports of shorter columns at the end reach down to the border too."""
        for edge, (_, _, target, _) in enumerate(self.problem.edges):
            if self.problem.nodes[target].pin == BOTTOM:
                x = self.corners[target][0]
                self.corners[target] = (x, self.y)
                self.polylines[edge].append((x, self.y))

    def _connect_cuts(self, section: Section, above: int | None, below: int | None) -> None:
        """Nothing between two cuts but the edges themselves."""
        links = [self._link(edge) for edge in section.edges]
        rows, base = self._open_gap(links)
        self._place_cut(below)
        for edge, (_, x0, _, x1), row in zip(section.edges, links, rows, strict=True):
            self._draw_stretch(edge, x0, self._bottom_of(above), base, row, x1, self._top_of(below))

    def _place_section(self, section: Section, above: int | None, below: int | None) -> None:
        parts, direct = _solve_columns(self.problem, section)
        lanes = place_side_by_side(
            parts, sorted({self.problem.edges[edge][1] for edge in direct}), self.problem.spacing
        )
        self._route_in(parts, lanes, direct, above)
        top = self.y
        self.y += max(part.solution.height for part in parts)
        for part in parts:
            self._place_column(part, top)
        self._route_out(parts, lanes, direct, below)

    def _route_in(
        self, parts: list[SectionColumn], lanes: dict[int, float], direct: list[int], above: int | None
    ) -> None:
        """From the cut above to the tops of the columns and lanes."""
        if above is None:
            return
        node = self.problem.nodes[above]
        left = self.corners[above][0]
        links: list[TrackLink] = []
        users: list[list[int]] = []
        for number, part in enumerate(parts):
            for place, pin in enumerate(part.entries):
                links.append((pin, left + node.outs[pin], (number, place), part.x + part.solution.corners[place][0]))
                users.append([edge for edge in part.edges if self.problem.edges[edge][:2] == (above, pin)])
        for pin, x in lanes.items():
            links.append((pin, left + node.outs[pin], (-1, pin), x))
            users.append([edge for edge in direct if self.problem.edges[edge][1] == pin])
        rows, base = self._open_gap(links)
        for (_, x0, _, x1), row, edges in zip(links, rows, users, strict=True):
            for edge in edges:
                self._draw_stretch(edge, x0, self._bottom_of(above), base, row, x1, self.y)

    def _place_column(self, part: SectionColumn, top: float) -> None:
        for place, node in enumerate(part.members, len(part.entries)):
            x, y = part.solution.corners[place]
            self.corners[node] = (x + part.x, y + top)
        for edge, wire, skip in zip(part.edges, part.solution.polylines, part.solution.uses_lane, strict=True):
            self.polylines[edge].extend((x + part.x, y + top) for x, y in wire)
            self.uses_lane[edge] = self.uses_lane[edge] or skip

    def _route_out(
        self, parts: list[SectionColumn], lanes: dict[int, float], direct: list[int], below: int | None
    ) -> None:
        """From the bottoms of the columns and lanes to the cut below."""
        if below is None:
            return
        node = self.problem.nodes[below]
        left = -node.axis
        links: list[TrackLink] = []
        users: list[list[int]] = []
        for number, part in enumerate(parts):
            foot = len(part.entries) + len(part.members)
            for place, pin in enumerate(part.exits, foot):
                links.append(((number, pin), part.x + part.solution.corners[place][0], pin, left + node.ins[pin]))
                users.append([edge for edge in part.edges if self.problem.edges[edge][2:] == (below, pin)])
        for edge in direct:
            _, out, _, pin = self.problem.edges[edge]
            links.append(((-1, out), lanes[out], pin, left + node.ins[pin]))
            users.append([edge])
            self.uses_lane[edge] = lanes[out] > 0
        rows, base = self._open_gap(links)
        self._place_cut(below)
        for (_, x0, _, x1), row, edges in zip(links, rows, users, strict=True):
            for edge in edges:
                self._draw_stretch(edge, x0, self.polylines[edge][-1][1], base, row, x1, self._top_of(below))

    def _link(self, edge: int) -> TrackLink:
        source, out, target, pin = self.problem.edges[edge]
        below = self.problem.nodes[target]
        return out, self.corners[source][0] + self.problem.nodes[source].outs[out], pin, below.ins[pin] - below.axis

    def _open_gap(self, links: list[TrackLink]) -> tuple[list[int | None], float]:
        rows, count = assign_tracks(links)
        base = self.y
        self.y += max(0, count - 1) * self.problem.spacing.track
        return rows, base

    def _place_cut(self, node: int | None) -> None:
        if node is None:
            return
        shape: LayoutNode = self.problem.nodes[node]
        self.y += shape.lead
        self.corners[node] = (-shape.axis, self.y)
        self.y += shape.height + shape.stub

    def _bottom_of(self, node: int | None) -> float:
        return 0.0 if node is None else self.corners[node][1] + self.problem.nodes[node].height

    def _top_of(self, node: int | None) -> float:
        return 0.0 if node is None else self.corners[node][1]

    def _draw_stretch(
        self, edge: int, x0: float, y0: float, base: float, row: int | None, x1: float, y1: float
    ) -> None:
        """Draw one stretch: down, across in the given track, down."""
        wire = self.polylines[edge]
        wire.append((x0, y0))
        if row is not None:
            turn = base + row * self.problem.spacing.track
            wire += [(x0, turn), (x1, turn)]
        wire.append((x1, y1))


def place_side_by_side(parts: list[SectionColumn], pins: list[int], spacing: Spacing) -> dict[int, float]:
    """Put columns side by side around x = 0 and lanes to their right; where each lane runs, by output pin.

    Where all columns are dead ends or begin on their own, the lanes are the main path and stay on the axis.
    """
    x = 0.0
    for part in parts:
        part.x = x
        x = max(x + part.solution.width + spacing.column, x + part.solution.reach + 6)
    if pins and not any(part.entries and part.exits for part in parts):
        lanes = {pin: spacing.lane * number for number, pin in enumerate(pins)}
        for part in parts:
            part.x += max(lanes.values()) + spacing.column
        return lanes
    middle = _axis_offset(parts)
    for part in parts:
        part.x -= middle
    right = max(part.x + max(part.solution.width, part.solution.reach) for part in parts)
    return {pin: right + spacing.lane * (number + 1) for number, pin in enumerate(pins)}


def _axis_offset(parts: list[SectionColumn]) -> float:
    """Return the x that goes onto the axis: of the only or by far the highest column, or else the middle of all."""
    tall = max(parts, key=lambda part: part.solution.height)
    others = [part.solution.height for part in parts if part is not tall]
    if not others or (len(others) == 1 and tall.solution.height >= MAIN_COLUMN_RATIO * others[0]):
        return tall.x + tall.solution.axis
    return (parts[-1].x + parts[-1].solution.width) / 2
