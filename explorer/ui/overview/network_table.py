"""Table of all networks, sortable by any column, to copy or save as CSV."""

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

from explorer.base import number_format
from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.guide.accuracy_cost import TABLE_COLUMNS, NetworkPoint, catalogue_points, points_as_csv
from explorer.ui.base.live_texts import follow_language, live_text

_VALUE_ROLE = Qt.ItemDataRole.UserRole
_POINT_ROLE = Qt.ItemDataRole.UserRole + 1
_SOURCE_COLUMN = [name for name, _ in TABLE_COLUMNS].index("source")
_COUNT_COLUMNS = ("params", "macs", "activations")


class NetworkTable(QWidget):
    """Table view with a filter. Enter or a double click requests the network of a row."""

    open_requested = Signal(str)  # key of a network to open
    failed = Signal(object)  # OSError

    def __init__(self, ask_path: Callable[[QWidget], str | None] | None = None) -> None:
        super().__init__()
        self._ask_path = ask_path or _ask_save_path
        self._model = QStandardItemModel(0, len(TABLE_COLUMNS), self)
        for spot in catalogue_points():
            self._model.appendRow([_build_cell(spot, name) for name, _ in TABLE_COLUMNS])
        follow_language(self, NetworkTable._show_titles)
        self._sort_model = QSortFilterProxyModel(self)
        self._sort_model.setSourceModel(self._model)
        self._sort_model.setSortRole(_VALUE_ROLE)
        self._sort_model.setFilterKeyColumn(-1)
        self._sort_model.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table_view = self._make_view()
        self.filter_field = QLineEdit()
        live_text(self.filter_field, QLineEdit.setPlaceholderText, "Filter by name, family or year…")
        self.filter_field.setClearButtonEnabled(True)
        live_text(self.filter_field, QWidget.setAccessibleName, "Filter the table")
        self.filter_field.textChanged.connect(self._sort_model.setFilterFixedString)
        copy, save = (
            live_text(QPushButton(), QPushButton.setText, "Copy as CSV"),
            live_text(QPushButton(), QPushButton.setText, "Save as CSV…"),
        )
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.as_csv()))
        save.clicked.connect(self.save)
        row = QHBoxLayout()
        for widget, stretch in ((self.filter_field, 1), (copy, 0), (save, 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.table_view, 1)

    def _show_titles(self) -> None:
        self._model.setHorizontalHeaderLabels([tr(title) for _, title in TABLE_COLUMNS])
        for item in (self._model.item(row, 0) for row in range(self._model.rowCount())):
            point: NetworkPoint = item.data(_POINT_ROLE)
            item.setText(tr(point.title))
            self._model.item(item.row(), _SOURCE_COLUMN).setText(tr(point.source))

    def _make_view(self) -> QTableView:
        view = QTableView()
        view.setModel(self._sort_model)
        view.setSortingEnabled(True)
        view.sortByColumn(2, Qt.SortOrder.AscendingOrder)
        view.verticalHeader().hide()
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setAlternatingRowColors(True)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setTabKeyNavigation(False)
        live_text(view, QWidget.setAccessibleName, "All networks; Enter opens one")
        view.resizeColumnsToContents()
        view.horizontalHeader().setSectionResizeMode(len(TABLE_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        view.activated.connect(self._open)
        return view

    def listed_points(self) -> list[NetworkPoint]:
        """Return the networks that pass the filter, in the order of the table."""
        rows = range(self._sort_model.rowCount())
        return [self._sort_model.index(row, 0).data(_POINT_ROLE) for row in rows]

    def as_csv(self) -> str:
        """Return the listed networks as CSV."""
        return points_as_csv(self.listed_points())

    def save(self) -> None:
        """Ask for a path and write the CSV; emits `failed` on an OSError."""
        path = self._ask_path(self)
        if path is None:
            return
        text = self.as_csv()
        try:
            write_atomic(Path(path), lambda beside: beside.write_text(text, encoding="utf-8"))
        except OSError as failure:
            self.failed.emit(failure)

    def _open(self, index: QModelIndex) -> None:
        spot: NetworkPoint = index.siblingAtColumn(0).data(_POINT_ROLE)
        self.open_requested.emit(spot.key)


def _build_cell(point: NetworkPoint, name: str) -> QStandardItem:
    value = getattr(point, name)
    item = QStandardItem(_cell_text(name, value))
    item.setData(
        value if isinstance(value, str) else -1.0 if value is None else float(value), _VALUE_ROLE
    )  # ints overflow
    item.setData(point, _POINT_ROLE)
    if not isinstance(value, str):
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if name in _COUNT_COLUMNS:
        item.setToolTip(number_format.format_exact(value))
    return item


def _cell_text(name: str, value: object) -> str:
    if value is None:
        return "–"
    return (
        number_format.format_short(float(str(value)))
        if name in _COUNT_COLUMNS
        else f"{value:.1f}"
        if name == "top1"
        else str(value)
    )


def _ask_save_path(parent: QWidget) -> str | None:
    return QFileDialog.getSaveFileName(parent, tr("Save table"), "networks.csv", tr("CSV (*.csv)"))[0] or None
