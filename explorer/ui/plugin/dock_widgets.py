"""Dock widgets of the window, and the one way to restore an arrangement of them.

What must always hold: while Qt restores an arrangement, no dock is given a widget, moved or resized. Qt keeps pointers
into the layout that it builds meanwhile; to change it from a dock that comes up ends the process.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from explorer.ui.base.fonts import follow_in_title
from explorer.ui.base.live_texts import live_text
from explorer.ui.plugin.low_panel import LowPanel
from explorer.ui.widgets.tab_order import focus_panel

_IS_RESTORING = "is_restoring"  # property of a window


class RaisingDock(QDockWidget):
    """A dock that comes to the front when it is switched on, or toggled while it is hidden behind another tab.

    Whoever chooses it in View › Panels, or presses its key, wants to see it, not to close it; and to type into it, if
    its panel says by a focus proxy where: views that follow the selection leave the keyboard on the diagram.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        follow_in_title(self)
        self.toggleViewAction().triggered.connect(self._come_to_front)

    def _come_to_front(self, is_on: bool) -> None:
        if is_on:
            self.raise_()
            shown = self.widget()
            panel = shown.widget() if isinstance(shown, LowPanel) else shown
            if panel is not None and panel.focusProxy() is not None:
                focus_panel(panel)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.isVisible() and self.visibleRegion().isEmpty() and self._is_behind:
            event.ignore()
            self.toggleViewAction().setChecked(True)
            self.raise_()
        else:
            super().closeEvent(event)

    @property
    def _is_behind(self) -> bool:
        window = self.parentWidget()
        return isinstance(window, QMainWindow) and bool(window.tabifiedDockWidgets(self))


class LazyDock(RaisingDock):
    """A dock whose widget is created when it is first shown: the window is on screen before pyqtgraph is imported."""

    def __init__(
        self,
        title: str,
        factory: Callable[[], QWidget],
        window: QMainWindow,
        *,
        needs_height: bool = False,
    ) -> None:
        super().__init__()
        self.needs_height = needs_height
        live_text(self, QDockWidget.setWindowTitle, title)
        self.setObjectName(title)
        self._window = window
        self._factory: Callable[[], QWidget] | None = factory

    def setVisible(self, visible: bool) -> None:
        if visible and self._factory is not None and not self._window.property(_IS_RESTORING):
            self.create_widget()
            self.tabify()  # before it is seen: beside the others, be it for a moment, it widens the window
        super().setVisible(visible)

    def create_widget(self) -> None:
        """Create the widget, unless it is there."""
        if self._factory is not None:
            make, self._factory = self._factory, None
            self.setWidget(make() if self.needs_height else LowPanel(make()))

    def tabify(self) -> None:
        """Join the tabs of the last visible dock on the same side, unless the user has moved this one.

        Only visible docks count: Qt leaves the tab bar of a hidden one behind.
        """
        window = self._window
        if self.isFloating() or window.tabifiedDockWidgets(self):
            return
        side = window.dockWidgetArea(self)
        seen = [d for d in window.findChildren(QDockWidget) if not (d is self or d.isHidden() or d.isFloating())]
        beside = [d for d in seen if window.dockWidgetArea(d) == side]
        if beside:
            window.tabifyDockWidget(max(beside, key=lambda dock: (dock.x(), dock.y())), self)


def restore_arrangement(window: QMainWindow, state: QByteArray, version: int = 0) -> bool:
    """Restore where docks stand and which are seen, as `QMainWindow.saveState` said it; return whether it could be
    read. Docks that come up for the first time stand where the arrangement has them, and get their widgets then."""
    window.setProperty(_IS_RESTORING, True)
    is_restored = window.restoreState(state, version)
    window.setProperty(_IS_RESTORING, False)
    for dock in window.findChildren(LazyDock):
        if not dock.isHidden():
            dock.create_widget()
    return is_restored
