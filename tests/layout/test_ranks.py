"""Layout in ranks: what has no source sinks to its user, texts have room, and lanes do not run over each other."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.layout.geometry import Spacing
from explorer.layout.problem import TOP as FIRST
from explorer.layout.problem import Edge, LayoutNode, LayoutProblem, LayoutSolution, build_port
from explorer.layout.ranks import solve_in_ranks

HEIGHT = 30.0


def card(inputs: int = 1, outputs: int = 1, stub: float = 0.0) -> LayoutNode:
    ins = tuple(20.0 + 20.0 * number for number in range(inputs))
    outs = tuple(20.0 + 20.0 * number for number in range(outputs))
    return LayoutNode(100.0, HEIGHT, ins, outs, 50.0, stub=stub)


def solve(nodes: Sequence[LayoutNode], edges: Sequence[Edge]) -> LayoutSolution:
    return solve_in_ranks(LayoutProblem(tuple(nodes), tuple(edges), Spacing()))


def test_what_has_no_source_stands_right_above_its_user() -> None:
    nodes = [build_port(FIRST), card(), card(), card(inputs=2), card(inputs=0)]
    edges = [(0, 0, 1, 0), (1, 0, 2, 0), (2, 0, 3, 0), (4, 0, 3, 1)]
    tops = [y for _, y in solve(nodes, edges).corners]
    assert tops[4] == tops[2] > tops[1]


def test_the_text_below_a_card_has_room() -> None:
    plain = solve([card(), card()], [(0, 0, 1, 0)])
    with_text = solve([card(stub=25.0), card()], [(0, 0, 1, 0)])
    assert with_text.corners[1][1] == plain.corners[1][1] + 25.0


def test_lines_that_pass_the_same_rank_have_lanes_of_their_own() -> None:
    """The first ends in the gap in which the second begins."""
    nodes = [card(inputs=2, outputs=2) for _ in range(6)]
    chain: list[Edge] = [(number, 0, number + 1, 0) for number in range(5)]
    solution = solve(nodes, [*chain, (0, 1, 3, 1), (2, 1, 5, 1)])
    lanes = [max(x for x, _ in line) for line in solution.polylines[-2:]]
    assert solution.uses_lane[-2:] == (True, True)
    assert len(set(lanes)) == 2


def test_lines_one_after_the_other_share_a_lane() -> None:
    nodes = [card(inputs=2, outputs=2) for _ in range(7)]
    chain: list[Edge] = [(number, 0, number + 1, 0) for number in range(6)]
    solution = solve(nodes, [*chain, (0, 1, 2, 1), (4, 1, 6, 1)])
    assert len({max(x for x, _ in line) for line in solution.polylines[-2:]}) == 1
