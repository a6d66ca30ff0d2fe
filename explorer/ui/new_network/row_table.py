"""Table of the rows of a design: block, repeats, and the settings that papers' tables have."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from explorer.base.languages import join_arguments, tr, tr_noop
from explorer.networks.arguments import ArgumentError, PlainValue, format_arguments, parse_plain_arguments
from explorer.ui.base.fonts import size_with_font
from explorer.ui.base.live_texts import live_text

#: Columns behind the block: the setting, its symbol in papers, its title.
COLUMNS_OF_ROW = (
    ("repeats", "n", tr_noop("Repeats")),
    ("channels", "c", tr_noop("Channels")),
    ("kernel", "k", tr_noop("Kernel")),
    ("stride", "s", tr_noop("Stride")),
    ("expansion", "t", tr_noop("Expansion")),
    ("groups", "g", tr_noop("Groups")),
)
_MORE = len(COLUMNS_OF_ROW) + 1  # the column of all other settings
_PASTED = {"width": "channels"}  # as the table of an open network calls them
#: A new row; what the row before it is where there is one.
_ROW_HEIGHT = 28  # pixels at fonts of 100 %
_FIRST_ROW = ("basic_residual", "channels=64", 1)


_KEPT = Qt.ItemDataRole.UserRole  # of a cell: what it held for a block that has this setting


_ARROWS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)


class PartBox(QComboBox):
    """The block of a row. Enter, Escape and arrows lead back to the table, and not out of the dialog; Space, or Alt and
    an arrow, lists the blocks. A wheel that scrolls the table changes no block."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Block"))
        for key, title in part_titles().items():
            self.addItem(title, key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.left.emit()
        elif event.key() in _ARROWS and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.left.emit()
            event.ignore()  # they move in the table
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class RowTable(QTableWidget):
    """Rows of (part, settings, repeats); the first ones may be the stem's."""

    rows_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, _MORE + 1, parent)
        self._filling = False
        self._stem_count = 0
        titles = [tr("Block"), *(f"{tr(title)}\n{symbol}" for _, symbol, title in COLUMNS_OF_ROW), tr("More settings")]
        self.setHorizontalHeaderLabels(titles)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)  # arrows move in it, Tab leaves it
        live_text(self, QWidget.setAccessibleName, "Rows of the network")
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)  # names of blocks are not cut
        header.sectionResized.connect(lambda column, *_: self._stretch_last() if column != _MORE else None)
        size_with_font(self, RowTable._set_sizes, _ROW_HEIGHT)
        self.itemChanged.connect(lambda _: self._notify())

    def _set_sizes(self, row_height: int) -> None:
        self.verticalHeader().setDefaultSectionSize(row_height)
        for column in range(1, _MORE):
            self.setColumnWidth(column, row_height * 33 // 14)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stretch_last()

    def _stretch_last(self) -> None:
        """Give the last column the room that is left, at least that of its title."""
        header = self.horizontalHeader()
        left = self.viewport().width() - header.sectionPosition(_MORE)
        header.resizeSection(_MORE, max(left, header.sectionSizeHint(_MORE)))

    # rows

    def show_rows(self, rows: Sequence[tuple[str, str, int | str]], stem_count: int) -> None:
        """Show other rows; the first `stem_count` are the stem's."""
        self._filling = True
        self.setRowCount(0)
        self._stem_count = stem_count
        for number, row in enumerate(rows):
            self._insert(number, row)
        self._filling = False
        self._number_rows()
        self._notify()

    def rows(self) -> list[tuple[str, str, int | str]]:
        """Return the rows as (part, settings, repeats): settings and repeats as they are typed."""
        return [self._read(row) for row in range(self.rowCount())]

    @property
    def stem_count(self) -> int:
        """How many of the first rows are the stem's."""
        return min(self._stem_count, self.rowCount())

    def set_stem_count(self, count: int) -> None:
        """Make the first rows the stem's."""
        self._stem_count = count
        self._number_rows()
        self._notify()

    def add_row(self) -> None:
        """Put a copy of the current row behind it."""
        at = self.currentRow() if self.currentRow() >= 0 else self.rowCount() - 1
        self._filling = True
        self._insert(at + 1, self._read(at) if at >= 0 else _FIRST_ROW)
        self._filling = False
        self._stem_count += at + 1 < self._stem_count
        self.setCurrentCell(at + 1, max(self.currentColumn(), 0))
        self._number_rows()
        self._notify()

    def remove_row(self) -> None:
        """Take the current row out."""
        at = self.currentRow()
        if at >= 0:
            self._stem_count -= at < self._stem_count
            self.removeRow(at)
            self._number_rows()
            self._notify()

    def move_row(self, step: int) -> None:
        """Exchange the current row with the next (1) or the one before (-1)."""
        at, column = self.currentRow(), self.currentColumn()
        rows = self.rows()
        if at >= 0 and 0 <= at + step < len(rows):
            rows[at], rows[at + step] = rows[at + step], rows[at]
            self.show_rows(rows, self._stem_count)
            self.setCurrentCell(at + step, column)

    def paste(self) -> None:
        """Set the cells that a table on the clipboard names, from the current row on; rows are added as needed."""
        from explorer.presenters.cell_values import TableEntryError
        from explorer.presenters.pasted_table import parse_pasted_table

        keys = {1: "repeats", 2: "width", 3: "kernel", 4: "stride", 5: "expansion", 6: "groups"}
        try:
            cells = parse_pasted_table(
                QGuiApplication.clipboard().text(), max(self.currentRow(), 0), keys.get(self.currentColumn(), "block")
            )
        except TableEntryError:
            return
        self._filling = True
        columns = {name: number for number, (name, _, _) in enumerate(COLUMNS_OF_ROW, 1)}
        for cell in cells:
            while cell.row >= self.rowCount():
                last = self.rowCount() - 1
                self._insert(last + 1, self._read(last) if last >= 0 else _FIRST_ROW)
            column = columns.get(_PASTED.get(cell.column, cell.column))
            item = self.item(cell.row, column) if column is not None else None
            if item is not None:
                item.setText(cell.text)
        self._filling = False
        self._number_rows()
        self._notify()

    # cells

    def _insert(self, at: int, row: tuple[str, str, int | str]) -> None:
        part, settings, repeats = row
        self.insertRow(at)
        box = PartBox()
        box.setCurrentIndex(box.findData(part))
        box.left.connect(self.setFocus)
        box.currentIndexChanged.connect(self._on_part_chosen)
        self.setCellWidget(at, 0, box)
        values, more = _split_settings(settings)
        values["repeats"] = repeats
        for column, (name, _, _) in enumerate(COLUMNS_OF_ROW, 1):
            item = QTableWidgetItem(str(values.pop(name, "")))
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.setItem(at, column, item)
        self.setItem(at, _MORE, QTableWidgetItem(more or format_arguments(values)))
        self._enable_cells(at)

    def _read(self, row: int) -> tuple[str, str, int | str]:
        box = self.cellWidget(row, 0)
        part = str(box.currentData()) if isinstance(box, QComboBox) else ""
        texts = {name: self._text(row, column) for column, (name, _, _) in enumerate(COLUMNS_OF_ROW, 1)}
        repeats = texts.pop("repeats")
        known = part_settings(part)
        settings = [f"{name}={text}" for name, text in texts.items() if text and name in known]
        more = self._text(row, _MORE)
        return part, join_arguments([*settings, *([more] if more else [])]), repeats

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        found = self.item(row, column)
        assert found is not None
        return found

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return item.text().strip() if item is not None else ""

    def _enable_cells(self, row: int) -> None:
        box = self.cellWidget(row, 0)
        known = part_settings(str(box.currentData())) if isinstance(box, QComboBox) else {}
        for column, (name, _, _) in enumerate(COLUMNS_OF_ROW, 1):
            item = self._cell(row, column)
            able = name == "repeats" or name in known
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
            item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if able else flags)
            if not able and item.text():
                item.setData(_KEPT, item.text())
                item.setText("")
            elif able and not item.text():  # arrow keys lead past blocks that have no such setting
                item.setText(str(item.data(_KEPT) or ""))
            item.setToolTip("" if able else tr("This block has no such setting."))
        others = [
            f"{n}={value!r}" for n, value in known.items() if n not in dict.fromkeys(c[0] for c in COLUMNS_OF_ROW)
        ]
        self._cell(row, _MORE).setToolTip(join_arguments(others))

    def _on_part_chosen(self) -> None:
        row = next((n for n in range(self.rowCount()) if self.cellWidget(n, 0) is self.sender()), -1)
        if row >= 0:
            self._filling = True
            self._enable_cells(row)
            self._cell(row, _MORE).setText("")  # settings of another block
            self._filling = False
            self._notify()

    def _number_rows(self) -> None:
        stem = self.stem_count
        labels = [tr("stem") if row < stem else str(row - stem + 1) for row in range(self.rowCount())]
        self.setVerticalHeaderLabels(labels)

    def _notify(self) -> None:
        if not self._filling:
            self.rows_changed.emit()

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the table from the dialog."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._find_action(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._find_action(event)
        if action == "edit":
            self.editItem(self.currentItem()) if self.currentColumn() else self.cellWidget(
                self.currentRow(), 0
            ).setFocus()
        elif action == "paste":
            self.paste()
        elif action == "add":
            self.add_row()
        elif action == "remove":
            self.remove_row()
        elif action in ("up", "down"):
            self.move_row(-1 if action == "up" else 1)
        else:
            super().keyPressEvent(event)

    def _find_action(self, event: QKeyEvent) -> str:
        if event.matches(QKeySequence.StandardKey.Paste):
            return "paste"
        if event.modifiers() == Qt.KeyboardModifier.AltModifier:
            return {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}.get(Qt.Key(event.key()), "")
        keys = {Qt.Key.Key_Insert: "add", Qt.Key.Key_Delete: "remove", Qt.Key.Key_F2: "edit"}
        return keys.get(Qt.Key(event.key()), "") if not event.modifiers() else ""


def part_titles() -> dict[str, str]:
    """Return the blocks that a row may be, by key, sorted by title in the language of the interface."""
    from explorer.design.row_parts import ROW_PARTS
    from explorer.parts import all_parts

    found = {part.key: tr(part.title) for part in (*all_parts(), *ROW_PARTS.values()) if not part.join}
    return dict(sorted(found.items(), key=lambda item: item[1].casefold()))


def part_settings(key: str) -> dict[str, PlainValue]:
    """Return the settings of a block with what they begin with; none of an unknown one."""
    from explorer.design.builder import row_part
    from explorer.design.network_design import DesignError

    try:
        return {setting.name: setting.default for setting in row_part(key).settings}
    except DesignError:
        return {}


def _split_settings(settings: str) -> tuple[dict[str, PlainValue], str]:
    """The settings by name; a text that cannot be read as settings is kept as it is, for whoever is still typing it."""
    try:
        return parse_plain_arguments(settings), ""
    except ArgumentError:
        return {}, settings
