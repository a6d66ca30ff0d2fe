"""One channel or kernel, large, with its colour bar and the value under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from explorer.base.languages import tr_noop
from explorer.ui.widgets import colour_maps
from explorer.ui.widgets.image_view import MapView
from explorer.ui.widgets.responsive_grid import with_caption
from explorer.viewmodels.value_ranges import ValueRange

if TYPE_CHECKING:
    from explorer.presenters.feature_map_views import FeatureMapView

Unit = tuple[int, int]  # row, column


class ChannelView(QWidget):
    """One picture of a `FeatureMapView`, large; emits the unit under the pointer and the unit clicked."""

    unit_hovered = Signal(object)  # a unit, or None
    unit_clicked = Signal(object)  # a unit was clicked

    def __init__(self) -> None:
        super().__init__()
        self.map, self.caption = MapView(tr_noop("Selected channel")), QLabel()
        self.map.unit_hovered.connect(self._show_unit)
        self.map.installEventFilter(self)
        self._view: FeatureMapView | None = None
        self._index = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(with_caption(self.map, self.caption))

    def show_channel(self, view: FeatureMapView, index: int, table: NDArray[np.uint8], limits: ValueRange) -> None:
        """Show the picture at `index` of a view, or the only one of a matrix, painted with `table` over `limits`."""
        from explorer.presenters.layer_activations import format_activation

        self._view, self._index = view, index
        if view.rgb is not None:
            self.map.show_image(colour_maps.rgb_to_image(view.rgb[index]))
            self.map.set_colour_bar("", "", [])
        else:
            values = view.values[index] if view.form == "maps" else view.values
            self.map.show_image(colour_maps.map_to_image(values, table, limits))
            self.map.set_colour_bar(
                format_activation(limits[0]), format_activation(limits[1]), [QColor(*map(int, c)) for c in table[::15]]
            )
        self._show_unit(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.map and isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            unit = self.map.unit_at(event.position().toPoint())
            if unit is not None:
                self.unit_clicked.emit(unit)
        return False

    def _show_unit(self, unit: Unit | None) -> None:
        if self._view is not None:
            self.caption.setText(self._view.value_text(self._index, unit))
            self.unit_hovered.emit(unit)
