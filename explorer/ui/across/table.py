"""All networks as a table that sorts by any column and can be copied or written as CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from explorer import numbers
from explorer.files import write_whole
from explorer.guide.landscape import COLUMNS, Spot, as_csv, spots

_VALUE = Qt.ItemDataRole.UserRole
_SPOT = Qt.ItemDataRole.UserRole + 1
_COUNTS = ("params", "macs", "activations")


class NetworkTable(QWidget):
    wanted = Signal(str)  # key of a network to open
    failed = Signal(object)  # OSError

    def __init__(self, ask: Callable[[QWidget], str | None] | None = None) -> None:
        super().__init__()
        self._ask = ask or _path
        self._model = QStandardItemModel(0, len(COLUMNS), self)
        self._model.setHorizontalHeaderLabels([title for _, title in COLUMNS])
        for spot in spots():
            self._model.appendRow([_cell(spot, name) for name, _ in COLUMNS])
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(_VALUE)
        self._sorted.setFilterKeyColumn(-1)
        self._sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.view = self._make_view()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name, family, year …")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter the table")
        self.filter.textChanged.connect(self._sorted.setFilterFixedString)
        copy, save = QPushButton("Copy as CSV"), QPushButton("Save as CSV…")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.csv()))
        save.clicked.connect(self.save)
        row = QHBoxLayout()
        for widget, stretch in ((self.filter, 1), (copy, 0), (save, 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.view, 1)

    def _make_view(self) -> QTableView:
        view = QTableView()
        view.setModel(self._sorted)
        view.setSortingEnabled(True)
        view.sortByColumn(2, Qt.SortOrder.AscendingOrder)
        view.verticalHeader().hide()
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setAlternatingRowColors(True)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setTabKeyNavigation(False)
        view.setAccessibleName("All networks; Enter opens one")
        view.resizeColumnsToContents()
        view.horizontalHeader().setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        view.activated.connect(self._open)
        return view

    def shown(self) -> list[Spot]:
        """The networks that are listed, in the order of the table."""
        rows = range(self._sorted.rowCount())
        return [self._sorted.index(row, 0).data(_SPOT) for row in rows]

    def csv(self) -> str:
        return as_csv(self.shown())

    def save(self) -> None:
        path = self._ask(self)
        if path is None:
            return
        text = self.csv()
        try:
            write_whole(Path(path), lambda beside: beside.write_text(text, encoding="utf-8"))
        except OSError as failure:
            self.failed.emit(failure)

    def _open(self, index: QModelIndex) -> None:
        spot: Spot = index.siblingAtColumn(0).data(_SPOT)
        self.wanted.emit(spot.key)


def _cell(spot: Spot, name: str) -> QStandardItem:
    value = getattr(spot, name)
    item = QStandardItem(_said(name, value))
    item.setData(value if isinstance(value, str) else -1.0 if value is None else float(value), _VALUE)  # ints overflow
    item.setData(spot, _SPOT)
    if not isinstance(value, str):
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if name in _COUNTS:
        item.setToolTip(numbers.exact(value))
    return item


def _said(name: str, value: object) -> str:
    if value is None:
        return "–"
    return numbers.short(float(str(value))) if name in _COUNTS else f"{value:.1f}" if name == "top1" else str(value)


def _path(parent: QWidget) -> str | None:
    return QFileDialog.getSaveFileName(parent, "Save the table", "networks.csv", "CSV (*.csv)")[0] or None
