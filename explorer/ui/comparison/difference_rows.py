"""How rows of the list of differences are painted: blocks in one line, differences in two."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from explorer.base import number_format
from explorer.base.languages import tr
from explorer.ui.base import appearance
from explorer.ui.widgets.list_rows import paint_row_background

#: Holds the `Difference` of a row, or the `DifferenceGroup` of a block.
ROW_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class DifferenceDelegate(QStyledItemDelegate):
    """A block: its title and what it adds. A difference: sign, place and parameters; below, what it is now and was."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        lines = 2.1 if index.parent().isValid() else 1.2
        return QSize(100, round(QFontMetricsF(option.font).height() * lines) + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        paint_row_background(painter, option, appearance.current_colours(), current=chosen)
        area = QRectF(option.rect).adjusted(8, 5, -10, -5)
        if index.parent().isValid():
            _paint_difference(painter, area, option.font, index)
        else:
            _paint_group(painter, area, option.font, index)
        painter.restore()


def _paint_group(painter: QPainter, area: QRectF, font: QFont, index: _Index) -> None:
    c, group = appearance.current_colours(), index.data(ROW_ROLE)
    room = _draw_change(painter, area, group.params, font)
    _draw_elided(painter, area.adjusted(0, 0, -room - 8, 0), index.data(), c.text, _bold(font))


def _paint_difference(painter: QPainter, area: QRectF, font: QFont, index: _Index) -> None:
    from explorer.presenters.difference_text import CHANGE_SIGNS, difference_sentence

    c, row = appearance.current_colours(), index.data(ROW_ROLE)
    upper, lower = QRectF(area), QRectF(area)
    upper.setBottom(area.center().y())
    lower.setTop(area.center().y())
    sign = {"added": c.decrease, "removed": c.increase, "changed": c.accent}[row.change]
    _draw_elided(painter, upper, CHANGE_SIGNS[row.change], sign, _bold(font))
    room = _draw_change(painter, upper, row.params, font)
    _draw_elided(painter, upper.adjusted(18, 0, -room - 8, 0), row.location, c.text, font)
    small = QFont(font)
    small.setPointSizeF(max(small.pointSizeF() * 0.88, 1.0))
    figure = f"{number_format.format_signed(row.macs)} MACs" if row.macs else ""
    room = _draw_elided(painter, lower, figure, c.increase if row.macs > 0 else c.decrease, small, right=True)
    _draw_elided(painter, lower.adjusted(18, 0, -room - 8, 0), difference_sentence(row), c.muted, small)


def _draw_change(painter: QPainter, area: QRectF, params: int, font: QFont) -> float:
    """Write what is added or saved at the right edge; how wide it became."""
    c = appearance.current_colours()
    figure = tr("{params} params", params=number_format.format_signed(params)) if params else ""
    return _draw_elided(painter, area, figure, c.increase if params > 0 else c.decrease, font, right=True)


def _draw_elided(painter: QPainter, area: QRectF, text: str, colour: str, font: QFont, *, right: bool = False) -> float:
    """Write on one line, cut in the middle where there is no room; how wide it became."""
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(area.width(), 0.0))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)
    return metrics.horizontalAdvance(shown)


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setBold(True)
    return made
