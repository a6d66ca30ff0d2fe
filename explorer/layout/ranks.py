"""Lay out what is not series-parallel in ranks: each node one rank below its lowest source.

Edges to the next rank run in the gap between; longer ones run in lanes on the right, outside of all nodes,
one lane for each source, so that dense connections read like a bus.
"""

from collections import defaultdict

from explorer.layout.alignment import align
from explorer.layout.geometry import Point
from explorer.layout.ordering import reduce_crossings
from explorer.layout.problem import BOTTOM, FREE, TOP, LayoutProblem, LayoutSolution, normalise_origin
from explorer.layout.track_routing import TrackLink, assign_tracks

Pin = tuple[int, int]


def solve_in_ranks(problem: LayoutProblem) -> LayoutSolution:
    """Solve a problem in ranks."""
    rank = _assign_ranks(problem)
    rows: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    for node, number in enumerate(rank):
        rows[number].append(node)
    near = [edge for edge in problem.edges if rank[edge[2]] == rank[edge[0]] + 1]
    rows = reduce_crossings(rows, near)
    left = align(problem, rows, near)
    lanes = _assign_lanes(
        problem, rank, max(x + max(node.width, node.reach) for x, node in zip(left, problem.nodes, strict=True))
    )
    return _place_and_route(problem, rows, rank, left, lanes)


def _assign_ranks(problem: LayoutProblem) -> list[int]:
    """Return ranks by longest path; sources without a port sink to just above their first user; ports stay at their
    end."""
    import networkx as nx  # here, as the window imports this module before it is on the screen

    pins = [node.pin for node in problem.nodes]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(pins)))
    graph.add_edges_from((source, target) for source, _, target, _ in problem.edges)
    sources = [node for node, pin in enumerate(pins) if pin == FREE and graph[node] and not graph.pred[node]]
    if TOP in pins:  # at least one rank below it
        graph.add_edges_from(
            (pins.index(TOP), node) for node, pin in enumerate(pins) if pin != TOP and not graph.pred[node]
        )
    rank = [0] * len(pins)
    for number, generation in enumerate(nx.topological_generations(graph)):
        for node in generation:
            rank[node] = number
    for node in sources:
        rank[node] = max(rank[node], min(rank[target] for target in graph[node]) - 1)
    last = max((number for number, pin in zip(rank, pins, strict=True) if pin == FREE), default=0) + 1
    return [last if pin == BOTTOM else number for number, pin in zip(rank, pins, strict=True)]


def _assign_lanes(problem: LayoutProblem, rank: list[int], right: float) -> dict[Pin, float]:
    """Return the x of the lane of each pin that feeds a rank further away; short lanes inside, long ones outside."""
    ends: dict[Pin, int] = defaultdict(int)
    for source, out, target, _ in problem.edges:
        if rank[target] > rank[source] + 1:
            ends[source, out] = max(ends[source, out], rank[target])
    order = sorted(ends, key=lambda pin: (ends[pin] - rank[pin[0]], rank[pin[0]], pin))
    taken: list[list[tuple[int, int]]] = []
    slots: dict[Pin, int] = {}
    for pin in order:
        lo, hi = rank[pin[0]], ends[pin] - 1
        free = (n for n, spans in enumerate(taken) if all(hi < first or lo > last for first, last in spans))
        slot = next(free, len(taken))
        if slot == len(taken):
            taken.append([])
        taken[slot].append((lo, hi))
        slots[pin] = slot
    pitch = max(5.0, min(problem.spacing.lane, 240 / max(1, len(taken))))
    return {pin: right + problem.spacing.lane + slot * pitch for pin, slot in slots.items()}


def _place_and_route(
    problem: LayoutProblem, rows: list[list[int]], rank: list[int], left: list[float], lanes: dict[Pin, float]
) -> LayoutSolution:
    """Go down the ranks: a rank of nodes, then a gap as high as its tracks need."""
    links = _collect_gap_links(problem, rank, left, lanes, len(rows))
    turns: dict[tuple[int, object, object], float | None] = {}
    at: list[Point] = [(0, 0)] * len(problem.nodes)
    y = 0.0
    for number, row in enumerate(rows):
        y += max((problem.nodes[node].lead for node in row), default=0)
        for node in row:
            at[node] = (left[node], y)
        y += max((problem.nodes[node].height for node in row), default=0)
        y += max((problem.nodes[node].stub for node in row), default=0)
        levels, count = assign_tracks(links[number])
        for link, level in zip(links[number], levels, strict=True):
            turns[number, link[0], link[2]] = None if level is None else y + level * problem.spacing.track
        y += max(0, count - 1) * problem.spacing.track
    wires = tuple(_build_polyline(problem, edge, at, rank, lanes, turns) for edge in problem.edges)
    skips = tuple(rank[target] > rank[source] + 1 for source, _, target, _ in problem.edges)
    tops = [left[node] for node, shape in enumerate(problem.nodes) if shape.pin == TOP]
    axis = (
        tops[0]
        if len(tops) == 1
        else (min(left) + max(x + n.width for x, n in zip(left, problem.nodes, strict=True))) / 2
    )
    return normalise_origin(problem, LayoutSolution(0, y, axis, 0, tuple(at), wires, skips))


def _collect_gap_links(
    problem: LayoutProblem, rank: list[int], left: list[float], lanes: dict[Pin, float], count: int
) -> list[list[TrackLink]]:
    """Return the links of each gap: node to node, node to lane, lane to node."""
    gaps: list[dict[tuple[object, object], TrackLink]] = [{} for _ in range(count)]

    def join(gap: int, link: TrackLink) -> None:
        gaps[gap].setdefault((link[0], link[2]), link)

    for source, out, target, into in problem.edges:
        above, x0 = (0, source, out), left[source] + problem.nodes[source].outs[out]
        below, x1 = (0, target, into), left[target] + problem.nodes[target].ins[into]
        if rank[target] == rank[source] + 1:
            join(rank[source], (above, x0, below, x1))
        else:
            lane, x = (1, source, out), lanes[source, out]
            join(rank[source], (above, x0, lane, x))
            join(rank[target] - 1, (lane, x, below, x1))
    return [list(gap.values()) for gap in gaps]


def _build_polyline(
    problem: LayoutProblem,
    edge: tuple[int, int, int, int],
    at: list[Point],
    rank: list[int],
    lanes: dict[Pin, float],
    turns: dict[tuple[int, object, object], float | None],
) -> tuple[Point, ...]:
    source, out, target, into = edge
    above, below = (0, source, out), (0, target, into)
    x0, y0 = at[source][0] + problem.nodes[source].outs[out], at[source][1] + problem.nodes[source].height
    x1, y1 = at[target][0] + problem.nodes[target].ins[into], at[target][1]
    if rank[target] == rank[source] + 1:
        turn = turns[rank[source], above, below]
        return ((x0, y0), (x1, y1)) if turn is None else ((x0, y0), (x0, turn), (x1, turn), (x1, y1))
    lane, x = (1, source, out), lanes[source, out]
    down, back = turns[rank[source], above, lane], turns[rank[target] - 1, lane, below]
    assert down is not None  # a lane lies outside of all nodes
    assert back is not None
    return (x0, y0), (x0, down), (x, down), (x, back), (x1, back), (x1, y1)
