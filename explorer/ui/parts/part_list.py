"""The list of parts by family, which can be dragged onto the diagram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QListView, QStyledItemDelegate, QStyleOptionViewItem

from explorer.base.languages import tr
from explorer.drawing import DARK, LIGHT
from explorer.ui.base import appearance
from explorer.ui.canvas.gestures import OWN_FORMATS
from explorer.ui.parts.carried_block import drag_above_pointer
from explorer.ui.widgets.list_rows import paint_row_background
from explorer.viewmodels.parts import PartRow, group_by_family

#: What a part that is dragged is carried as: its key, in UTF-8.
PART_MIME = f"{OWN_FORMATS}part"
#: Role of the model: the row of a part; None for the name of a family.
PART_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


class PartModel(QStandardItemModel):
    """The parts that match what is looked for, under the names of their families."""

    def show_rows(self, rows: tuple[PartRow, ...], query: str) -> None:
        """List the parts that match."""
        self.clear()
        families = group_by_family(rows, query)
        for family, members in families.items():
            self._append_heading(family)
            self.append_parts(members)
        if not families:
            self._append_heading(tr("Nothing matches.") if rows else tr("No block can be taken from here."))

    def _append_heading(self, text: str) -> None:
        header = QStandardItem(text)
        header.setFlags(Qt.ItemFlag.NoItemFlags)
        self.appendRow(header)

    def append_parts(self, members: Iterable[PartRow]) -> None:
        """Append an item for each part."""
        for row in members:
            item = QStandardItem(row.title)
            item.setData(row, PART_ROLE)
            item.setToolTip(row.sentence)
            item.setData(row.sentence, Qt.ItemDataRole.AccessibleDescriptionRole)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
            self.appendRow(item)

    def parts(self) -> Iterator[tuple[QModelIndex, PartRow]]:
        """Yield the listed parts with their places."""
        for number in range(self.rowCount()):
            index = self.index(number, 0)
            if isinstance(index.data(PART_ROLE), PartRow):
                yield index, index.data(PART_ROLE)

    def mimeTypes(self) -> list[str]:
        return [PART_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        keys = [index.data(PART_ROLE).key for index in indexes if isinstance(index.data(PART_ROLE), PartRow)]
        if keys:
            data.setData(PART_MIME, keys[0].encode())
        return data


class PartView(QListView):
    """The list, from which a part is dragged as its row."""

    def startDrag(self, actions: Qt.DropAction) -> None:
        index = self.currentIndex()
        drag_above_pointer(self, self.model().mimeData([index]), self.viewport().grab(self.visualRect(index)))


class PartDelegate(QStyledItemDelegate):
    """Paints a part as two lines beside a mark in the colour of its cards; a family as a small heading."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = QFontMetricsF(option.font).height()
        return QSize(100, round(line * (2.1 if index.data(PART_ROLE) else 1.6)) + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row, c = index.data(PART_ROLE), appearance.current_colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect).adjusted(10, 4, -8, -4)
        if not isinstance(row, PartRow):
            _paint_line(painter, area.adjusted(0, 4, 0, 0), str(index.data()), _font(option.font, 0.9, True), c.muted)
            painter.restore()
            return
        is_current = bool(option.state & option.state.State_Selected)
        paint_row_background(painter, option, c, current=is_current)
        mark = QRectF(area.left() + 2, area.center().y() - 9, 18, 18)
        paint_mark(painter, mark, row)
        area, half = area.adjusted(30, 0, 0, 0), area.height() / 2
        _paint_line(painter, area.adjusted(0, 0, 0, -half), row.title, _font(option.font, 1.0, True), c.text)
        _paint_line(painter, area.adjusted(0, half, 0, 0), row.sentence, _font(option.font, 0.88, False), c.muted)
        painter.restore()


def paint_mark(painter: QPainter, area: QRectF, row: PartRow) -> None:
    """Paint a small card in the colour of its kind: one for a layer, three in a row for a block."""
    app = QApplication.instance()
    theme = DARK if isinstance(app, QApplication) and appearance.is_dark(app) else LIGHT
    colour = theme.kind_colour(row.kind)
    fill = QColor(colour)
    fill.setAlphaF(0.25)
    painter.setPen(colour)
    painter.setBrush(fill)
    count = 3 if row.kind == "block" else 1
    height = (area.height() - 3 * (count - 1)) / count
    for number in range(count):
        part = QRectF(area.left(), area.top() + number * (height + 3), area.width(), height)
        painter.drawRoundedRect(part.adjusted(0.5, 0.5, -0.5, -0.5), 2.5, 2.5)


def _paint_line(painter: QPainter, area: QRectF, text: str, font: QFont, colour: str) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def _font(font: QFont, factor: float, bold: bool) -> QFont:
    made = QFont(font)
    made.setBold(bold)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    return made
