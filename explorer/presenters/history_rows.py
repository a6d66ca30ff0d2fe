"""Rows of the history: each edit with the change of parameters and MACs."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.figures import Total
from explorer.base import number_format
from explorer.base.languages import tr
from explorer.edits import History


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """State after one edit: its figures, and their change against the state before."""

    title: str
    params: int
    macs: int
    params_change: int = 0  # against the step before
    macs_change: int = 0

    @property
    def figures_text(self) -> str:
        """Figures of this state with all digits."""
        params, macs = number_format.format_exact(self.params), number_format.format_exact(self.macs)
        return tr("{params} parameters, {macs} MACs", params=params, macs=macs)


@dataclass(frozen=True, slots=True)
class HistoryRows:
    """Rows of the whole history, its position, and Python code that repeats it."""

    rows: tuple[HistoryRow, ...]  # the baseline, then the edits; those behind `position` can be redone
    position: int
    python: str  # lines that open the network with the edits in force


def build_history_rows(history: History, python: str) -> HistoryRows:
    """Return the rows of a history. Quick: the figures of snapshots are memoised."""
    totals = [analyse(snapshot).figures.total for snapshot in (history.baseline, *history.snapshots)]
    first, *_ = totals
    steps = [HistoryRow(tr("Baseline"), first.params, first.macs)]
    for edit, before, now in zip(history.edits, totals, totals[1:], strict=False):
        steps.append(_build_row(edit.title, before, now))
    return HistoryRows(tuple(steps), history.position, python)


def _build_row(title: str, before: Total, now: Total) -> HistoryRow:
    return HistoryRow(title, now.params, now.macs, now.params - before.params, now.macs - before.macs)
