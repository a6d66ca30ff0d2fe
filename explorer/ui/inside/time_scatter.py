"""Time against multiply-adds, a point for each layer, both axes logarithmic: cheap by count is not cheap by clock."""

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

from explorer import numbers
from explorer.drawing import theme
from explorer.ui import appearance
from explorer.ui.inside.plots import Plot, log_ticks

if TYPE_CHECKING:
    from explorer.present.timing import Point

_REACH = 12  # pixels from which a point counts as pointed at
_ASIDE = 1.2  # decades left of the cheapest layer: where those without multiply-adds stand


class TimeScatter(Plot):
    picked = Signal(str)  # a node

    def __init__(self) -> None:
        super().__init__("Time against multiply-adds of each layer")
        self.setMinimumHeight(90)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.12)
        self._mean = self.plot([], [])
        self._dots = pg.ScatterPlotItem(size=8)
        self._here = pg.ScatterPlotItem(size=15)
        for item in (self._dots, self._here):
            self.addItem(item)
        self._points: Sequence[Point] = ()
        self._places = np.empty((0, 2))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_points(self, points: Sequence[Point], rate: float, selected: Collection[str] = ()) -> None:
        """Show layers. `rate` is the mean of the network, MACs a millisecond: a dashed line above which layers take
        longer than their count says."""
        self.follow_theme()
        c = appearance.colours()
        self._points = points
        counted = [math.log10(point.macs) for point in points if point.macs]
        least, most = (min(counted), max(counted)) if counted else (0.0, 1.0)
        aside = math.floor(least) - _ASIDE
        self._places = np.array(
            [(math.log10(p.macs) if p.macs else aside, math.log10(p.milliseconds)) for p in points]
        ).reshape(-1, 2)
        brushes = [pg.mkBrush(colour_of(point.kind)) for point in points]
        self._dots.setData(pos=self._places, brush=brushes, pen=pg.mkPen(c.ground, width=0.8))
        here = [place for point, place in zip(points, self._places, strict=True) if point.node in selected]
        self._here.setData(pos=np.array(here).reshape(-1, 2), brush=None, pen=pg.mkPen(c.text, width=1.8))
        line = np.array([math.floor(least), most + 0.3]) if counted and rate else np.array([])
        self._mean.setData(line, line - math.log10(rate) if len(line) else line)
        self._mean.setPen(pg.mkPen(c.muted, width=1, style=Qt.PenStyle.DashLine))
        heights = self._places[:, 1] if len(points) else np.array([-1.0, 0.0])
        self._mark(aside, least, most, heights)

    def _mark(self, aside: float, least: float, most: float, heights: np.ndarray) -> None:
        low, high = float(heights.min()), float(heights.max())
        (across,) = log_ticks(math.floor(least), most, _count, 3)
        self.getAxis("bottom").setTicks([[(aside, "none"), *across]])
        self.getAxis("left").setTicks(log_ticks(low, high, lambda value: f"{value:.2g} ms", 4))
        self.setRange(xRange=(aside - 0.6, most + 0.3), yRange=(low, high), padding=0.08)

    def nearest(self, point: QPointF) -> Point | None:
        """The layer below a point of the viewport."""
        if not len(self._points):
            return None
        view = self.getViewBox()
        spots = [view.mapViewToScene(QPointF(x, y)) for x, y in self._places]
        at = self.mapToScene(point.toPoint())
        away = [math.hypot(spot.x() - at.x(), spot.y() - at.y()) for spot in spots]
        place = int(np.argmin(away))
        return self._points[place] if away[place] <= _REACH else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = self.nearest(QPointF(event.pos()))
            if point is not None:
                QToolTip.showText(event.globalPos(), point.said, self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        point = self.nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and point is not None:
            self.picked.emit(point.node)


def _count(value: float) -> str:
    return re.sub(r"\.0+(?= )", "", numbers.short(float(f"{value:.2g}")))


def colour_of(kind: str) -> str:
    """That of the kind's cards on the canvas."""
    return theme.named("dark" if appearance.dark() else "light").kinds[kind]
