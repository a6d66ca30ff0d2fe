"""The minimap over the canvas: painted off the UI thread, once for each picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSettings, QSize
from PySide6.QtGui import QImage

from explorer.drawing import Picture, Theme
from explorer.ui.desk import Desk
from explorer.ui.finding.minimap import Minimap, paint_small
from explorer.wanted import Wanted


class MinimapTool(QObject):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self._lane = desk.lane("minimap", newest=True)
        self.map = Minimap(desk.canvas)
        self.map.wanted.connect(self._paint)
        tip = "The whole diagram in a corner, while some of it is out of sight"
        self.shown = desk.action("View", "Minimap", self._switch, "Ctrl+M", tip)
        self.shown.setCheckable(True)
        self.shown.setChecked(QSettings().value("minimap", True, bool) is not False)
        self.map.switch(self.shown.isChecked())

    def _switch(self) -> None:
        QSettings().setValue("minimap", self.shown.isChecked())
        self.map.switch(self.shown.isChecked())

    def _paint(self, picture: Picture, theme: Theme, size: QSize) -> None:
        self._lane.submit(_painting(picture, theme, size), self.map.show_image, self._desk.intent.complain)


def _painting(picture: Picture, theme: Theme, size: QSize) -> Callable[[Wanted], QImage]:
    return lambda wanted: paint_small(picture, theme, size)
