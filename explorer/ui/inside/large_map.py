"""One channel or kernel, large: its colour scale, and what is under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from explorer.ranges import Range
from explorer.ui.inside import colours
from explorer.ui.inside.parts import captioned
from explorer.ui.inside.zoomed import ZoomedMap

if TYPE_CHECKING:
    from explorer.present.views import View

Unit = tuple[int, int]  # row, column


class LargeMap(QWidget):
    pointed = Signal(object)  # a unit, or None
    asked = Signal(object)  # a unit was clicked

    def __init__(self) -> None:
        super().__init__()
        self.map, self.caption = ZoomedMap("One channel, large"), QLabel()
        self.map.pointed.connect(self._point)
        self.map.installEventFilter(self)
        self._view: View | None = None
        self._place = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(captioned(self.map, self.caption))

    def show_picture(self, view: View, place: int, table: NDArray[np.uint8], limits: Range) -> None:
        """One picture of a view, or its only one."""
        from explorer.present.inside import short

        self._view, self._place = view, place
        if view.colour is not None:
            self.map.show_image(colours.from_rgb(view.colour[place]))
            self.map.show_scale("", "", [])
        else:
            values = view.values[place] if view.form == "maps" else view.values
            self.map.show_image(colours.as_image(values, table, limits))
            self.map.show_scale(short(limits[0]), short(limits[1]), [QColor(*map(int, c)) for c in table[::15]])
        self._point(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.map and isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            unit = self.map.unit(event.position().toPoint())
            if unit is not None:
                self.asked.emit(unit)
        return False

    def _point(self, unit: Unit | None) -> None:
        if self._view is not None:
            self.caption.setText(self._view.said(self._place, unit))
            self.pointed.emit(unit)
