"""Two documents side by side: what is linked, what is listed, and what follows an edit on either side."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from explorer.document import Document
from explorer.edits import SwapActivation, ToggleShortcut
from explorer.network import Network
from explorer.ui.canvas.canvas import Canvas
from explorer.ui.canvas.gestures import OWN_FORMATS
from explorer.ui.canvas.viewport import Viewport
from explorer.ui.comparison.pair import Pair
from explorer.ui.comparison.pair_export import ask_pair_path
from explorer.ui.comparison.tool import ComparisonTool
from explorer.ui.shell.window import Window
from explorer.viewmodels.card_ids import members_of

LONG = 60_000


def tool_of(window: Window) -> ComparisonTool:
    return next(tool for tool in window.tools if isinstance(tool, ComparisonTool))


@pytest.fixture
def beside(window: Window, opened: Callable[[str], Network], qtbot: QtBot) -> ComparisonTool:
    window.start(opened("vgg11"))
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=LONG)
    return tool_of(window)


@pytest.fixture
def two(window: Window, opened: Callable[[str], Network], qtbot: QtBot) -> ComparisonTool:
    """Two tabs of ResNet-18, the second one, with an edit, in sight and beside the first."""
    window.start(opened("resnet18"), opened("resnet18"))
    qtbot.waitUntil(lambda: len(window.documents) == 2 and window.canvas.picture is not None, timeout=LONG)
    window.apply_edit(ToggleShortcut("layer2.1", on=False))
    qtbot.waitUntil(lambda: bool(window.session.document.current_edits), timeout=LONG)
    tool = tool_of(window)
    tool.show_document(window.documents[0])
    settle(tool, window, qtbot)
    return tool


def pair_of(tool: ComparisonTool) -> Pair:
    assert tool.pair is not None
    return tool.pair


def settle(tool: ComparisonTool, window: Window, qtbot: QtBot) -> None:
    lanes = (tool._compare_lane, tool.sides._lane, window.panel_updater.draw_lane, window.edit_queue.lane)

    def is_settled() -> bool:
        network = window.session.network
        pair = tool.pair
        if pair is not None and not (
            network is not None and pair.is_compared(network) and tool.sides.view.partner.picture
        ):
            return False
        return window.canvas.picture is not None and not any(lane.busy for lane in lanes)

    qtbot.waitUntil(is_settled, timeout=LONG)


def test_the_baseline_stands_beside_and_the_list_follows_edits(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.baseline_action.trigger()
    settle(beside, window, qtbot)
    left, panel = beside.sides.view.partner, beside.panel
    assert left.isVisible()
    assert beside.bar.isVisible()
    assert left.picture.diagram.cards.keys() == window.canvas.picture.diagram.cards.keys()
    assert panel.headline_label.text() == "A VGG-11 · baseline → B VGG-11\nNo differences"
    window.apply_edit(SwapActivation("features.1", "gelu"))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1, timeout=LONG)
    settle(beside, window, qtbot)
    assert "1 changed" in panel.headline_label.text()
    assert left._marks.differing
    assert window.canvas._marks.differing == left._marks.differing
    block = panel.model.index(0, 0)
    panel._select(panel.model.index(0, 0, block))
    assert window.session.selection
    assert left._marks.selected == window.session.selection[-1]
    qtbot.mouseClick(panel.copy_text_button, Qt.MouseButton.LeftButton)
    assert "ReLU" in QGuiApplication.clipboard().text()
    qtbot.mouseClick(panel.copy_csv_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith("what,left,right")
    beside.baseline_action.trigger()
    assert not left.isVisible()
    assert not beside.bar.isVisible()
    assert not beside.baseline_action.isChecked()
    assert not window.canvas._marks.differing


def test_another_network_opens_in_a_tab_and_moves_with_the_open_one(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.open("alexnet")
    qtbot.waitUntil(lambda: beside.pair is not None, timeout=LONG)
    settle(beside, window, qtbot)
    assert [document.title.split(" ")[0] for document in window.documents] == ["VGG-11", "AlexNet"]
    here, there, pair = window.canvas, beside.sides.view.partner, pair_of(beside)
    assert [name.text().split(" (")[0] for name in beside.bar.names] == ["A · VGG-11", "B · AlexNet"]
    assert here.mapToGlobal(here.rect().topLeft()).x() < there.mapToGlobal(there.rect().topLeft()).x()
    first = next(id for id in here.picture.diagram.cards if id.startswith("unit:") and id in pair.to_partner)
    before = there.view_state
    here.card_selected.emit(first)
    answer = pair.to_partner[first]
    assert there._marks.selected == answer
    assert there.view_state == before  # it is in sight, beside what one may want to drop on
    there.zoom(1.5, QPointF(50, 40))
    here._pan(QPointF(7, -5))
    assert there.scale == here.scale
    beside.sides.align()
    assert card_place(there, answer) == pytest.approx(card_place(here, first), abs=1)
    beside.bar.link_button.setChecked(False)
    before = there.view_state
    here._pan(QPointF(11, 3))
    assert there.view_state == before
    stage = next(id for id in here.picture.diagram.cards if id.startswith("stage"))
    is_open = stage in window.session.expanded
    here.expansion_toggled.emit(stage)
    settle(beside, window, qtbot)
    assert (stage in window.session.expanded) != is_open
    assert (pair.to_partner[stage] in pair.partner.expanded) == is_open
    beside.bar.link_button.setChecked(True)
    assert (pair.to_partner[stage] in pair.partner.expanded) != is_open


def test_a_click_on_the_other_side_brings_it_into_sight_where_it_is(
    window: Window, two: ComparisonTool, qtbot: QtBot
) -> None:
    first, second = window.documents
    window.canvas.zoom(1.3)
    right, left = window.canvas, two.sides.view.partner
    places = {first: left.x(), second: right.x()}
    views = {first: left.view_state, second: right.view_state}
    left.card_selected.emit("layer1.0")
    assert window.session.document is first
    assert window.canvas.picture is not None  # at once: nothing is drawn again
    assert (window.canvas.x(), two.sides.view.partner.x()) == (places[first], places[second])
    assert window.session.selection == ("layer1.0",)
    assert pair_of(two).partner is second
    assert second.selection == ("layer1.0",)
    settle(two, window, qtbot)
    for canvas, document in ((window.canvas, first), (two.sides.view.partner, second)):
        scale, offset = views[document]
        assert canvas.scale == pytest.approx(scale)
        assert (canvas.view_state[1] - offset).manhattanLength() < 3
    window.apply_edit(SwapActivation("layer1.0", "gelu"))
    settle(two, window, qtbot)
    assert [len(document.current_edits) for document in (first, second)] == [1, 1]
    assert {row.change for row in pair_of(two).comparison.differences.rows} >= {"changed"}


def test_a_click_moves_a_side_only_where_its_answer_is_out_of_sight(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.baseline_action.trigger()
    settle(beside, window, qtbot)
    here, there = window.canvas, beside.sides.view.partner
    cards = [*here.picture.diagram.cards]
    here.fit_to(cards[1], max_scale=4.0)
    for canvas in (there, here):
        for card in (cards[1], cards[0], cards[1]):
            before = canvas.view_state
            canvas.card_selected.emit(card)
            settle(beside, window, qtbot)
            assert canvas.view_state == before  # that one clicks in: what is half in sight stays so
            assert here._marks.selected == there._marks.selected == card
    beside.sides.view.links.shift = QPointF(0, 100_000)
    there.set_view_state(here.scale, here.view_state[1] + QPointF(0, 100_000))
    here.card_selected.emit(cards[0])
    here.card_selected.emit(cards[1])
    assert card_place(there, cards[1]) == pytest.approx(card_place(here, cards[1]), abs=1)


def card_place(canvas: Canvas, card: str) -> tuple[float, float]:
    rect = canvas.picture.rect(card)
    scale, offset = canvas.view_state
    return (offset.x() + rect.x() * scale, offset.y() + rect.y() * scale)


def act(kind: str, window: Window, tool: ComparisonTool, choice: random.Random) -> None:
    canvas = choice.choice((window.canvas, tool.sides.view.partner))
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
    elif kind == "edit":
        name = choice.choice([name for name in window.session.network.architecture.live if "." in name])
        window.apply_edit(SwapActivation(name.rpartition(".")[0], choice.choice(("gelu", "relu", "silu"))))
    elif kind == "undo":
        window.actions_.undo.trigger()
    else:
        window.navigator.set_level(choice.choice(("stages", "blocks", "units")))


KINDS = ("fold", "fold", "fold", "select", "zoom", "pan", "fit", "level", "edit", "undo")


@pytest.mark.parametrize(("one", "other"), [("vgg11", ""), ("vgg11", "alexnet"), ("resnet18", "resnet18")])
def test_both_sides_stay_together_whatever_is_done(
    window: Window, opened: Callable[[str], Network], qtbot: QtBot, request: pytest.FixtureRequest, one: str, other: str
) -> None:
    """What answers to each other is folded and selected alike; one scale, a fixed shift, and cards that answer to each
    other at one place, unless both are fitted whole."""
    tool = tool_of(window)
    window.start(*(opened(key) for key in (one, other) if key))
    qtbot.waitUntil(lambda: len(window.documents) == 1 + bool(other), timeout=LONG)
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=LONG)
    if other:
        tool.show_document(window.documents[0])
    else:
        window.apply_edit(SwapActivation("features.1", "gelu"))
        tool.show_baseline()
    settle(tool, window, qtbot)
    choice = random.Random(7)
    for _ in range(400 if request.config.getoption("--long") else 25):
        kind, before = choice.choice(KINDS), window.session.selection
        act(kind, window, tool, choice)
        settle(tool, window, qtbot)
        if kind == "select" and window.session.selection == before:
            kind = "nothing"
        check_together(window, tool, kind)


def check_together(window: Window, tool: ComparisonTool, kind: str) -> None:
    here, there, pair = window.canvas, tool.sides.view.partner, pair_of(tool)
    for id, answer in pair.to_partner.items():
        if id in here.picture.diagram.cards and answer in there.picture.diagram.cards:
            assert here.picture.is_frame(id) == there.picture.is_frame(answer), (kind, id)
    selected = window.session.selection
    if selected:
        assert pair.partner.selection == tuple(pair.to_partner[id] for id in selected if id in pair.to_partner)
    assert there.scale == pytest.approx(here.scale), kind
    shift = there.view_state[1] - here.view_state[1] - tool.sides.view.links.shift * here.scale
    assert shift.manhattanLength() < 2, kind
    together = [
        card
        for card in here.picture.diagram.cards
        if (answer := pair.counterpart_of(card))
        and there.picture.rect(answer) is not None
        and card_place(there, answer) == pytest.approx(card_place(here, card), abs=1.5)
    ]
    assert together or (here.is_fitted and there.is_fitted) or kind in ("zoom", "pan", "fit", "nothing"), kind


def test_once_it_has_ended_diagrams_have_the_whole_room_again(
    window: Window, beside: ComparisonTool, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    canvas = window.canvas
    canvas.fit()
    before = canvas.scale
    beside.baseline_action.trigger()
    settle(beside, window, qtbot)
    canvas.fit()
    assert canvas.scale < before
    beside.baseline_action.trigger()
    settle(beside, window, qtbot)
    qtbot.waitUntil(lambda: canvas.is_fitted and canvas.scale == pytest.approx(before))
    window.start(opened("alexnet"))
    qtbot.waitUntil(lambda: len(window.documents) == 2 and not beside.sides.view.partner.isVisible(), timeout=LONG)
    settle(beside, window, qtbot)
    room = Viewport()
    assert canvas.picture is not None
    assert room.fit_rect(canvas.picture.bounds, canvas._fit_area()[0], 1.0)
    assert canvas.scale == pytest.approx(room.scale)


def test_what_only_the_other_has_is_shown_there_alone(window: Window, beside: ComparisonTool, qtbot: QtBot) -> None:
    beside.open("alexnet")
    qtbot.waitUntil(lambda: beside.pair is not None, timeout=LONG)
    settle(beside, window, qtbot)
    pair = pair_of(beside)
    added = next(row for row in pair.comparison.differences.rows if row.change == "added")
    beside.panel.places_requested.emit("", added.right_card)
    settle(beside, window, qtbot)
    assert window.session.selection == ()
    assert pair.partner.selection == members_of(added.right_card)
    assert beside.sides.view.partner._marks.selected == pair.drawn_card(added.right_card)


def test_a_state_of_the_history_stands_beside(window: Window, beside: ComparisonTool, qtbot: QtBot) -> None:
    for edit in (SwapActivation("features.1", "gelu"), SwapActivation("features.4", "silu")):
        window.apply_edit(edit)
    qtbot.waitUntil(lambda: len(window.session.document.current_edits) == 2, timeout=LONG)
    beside.partner_menu.aboutToShow.emit()
    texts = [action.text() for action in beside.partner_menu.actions()]
    assert texts[0] == "Baseline"
    assert [text[:2] for text in texts[1:3]] == ["1.", "2."]
    beside.partner_menu.actions()[1].trigger()
    settle(beside, window, qtbot)
    rows = pair_of(beside).comparison.differences.rows
    assert [row.right_card for row in rows] == ["features.4"]
    answer = pair_of(beside).from_partner["features.4"]
    beside.sides.view.partner.card_selected.emit("features.4")
    assert window.session.selection == (answer,)
    window.actions_.undo.trigger()
    qtbot.waitUntil(lambda: len(window.session.document.current_edits) == 1, timeout=LONG)
    settle(beside, window, qtbot)
    assert not pair_of(beside).comparison.differences.rows


def test_figures_and_blocks_of_both_are_listed(window: Window, two: ComparisonTool, qtbot: QtBot) -> None:
    window.apply_edit(ToggleShortcut("layer3.1", on=False))
    qtbot.waitUntil(lambda: len(window.session.document.current_edits) == 2, timeout=LONG)
    settle(two, window, qtbot)
    panel = two.panel
    titles = [panel.model.index(row, 0).data() for row in range(panel.model.rowCount())]
    assert [title.rpartition(" · ")[2] for title in titles] == ["layer2.1", "layer3.1"]
    listed = [panel.model.item(row).rowCount() for row in range(2)]
    assert sum(listed) == len(pair_of(two).comparison.differences.rows)
    figures = pair_of(two).comparison.figures.headline_figures
    name, left, right, change = (cell.text() for cell in panel.figures.rows[0])
    assert (name, left, right, change) == (figures[0].name, "11.7 M", "11.7 M", "±0")
    panel.tree.setExpanded(panel.model.index(0, 0), False)
    window.apply_edit(SwapActivation("layer4.1", "gelu"))
    qtbot.waitUntil(lambda: panel.model.rowCount() == 3, timeout=LONG)
    assert [panel.tree.isExpanded(panel.model.index(row, 0)) for row in range(3)] == [False, True, True]
    panel._select(panel.model.index(2, 0))
    settle(two, window, qtbot)
    assert window.session.selection == ("layer4.1",)
    assert two.sides.view.partner._marks.selected == "layer4.1"


def test_the_pair_is_exported_as_it_is_named_and_unfolded(
    window: Window, two: ComparisonTool, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pair.svg"
    monkeypatch.setattr("explorer.ui.comparison.pair_export.ask_pair_path", lambda parent, left, right: str(path))
    two.bar.export_button.click()
    qtbot.waitUntil(path.exists, timeout=LONG)
    text = path.read_text("utf-8")
    assert "<title>ResNet-18 (1) → ResNet-18 (2)</title>" in text
    for letter, canvas in (("A", two.sides.view.partner), ("B", window.canvas)):
        assert canvas.picture is not None
        assert f'id="card-{letter}-layer2.1"' in text


@pytest.mark.parametrize(
    ("typed", "filter_number", "path"),
    [
        ("pair", 0, "pair.png"),
        ("pair", 1, "pair.pptx"),
        ("a.b", 2, "a.b.drawio"),
        ("pair.PDF", 1, "pair.PDF"),
        ("", 0, ""),
    ],
)
def test_a_pair_without_a_suffix_has_the_format_that_was_chosen(
    window: Window, monkeypatch: pytest.MonkeyPatch, typed: str, filter_number: int, path: str
) -> None:
    def answer(parent: QWidget, title: str, name: str, filters: str) -> tuple[str, str]:
        assert name == "A_B - C"
        return typed, filters.split(";;")[filter_number]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    assert ask_pair_path(window, "A/B", "C") == path


def test_the_empty_list_has_buttons_to_begin(
    window: Window, opened: Callable[[str], Network], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tool_of(window)
    tool._dock.show()
    assert tool.panel is not None
    assert not tool.panel.baseline_button.isEnabled()
    window.start(opened("resnet18"))
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=LONG)
    panel = tool.panel
    asked: list[object] = []
    monkeypatch.setattr("explorer.ui.comparison.tool.ask_network", lambda parent, choose: asked.append(choose))
    qtbot.mouseClick(panel.network_button, Qt.MouseButton.LeftButton)
    assert asked == [tool.open]
    qtbot.mouseClick(panel.baseline_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tool.pair is not None and tool.pair.comparison is not None, timeout=LONG)
    assert not panel.baseline_button.isVisible()
    assert panel.copy_text_button.isVisible()


def test_a_third_tab_takes_the_place_of_the_one_in_sight(
    window: Window, two: ComparisonTool, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    first = window.documents[0]
    assert window.documents.paired == frozenset(window.documents)
    assert all(window.tabs.strip.bar.tabText(index).startswith("◫") for index in range(2))
    window.start(opened("alexnet"))
    qtbot.waitUntil(lambda: len(window.documents) == 3, timeout=LONG)
    settle(two, window, qtbot)
    assert pair_of(two).partner is first
    assert window.documents.paired == {first, window.session.document}
    window.tabs.close(first)
    assert two.pair is None
    assert not two.sides.view.partner.isVisible()


def test_a_network_opened_into_the_tab_beside_ends_the_pair(
    window: Window, two: ComparisonTool, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    first = window.documents[0]
    window.documents.place(Document(opened("alexnet")), instead_of=first)
    settle(two, window, qtbot)
    assert two.pair is None
    assert first not in [*window.documents]
    assert not window.documents.paired


def test_a_newly_opened_network_is_beside_its_own_baseline(
    window: Window, beside: ComparisonTool, qtbot: QtBot
) -> None:
    beside.show_baseline()
    settle(beside, window, qtbot)
    window.open_network("alexnet")
    qtbot.waitUntil(lambda: window.session.network.architecture.key == "alexnet", timeout=LONG)
    settle(beside, window, qtbot)
    assert beside.sides.partner_name == f"{window.session.network.title} · baseline"
    assert not pair_of(beside).comparison.differences.rows


def test_without_a_network_there_is_nothing_to_compare(window: Window) -> None:
    tool = tool_of(window)
    assert not tool.baseline_action.isEnabled()
    tool.show_baseline()
    assert tool.pair is None


def test_an_empty_tab_is_compared_with_nothing(window: Window, beside: ComparisonTool, qtbot: QtBot) -> None:
    beside.show_baseline()
    settle(beside, window, qtbot)
    window.tabs.new()
    assert not beside.sides.view.partner.isVisible()
    assert beside.panel.model.rowCount() == 0


def test_a_state_beside_is_one_that_the_history_still_has(
    window: Window, beside: ComparisonTool, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    commands, silu = beside.context.commands, SwapActivation("features.1", "silu")
    commands.change_network(
        lambda network: network.edit(SwapActivation("features.1", "gelu"), SwapActivation("features.4", "gelu"))
    )
    qtbot.waitUntil(lambda: len(window.session.document.current_edits) == 2, timeout=LONG)
    beside.show_state(2)
    settle(beside, window, qtbot)
    assert "2. Activation GELU" in beside.panel.headline_label.text()
    commands.change_network(lambda network: network.undo().undo().edit(silu))  # there is no second edit any more
    qtbot.waitUntil(lambda: window.session.document.current_edits == (silu,), timeout=LONG)
    settle(beside, window, qtbot)
    assert pair_of(beside).position == 1
    assert "1. Activation SiLU" in beside.panel.headline_label.text()
    window.open_network("squeezenet1_1")  # a state of one network is no state of another
    qtbot.waitUntil(lambda: beside.pair is None, timeout=LONG)


def test_what_is_dragged_over_the_partner_brings_it_into_sight(
    two: ComparisonTool, window: Window, qtbot: QtBot
) -> None:
    """So that it can be let go there: only the document in sight takes anything."""
    partner, left = pair_of(two).partner, pair_of(two).is_left

    def drag(format: str) -> bool:
        data = QMimeData()
        data.setData(format, b"")
        event = QDragEnterEvent(
            QPoint(40, 40), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        event.ignore()
        two.sides.view.partner.dragEnterEvent(event)
        return event.isAccepted()

    assert not drag("text/plain")
    assert window.session.document is not partner
    assert drag(f"{OWN_FORMATS}block")
    qtbot.waitUntil(lambda: window.session.document is partner, timeout=LONG)
    assert pair_of(two).is_left is not left  # each stays on its side
    settle(two, window, qtbot)
