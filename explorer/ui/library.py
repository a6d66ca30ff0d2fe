"""The networks of the catalogue, by family in the order of their years, with a filter that understands figures."""

from __future__ import annotations

import operator
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from explorer import numbers
from explorer.ui import appearance

if TYPE_CHECKING:
    from explorer.networks.catalogue import Entry

_KEY = Qt.ItemDataRole.UserRole
_ROW = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Row:
    key: str
    title: str
    family: str
    year: int
    params: float
    macs: float
    top1: float | None
    tip: str

    @property
    def figures(self) -> str:
        top1 = f" · {self.top1:.1f} %" if self.top1 is not None else ""
        return f"{numbers.short(self.params)} params · {numbers.short(self.macs)} MACs{top1}"


def rows(entries: Iterable[Entry]) -> list[Row]:
    """What the list shows of the catalogue's entries."""
    return [Row(e.key, e.title, e.family, e.year, e.params, e.macs, e.top1, _tip(e)) for e in entries]


def _tip(entry: Entry) -> str:
    lines = [f"{entry.title} ({entry.year})", str(entry.paper)]
    if entry.top1 is not None:
        lines.append(f"Top-1 {entry.top1:g} %: {entry.top1_source}")
    if entry.note:
        lines.append(entry.note)
    return "\n".join(_wrapped(line) for line in lines)


def _wrapped(text: str, width: int = 76) -> str:
    return "\n".join(textwrap.wrap(text, width)) or text


def _said(choice: Any) -> str:
    return {True: "yes", False: "no"}[choice] if isinstance(choice, bool) else f"{choice:g}"


_COMPARISON = re.compile(r"(params|macs|flops|top1|year)(<=|>=|<|>|=)([\d.]+)([kmg]?)", re.IGNORECASE)
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
}
_FACTOR = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}


def matches(row: Row, text: str) -> bool:
    """Does a row hold every word of a filter? A word may be a comparison: "params<5M", "year>=2017"."""
    said = f"{row.title} {row.family} {row.key} {row.year}".casefold()
    return all(_matches_word(row, said, word) for word in text.casefold().split())


def _matches_word(row: Row, said: str, word: str) -> bool:
    found = _COMPARISON.fullmatch(word)
    if found is None:
        return word in said
    name, sign, digits, unit = found.groups()
    try:
        wanted = float(digits) * _FACTOR[unit]
    except ValueError:
        return False
    value = {"params": row.params, "macs": row.macs, "flops": 2 * row.macs, "top1": row.top1, "year": row.year}[name]
    return value is not None and _HOLDS[sign](value, wanted)


