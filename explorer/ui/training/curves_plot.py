"""Plot of the curves of training: one thin line for each seed, in the colour of its network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QResizeEvent

from explorer.base.languages import tr, tr_noop
from explorer.ui.widgets.chart_palette import contestant_colour
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

if TYPE_CHECKING:
    from explorer.training.progress import RunCurve

#: Title and tool tip of each quantity, by its key in `explorer.training.progress.QUANTITIES`.
QUANTITY_TABS: dict[str, tuple[str, str]] = {
    "accuracy": (tr_noop("Accuracy"), tr_noop("Part of the test images that are recognised")),
    "test_loss": (tr_noop("Test loss"), tr_noop("Cross-entropy on the test images")),
    "train_loss": (tr_noop("Training loss"), tr_noop("Cross-entropy of each batch")),
    "gradient": (tr_noop("Gradient norm"), tr_noop("Norm of the gradient of each batch, before it is clipped")),
    "dead": (tr_noop("Dead units"), tr_noop("Part of the channels behind ReLUs that no test image moves")),
    "rate": (tr_noop("Learning rate"), tr_noop("Learning rate of each step")),
}

_LABEL_FROM = 150  # pixels of height
_SHARES, _LOGARITHMIC = ("accuracy", "dead"), ("gradient",)


class CurvesPlot(ThemedPlot):
    """Values over epochs, a line for each run."""

    def __init__(self) -> None:
        super().__init__(tr_noop("Curves of training"), bottom=tr_noop("epochs"))
        self.setMinimumHeight(110)
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.12)
        self._lines: list[pg.PlotDataItem] = []

    def show_curves(self, curves: Sequence[RunCurve], quantity: str, epochs: int) -> None:
        """Show a quantity (a key of `QUANTITY_TABS`) of all runs, over as many epochs as they have."""
        self._axis_labels["left"] = tr(QUANTITY_TABS[quantity][0]) + (", %" if quantity in _SHARES else "")
        self.apply_theme()
        while len(self._lines) < len(curves):
            self._lines.append(self.plot([], []))
        everything: list[float] = []
        for number, line in enumerate(self._lines):
            x, y = curves[number].values(quantity) if number < len(curves) else ([], [])
            values = [math.log10(v) if v > 0 else math.nan for v in y] if quantity in _LOGARITHMIC else y
            everything += [v for v in values if math.isfinite(v)]
            line.setData(np.array(x), np.array(values))
            if number < len(curves):
                self._style(line, curves[number].place, len(x))
        self._set_axes(everything, quantity, epochs)

    def _style(self, line: pg.PlotDataItem, place: int, count: int) -> None:
        colour = QColor(contestant_colour(place))
        line.setPen(pg.mkPen(colour, width=1.8 if place else 1.4))
        line.setSymbol("o" if count <= 50 else None)
        line.setSymbolSize(5)
        line.setSymbolBrush(pg.mkBrush(colour))
        line.setSymbolPen(pg.mkPen(None))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_lines"):  # pyqtgraph calls this while it is made
            self.getAxis("bottom").showLabel(self.height() >= _LABEL_FROM)  # in a low dock the curves need its room

    def _set_axes(self, values: Sequence[float], quantity: str, epochs: int) -> None:
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if quantity in _SHARES:
            low, high = 0.0, 1.0 if quantity == "accuracy" else max(high, 0.05)
        elif quantity not in _LOGARITHMIC:
            low = min(low, 0.0)
        high = high if high > low else low + 1.0
        axis = self.getAxis("left")
        axis.setScale(100.0 if quantity in _SHARES else 1.0)
        axis.setTicks(log_ticks(low, high, lambda value: f"{value:.2g}", 4) if quantity in _LOGARITHMIC else None)
        self.setRange(xRange=(0, max(epochs, 1)), yRange=(low, high), padding=0.03)
