"""Accuracy against cost: every network a bubble, the open one after its edits a band, for its accuracy is unknown."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer import numbers
from explorer.guide.landscape import AXES, Spot, spots
from explorer.networks.catalogue import FAMILIES
from explorer.ui import appearance

_SMALLEST, _LARGEST = 7.0, 34.0  # diameter of a bubble in pixels
_NEAR = (0.45, 1.6)  # decades and per cent within which two names would meet
#: The networks everyone knows: those that have a name beside their bubble, the most wanted first.
_NAMED: tuple[str, ...] = ("alexnet", "vgg16", "googlenet", "resnet50", "mobilenet_v2", "shufflenet_v1_g3")
_NAMED += ("efficientnet_b0", "efficientnet_b7", "densenet121", "mobilenet_v1", "inception_v3", "convnext_tiny")
_NAMED += ("resnext50_32x4d", "vit_b_16", "swin_t", "regnet_y_8gf", "squeezenet1_0", "shufflenet_v1_x0_25")


class Scatter(QWidget):
    wanted = Signal(str)  # key of a network to open

    def __init__(self) -> None:
        super().__init__()
        self._moving: Spot | None = None
        self.across, self.bubble = QComboBox(), QComboBox()
        for axis in AXES:
            self.across.addItem(axis.title, axis.name)
            self.bubble.addItem(axis.title, axis.name)
        self.bubble.setCurrentIndex(1)
        self.across.setAccessibleName("Cost along the axis")
        self.bubble.setAccessibleName("Size of the bubbles")
        self.families = QComboBox()
        self.families.addItem("All families", "")
        for family in FAMILIES:
            self.families.addItem(family, family)
        self.families.setAccessibleName("Family pointed out")
        row = QHBoxLayout()
        for words, box in (("Across", self.across), ("Bubble", self.bubble), ("Point out", self.families)):
            row.addWidget(QLabel(words))
            row.addWidget(box)
            box.currentIndexChanged.connect(self._paint)
        row.addStretch(1)
        self.said = QLabel("Point at a bubble; a click opens the network.")
        self.said.setProperty("role", "muted")
        self.plot = pg.PlotWidget(axisItems={"bottom": _CountAxis("bottom")})
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setAccessibleName("Accuracy against cost")
        self._dots = pg.ScatterPlotItem(hoverable=True, tip=None)
        self._dots.sigClicked.connect(lambda _, points, __: self.wanted.emit(points[-1].data().key))
        self._dots.sigHovered.connect(lambda _, points, __: self._say(points))
        self._band = pg.LinearRegionItem(movable=False)
        self._band_title = pg.InfLineLabel(self._band.lines[1], "", position=0.06, anchors=[(0, 1), (0, 1)])
        self._names: list[Any] = []
        for item in (self._band, self._dots):
            self.plot.addItem(item)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.said)
        self._paint()

    def show_moving(self, spot: Spot | None) -> None:
        """Show where an edited network stands by its cost; None takes the band away."""
        self._moving = spot
        self._paint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _say(self, points: Any) -> None:
        if len(points):
            spot: Spot = points[-1].data()
            costs = ", ".join(f"{numbers.short(spot.at(axis.name))} {axis.title.split(' (')[0]}" for axis in AXES)
            self.said.setText(f"{spot.title} ({spot.year}): {spot.top1:g} % top-1, {costs}. {spot.source}")

    def _paint(self) -> None:
        c = appearance.colours()
        across, bubble = self.across.currentData(), self.bubble.currentData()
        family = self.families.currentData()
        known = [spot for spot in spots() if spot.top1 is not None]
        most = max(spot.at(bubble) for spot in known)
        self.plot.setBackground(QColor(c.raised))
        points = []
        for spot in sorted(known, key=lambda s: -s.at(bubble)):  # small ones above large ones
            colour = family_colour(spot.family)
            colour.setAlpha(200 if family in ("", spot.family) else 35)
            share = math.sqrt(spot.at(bubble) / most)
            points.append(
                {
                    "pos": (math.log10(spot.at(across)), spot.top1),
                    "size": _SMALLEST + (_LARGEST - _SMALLEST) * share,
                    "brush": colour,
                    "pen": pg.mkPen(c.raised),
                    "data": spot,
                }
            )
        self._dots.setData(points)
        self._dots.opts["hoverPen"] = pg.mkPen(c.text, width=2)
        for name, words in (("bottom", f"{self.across.currentText()}, logarithmic"), ("left", "Top-1 accuracy (%)")):
            axis = self.plot.getAxis(name)
            axis.setPen(pg.mkPen(c.border))
            axis.setTextPen(pg.mkPen(c.muted))
            axis.setLabel(words, color=c.muted)
            axis.enableAutoSIPrefix(False)
        self.plot.showGrid(x=True, y=True, alpha=0.12)
        self._name(known, across, family, c)
        self._place_band(across, c)

    def _name(self, known: list[Spot], across: str, family: str, c: appearance.Colours) -> None:
        """Names beside the best known networks, or beside all of the family that is pointed out."""
        for label in self._names:
            self.plot.removeItem(label)
        named = [s for s in known if s.family == family] if family else []
        named = named or sorted((s for s in known if s.key in _NAMED), key=lambda s: _NAMED.index(s.key))
        self._names = []
        taken: list[tuple[float, float]] = []
        least = min((math.log10(spot.at(across)) for spot in known), default=0.0)
        for spot in named:
            x, y = math.log10(spot.at(across)), spot.top1 or 0.0
            if any(abs(x - other) < _NEAR[0] and abs(y - height) < _NEAR[1] for other, height in taken):
                continue  # names on top of each other say nothing
            taken.append((x, y))
            label = pg.TextItem(spot.title.split(" (")[0], color=c.text)
            label.setAnchor((0.05 if x - least < _NEAR[0] else 0.5, 1.4))  # at the edge it would be cut off
            label.setPos(x, y)
            self.plot.addItem(label, ignoreBounds=True)
            self._names.append(label)

    def _place_band(self, across: str, c: appearance.Colours) -> None:
        self._band.setVisible(self._moving is not None)
        if self._moving is None:
            return
        place = math.log10(max(self._moving.at(across), 1.0))
        colour = QColor(c.accent)
        colour.setAlpha(60)
        self._band.setBrush(colour)
        self._band.setRegion((place - 0.012, place + 0.012))
        self._band_title.setFormat(f"{self._moving.title}: accuracy unknown")
        self._band_title.setColor(c.accent)


class _CountAxis(pg.AxisItem):
    """Says 1 M for 6 on a logarithmic axis."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [numbers.short(float(f"{10**value:.2g}")) for value in values]


def family_colour(family: str) -> QColor:
    """One hue for each family, evenly spread, of a lightness that both themes bear."""
    at = FAMILIES.index(family) if family in FAMILIES else 0
    return QColor.fromHsl(int(360 * (at * 0.381966 % 1)), 150, 120)
