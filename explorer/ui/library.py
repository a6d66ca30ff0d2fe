"""The networks of the catalogue, by family in the order of their years, with a filter that understands figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPushButton, QTreeView, QVBoxLayout, QWidget

from explorer.ui.listing import Row, matches, rows
from explorer.ui.listing_delegate import KEY, OPEN, ROW, ListingDelegate

if TYPE_CHECKING:
    from explorer.networks.catalogue import Entry

__all__ = ["LibraryPanel", "Row", "matches", "rows"]

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LibraryPanel(QWidget):
    chosen = Signal(str)
    built = Signal(str, dict)  # the open network's key, and the options it should be built with

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()
        self._open = ""
        self._folded: set[str] = set()  # families the user folded
        self._options = QFormLayout()
        self.model = QStandardItemModel(self)
        self.filter = self._make_filter()
        self.view = self._make_view()
        self.nothing = QLabel("No network matches.")
        self.nothing.setProperty("role", "muted")
        self.clear = QPushButton("Clear the filter")
        self.clear.clicked.connect(self._clear)
        self._none = QWidget()
        inner = QVBoxLayout(self._none)
        inner.addStretch(1)
        inner.addWidget(self.nothing, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.filter)
        column.addWidget(self.view, 1)
        column.addWidget(self._none, 1)
        column.addLayout(self._options)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(280, 500)

    def show_entries(self, entries: Sequence[Row]) -> None:
        self._rows = entries
        self._fill()

    def mark_open(self, entry: Entry, options: Mapping[str, Any]) -> None:
        """Show which network is open, and the options it was built with."""
        moved, self._open = entry.key != self._open, entry.key
        for item in self._items():
            item.setData(item.data(KEY) == self._open, OPEN)
        if moved:
            self._reveal_open()
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

    def keys(self) -> list[str]:
        """Keys that are listed now, in order."""
        return [str(item.data(KEY)) for item in self._items()]

    def _make_filter(self) -> QLineEdit:
        made = QLineEdit()
        made.setPlaceholderText("Filter: name, year, params<10M …")
        made.setClearButtonEnabled(True)
        made.setAccessibleName("Filter networks")
        made.setToolTip("Every word must match. Figures can be compared: params<5M macs>1G top1>75 year>=2017")
        made.textChanged.connect(self._fill)
        made.installEventFilter(self)
        return made

    def _make_view(self) -> QTreeView:
        made = QTreeView()
        made.setModel(self.model)
        made.setItemDelegate(ListingDelegate(made))
        made.setHeaderHidden(True)
        made.setRootIsDecorated(False)  # the delegate paints the arrows, so that titles get the width
        made.setIndentation(0)
        made.setFrameShape(QTreeView.Shape.NoFrame)
        made.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        made.setSelectionMode(QTreeView.SelectionMode.NoSelection)
        made.setExpandsOnDoubleClick(False)  # a click folds already
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        made.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        made.setAccessibleName("Networks")
        made.clicked.connect(self._choose)
        made.collapsed.connect(lambda index: self._remember(index, folded=True))
        made.expanded.connect(lambda index: self._remember(index, folded=False))
        made.installEventFilter(self)
        return made

    def _fill(self) -> None:
        shown = [row for row in self._rows if matches(row, self.filter.text())]
        self.model.clear()
        families: dict[str, QStandardItem] = {}
        for row in shown:
            if row.family not in families:
                families[row.family] = self._header(row.family)
                self.model.appendRow(families[row.family])
            item = QStandardItem(row.title)
            item.setData(row.key, KEY)
            item.setData(row, ROW)
            item.setData(row.key == self._open, OPEN)
            item.setToolTip(row.tip)
            item.setData(row.figures, Qt.ItemDataRole.AccessibleDescriptionRole)
            families[row.family].appendRow(item)
        for family, header in families.items():
            # What matches a filter is shown, whatever was folded before.
            self.view.setExpanded(header.index(), bool(self.filter.text().strip()) or family not in self._folded)
        nothing = not shown and bool(self._rows)
        self.view.setHidden(nothing)
        self._none.setVisible(nothing)
        self._reveal_open()

    def _header(self, family: str) -> QStandardItem:
        years = sorted({row.year for row in self._rows if row.family == family})
        span = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
        header = QStandardItem(f"{family} · {span}")
        header.setData(family, ROW)
        return header

    def _items(self) -> Iterator[QStandardItem]:
        """The networks that are listed now."""
        for number in range(self.model.rowCount()):
            family = self.model.item(number)
            for child in range(family.rowCount()):
                yield family.child(child)

    def _reveal_open(self) -> None:
        for item in self._items():
            if item.data(OPEN):
                index = item.index()
                if self.view.isExpanded(index.parent()):
                    self.view.setCurrentIndex(index)
                    if not self.view.viewport().rect().contains(self.view.visualRect(index)):
                        self.view.scrollTo(index, QTreeView.ScrollHint.PositionAtCenter)

    def _remember(self, family: QModelIndex, *, folded: bool) -> None:
        if not self.filter.text().strip():
            (self._folded.add if folded else self._folded.discard)(family.data(ROW))

    def _clear(self) -> None:
        self.filter.clear()
        self.filter.setFocus()

    def _choose(self, index: QModelIndex) -> None:
        key = index.data(KEY)
        if key:
            self.chosen.emit(key)
        elif index.isValid():
            self.view.setExpanded(index, not self.view.isExpanded(index))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.filter and (event.key() == Qt.Key.Key_Down or event.key() in _ENTER):
                self._enter_list(choose=event.key() in _ENTER)
                return True
            if watched is self.filter and event.key() == Qt.Key.Key_Escape and self.filter.text():
                self.filter.clear()
                return True
            if watched is self.view and event.key() in _ENTER:
                self._choose(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _enter_list(self, *, choose: bool) -> None:
        """From the filter to the first network that matches."""
        first = next(self._items(), None)
        if first is None:
            return
        index = first.index()
        self.view.expand(index.parent())
        self.view.setFocus()
        self.view.setCurrentIndex(index)
        if choose:
            self._choose(index)


def _said(choice: Any) -> str:
    return {True: "yes", False: "no"}[choice] if isinstance(choice, bool) else f"{choice:g}"