class LibraryPanel(QWidget):
    chosen = Signal(str)
    built = Signal(str, dict)  # the open network's key, and the options it should be built with

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()
        self._open = ""
        self._options = QFormLayout()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: name, year, params<10M …")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter networks")
        self.filter.setToolTip("Every word must match. Figures can be compared: params<5M macs>1G top1>75 year>=2017")
        self.filter.textChanged.connect(self._fill)
        self.filter.installEventFilter(self)
        self.model = QStandardItemModel(self)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setHeaderHidden(True)
        self.view.setRootIsDecorated(True)
        self.view.setIndentation(14)
        self.view.setFrameShape(QTreeView.Shape.NoFrame)
        self.view.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.view.setAccessibleName("Networks")
        self.view.setItemDelegate(_Delegate(self.view))
        self.view.clicked.connect(self._choose)
        self.view.installEventFilter(self)
        self.nothing = QLabel("No network matches.")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.clear = QPushButton("Clear the filter")
        self.clear.clicked.connect(self.filter.clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 4)
        column.addWidget(self.filter)
        column.addWidget(self.view, 1)
        column.addLayout(self._options)
        column.addWidget(self.nothing)
        column.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(280, 500)

    def show_entries(self, entries: Sequence[Row]) -> None:
        self._rows = entries
        self._fill()

    def mark_open(self, entry: Entry, options: Mapping[str, Any]) -> None:
        """Show which network is open, and the options it was built with."""
        self._open = entry.key
        self._show_open()
        while self._options.rowCount():
            self._options.removeRow(0)
        boxes: dict[str, QComboBox] = {}
        for option in entry.options:
            box = QComboBox()
            for choice in option.choices:
                box.addItem(_said(choice), choice)
            box.setCurrentIndex(box.findData(options.get(option.name, option.default)))
            box.setAccessibleName(option.title)
            box.activated.connect(
                lambda _: self.built.emit(entry.key, {name: b.currentData() for name, b in boxes.items()})
            )
            boxes[option.name] = box
            self._options.addRow(option.title, box)

    def _show_open(self) -> None:
        index = self._index(self._open)
        if index is not None:
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index, QTreeView.ScrollHint.PositionAtCenter)

    def keys(self) -> list[str]:
        """Keys that are listed now, in order."""
        families = (self.model.item(number) for number in range(self.model.rowCount()))
        return [str(family.child(n).data(_KEY)) for family in families for n in range(family.rowCount())]

    def _fill(self) -> None:
        shown = [row for row in self._rows if matches(row, self.filter.text())]
        self.model.clear()
        families: dict[str, QStandardItem] = {}
        for row in shown:
            if row.family not in families:
                years = sorted({r.year for r in self._rows if r.family == row.family})
                span = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
                header = QStandardItem(f"{row.family} · {span}")
                header.setSelectable(False)
                families[row.family] = header
                self.model.appendRow(header)
            item = QStandardItem(row.title)
            item.setData(row.key, _KEY)
            item.setData(row, _ROW)
            item.setToolTip(row.tip)
            item.setAccessibleDescription(row.figures)
            families[row.family].appendRow(item)
        self.view.expandAll()
        self.view.setVisible(bool(shown) or not self._rows)
        self.nothing.setVisible(not shown and bool(self._rows))
        self.clear.setVisible(not shown and bool(self._rows))
        if self._open:
            self._show_open()

    def _index(self, key: str) -> QModelIndex | None:
        for number in range(self.model.rowCount()):
            family = self.model.item(number)
            for child in range(family.rowCount()):
                if family.child(child).data(_KEY) == key:
                    return family.child(child).index()
        return None

    def _choose(self, index: QModelIndex) -> None:
        key = index.data(_KEY)
        if key:
            self.chosen.emit(key)
        else:
            self.view.setExpanded(index, not self.view.isExpanded(index))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if watched is self.filter and (event.key() == Qt.Key.Key_Down or enter):
                keys = self.keys()
                if keys:
                    self.view.setFocus()
                    index = self._index(keys[0])
                    assert index is not None
                    self.view.setCurrentIndex(index)
                    if enter:
                        self._choose(index)
                return True
            if watched is self.view and enter:
                self._choose(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)


class _Delegate(QStyledItemDelegate):
    """Two lines for a network, one for a family."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        line = QFontMetricsF(option.font).height()
        return QSize(100, round(line * (2.1 if index.data(_KEY) else 1.7)) + 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(_ROW)
        c = appearance.colours()
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        text = option.palette.highlightedText().color() if selected else QColor(c.text)
        muted = text if selected else QColor(c.muted)
        font = option.font
        font.setBold(True)
        painter.save()
        painter.setFont(font)
        area = QRectF(option.rect).adjusted(4, 3, -6, -3)
        painter.setPen(text if isinstance(row, Row) else muted)
        first = area
        if isinstance(row, Row):
            first = QRectF(area.left(), area.top(), area.width(), area.height() / 2)
        title = QFontMetricsF(font).elidedText(str(index.data()), Qt.TextElideMode.ElideRight, first.width())
        painter.drawText(first, Qt.AlignmentFlag.AlignVCenter, title)
        if isinstance(row, Row):
            font.setBold(False)
            font.setPointSizeF(font.pointSizeF() * 0.88)
            painter.setFont(font)
            painter.setPen(muted)
            second = QRectF(area.left(), first.bottom(), area.width(), area.height() / 2)
            said = QFontMetricsF(font).elidedText(row.figures, Qt.TextElideMode.ElideRight, second.width())
            painter.drawText(second, Qt.AlignmentFlag.AlignVCenter, said)
        painter.restore()
