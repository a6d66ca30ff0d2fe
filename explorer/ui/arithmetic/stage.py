"""The stage of an op: the maps it reads at the left, its arithmetic in the middle, the map it makes at the right; where
it is higher than wide, the maps stand above their arithmetic."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from explorer.base.languages import tr
from explorer.ui.arithmetic.ink import Ink
from explorer.ui.arithmetic.map_box import TITLE_HEIGHT, MapBox
from explorer.viewmodels.number_planes import Plane

if TYPE_CHECKING:
    from explorer.analysis.arithmetic.explanation import Explanation, NumberPlace, TapWindow, Terms
    from explorer.presenters.arithmetic_views import ArithmeticView

_GAP = 22.0
_MARGIN = 10.0
_LEAST_MIDDLE, _LEAST_SIDE = 390.0, 104.0  # pixels for the arithmetic, and for a map
LEAST_BELOW = 260.0  # pixels of height for the arithmetic below its maps


@dataclass(frozen=True, slots=True)
class Target:
    """What is under the pointer: in words, and the number of an input or of the output that can be gone to."""

    text: str
    place: NumberPlace | None = None


class Centre(Protocol):
    """Paints one form of arithmetic between the maps."""

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        ...

    def wanted_height(self, width: float) -> float:
        """Height in pixels from which on everything can be read, below the maps, at a width."""
        ...

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle."""
        ...

    def paint(self, painter: QPainter, ink: Ink, stage: Stage, explanation: Any, phase: float) -> None:
        """Paint an explanation of its form; `phase` says how much of it is computed so far, 0 to 1."""
        ...

    def target_at(self, point: QPointF, explanation: Any) -> Target | None:
        """Return what is at a point."""
        ...


class PlainCentre:
    """What most centres have in common: the room that they take, and how wide it has to be."""

    def __init__(self, first: object) -> None:
        """`first` is the explanation that it begins with; the others have its form."""
        self._area = QRectF()

    @property
    def wanted_width(self) -> float:
        """Width in pixels from which on everything can be read."""
        return _LEAST_MIDDLE

    def wanted_height(self, width: float) -> float:
        """Height in pixels from which on everything can be read, below the maps, at a width."""
        return LEAST_BELOW

    def arrange(self, area: QRectF) -> None:
        """Take a rectangle."""
        self._area = area


