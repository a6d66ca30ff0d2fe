"""Lay out a frame by what every path passes through and what lies side by side between two such nodes.

The former go onto one axis, the latter become columns, and an edge that jumps over columns becomes a lane beside them.
What cannot be taken apart further is left to ranks.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from explorer.layout.channel import Link, tracks
from explorer.layout.cuts import Section, components, cut, is_dense
from explorer.layout.frame import BOTTOM, TOP, Edge, Frame, Node, Plan, port, settle
from explorer.layout.geometry import Point, Spacing
from explorer.layout.ranks import ranked

DEEPEST = 40  # parallel sections within parallel sections; beyond that ranks serve as well and need no recursion
MAIN = 1.5  # a column this many times as high as the only other one stays on the axis

EMPTY = Plan(0, 0, 0, 0, (), (), ())


@dataclass(slots=True)
class Part:
    """One column of a section: its own plan, the pins it hangs on, and the edge each of its edges stands for."""

    members: list[int]
    edges: list[int]
    entries: list[int]  # output pins of the cut above
    exits: list[int]  # input pins of the cut below
    plan: Plan = EMPTY
    x: float = 0


@lru_cache(maxsize=2048)
def solve(frame: Frame) -> Plan:
    """Place the nodes of a frame and draw its edges."""
    if frame.depth > DEEPEST or is_dense(frame):
        return ranked(frame)
    cuts, sections = cut(frame)
    return _Stack(frame).run(cuts, sections, [components(frame, section) for section in sections])


def _part(frame: Frame, members: list[int], edges: list[int]) -> tuple[Part, Frame]:
    """One column on its own, not yet solved, between ports that stand for the cuts around it."""
    inside = set(members)
    entries = sorted({frame.edges[edge][1] for edge in edges if frame.edges[edge][0] not in inside})
    exits = sorted({frame.edges[edge][3] for edge in edges if frame.edges[edge][2] not in inside})
    local = {node: len(entries) + place for place, node in enumerate(members)}
    foot = len(entries) + len(members)
    inner: list[Edge] = []
    for edge in edges:
        source, out, target, into = frame.edges[edge]
        head = (local[source], out) if source in inside else (entries.index(out), 0)
        tail = (local[target], into) if target in inside else (foot + exits.index(into), 0)
        inner.append((*head, *tail))
    out_degree, in_degree = Counter(edge[0] for edge in inner), Counter(edge[2] for edge in inner)
    track = frame.spacing.track
    tops = [port(TOP, track if out_degree[pin] > 1 or len(entries) > 1 else 0) for pin in range(len(entries))]
    ends = [port(BOTTOM, track if in_degree[foot + pin] > 1 or len(exits) > 1 else 0) for pin in range(len(exits))]
    nodes = (*tops, *(frame.nodes[node] for node in members), *ends)
    return Part(members, edges, entries, exits), Frame(nodes, tuple(inner), frame.spacing, frame.depth + 1)


def _parts(frame: Frame, section: Section, groups: list[list[int]]) -> tuple[list[Part], list[int]]:
    """Solve the columns of a section; the edges that are left run beside them."""
    owner = {node: number for number, members in enumerate(groups) for node in members}
    shares: list[list[int]] = [[] for _ in groups]
    direct: list[int] = []
    for edge in section.edges:
        source, _, target, _ = frame.edges[edge]
        number = owner.get(source, owner.get(target, -1))
        (shares[number] if number >= 0 else direct).append(edge)
    if len(groups) == 1 and direct:
        part, whole = _part(frame, groups[0], section.edges)
        if is_dense(whole):
            part.plan = solve(whole)
            return [part], []
    parts = []
    for group, share in zip(groups, shares, strict=True):
        part, inner = _part(frame, group, share)
        part.plan = solve(inner)
        parts.append(part)
    return parts, direct


class _Stack:
    """Puts cuts and sections below one another, around x = 0."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.at: list[Point] = [(0, 0)] * len(frame.nodes)
        self.wires: list[list[Point]] = [[] for _ in frame.edges]
        self.skips = [False] * len(frame.edges)
        self.y = 0.0

    def run(self, cuts: list[int], sections: list[Section], groups: list[list[list[int]]]) -> Plan:
        for number, section in enumerate(sections):
            above = cuts[number - 1] if number > 0 else None
            below = cuts[number] if number < len(cuts) else None
            if groups[number]:
                self._columns(section, groups[number], above, below)
            else:
                self._straight(section, above, below)
        self._sink()
        plan = Plan(0, self.y, 0, 0, tuple(self.at), tuple(map(tuple, self.wires)), tuple(self.skips))
        return settle(self.frame, plan)

    def _sink(self) -> None:
        """Ports of shorter columns at the end reach down to the border too."""
        for edge, (_, _, target, _) in enumerate(self.frame.edges):
            if self.frame.nodes[target].pin == BOTTOM:
                x = self.at[target][0]
                self.at[target] = (x, self.y)
                self.wires[edge].append((x, self.y))

    def _straight(self, section: Section, above: int | None, below: int | None) -> None:
        """Nothing between two cuts but the edges themselves."""
        links = [self._link(edge) for edge in section.edges]
        rows, base = self._gap(links)
        self._cut(below)
        for edge, (_, x0, _, x1), row in zip(section.edges, links, rows, strict=True):
            self._run(edge, x0, self._foot(above), base, row, x1, self._head(below))

    def _columns(self, section: Section, groups: list[list[int]], above: int | None, below: int | None) -> None:
        parts, direct = _parts(self.frame, section, groups)
        lanes = spread(parts, sorted({self.frame.edges[edge][1] for edge in direct}), self.frame.spacing)
        self._enter(parts, lanes, direct, above)
        top = self.y
        self.y += max(part.plan.height for part in parts)
        for part in parts:
            self._place(part, top)
        self._leave(parts, lanes, direct, below)

    def _enter(self, parts: list[Part], lanes: dict[int, float], direct: list[int], above: int | None) -> None:
        """From the cut above to the tops of the columns and lanes."""
        if above is None:
            return
        node = self.frame.nodes[above]
        left = self.at[above][0]
        links: list[Link] = []
        users: list[list[int]] = []
        for number, part in enumerate(parts):
            for place, pin in enumerate(part.entries):
                links.append((pin, left + node.outs[pin], (number, place), part.x + part.plan.at[place][0]))
                users.append([edge for edge in part.edges if self.frame.edges[edge][:2] == (above, pin)])
        for pin, x in lanes.items():
            links.append((pin, left + node.outs[pin], (-1, pin), x))
            users.append([edge for edge in direct if self.frame.edges[edge][1] == pin])
        rows, base = self._gap(links)
        for (_, x0, _, x1), row, edges in zip(links, rows, users, strict=True):
            for edge in edges:
                self._run(edge, x0, self._foot(above), base, row, x1, self.y)

    def _place(self, part: Part, top: float) -> None:
        for place, node in enumerate(part.members, len(part.entries)):
            x, y = part.plan.at[place]
            self.at[node] = (x + part.x, y + top)
        for edge, wire, skip in zip(part.edges, part.plan.wires, part.plan.skips, strict=True):
            self.wires[edge].extend((x + part.x, y + top) for x, y in wire)
            self.skips[edge] = self.skips[edge] or skip

    def _leave(self, parts: list[Part], lanes: dict[int, float], direct: list[int], below: int | None) -> None:
        """From the bottoms of the columns and lanes to the cut below."""
        if below is None:
            return
        node = self.frame.nodes[below]
        left = -node.axis
        links: list[Link] = []
        users: list[list[int]] = []
        for number, part in enumerate(parts):
            foot = len(part.entries) + len(part.members)
            for place, pin in enumerate(part.exits, foot):
                links.append(((number, pin), part.x + part.plan.at[place][0], pin, left + node.ins[pin]))
                users.append([edge for edge in part.edges if self.frame.edges[edge][2:] == (below, pin)])
        for edge in direct:
            _, out, _, pin = self.frame.edges[edge]
            links.append(((-1, out), lanes[out], pin, left + node.ins[pin]))
            users.append([edge])
            self.skips[edge] = lanes[out] > 0
        rows, base = self._gap(links)
        self._cut(below)
        for (_, x0, _, x1), row, edges in zip(links, rows, users, strict=True):
            for edge in edges:
                self._run(edge, x0, self.wires[edge][-1][1], base, row, x1, self._head(below))

    def _link(self, edge: int) -> Link:
        source, out, target, pin = self.frame.edges[edge]
        below = self.frame.nodes[target]
        return out, self.at[source][0] + self.frame.nodes[source].outs[out], pin, below.ins[pin] - below.axis

    def _gap(self, links: list[Link]) -> tuple[list[int | None], float]:
        rows, count = tracks(links)
        base = self.y
        self.y += max(0, count - 1) * self.frame.spacing.track
        return rows, base

    def _cut(self, node: int | None) -> None:
        if node is None:
            return
        shape: Node = self.frame.nodes[node]
        self.y += shape.lead
        self.at[node] = (-shape.axis, self.y)
        self.y += shape.height + shape.stub

    def _foot(self, node: int | None) -> float:
        return 0.0 if node is None else self.at[node][1] + self.frame.nodes[node].height

    def _head(self, node: int | None) -> float:
        return 0.0 if node is None else self.at[node][1]

    def _run(self, edge: int, x0: float, y0: float, base: float, row: int | None, x1: float, y1: float) -> None:
        """Draw one stretch: down, across in the given track, down."""
        wire = self.wires[edge]
        wire.append((x0, y0))
        if row is not None:
            turn = base + row * self.frame.spacing.track
            wire += [(x0, turn), (x1, turn)]
        wire.append((x1, y1))


