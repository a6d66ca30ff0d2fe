"""Table of a sweep: a row for each point, sorted by a click on a head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from explorer.base.languages import tr, tr_noop
from explorer.base.number_format import format_short
from explorer.training.statistics import mean_interval
from explorer.ui.base.live_texts import follow_language, live_text
from explorer.ui.training.sweep_scatter import describe_trial

if TYPE_CHECKING:
    from explorer.training.sweep_results import SweepResult, TrialResult

_WIDEST = 120  # pixels of a column of what is varied, at first
_SORT_ROLE = Qt.ItemDataRole.UserRole
_TRIAL_ROLE = Qt.ItemDataRole.UserRole + 1

#: What a cell of progress says of the states of a point.
_WORDS = {
    "new": tr_noop("waits"),
    "paused": tr_noop("paused"),
    "interrupted": tr_noop("interrupted"),
    "failed": tr_noop("stopped"),
    "finished": tr_noop("done"),
}


class SweepTable(QTableWidget):
    """What each point is, where it stands, what it reached, and what it costs."""

    trial_chosen = Signal(object)  # TrialResult

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        live_text(self, QWidget.setAccessibleName, "Points of the sweep")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setHighlightSections(False)
        self.activated.connect(lambda index: self.trial_chosen.emit(index.data(_TRIAL_ROLE)))
        self._result: SweepResult | None = None
        follow_language(self, SweepTable._retranslate)

    def _retranslate(self) -> None:
        if self._result is not None:
            self.show_result(self._result)

    def show_result(self, result: SweepResult) -> None:
        """Show the points of a sweep; the order that the user chose stays."""
        self._result = result
        heads = [*result.heads, tr("Progress"), tr("Accuracy"), tr("Parameters"), tr("MACs"), tr("ms"), tr("Epochs")]
        before = self._place(self.currentRow())
        is_new = [self._head(column) for column in range(self.columnCount())] != heads
        self.setSortingEnabled(False)
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels(heads)
        self.setRowCount(len(result.trials))
        front = result.pareto()
        for row, trial in enumerate(result.trials):
            self._show_row(row, trial, trial.title in front)
        if is_new:
            self.horizontalHeader().setSortIndicator(len(result.heads) + 1, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        if is_new:
            self.resizeColumnsToContents()
            for column in range(len(result.heads)):
                self.setColumnWidth(column, min(self.columnWidth(column), _WIDEST))
        for row in range(self.rowCount()):
            if self._place(row) == before:
                self.setCurrentCell(row, 0)

    def _place(self, row: int) -> int | None:
        """The place of the point in a row; None for no row."""
        trial = self.model().index(row, 0).data(_TRIAL_ROLE)
        return trial.place if trial is not None else None

    def _head(self, column: int) -> str:
        item = self.horizontalHeaderItem(column)
        return item.text() if item is not None else ""

    def _show_row(self, row: int, trial: TrialResult, is_front: bool) -> None:
        named = dict(trial.values)
        cells: list[tuple[str, Any]] = [(f"{named[name]}", named[name]) for name in named]
        cells += [
            (tr(_WORDS[trial.state]) if trial.state in _WORDS else f"{100 * trial.done:.0f} %", trial.done),
            (_accuracy(trial, is_front), trial.mean_accuracy),
            (format_short(trial.params), trial.params),
            (format_short(trial.macs), trial.macs),
            (f"{trial.milliseconds:.2f}" if trial.milliseconds else "–", trial.milliseconds),
            (str(trial.epochs or "–"), trial.epochs),
        ]
        for column, (text, key) in enumerate(cells):
            item = _Cell(text)
            item.setData(_SORT_ROLE, key)
            item.setData(_TRIAL_ROLE, trial)
            item.setToolTip(describe_trial(trial))
            if column >= len(named):
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, column, item)


class _Cell(QTableWidgetItem):
    """Sorted by its number where both have one, else by its text."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        here, there = self.data(_SORT_ROLE), other.data(_SORT_ROLE)
        if isinstance(here, (int, float)) and isinstance(there, (int, float)):
            return here < there
        return self.text() < other.text()


def _accuracy(trial: TrialResult, is_front: bool) -> str:
    if not trial.accuracies:
        return "–"
    found = mean_interval(trial.accuracies)
    half = f" ± {100 * (found.high - found.mean):.1f}" if found.is_known else ""
    return f"{100 * found.mean:.1f}{half} %" + (" ◆" if is_front else "")
