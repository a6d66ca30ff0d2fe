"""Cards that are carried, cut, copied and pasted between networks, made a block, and kept as parts, in the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, QRectF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent, QGuiApplication, QMouseEvent, QPixmap
from PySide6.QtWidgets import QApplication, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from explorer.edits import CopyBlock, MoveBlock, TakeOut, WrapAsBlock
from explorer.network import Network
from explorer.project.own_parts import read_own_parts
from explorer.ui.parts import moving_tool
from explorer.ui.parts.carried_block import block_of_mime, mime_of_block
from explorer.ui.parts.clipboard import CopiedBlock, take_block
from explorer.ui.parts.moving_tool import MovingTool
from explorer.ui.parts.tool import PartsTool
from explorer.ui.shell.window import Window

SLOW = 60_000


@pytest.fixture
def tool(qtbot: QtBot, window: Window) -> Iterator[MovingTool]:
    window.open_network("resnet18")
    (found,) = (tool for tool in window.tools if isinstance(tool, MovingTool))
    qtbot.waitUntil(lambda: not window.canvas.area_of("layer3.1").isEmpty(), timeout=SLOW)
    window.canvas.fit()
    window.canvas.setFocus()
    yield found
    settle(qtbot, found)


def settle(qtbot: QtBot, tool: MovingTool) -> None:
    lanes = (tool.lane, tool.search._lane, tool._description_lane)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


def wait_for_edit(qtbot: QtBot, window: Window, count: int) -> Network:
    def edited() -> bool:
        network = window.session.network
        return network is not None and network.history.position == count

    qtbot.waitUntil(edited, timeout=SLOW)
    assert window.session.network is not None
    return window.session.network


def drag_to(window: Window, position: QPointF, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place, left = QPointF(window.canvas.mapToGlobal(position.toPoint())), Qt.MouseButton.LeftButton
    QApplication.sendEvent(
        window.canvas, QMouseEvent(QEvent.Type.MouseMove, position, place, Qt.MouseButton.NoButton, left, keys)
    )


def take_up(qtbot: QtBot, window: Window, card: str) -> QPointF:
    """Begin to carry a selected card; where it was held."""
    window.session.select(card)
    start = window.canvas.area_of(card).center()
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    drag_to(window, start + QPointF(12, 12))
    return start


def lower_half(window: Window, card: str) -> QPointF:
    area = window.canvas.area_of(card)
    return QPointF(area.center().x(), area.bottom() - 4)


def test_a_card_is_carried_behind_another(qtbot: QtBot, window: Window, tool: MovingTool) -> None:
    take_up(qtbot, window, "layer3.1")
    assert tool.gesture.lights.isVisible()
    drag_to(window, lower_half(window, "layer4.1"))
    settle(qtbot, tool)
    assert "layer3.1 moved behind layer4.1" in tool.gesture.lights.text
    assert tool.gesture.lights.lit
    assert not tool.search.takes(("output", "behind", ""))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=lower_half(window, "layer4.1").toPoint())
    network = wait_for_edit(qtbot, window, 1)
    (edit,) = network.history.applied_edits
    assert isinstance(edit, MoveBlock)
    assert (edit.at, edit.to, edit.where) == ("layer3.1", "layer4.1", "behind")
    assert not tool.gesture.lights.isVisible()


def test_a_card_is_carried_onto_a_link_and_with_ctrl_a_copy_of_it(
    qtbot: QtBot, window: Window, tool: MovingTool
) -> None:
    canvas = window.canvas
    take_up(qtbot, window, "layer3.1")
    assert canvas.picture is not None
    link = next(link for link in canvas.picture.diagram.links if link.target == "layer2.1")
    middle = canvas.picture.middle_of_link(link)
    assert middle is not None
    drag_to(window, canvas.point_of(middle), Qt.KeyboardModifier.ControlModifier)
    assert tool.gesture.is_copy
    assert tool.gesture.place is not None
    assert tool.gesture.place.reader == "layer2.1"
    qtbot.mouseRelease(
        canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, pos=canvas.point_of(middle).toPoint()
    )
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (CopyBlock("layer2.0", "layer3.1", reader="layer2.1"),)


def drop(window: Window, block: CopiedBlock, position: QPointF) -> None:
    """Drag a block over a position of the canvas, and let it go there."""
    keys = (Qt.DropAction.CopyAction, mime_of_block(block), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.canvas.dragMoveEvent(QDragMoveEvent(position.toPoint(), *keys))
    window.canvas.dropEvent(QDropEvent(position, *keys))


def carry_out(
    qtbot: QtBot, window: Window, tool: MovingTool, card: str, monkeypatch: pytest.MonkeyPatch
) -> CopiedBlock:
    """Carry a card over the edge of the canvas; the block that the system is given to drag."""
    given: list[CopiedBlock] = []

    def take(source: QWidget, data: QMimeData, ghost: QPixmap) -> None:
        block = block_of_mime(data)
        assert block is not None
        given.append(block)

    monkeypatch.setattr(moving_tool, "drag_above_pointer", take)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    take_up(qtbot, window, card)
    drag_to(window, QPointF(40, -5))
    assert not tool.gesture.lights.isVisible()
    qtbot.waitUntil(lambda: bool(given), timeout=SLOW)
    return given[0]


def test_a_card_is_dragged_out_into_the_network_of_another_tab(
    qtbot: QtBot, window: Window, tool: MovingTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = window.session.document
    block = carry_out(qtbot, window, tool, "layer3.1", monkeypatch)
    window.open_network("mobilenet_v2", is_preview=False)
    qtbot.waitUntil(lambda: window.session.document is not first, timeout=SLOW)
    qtbot.waitUntil(lambda: not window.canvas.area_of("features.4").isEmpty(), timeout=SLOW)
    area = window.canvas.area_of("features.4")
    drop(window, block, QPointF(area.left() + 4, area.bottom() - 2))
    network = wait_for_edit(qtbot, window, 1)
    (edit,) = network.history.applied_edits
    assert isinstance(edit, CopyBlock)
    assert (edit.at, edit.block, edit.network, edit.where) == ("features.4", "layer3.1", "ResNet-18", "behind")
    assert "BasicBlock" in network.architecture.module_classes.values()


def test_a_card_that_was_dragged_out_and_comes_back_moves(
    qtbot: QtBot, window: Window, tool: MovingTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = carry_out(qtbot, window, tool, "layer3.1", monkeypatch)
    area = window.canvas.area_of("layer4.1")
    drop(window, block, QPointF(area.left() + 4, area.bottom() - 2))
    (edit,) = wait_for_edit(qtbot, window, 1).history.applied_edits
    assert isinstance(edit, MoveBlock)
    assert (edit.at, edit.to, edit.where) == ("layer3.1", "layer4.1", "behind")


def test_a_block_that_cannot_be_carried_away_says_why(
    qtbot: QtBot, window: Window, tool: MovingTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving_tool, "drag_above_pointer", lambda *_: pytest.fail("there is nothing to drag"))
    take_up(qtbot, window, "input")
    drag_to(window, QPointF(40, -5))
    settle(qtbot, tool)
    assert window.statusBar().currentMessage()


def test_a_card_that_is_not_selected_is_not_carried_and_escape_lets_one_be(
    qtbot: QtBot, window: Window, tool: MovingTool
) -> None:
    start = take_up(qtbot, window, "layer3.1")
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not tool.gesture.lights.isVisible()
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    assert window.session.selection == ("layer3.1",)
    other = window.canvas.area_of("layer4.0").center()
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=other.toPoint())
    drag_to(window, other + QPointF(12, 12))
    assert not tool.gesture.lights.isVisible()
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=other.toPoint())
    assert window.session.network is not None
    assert not window.session.network.history.edits


def test_a_block_of_an_edited_network_is_cut_there_and_pasted_into_another_tab(
    qtbot: QtBot, window: Window, tool: MovingTool
) -> None:
    first = window.session.document
    window.session.select("layer2.1")
    tool.duplicate()
    wait_for_edit(qtbot, window, 1)
    window.session.select("layer2.1")
    tool.cut()
    settle(qtbot, tool)
    block = take_block()
    assert block is not None
    assert block.description
    window.open_network("mobilenet_v2", is_preview=False)
    qtbot.waitUntil(lambda: window.session.document is not first, timeout=SLOW)
    window.session.select("features.4")
    window.actions_.paste.trigger()
    network = wait_for_edit(qtbot, window, 1)
    (edit,) = network.history.applied_edits
    assert edit == CopyBlock("features.4", "layer2.1", "ResNet-18", description=block.description)

    def is_gone() -> bool:
        return first.network is not None and first.network.history.position == 2

    qtbot.waitUntil(is_gone, timeout=SLOW)
    assert first.network is not None
    assert first.network.history.applied_edits[1] == TakeOut("layer2.1")


def test_a_selection_becomes_a_block_and_a_part(
    qtbot: QtBot, window: Window, tool: MovingTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("My stage", True))
    window.session.select_cards(("layer4.0", "layer4.1"))
    qtbot.keyClick(window.canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (WrapAsBlock("layer4.0,layer4.1", "My stage"),)
    qtbot.waitUntil(lambda: window.session.selection == ("my_stage",), timeout=SLOW)
    (parts,) = (tool for tool in window.tools if isinstance(tool, PartsTool))
    parts.ask_keep()
    qtbot.waitUntil(lambda: any(row.description for row in parts._rows), timeout=SLOW)
    parts.choose("behind")
    assert parts.panel is not None
    qtbot.keyClicks(parts.panel.filter, "My stage")
    row = parts.panel.part
    assert row is not None
    assert (row.title, row.family) == ("My stage", "My parts")
    assert not parts.panel.own_buttons.isHidden()
    window.session.select("layer3.0")
    qtbot.waitUntil(lambda: parts.panel is not None and parts.panel.put_button.isEnabled(), timeout=SLOW)
    parts.put_in()
    network = wait_for_edit(qtbot, window, 2)
    assert network.history.applied_edits[1] == CopyBlock("layer3.0", "My stage", description=row.description)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Another", True))
    parts.panel.rename_requested.emit(row)
    qtbot.waitUntil(lambda: [part.name for part in read_own_parts()] == ["Another"], timeout=SLOW)
    qtbot.waitUntil(lambda: parts._rows[0].title == "Another", timeout=SLOW)
    parts.panel.removal_requested.emit(parts._rows[0])
    qtbot.waitUntil(lambda: read_own_parts() == (), timeout=SLOW)
    qtbot.waitUntil(lambda: not any(row.description for row in parts._rows), timeout=SLOW)
    lanes = (parts.lane, parts._rows_lane, parts._picture_lane)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in lanes), timeout=SLOW)


def test_by_keys_alone_one_goes_on_where_a_block_was_taken_out(qtbot: QtBot, window: Window, tool: MovingTool) -> None:
    window.canvas.fit()
    window.session.select("layer3.1")
    qtbot.keyClick(window.canvas, Qt.Key.Key_Delete)
    wait_for_edit(qtbot, window, 1)
    assert window.session.selection == ("layer4.0",)
    qtbot.waitUntil(lambda: window.canvas._marks.selected == "layer4.0", timeout=SLOW)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Down)
    assert window.session.selection == ("layer4.1",)
    qtbot.keyClick(window.canvas, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    wait_for_edit(qtbot, window, 2)
    qtbot.waitUntil(lambda: not any(lane.busy for lane in window._lanes), timeout=SLOW)
    assert window.canvas.picture is not None
    seen = window.canvas._viewport.to_widget_rect(window.canvas.picture.bounds)
    assert QRectF(window.canvas.rect()).contains(seen)  # it was seen whole, and is still


def test_a_block_that_is_pasted_where_it_is_says_that_nothing_changes(
    qtbot: QtBot, window: Window, tool: MovingTool
) -> None:
    window.session.select("layer2.1")
    tool.cut()
    window.session.select("layer2.0")
    window.actions_.paste.trigger()
    qtbot.waitUntil(lambda: "like that already" in window.statusBar().currentMessage(), timeout=SLOW)
    assert window.session.network is not None
    assert not window.session.network.history.edits
