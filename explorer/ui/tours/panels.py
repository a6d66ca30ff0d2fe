"""The panels around the canvas during a tour: room for the diagram, and the panel that a step speaks of."""

from __future__ import annotations

from PySide6.QtWidgets import QDockWidget, QMainWindow

from explorer.viewmodels.panel_ids import PANEL_IDS

_LIST = PANEL_IDS["networks"]  # a tour opens its networks itself


class TourPanels:
    """Puts the list of networks away while a tour is played, and shows the panel of a step as long as the step lasts.

    What the user had open before stays, and what was put away comes back at the end.
    """

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._put_away: QDockWidget | None = None
        self._shown: QDockWidget | None = None  # brought up by a step; it was not there before

    def begin(self) -> None:
        """Make room: a tour begins."""
        dock = self._find(_LIST)
        if dock is not None and not dock.isHidden() and not dock.isFloating():
            self._put_away = dock
            dock.hide()

    def show(self, id: str) -> bool:
        """Bring the panel with this id of `PANEL_IDS` to the front, and close that of the step before.

        Empty for a step without a panel. Returns whether there is one.
        """
        dock = self._find(PANEL_IDS[id]) if id else None
        if self._shown is not None and self._shown is not dock:
            self._shown.hide()
            self._shown = None
        if dock is None:
            return False
        if dock.isHidden():
            self._shown = dock
            dock.show()
        dock.raise_()
        return True

    def end(self) -> None:
        """Leave the panels as they were before the tour."""
        self.show("")
        if self._put_away is not None:
            self._put_away.show()
            self._put_away = None

    def _find(self, name: str) -> QDockWidget | None:
        return self._window.findChild(QDockWidget, name)
