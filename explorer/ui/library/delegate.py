"""Painting of the list of networks: two lines for a network, one for a family."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from explorer.ui.base import appearance
from explorer.ui.base.appearance import Colours
from explorer.ui.library.network_filter import NetworkRow
from explorer.ui.widgets.list_rows import paint_row_background

#: Roles of the list's model: the key and the row of a network; whether it is the one that is open.
KEY, ROW, IS_OPEN = (Qt.ItemDataRole.UserRole + n for n in range(3))

_WIDEST_FIGURES = "88.8 M params · 88.8 M MACs · 88.8 % top-1"
_TITLE_X = 22.0  # where titles begin
_Index = QModelIndex | QPersistentModelIndex


class NetworkDelegate(QStyledItemDelegate):
    """Paints rows; the open network is tinted with a bar at its left, the current one is framed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = QFontMetricsF(option.font).height()
        return QSize(100, round(line * (2.1 if index.data(KEY) else 1.7)) + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row = index.data(ROW)
        c = appearance.current_colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_background(painter, option, c, bool(index.data(IS_OPEN)))
        area = QRectF(option.rect).adjusted(_TITLE_X, 4, -8, -4)
        if isinstance(row, NetworkRow):
            half = area.height() / 2
            _paint_text(painter, area.adjusted(0, 0, 0, -half), [row.title], _scaled(option.font, 1.0, True), c.text)
            small = _scaled(option.font, 0.88, False)
            fits = QFontMetricsF(small).horizontalAdvance(_WIDEST_FIGURES) <= area.width()
            said = row.figures if fits else row.brief
            _paint_text(painter, area.adjusted(0, half, 0, 0), [_whole_phrases(said, small, area)], small, c.muted)
        else:
            _paint_arrow(painter, area, c, bool(option.state & QStyle.StateFlag.State_Open))
            _paint_text(painter, area, str(index.data()).rsplit(" · ", 1), _scaled(option.font, 0.94, True), c.muted)
        painter.restore()

    def _paint_background(self, painter: QPainter, option: QStyleOptionViewItem, c: Colours, is_open: bool) -> None:
        area = paint_row_background(painter, option, c, current=is_open)
        if is_open:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.accent))
            painter.drawRoundedRect(QRectF(area.left() + 4, area.top() + 6, 3, area.height() - 12), 1.5, 1.5)


def _paint_arrow(painter: QPainter, area: QRectF, c: Colours, is_open: bool) -> None:
    x, y = area.left() - 10, area.center().y()
    down = [QPointF(x - 3.5, y - 2), QPointF(x, y + 2), QPointF(x + 3.5, y - 2)]
    right = [QPointF(x - 2, y - 3.5), QPointF(x + 2, y), QPointF(x - 2, y + 3.5)]
    painter.setPen(QPen(QColor(c.muted), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPolyline(QPolygonF(down if is_open else right))


def _whole_phrases(said: str, font: QFont, area: QRectF) -> str:
    """Return as many of the phrases as fit: half a number would mislead."""
    metrics = QFontMetricsF(font)
    while " · " in said and metrics.horizontalAdvance(said) > area.width():
        said = said.rsplit(" · ", 1)[0]
    return said


def _paint_text(painter: QPainter, area: QRectF, texts: list[str], font: QFont, colour: str) -> None:
    """Paint the first text at the left, elided if needed, and the second, if any, at the right."""
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    room = area.width()
    if len(texts) > 1:
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, texts[1])
        room -= metrics.horizontalAdvance(texts[1]) + 8
    text = metrics.elidedText(texts[0], Qt.TextElideMode.ElideRight, max(room, 0.0))
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _scaled(font: QFont, factor: float, bold: bool) -> QFont:
    made = QFont(font)
    made.setBold(bold)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    return made
