"""Room for a panel that needs more of it than the others."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow


def make_room(window: QMainWindow, dock: QDockWidget, width: int, height: int) -> None:
    """Once it is on screen, as large as this (half of the window at most), if it is smaller."""
    QTimer.singleShot(0, dock, lambda: _grow(window, dock, width, height))


def _grow(window: QMainWindow, dock: QDockWidget, width: int, height: int) -> None:
    for size, room, wanted, way in (
        (dock.width(), window.width(), width, Qt.Orientation.Horizontal),
        (dock.height(), window.height(), height, Qt.Orientation.Vertical),
    ):
        if size < wanted and not dock.isFloating():
            window.resizeDocks([dock], [min(wanted, room // 2)], way)
