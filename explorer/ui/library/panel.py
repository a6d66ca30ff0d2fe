"""The library: networks of the catalogue by family and year, with a filter that understands figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from explorer.base.languages import tr
from explorer.base.query import QueryError, describe_syntax
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.base.menus import show_menu
from explorer.ui.library.delegate import IS_OPEN, KEY, ROW, NetworkDelegate
from explorer.ui.library.network_filter import NetworkRow, build_network_rows, filter_rows, network_vocabulary

if TYPE_CHECKING:
    from explorer.networks.catalogue import CatalogueEntry

__all__ = ["LibraryPanel", "NetworkRow", "build_network_rows", "filter_rows"]

_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LibraryPanel(QWidget):
    """The list of networks, its filter, and the build options of the open network."""

    network_requested = Signal(str)
    tab_requested = Signal(str)  # the same, in a tab that stays
    options_changed = Signal(str, dict)  # the open network's key, and the options it should be built with

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[NetworkRow] = ()
        self._open_key = ""
        self._shown_options: tuple[CatalogueEntry | None, Mapping[str, Any]] | None = None
        self._collapsed: set[str] = set()  # families the user folded
        self._options = QFormLayout()
        self.model = QStandardItemModel(self)
        self.filter = self._build_filter()
        self.view = self._build_view()
        self.empty_label = QLabel()  # what is wrong with the filter, or that nothing matches
        self.empty_label.setProperty("role", "muted")
        self.empty_label.setWordWrap(True)
        self.empty_label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.clear_button = live_text(QPushButton(), QPushButton.setText, "Clear filter")
        self.clear_button.clicked.connect(self._clear_filter)
        self._empty_page = QWidget()
        inner = QVBoxLayout(self._empty_page)
        inner.addStretch(1)
        inner.addWidget(self.empty_label)
        inner.addWidget(self.clear_button, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addStretch(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.filter)
        column.addWidget(self.view, 1)
        column.addWidget(self._empty_page, 1)
        column.addLayout(self._options)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(280, 500)

    def show_rows(self, rows: Sequence[NetworkRow]) -> None:
        """Show these networks."""
        self._rows = rows
        self._fill()

    def show_catalogue(self, rows: Sequence[NetworkRow]) -> None:
        """Show these networks in place of those of the same keys, and the options anew: their texts have changed."""
        keys = {row.key for row in rows}
        self.show_rows([*rows, *(row for row in self._rows if row.key not in keys)])
        if self._shown_options is not None:
            self.mark_open(*self._shown_options)

    def add_rows(self, rows: Sequence[NetworkRow]) -> None:
        """Show more networks, in families that are folded until the filter asks for them."""
        self._collapsed |= {row.family for row in rows}
        self.show_rows([*self._rows, *rows])

    def mark_open(self, entry: CatalogueEntry | None, options: Mapping[str, Any]) -> None:
        """Mark the network that is open, and show the options it was built with; None for one that is not listed."""
        self._shown_options = entry, options
        key = entry.key if entry is not None else ""
        moved, self._open_key = key != self._open_key, key
        for item in self._items():
            item.setData(item.data(KEY) == key, IS_OPEN)
        if moved:
            self._reveal_open()
        while self._options.rowCount():
            self._options.removeRow(0)
        if entry is not None:
            self._show_options(entry, options)

    def _show_options(self, entry: CatalogueEntry, options: Mapping[str, Any]) -> None:
        boxes: dict[str, QComboBox] = {}
        for option in entry.options:
            box = QComboBox()
            for choice in option.choices:
                box.addItem(_format_choice(choice), choice)
            box.setCurrentIndex(box.findData(options.get(option.name, option.default)))
            box.setAccessibleName(tr(option.title))
            box.activated.connect(
                lambda _: self.options_changed.emit(entry.key, {name: b.currentData() for name, b in boxes.items()})
            )
            boxes[option.name] = box
            # Of a label that the form makes itself, Python would keep something for good.
            title = QLabel(tr(option.title))
            title.setBuddy(box)
            self._options.addRow(title, box)

    def listed_keys(self) -> list[str]:
        """Return the keys of the networks that match the filter, in order."""
        return [str(item.data(KEY)) for item in self._items()]

    def _build_filter(self) -> QLineEdit:
        made = QLineEdit()
        live_text(made, QLineEdit.setPlaceholderText, "Filter: name, year, params<10M …")
        made.setClearButtonEnabled(True)
        live_text(made, QWidget.setAccessibleName, "Filter networks")
        follow_language(made, lambda shown: shown.setToolTip(describe_syntax(network_vocabulary(()))))
        made.textChanged.connect(self._fill)
        made.installEventFilter(self)
        return made

    def _build_view(self) -> QTreeView:
        made = QTreeView()
        made.setModel(self.model)
        made.setItemDelegate(NetworkDelegate(made))
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
        live_text(made, QWidget.setAccessibleName, "Networks")
        made.clicked.connect(self._activate)
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(self._show_menu)
        made.collapsed.connect(lambda index: self._remember_collapsed(index, collapsed=True))
        made.expanded.connect(lambda index: self._remember_collapsed(index, collapsed=False))
        made.installEventFilter(self)
        return made

    def _fill(self) -> None:
        shown = self._matching_rows()
        self.model.clear()
        families: dict[str, QStandardItem] = {}
        for row in shown:
            if row.family not in families:
                families[row.family] = self._build_header(row.family)
                self.model.appendRow(families[row.family])
            item = QStandardItem(row.title)
            item.setData(row.key, KEY)
            item.setData(row, ROW)
            item.setData(row.key == self._open_key, IS_OPEN)
            item.setToolTip(row.tip)
            item.setData(row.figures, Qt.ItemDataRole.AccessibleDescriptionRole)
            families[row.family].appendRow(item)
        for family, header in families.items():
            # What matches a filter is shown, whatever was folded before.
            self.view.setExpanded(header.index(), bool(self.filter.text().strip()) or family not in self._collapsed)
        nothing = not shown and bool(self._rows)
        self.view.setHidden(nothing)
        self._empty_page.setVisible(nothing)
        self._reveal_open()

    def _matching_rows(self) -> list[NetworkRow]:
        """Return the rows that match the filter; none, and what is wrong with it, where it cannot be understood."""
        try:
            matching = filter_rows(self._rows, self.filter.text())
        except QueryError as error:
            self.empty_label.setText(str(error))
            return []
        self.empty_label.setText(tr("No network matches."))
        return matching

    def _build_header(self, family: str) -> QStandardItem:
        years = sorted({row.year for row in self._rows if row.family == family})
        span = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
        header = QStandardItem(f"{family} · {span}" if years[-1] else family)
        header.setData(family, ROW)
        return header

    def _items(self) -> Iterator[QStandardItem]:
        """Yield the items of the networks that match the filter."""
        for number in range(self.model.rowCount()):
            family = self.model.item(number)
            for child in range(family.rowCount()):
                yield family.child(child)

    def _reveal_open(self) -> None:
        for item in self._items():
            if item.data(IS_OPEN):
                index = item.index()
                if self.view.isExpanded(index.parent()):
                    self.view.setCurrentIndex(index)
                    if not self.view.viewport().rect().contains(self.view.visualRect(index)):
                        self.view.scrollTo(index, QTreeView.ScrollHint.PositionAtCenter)

    def _remember_collapsed(self, family: QModelIndex, *, collapsed: bool) -> None:
        if not self.filter.text().strip():
            (self._collapsed.add if collapsed else self._collapsed.discard)(family.data(ROW))

    def build_menu(self, index: QModelIndex) -> QMenu | None:
        """Return the menu of a network; None for the head of a family."""
        key = index.data(KEY)
        if not key:
            return None
        menu, copy = QMenu(self), QGuiApplication.clipboard().setText
        for text, happens in (
            (tr("Open"), lambda: self.network_requested.emit(key)),
            (tr("Open in a new tab"), lambda: self.tab_requested.emit(key)),
            (tr("Copy name"), lambda: copy(key)),
            (tr("Copy the Python code"), lambda: copy(f'import explorer\n\nnetwork = explorer.open("{key}")\n')),
        ):
            menu.addAction(text).triggered.connect(lambda _=False, happens=happens: happens())
        return menu

    def _show_menu(self, at: QPoint) -> None:
        menu = self.build_menu(self.view.indexAt(at))
        if menu is not None:
            show_menu(menu, self.view.viewport().mapToGlobal(at))

    def _clear_filter(self) -> None:
        self.filter.clear()
        self.filter.setFocus()

    def _activate(self, index: QModelIndex) -> None:
        key = index.data(KEY)
        if key:
            self.network_requested.emit(key)
        elif index.isValid():
            self.view.setExpanded(index, not self.view.isExpanded(index))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.filter and (event.key() == Qt.Key.Key_Down or event.key() in _ENTER_KEYS):
                self._focus_list(activate=event.key() in _ENTER_KEYS)
                return True
            if watched is self.filter and event.key() == Qt.Key.Key_Escape and self.filter.text():
                self.filter.clear()
                return True
            if watched is self.view and event.key() in _ENTER_KEYS:
                self._activate(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _focus_list(self, *, activate: bool) -> None:
        """Move the focus from the filter to the first match."""
        first = next(self._items(), None)
        if first is None:
            return
        index = first.index()
        self.view.expand(index.parent())
        self.view.setFocus()
        self.view.setCurrentIndex(index)
        if activate:
            self._activate(index)


def _format_choice(choice: Any) -> str:
    return (tr("yes") if choice else tr("no")) if isinstance(choice, bool) else f"{choice:g}"
