"""The windows that are open. One that was closed is deleted, and all that it had open is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from explorer.base.gc_pause import collect_frozen

if TYPE_CHECKING:
    from explorer.ui.shell.commands import CommandWindow

_WINDOWS: list[CommandWindow] = []


def open_windows() -> list[CommandWindow]:
    """Return the windows of the application, the oldest first."""
    return list(_WINDOWS)


def keep_until_closed(window: CommandWindow) -> None:
    """Hold a window until it is closed, then delete it."""
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.destroyed.connect(lambda: _let_go(window))
    _WINDOWS.append(window)


def find_current_window() -> CommandWindow | None:
    """Find the window that a file from outside belongs into: the active one, or the one opened last."""
    active = QApplication.activeWindow()
    return next((window for window in _WINDOWS if window is active), _WINDOWS[-1] if _WINDOWS else None)


def _let_go(window: CommandWindow) -> None:
    _WINDOWS.remove(window)
    if _WINDOWS:  # the last one goes with the process
        # Its networks are in cycles with what Python holds of its widgets, in the first one among what was frozen.
        QTimer.singleShot(0, collect_frozen)
