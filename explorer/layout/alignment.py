"""Positions along the ranks: each node as near to its neighbours as order and distances allow."""

from collections import defaultdict
from itertools import pairwise

from explorer.layout.problem import FREE, Edge, LayoutProblem

ALIGNMENT_SWEEPS = 4
LABEL_GAP = 6.0


def align(problem: LayoutProblem, rows: list[list[int]], near: list[Edge]) -> list[float]:
    """Return the left border of each node, around x = 0."""
    x = [0.0] * len(problem.nodes)  # of the axis
    steps = [_min_offsets(problem, row) for row in rows]
    for row, offsets in zip(rows, steps, strict=True):
        for node, offset in zip(row, offsets, strict=True):
            x[node] = offset - (offsets[0] + offsets[-1]) / 2
    pulls: dict[int, list[tuple[int, float]]] = defaultdict(list)  # by node: neighbour, its pin less ours
    pushes: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for source, out, target, into in near:
        a, b = problem.nodes[source], problem.nodes[target]
        # columns stand beside each other, not each below the end of the one before
        shift = 0.0 if a.is_column else (a.outs[out] - a.axis) - (b.ins[into] - b.axis)
        pulls[target].append((source, shift))
        pushes[source].append((target, -shift))
    for sweep in range(ALIGNMENT_SWEEPS):
        up = sweep % 2 == 0
        ways = pushes if up else pulls
        for number in range(len(rows) - 1, -1, -1) if up else range(len(rows)):
            row = rows[number]
            wish = [sum(x[n] + d for n, d in ways[node]) / len(ways[node]) if ways[node] else x[node] for node in row]
            for node, place in zip(row, isotonic_fit(wish, steps[number]), strict=True):
                x[node] = place
    # whole pixels, so that hardly any line has a bend too small to see
    return [round(place) - node.axis for place, node in zip(x, problem.nodes, strict=True)]


def _min_offsets(problem: LayoutProblem, row: list[int]) -> list[float]:
    """Return the least distance of each axis from the first one of the row."""
    offsets = [0.0] * len(row)
    for place, (one, two) in enumerate(pairwise(row), 1):
        a, b = problem.nodes[one], problem.nodes[two]
        between = problem.spacing.lane if a.pin != FREE or b.pin != FREE else problem.spacing.column
        clear = max(a.width + between, a.reach + LABEL_GAP) - a.axis
        offsets[place] = offsets[place - 1] + clear + b.axis
    return offsets


def isotonic_fit(desired: list[float], offsets: list[float]) -> list[float]:
    """Return the positions nearest to the desired ones that keep order and distance (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []  # sum and count
    for want, offset in zip(desired, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    places: list[float] = []
    for total, count in pools:
        places += [total / count] * count
    return [place + offset for place, offset in zip(places, offsets, strict=True)]
