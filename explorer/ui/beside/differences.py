"""The list of differences: what was changed, added and removed, with what that costs or saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QPainter,
    QPen,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from explorer import numbers
from explorer.ui import appearance
from explorer.ui.controls import label

if TYPE_CHECKING:
    from explorer.present.differences import Difference, Differences

_ROW = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class DifferencesPanel(QWidget):
    chosen = Signal(object)  # the Difference one wants to look at

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Differences | None = None
        self._titles = ("", "")
        self.headline = label("")
        self.model = QStandardItemModel(self)
        self.view = self._make_view()
        self.copy_text = self._button("Copy as text", lambda text: text.as_text(self._found, *self._titles))
        self.copy_csv = self._button("Copy as CSV", lambda text: text.as_csv(self._found))
        row = QHBoxLayout()
        row.addWidget(self.copy_text)
        row.addWidget(self.copy_csv)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.headline)
        column.addWidget(self.view, 1)
        column.addLayout(row)
        self.show_differences(None, "", "")

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def show_differences(self, found: Differences | None, left: str, right: str) -> None:
        self._found, self._titles = found, (left, right)
        self.model.clear()
        for button in (self.copy_text, self.copy_csv):
            button.setEnabled(found is not None)
        if found is None:
            self.headline.setText("Put the baseline (Ctrl+Shift+B) or another network (Ctrl+Shift+K) beside this one.")
            return
        from explorer.present.difference_text import headline

        self.headline.setText(f"{left} → {right}\n{headline(found)}")
        for row in found.rows:
            self.model.appendRow(_item(row))

    def _make_view(self) -> QListView:
        made = QListView()
        made.setModel(self.model)
        made.setItemDelegate(_Delegate(made))
        made.setUniformItemSizes(True)
        made.setFrameShape(QListView.Shape.NoFrame)
        made.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        made.setMinimumHeight(90)
        made.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        made.setAccessibleName("Differences")
        made.setAccessibleDescription("Enter shows a difference in both diagrams")
        made.clicked.connect(self._choose)
        made.activated.connect(self._choose)
        return made

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(_ROW))

    def _button(self, text: str, make: Callable[..., str]) -> QPushButton:
        def copy() -> None:
            from explorer.present import difference_text

            QGuiApplication.clipboard().setText(make(difference_text))

        made = QPushButton(text)
        made.setToolTip(f"{text}: the whole list, to paste elsewhere")
        made.clicked.connect(copy)
        return made


def _item(row: Difference) -> QStandardItem:
    from explorer.present.difference_text import sentence

    figures = f"{numbers.signed(row.params)} parameters, {numbers.signed(row.macs)} MACs"
    item = QStandardItem(row.place)
    item.setData(row, _ROW)
    item.setToolTip("\n".join(filter(None, (row.place, sentence(row), row.details.replace(", ", "\n"), figures))))
    item.setData(f"{row.what}: {row.place}, {sentence(row)}, {figures}", Qt.ItemDataRole.AccessibleTextRole)
    return item


class _Delegate(QStyledItemDelegate):
    """Two lines: sign, place and parameters; what it is now and was."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(100, round(QFontMetricsF(option.font).height() * 2.1) + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        from explorer.present.difference_text import SIGNS, sentence

        c, row = appearance.colours(), index.data(_ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option)
        area = QRectF(option.rect).adjusted(10, 5, -10, -5)
        upper, lower = QRectF(area), QRectF(area)
        upper.setBottom(area.center().y())
        lower.setTop(area.center().y())
        bold = QFont(option.font)
        bold.setBold(True)
        sign = {"added": c.less, "removed": c.more, "changed": c.accent}[row.what]
        _write(painter, upper, SIGNS[row.what], sign, bold)
        figure = f"{numbers.signed(row.params)} params" if row.params else ""
        colour = c.more if row.params > 0 else c.less
        room = _write(painter, upper, figure, colour, option.font, right=True)
        _write(painter, upper.adjusted(18, 0, -room - 8, 0), row.place, c.text, bold)
        small = QFont(option.font)
        small.setPointSizeF(max(small.pointSizeF() * 0.88, 1.0))
        figure = f"{numbers.signed(row.macs)} MACs" if row.macs else ""
        room = _write(painter, lower, figure, c.more if row.macs > 0 else c.less, small, right=True)
        _write(painter, lower.adjusted(18, 0, -room - 8, 0), sentence(row), c.muted, small)
        painter.restore()


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    under = QColor(appearance.colours().accent)
    chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    under.setAlphaF(0.16 if chosen else 0.06 if option.state & QStyle.StateFlag.State_MouseOver else 0.0)
    focus = option.state & QStyle.StateFlag.State_HasFocus
    painter.setPen(QPen(QColor(appearance.colours().accent), 1) if focus else Qt.PenStyle.NoPen)
    painter.setBrush(under)
    painter.drawRoundedRect(QRectF(option.rect).adjusted(3.5, 1.5, -3.5, -1.5), 5, 5)


def _write(painter: QPainter, area: QRectF, text: str, colour: str, font: QFont, *, right: bool = False) -> float:
    """Write on one line, cut in the middle where there is no room; how wide it became."""
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(area.width(), 0.0))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)
    return metrics.horizontalAdvance(shown)