class Stage:
    """Maps and arithmetic of one op, for the numbers of one map of its output."""

    def __init__(
        self, view: ArithmeticView, explanation: Explanation, centre: Centre, channel: int | None = None
    ) -> None:
        self.view, self.centre = view, centre
        plane = view.output_plane(explanation.place.index)
        self.output = MapBox(plane, _plane_title(tr("Output"), plane, explanation.place))
        self.is_upright = False  # the maps stand above their arithmetic
        self._area = QRectF()
        self.inputs = [_input_box(view, place) for place in shown_places(explanation, channel)]
        if view.photo is not None and not self.inputs:
            self.output.photo = view.photo
        self._pad_inputs()

    def arrange(self, area: QRectF, ink: Ink, ratio: float) -> None:
        """Give each part its place in a rectangle."""
        area = area.adjusted(_MARGIN, 4, -_MARGIN, -6)
        self._area, self.is_upright = area, area.height() > area.width()
        if self.is_upright:
            self._arrange_upright(area, ink, ratio)
        else:
            self._arrange_across(area, ink, ratio)

    def _arrange_upright(self, area: QRectF, ink: Ink, ratio: float) -> None:
        boxes = [*self.inputs, self.output]
        wide = (area.width() - _GAP * (len(boxes) - 1)) / max(len(boxes), 2)
        below = self.centre.wanted_height(area.width())
        side = min(wide, max(area.height() - below - TITLE_HEIGHT - _GAP, _LEAST_SIDE))
        step = (area.width() - side) / max(len(boxes) - 1, 1)
        for number, box in enumerate(boxes):
            left = area.right() - side if box is self.output else area.x() + number * step
            box.arrange(QRectF(left, area.y(), side, side + TITLE_HEIGHT), ink, ratio)
        self.centre.arrange(area.adjusted(0, side + TITLE_HEIGHT + _GAP, 0, 0))

    def _arrange_across(self, area: QRectF, ink: Ink, ratio: float) -> None:
        most = area.width() - 2 * (_GAP + _LEAST_SIDE)  # where even that is too little, maps are worth more
        middle = self.centre.wanted_width if _LEAST_MIDDLE < self.centre.wanted_width <= most else _LEAST_MIDDLE
        side = min(area.height() - 20, max((area.width() - middle - 2 * _GAP) / 2, _LEAST_SIDE))
        left = side if self.inputs else 0.0
        high = area.height() / max(len(self.inputs), 1)
        for number, box in enumerate(self.inputs):
            box.arrange(QRectF(area.x(), area.y() + number * high, left, high - 4), ink, ratio)
        self.output.arrange(QRectF(area.right() - side, area.y(), side, area.height() - 4), ink, ratio)
        gap = left + _GAP if self.inputs else 0.0
        self.centre.arrange(area.adjusted(gap, 0, -side - _GAP, 0))

    def paint_maps(self, painter: QPainter, ink: Ink, uncovered: int | None) -> None:
        """Paint the maps without what moves on them."""
        for box in self.inputs:
            box.paint(painter, ink)
        self.output.paint(painter, ink, uncovered)

    def paint(self, painter: QPainter, ink: Ink, explanation: Explanation, phase: float) -> None:
        """Paint what one number is made of, over the maps."""
        for box, rect in zip(self.inputs, self.window_rects(explanation), strict=True):
            if rect is not None:
                box.paint_outline(painter, ink, rect)
        if self.view.receptive_box is not None:
            self.output.paint_field(painter, ink, *self.view.receptive_box)
        self.centre.paint(painter, ink, self, explanation, phase)
        self.output.paint_outline(painter, ink, self.output_rect(explanation))

    def paint_line_from(self, painter: QPainter, ink: Ink, box: int, explanation: Explanation, end: QPointF) -> None:
        """Paint the line from what is read on a map at the left to a point of the arithmetic, if a part is."""
        read = self.window_rects(explanation)[box] if box < len(self.inputs) else None
        if read is not None:
            side = QPointF(read.center().x(), read.bottom()) if self.is_upright else _right_of(read)
            ink.draw_line(painter, side, end)

    def paint_line_to_output(self, painter: QPainter, ink: Ink, start: QPointF, explanation: Explanation) -> None:
        """Paint the line from a point of the arithmetic to where its number lands; upright, along the edge."""
        end = self.output_rect(explanation)
        if not self.is_upright:
            ink.draw_line(painter, start, QPointF(end.left(), end.center().y()))
            return
        edge = self._area.right() - 1
        points = (
            start,
            QPointF(edge, start.y()),
            QPointF(edge, self.output.rect.bottom() + _GAP / 2),
            QPointF(end.center().x(), end.bottom()),
        )
        for one, other in itertools.pairwise(points):
            ink.draw_line(painter, one, other)

    def output_rect(self, explanation: Explanation) -> QRectF:
        """Return where the number lands."""
        return self.output.cell_rect(self.output.plane.cell_of(explanation.place.index))

    def window_rects(self, explanation: Explanation) -> list[QRectF | None]:
        """Return what is read on each map at the left; None where all of it is."""
        return [_read_rect(box, explanation, number) for number, box in enumerate(self.inputs)]

    def target_at(self, point: QPointF, explanation: Explanation) -> Target | None:
        """Return what is at a point of the stage."""
        cell = self.output.cell_at(point)
        if cell is not None:
            return self._output_target(cell)
        for box, place in zip(self.inputs, shown_places(explanation), strict=False):
            found = box.cell_at(point)
            index = box.plane.index_of(found) if found is not None else None
            operand = self.view.operand(place)
            if index is not None and operand is not None:
                value = float(operand.values[index])
                return Target(place_text(operand.place(index), value), operand.place(index))
        return self.centre.target_at(point, explanation)

    def _output_target(self, cell: tuple[int, int]) -> Target | None:
        index = self.output.plane.index_of(cell)
        if index is None:
            return None
        made = self.view.arithmetic.outputs[self.view.first.part]
        return Target(place_text(made.place(index), float(made.values[index])), made.place(index))

    def _pad_inputs(self) -> None:
        """Leave room for the padding that windows reach into, seen at both ends of the map."""
        explain, plane = self.view.arithmetic.explain, self.output.plane
        found = (getattr(explain(plane.index_at(step)), "window", None) for step in (0, plane.count - 1))
        ends: list[TapWindow] = [end for end in found if end is not None and len(end.positions) == 2]
        if len(ends) != 2 or len(self.inputs) != 1:
            return
        rows, columns = self.inputs[0].plane.values.shape
        first, last = ends
        if any((end.positions[axis] < 0).all() for end in ends for axis in (0, 1)) or not _is_regular(first):
            return
        self.inputs[0].padding = (
            max(-int(first.positions[0].min()), 0),
            max(-int(first.positions[1].min()), 0),
            max(int(last.positions[0].max()) - rows + 1, 0),
            max(int(last.positions[1].max()) - columns + 1, 0),
        )


