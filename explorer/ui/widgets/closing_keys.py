"""Keys that close a window beside the main one, as they close a dialog."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget


class ClosingKeys(QObject):
    """Closes its window by Esc, where nothing in it wants that key itself, and by the system's key for closing."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() != Qt.Key.Key_Escape and not event.matches(QKeySequence.StandardKey.Close):
            return False
        self._window.close()
        return True
