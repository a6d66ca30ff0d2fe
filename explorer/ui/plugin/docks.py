"""The dock widgets around the canvas, and their default layout."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from explorer.base.languages import tr_noop
from explorer.ui.base.live_texts import live_text
from explorer.ui.base.settings import read_bytes
from explorer.ui.plugin.dock_widgets import RaisingDock, restore_arrangement
from explorer.ui.plugin.low_panel import LowPanel

PANELS_FOLDED = "panels_folded"  # property of a window: true while the user has folded all of them at once
_STATE_VERSION = 2  # raise when the panels change, so that an old arrangement is not restored over new ones
_AREA = Qt.DockWidgetArea


class MainDocks:
    """The docks that every window has: networks, selection, history, figures, output."""

    def __init__(
        self,
        window: QMainWindow,
        *,
        library: QWidget,
        inspector: QWidget,
        history: QWidget,
        figures: QWidget,
        output: QWidget,
    ) -> None:
        self._window = window
        window.setTabPosition(_AREA.RightDockWidgetArea, QTabWidget.TabPosition.North)
        self.library = self._add_dock(tr_noop("Networks"), library, _AREA.LeftDockWidgetArea)
        self.inspector = self._add_dock(tr_noop("Selection"), inspector, _AREA.RightDockWidgetArea)
        self.history = self._add_dock(tr_noop("History"), history, _AREA.RightDockWidgetArea)
        self.figures = self._add_dock(tr_noop("Figures"), figures, _AREA.BottomDockWidgetArea)
        self.output = self._add_dock(tr_noop("Output on the sample image"), output, _AREA.BottomDockWidgetArea)
        self.all = (self.library, self.inspector, self.history, self.figures, self.output)
        window.tabifyDockWidget(self.inspector, self.history)
        self.inspector.raise_()
        window.setCorner(Qt.Corner.BottomLeftCorner, _AREA.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, _AREA.RightDockWidgetArea)
        window.resizeDocks([self.library, self.inspector], [280, 330], Qt.Orientation.Horizontal)
        window.resizeDocks([self.figures, self.output], [240, 240], Qt.Orientation.Vertical)
        window.resizeDocks([self.figures, self.output], [600, 520], Qt.Orientation.Horizontal)

    def restore_state(self) -> bool:
        """Restore the layout that was left on this screen, or else the last one; return whether there was any."""
        settings, screen = QSettings(), _screen_key(self._window.screen())
        for prefix in (f"{screen}/", ""):
            if settings.contains(f"{prefix}geometry"):
                self._window.restoreGeometry(read_bytes(f"{prefix}geometry"))
                return restore_arrangement(self._window, read_bytes(f"{prefix}state"), _STATE_VERSION)
        return False

    def save_state(self) -> None:
        """Save the layout in the settings, as the last one and as that of this screen."""
        settings = QSettings()
        for prefix in ("", f"{_screen_key(self._window.screen())}/"):
            settings.setValue(f"{prefix}geometry", self._window.saveGeometry())
            settings.setValue(f"{prefix}state", self._window.saveState(_STATE_VERSION))

    def follow_screens(self) -> None:
        """Keep a layout for each screen; call it once the window is shown."""
        handle = self._window.windowHandle()
        if handle is not None:
            self._screen = handle.screen()
            handle.screenChanged.connect(self._on_screen_changed)

    def _on_screen_changed(self, screen: QScreen) -> None:
        settings = QSettings()
        settings.setValue(f"{_screen_key(self._screen)}/state", self._window.saveState(_STATE_VERSION))
        self._screen = screen
        restore_arrangement(self._window, read_bytes(f"{_screen_key(screen)}/state"), _STATE_VERSION)

    def _add_dock(self, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = live_text(RaisingDock(), QDockWidget.setWindowTitle, title)
        dock.setObjectName(title)
        dock.setWidget(LowPanel(panel) if area == _AREA.BottomDockWidgetArea else panel)
        self._window.addDockWidget(area, dock)
        return dock


def _screen_key(screen: QScreen) -> str:
    """Return the group of the settings for a screen: docks are sized for its name and size."""
    size = screen.size()
    return f"screens/{screen.name().replace('/', ' ')} {size.width()}x{size.height()}"
