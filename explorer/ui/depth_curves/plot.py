"""Plot of one value per layer along the depth, whose points can be hovered and clicked."""

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

from explorer.base.languages import tr_noop
from explorer.ui.base import appearance
from explorer.ui.widgets import stage_labels
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

_HIT_DISTANCE = 14  # pixels within which a point is hit


@dataclass(frozen=True, slots=True)
class PlotCurve:
    """One value per layer, NaN where a layer has none."""

    values: Sequence[float]
    is_baseline: bool = False
    spans_gaps: bool = False  # the line goes on over layers without a value


class DepthPlot(ThemedPlot):
    """Curves over the layers of a network, one x per layer in order of execution."""

    point_clicked = Signal(int)  # index of a layer

    def __init__(self) -> None:
        super().__init__(
            tr_noop("Value of each layer along the depth"), tr_noop("size"), tr_noop("layers in order of execution")
        )
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
            curves: the current one first, then that of the baseline, if any.
            tooltips: text of each layer.
            marked_points: layers without a value that are worth pointing out (new, removed, of another width):
                triangles at the bottom.
            selected: index of the selected layer.
            stages: index of the first layer of each stage, and the stage's name.
            axis_label: what the values are; with a % at its end they are shares, and shown in percent.
            is_logarithmic: the vertical axis is logarithmic; values that are not positive are left out.
        """
        self._axis_labels["left"] = axis_label
        self.apply_theme()
        c = appearance.current_colours()
        self._curves, self._tips, self._is_logarithmic = curves, tips, is_logarithmic
        scaled = [self._to_scale(curve.values) for curve in curves]
        self._draw_lines(curves, scaled)
        finite = np.concatenate([values[np.isfinite(values)] for values in scaled]) if scaled else np.array([])
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        low = low if is_logarithmic else min(low, 0.0)
        high = high if high > low else low + 1.0
        points = [(index, value) for index, value in enumerate(scaled[0]) if math.isfinite(value)] if scaled else []
        self._points.setData([index for index, _ in points], [value for _, value in points])
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

    def _draw_lines(self, curves: Sequence[PlotCurve], scaled: Sequence[np.ndarray]) -> None:
        """Draw each curve, its values scaled to the axis; lines without a curve are empty."""
        c = appearance.current_colours()
        for number, line in enumerate(self._lines):
            values = scaled[number] if number < len(scaled) else np.array([])
            indices = np.arange(len(values))
            if number < len(curves) and curves[number].spans_gaps:
                indices, values = indices[np.isfinite(values)], values[np.isfinite(values)]
            line.setData(indices, values)
            is_baseline = number < len(curves) and curves[number].is_baseline
            line.setPen(pg.mkPen(c.muted if is_baseline else c.accent, width=1.4 if is_baseline else 2))

    def _show_stages(self, stages: Sequence[tuple[int, str]], low: float, high: float) -> None:
        ends = [*(start for start, _ in stages[1:]), len(self._tips)]
        self._stage_centres = [((start + end - 1) / 2, name) for (start, name), end in zip(stages, ends, strict=True)]
        starts = np.repeat([start - 0.5 for start, _ in stages[1:]], 2)
        over = 0.1 * (high - low)
        self._stage_lines.setData(starts, np.tile([low - over, high + over], len(starts) // 2))
        self._stage_lines.setPen(pg.mkPen(appearance.current_colours().border, width=1))
        self._update_stage_labels()

    def _update_stage_labels(self) -> None:
        view, axis = self.getViewBox(), self.getAxis("bottom")
        layer_width = view.mapViewToScene(QPointF(1, 0)).x() - view.mapViewToScene(QPointF(0, 0)).x()
        width = QFontMetricsF(self.font()).horizontalAdvance
        axis.setTicks([stage_labels.fit_labels(self._stage_centres, width, layer_width, len(self._tips))])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph calls it without one while the plot is constructed
            self._update_stage_labels()

    def _to_scale(self, values: Sequence[float]) -> Any:
        array = np.asarray(values, dtype=float)
        if not self._is_logarithmic:
            return array
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.log10(array)
        scaled[~np.isfinite(scaled)] = np.nan
        return scaled

    def index_at(self, point: QPointF) -> int | None:
        """Return the index of the layer at a point of the viewport; None where no point is near."""
        if not self._tips:
            return None
        x = self.getViewBox().mapSceneToView(self.mapToScene(point.toPoint())).x()
        index = min(max(round(x), 0), len(self._tips) - 1)
        step = self.getViewBox().mapViewToScene(QPointF(1, 0)).x() - self.getViewBox().mapViewToScene(QPointF(0, 0)).x()
        return index if abs(index - x) * step <= max(_HIT_DISTANCE, step) else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(QPointF(event.pos()))
            if index is not None:
                QToolTip.showText(event.globalPos(), self._tips[index], self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self.point_clicked.emit(index)


def _format_power(value: float) -> str:
    if 1e-3 <= value <= 1e4:
        return f"{float(f'{value:.2g}'):g}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
