"""Room for a panel that needs more of it than the others."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

_WIDTH_FRACTION = 0.62  # of what is below the canvas: pictures need it more than a table of figures
_MAX_WIDTH = 820  # pixels beyond which it asks for no more


def enlarge_dock(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    """Once it is in its place on screen, as tall as this (half of the window at most) and most of the width, if it is
    smaller. What is restored when the window opens stays as the user left it."""
    if window.isVisible():
        QTimer.singleShot(0, dock, lambda: QTimer.singleShot(0, dock, lambda: _resize_dock(window, dock, height)))


def _resize_dock(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    if dock.isFloating() or window.dockWidgetArea(dock) != Qt.DockWidgetArea.BottomDockWidgetArea:
        return
    if dock.height() < height:
        window.resizeDocks([dock], [min(height, window.height() // 2)], Qt.Orientation.Vertical)
    beside = [other for other in _visible_neighbours(window, dock) if other.geometry().top() == dock.geometry().top()]
    others = sum(other.width() for other in beside)
    wanted = min(_MAX_WIDTH, round(_WIDTH_FRACTION * (dock.width() + others)))
    if beside and dock.width() < wanted:
        part = (others + dock.width() - wanted) / others
        widths = [wanted, *(round(part * other.width()) for other in beside)]
        window.resizeDocks([dock, *beside], widths, Qt.Orientation.Horizontal)


def _visible_neighbours(window: QMainWindow, dock: QDockWidget) -> list[QDockWidget]:
    """The other panels on its side, those behind tabs left out."""
    side = window.dockWidgetArea(dock)
    others = [other for other in window.findChildren(QDockWidget) if other is not dock and not other.isFloating()]
    return [o for o in others if window.dockWidgetArea(o) == side and not o.visibleRegion().isEmpty()]
