"""Scatter plot of a sweep: accuracy against what a point costs, with those that none beats joined by a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from explorer.base.languages import tr, tr_noop
from explorer.base.number_format import format_short
from explorer.ui.base import appearance
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

if TYPE_CHECKING:
    from explorer.training.sweep_results import SweepResult, TrialCost, TrialResult

#: Titles of the costs that accuracy is set against.
COST_TITLES: dict[TrialCost, str] = {
    "macs": tr_noop("MACs"),
    "params": tr_noop("Parameters"),
    "milliseconds": tr_noop("Milliseconds of a pass"),
    "seconds": tr_noop("Seconds of training"),
}
_HIT_DISTANCE = 12  # pixels


class SweepScatter(ThemedPlot):
    """A dot for each point that has an accuracy; a click on one chooses it."""

    trial_chosen = Signal(object)  # TrialResult

    def __init__(self) -> None:
        super().__init__(tr_noop("Accuracy against cost"), tr_noop("Accuracy, %"), tr_noop("MACs"))
        self.setMinimumHeight(120)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.12)
        self._front_line = self.plot([], [])
        self._dots = pg.ScatterPlotItem(size=8)
        self._front = pg.ScatterPlotItem(size=11, symbol="d")
        for item in (self._dots, self._front):
            self.addItem(item)
        self._trials: list[TrialResult] = []
        self._spots: list[tuple[float, float]] = []
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_result(self, result: SweepResult, cost: TrialCost) -> None:
        """Show the points that have an accuracy and a cost."""
        self._axis_labels["bottom"] = COST_TITLES[cost]
        self.apply_theme()
        c = appearance.current_colours()
        self._trials = [trial for trial in result.trials if trial.accuracies and getattr(trial, cost)]
        self._spots = [(math.log10(getattr(trial, cost)), 100 * trial.mean_accuracy) for trial in self._trials]
        front = result.pareto(cost)
        on_front = sorted(spot for trial, spot in zip(self._trials, self._spots, strict=True) if trial.title in front)
        others = [spot for trial, spot in zip(self._trials, self._spots, strict=True) if trial.title not in front]
        self._dots.setData(pos=_array(others), brush=pg.mkBrush(c.previous), pen=pg.mkPen(c.background, width=0.8))
        self._front.setData(pos=_array(on_front), brush=pg.mkBrush(c.accent), pen=pg.mkPen(c.background, width=0.8))
        steps = _staircase(on_front)
        self._front_line.setData(_array(steps)[:, 0], _array(steps)[:, 1])
        self._front_line.setPen(pg.mkPen(c.accent, width=1.2, style=Qt.PenStyle.DashLine))
        if self._spots:
            self._set_axes(cost)

    def _set_axes(self, cost: TrialCost) -> None:
        costs, accuracies = zip(*self._spots, strict=True)
        low, high = min(costs) - 0.1, max(costs) + 0.1
        said = (lambda value: f"{value:.3g}") if cost in ("milliseconds", "seconds") else format_short
        few = sorted(set(costs))
        ticks = [[(tick, said(10**tick)) for tick in few]] if len(few) < 4 else log_ticks(low, high, said, 5)
        self.getAxis("bottom").setTicks(ticks)
        worst, best = min(accuracies), max(accuracies)
        room = max(1.0, 0.08 * (best - worst))
        self.setRange(xRange=(low, high), yRange=(max(0.0, worst - room), min(100.0, best + room)), padding=0.03)

    def trial_at(self, point: QPointF) -> TrialResult | None:
        """Return the point of the sweep at a position of the viewport; None where none is near."""
        view, pointer = self.getViewBox(), self.mapToScene(point.toPoint())
        spots = [view.mapViewToScene(QPointF(x, y)) for x, y in self._spots]
        distances = [math.hypot(spot.x() - pointer.x(), spot.y() - pointer.y()) for spot in spots]
        nearest = int(np.argmin(distances)) if distances else 0
        return self._trials[nearest] if distances and distances[nearest] <= _HIT_DISTANCE else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            trial = self.trial_at(QPointF(event.pos()))
            if trial is not None:
                QToolTip.showText(event.globalPos(), describe_trial(trial), self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        trial = self.trial_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and trial is not None:
            self.trial_chosen.emit(trial)


def describe_trial(trial: TrialResult) -> str:
    """Return a point of a sweep in a few lines."""
    values = [f"{value}" for _, value in trial.values]
    costs = tr("{params} parameters · {macs} MACs", params=format_short(trial.params), macs=format_short(trial.macs))
    reached = [f"{100 * trial.mean_accuracy:.1f} %"] if trial.accuracies else []
    return "\n".join([*values, *reached, costs, *([trial.message] if trial.message else [])])


def _staircase(spots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The line under which all is beaten: from each spot of the front to the right, then up."""
    steps: list[tuple[float, float]] = []
    for x, y in spots:
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    return steps


def _array(spots: Sequence[tuple[float, float]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(spots, float).reshape(-1, 2)
