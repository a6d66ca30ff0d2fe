"""Parts in the window: found, set, put in where a card is selected, and taken out again; by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDrag, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QSpinBox
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.edits import CopyBlock, InsertPart, MoveBlock, ReplaceByPart, SetWidth, TakeOut
from explorer.network import Network
from explorer.ui.parts import carried_block
from explorer.ui.parts.moving_tool import MovingTool
from explorer.ui.parts.panel import PartsPanel
from explorer.ui.parts.part_list import PART_MIME
from explorer.ui.parts.tool import PartsTool
from explorer.ui.shell.window import Window
from explorer.viewmodels.parts import PartRow

SLOW = 60_000


@pytest.fixture
def tool(qtbot: QtBot, window: Window) -> Iterator[PartsTool]:
    window.open_network("resnet18")
    (found,) = (tool for tool in window.tools if isinstance(tool, PartsTool))
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    found._load_rows()
    qtbot.waitUntil(lambda: bool(found._rows), timeout=SLOW)
    found.choose("behind")
    qtbot.waitUntil(lambda: found.panel is not None and found.panel.part is not None, timeout=SLOW)
    yield found
    settle(qtbot, found)


def settle(qtbot: QtBot, tool: PartsTool) -> None:
    lanes = (tool.lane, tool._rows_lane, tool._picture_lane, tool._drop_lane, tool.search._lane, tool.sources._lane)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


def panel_of(tool: PartsTool) -> PartsPanel:
    assert tool.panel is not None
    return tool.panel


def select(qtbot: QtBot, window: Window, tool: PartsTool, id: str) -> None:
    window.session.select(id)
    settle(qtbot, tool)


def wait_for_edit(qtbot: QtBot, window: Window, count: int) -> Network:
    def edited() -> bool:
        network = window.session.network
        return network is not None and network.history.position == count

    qtbot.waitUntil(edited, timeout=SLOW)
    assert window.session.network is not None
    return window.session.network


def test_a_part_is_found_set_and_put_in(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    assert panel.effect.text() == "Select a card to see what it would change."
    assert not panel.put_button.isEnabled()
    qtbot.keyClicks(panel.filter, "fire")
    assert [row.key for _, row in panel.model.parts()] == ["fire"]
    select(qtbot, window, tool, "layer1.0")
    squeeze = panel.form.controls["squeeze"]
    assert isinstance(squeeze, QSpinBox)
    squeeze.setValue(4)
    settle(qtbot, tool)
    assert panel.effect.text() == "+1.60 K parameters, +4.82 M MACs"
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (InsertPart("layer1.0", "fire", "squeeze=4"),)
    assert network.figures.total.params - network.baseline.figures.total.params == 1604


def test_the_part_whose_title_is_typed_is_chosen(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    for typed, key in (("inception", "inception_v1"), (" a", "inception_a"), ("", "inception_a")):
        qtbot.keyClicks(panel.filter, typed)
        assert panel.part is not None
        assert panel.part.key == key
    panel.filter.setText("inception")  # as good as any that begins so: it stays
    assert panel.part is not None
    assert panel.part.key == "inception_a"


def test_while_typing_only_another_part_is_shown_anew(
    qtbot: QtBot, window: Window, tool: PartsTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panel_of(tool)
    show_part, shown = panel.form.show_part, list[str]()

    def note(row: PartRow) -> None:
        shown.append(row.key)
        show_part(row)

    monkeypatch.setattr(panel.form, "show_part", note)
    qtbot.keyClicks(panel.filter, "fire modu")
    assert panel.part is not None
    assert shown[-1] == "fire" == panel.part.key
    assert all(one != other for one, other in pairwise(shown))
    squeeze = panel.form.controls["squeeze"]
    assert isinstance(squeeze, QSpinBox)
    squeeze.setValue(4)
    before = len(shown)
    qtbot.keyClicks(panel.filter, "xx")
    assert not list(panel.model.parts())
    for _ in range(7):
        qtbot.keyClick(panel.filter, Qt.Key.Key_Backspace)
    assert (panel.part.key, panel.form.values) == ("fire", {"squeeze": 4})
    assert len(shown) == before


def test_what_is_refused_says_why_and_offers_ways_out(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    qtbot.keyClicks(panel.filter, "transition")
    select(qtbot, window, tool, "layer1.0")
    qtbot.waitUntil(lambda: "cannot add" in panel.effect.text() and bool(panel.effect.buttons))
    assert not panel.put_button.isEnabled()
    repair = panel.effect.buttons[0]
    assert panel.minimumSizeHint().width() < 300 < repair.fontMetrics().horizontalAdvance(repair.accessibleName())
    qtbot.waitUntil(lambda: repair.height() >= repair.heightForWidth(repair.width()))  # once it is laid out
    qtbot.mouseClick(repair, Qt.MouseButton.LeftButton)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits[0].mend  # type: ignore[attr-defined]


def test_a_branch_beside_is_put_in_by_keys_alone(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    select(qtbot, window, tool, "layer2.0")

    def press(key: Qt.Key) -> None:
        focused = QApplication.focusWidget()
        assert focused is not None
        qtbot.keyClick(focused, key)

    qtbot.waitUntil(panel.filter.hasFocus)
    qtbot.keyClicks(panel.filter, "inception a")
    settle(qtbot, tool)
    for _ in range(6):  # list, details, three settings, and the chosen one of the places
        press(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is panel.places.buttons["behind"]
    press(Qt.Key.Key_Right)
    settle(qtbot, tool)
    assert panel.place == "beside"
    assert len(panel.effect.buttons) > 1
    for reached in (panel.join_box, *panel.effect.buttons):
        press(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is reached
    press(Qt.Key.Key_Space)
    network = wait_for_edit(qtbot, window, 1)
    edit = network.history.applied_edits[0]
    assert isinstance(edit, InsertPart)
    assert (edit.part, edit.where, edit.mend) == ("inception_a", "beside", "project")
    settle(qtbot, tool)
    assert QApplication.focusWidget() in (*panel.places.buttons.values(), *panel.effect.buttons)


def test_a_block_is_replaced_and_taken_out(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    select(qtbot, window, tool, "layer1.0")
    tool.choose("replace")
    panel.filter.clear()
    qtbot.keyClicks(panel.filter, "pre-activation")
    settle(qtbot, tool)
    qtbot.mouseClick(panel.put_button, Qt.MouseButton.LeftButton)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (ReplaceByPart("layer1.0", "pre_activation"),)
    select(qtbot, window, tool, "layer2.1")
    window.canvas.setFocus()
    tool.take_out()
    network = wait_for_edit(qtbot, window, 2)
    assert network.history.applied_edits[1] == TakeOut("layer2.1")


def test_a_part_that_joins_goes_beside_and_the_place_chosen_before_comes_back(
    qtbot: QtBot, window: Window, tool: PartsTool
) -> None:
    panel = panel_of(tool)
    tool.choose("before")
    qtbot.keyClicks(panel.filter, "Product")
    assert panel.place == "beside"
    assert not panel.places.buttons["before"].isEnabled()
    panel.filter.clear()
    qtbot.keyClicks(panel.filter, "fire")
    assert panel.place == "before"


def test_a_part_shows_its_diagram_and_follows_the_language(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    qtbot.keyClicks(panel.filter, "bottleneck residual")
    settle(qtbot, tool)
    assert panel.picture_view.height() > 30
    translator.set_language("zh")
    window.session.set_language("zh")
    panel.filter.clear()
    qtbot.waitUntil(lambda: panel.part is not None and "瓶颈" in panel.part.title, timeout=SLOW)
    translator.set_language("en")


def test_a_part_can_be_dragged_and_the_menu_of_a_card_offers_parts(window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    index, row = next(panel.model.parts())
    assert bytes(panel.model.mimeData([index]).data(PART_MIME).data()).decode() == row.key
    entries = [text for found in window.tool_context.card_actions for text, _ in found("layer1.0")]
    assert {"Insert a part…", "Replace by…", "Take out"} <= set(entries)


def drag(window: Window, tool: PartsTool, position: QPointF, *, drop: bool = False) -> bool:
    """Drag the chosen part over a position of the canvas, and let it go there; return whether it is taken."""
    data = panel_of(tool).model.mimeData([panel_of(tool).view.currentIndex()])
    keys = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    event = QDropEvent(position, *keys) if drop else QDragMoveEvent(position.toPoint(), *keys)
    event.ignore()
    if isinstance(event, QDragMoveEvent):  # Qt delivers such events itself while a real drag goes on only
        window.canvas.dragMoveEvent(event)
    else:
        window.canvas.dropEvent(event)
    return event.isAccepted()


def test_a_part_that_is_dragged_is_above_the_pointer(tool: PartsTool, monkeypatch: pytest.MonkeyPatch) -> None:
    dragged: list[QDrag] = []

    class Drag(QDrag):
        def exec(self, *actions: Any) -> Qt.DropAction:
            dragged.append(self)
            return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(carried_block, "QDrag", Drag)
    panel = panel_of(tool)
    panel.view.startDrag(Qt.DropAction.CopyAction)
    (drag,) = dragged
    assert panel.part is not None
    assert bytes(drag.mimeData().data(PART_MIME).data()).decode() == panel.part.key
    shown = drag.pixmap().deviceIndependentSize()
    assert shown.width() > 100
    assert drag.hotSpot().y() > shown.height()


def test_a_part_is_dropped_on_a_card(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    qtbot.keyClicks(panel.filter, "fire")
    qtbot.waitUntil(lambda: not window.canvas.area_of("layer2.0").isEmpty(), timeout=SLOW)
    window.canvas.fit()
    area = window.canvas.area_of("layer2.0")
    light = tool.target.light
    for share, across, where in (
        (0.1, 0.4, "before"),
        (0.9, 0.4, "behind"),
        (0.5, 0.4, "replace"),
        (0.5, 0.9, "beside"),
    ):
        at = QPointF(area.left() + across * area.width(), area.top() + share * area.height())
        assert drag(window, tool, at)
        assert tool.target.place is not None
        assert tool.target.place.where == where
        assert light.isVisible()
        settle(qtbot, tool)
        assert not light.is_refused, light.text
        assert ("zeros" in light.text) == (where == "beside"), "which repair was chosen"
    qtbot.waitUntil(lambda: len(light.lit) > 20, timeout=SLOW)
    assert not tool.search.takes(("output", "behind", ""))
    assert drag(window, tool, window.canvas.area_of("output").center())
    settle(qtbot, tool)
    assert light.is_refused
    assert "no single way" in light.text
    assert not drag(window, tool, QPointF(2, 2))
    assert tool.target.place is None
    assert not light.text
    assert drag(window, tool, QPointF(area.center().x(), area.bottom() - 2), drop=True)
    assert not light.isVisible()
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (InsertPart("layer2.0", "fire"),)


def test_a_block_is_copied_moved_and_duplicated(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    (mover,) = (found for found in window.tools if isinstance(found, MovingTool))
    select(qtbot, window, tool, "layer1.0")
    mover.copy()
    select(qtbot, window, tool, "layer2.1")
    window.actions_.paste.trigger()
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (CopyBlock("layer2.1", "layer1.0"),)
    select(qtbot, window, tool, "layer3.1")
    mover.duplicate()
    wait_for_edit(qtbot, window, 2)
    select(qtbot, window, tool, "layer1.0")
    mover.cut()
    select(qtbot, window, tool, "layer1.1")
    window.actions_.paste.trigger()
    network = wait_for_edit(qtbot, window, 3)
    assert network.history.applied_edits[2] == MoveBlock("layer1.0", "layer1.1")
    qtbot.waitUntil(lambda: not mover._description_lane.busy, timeout=SLOW)


def list_blocks(qtbot: QtBot, tool: PartsTool, text: str, first: str) -> list[PartRow]:
    panel = panel_of(tool)
    panel.source_box.setCurrentText(text)
    panel.source_box.activated.emit(panel.source_box.currentIndex())
    rows = panel.model.parts

    def listed() -> bool:
        return any(row.sentence.startswith(first) for _, row in rows())

    qtbot.waitUntil(listed, timeout=SLOW)
    return [row for _, row in rows()]


def test_blocks_of_any_network_are_listed_and_put_in(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    select(qtbot, window, tool, "layer1.1")
    own = list_blocks(qtbot, tool, "ResNet-18 (open)", "layer1.0")
    assert len(own) == 7  # of every stage the first and the others; layer1 has one shape
    assert not panel.own_buttons.isVisible()
    other = list_blocks(qtbot, tool, "SqueezeNet 1.1", "features.3")
    assert {row.title for row in other} == {"Fire module"}
    settle(qtbot, tool)
    assert panel.effect.text().startswith(("+", "−"))
    panel.put_button.click()
    edited = wait_for_edit(qtbot, window, 1)
    (edit,) = edited.history.applied_edits
    assert edit.title == "features.3 of SqueezeNet 1.1 copied to layer1.1"
    assert any(name.startswith("layer1.") and "squeeze" in name for name in edited.architecture.live)


def test_the_list_of_blocks_follows_the_network_and_goes_with_it(qtbot: QtBot, window: Window, tool: PartsTool) -> None:
    panel = panel_of(tool)
    list_blocks(qtbot, tool, "ResNet-18 (open)", "layer4.0")
    window.apply_edit(SetWidth("layer4", 640))
    wait_for_edit(qtbot, window, 1)
    qtbot.waitUntil(lambda: any("→ 640×7×7" in row.sentence for _, row in panel.model.parts()), timeout=SLOW)
    assert panel.source_box.currentText() == "ResNet-18 (open)"
    panel.filter.setText("no such block")
    assert panel.model.item(0).text() == "Nothing matches."
    panel.filter.clear()
    tool.choose_source(None)
    assert panel.source_box.currentIndex() == 0
    assert any(row.key == "fire" for _, row in panel.model.parts())
