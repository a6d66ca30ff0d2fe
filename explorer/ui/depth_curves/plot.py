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

from explorer.ui.base import appearance
from explorer.ui.figures import stage_labels
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

_HIT_DISTANCE = 14  # pixels from which a point counts as pointed at


@dataclass(frozen=True, slots=True)
class PlotCurve:
    """NaN where a layer has no number."""

    values: Sequence[float]
    is_baseline: bool = False  # what was before


class DepthPlot(ThemedPlot):
    """One x for each layer, in the order of execution."""

    point_clicked = Signal(int)  # the place of a layer

    def __init__(self) -> None:
        super().__init__("A number for each layer along the depth", "size", "layers in the order they run")
        self.getAxis("bottom").setStyle(hideOverlappingLabels=False)
        self.getPlotItem().showGrid(y=True, alpha=0.15)
        self._lines = [self.plot([], [], connect="finite") for _ in range(2)]
        self._points = pg.ScatterPlotItem(size=6, pen=None)
        self._markers = pg.ScatterPlotItem(size=8, symbol="t")
        self._stage_lines = self.plot([], [], connect="pairs")  # where stages begin
        self._selection_line = pg.InfiniteLine(angle=90, movable=False)
        for item in (self._points, self._markers, self._selection_line):
            self.addItem(item)
        self._curves: Sequence[PlotCurve] = ()
        self._tips: Sequence[str] = ()
        self._stage_centres: list[tuple[float, str]] = []  # the middle of each, and its name
        self._is_logarithmic = False
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_curves(
        self,
        curves: Sequence[PlotCurve],
        tips: Sequence[str],
        marked_points: Sequence[int],
        selected: int | None,
        stages: Sequence[tuple[int, str]],
        axis_label: str,
        is_logarithmic: bool,
    ) -> None:
        """Show up to two curves over the same layers.

        Args:
            stages: where each begins, and its name.
            axis: what the numbers are; with a % at its end they are shares, and shown in percent.
            marked: layers without a number worth pointing out (new, removed, of another width): triangles at the foot.
            here: the selected layer.
            logarithmic: the vertical axis is; what is not positive is left out.
        """
        self._axis_labels["left"] = axis_label
        self.apply_theme()
        c = appearance.current_colours()
        self._curves, self._tips, self._is_logarithmic = curves, tips, is_logarithmic
        shown = [self._to_scale(curve.values) for curve in curves]
        for number, line in enumerate(self._lines):
            values = shown[number] if number < len(shown) else np.array([])
            line.setData(np.arange(len(values)), values)
            ghost = number < len(curves) and curves[number].is_baseline
            line.setPen(pg.mkPen(c.muted if ghost else c.accent, width=1.4 if ghost else 2))
        finite = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.array([])
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        low = low if is_logarithmic else min(low, 0.0)
        high = high if high > low else low + 1.0
        points = [(place, value) for place, value in enumerate(shown[0]) if math.isfinite(value)] if shown else []
        self._points.setData([place for place, _ in points], [value for _, value in points])
        self._points.setBrush(pg.mkBrush(c.accent))
        self._markers.setData(list(marked_points), [low] * len(marked_points))
        self._markers.setBrush(pg.mkBrush(c.increase))
        self._markers.setPen(pg.mkPen(None))
        self._selection_line.setVisible(selected is not None)
        self._selection_line.setPen(pg.mkPen(QColor(c.accent), width=1, style=Qt.PenStyle.DashLine))
        self._selection_line.setValue(selected if selected is not None else 0)
        self.getAxis("left").setTicks(log_ticks(low, high, _format_power) if is_logarithmic else None)
        self.getAxis("left").setScale(100.0 if axis_label.endswith("%") else 1.0)
        self.setRange(xRange=(-0.5, max(len(tips), 1) - 0.5), yRange=(low, high), padding=0.04)
        self._show_stages(stages, low, high)

    def _show_stages(self, stages: Sequence[tuple[int, str]], low: float, high: float) -> None:
        ends = [*(place for place, _ in stages[1:]), len(self._tips)]
        self._stage_centres = [((place + end - 1) / 2, name) for (place, name), end in zip(stages, ends, strict=True)]
        starts = np.repeat([place - 0.5 for place, _ in stages[1:]], 2)
        over = 0.1 * (high - low)
        self._stage_lines.setData(starts, np.tile([low - over, high + over], len(starts) // 2))
        self._stage_lines.setPen(pg.mkPen(appearance.current_colours().border, width=1))
        self._update_stage_labels()

    def _update_stage_labels(self) -> None:
        view, axis = self.getViewBox(), self.getAxis("bottom")
        room = view.mapViewToScene(QPointF(1, 0)).x() - view.mapViewToScene(QPointF(0, 0)).x()
        width = QFontMetricsF(self.font()).horizontalAdvance
        axis.setTicks([stage_labels.fit_labels(self._stage_centres, width, room, len(self._tips))])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph calls it without one while the plot is made
            self._update_stage_labels()

    def _to_scale(self, values: Sequence[float]) -> Any:
        array = np.asarray(values, dtype=float)
        if not self._is_logarithmic:
            return array
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log10(array)
        found[~np.isfinite(found)] = np.nan
        return found

    def index_at(self, point: QPointF) -> int | None:
        """The layer below a point of the viewport."""
        if not self._tips:
            return None
        x = self.getViewBox().mapSceneToView(self.mapToScene(point.toPoint())).x()
        place = min(max(round(x), 0), len(self._tips) - 1)
        step = self.getViewBox().mapViewToScene(QPointF(1, 0)).x() - self.getViewBox().mapViewToScene(QPointF(0, 0)).x()
        return place if abs(place - x) * step <= max(_HIT_DISTANCE, step) else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.index_at(QPointF(event.pos()))
            if place is not None:
                QToolTip.showText(event.globalPos(), self._tips[place], self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self.point_clicked.emit(place)


def _format_power(value: float) -> str:
    if 1e-3 <= value <= 1e4:
        return f"{float(f'{value:.2g}'):g}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
