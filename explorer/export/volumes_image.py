"""Feature maps as boxes whose sides follow height, width and channels, in the manner of the AlexNet paper's Figure 2.

Sides grow with the square root of what they stand for: a map of 7×7×2048 is still seen beside one of 224×224×3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from explorer.drawing import Theme
from explorer.drawing.legend import LegendMark
from explorer.drawing.picture import Announce, no_announcement
from explorer.drawing.theme import diagram_font, draw_text, text_width
from explorer.presenters.volumes import Volume
from explorer.viewmodels.diagram import Kind

_UNITS_PER_ROOT_PIXEL, _UNITS_PER_ROOT_CHANNEL = (
    12.0,
    3.3,
)  # units for the root of a pixel of a map's side, and of a channel
_SLANT = QPointF(0.42, -0.34)  # where the width of a map goes, which points away from who looks
_VECTOR_THICKNESS = 13.0  # thickness of a vector
_BOX_GAP, _ROW_GAP, _MAX_ROW_WIDTH = 26.0, 36.0, 1500.0
_SHAPE_PX, _LABEL_PX, _LINE_HEIGHT = 13.0, 11.0, 15.0
_LABEL_WIDTH = 110.0  # width of what is written below a box


@dataclass(frozen=True)
class _VolumeBox:
    volume: Volume
    left: float  # of the room it has, with what is written below
    slot_width: float
    size: tuple[float, float, float]  # height, slant of the width, thickness
    label_lines: tuple[str, ...]

    @property
    def front_width(self) -> float:
        return self.size[2] + self.size[1] * _SLANT.x()

    @property
    def total_height(self) -> float:
        return self.size[0] - self.size[1] * _SLANT.y()

    @property
    def front_left(self) -> float:
        """Left edge of the front."""
        return self.left + (self.slot_width - self.front_width) / 2


@dataclass(frozen=True)
class _BoxRow:
    boxes: tuple[_VolumeBox, ...]
    axis: float  # the height at which the fronts' middles are
    bottom: float  # of the boxes


class VolumesImage:
    """Sheet content that shows feature maps as boxes, in rows."""

    legend: Sequence[Kind | LegendMark] = ()

    def __init__(self, volumes: Sequence[Volume]) -> None:
        self._rows: list[_BoxRow] = []
        y = 0.0
        for boxes in _wrap_boxes(volumes):
            above = max(box.size[0] / 2 - box.size[1] * _SLANT.y() for box in boxes)
            below = max(box.size[0] / 2 for box in boxes)
            self._rows.append(_BoxRow(tuple(boxes), y + above, y + above + below))
            lines = max(len(box.label_lines) for box in boxes)
            y += above + below + 26 + _LINE_HEIGHT * lines + _ROW_GAP
        self.height = y - _ROW_GAP
        self.width = max(row.boxes[-1].left + row.boxes[-1].slot_width for row in self._rows)

    def paint(
        self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, *, announce: Announce = no_announcement
    ) -> None:
        """Paint all boxes and the connections between them."""
        for row in self._rows:
            for number, box in enumerate(row.boxes):
                if number:
                    _paint_connection(painter, theme, row, row.boxes[number - 1], box)
                _paint_box(painter, theme, row, box)
                _paint_label(painter, theme, row, box)


def _wrap_boxes(volumes: Sequence[Volume]) -> list[list[_VolumeBox]]:
    rows: list[list[_VolumeBox]] = [[]]
    x = 0.0
    for volume in volumes:
        words = _label_lines(volume)
        size = _box_size(volume)
        across = size[2] + size[1] * _SLANT.x()
        room = max(
            [across, text_width(volume.label, _SHAPE_PX, True), *(text_width(line, _LABEL_PX) for line in words)]
        )
        if rows[-1] and x + room > _MAX_ROW_WIDTH:
            rows.append([])
            x = 0.0
        rows[-1].append(_VolumeBox(volume, x, room, size, words))
        x += room + _BOX_GAP
    return rows


def _box_size(volume: Volume) -> tuple[float, float, float]:
    if volume.is_vector:  # stands upright, as the dense layers of the AlexNet figure
        return max(_UNITS_PER_ROOT_CHANNEL * sqrt(volume.channels), 14.0), _VECTOR_THICKNESS, _VECTOR_THICKNESS
    high, wide = (max(_UNITS_PER_ROOT_PIXEL * sqrt(side), 8.0) for side in (volume.height, volume.width))
    return high, wide, max(_UNITS_PER_ROOT_CHANNEL * sqrt(volume.channels), 4.0)


def _label_lines(volume: Volume) -> tuple[str, ...]:
    text = (
        f"{volume.label_above} ×\N{NO-BREAK SPACE}{volume.repeat_count}"
        if volume.repeat_count > 1
        else volume.label_above
    )
    text = text.replace(" × ", " ×\N{NO-BREAK SPACE}")
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", _LABEL_PX) <= _LABEL_WIDTH:
            lines[-1] += f" {word}"
        elif word:
            lines.append(word)
    return tuple(lines)


def _paint_box(painter: QPainter, theme: Theme, row: _BoxRow, box: _VolumeBox) -> None:
    high, wide, thick = box.size
    slant = _SLANT * wide
    top, bottom = row.axis - high / 2, row.axis + high / 2
    a, b = QPointF(box.front_left, top), QPointF(box.front_left + thick, top)
    c, d = QPointF(box.front_left + thick, bottom), QPointF(box.front_left, bottom)
    pen = QPen(_face_colour(theme, box.volume.kind, 0.9), 0.9)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    faces = (((a, b, c, d), 0.42), ((a, b, b + slant, a + slant), 0.22), ((b, c, c + slant, b + slant), 0.62))
    for corners, share in faces:
        painter.setBrush(_face_colour(theme, box.volume.kind, share))
        painter.drawPolygon(QPolygonF(list(corners)))


def _paint_connection(painter: QPainter, theme: Theme, row: _BoxRow, source: _VolumeBox, target: _VolumeBox) -> None:
    """From a map to the next: the window that slides over it and the place it makes, or an arrow."""
    start = QPointF(source.front_left + source.front_width, row.axis + source.size[1] * _SLANT.y() / 2)
    end = QPointF(target.front_left, row.axis)
    window = target.volume.window
    if window > 1 and not source.volume.is_vector and not target.volume.is_vector:
        _paint_window(painter, theme, row, source, end, window)
        return
    pen = QPen(theme.named_colour("link"), 1.3)
    painter.setPen(pen)
    start = QPointF(source.front_left + source.front_width - source.size[1] * _SLANT.x() / 2 + 2, row.axis)
    start.setX(max(start.x(), source.front_left + source.size[2] + source.size[1] * _SLANT.x() * 0.5))
    if end.x() - start.x() < 10:
        return
    painter.drawLine(start, end - QPointF(5, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.named_colour("link"))
    painter.drawPolygon(QPolygonF([end - QPointF(1, 0), end - QPointF(8, 3.6), end - QPointF(8, -3.6)]))


def _paint_window(painter: QPainter, theme: Theme, row: _BoxRow, source: _VolumeBox, end: QPointF, window: int) -> None:
    high, wide, thick = source.size
    share_h = min(max(window / source.volume.height, 9 / high), 0.9)
    share_w = min(max(window / source.volume.width, 9 / (wide * _SLANT.x() * 2)), 0.9)
    slant = _SLANT * wide
    middle = QPointF(source.front_left + thick, row.axis) + slant * 0.5  # of the side that looks to the next map
    down, along = QPointF(0, high * share_h / 2), slant * (share_w / 2)
    corners = [middle - along - down, middle + along - down, middle + along + down, middle - along + down]
    ink = theme.named_colour("skip")
    painter.setBrush(_blend(ink, theme.named_colour("card"), 0.35))
    painter.setPen(QPen(ink, 1.1))
    painter.drawPolygon(QPolygonF(corners))
    painter.setPen(QPen(ink, 0.7))
    for corner in corners:
        painter.drawLine(corner, end)
    painter.setBrush(ink)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(end, 1.8, 1.8)


def _paint_label(painter: QPainter, theme: Theme, row: _BoxRow, box: _VolumeBox) -> None:
    middle, y = box.left + box.slot_width / 2, row.bottom + 20
    painter.setFont(diagram_font(_SHAPE_PX, bold=True))
    painter.setPen(theme.named_colour("text"))
    draw_text(painter, QPointF(middle - text_width(box.volume.label, _SHAPE_PX, True) / 2, y), box.volume.label)
    painter.setFont(diagram_font(_LABEL_PX))
    painter.setPen(theme.named_colour("muted"))
    for line in box.label_lines:
        y += _LINE_HEIGHT
        draw_text(painter, QPointF(middle - text_width(line, _LABEL_PX) / 2, y), line)


def _face_colour(theme: Theme, kind: Kind, share: float) -> QColor:
    """A face: more or less of the kind's colour; hardly any where there is to be none."""
    if not theme.tint_strength:
        return (
            theme.named_colour("text")
            if share > 0.8
            else _blend(theme.kind_colour(kind), theme.named_colour("card"), share / 3)
        )
    calm = 0.55 if kind == "input" and share < 0.8 else 1.0  # the image is not what it is about
    return _blend(theme.kind_colour(kind), theme.named_colour("card"), calm * share)


def _blend(over: QColor, under: QColor, share: float) -> QColor:
    pairs = ((over.redF(), under.redF()), (over.greenF(), under.greenF()), (over.blueF(), under.blueF()))
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in pairs))