def spread(parts: list[Part], pins: list[int], spacing: Spacing) -> dict[int, float]:
    """Put columns side by side around x = 0 and lanes to their right; where each lane runs, by output pin.

    Where all columns are dead ends or begin on their own, the lanes are the main path and stay on the axis.
    """
    x = 0.0
    for part in parts:
        part.x = x
        x = max(x + part.plan.width + spacing.column, x + part.plan.reach + 6)
    if pins and not any(part.entries and part.exits for part in parts):
        lanes = {pin: spacing.lane * number for number, pin in enumerate(pins)}
        for part in parts:
            part.x += max(lanes.values()) + spacing.column
        return lanes
    middle = _middle(parts)
    for part in parts:
        part.x -= middle
    right = max(part.x + max(part.plan.width, part.plan.reach) for part in parts)
    return {pin: right + spacing.lane * (number + 1) for number, pin in enumerate(pins)}


def _middle(parts: list[Part]) -> float:
    """What goes onto the axis: the only or by far the highest column, or else the middle of all."""
    tall = max(parts, key=lambda part: part.plan.height)
    others = [part.plan.height for part in parts if part is not tall]
    if not others or (len(others) == 1 and tall.plan.height >= MAIN * others[0]):
        return tall.x + tall.plan.axis
    return (parts[-1].x + parts[-1].plan.width) / 2