def _right_of(rect: QRectF) -> QPointF:
    return QPointF(rect.right(), rect.center().y())


def shown_places(explanation: Explanation, channel: int | None = None) -> Sequence[NumberPlace]:
    """Return a number of each input whose map is shown: the one that adds the most, two at most. Of a window one of the
    channel (a row of its patch) that adds the most, or of `channel`."""
    own = _place_in_window(explanation, channel)
    if own is not None:
        return (own,)
    found: dict[tuple[str, int], NumberPlace] = {}
    for terms in explanation.terms[:2]:
        if len(terms.values):
            strongest = int(np.argmax(np.abs(terms.products)))
            found.setdefault((terms.node, terms.part), terms.place(strongest))
    return tuple(found.values())


def _place_in_window(explanation: Explanation, channel: int | None) -> NumberPlace | None:
    window: TapWindow | None = getattr(explanation, "window", None)
    rows = getattr(explanation, "channels_by_contribution", None)
    if window is None or rows is None or len(explanation.terms) != 1:
        return None
    row = int(rows[0]) if channel is None else channel
    taps = int(window.mask.sum())  # terms are those of the first channel, then those of the next, as far as inside
    return explanation.terms[0].place(row * taps) if taps else None


def place_text(place: NumberPlace, value: float) -> str:
    """Return a number with where it stands: "layer1.0.conv1 [17, 20, 3] = 0.412"."""
    from explorer.presenters.layer_activations import format_activation

    at = ", ".join(map(str, place.index[1:])) if len(place.index) > 1 else str(place.index[0])
    return f"{place.node} [{at}] = {format_activation(value)}"


def _input_box(view: ArithmeticView, place: NumberPlace) -> MapBox:
    plane = view.input_plane(place)
    assert plane is not None
    box = MapBox(plane, _plane_title(tr("Input"), plane, place))
    if view.photo is not None and view.photo.shape[:2] == plane.values.shape:
        box.photo, box.title = view.photo, tr("Input image")
    return box


def _plane_title(name: str, plane: Plane, place: NumberPlace) -> str:
    """ "Input · channel 17 of 64 · 28 × 28"."""
    rows, columns = plane.values.shape
    if plane.axes.vector is not None:
        return tr("{name} · {count:,} values", name=name, count=plane.count)
    size = f"{rows} × {columns}"
    if plane.axes.channel is None:
        return tr("{name} · {size}, rows are tokens", name=name, size=size)
    return tr("{name} · channel {channel} · {size}", name=name, channel=place.index[plane.axes.channel], size=size)


def _read_rect(box: MapBox, explanation: Explanation, number: int) -> QRectF | None:
    window: TapWindow | None = getattr(explanation, "window", None)
    if window is not None and len(window.positions) == 2 and _is_regular(window) and box.plane.axes.vector is None:
        rows, columns = window.positions
        return box.box_rect((int(rows.min()), int(columns.min())), (int(rows.max()), int(columns.max())))
    terms: Terms = explanation.terms[number]
    rows, columns = _cells_of(box.plane, terms.indices)
    everything = rows.min() == columns.min() == 0 and (rows.max() + 1, columns.max() + 1) == box.plane.values.shape
    if everything:
        return None
    return box.box_rect((int(rows.min()), int(columns.min())), (int(rows.max()), int(columns.max())))


def _cells_of(plane: Plane, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if plane.axes.vector is not None:
        rows, columns = np.divmod(indices[:, plane.axes.vector], plane.values.shape[1])
        return rows, columns
    return indices[:, plane.axes.row], indices[:, plane.axes.column]


def _is_regular(window: TapWindow) -> bool:
    """Whether the taps go over the map in order, as those of a transposed convolution do not."""
    return all(bool((np.diff(axis) > 0).all()) for axis in window.positions)
