"""Bars of one figure for each stage: solid for the network, outlined for the baseline."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.base import number_format
from explorer.base.languages import add_note, tr
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets import stage_labels
from explorer.ui.widgets.picture_menu import offer_picture_menu


class StageBars(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """A bar chart that is reused for the life of the window: pyqtgraph keeps 2 MB of each destroyed plot."""

    def __init__(self) -> None:
        self._stages: tuple[str, ...] = ()
        self._figures: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
        super().__init__(axisItems={"left": _FigureAxis("left")})
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        live_text(self, QWidget.setAccessibleName, "Figure per stage")
        offer_picture_menu(self)
        self.getPlotItem().showGrid(y=True, alpha=0.15)
        self._left, self._bottom = self.getAxis("left"), self.getAxis("bottom")
        self._left.enableAutoSIPrefix(False)
        self._bottom.enableAutoSIPrefix(False)
        self._small = QFont(self.font())
        if self._small.pointSizeF() > 0:
            self._small.setPointSizeF(self._small.pointSizeF() * 0.85)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)
            axis.setTickFont(self._small)
        self._before = pg.BarGraphItem(x=[], height=[], width=0.74)
        self._now = pg.BarGraphItem(x=[], height=[], width=0.46)
        self.addItem(self._before)
        self.addItem(self._now)

    def show_bars(self, stages: tuple[str, ...], now: tuple[float, ...], before: tuple[float, ...]) -> None:
        """Show values of the stages, now and before."""
        c = appearance.current_colours()
        self._stages, self._figures = stages, (now, before)
        self.setBackground(QColor(c.background))
        places = list(range(len(stages)))
        self._before.setOpts(x=places, height=list(before), brush=None, pen=pg.mkPen(c.muted, width=1))
        self._now.setOpts(x=places, height=list(now), brush=pg.mkBrush(c.accent), pen=pg.mkPen(None))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(c.border))
            axis.setTextPen(pg.mkPen(c.muted))
        top = max((*now, *before), default=0.0) or 1.0
        self.setRange(xRange=(-0.6, max(len(stages), 1) - 0.4), yRange=(0, top * 1.05), padding=0)
        self._update_stage_labels()

    def tooltip_text(self, stage: int) -> str:
        """Return the exact figures of a stage."""
        now, before = (figure[stage] for figure in self._figures)
        change = (
            add_note(f"\n{number_format.format_signed(now - before)}", number_format.format_percent_change(now, before))
            if now != before
            else ""
        )
        figures = tr(
            "{now} now, {before} before",
            now=number_format.format_exact(now),
            before=number_format.format_exact(before),
        )
        return f"{self._stages[stage]}\n{figures}{change}"

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self._stages:
            self._update_stage_labels()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            stage = round(self.getViewBox().mapSceneToView(self.mapToScene(event.pos())).x())
            if 0 <= stage < len(self._stages):
                QToolTip.showText(event.globalPos(), self.tooltip_text(stage), self)
                return True
        return bool(super().viewportEvent(event))

    def _update_stage_labels(self) -> None:
        view = self.getViewBox()
        room = view.mapViewToScene(QPointF(1, 0)).x() - view.mapViewToScene(QPointF(0, 0)).x()
        width = QFontMetricsF(self._small).horizontalAdvance
        names = list(enumerate(self._stages))
        self._bottom.setTicks([stage_labels.fit_labels(names, width, room, len(names) - 0.4)])


class _FigureAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Labels ticks 1.5 G where pyqtgraph would write 1.5e+09."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [number_format.format_short(value) if value else "0" for value in values]
