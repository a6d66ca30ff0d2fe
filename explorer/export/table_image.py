"""A table of stages as a picture, in the manner of printed ones: three rules, no boxes, tall brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from explorer import numbers
from explorer.diagram import Kind
from explorer.drawing import Theme
from explorer.drawing.legend import Mark
from explorer.drawing.theme import advance, font
from explorer.present.stage_table import Cell, Run, StageTable

_TYPE, _LINE = 13.0, 18.0
_BRACKET, _INSIDE = 5.0, 7.0  # width of a bracket, and the room within
_APART = 7.0  # between what is below each other in one cell
_COLUMN, _ROW, _TALL_ROW, _EDGE = 26.0, 9.0, 16.0, 6.0


@dataclass(frozen=True)
class _Row:
    cells: tuple[Cell, ...]
    y: float
    height: float
    bold: bool


class TableImage:
    """What `Sheet` puts on a page."""

    legend: Sequence[Kind | Mark] = ()

    def __init__(self, table: StageTable) -> None:
        rows: list[tuple[tuple[Cell, ...], bool]] = [(table.header, True)]
        rows += [(row, False) for row in table.rows]
        rows += [(row, False) for row in table.totals]
        self._counts = [all(isinstance(row[n], int) for row in table.rows) for n in range(len(table.header))]
        self._widths = [max(_size(_held(row, n), bold)[0] for row, bold in rows) for n in range(len(table.header))]
        self._tall = any(isinstance(cell, tuple) for row in table.rows for cell in row)
        self._rows: list[_Row] = []
        self._rules = [0.0]
        y = _EDGE
        for number, (cells, bold) in enumerate(rows):
            spare = _TALL_ROW if self._tall and 0 < number <= len(table.rows) else _ROW
            height = max(_size(cell, bold)[1] for cell in cells) + spare
            self._rows.append(_Row(cells, y, height, bold))
            y += height
            if number in (0, len(table.rows)):
                y += _EDGE
                self._rules.append(y)
                y += _EDGE
        y += _EDGE
        self._rules.append(y)
        self.width = sum(self._widths) + _COLUMN * (len(self._widths) - 1) + 2 * _EDGE
        self.height = y

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        for number, y in enumerate(self._rules):
            heavy = number in (0, len(self._rules) - 1)
            painter.setPen(QPen(theme.of("text"), 1.6 if heavy else 0.8))
            painter.drawLine(QPointF(0, y), QPointF(self.width, y))
        for row in self._rows:
            if row.y > exposed.bottom() or row.y + row.height < exposed.top():
                continue
            if self._tall and row.y > self._rules[1] + _EDGE and row.y < self._rules[2]:
                painter.setPen(QPen(theme.of("border"), 0.8))
                painter.drawLine(QPointF(0, row.y), QPointF(self.width, row.y))
            x = _EDGE
            for number, (cell, width) in enumerate(zip(row.cells, self._widths, strict=True)):
                self._paint_cell(painter, theme, cell, row, QRectF(x, row.y, width, row.height), number)
                x += width + _COLUMN

    def _paint_cell(self, painter: QPainter, theme: Theme, cell: Cell, row: _Row, room: QRectF, column: int) -> None:
        painter.setFont(font(_TYPE, row.bold))
        painter.setPen(theme.of("text"))
        width, height = _size(cell, row.bold)
        y = room.center().y() - height / 2
        if not isinstance(cell, tuple):
            spare = room.width() - width
            left = room.left() + (spare if self._counts[column] else 0.0 if column < 2 else spare / 2)
            painter.drawText(QPointF(left, y + 13.5), _text(cell))
            return
        for run in cell:
            wide, high = _run_size(run)
            _paint_run(painter, theme, run, QPointF(room.center().x() - wide / 2, y))
            y += high + _apart(run)


def _paint_run(painter: QPainter, theme: Theme, run: Run, at: QPointF) -> None:
    wide = max(advance(line, _TYPE) for line in run.lines)
    left = at.x() + (_BRACKET + _INSIDE if run.bracketed else 0.0)
    for number, line in enumerate(run.lines):
        painter.drawText(QPointF(left + (wide - advance(line, _TYPE)) / 2, at.y() + _LINE * number + 13.5), line)
    if not run.bracketed:
        return
    height = _LINE * len(run.lines)
    right = left + wide + _INSIDE + _BRACKET
    painter.drawText(QPointF(right + 5, at.y() + height / 2 + 4.7), run.count.strip())
    pen = QPen(theme.of("text"), 1.2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    top, bottom = at.y() + 0.5, at.y() + height - 0.5
    for edge, inward in ((at.x(), _BRACKET), (right, -_BRACKET)):
        painter.drawPolyline(
            [
                QPointF(edge + inward, top),
                QPointF(edge, top),
                QPointF(edge, bottom),
                QPointF(edge + inward, bottom),
            ]
        )
    painter.setPen(theme.of("text"))


def _size(cell: Cell, bold: bool) -> tuple[float, float]:
    if not isinstance(cell, tuple):
        return advance(_text(cell), _TYPE, bold), _LINE
    sizes = [_run_size(run) for run in cell]
    height = sum(high for _, high in sizes) + sum(map(_apart, cell[:-1])) if sizes else _LINE
    return max((wide for wide, _ in sizes), default=0.0), height


def _run_size(run: Run) -> tuple[float, float]:
    width = max(advance(line, _TYPE) for line in run.lines)
    if run.bracketed:
        width += 2 * (_BRACKET + _INSIDE) + (5 + advance(run.count.strip(), _TYPE) if run.count else 0)
    return width, _LINE * len(run.lines)


def _apart(run: Run) -> float:
    """Room below a run that is not the last of its cell."""
    return _APART if run.bracketed else 2.0


def _held(row: tuple[Cell, ...], column: int) -> Cell:
    """What needs the column's width: the words of a total may reach into an empty column beside them."""
    return "" if column == 0 and len(row) > 1 and row[1] == "" else row[column]


def _text(cell: str | int) -> str:
    return numbers.short(cell) if isinstance(cell, int) else cell
