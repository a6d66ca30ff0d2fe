"""A grid of numbers as coloured cells: a patch, a kernel, their products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from explorer.drawing.theme import text_width
from explorer.ui.arithmetic.ink import Ink, Pixels, font, short_number, text_on, tiny_number
from explorer.ui.widgets import colour_maps
from explorer.viewmodels.number_planes import PlaneCell

READABLE_CELL = 22.0  # pixels of a cell from which on it has its number
_ROOMY = 34.0  # from which on it has all its digits
_LINED = 5.0  # from which on cells are apart


class NumberGrid:
    """Where a grid of rows × columns stands, and how its cells are painted: all colours as one image, which is fast."""

    def __init__(self, rect: QRectF, rows: int, columns: int) -> None:
        cell = min(rect.width() / columns, rect.height() / rows)
        self.cell, self.rows, self.columns = cell, rows, columns
        self.rect = QRectF(
            rect.x() + (rect.width() - cell * columns) / 2,
            rect.y() + (rect.height() - cell * rows) / 2,
            cell * columns,
            cell * rows,
        )

    def cell_rect(self, cell: PlaneCell) -> QRectF:
        """Return the rectangle of a cell."""
        return QRectF(self.rect.x() + cell[1] * self.cell, self.rect.y() + cell[0] * self.cell, self.cell, self.cell)

    def cell_at(self, point: QPointF) -> PlaneCell | None:
        """Return the cell at a point; None outside."""
        if not self.rect.contains(point):
            return None
        row, column = int((point.y() - self.rect.y()) / self.cell), int((point.x() - self.rect.x()) / self.cell)
        return min(row, self.rows - 1), min(column, self.columns - 1)

    def paint(
        self,
        painter: QPainter,
        ink: Ink,
        values: NDArray[Any],
        pixels: Pixels,
        *,
        present: NDArray[np.bool_] | None = None,
        lit: int | None = None,
    ) -> None:
        """Paint the numbers over their colours, both of the grid's shape. Those not `present` (padding) are hatched;
        from the `lit`-th on they are left empty."""
        pixels = pixels.reshape(self.rows, self.columns, 3).copy()
        ground = QColor(ink.colours.background)
        is_empty = np.zeros((self.rows, self.columns), np.bool_)
        if lit is not None:
            is_empty.ravel()[lit:] = True
        missing = np.zeros_like(is_empty) if present is None else ~present
        pixels[is_empty | missing] = (ground.red(), ground.green(), ground.blue())
        painter.drawImage(self.rect, colour_maps.rgb_to_image(pixels))
        for cell in np.argwhere(missing):
            painter.fillRect(self.cell_rect((cell[0], cell[1])), QBrush(ink.border, Qt.BrushStyle.BDiagPattern))
        if self.cell >= READABLE_CELL:
            self._paint_numbers(painter, ink, np.where(missing, 0.0, values), pixels, is_empty)
        self._paint_lines(painter, ink)

    def _paint_numbers(
        self, painter: QPainter, ink: Ink, values: NDArray[Any], pixels: Pixels, is_empty: NDArray[np.bool_]
    ) -> None:
        write = short_number if self.cell >= _ROOMY else tiny_number
        longest = text_width("−0.00" if self.cell >= _ROOMY else "−.00", 10.0) / 10  # in heights of the type
        painter.setFont(font(min(max(min(self.cell * 0.36, (self.cell - 4) / longest), 9.0), 15.0)))
        for row in range(self.rows):
            for column in range(self.columns):
                if not is_empty[row, column]:
                    painter.setPen(text_on(QColor(*map(int, pixels[row, column]))))
                    text = write(float(values[row, column]))
                    painter.drawText(self.cell_rect((row, column)), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_lines(self, painter: QPainter, ink: Ink) -> None:
        painter.setPen(QPen(ink.border, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect)
        if self.cell < _LINED:
            return
        painter.setPen(QPen(QColor(ink.colours.surface), 1))
        left, top, right, bottom = self.rect.left(), self.rect.top(), self.rect.right(), self.rect.bottom()
        across = [QLineF(left + at * self.cell, top, left + at * self.cell, bottom) for at in range(1, self.columns)]
        down = [QLineF(left, top + at * self.cell, right, top + at * self.cell) for at in range(1, self.rows)]
        painter.drawLines(across + down)

    def paint_mark(self, painter: QPainter, ink: Ink, cell: PlaneCell) -> None:
        """Outline one cell."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink.window, 2))
        painter.drawRect(self.cell_rect(cell))


def paint_cell(
    painter: QPainter, ink: Ink, rect: QRectF, value: float, ground: QColor, caption: str = "", pixels: float = 15
) -> None:
    """Paint one number as a large cell, with a caption below that goes on to the right."""
    painter.setPen(QPen(ink.border, 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, 5, 5)
    ink.draw_text(painter, rect, short_number(value), pixels, bold=True, colour=text_on(ground))
    if caption:
        below = QRectF(rect.x(), rect.bottom() + 3, rect.width(), 16)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        ink.draw_text(painter, below, caption, 11, colour=ink.muted, align=left)
