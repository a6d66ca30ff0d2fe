"""From panel to panel by keyboard."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

import explorer
from explorer.network import Network
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


def around(widget: QWidget | None) -> str:
    """The panel a widget is in."""
    while widget is not None and not isinstance(widget, QDockWidget):
        if widget.accessibleName() == "Diagram of the network":
            return "canvas"
        widget = widget.parentWidget()
    return widget.windowTitle() if widget is not None else ""


def press(qtbot: QtBot, window: Window, *, back: bool = False) -> str:
    keys = Qt.KeyboardModifier.ShiftModifier if back else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_F6, keys)
    return around(QApplication.focusWidget())


def test_once_around_and_back(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.isActiveWindow())
    window.canvas.setFocus()
    there = [press(qtbot, window) for _ in range(8)]
    assert {"canvas", "Networks", "Output on the sample image"} <= set(there)
    assert "History" not in there  # it lies behind the tab of the selection
    assert press(qtbot, window, back=True) == there[-2]


def test_a_panel_is_entered_where_one_left_it(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.isActiveWindow())
    window.library.view.setFocus()
    left = QApplication.focusWidget()
    assert press(qtbot, window) != "Networks"
    assert press(qtbot, window, back=True) == "Networks"
    assert QApplication.focusWidget() is left


def test_what_is_deleted_takes_nothing_along(window: Window, qtbot: QtBot, opened: Callable[[str], Network]) -> None:
    window.start(opened("resnet18"))
    settled(qtbot, window)
    qtbot.waitUntil(lambda: window.isActiveWindow())
    for card in ("layer1.0", "layer2.1", "layer3.0", ""):
        press(qtbot, window)
        window.session.select(card or None)  # the buttons of the path to the card before are deleted
        settled(qtbot, window)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
    held = [widget for widget in vars(window.actions_).values() if isinstance(widget, QObject)]
    assert held
    assert all(map(isValid, (*held, *window.docks.all, *window.tool_context.docks)))


def test_no_code_walks_the_focus_chain_of_qt() -> None:
    name = "next" + "InFocusChain"  # see `focusable_widgets`
    files = (path for path in Path(explorer.__file__).parent.rglob("*.py") if f".{name}()" in path.read_text("utf-8"))
    assert not [*files]


@pytest.mark.parametrize(("dock", "takes_keys"), [("Parts", True), ("Stage table", True), ("Feature maps", False)])
def test_a_panel_that_is_typed_into_gets_the_keyboard_when_its_key_shows_it(
    window: Window, qtbot: QtBot, dock: str, takes_keys: bool
) -> None:
    """One that follows the selection leaves it on the diagram, where the arrows select."""
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None and window.isActiveWindow(), timeout=60_000)
    settled(qtbot, window)
    (panel,) = (found for found in window.findChildren(QDockWidget) if found.objectName() == dock)
    window.canvas.setFocus()
    panel.toggleViewAction().trigger()
    assert panel.isVisible()
    assert around(QApplication.focusWidget()) == (dock if takes_keys else "canvas")
    panel.toggleViewAction().trigger()
    assert not panel.isVisible()
    settled(qtbot, window)
