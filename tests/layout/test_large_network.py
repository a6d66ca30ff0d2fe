"""A network of 5,000 nodes goes through all that small ones do: open, unfold, search, edit, undo, a sound layout."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from explorer.drawing import card_text
from explorer.edits import SwapActivation, ToggleShortcut
from explorer.layout import Geometry, arrange
from explorer.network import Network, open_network
from explorer.presenters import build_diagram, expanded_at_level, reveal
from explorer.presenters.search import search_cards
from explorer.presenters.stacks import find_visible_card
from explorer.viewmodels.diagram import Diagram, Direction
from tests.large_network import large
from tests.layout.sound_pictures import check


@pytest.fixture(scope="module")
def network(qapp: QApplication) -> Network:
    return open_network(large(5_000), input_shape=(1, 3, 256, 256))


def laid_out(shown: Diagram, direction: Direction = "columns") -> Geometry:
    """Where everything goes, having been checked."""
    sizes = {id: card_text.card_size(card) for id, card in shown.cards.items() if id not in shown.children}
    links = [(link.source, link.target) for link in shown.links]
    found = arrange(shown.root, shown.children, links, sizes, direction=direction)
    check(found, shown.children, links, sizes, shown.root)
    return found


def test_it_opens_folded(network: Network) -> None:
    assert 4_500 < len(network.architecture.nodes) < 5_500
    folded = build_diagram(network.analysis, frozenset())
    assert len(folded.cards) < 40
    assert not find_missing(network, folded)
    laid_out(folded)


def find_missing(network: Network, shown: Diagram) -> set[str]:
    """Drawn nodes that are on no card."""
    hierarchy = network.analysis.hierarchy
    opened = frozenset(shown.children)
    return {
        name for name in hierarchy.root.nodes if find_visible_card(network.analysis, opened, name) not in shown.cards
    }


def test_a_group_of_a_thousand_unfolds(network: Network) -> None:
    unfolded = build_diagram(network.analysis, frozenset({"ladder"}))
    assert len(unfolded.children["ladder"]) > 900  # four to a rung, and a stack where both of its units are alike
    assert not find_missing(network, unfolded)
    laid_out(unfolded)


@pytest.mark.parametrize("direction", ["columns", "right"])
def test_all_of_it_has_a_sound_layout(network: Network, direction: Direction) -> None:
    whole = build_diagram(network.analysis, expanded_at_level(network.analysis, "ops"))
    assert whole.cards.keys() >= set(network.analysis.hierarchy.root.nodes)
    found = laid_out(whole, direction)
    assert (found.width > found.height) == (direction == "right")


def test_what_is_searched_for_is_found_and_unfolds(network: Network) -> None:
    hits = search_cards(network.analysis, "conv k=5")
    assert len(hits) > 100
    last = hits[-1]
    opened = reveal(network.analysis, frozenset(), last)
    assert last in build_diagram(network.analysis, opened).cards
    assert len(build_diagram(network.analysis, opened).cards) < 1_200  # and not all the rest


def test_an_edit_says_what_it_changed_and_undo_brings_all_back(network: Network) -> None:
    edited = network.edit(SwapActivation("stages.1", "gelu"), ToggleShortcut("ladder", on=False))
    shown = build_diagram(edited.analysis, frozenset(), edited.history.baseline)
    for id, card in shown.cards.items():
        assert (card.change != "same") == (id == "ladder" or id.startswith("stages.1")), id
    assert edited.figures.total.params == network.figures.total.params
    back = edited.undo().undo()
    assert back.architecture is network.architecture
    assert build_diagram(back.analysis, frozenset()) == build_diagram(network.analysis, frozenset())
