"""Positions along the ranks: links run straight where order and distances allow."""

from __future__ import annotations

import pytest

from explorer.layout.alignment import align, isotonic_fit
from explorer.layout.geometry import Spacing
from explorer.layout.problem import LayoutNode, LayoutProblem

CARD = LayoutNode(100, 30, ins=(50,), outs=(50,), axis=50, reach=100)


def aligned(rows: list[list[int]], links: list[tuple[int, int]]) -> list[float]:
    """The left border of each card."""
    edges = [(source, 0, target, 0) for source, target in links]
    cards = (CARD,) * sum(map(len, rows))
    return align(LayoutProblem(cards, tuple(edges), Spacing()), rows, edges)


@pytest.mark.parametrize(
    ("rows", "links"),
    [
        pytest.param([[0], [1], [2, 3]], [(1, 2)], id="one sweep up"),
        pytest.param([[0, 1], [2], [3, 4]], [(1, 2)], id="and one down"),
    ],
)
def test_a_link_that_can_be_straight_is(rows: list[list[int]], links: list[tuple[int, int]]) -> None:
    left = aligned(rows, links)
    assert all(left[source] == left[target] for source, target in links)


def test_each_sweep_halves_what_is_left_of_a_bend() -> None:
    left = aligned([[0, 1], [2, 3]], [(0, 3)])  # both rows give way, half of what the link wants each time
    assert abs(left[0] - left[3]) <= (CARD.width + Spacing().column) / 2**4


def test_order_and_distance_are_kept() -> None:
    left = aligned([[0], [1, 2, 3]], [(0, 1), (0, 2), (0, 3)])
    assert left[0] == left[2]  # above the middle one
    assert left[2] - left[1] == left[3] - left[2] == CARD.width + Spacing().column


def test_isotonic_fit_moves_as_little_as_it_may() -> None:
    assert isotonic_fit([0, 100], [0, 50]) == [0, 100]
    assert isotonic_fit([10, 0], [0, 50]) == [-20, 30]
    assert isotonic_fit([0, 0, 0], [0, 10, 20]) == [-10, 0, 10]
