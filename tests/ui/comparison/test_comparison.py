"""Two networks side by side: what is linked, what is listed, and what follows an edit."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.comparison.tool import ComparisonTool
from explorer.ui.shell.window import Window

LONG = 60_000


@pytest.fixture
def beside(window: Window, qtbot: QtBot) -> ComparisonTool:
    window.open_network("vgg11")
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=LONG)
    return next(tool for tool in window.tools if isinstance(tool, ComparisonTool))


def settle(beside: ComparisonTool, window: Window, qtbot: QtBot) -> None:
    lanes = (beside._compare_lane, beside._draw_lane, window.panel_updater.draw_lane, window.edit_queue.lane)
    qtbot.waitUntil(lambda: beside._comparison is not None and not any(lane.busy for lane in lanes), timeout=LONG)
    qtbot.waitUntil(lambda: beside.pane is not None and beside.pane.canvas.picture is not None, timeout=LONG)


def test_the_baseline_stands_beside_and_the_list_follows_edits(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.baseline_action.trigger()
    settle(beside, window, qtbot)
    assert beside.pane.isVisible()
    assert beside.pane.canvas.picture.diagram.cards.keys() == window.canvas.picture.diagram.cards.keys()
    assert beside.panel.headline_label.text() == "Baseline → current\nNo differences"
    window.apply_edit(SwapActivation("features.1", "gelu"))
    qtbot.waitUntil(lambda: beside.panel.model.rowCount() == 1, timeout=LONG)
    settle(beside, window, qtbot)
    assert "1 changed" in beside.panel.headline_label.text()
    assert beside.pane.canvas._marks.differing
    assert window.canvas._marks.differing == beside.pane.canvas._marks.differing
    beside.panel._select(beside.panel.model.index(0, 0))
    assert window.session.selection
    assert beside.pane.canvas._marks.selected == window.session.selection[-1]
    qtbot.mouseClick(beside.panel.copy_text_button, Qt.MouseButton.LeftButton)
    assert "ReLU" in QGuiApplication.clipboard().text()
    qtbot.mouseClick(beside.panel.copy_csv_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith("what,left,right")
    beside.baseline_action.trigger()
    assert not beside.pane.isVisible()
    assert not beside.baseline_action.isChecked()
    assert not window.canvas._marks.differing


def test_another_network_is_folded_selected_and_moved_with_the_open_one(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.open("alexnet")
    settle(beside, window, qtbot)
    left, right = beside.pane.canvas, window.canvas
    assert beside.pane.name_label.text() == beside.other.title
    pairs = beside._comparison.differences.pairs
    first = next(id for id in left.picture.diagram.cards if id.startswith("unit:"))
    left.card_selected.emit(first)
    assert window.session.selection == (pairs[first],)
    assert left._marks.selected == first
    left.zoom(1.5, QPointF(50, 40))
    right._pan(QPointF(7, -5))
    assert left.scale == right.scale
    assert card_place(left, first) == pytest.approx(card_place(right, pairs[first]), abs=1)
    beside.pane.link_button.setChecked(False)
    before = left.view_state
    right._pan(QPointF(11, 3))
    assert left.view_state == before
    stage = next(id for id in left.picture.diagram.cards if id.startswith("stage"))
    left.expansion_toggled.emit(stage)
    assert pairs[stage] not in window.session.expanded
    settle(beside, window, qtbot)
    qtbot.waitUntil(lambda: not left.picture.is_frame(stage), timeout=LONG)
    assert right._marks.differing <= right.picture.diagram.cards.keys()


def card_place(canvas: Canvas, card: str) -> tuple[float, float]:
    rect = canvas.picture.rect(card)
    scale, offset = canvas.view_state
    return (offset.x() + rect.x() * scale, offset.y() + rect.y() * scale)


def act(kind: str, window: Window, beside: ComparisonTool, choice: random.Random) -> None:
    canvas = choice.choice((window.canvas, beside.pane.canvas))
    cards = list(canvas.picture.diagram.cards.values())
    foldable = [card.id for card in cards if card.is_expandable]
    if kind == "fold" and foldable:
        canvas.expansion_toggled.emit(choice.choice(foldable))
    elif kind == "select":
        canvas.card_selected.emit(choice.choice(cards).id)
    elif kind == "zoom":
        canvas.zoom(choice.choice((0.7, 1.3)), QPointF(choice.randrange(300), choice.randrange(300)))
    elif kind == "pan":
        canvas._pan(QPointF(choice.randrange(-80, 80), choice.randrange(-80, 80)))
    elif kind == "fit":
        canvas.fit()
    else:
        window.navigator.set_level(choice.choice(("stages", "blocks", "units")))


@pytest.mark.parametrize("other", ["", "alexnet"])
def test_both_sides_stay_together_whatever_is_clicked(
    window: Window, beside: ComparisonTool, qtbot: QtBot, request: pytest.FixtureRequest, other: str
) -> None:
    """One scale, and a fixed shift; cards that answer to each other at one place, unless both are fitted whole."""
    if other:
        beside.open(other)
    else:
        window.apply_edit(SwapActivation("features.1", "gelu"))
        beside.show_baseline()
    settle(beside, window, qtbot)
    choice, left, right = random.Random(7), beside.pane.canvas, window.canvas
    for _ in range(400 if request.config.getoption("--long") else 25):
        kind = choice.choice(("fold", "fold", "select", "zoom", "pan", "fit", "level"))
        act(kind, window, beside, choice)
        settle(beside, window, qtbot)
        assert left.scale == pytest.approx(right.scale), kind
        shift = left.view_state[1] - right.view_state[1] - beside._linked_views.shift * right.scale
        assert shift.manhattanLength() < 2, kind
        together = [
            card
            for card in right.picture.diagram.cards
            if (answer := beside._left_counterpart(card))
            and left.picture.rect(answer) is not None
            and card_place(left, answer) == pytest.approx(card_place(right, card), abs=1.5)
        ]
        assert together or (left.is_fitted and right.is_fitted) or kind in ("zoom", "pan", "fit"), kind
        # What is unfolded on one side is on the other.
        assert beside._left_expanded >= {
            beside._comparison.counterparts[id]
            for id in window.session.expanded
            if beside._comparison.counterparts.get(id)
        }


def test_what_only_the_other_has_is_shown_there_alone(window: Window, beside: ComparisonTool, qtbot: QtBot) -> None:
    beside.open("alexnet")
    settle(beside, window, qtbot)
    gone = next(row for row in beside._comparison.differences.rows if row.change == "removed")
    beside._go_to_difference(gone)
    settle(beside, window, qtbot)
    assert window.session.selection == ()
    assert beside.pane.canvas._marks.selected == beside._left_card_of(gone.left_card)
    beside._select_on_left(gone.left_card)
    assert window.statusBar().currentMessage() == f"Only in {beside.other.title}"


def test_a_newly_opened_network_is_beside_its_own_baseline(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.show_baseline()
    settle(beside, window, qtbot)
    window.open_network("alexnet")
    qtbot.waitUntil(lambda: window.session.network.architecture.key == "alexnet", timeout=LONG)
    settle(beside, window, qtbot)
    assert beside.pane.name_label.text() == f"{window.session.network.title} · baseline"
    assert not beside._comparison.differences.rows


def test_without_a_network_there_is_nothing_to_compare(window: Window) -> None:
    tool = next(tool for tool in window.tools if isinstance(tool, ComparisonTool))
    assert not tool.baseline_action.isEnabled()
    tool.show_baseline()
    assert tool.pane is None


def test_an_empty_tab_is_compared_with_nothing(window: Window, beside: ComparisonTool, qtbot: QtBot) -> None:
    beside.show_baseline()
    settle(beside, window, qtbot)
    window.tabs.new()
    assert not beside.pane.isVisible()
    assert beside.panel.model.rowCount() == 0
