"""Feature maps as boxes whose sides follow height, width and channels, in the manner of the AlexNet paper's Figure 2.

Sides grow with the square root of what they stand for: a map of 7×7×2048 is still seen beside one of 224×224×3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from explorer.diagram import Kind
from explorer.drawing import Theme
from explorer.drawing.legend import Mark
from explorer.drawing.theme import advance, font
from explorer.present.volumes import Volume

_SIDE, _DEPTH = 12.0, 3.3  # units for the root of a pixel of a map's side, and of a channel
_SLANT = QPointF(0.42, -0.34)  # where the width of a map goes, which points away from who looks
_BAR = 13.0  # thickness of a vector
_GAP, _ROW_GAP, _WIDEST = 26.0, 36.0, 1500.0
_SHAPE, _BY, _LINE = 13.0, 11.0, 15.0
_WORDS = 110.0  # width of what is written below a box


@dataclass(frozen=True)
class _Box:
    volume: Volume
    left: float  # of the room it has, with what is written below
    room: float
    size: tuple[float, float, float]  # height, slant of the width, thickness
    words: tuple[str, ...]

    @property
    def across(self) -> float:
        return self.size[2] + self.size[1] * _SLANT.x()

    @property
    def up(self) -> float:
        return self.size[0] - self.size[1] * _SLANT.y()

    @property
    def front(self) -> float:
        """Left edge of the front."""
        return self.left + (self.room - self.across) / 2


@dataclass(frozen=True)
class _Row:
    boxes: tuple[_Box, ...]
    axis: float  # the height at which the fronts' middles are
    bottom: float  # of the boxes


class VolumesImage:
    """What `Sheet` puts on a page."""

    legend: Sequence[Kind | Mark] = ()

    def __init__(self, found: Sequence[Volume]) -> None:
        self._rows: list[_Row] = []
        y = 0.0
        for boxes in _in_rows(found):
            above = max(box.size[0] / 2 - box.size[1] * _SLANT.y() for box in boxes)
            below = max(box.size[0] / 2 for box in boxes)
            self._rows.append(_Row(tuple(boxes), y + above, y + above + below))
            lines = max(len(box.words) for box in boxes)
            y += above + below + 26 + _LINE * lines + _ROW_GAP
        self.height = y - _ROW_GAP
        self.width = max(row.boxes[-1].left + row.boxes[-1].room for row in self._rows)

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        for row in self._rows:
            for number, box in enumerate(row.boxes):
                if number:
                    _paint_way(painter, theme, row, row.boxes[number - 1], box)
                _paint_box(painter, theme, row, box)
                _paint_words(painter, theme, row, box)


def _in_rows(found: Sequence[Volume]) -> list[list[_Box]]:
    rows: list[list[_Box]] = [[]]
    x = 0.0
    for volume in found:
        words = _words(volume)
        size = _size(volume)
        across = size[2] + size[1] * _SLANT.x()
        room = max([across, advance(volume.label, _SHAPE, True), *(advance(line, _BY) for line in words)])
        if rows[-1] and x + room > _WIDEST:
            rows.append([])
            x = 0.0
        rows[-1].append(_Box(volume, x, room, size, words))
        x += room + _GAP
    return rows


def _size(volume: Volume) -> tuple[float, float, float]:
    if volume.vector:  # stands upright, as the dense layers of the AlexNet figure
        return max(_DEPTH * sqrt(volume.channels), 14.0), _BAR, _BAR
    high, wide = (max(_SIDE * sqrt(side), 8.0) for side in (volume.height, volume.width))
    return high, wide, max(_DEPTH * sqrt(volume.channels), 4.0)


def _words(volume: Volume) -> tuple[str, ...]:
    text = f"{volume.by} ×\N{NO-BREAK SPACE}{volume.times}" if volume.times > 1 else volume.by
    text = text.replace(" × ", " ×\N{NO-BREAK SPACE}")
    lines: list[str] = []
    for word in text.split(" "):
        if lines and advance(f"{lines[-1]} {word}", _BY) <= _WORDS:
            lines[-1] += f" {word}"
        elif word:
            lines.append(word)
    return tuple(lines)


def _paint_box(painter: QPainter, theme: Theme, row: _Row, box: _Box) -> None:
    high, wide, thick = box.size
    slant = _SLANT * wide
    top, bottom = row.axis - high / 2, row.axis + high / 2
    a, b = QPointF(box.front, top), QPointF(box.front + thick, top)
    c, d = QPointF(box.front + thick, bottom), QPointF(box.front, bottom)
    pen = QPen(_shade(theme, box.volume.kind, 0.9), 0.9)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    faces = (((a, b, c, d), 0.42), ((a, b, b + slant, a + slant), 0.22), ((b, c, c + slant, b + slant), 0.62))
    for corners, share in faces:
        painter.setBrush(_shade(theme, box.volume.kind, share))
        painter.drawPolygon(QPolygonF(list(corners)))


def _paint_way(painter: QPainter, theme: Theme, row: _Row, source: _Box, target: _Box) -> None:
    """From a map to the next: the window that slides over it and the place it makes, or an arrow."""
    start = QPointF(source.front + source.across, row.axis + source.size[1] * _SLANT.y() / 2)
    end = QPointF(target.front, row.axis)
    window = target.volume.window
    if window > 1 and not source.volume.vector and not target.volume.vector:
        _paint_window(painter, theme, row, source, end, window)
        return
    pen = QPen(theme.of("link"), 1.3)
    painter.setPen(pen)
    start = QPointF(source.front + source.across - source.size[1] * _SLANT.x() / 2 + 2, row.axis)
    start.setX(max(start.x(), source.front + source.size[2] + source.size[1] * _SLANT.x() * 0.5))
    if end.x() - start.x() < 10:
        return
    painter.drawLine(start, end - QPointF(5, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.of("link"))
    painter.drawPolygon(QPolygonF([end - QPointF(1, 0), end - QPointF(8, 3.6), end - QPointF(8, -3.6)]))


def _paint_window(painter: QPainter, theme: Theme, row: _Row, source: _Box, end: QPointF, window: int) -> None:
    high, wide, thick = source.size
    share_h = min(max(window / source.volume.height, 9 / high), 0.9)
    share_w = min(max(window / source.volume.width, 9 / (wide * _SLANT.x() * 2)), 0.9)
    slant = _SLANT * wide
    middle = QPointF(source.front + thick, row.axis) + slant * 0.5  # of the side that looks to the next map
    down, along = QPointF(0, high * share_h / 2), slant * (share_w / 2)
    corners = [middle - along - down, middle + along - down, middle + along + down, middle - along + down]
    ink = theme.of("skip")
    painter.setBrush(_blend(ink, theme.of("card"), 0.35))
    painter.setPen(QPen(ink, 1.1))
    painter.drawPolygon(QPolygonF(corners))
    painter.setPen(QPen(ink, 0.7))
    for corner in corners:
        painter.drawLine(corner, end)
    painter.setBrush(ink)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(end, 1.8, 1.8)


def _paint_words(painter: QPainter, theme: Theme, row: _Row, box: _Box) -> None:
    middle, y = box.left + box.room / 2, row.bottom + 20
    painter.setFont(font(_SHAPE, bold=True))
    painter.setPen(theme.of("text"))
    painter.drawText(QPointF(middle - advance(box.volume.label, _SHAPE, True) / 2, y), box.volume.label)
    painter.setFont(font(_BY))
    painter.setPen(theme.of("muted"))
    for line in box.words:
        y += _LINE
        painter.drawText(QPointF(middle - advance(line, _BY) / 2, y), line)


def _shade(theme: Theme, kind: Kind, share: float) -> QColor:
    """A face: more or less of the kind's colour; hardly any where there is to be none."""
    if not theme.tint:
        return theme.of("text") if share > 0.8 else _blend(theme.colour(kind), theme.of("card"), share / 3)
    calm = 0.55 if kind == "input" and share < 0.8 else 1.0  # the image is not what it is about
    return _blend(theme.colour(kind), theme.of("card"), calm * share)


def _blend(over: QColor, under: QColor, share: float) -> QColor:
    pairs = ((over.redF(), under.redF()), (over.greenF(), under.greenF()), (over.blueF(), under.blueF()))
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in pairs))
