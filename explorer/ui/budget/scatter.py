"""Scatter plot of all variants that were tried in this run of the program: parameters against multiply-adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from explorer.base import number_format
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance
from explorer.ui.widgets.plots import ThemedPlot, log_ticks

if TYPE_CHECKING:
    from explorer.training.trained_variants import TrainedAccuracy

_HIT_DISTANCE = 12  # pixels
_MOST_EDITS = 6  # named in a tip
_MOST_LABELS = 24  # accuracies that are written beside their points


@dataclass(frozen=True)
class TriedVariant:
    """A network that was tried: its title, its edits, what it costs, and what it reached once it was trained."""

    title: str
    edits: tuple[Any, ...]
    params: int
    macs: int
    trained: TrainedAccuracy | None = None

    @property
    def tip(self) -> str:
        """What it is, in a few lines."""
        params, macs = number_format.format_short(self.params), number_format.format_short(self.macs)
        lines = [self.title, tr("{params} parameters · {macs} MACs", params=params, macs=macs)]
        if self.trained is not None:
            lines.append(tr("Trained: {accuracy}", accuracy=self.trained.text))
        changes = [edit.title for edit in self.edits[-_MOST_EDITS:]]
        if len(self.edits) > _MOST_EDITS:
            changes.insert(0, "…")
        return "\n".join([*lines, *(changes or [tr("as it was opened")])])


class VariantScatter(ThemedPlot):
    """A point for each variant, a diamond with its accuracy for one that was trained; that in sight is filled.

    Left and Right go through the variants by their MACs, Enter chooses one.
    """

    variant_chosen = Signal(object)  # the TriedVariant that was clicked

    def __init__(self) -> None:
        super().__init__(tr_noop("All variants tried: parameters against MACs"), tr_noop("Parameters"), "MACs")
        self.setMinimumHeight(110)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.12)
        self._dots = pg.ScatterPlotItem(size=8)
        self._trained = pg.ScatterPlotItem(size=11, symbol="d")
        self._current = pg.ScatterPlotItem(size=13)
        self._marked = pg.ScatterPlotItem(size=19, brush=None)
        for item in (self._dots, self._current, self._trained, self._marked):
            self.addItem(item)
        self._labels: list[pg.TextItem] = []
        self._variants: Sequence[TriedVariant] = ()
        self._positions = np.empty((0, 2))
        self._at: int | None = None  # the one that keys or the pointer are at

    def show_variants(self, variants: Sequence[TriedVariant], current: TriedVariant | None) -> None:
        """Show these variants, and mark the one in sight."""
        self.apply_theme()
        c = appearance.current_colours()
        self._variants, self._at = [variant for variant in variants if variant.params and variant.macs], None
        spots = [(math.log10(variant.macs), math.log10(variant.params)) for variant in self._variants]
        self._positions = np.array(spots).reshape(-1, 2)
        outline = pg.mkPen(c.background, width=0.8)
        trained = [at for at, variant in enumerate(self._variants) if variant.trained is not None]
        self._dots.setData(pos=self._positions, brush=pg.mkBrush(c.previous), pen=outline)
        self._trained.setData(pos=self._positions[trained], brush=pg.mkBrush(c.decrease), pen=outline)
        here = [spot for variant, spot in zip(self._variants, spots, strict=True) if variant == current]
        self._current.setData(pos=np.array(here).reshape(-1, 2), brush=pg.mkBrush(c.accent), pen=pg.mkPen(c.text))
        self._mark(None)
        self._label(trained[-_MOST_LABELS:])
        if len(spots):
            (x_low, y_low), (x_high, y_high) = self._positions.min(0), self._positions.max(0)
            self.getAxis("bottom").setTicks(log_ticks(x_low - 0.1, x_high + 0.1, number_format.format_short, 4))
            self.getAxis("left").setTicks(log_ticks(y_low - 0.1, y_high + 0.1, number_format.format_short, 4))
            self.setRange(xRange=(x_low - 0.1, x_high + 0.1), yRange=(y_low - 0.1, y_high + 0.1), padding=0.08)

    def _label(self, places: Sequence[int]) -> None:
        """Write the accuracies of these variants beside their points."""
        while len(self._labels) < len(places):
            label = pg.TextItem(anchor=(0.5, 1.25))
            self._labels.append(label)
            self.addItem(label)
        for label in self._labels:
            label.hide()
        for label, place in zip(self._labels, places, strict=False):
            trained = self._variants[place].trained
            if trained is not None:
                label.setText(f"{100 * trained.accuracy.mean:.1f} %", color=appearance.current_colours().text)
                label.setPos(*self._positions[place])
                label.show()

    def _mark(self, place: int | None) -> None:
        """Put a ring around a variant."""
        self._at = place
        self._marked.setData(
            pos=self._positions[[place]] if place is not None else np.empty((0, 2)),
            pen=pg.mkPen(appearance.current_colours().accent, width=1.6),
        )

    def variants_at(self, point: QPointF) -> list[TriedVariant]:
        """Return the variants at a position of the viewport, the last tried first; equal costs share it."""
        if not len(self._variants):
            return []
        view, pointer = self.getViewBox(), self.mapToScene(point.toPoint())
        spots = [view.mapViewToScene(QPointF(x, y)) for x, y in self._positions]
        distances = np.array([math.hypot(spot.x() - pointer.x(), spot.y() - pointer.y()) for spot in spots])
        nearest = distances.min()
        if nearest > _HIT_DISTANCE:
            return []
        return [self._variants[at] for at in np.flatnonzero(distances <= nearest + 0.5)[::-1]]

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            return True  # the tip follows the pointer at once
        return bool(super().viewportEvent(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        found = self.variants_at(event.position())
        place = self._variants.index(found[0]) if found else None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)
        if place != self._at:
            self._mark(place)
            QToolTip.showText(event.globalPosition().toPoint(), "\n\n".join(v.tip for v in found[:3]), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        found = self.variants_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found:
            self.variant_chosen.emit(found[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self.variant_chosen.emit(self._variants[self._at])
        elif step is not None and len(self._variants):
            order = sorted(range(len(self._variants)), key=lambda at: tuple(self._positions[at]))
            before = order.index(self._at) if self._at is not None else (-1 if step > 0 else 0)
            self._mark(order[(before + step) % len(order)])
            self._say(self._variants[self._at or 0])
        else:
            super().keyPressEvent(event)

    def _say(self, variant: TriedVariant) -> None:
        """Show the tip of a variant beside its point, and tell it to screen readers."""
        spot = self.mapFromScene(self.getViewBox().mapViewToScene(QPointF(*self._positions[self._at or 0])))
        QToolTip.showText(self.viewport().mapToGlobal(spot), variant.tip, self)
        self.setAccessibleDescription(variant.tip)
