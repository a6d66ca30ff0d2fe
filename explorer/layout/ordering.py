"""Order within ranks: as executed, unless another order saves crossings (Sugiyama et al., 1981)."""

from bisect import bisect_right, insort
from collections import defaultdict

from explorer.layout.problem import Edge

ORDERING_SWEEPS = 4


def reduce_crossings(rows: list[list[int]], near: list[Edge]) -> list[list[int]]:
    """Reorder rows by the barycenter of neighbours, down and up, and return the best; ties keep the given order."""
    if all(len(row) < 2 for row in rows):
        return rows
    above: dict[int, list[int]] = defaultdict(list)
    below: dict[int, list[int]] = defaultdict(list)
    for source, _, target, _ in near:
        above[target].append(source)
        below[source].append(target)
    best, fewest = rows, _count_crossings(rows, below)
    for sweep in range(ORDERING_SWEEPS):
        if fewest == 0:
            break
        neighbours = below if sweep % 2 else above
        turned = [list(row) for row in (reversed(rows) if sweep % 2 else rows)]
        place = {node: number for number, node in enumerate(turned[0])}
        for row in turned[1:]:
            old = {node: number for number, node in enumerate(row)}
            row.sort(key=lambda node, old=old: (_barycenter(neighbours[node], place, old[node]), old[node]))  # type: ignore[misc]
            place.update((node, number) for number, node in enumerate(row))
        rows = turned[::-1] if sweep % 2 else turned
        count = _count_crossings(rows, below)
        if count < fewest:
            best, fewest = rows, count
    return best


def _barycenter(nodes: list[int], place: dict[int, int], own: int) -> float:
    return sum(place[node] for node in nodes) / len(nodes) if nodes else own


def _count_crossings(rows: list[list[int]], below: dict[int, list[int]]) -> int:
    total = 0
    for number, row in enumerate(rows[:-1]):
        place = {node: at for at, node in enumerate(rows[number + 1])}
        seen: list[int] = []
        for node in row:
            ends = [place[target] for target in below[node]]
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
