"""Enter presses the button that has the keyboard, as in dialogs; Qt gives buttons of a window the space bar only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QToolButton

from explorer.ui.shell.window_filter import WindowFilter

_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class EnterKey(WindowFilter):
    """Presses the button that has the keyboard."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        button = QApplication.focusWidget()
        if event.key() not in _ENTER_KEYS or not isinstance(button, (QPushButton, QToolButton)):
            return False
        is_known_to_qt = isinstance(button, QPushButton) and (button.autoDefault() or button.isDefault())
        if isinstance(button.window(), QDialog) and is_known_to_qt:  # others would press the default button instead
            return False
        if not event.isAutoRepeat():
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):  # as the space bar: menus open too
                QApplication.sendEvent(button, QKeyEvent(kind, Qt.Key.Key_Space, event.modifiers()))
        return True
