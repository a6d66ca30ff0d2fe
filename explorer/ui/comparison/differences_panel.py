"""List of the differences between two networks, with the parameters and MACs that each adds or saves."""

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

from explorer.base import number_format
from explorer.base.languages import tr, tr_noop
from explorer.ui.base import appearance
from explorer.ui.base.live_texts import live_text
from explorer.ui.widgets.labels import text_label
from explorer.ui.widgets.list_rows import build_list_view

if TYPE_CHECKING:
    from explorer.presenters.differences import Difference, Differences

_ROW_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class DifferencesPanel(QWidget):
    """Panel with a headline, the differences and buttons to copy them."""

    difference_selected = Signal(object)  # the Difference one wants to look at

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._differences: Differences | None = None
        self._titles = ("", "")
        self.headline_label = text_label("")
        self.model = QStandardItemModel(self)
        self.list_view = self._make_view()
        self.copy_text_button = self._build_copy_button(tr_noop("Copy as text"), self._as_text)
        self.copy_csv_button = self._build_copy_button(tr_noop("Copy as CSV"), self._as_csv)
        row = QHBoxLayout()
        row.addWidget(self.copy_text_button)
        row.addWidget(self.copy_csv_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.headline_label)
        column.addWidget(self.list_view, 1)
        column.addLayout(row)
        self.show_differences(None, "", "")

    def sizeHint(self) -> QSize:
        return QSize(330, 500)

    def show_differences(self, differences: Differences | None, left: str, right: str) -> None:
        """Show the differences between networks of these titles; None shows how to start a comparison."""
        self._differences, self._titles = differences, (left, right)
        self.model.clear()
        for button in (self.copy_text_button, self.copy_csv_button):
            button.setEnabled(differences is not None)
        if differences is None:
            self.headline_label.setText(
                tr("Compare with the baseline (Ctrl+Shift+B) or another network (Ctrl+Shift+K).")
            )
            return
        from explorer.presenters.difference_text import difference_headline

        self.headline_label.setText(f"{left} → {right}\n{difference_headline(differences)}")
        for row in differences.rows:
            self.model.appendRow(_build_item(row))

    def _make_view(self) -> QListView:
        view = build_list_view(
            self.model,
            self._select,
            tr_noop("Differences"),
            tr_noop("Press Enter to show a difference in both diagrams"),
        )
        view.setItemDelegate(_DifferenceDelegate(view))
        view.setUniformItemSizes(True)
        return view

    def _select(self, index: QModelIndex) -> None:
        if index.isValid():
            self.difference_selected.emit(index.data(_ROW_ROLE))

    def _build_copy_button(self, text: str, format_differences: Callable[[], str]) -> QPushButton:
        button = live_text(QPushButton(), QPushButton.setText, text)
        live_text(button, QWidget.setToolTip, "Copy the whole list to the clipboard")
        button.clicked.connect(lambda: QGuiApplication.clipboard().setText(format_differences()))
        return button

    def _as_text(self) -> str:
        from explorer.presenters.difference_text import differences_as_text

        return differences_as_text(self._differences, *self._titles) if self._differences is not None else ""

    def _as_csv(self) -> str:
        from explorer.presenters.difference_text import differences_as_csv

        return differences_as_csv(self._differences) if self._differences is not None else ""


def _build_item(row: Difference) -> QStandardItem:
    from explorer.presenters.difference_text import difference_sentence

    params, macs = number_format.format_signed(row.params), number_format.format_signed(row.macs)
    figures = tr("{params} parameters, {macs} MACs", params=params, macs=macs)
    item = QStandardItem(row.location)
    item.setData(row, _ROW_ROLE)
    item.setToolTip(
        "\n".join(filter(None, (row.location, difference_sentence(row), row.details.replace(", ", "\n"), figures)))
    )
    item.setData(
        f"{row.change}: {row.location}, {difference_sentence(row)}, {figures}", Qt.ItemDataRole.AccessibleTextRole
    )
    return item


class _DifferenceDelegate(QStyledItemDelegate):
    """Two lines: sign, place and parameters; what it is now and was."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(100, round(QFontMetricsF(option.font).height() * 2.1) + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        from explorer.presenters.difference_text import CHANGE_SIGNS, difference_sentence

        c = appearance.current_colours()
        row: Difference = index.data(_ROW_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_background(painter, option)
        area = QRectF(option.rect).adjusted(10, 5, -10, -5)
        upper, lower = QRectF(area), QRectF(area)
        upper.setBottom(area.center().y())
        lower.setTop(area.center().y())
        bold = QFont(option.font)
        bold.setBold(True)
        sign = {"added": c.decrease, "removed": c.increase, "changed": c.accent}[row.change]
        _draw_elided(painter, upper, CHANGE_SIGNS[row.change], sign, bold)
        figure = tr("{params} params", params=number_format.format_signed(row.params)) if row.params else ""
        colour = c.increase if row.params > 0 else c.decrease
        room = _draw_elided(painter, upper, figure, colour, option.font, right=True)
        _draw_elided(painter, upper.adjusted(18, 0, -room - 8, 0), row.location, c.text, bold)
        small = QFont(option.font)
        small.setPointSizeF(max(small.pointSizeF() * 0.88, 1.0))
        figure = f"{number_format.format_signed(row.macs)} MACs" if row.macs else ""
        room = _draw_elided(painter, lower, figure, c.increase if row.macs > 0 else c.decrease, small, right=True)
        _draw_elided(painter, lower.adjusted(18, 0, -room - 8, 0), difference_sentence(row), c.muted, small)
        painter.restore()


def _paint_background(painter: QPainter, option: QStyleOptionViewItem) -> None:
    under = QColor(appearance.current_colours().accent)
    chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    under.setAlphaF(0.16 if chosen else 0.06 if option.state & QStyle.StateFlag.State_MouseOver else 0.0)
    focus = option.state & QStyle.StateFlag.State_HasFocus
    painter.setPen(QPen(QColor(appearance.current_colours().accent), 1) if focus else Qt.PenStyle.NoPen)
    painter.setBrush(under)
    painter.drawRoundedRect(QRectF(option.rect).adjusted(3.5, 1.5, -3.5, -1.5), 5, 5)


def _draw_elided(painter: QPainter, area: QRectF, text: str, colour: str, font: QFont, *, right: bool = False) -> float:
    """Write on one line, cut in the middle where there is no room; how wide it became."""
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, max(area.width(), 0.0))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | side, shown)
    return metrics.horizontalAdvance(shown)
