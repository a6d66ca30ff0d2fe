"""What is open, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits import ToggleShortcut
from explorer.network import Network
from explorer.session import Session, Topic
from explorer.viewmodels.card_ids import StackId
from explorer.viewmodels.diagram import Colouring


def test_the_baseline_is_looked_at_until_the_network_changes(opened: Callable[[str], Network]) -> None:
    session, told = Session(), list[Topic]()
    session.listen(told.append)
    session.show_baseline(True)
    assert not told  # there is nothing to compare
    network = opened("resnet18").edit(ToggleShortcut("*", on=False))
    session.set_network(network, frozenset())
    session.show_baseline(True)
    session.show_baseline(True)
    assert told == ["network", "compared"]
    assert session.displayed_network is not None
    assert session.displayed_network.architecture is network.history.baseline
    assert session.network is network
    session.set_network(network.undo())
    assert not session.is_baseline_shown
    assert session.displayed_network is session.network


def test_a_newly_opened_network_brings_its_selection_and_an_edited_one_keeps_it(
    opened: Callable[[str], Network],
) -> None:
    session = Session()
    session.set_network(opened("resnet18"), frozenset({"layer1"}), ("layer1.0",))
    session.set_network(opened("resnet18"))
    assert (session.expanded, session.selection) == ({"layer1"}, ("layer1.0",))
    session.set_network(opened("resnet18"), frozenset())
    assert (session.expanded, session.selection) == (frozenset(), ())


def test_colours_are_known_offered_or_refused() -> None:
    session, told = Session(), list[Topic]()
    session.listen(told.append)
    session.colour_by("macs")
    session.colour_by(Colouring("Time", {"conv": 1.0}, "ms"))
    assert session.colour_mode == "Time"
    assert session.colouring is session.colourings["Time"]
    session.add_colouring(Colouring("Time", {"conv": 2.0}, "ms"))
    assert session.colouring is session.colourings["Time"]
    session.remove_colouring("Time")
    assert session.colour_mode == "kind"
    assert told == ["colours"] * 4
    with pytest.raises(KeyError):
        session.colour_by("Time")


def test_a_stack_joins_and_leaves_the_selection_whole() -> None:
    session = Session()
    session.select("a")
    session.toggle_selected(StackId(("b", "c")))
    assert session.selection == ("a", "b", "c")
    session.toggle_selected(StackId(("b", "c")))
    assert session.selection == ("a",)
