"""A table of stages as a picture in the style of printed tables: three rules, no boxes, tall brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from explorer.base import number_format
from explorer.drawing import Theme
from explorer.drawing.legend import LegendMark
from explorer.drawing.picture import Announce, no_announcement
from explorer.drawing.theme import diagram_font, draw_text, text_width
from explorer.presenters.stage_rows import LayerRun
from explorer.presenters.stage_table import Cell, StageTable
from explorer.viewmodels.diagram import Kind

_TEXT_PX, _LINE_HEIGHT = 13.0, 18.0
_BRACKET_WIDTH, _BRACKET_PADDING = 5.0, 7.0  # width of a bracket, and the room within
_RUN_GAP = 7.0  # between what is below each other in one cell
_COLUMN_GAP, _ROW_PADDING, _TALL_ROW_PADDING, _RULE_GAP = 26.0, 9.0, 16.0, 6.0


@dataclass(frozen=True)
class _TableRow:
    cells: tuple[Cell, ...]
    y: float
    height: float
    is_header: bool


class TableImage:
    """Sheet content that shows a table of stages."""

    legend: Sequence[Kind | LegendMark] = ()

    def __init__(self, table: StageTable) -> None:
        rows: list[tuple[tuple[Cell, ...], bool]] = [(table.header, True)]
        rows += [(row, False) for row in table.rows]
        rows += [(row, False) for row in table.total_rows]
        self._count_columns = [all(isinstance(row[n], int) for row in table.rows) for n in range(len(table.header))]
        self._widths = [
            max(_cell_size(_width_cell(row, n), bold)[0] for row, bold in rows) for n in range(len(table.header))
        ]
        self._has_tall_rows = any(isinstance(cell, tuple) for row in table.rows for cell in row)
        self._rows: list[_TableRow] = []
        self._rules = [0.0]
        y = _RULE_GAP
        for number, (cells, bold) in enumerate(rows):
            spare = _TALL_ROW_PADDING if self._has_tall_rows and 0 < number <= len(table.rows) else _ROW_PADDING
            height = max(_cell_size(cell, bold)[1] for cell in cells) + spare
            self._rows.append(_TableRow(cells, y, height, bold))
            y += height
            if number in (0, len(table.rows)):
                y += _RULE_GAP
                self._rules.append(y)
                y += _RULE_GAP
        y += _RULE_GAP
        self._rules.append(y)
        self.width = sum(self._widths) + _COLUMN_GAP * (len(self._widths) - 1) + 2 * _RULE_GAP
        self.height = y

    def paint(
        self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, *, announce: Announce = no_announcement
    ) -> None:
        """Paint the rows that intersect the exposed part."""
        for number, y in enumerate(self._rules):
            heavy = number in (0, len(self._rules) - 1)
            painter.setPen(QPen(theme.named_colour("text"), 1.6 if heavy else 0.8))
            painter.drawLine(QPointF(0, y), QPointF(self.width, y))
        for row in self._rows:
            if row.y > exposed.bottom() or row.y + row.height < exposed.top():
                continue
            if self._has_tall_rows and row.y > self._rules[1] + _RULE_GAP and row.y < self._rules[2]:
                painter.setPen(QPen(theme.named_colour("border"), 0.8))
                painter.drawLine(QPointF(0, row.y), QPointF(self.width, row.y))
            x = _RULE_GAP
            for number, (cell, width) in enumerate(zip(row.cells, self._widths, strict=True)):
                self._paint_cell(painter, theme, cell, row, QRectF(x, row.y, width, row.height), number)
                x += width + _COLUMN_GAP

    def _paint_cell(
        self, painter: QPainter, theme: Theme, cell: Cell, row: _TableRow, room: QRectF, column: int
    ) -> None:
        painter.setFont(diagram_font(_TEXT_PX, row.is_header))
        painter.setPen(theme.named_colour("text"))
        width, height = _cell_size(cell, row.is_header)
        y = room.center().y() - height / 2
        if not isinstance(cell, tuple):
            spare = room.width() - width
            left = room.left() + (spare if self._count_columns[column] else 0.0 if column < 2 else spare / 2)
            draw_text(painter, QPointF(left, y + 13.5), _cell_text(cell))
            return
        for run in cell:
            wide, high = _run_size(run)
            _paint_run(painter, theme, run, QPointF(room.center().x() - wide / 2, y))
            y += high + _gap_after(run)


def _paint_run(painter: QPainter, theme: Theme, run: LayerRun, at: QPointF) -> None:
    wide = max(text_width(line, _TEXT_PX) for line in run.lines)
    left = at.x() + (_BRACKET_WIDTH + _BRACKET_PADDING if run.is_bracketed else 0.0)
    for number, line in enumerate(run.lines):
        draw_text(
            painter,
            QPointF(left + (wide - text_width(line, _TEXT_PX)) / 2, at.y() + _LINE_HEIGHT * number + 13.5),
            line,
        )
    if not run.is_bracketed:
        return
    height = _LINE_HEIGHT * len(run.lines)
    right = left + wide + _BRACKET_PADDING + _BRACKET_WIDTH
    draw_text(painter, QPointF(right + 5, at.y() + height / 2 + 4.7), run.count_text.strip())
    pen = QPen(theme.named_colour("text"), 1.2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    top, bottom = at.y() + 0.5, at.y() + height - 0.5
    for edge, inward in ((at.x(), _BRACKET_WIDTH), (right, -_BRACKET_WIDTH)):
        painter.drawPolyline(
            [
                QPointF(edge + inward, top),
                QPointF(edge, top),
                QPointF(edge, bottom),
                QPointF(edge + inward, bottom),
            ]
        )
    painter.setPen(theme.named_colour("text"))


def _cell_size(cell: Cell, bold: bool) -> tuple[float, float]:
    if not isinstance(cell, tuple):
        return text_width(_cell_text(cell), _TEXT_PX, bold), _LINE_HEIGHT
    sizes = [_run_size(run) for run in cell]
    height = sum(high for _, high in sizes) + sum(map(_gap_after, cell[:-1])) if sizes else _LINE_HEIGHT
    return max((wide for wide, _ in sizes), default=0.0), height


def _run_size(run: LayerRun) -> tuple[float, float]:
    width = max(text_width(line, _TEXT_PX) for line in run.lines)
    if run.is_bracketed:
        width += 2 * (_BRACKET_WIDTH + _BRACKET_PADDING) + (
            5 + text_width(run.count_text.strip(), _TEXT_PX) if run.count_text else 0
        )
    return width, _LINE_HEIGHT * len(run.lines)


def _gap_after(run: LayerRun) -> float:
    """Room below a run that is not the last of its cell."""
    return _RUN_GAP if run.is_bracketed else 2.0


def _width_cell(row: tuple[Cell, ...], column: int) -> Cell:
    """What needs the column's width: the words of a total may reach into an empty column beside them."""
    return "" if column == 0 and len(row) > 1 and row[1] == "" else row[column]


def _cell_text(cell: str | int) -> str:
    return number_format.format_short(cell) if isinstance(cell, int) else cell
