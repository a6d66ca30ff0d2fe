"""Accuracy against cost: a bubble for each network, and a band for an edited one, whose accuracy is unknown."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from explorer.base import number_format
from explorer.base.languages import as_sentence, join_list, join_sentences, tr, tr_noop
from explorer.guide.accuracy_cost import COST_AXES, NetworkPoint, catalogue_points
from explorer.networks.catalogue import all_families
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.widgets.combo_boxes import translate_items
from explorer.ui.widgets.picture_menu import offer_picture_menu

_MIN_BUBBLE_PX, _MAX_BUBBLE_PX = 7.0, 34.0  # diameter of a bubble in pixels
_LABEL_SPACING = (0.45, 1.6)  # decades and per cent within which two names would meet
#: The networks everyone knows: those that have a name beside their bubble, the most wanted first.
_LABELLED_KEYS: tuple[str, ...] = ("alexnet", "vgg16", "googlenet", "resnet50", "mobilenet_v2", "shufflenet_v1_g3")
_LABELLED_KEYS += ("efficientnet_b0", "efficientnet_b7", "densenet121", "mobilenet_v1", "inception_v3", "convnext_tiny")
_LABELLED_KEYS += ("resnext50_32x4d", "vit_b_16", "swin_t", "regnet_y_8gf", "squeezenet1_0", "shufflenet_v1_x0_25")


class AccuracyCostPlot(QWidget):
    """Scatter plot of all networks. A click on a bubble requests that network."""

    open_requested = Signal(str)  # key of a network to open

    def __init__(self) -> None:
        super().__init__()
        self._edited_point: NetworkPoint | None = None
        self.x_axis_box, self.bubble_size_box = QComboBox(), QComboBox()
        for axis in COST_AXES:
            self.x_axis_box.addItem(axis.title, axis.name)
            self.bubble_size_box.addItem(axis.title, axis.name)
        for box in (self.x_axis_box, self.bubble_size_box):
            follow_language(box, translate_items)
        self.bubble_size_box.setCurrentIndex(1)
        live_text(self.x_axis_box, QWidget.setAccessibleName, "Cost on the horizontal axis")
        live_text(self.bubble_size_box, QWidget.setAccessibleName, "Size of the bubbles")
        self.family_box = QComboBox()
        self.family_box.addItem("", "")
        follow_language(self.family_box, lambda box: box.setItemText(0, tr("All families")))
        for family in all_families():
            self.family_box.addItem(family, family)
        live_text(self.family_box, QWidget.setAccessibleName, "Highlighted family")
        row = QGridLayout()
        named = (
            (tr_noop("Horizontal axis"), self.x_axis_box),
            (tr_noop("Bubble size"), self.bubble_size_box),
            (tr_noop("Highlight"), self.family_box),
        )
        for place, (words, box) in enumerate(named):
            row.addWidget(live_text(QLabel(), QLabel.setText, words), 0, place)
            row.addWidget(box, 1, place)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(11)
            box.currentIndexChanged.connect(self._redraw)
        row.setColumnStretch(len(named), 1)
        self.status_label = live_text(
            QLabel(), QLabel.setText, "Hover over a bubble for details; click it to open the network."
        )
        self.status_label.setProperty("role", "muted")
        self.plot = pg.PlotWidget(axisItems={"bottom": _CountAxis("bottom")})
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        live_text(self.plot, QWidget.setAccessibleName, "Accuracy against cost")
        offer_picture_menu(self.plot)
        self._bubbles = pg.ScatterPlotItem(hoverable=True, tip=None)
        self._bubbles.sigClicked.connect(lambda _, points, __: self.open_requested.emit(points[-1].data().key))
        self._bubbles.sigHovered.connect(lambda _, points, __: self._describe(points))
        self._band = pg.LinearRegionItem(movable=False)
        self._band_title = pg.InfLineLabel(self._band.lines[1], "", position=0.06, anchors=[(0, 1), (0, 1)])
        self._name_labels: list[Any] = []
        for item in (self._band, self._bubbles):
            self.plot.addItem(item)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.status_label)
        follow_language(self, AccuracyCostPlot._redraw, after_texts=True)

    def show_edited_network(self, point: NetworkPoint | None) -> None:
        """Show the cost of an edited network as a band; None removes it."""
        self._edited_point = point
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._redraw()

    def _describe(self, points: Any) -> None:
        if len(points):
            spot: NetworkPoint = points[-1].data()
            costs = join_list(
                f"{number_format.format_short(spot.value_on(axis.name))} {_short_title(axis.title)}"
                for axis in COST_AXES
            )
            accuracy = tr(
                "{network} ({year}): {top1:g} % top-1", network=tr(spot.title), year=spot.year, top1=spot.top1
            )
            self.status_label.setText(join_sentences((as_sentence(join_list((accuracy, costs))), tr(spot.source))))

    def _redraw(self) -> None:
        c = appearance.current_colours()
        across, bubble = self.x_axis_box.currentData(), self.bubble_size_box.currentData()
        family = self.family_box.currentData()
        known = [spot for spot in catalogue_points() if spot.top1 is not None]
        most = max(spot.value_on(bubble) for spot in known)
        self.plot.setBackground(QColor(c.surface))
        points = []
        for spot in sorted(known, key=lambda s: -s.value_on(bubble)):  # small ones above large ones
            colour = family_colour(spot.family)
            colour.setAlpha(200 if family in ("", spot.family) else 35)
            share = math.sqrt(spot.value_on(bubble) / most)
            points.append(
                {
                    "pos": (math.log10(spot.value_on(across)), spot.top1),
                    "size": _MIN_BUBBLE_PX + (_MAX_BUBBLE_PX - _MIN_BUBBLE_PX) * share,
                    "brush": colour,
                    "pen": pg.mkPen(c.surface),
                    "data": spot,
                }
            )
        self._bubbles.setData(points)
        self._bubbles.opts["hoverPen"] = pg.mkPen(c.text, width=2)
        for name, words in (
            ("bottom", tr("{axis}, logarithmic", axis=self.x_axis_box.currentText())),
            ("left", tr("Top-1 accuracy (%)")),
        ):
            axis = self.plot.getAxis(name)
            axis.setPen(pg.mkPen(c.border))
            axis.setTextPen(pg.mkPen(c.muted))
            axis.setLabel(words, color=c.muted)
            axis.enableAutoSIPrefix(False)
        self.plot.showGrid(x=True, y=True, alpha=0.12)
        self._label_networks(known, across, family, c)
        self._place_band(across, c)

    def _label_networks(self, known: list[NetworkPoint], across: str, family: str, c: appearance.Colours) -> None:
        """Names beside the best known networks, or beside all of the family that is pointed out."""
        for label in self._name_labels:
            self.plot.removeItem(label)
        named = [s for s in known if s.family == family] if family else []
        named = named or sorted(
            (s for s in known if s.key in _LABELLED_KEYS), key=lambda s: _LABELLED_KEYS.index(s.key)
        )
        self._name_labels = []
        taken: list[tuple[float, float]] = []
        least = min((math.log10(spot.value_on(across)) for spot in known), default=0.0)
        for spot in named:
            x, y = math.log10(spot.value_on(across)), spot.top1 or 0.0
            if any(
                abs(x - other) < _LABEL_SPACING[0] and abs(y - height) < _LABEL_SPACING[1] for other, height in taken
            ):
                continue  # names on top of each other say nothing
            taken.append((x, y))
            label = pg.TextItem(_short_title(spot.title), color=c.text)
            label.setAnchor((0.05 if x - least < _LABEL_SPACING[0] else 0.5, 1.4))  # at the edge it would be cut off
            label.setPos(x, y)
            self.plot.addItem(label, ignoreBounds=True)
            self._name_labels.append(label)

    def _place_band(self, across: str, c: appearance.Colours) -> None:
        self._band.setVisible(self._edited_point is not None)
        if self._edited_point is None:
            return
        place = math.log10(max(self._edited_point.value_on(across), 1.0))
        colour = QColor(c.accent)
        colour.setAlpha(60)
        self._band.setBrush(colour)
        self._band.setRegion((place - 0.012, place + 0.012))
        self._band_title.setFormat(tr("{network}: accuracy unknown", network=self._edited_point.title))
        self._band_title.setColor(c.accent)


def _short_title(title: str) -> str:
    """Return a title without what explains it in brackets."""
    return tr(title).split(" (")[0].split("（")[0]


class _CountAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """Says 1 M for 6 on a logarithmic axis."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [number_format.format_short(float(f"{10**value:.2g}")) for value in values]


def family_colour(family: str) -> QColor:
    """Return the colour of a family: hues evenly spread, at a lightness that suits both themes."""
    families = all_families()
    at = families.index(family) if family in families else 0
    return QColor.fromHsl(int(360 * (at * 0.381966 % 1)), 150, 120)
