"""Initial size of docks that need more room than the others."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

from explorer.ui.base.later import call_later

_WIDTH_FRACTION = 0.62  # of the width below the canvas: images need it more than tables
_VERTICAL = Qt.Orientation.Vertical
_MAX_WIDTH = 820  # pixels
_SMALL_WIDTH, _SMALL_HEIGHT = 1440, 880  # pixels below which a window is small


def enlarge_dock(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    """Enlarge a dock that is too small: to `height` pixels (half of the window at most, a fifth of a small one) and
    most of the window's width, once it is laid out. Sizes restored when the window opens stay as the user left them."""
    if window.isVisible():
        call_later(dock, lambda: call_later(dock, lambda: _resize_dock(window, dock, height)))


def _resize_dock(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    if dock.isFloating() or window.dockWidgetArea(dock) != Qt.DockWidgetArea.BottomDockWidgetArea:
        return
    is_small = window.height() < _SMALL_HEIGHT or window.width() < _SMALL_WIDTH
    height = min(height, window.height() // (5 if is_small else 2))
    if dock.height() < height:
        _give_back_height(window, dock, height)
        window.resizeDocks([dock], [height], _VERTICAL)
    neighbours = [
        other for other in _visible_neighbours(window, dock) if other.geometry().top() == dock.geometry().top()
    ]
    others_width = sum(other.width() for other in neighbours)
    target_width = min(_MAX_WIDTH, round(_WIDTH_FRACTION * (dock.width() + others_width)))
    if neighbours and dock.width() < target_width:
        fraction = (others_width + dock.width() - target_width) / others_width
        widths = [target_width, *(round(fraction * other.width()) for other in neighbours)]
        window.resizeDocks([dock, *neighbours], widths, Qt.Orientation.Horizontal)


def _visible_neighbours(window: QMainWindow, dock: QDockWidget) -> list[QDockWidget]:
    """Return the other docks on its side that are in sight, those behind tabs left out."""
    side = window.dockWidgetArea(dock)
    others = [other for other in window.findChildren(QDockWidget) if other is not dock and not other.isFloating()]
    return [o for o in others if window.dockWidgetArea(o) == side and not o.visibleRegion().isEmpty()]


def _give_back_height(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    """When a dock that is about to grow to `height` is closed, let its neighbours be as high again as they are now;
    shown again, it is as high as it was."""
    before = dock.height()

    def give_back(is_visible: bool) -> None:
        if is_visible or not dock.isHidden():
            return
        dock.visibilityChanged.disconnect(give_back)
        _enlarge_when_shown(window, dock, max(height, dock.height()))  # of which tabs may take some
        neighbours = _visible_neighbours(window, dock)
        if neighbours and window.isVisible():  # later, as an arrangement may be about to be restored
            call_later(dock, lambda: window.resizeDocks(neighbours, [before] * len(neighbours), _VERTICAL))

    dock.visibilityChanged.connect(give_back)


def _enlarge_when_shown(window: QMainWindow, dock: QDockWidget, height: int) -> None:
    def enlarge(is_visible: bool) -> None:
        if is_visible:
            dock.visibilityChanged.disconnect(enlarge)
            enlarge_dock(window, dock, height)

    dock.visibilityChanged.connect(enlarge)
