"""Links between cards in the window: drawn by mouse and by keys, taken away, refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from explorer.edits import Connect, Disconnect
from explorer.network import Network
from explorer.ui.parts.tool import PartsTool
from explorer.ui.parts.wiring_tool import WiringTool
from explorer.ui.shell.window import Window

SLOW = 12_000


@pytest.fixture
def tool(qtbot: QtBot, window: Window) -> Iterator[WiringTool]:
    window.open_network("resnet18")
    (found,) = (tool for tool in window.tools if isinstance(tool, WiringTool))
    qtbot.waitUntil(lambda: not window.canvas.area_of("layer3.1").isEmpty(), timeout=SLOW)
    window.canvas.fit()
    window.canvas.setFocus()
    yield found
    settle(qtbot, found)


def settle(qtbot: QtBot, tool: WiringTool) -> None:
    qtbot.waitUntil(lambda: not (tool.lane.busy or tool.search._lane.busy), timeout=SLOW)


def move(window: Window, position: QPointF, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    place = QPointF(window.canvas.mapToGlobal(position.toPoint()))
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window.canvas, QMouseEvent(QEvent.Type.MouseMove, position, place, none, buttons, keys))


def centre(window: Window, id: str) -> QPointF:
    return window.canvas.area_of(id).center()


def press_handle(qtbot: QtBot, window: Window, tool: WiringTool, card: str) -> None:
    move(window, centre(window, card))
    assert tool.gesture.handle.isVisible()
    assert tool.gesture.handle.card == card
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=tool.gesture.handle.middle.toPoint())


def wait_for_edit(qtbot: QtBot, window: Window, count: int) -> Network:
    def edited() -> bool:
        network = window.session.network
        return network is not None and network.history.position == count

    qtbot.waitUntil(edited, timeout=SLOW)
    assert window.session.network is not None
    return window.session.network


def choose(qtbot: QtBot, tool: WiringTool, beginning: str) -> None:
    """Choose an entry of the menu that comes up."""
    qtbot.waitUntil(lambda: tool.menu is not None and tool.menu.isVisible(), timeout=SLOW)
    assert tool.menu is not None
    entry = next(action for action in tool.menu.actions() if action.text().startswith(beginning))
    assert entry.isEnabled()
    entry.trigger()
    tool.menu.close()


def test_the_handle_of_a_selected_card_draws_a_wire_too(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    window.session.select("layer2.0")
    qtbot.waitUntil(lambda: window.canvas.is_selected("layer2.0"), timeout=SLOW)
    press_handle(qtbot, window, tool, "layer2.0")
    move(window, centre(window, "layer3.0"), Qt.MouseButton.LeftButton)
    assert tool.gesture.source == "layer2.0", "a wire is drawn, and the card is not carried away"
    tool.gesture.stop()


def test_what_a_card_is_covers_nothing_of_what_is_said_of_a_wire(
    qtbot: QtBot, window: Window, tool: WiringTool
) -> None:
    def rest(card: str) -> None:
        at = centre(window, card).toPoint()
        event = QHelpEvent(QEvent.Type.ToolTip, at, window.canvas.mapToGlobal(at))
        QApplication.sendEvent(window.canvas, event)

    rest("layer3.0")
    qtbot.waitUntil(QToolTip.isVisible)
    press_handle(qtbot, window, tool, "layer2.0")
    move(window, centre(window, "layer3.0"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
    rest("layer3.0")
    assert not QToolTip.isVisible()
    tool.gesture.stop()
    rest("layer3.0")
    qtbot.waitUntil(QToolTip.isVisible)
    QToolTip.hideText()


def test_a_long_shortcut_is_drawn_by_mouse(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    press_handle(qtbot, window, tool, "layer2.0")
    move(window, centre(window, "layer3.0"), Qt.MouseButton.LeftButton)
    settle(qtbot, tool)
    lights = tool.gesture.lights
    assert lights.isVisible()
    assert "layer2.0 led into layer3.0 (addition)\nAddition" in lights.text
    targets = {str(card) for card in tool.search.known if tool.search.takes(card)}
    assert {"layer3.0", "layer4.0", "layer4.1"} <= targets
    assert targets.isdisjoint({"input", "unit:conv1", "layer2.1"}), "a cycle, or a link that is there"
    assert len(lights.lit) == len(targets)
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=centre(window, "layer3.0").toPoint())
    assert not lights.isVisible()
    choose(qtbot, tool, "Concatenation")
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (Connect("layer3.0", "layer2.0", "concat"),)
    assert tool.preferred_join == "concat", "the last choice comes first the next time"


def test_a_click_on_the_handle_says_what_to_do_with_the_wire(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    press_handle(qtbot, window, tool, "layer2.0")
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=tool.gesture.handle.middle.toPoint())
    assert tool.gesture.hold == "loose"
    assert "Esc lets it be" in window.statusBar().currentMessage()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not tool.gesture.source
    qtbot.waitUntil(lambda: not window.statusBar().currentMessage(), timeout=SLOW)


def test_what_cannot_be_linked_says_why(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    press_handle(qtbot, window, tool, "layer3.0")
    move(window, centre(window, "layer2.0"), Qt.MouseButton.LeftButton)
    settle(qtbot, tool)
    lights = tool.gesture.lights
    assert lights.is_refused
    assert "would close a cycle" in lights.text
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=centre(window, "layer2.0").toPoint())
    qtbot.waitUntil(lambda: window.notice.isVisible(), timeout=SLOW)
    assert window.session.network is not None
    assert not window.session.network.history.edits


def test_a_link_is_made_by_keys_alone_and_taken_away_again(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    canvas = window.canvas
    window.session.select("layer2.0")
    qtbot.keyClick(canvas, Qt.Key.Key_W)
    assert tool.gesture.source == "layer2.0"
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert tool.gesture.target == "layer3.0"
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tool.menu is not None and tool.menu.isVisible(), timeout=SLOW)
    assert tool.menu is not None
    qtbot.keyClick(tool.menu, Qt.Key.Key_Return)
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (Connect("layer3.0", "layer2.0"),)
    qtbot.waitUntil(lambda: not canvas.area_of("layer3.add").isEmpty(), timeout=SLOW)
    window.session.select("layer3.add")
    qtbot.keyClick(canvas, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    choose(qtbot, tool, "layer2.0 → layer3.add")
    network = wait_for_edit(qtbot, window, 2)
    assert network.architecture.nodes["layer3.0.conv1"].inputs == ("layer2.1.relu:2",)


def test_escape_lets_a_wire_be_and_two_selected_cards_are_linked_at_once(
    qtbot: QtBot, window: Window, tool: WiringTool
) -> None:
    window.session.select("layer2.0")
    qtbot.keyClick(window.canvas, Qt.Key.Key_W)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not tool.gesture.source
    assert not tool.gesture.lights.isVisible()
    assert window.session.selection == ("layer2.0",)
    window.session.select_cards(("layer4.0", "layer2.1"))  # the wrong way around
    tool.start()
    choose(qtbot, tool, "Addition")
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits[0].at == "layer4.0"


def test_a_link_is_chosen_by_a_click_and_deleted(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    canvas = window.canvas
    window.session.set_expanded(window.session.expanded | {"layer2.1"})
    qtbot.waitUntil(lambda: not canvas.area_of("layer2.1.add").isEmpty(), timeout=SLOW)
    canvas.fit_to("layer2.1", 2.0)
    assert canvas.picture is not None
    link = next(link for link in canvas.picture.diagram.links if link.target == "layer2.1.add" and link.slot)
    middle = canvas.picture.middle_of_link(link)
    assert middle is not None
    at = canvas.point_of(middle).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert canvas.chosen_link == link
    with qtbot.waitSignal(canvas.link_followed):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    window.session.select(None)
    canvas.choose_link(link)
    (parts,) = (tool for tool in window.tools if isinstance(tool, PartsTool))
    parts.take_out()
    network = wait_for_edit(qtbot, window, 1)
    assert network.history.applied_edits == (Disconnect(link.target, link.source),)
    qtbot.waitUntil(lambda: canvas.chosen_link is None, timeout=SLOW)


def test_a_link_has_a_menu(qtbot: QtBot, window: Window, tool: WiringTool) -> None:
    canvas = window.canvas
    assert canvas.picture is not None
    link = next(link for link in canvas.picture.diagram.links if link.target == "layer2.1")
    middle = canvas.picture.middle_of_link(link)
    assert middle is not None
    at = canvas.point_of(middle).toPoint()
    canvas.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, canvas.mapToGlobal(QPoint(at))))
    assert tool.menu is not None
    texts = [action.text() for action in tool.menu.actions()]
    assert texts == ["layer2.0 → layer2.1", "Remove the link", "Go to layer2.0", "Go to layer2.1"]
    tool.menu.actions()[1].trigger()  # a link that nothing could do without
    qtbot.waitUntil(lambda: window.notice.isVisible(), timeout=SLOW)
    tool.menu.close()
