"""Plots of the panels that look inside a network. Each is created once and reused: pyqtgraph keeps 2 MB of every plot
that is destroyed."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.picture_menu import offer_picture_menu

_LOG10_OF_2 = math.log10(2)


class ThemedPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Plot in the colours of the window that can be neither dragged nor zoomed."""

    def __init__(self, name: str, left: str = "", bottom: str = "") -> None:
        """Create an empty plot; its name and the labels of its axes are marked by `tr_noop`."""
        super().__init__()
        live_text(self, QWidget.setAccessibleName, name)
        offer_picture_menu(self)
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self._axis_labels = {"left": left, "bottom": bottom}  # English, or translated by who shows something
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0)
        follow_language(self, ThemedPlot.apply_theme)

    def sizeHint(self) -> QSize:
        return QSize(160, 60)  # it grows into what is left

    def apply_theme(self) -> None:
        """Take the colours in force; called again when the palette changes."""
        c = appearance.current_colours()
        self.setBackground(QColor(c.background))
        for side, label in self._axis_labels.items():
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(c.border))
            axis.setTextPen(pg.mkPen(c.muted))
            if label:
                axis.setLabel(tr(label), color=c.muted)


Ticks = list[list[tuple[float, str]]]


def log_ticks(low: float, high: float, format_value: Callable[[float], str], max_ticks: int = 6) -> Ticks:
    """Return ticks at powers of ten for an axis of log10 values from `low` to `high`, at most `max_ticks`; with fewer
    than two powers in between, ticks at 1, 2 and 5 times a power."""
    powers = [float(power) for power in range(math.ceil(low), math.floor(high) + 1)]
    if len(powers) < 2:
        finer = [
            power + fraction
            for power in range(math.floor(low), math.ceil(high))
            for fraction in (0, _LOG10_OF_2, 1 - _LOG10_OF_2)
        ]
        powers = [tick for tick in finer if low <= tick <= high] or [low, high]
    step = -(-len(powers) // max_ticks)
    return [[(tick, format_value(10**tick)) for tick in powers[::step]]]


class HistogramPlot(ThemedPlot):
    """Histogram of a map: the current network filled, the baseline as an outline."""

    def __init__(self) -> None:
        super().__init__(tr_noop("Histogram of the values"))
        live_text(self, QWidget.setToolTip, "Histogram of the values, counts on a logarithmic scale. Outline: baseline")
        self.hideAxis("left")
        self.setMinimumHeight(60)
        self._current_curve = self.plot([0, 1], [0], stepMode="center", fillLevel=0)
        self._baseline_curve = self.plot([0, 1], [0], stepMode="center")
        self._counts: list[NDArray[np.int64]] = []

    def show_counts(self, edges: NDArray[np.float64], counts: list[NDArray[np.int64]]) -> None:
        """Show the counts of the current network and, if there is a second array, of the baseline, over the same bins.
        `edges` has one value more than each array of counts. The vertical axis is logarithmic."""
        c = appearance.current_colours()
        self.apply_theme()
        heights = [np.log10(1.0 + held) for held in counts] or [np.zeros(len(edges) - 1)]
        fill = QColor(c.accent)
        fill.setAlphaF(0.55)
        self._current_curve.setData(edges, heights[0])
        self._current_curve.setPen(pg.mkPen(c.accent))
        self._current_curve.setBrush(pg.mkBrush(fill))
        self._baseline_curve.setData(edges, heights[1] if len(heights) > 1 else np.zeros(len(edges) - 1))
        self._baseline_curve.setPen(pg.mkPen(c.muted if len(heights) > 1 else None, width=1.5))
        top = max(float(held.max()) for held in heights) or 1.0
        self.setRange(xRange=(float(edges[0]), float(edges[-1])), yRange=(0, 1.05 * top), padding=0.02)


class VectorPlot(ThemedPlot):
    """Vector as bars, with dots for the values of the baseline."""

    bar_hovered = Signal(object)  # index of a bar in the order on screen, or None

    def __init__(self) -> None:
        super().__init__(tr_noop("Values of a vector"), bottom=tr_noop("units"))
        self._bars = pg.BarGraphItem(x=[], height=[], width=0.8)
        self._baseline_dots = pg.ScatterPlotItem(size=4, pen=None)
        self.addItem(self._bars)
        self.addItem(self._baseline_dots)
        self.getAxis("bottom").setStyle(showValues=False)  # an index means nothing; hovering names the unit
        self.setMinimumHeight(70)
        self.count = 0

    def show_vector(self, current: NDArray[np.float32], baseline: NDArray[np.float32] | None, axis_label: str) -> None:
        """Show values in the order given; `baseline` has the same length, `axis_label` names the order."""
        c = appearance.current_colours()
        self._axis_labels["bottom"] = axis_label
        self.apply_theme()
        self.count = len(current)
        positions = np.arange(len(current))
        self._bars.setOpts(x=positions, height=np.nan_to_num(current), brush=pg.mkBrush(c.accent), pen=pg.mkPen(None))
        self._baseline_dots.setData(positions if baseline is not None else [], baseline if baseline is not None else [])
        self._baseline_dots.setBrush(pg.mkBrush(c.text))
        values = np.nan_to_num(current if baseline is None else np.concatenate([current, baseline]))
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        self.setRange(xRange=(-0.6, len(current) - 0.4), yRange=(low, high if high > low else 1.0), padding=0.02)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        index = round(self.getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint())).x())
        self.bar_hovered.emit(index if 0 <= index < self.count else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.bar_hovered.emit(None)
