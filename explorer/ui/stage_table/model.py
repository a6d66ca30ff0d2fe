"""Qt model of an editable stage table: shows the frozen table, and changes nothing."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from explorer.base import number_format
from explorer.base.languages import add_note, tr, tr_noop, with_label
from explorer.ui.base import appearance
from explorer.viewmodels.stage_table import EditableRow, EditableTable, TableHeading

_Index = QModelIndex | QPersistentModelIndex

#: The columns behind those that can be edited: title.
_FIGURES = (tr_noop("Output"), tr_noop("Parameters"), "MACs")


class StageTableModel(QAbstractTableModel):
    """Rows of the table, one column for each heading and three for output size and cost."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table: EditableTable | None = None

    def show_table(self, table: EditableTable | None) -> None:
        """Show another table; cells stay where rows and columns are the same."""
        old, self_kept = self.table, False
        if old is not None and table is not None:
            self_kept = len(old.rows) == len(table.rows) and old.headings == table.headings
        if self_kept:
            self.table = table
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self.table = table
        self.endResetModel()

    def heading(self, column: int) -> TableHeading | None:
        """Return the heading of a column that can be edited; None for the others."""
        headings = self.table.headings if self.table is not None else ()
        return headings[column] if 0 <= column < len(headings) else None

    def row(self, number: int) -> EditableRow | None:
        """Return a row by its number; None where there is none."""
        rows = self.table.rows if self.table is not None else ()
        return rows[number] if 0 <= number < len(rows) else None

    # Qt's

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() or self.table is None else len(self.table.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.table is None else len(self.table.headings) + len(_FIGURES)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        heading, row = self.heading(index.column()), self.row(index.row())
        able = heading is not None and row is not None and bool(row.cells[index.column()])
        return flags | Qt.ItemFlag.ItemIsEditable if able else flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        heading = self.heading(section)
        if role == Qt.ItemDataRole.DisplayRole:
            if heading is None:
                return tr(_FIGURES[section - len(self.table.headings)]) if self.table is not None else None
            if len(heading.symbol) > 1:
                return heading.symbol
            return add_note(heading.title, heading.symbol) if heading.symbol else heading.title
        if role == Qt.ItemDataRole.ToolTipRole and heading is not None:
            return with_label(heading.title, heading.tip)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row(index.row())
        if row is None:
            return None
        figure = index.column() - len(row.cells)
        text = row.cells[index.column()] if figure < 0 else _figure_text(row, figure)
        changed = figure < 0 and row.changed[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            centred = Qt.AlignmentFlag.AlignHCenter if figure < 0 else Qt.AlignmentFlag.AlignRight
            return int((Qt.AlignmentFlag.AlignLeft if index.column() == 0 else centred) | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole:
            return _text_colour(text, changed, figure)
        if role == Qt.ItemDataRole.FontRole and (changed or text == tr("mixed")):
            font = QFont()
            font.setBold(changed)
            font.setItalic(text == tr("mixed"))
            return font
        if role == Qt.ItemDataRole.ToolTipRole and figure >= 1:
            return number_format.format_exact(row.params if figure == 1 else row.macs)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            heading = self.heading(index.column())
            return with_label(heading.title if heading else tr(_FIGURES[figure]), text or tr("nothing to set"))
        return None


def _figure_text(row: EditableRow, figure: int) -> str:
    if figure == 0:
        return row.output
    return number_format.format_short(row.params if figure == 1 else row.macs)


def _text_colour(text: str, changed: bool, figure: int) -> QColor | None:
    colours = appearance.current_colours()
    if changed:
        return QColor(colours.accent)
    return QColor(colours.muted) if figure >= 0 or text in ("–", tr("mixed")) else None
