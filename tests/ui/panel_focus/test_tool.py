"""From panel to panel by keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget
from pytestqt.qtbot import QtBot

from explorer.ui.shell.window import Window


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
