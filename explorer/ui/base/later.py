"""Calls that wait until control is back in the event loop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


def call_later(context: QObject, function: Callable[[], object]) -> None:
    """Call `function` once the code at hand has returned, unless `context` has been deleted by then.

    `QTimer.singleShot` with a context does so too, but where the context goes first PySide 6.11 keeps the function for
    good, and with it the window that it speaks of.
    """
    call = _Call(context)
    call.due.connect(function, Qt.ConnectionType.QueuedConnection)
    call.due.connect(call.deleteLater, Qt.ConnectionType.QueuedConnection)
    call.due.emit()


class _Call(QObject):
    due = Signal()
