"""Scatter plot of all variants that were tried in this run of the program: parameters against multiply-adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from explorer.base import number_format
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

_HIT_DISTANCE = 12  # pixels


@dataclass(frozen=True)
class TriedVariant:
    """A network that was tried: its title, its edits, and what it costs."""

    title: str
    edits: tuple[Any, ...]
    params: int
    macs: int

    @property
    def tip(self) -> str:
        """What it is, in a few lines."""
        params, macs = number_format.format_short(self.params), number_format.format_short(self.macs)
        changes = [edit.title for edit in self.edits[-6:]]
        return "\n".join([self.title, tr("{params} parameters · {macs} MACs", params=params, macs=macs), *changes])


class VariantScatter(ThemedPlot):
    """A point for each variant; the one in sight is filled."""

    variant_chosen = Signal(object)  # the TriedVariant that was clicked

    def __init__(self) -> None:
        super().__init__(tr_noop("All variants tried: parameters against MACs"), tr_noop("Parameters"), "MACs")
        self.setMinimumHeight(110)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.12)
        self._dots = pg.ScatterPlotItem(size=8)
        self._current = pg.ScatterPlotItem(size=13)
        for item in (self._dots, self._current):
            self.addItem(item)
        self._variants: Sequence[TriedVariant] = ()
        self._positions = np.empty((0, 2))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_variants(self, variants: Sequence[TriedVariant], current: TriedVariant | None) -> None:
        """Show these variants, and mark the one in sight."""
        self.apply_theme()
        c = appearance.current_colours()
        self._variants = [variant for variant in variants if variant.params and variant.macs]
        spots = [(math.log10(variant.macs), math.log10(variant.params)) for variant in self._variants]
        self._positions = np.array(spots).reshape(-1, 2)
        self._dots.setData(pos=self._positions, brush=pg.mkBrush(c.previous), pen=pg.mkPen(c.background, width=0.8))
        here = [spot for variant, spot in zip(self._variants, spots, strict=True) if variant == current]
        self._current.setData(pos=np.array(here).reshape(-1, 2), brush=pg.mkBrush(c.accent), pen=pg.mkPen(c.text))
        if len(spots):
            (x_low, y_low), (x_high, y_high) = self._positions.min(0), self._positions.max(0)
            self.getAxis("bottom").setTicks(log_ticks(x_low - 0.1, x_high + 0.1, number_format.format_short, 4))
            self.getAxis("left").setTicks(log_ticks(y_low - 0.1, y_high + 0.1, number_format.format_short, 4))
            self.setRange(xRange=(x_low - 0.1, x_high + 0.1), yRange=(y_low - 0.1, y_high + 0.1), padding=0.08)

    def variant_at(self, point: QPointF) -> TriedVariant | None:
        """Return the variant at a position of the viewport; None where none is near."""
        if not len(self._variants):
            return None
        view, pointer = self.getViewBox(), self.mapToScene(point.toPoint())
        spots = [view.mapViewToScene(QPointF(x, y)) for x, y in self._positions]
        distances = [math.hypot(spot.x() - pointer.x(), spot.y() - pointer.y()) for spot in spots]
        index = int(np.argmin(distances))
        return self._variants[index] if distances[index] <= _HIT_DISTANCE else None

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            variant = self.variant_at(QPointF(event.pos()))
            if variant is not None:
                QToolTip.showText(event.globalPos(), variant.tip, self)
                return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        variant = self.variant_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and variant is not None:
            self.variant_chosen.emit(variant)
