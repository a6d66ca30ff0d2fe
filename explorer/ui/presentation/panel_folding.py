"""All panels folded away at once, and brought back as they were."""

from __future__ import annotations

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QDockWidget, QMainWindow

from explorer.ui.plugin.dock_widgets import restore_arrangement
from explorer.ui.plugin.docks import PANELS_FOLDED


class PanelFolding:
    """Folds the panels around the canvas; those that float in windows of their own stay."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._before = QByteArray()  # the arrangement, while they are folded

    @property
    def visible_panels(self) -> list[QDockWidget]:
        """Panels that stand beside the canvas, those behind tabs included."""
        docks = self._window.findChildren(QDockWidget)
        return [dock for dock in docks if not dock.isHidden() and not dock.isFloating()]

    def toggle(self) -> None:
        """Fold all panels or, where none is left, bring back those that were there."""
        if self.visible_panels:
            self.fold()
        else:
            self.unfold()

    def fold(self) -> None:
        """Fold all panels, and remember them."""
        self._before = self._window.saveState()
        self._window.setProperty(PANELS_FOLDED, True)
        for dock in self.visible_panels:
            dock.hide()

    def unfold(self) -> None:
        """Bring back what `fold` put away, as it stood; all panels, where it has put away none."""
        self._window.setProperty(PANELS_FOLDED, False)
        if not self._before.isEmpty():
            restore_arrangement(self._window, self._before)
        self._before = QByteArray()
