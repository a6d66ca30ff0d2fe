"""The feature maps of the selected card: all channels, one of them large, and what its units see of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Signal
from PySide6.QtGui import QColor, QImage, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.ui.inside import colours
from explorer.ui.inside.grid import Grid
from explorer.ui.inside.plots import HistogramPlot, VectorPlot
from explorer.ui.inside.tool_row import ToolRow
from explorer.ui.inside.zoomed import Picture, ZoomedMap

if TYPE_CHECKING:
    from explorer.analysis.feature_maps import FeatureMaps
    from explorer.analysis.unit_receptive_field import Box
    from explorer.present.inside import Inside, Seen

_VIEWS = {
    "now": ("Now", "What the layer makes of the image now"),
    "before": ("Before", "What it made in the network as it was opened"),
    "difference": ("Difference", "Now minus before: red where there is more, blue where there is less"),
    "kernels": ("Kernels", "The weights of the layer on this card"),
}
#: Row, column, columns, and how strongly it grows across and down: of the grid, the large map, the photo, the figures.
_Places = tuple[tuple[int, int, int, int, int], ...]
_ROW: _Places = ((0, 0, 1, 5, 1), (0, 1, 1, 3, 1), (0, 2, 1, 3, 1), (0, 3, 1, 2, 1))
_SQUARE: _Places = ((0, 0, 1, 3, 1), (0, 1, 1, 2, 1), (1, 1, 1, 2, 1), (1, 0, 1, 3, 1))
_TALL: _Places = ((0, 0, 2, 0, 3), (1, 0, 1, 1, 2), (1, 1, 1, 1, 2), (2, 0, 2, 0, 1))

_NOTHING = "Select a card of the diagram to see what it makes of the sample image."


class MapsPanel(QWidget):
    pointed = Signal(str, object)  # node, (row, column) or None: whose receptive field is wanted
    asked = Signal(str, object)  # node, (row, column): what the unit uses of the image is wanted

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inside: Inside | None = None
        self._channel = 0  # index in the layer, not in the order shown
        self._order: Sequence[int] = ()
        self._arranged: _Places = ()
        self._views = self._make_views()
        self.sort = _combo("Order of the channels", ("Liveliest first", "By number"))
        self.scale = _combo("What colours span", ("One scale", "Own scales"))
        self.colours = _combo("Colours", tuple(colours.MAPS))
        self.input = _combo("Input channel of the kernels", ())
        for box in (self.sort, self.scale, self.colours, self.input):
            box.activated.connect(lambda _: self._draw())
        self.words = _muted("")
        self.words.setWordWrap(True)
        self.grid, self.vector, self.map = Grid(), VectorPlot(), ZoomedMap("One channel, large")
        self.grid.picked.connect(self._pick)
        self.map.pointed.connect(self._point)
        self.map.installEventFilter(self)
        self.photo = Picture("What the network sees", smooth=True)
        self.value, self.field = _muted(""), _muted("")
        self.histogram = HistogramPlot()
        self.figures = _muted("")
        self.figures.setWordWrap(True)
        self._lay_out()
        self.show_inside(None, None)

    def sizeHint(self) -> QSize:
        return QSize(900, 320)

    # what is shown

    def show_inside(self, found: Inside | None, seen: Seen | None, why: str = "") -> None:
        """Show a node, or say why there is nothing."""
        other = found is None or self._inside is None or found.name != self._inside.name
        self._inside = found
        self._channel = -1 if other else self._channel
        self._body.setVisible(found is not None)
        self._tools.setVisible(found is not None)
        if found is None:
            self.words.setText(why or _NOTHING)
            return
        if seen is not None:
            self.photo.show_image(colours.from_rgb(seen.pixels))
        self._offer_inputs(found)
        self._enable_views(found)
        self._draw()

    @property
    def view(self) -> str:
        return next((name for name, button in self._views.items() if button.isChecked()), "now")

    def show_box(self, box: Box | None) -> None:
        """Outline what the unit under the mouse can see of the image."""
        self.photo.mark(*([QRectF(box.left, box.top, box.width, box.height)] if box is not None else []))
        if box is not None:
            self.field.setText(f"It sees {box.height} × {box.width} pixels; click: what it uses.")

    def show_used(self, used: NDArray[np.float32] | None) -> None:
        """Light up what a unit uses of the image."""
        if used is None:
            self.photo.lay_over(QImage())
            return
        heat = np.zeros((*used.shape, 4), np.uint8)
        heat[..., :3] = (255, 70, 20)
        heat[..., 3] = (235 * np.sqrt(used)).astype(np.uint8)
        height, width = used.shape
        image = QImage(heat.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        self.photo.lay_over(image)
        self.field.setText("Red: what the unit really uses (gradient).")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._inside is not None:
            self._draw()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self.map and event.type() == QEvent.Type.MouseButtonPress and self._inside is not None:
            unit = self.map._unit(event.position().toPoint())  # type: ignore[attr-defined]
            if unit is not None and self.view != "kernels":
                self.asked.emit(self._maps(self._inside).name, unit)
        return False

    # painting

    def _draw(self) -> None:
        found = self._inside
        if found is None:
            return
        kernels = self.view == "kernels"
        self.input.setVisible(kernels and self.input.count() > 1)
        self.photo.setVisible(not kernels and found.shown.form == "maps")
        self.field.setVisible(self.photo.isVisibleTo(self))
        self.show_box(None)
        self.show_used(None)
        self.field.setText("Point at a unit above: its view, outlined.")
        if kernels:
            self._draw_kernels()
        elif found.shown.form == "vector":
            self._draw_vector(found)
        else:
            self._draw_maps(found)
        self._tell(found)

    def _draw_maps(self, found: Inside) -> None:
        values = self._values(found)
        assert values is not None
        if values.ndim == 2:
            self._alone(values, "")
            return
        self._layout_of("maps")
        signed = self.view == "difference"
        self._order = _order(found, values, self.sort.currentIndex() == 0)
        if self._channel not in self._order:
            self._channel = self._order[0]
        limits = self._common(found, signed) if self.scale.currentIndex() == 0 else None
        table = colours.table(self.colours.currentText(), signed)

        def tile(place: int) -> QImage:
            picture = values[self._order[place]]
            return colours.as_image(picture, table, limits or colours.range_of(picture, signed))

        names = [f"Channel {index}" for index in self._order]
        self.grid.show_tiles(names, tile, self._order.index(self._channel))
        self._show_channel(values[self._channel], table, limits or colours.range_of(values[self._channel], signed))

    def _draw_kernels(self) -> None:
        kernels = self._inside.kernels if self._inside is not None else None
        assert kernels is not None
        if kernels.is_matrix:
            self._alone(kernels.matrix, "")
            return
        self._layout_of("maps")
        table = colours.table(self.colours.currentText(), True)
        chosen = self.input.currentIndex() - (1 if kernels.sees_image else 0)
        count = len(kernels.weights)
        self._order = tuple(range(count))
        self._channel = self._channel if 0 <= self._channel < count else 0
        rgb = kernels.in_colour() if chosen < 0 else None
        planes = kernels.of_input(max(chosen, 0))
        limits = colours.range_of(planes, True) if self.scale.currentIndex() == 0 else None

        def tile(place: int) -> QImage:
            if rgb is not None:
                return colours.from_rgb(rgb[place])
            return colours.as_image(planes[place], table, limits or colours.range_of(planes[place], True))

        self.grid.show_tiles([f"Kernel {index}" for index in self._order], tile, self._channel)
        if rgb is not None:
            self.map.show_image(colours.from_rgb(rgb[self._channel]))
            self.map.show_scale("", "", [])
        else:
            plane = planes[self._channel]
            self._show_channel(plane, table, limits or colours.range_of(plane, True))

    def _draw_vector(self, found: Inside) -> None:
        self._layout_of("vector")
        values = self._values(found)
        assert values is not None
        order = list(found.shown.by_activity if self.sort.currentIndex() == 0 else range(len(values)))
        before = found.before if self.view == "now" and found.edited and found.difference is not None else None
        self.vector.show_vector(values[order], before.values[order] if before is not None else None)

    def _alone(self, values: NDArray[np.float32], text: str) -> None:
        """One table, large."""
        self._layout_of("table")
        signed = self.view in ("difference", "kernels")
        self._show_channel(values, colours.table(self.colours.currentText(), signed), colours.range_of(values, signed))

    def _show_channel(self, values: NDArray[np.float32], table: NDArray[np.uint8], limits: colours.Range) -> None:
        from explorer.present.inside import short

        self._plane = values
        self.map.show_image(colours.as_image(values, table, limits))
        self.map.show_scale(short(limits[0]), short(limits[1]), [QColor(*map(int, c)) for c in table[::15]])
        self._point(None)

    # what is said

    def _tell(self, found: Inside) -> None:
        from explorer.present.inside import figures

        said = f"{found.title} ({found.name}) makes {found.words} of this image."
        if self.view == "kernels" and found.kernels is not None:
            outputs, inputs, *window = found.kernels.weights.shape
            groups = f" in {found.kernels.groups} groups" if found.kernels.groups > 1 else ""
            each = f"{outputs:,} kernels of {window[0]} × {window[1]} over {inputs:,} input channel"
            said = f"{found.kernels.name}: {each}{'s' if inputs > 1 else ''}{groups}. Red is positive, blue negative."
        elif self.view == "difference":
            said += " Red: more than before; blue: less."
        elif found.shown.form == "maps":
            said += " Bright: the channel answers strongly to that place."
        elif found.shown.form == "vector":
            said += " Each bar is one unit." + (" Dots: before." if found.edited else "")
        self.words.setText(" ".join(filter(None, (said, found.shown.note, found.why))))
        maps = self._maps(found)
        self.figures.setText("  ·  ".join(f"{name} <b>{value}</b>" for name, value in figures(maps)))
        counts = list(found.histogram.counts)
        self.histogram.show_counts(found.histogram.edges, counts)

    def _point(self, unit: tuple[int, int] | None) -> None:
        from explorer.present.inside import short

        found = self._inside
        if found is None:
            return
        name = "Kernel" if self.view == "kernels" else "Channel"
        alone = self.view == "kernels" and found.kernels is not None and found.kernels.is_matrix
        said = "" if alone or (found.shown.form == "matrix" and self.view != "kernels") else f"{name} {self._channel}"
        if unit is not None and unit[0] < self._plane.shape[0] and unit[1] < self._plane.shape[1]:
            place = f"row {unit[0]}, column {unit[1]}: {short(float(self._plane[unit]))}"
            said = f"{said} · {place}" if said else place
        self.value.setText(said)
        if self.photo.isVisibleTo(self):
            self.pointed.emit(self._maps(found).name, unit)

    def _pick(self, place: int) -> None:
        self._channel = self._order[place]
        self._draw()

    def _values(self, found: Inside) -> NDArray[np.float32] | None:
        if self.view == "difference":
            return found.difference
        return self._maps(found).values

    def _maps(self, found: Inside) -> FeatureMaps:
        """Of the version that is looked at."""
        return (found.before if self.view == "before" else found.now) or found.shown

    def _common(self, found: Inside, signed: bool) -> colours.Range:
        """One range for before and now, so that they can be compared."""
        if signed:
            assert found.difference is not None
            return colours.range_of(found.difference, True)
        ranges = [colours.range_of(maps.values, False) for maps in (found.now, found.before) if maps is not None]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    # what can be chosen

    def _offer_inputs(self, found: Inside) -> None:
        kernels = found.kernels
        names: list[str] = []
        if kernels is not None and not kernels.is_matrix:
            count = kernels.weights.shape[1]
            names = ["Red, green, blue", "Red", "Green", "Blue"] if kernels.sees_image else []
            names = names or [
                f"Input {index}" + (" of its group" if kernels.groups > 1 else "") for index in range(count)
            ]
        if names != [self.input.itemText(index) for index in range(self.input.count())]:
            self.input.clear()
            self.input.addItems(names)

    def _enable_views(self, found: Inside) -> None:
        can = {
            "now": found.now is not None,
            "before": found.before is not None and found.edited,
            "difference": found.edited and found.difference is not None,
            "kernels": found.kernels is not None,
        }
        why = {
            "now": found.why,
            "before": found.why or "Nothing has been edited: there is no before.",
            "difference": found.why or "Nothing has been edited: there is no difference.",
            "kernels": "There is no convolution or linear layer on this card, or it is too large to draw.",
        }
        for name, button in self._views.items():
            button.setEnabled(can[name])
            button.setToolTip(_VIEWS[name][1] if can[name] else why[name])
        if not can[self.view]:
            self._views["now" if can["now"] else "before" if can["before"] else "kernels"].setChecked(True)

    # layout

    def _make_views(self) -> dict[str, QToolButton]:
        group = QButtonGroup(self)
        made: dict[str, QToolButton] = {}
        for name, (text, tip) in _VIEWS.items():
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setProperty("role", "tab")
            group.addButton(button)
            made[name] = button
        made["now"].setChecked(True)
        group.buttonClicked.connect(lambda _: self._draw())
        return made

    def _lay_out(self) -> None:
        self._tools = ToolRow(list(self._views.values()), [self.input, self.sort, self.scale, self.colours])
        self.setMinimumWidth(300)
        self._body = QWidget()
        self._cells = QGridLayout(self._body)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setHorizontalSpacing(12)
        self._cells.setVerticalSpacing(6)
        self._main = QStackedWidget()
        self._main.addWidget(self.grid)
        self._main.addWidget(self.vector)
        self._large = _column(self.map, self.value)
        self._photo = _column(self.photo, self.field)
        self._side = QWidget()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.figures)
        side.addWidget(self.histogram, 1)
        self._arrange(_ROW)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(self._tools)
        column.addWidget(self.words)
        column.addWidget(self._body, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(_TALL if self.width() < 0.9 * self.height() else _SQUARE if self.width() < 680 else _ROW)

    def _arrange(self, places: _Places) -> None:
        """Side by side, or below each other where the panel is narrow."""
        if places is self._arranged:
            return
        self._arranged = places
        for number in range(4):
            self._cells.setColumnStretch(number, 0)
            self._cells.setRowStretch(number, 0)
        for part, (row, column, columns, across, down) in zip(
            (self._main, self._large, self._photo, self._side), places, strict=True
        ):
            self._cells.addWidget(part, row, column, 1, columns)
            if columns == 1:
                self._cells.setColumnStretch(column, across)
            self._cells.setRowStretch(row, down)

    def _layout_of(self, form: str) -> None:
        """Which parts are seen: all, or what suits a vector or one table."""
        self._main.setVisible(form != "table")
        self._main.setCurrentWidget(self.vector if form == "vector" else self.grid)
        self._large.setVisible(form != "vector")
        self._photo.setVisible(form == "maps" and self.view != "kernels")
        self.sort.setVisible(form != "table" and self.view != "kernels")
        self.scale.setVisible(form == "maps")
        self.colours.setVisible((form != "vector" and self.view == "now") or self.view == "before")


def _order(found: Inside, values: NDArray[np.float32], lively: bool) -> tuple[int, ...]:
    if not lively:
        return tuple(range(len(values)))
    if values is found.difference:
        size = np.abs(np.nan_to_num(values)).reshape(len(values), -1).mean(1)
        return tuple(int(index) for index in np.argsort(-size, kind="stable"))
    return found.shown.by_activity


def _combo(name: str, items: Sequence[str]) -> QComboBox:
    box = QComboBox()
    box.addItems(list(items))
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(7)
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    return label


def _column(above: QWidget, below: QLabel) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(above, 1)
    below.setWordWrap(True)
    below.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    column.addWidget(below)
    return made
