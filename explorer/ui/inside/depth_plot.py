"""A number for each layer along the depth: points that can be pointed at and clicked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip

from explorer.ui import appearance, stage_names
from explorer.ui.inside.plots import Plot, log_ticks

_REACH = 14  # pixels from which a point counts as pointed at


@dataclass(frozen=True, slots=True)
class Curve:
    """NaN where a layer has no number."""

    values: Sequence[float]
    ghost: bool = False  # what was before


class DepthPlot(Plot):
    """One x for each layer, in the order of execution."""

    clicked = Signal(int)  # the place of a layer

    def __init__(self) -> None:
        super().__init__("A number for each layer along the depth", "size", "layers in the order they run")
        self.getAxis("bottom").setStyle(hideOverlappingLabels=False)
        self.getPlotItem().showGrid(y=True, alpha=0.15)
        self._lines = [self.plot([], [], connect="finite") for _ in range(2)]
        self._points = pg.ScatterPlotItem(size=6, pen=None)
        self._marks = pg.ScatterPlotItem(size=8, symbol="t")
        self._borders = self.plot([], [], connect="pairs")  # where stages begin
        self._here = pg.InfiniteLine(angle=90, movable=False)
        for item in (self._points, self._marks, self._here):
            self.addItem(item)
        self._curves: Sequence[Curve] = ()
        self._tips: Sequence[str] = ()
        self._stages: list[tuple[float, str]] = []  # the middle of each, and its name
        self._logarithmic = False
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_curves(
        self,
        curves: Sequence[Curve],
        tips: Sequence[str],
        marked: Sequence[int],
        here: int | None,
        stages: Sequence[tuple[int, str]],
        axis: str,
        logarithmic: bool,
    ) -> None:
        """Show up to two curves over the same layers.

        Args:
            stages: where each begins, and its name.
            axis: what the numbers are; with a % at its end they are shares, and shown in percent.
            marked: layers without a number worth pointing out (new, removed, of another width): triangles at the foot.
            here: the selected layer.
            logarithmic: the vertical axis is; what is not positive is left out.
        """
        self._words["left"] = axis
        self.follow_theme()
        c = appearance.colours()
        self._curves, self._tips, self._logarithmic = curves, tips, logarithmic
        shown = [self._scaled(curve.values) for curve in curves]
        for number, line in enumerate(self._lines):
            values = shown[number] if number < len(shown) else np.array([])
            line.setData(np.arange(len(values)), values)
            ghost = number < len(curves) and curves[number].ghost
            line.setPen(pg.mkPen(c.muted if ghost else c.accent, width=1.4 if ghost else 2))
        finite = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.array([])
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        low = low if logarithmic else min(low, 0.0)
        high = high if high > low else low + 1.0
        points = [(place, value) for place, value in enumerate(shown[0]) if math.isfinite(value)] if shown else []
        self._points.setData([place for place, _ in points], [value for _, value in points])
        self._points.setBrush(pg.mkBrush(c.accent))
        self._marks.setData(list(marked), [low] * len(marked))
        self._marks.setBrush(pg.mkBrush(c.more))
        self._marks.setPen(pg.mkPen(None))
        self._here.setVisible(here is not None)
        self._here.setPen(pg.mkPen(QColor(c.accent), width=1, style=Qt.PenStyle.DashLine))
        self._here.setValue(here if here is not None else 0)
        self.getAxis("left").setTicks(log_ticks(low, high, _power) if logarithmic else None)
        self.getAxis("left").setScale(100.0 if axis.endswith("%") else 1.0)
        self.setRange(xRange=(-0.5, max(len(tips), 1) - 0.5), yRange=(low, high), padding=0.04)
        self._show_stages(stages, low, high)

    def _show_stages(self, stages: Sequence[tuple[int, str]], low: float, high: float) -> None:
        ends = [*(place for place, _ in stages[1:]), len(self._tips)]
        self._stages = [((place + end - 1) / 2, name) for (place, name), end in zip(stages, ends, strict=True)]
        starts = np.repeat([place - 0.5 for place, _ in stages[1:]], 2)
        over = 0.1 * (high - low)
        self._borders.setData(starts, np.tile([low - over, high + over], len(starts) // 2))
        self._borders.setPen(pg.mkPen(appearance.colours().border, width=1))
        self._name_stages()

    def _name_stages(self) -> None:
        view, axis = self.getViewBox(), self.getAxis("bottom")
        room = view.mapViewToScene(QPointF(1, 0)).x() - view.mapViewToScene(QPointF(0, 0)).x()
        width = QFontMetricsF(self.font()).horizontalAdvance
        axis.setTicks([stage_names.that_fit(self._stages, width, room, len(self._tips))])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph calls it without one while the plot is made
            self._name_stages()

    def _scaled(self, values: Sequence[float]) -> Any:
        array = np.asarray(values, dtype=float)
        if not self._logarithmic:
            return array
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log10(array)
        found[~np.isfinite(found)] = np.nan
        return found

    def nearest(self, point: QPointF) -> int | None:
        """The layer below a point of the viewport."""
        if not self._tips:
            return None
        x = self.getViewBox().mapSceneToView(self.mapToScene(point.toPoint())).x()
        place = min(max(round(x), 0), len(self._tips) - 1)
        step = self.getViewBox().mapViewToScene(QPointF(1, 0)).x() - self.getViewBox().mapViewToScene(QPointF(0, 0)).x()
        return place if abs(place - x) * step <= max(_REACH, step) else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.nearest(QPointF(event.pos()))
            if place is not None:
                QToolTip.showText(event.globalPos(), self._tips[place], self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = self.nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.clicked.emit(place)


def _power(value: float) -> str:
    if 1e-3 <= value <= 1e4:
        return f"{float(f'{value:.2g}'):g}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
