"""Room for a panel that needs more of it than the others."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow


def make_room(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    """Once it is on screen, as tall as this (half of the window at most), if it is lower."""
    QTimer.singleShot(0, dock, lambda: _grow(window, dock, height))


def _grow(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    if dock.height() < height and not dock.isFloating():
        window.resizeDocks([dock], [min(height, window.height() // 2)], Qt.Orientation.Vertical)
