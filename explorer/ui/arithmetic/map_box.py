"""One plane of numbers as a picture: scaled, with its padding around it, uncovered as far as it is computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QRegion

from explorer.drawing.card_text import elide
from explorer.drawing.theme import text_width
from explorer.ui.arithmetic.ink import Ink
from explorer.ui.widgets import colour_maps
from explorer.viewmodels.number_planes import Plane, PlaneCell
from explorer.viewmodels.value_ranges import ValueRange, finite_range

TITLE_HEIGHT = 20.0
_MIN_OUTLINE = 7.0  # pixels that an outline has at least
_DIMMED = 0.16  # opacity of what is not computed yet
_MOST_STRETCH = 6.0  # a table of few rows is stretched to squares at most so much


class MapBox:
    """A plane with its title in a rectangle; `photo` is shown in place of the first three channels of an image."""

    def __init__(self, plane: Plane, title: str, limits: ValueRange | None = None) -> None:
        self.plane, self.title = plane, title
        self.limits = limits if limits is not None else finite_range(plane.values)
        self.photo: NDArray[np.uint8] | None = None
        self.padding = (0, 0, 0, 0)  # rows above, columns left, rows below, columns right
        self._image = QImage()
        self._area = QRectF()
        self.rect = QRectF()  # of the numbers, without padding

    def arrange(self, area: QRectF, ink: Ink, ratio: float) -> None:
        """Fit the picture into a rectangle, the title above; `ratio` is device pixels for each pixel."""
        self._area = area
        rows, columns = self.plane.values.shape
        above, left, below, right = self.padding
        room = area.adjusted(0, TITLE_HEIGHT, 0, 0)
        high, wide = rows + above + below, columns + left + right
        cell = min(room.width() / wide, room.height() / high)
        across, down = self._stretch(room, wide, high, cell)
        corner = QPointF(
            room.x() + (room.width() - across * wide) / 2 + left * across,
            room.y() + (room.height() - down * high) / 2 + above * down,
        )
        self.rect = QRectF(corner.x(), corner.y(), across * columns, down * rows)
        self._image = self._render(ink, ratio)

    def _stretch(self, room: QRectF, wide: int, high: int, cell: float) -> tuple[float, float]:
        """Width and height of a cell: square, but where a long table would be a mere line."""
        if min(wide, high) * cell >= 60 or self.photo is not None:
            return cell, cell
        if wide > high:
            return cell, min(room.height() / high, cell * _MOST_STRETCH, 60 / high)
        return min(room.width() / wide, cell * _MOST_STRETCH, 60 / wide), cell

    def _render(self, ink: Ink, ratio: float) -> QImage:
        if self.photo is not None:
            image = colour_maps.rgb_to_image(self.photo)
        else:
            image = colour_maps.rgb_to_image(ink.map_pixels(self.plane.values, self.limits))
        size = QSize(max(round(self.rect.width() * ratio), 1), max(round(self.rect.height() * ratio), 1))
        enlarges = size.width() >= image.width()
        mode = Qt.TransformationMode.FastTransformation if enlarges else Qt.TransformationMode.SmoothTransformation
        scaled = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        scaled = scaled.convertToFormat(QImage.Format.Format_RGB32)  # the one that is painted fastest
        scaled.setDevicePixelRatio(ratio)
        return scaled

    @property
    def cell_size(self) -> tuple[float, float]:
        """Width and height of one number, in pixels."""
        rows, columns = self.plane.values.shape
        return self.rect.width() / columns, self.rect.height() / rows

    def cell_rect(self, cell: PlaneCell) -> QRectF:
        """Return the rectangle of a cell, of padding too."""
        return self.box_rect(cell, cell)

    def box_rect(self, first: PlaneCell, last: PlaneCell) -> QRectF:
        """Return the rectangle from one cell to another, both inside; at least large enough to be seen."""
        across, down = self.cell_size
        found = QRectF(
            self.rect.x() + first[1] * across,
            self.rect.y() + first[0] * down,
            (last[1] - first[1] + 1) * across,
            (last[0] - first[0] + 1) * down,
        )
        wider, higher = max(_MIN_OUTLINE - found.width(), 0) / 2, max(_MIN_OUTLINE - found.height(), 0) / 2
        return found.adjusted(-wider, -higher, wider, higher)

    def cell_at(self, point: QPointF) -> PlaneCell | None:
        """Return the cell at a point; None outside the numbers."""
        if not self.rect.contains(point):
            return None
        across, down = self.cell_size
        rows, columns = self.plane.values.shape
        row = min(int((point.y() - self.rect.y()) / down), rows - 1)
        column = min(int((point.x() - self.rect.x()) / across), columns - 1)
        return row, column

    def paint(self, painter: QPainter, ink: Ink, uncovered: int | None = None) -> None:
        """Paint the picture; `uncovered` says how many numbers, row by row, are computed, by default all."""
        self._paint_title(painter, ink)
        if any(self.padding):
            self._paint_padding(painter, ink)
        if uncovered is None:
            painter.drawImage(self.rect.topLeft(), self._image)
        else:
            painter.setOpacity(_DIMMED)
            painter.drawImage(self.rect.topLeft(), self._image)
            painter.setOpacity(1.0)
            painter.save()
            painter.setClipRegion(self._uncovered_region(uncovered))
            painter.drawImage(self.rect.topLeft(), self._image)
            painter.restore()
        painter.setPen(QPen(ink.border, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect)

    def _paint_title(self, painter: QPainter, ink: Ink) -> None:
        """Write the title above the middle of the map; one that is too long leaves out what it is of, or its end."""
        rect = QRectF(self._area.x(), self.rect.y() - TITLE_HEIGHT - self._margin, self._area.width(), 18)
        parts = self.title.split(" · ")  # which map it is is seen in where it stands, its size in its figure
        shorter = (" · ".join(kept) for kept in (parts, parts[1:], parts[1:-1]) if kept)
        title = next((each for each in shorter if text_width(each, 11) <= rect.width()), parts[-1])
        ink.draw_text(painter, rect, elide(title, 11, rect.width(), bold=False), 11, colour=ink.muted)

    @property
    def _margin(self) -> float:
        return self.padding[0] * self.cell_size[1]

    def _uncovered_region(self, count: int) -> QRegion:
        across, down = self.cell_size
        full, rest = divmod(count, self.plane.values.shape[1])
        left, top = self.rect.x(), self.rect.y()
        rows = QRect(round(left), round(top), round(self.rect.width()), round(full * down))
        partial = QRect(round(left), round(top + full * down), round(rest * across), max(round(down), 1))
        return QRegion(rows).united(QRegion(partial))

    def _paint_padding(self, painter: QPainter, ink: Ink) -> None:
        above, left, below, right = self.padding
        across, down = self.cell_size
        outer = self.rect.adjusted(-left * across, -above * down, right * across, below * down)
        painter.setPen(QPen(ink.border, 1, Qt.PenStyle.DashLine))
        painter.setBrush(QBrush(ink.border, Qt.BrushStyle.BDiagPattern))
        painter.drawRect(outer)
        painter.fillRect(self.rect, QColor(ink.colours.surface))

    def paint_field(self, painter: QPainter, ink: Ink, first: PlaneCell, last: PlaneCell) -> None:
        """Outline a receptive field, and dim what lies outside it."""
        seen = self.box_rect(first, last)
        outside = QRegion(self.rect.toRect()).subtracted(QRegion(seen.toRect()))
        painter.save()
        painter.setClipRegion(outside)
        painter.fillRect(self.rect, QColor(0, 0, 0, 110))
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor("#ffffff"), 1.6, Qt.PenStyle.DashLine))
        painter.drawRect(seen)

    def paint_outline(self, painter: QPainter, ink: Ink, rect: QRectF) -> None:
        """Outline a part, so that it is seen on every colour."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor(0, 0, 0, 150), 3.6), (ink.window, 2.0)):
            painter.setPen(
                QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.MiterJoin)
            )
            painter.drawRect(rect)
