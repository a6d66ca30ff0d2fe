"""The order within ranks: crossings go where another order can do without, and the given order stays otherwise."""

from __future__ import annotations

import random

import pytest

from explorer.layout.ordering import reduce_crossings

Rows = list[list[int]]
Links = list[tuple[int, int]]


def ordered(rows: Rows, links: Links) -> Rows:
    return reduce_crossings([list(row) for row in rows], [(source, 0, target, 0) for source, target in links])


def crossings(rows: Rows, links: Links) -> int:
    """Pairs of links, between the same two rows, whose ends lie in opposite order."""
    place = {node: number for row in rows for number, node in enumerate(row)}
    rank = {node: number for number, row in enumerate(rows) for node in row}
    pairs = [(one, two) for one in links for two in links if rank[one[0]] == rank[two[0]]]
    return sum(place[a] < place[c] and place[b] > place[d] for (a, b), (c, d) in pairs)


@pytest.mark.parametrize(
    ("rows", "links"),
    [
        pytest.param([[0, 1], [2, 3]], [(0, 3), (1, 2)], id="one sweep down"),
        pytest.param([[0, 1, 2], [3, 4, 5]], [(0, 3), (1, 5), (2, 3)], id="and one up"),
        pytest.param([[0, 1, 2, 3], [4, 5, 6, 7]], [(1, 5), (2, 4), (2, 7), (3, 5)], id="and down again"),
        pytest.param([[0, 1, 2, 3], [4, 5, 6, 7]], [(0, 5), (0, 7), (1, 5), (1, 6), (3, 5)], id="and up again"),
    ],
)
def test_crossings_are_swept_out(rows: Rows, links: Links) -> None:
    assert crossings(rows, links) > 0
    assert crossings(ordered(rows, links), links) == 0


def test_without_crossings_the_given_order_stays() -> None:
    rows, links = [[0, 1, 2], [3, 4, 5]], [(0, 4), (2, 5)]
    assert ordered(rows, links) == rows


def test_sweeps_that_make_it_worse_are_not_taken() -> None:
    rows = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    links = [(0, 3), (1, 4), (1, 5), (2, 4), (2, 5), (3, 8), (5, 8)]
    assert ordered(rows, links) == rows


def test_no_order_is_worse_than_the_given_one() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        rows = [list(range(4 * rank, 4 * rank + 4)) for rank in range(4)]
        links = [(a, b) for above in range(3) for a in rows[above] for b in rows[above + 1] if chance.random() < 0.4]
        found = ordered(rows, links)
        assert [sorted(row) for row in found] == rows
        assert crossings(found, links) <= crossings(rows, links)
