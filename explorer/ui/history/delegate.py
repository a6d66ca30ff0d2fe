"""Painting of the history: a line with a dot for each edit, filled up to the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.base.appearance import Colours
from explorer.ui.widgets.list_rows import paint_row_background

if TYPE_CHECKING:
    from explorer.presenters.history_rows import HistoryRow

#: Roles of the list's model: the row; its distance from the current one, negative before it.
HISTORY_ROW, ROW_OFFSET = (Qt.ItemDataRole.UserRole + n for n in range(2))

_LINE_X = 18.0  # where the line is
_TEXT_X = 34.0  # where texts begin
_Index = QModelIndex | QPersistentModelIndex
_TextRun = tuple[str, str]  # text and colour


class HistoryDelegate(QStyledItemDelegate):
    """Paints rows; the current one is tinted with a filled dot, those that can be redone are grey with rings."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(100, round(QFontMetricsF(option.font).height() * 2.1) + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        c, offset = appearance.current_colours(), int(index.data(ROW_OFFSET))
        area = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_background(painter, option, c, current=offset == 0)
        _paint_line(painter, area, c, offset, first=index.row() == 0, last=index.row() == index.model().rowCount() - 1)
        texts = area.adjusted(_TEXT_X, 5, -10, -5)
        half = texts.height() / 2
        title = QFont(option.font)
        title.setBold(offset == 0)
        _paint_runs(
            painter, texts.adjusted(0, 0, 0, -half), [(str(index.data()), c.muted if offset > 0 else c.text)], title
        )
        small = QFont(option.font)
        small.setPointSizeF(max(small.pointSizeF() * 0.88, 1.0))
        _paint_runs(painter, texts.adjusted(0, half, 0, 0), _change_runs(index, c), small)
        painter.restore()


def _paint_line(painter: QPainter, area: QRectF, c: Colours, offset: int, *, first: bool, last: bool) -> None:
    x, y = area.left() + _LINE_X, area.center().y()
    for end, wanted, done in ((area.top(), not first, offset <= 0), (area.bottom(), not last, offset < 0)):
        if wanted:
            painter.setPen(QPen(QColor(c.accent if done else c.previous), 2))
            painter.drawLine(QPointF(x, y), QPointF(x, end))
    painter.setPen(QPen(QColor(c.accent if offset <= 0 else c.muted), 2))
    painter.setBrush(QColor(c.accent if offset <= 0 else c.surface))
    radius = 5.5 if offset == 0 else 4.0
    painter.drawEllipse(QPointF(x, y), radius, radius)


def _change_runs(index: _Index, c: Colours) -> list[_TextRun]:
    """Return the changed figures of a row, coloured by increase and decrease; the totals for the baseline."""
    row: HistoryRow = index.data(HISTORY_ROW)
    offset = int(index.data(ROW_OFFSET))
    if index.row() == 0:
        params, macs = number_format.format_short(row.params), number_format.format_short(row.macs)
        return [(tr("{params} params · {macs} MACs", params=params, macs=macs), c.muted)]
    if not row.params_change and not row.macs_change:
        return [(tr("params and MACs unchanged"), c.muted)]
    runs: list[_TextRun] = []
    for change, unit in ((row.params_change, "params"), (row.macs_change, "MACs")):
        colour = c.muted if offset > 0 or not change else c.increase if change > 0 else c.decrease
        runs += [(" · ", c.muted)] if runs else []
        runs.append((f"{number_format.format_signed(change)} {unit}", colour))
    return runs


def _paint_runs(painter: QPainter, area: QRectF, runs: list[_TextRun], font: QFont) -> None:
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    for text, colour in runs:
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(area.width(), 0.0))
        painter.setPen(QColor(colour))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        area = area.adjusted(metrics.horizontalAdvance(text), 0, 0, 0)
