"""The state of a window, and its callbacks."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from explorer.edits import ToggleShortcut
from explorer.network import Network
from explorer.session import Session, Topic
from explorer.viewmodels.card_ids import StackId
from explorer.viewmodels.diagram import Colouring


def record_topics(session: Session) -> list[Topic]:
    notified: list[Topic] = []
    for topic in get_args(Topic):
        session.on(topic, partial(notified.append, topic))
    return notified


def test_the_baseline_is_looked_at_until_the_network_changes(opened: Callable[[str], Network]) -> None:
    session = Session()
    notified = record_topics(session)
    session.show_baseline(True)
    assert not notified  # there is nothing to compare
    network = opened("resnet18").edit(ToggleShortcut("*", on=False))
    session.set_network(network, frozenset())
    session.show_baseline(True)
    session.show_baseline(True)
    assert notified == ["leaving", "document", "network", "baseline"]
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
    session = Session()
    notified = record_topics(session)
    session.colour_by("macs")
    session.colour_by(Colouring("Time", {"conv": 1.0}, "ms"))
    assert session.colour_mode == "Time"
    assert session.colouring is session.colourings["Time"]
    session.add_colouring(Colouring("Time", {"conv": 2.0}, "ms"))
    assert session.colouring is session.colourings["Time"]
    session.remove_colouring("Time")
    assert session.colour_mode == "kind"
    assert notified == ["colouring"] * 4
    with pytest.raises(KeyError):
        session.colour_by("Time")


def test_a_stack_joins_and_leaves_the_selection_whole() -> None:
    session = Session()
    session.select("a")
    session.toggle_selected(StackId(("b", "c")))
    assert session.selection == ("a", "b", "c")
    session.toggle_selected(StackId(("b", "c")))
    assert session.selection == ("a",)


def test_callbacks_of_a_topic_are_called_in_the_order_of_registration() -> None:
    session, called = Session(), list[str]()
    session.on("selection", lambda: called.append("first"))
    session.on("expanded", lambda: called.append("another topic"))
    session.on("selection", lambda: called.append("second"))
    session.select("conv1")
    session.select("conv1")
    assert called == ["first", "second"]


def test_the_session_is_changed_by_its_methods_only() -> None:
    """Nobody assigns to an attribute of somebody's session: callbacks would not hear of it."""
    explorer = Path(__file__).parents[1] / "explorer"
    assigned = [
        f"{path.relative_to(explorer)}:{node.lineno}"
        for path in explorer.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node.value).endswith("session")
    ]
    assert assigned == []
