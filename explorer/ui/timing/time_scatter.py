"""Scatter plot of time against MACs, a point per layer, both axes logarithmic: few MACs are not always fast."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from explorer.base import number_format
from explorer.base.languages import tr, tr_noop
from explorer.drawing import theme
from explorer.ui.base import appearance
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

if TYPE_CHECKING:
    from explorer.presenters.timing import TimePoint

_HIT_DISTANCE = 12  # pixels within which a point is hit
_NO_MACS_OFFSET = 1.2  # decades left of the cheapest layer, where layers without MACs are drawn


class TimeScatter(ThemedPlot):
    """Scatter plot whose points, one per layer, can be hovered and clicked."""

    node_clicked = Signal(str)  # name of a node

    def __init__(self) -> None:
        super().__init__(tr_noop("Time against multiply-adds of each layer"))
        self.setMinimumHeight(90)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.12)
        self._mean_line = self.plot([], [])
        self._dots = pg.ScatterPlotItem(size=8)
        self._selection_ring = pg.ScatterPlotItem(size=15)
        for item in (self._dots, self._selection_ring):
            self.addItem(item)
        self._points: Sequence[TimePoint] = ()
        self._positions = np.empty((0, 2))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_points(self, points: Sequence[TimePoint], rate: float, selected_nodes: Collection[str] = ()) -> None:
        """Show layers. `rate` is the mean of the network in MACs per millisecond, drawn as a dashed line: layers above
        it take longer than their count suggests."""
        self.apply_theme()
        c = appearance.current_colours()
        self._points = points
        counted = [math.log10(point.macs) for point in points if point.macs]
        min_macs, max_macs = (min(counted), max(counted)) if counted else (0.0, 1.0)
        no_macs_x = math.floor(min_macs) - _NO_MACS_OFFSET
        self._positions = np.array(
            [(math.log10(p.macs) if p.macs else no_macs_x, math.log10(p.milliseconds)) for p in points]
        ).reshape(-1, 2)
        brushes = [pg.mkBrush(kind_colour(point.kind)) for point in points]
        self._dots.setData(pos=self._positions, brush=brushes, pen=pg.mkPen(c.background, width=0.8))
        selected = [
            position
            for point, position in zip(points, self._positions, strict=True)
            if point.node_name in selected_nodes
        ]
        self._selection_ring.setData(pos=np.array(selected).reshape(-1, 2), brush=None, pen=pg.mkPen(c.text, width=1.8))
        line = np.array([math.floor(min_macs), max_macs + 0.3]) if counted and rate else np.array([])
        self._mean_line.setData(line, line - math.log10(rate) if len(line) else line)
        self._mean_line.setPen(pg.mkPen(c.muted, width=1, style=Qt.PenStyle.DashLine))
        log_times = self._positions[:, 1] if len(points) else np.array([-1.0, 0.0])
        self._update_axes(no_macs_x, min_macs, max_macs, log_times)

    def _update_axes(self, no_macs_x: float, min_macs: float, max_macs: float, log_times: np.ndarray) -> None:
        low, high = float(log_times.min()), float(log_times.max())
        (across,) = log_ticks(math.floor(min_macs), max_macs, _format_macs, 3)
        self.getAxis("bottom").setTicks([[(no_macs_x, tr("none")), *across]])
        self.getAxis("left").setTicks(log_ticks(low, high, lambda value: f"{value:.2g} ms", 4))
        self.setRange(xRange=(no_macs_x - 0.6, max_macs + 0.3), yRange=(low, high), padding=0.08)

    def point_at(self, point: QPointF) -> TimePoint | None:
        """Return the point at a position of the viewport; None where none is near."""
        if not len(self._points):
            return None
        view = self.getViewBox()
        positions = [view.mapViewToScene(QPointF(x, y)) for x, y in self._positions]
        pointer = self.mapToScene(point.toPoint())
        distances = [math.hypot(position.x() - pointer.x(), position.y() - pointer.y()) for position in positions]
        index = int(np.argmin(distances))
        return self._points[index] if distances[index] <= _HIT_DISTANCE else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = self.point_at(QPointF(event.pos()))
            if point is not None:
                QToolTip.showText(event.globalPos(), point.tip, self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        point = self.point_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and point is not None:
            self.node_clicked.emit(point.node_name)


def _format_macs(value: float) -> str:
    return re.sub(r"\.0+(?= )", "", number_format.format_short(float(f"{value:.2g}")))


def kind_colour(kind: str) -> str:
    """Return the colour (#rrggbb) in which cards of this kind are drawn in the theme in force."""
    return theme.get_theme("dark" if appearance.is_app_dark() else "light").kind_colours[kind]
