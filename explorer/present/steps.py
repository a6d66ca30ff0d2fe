"""The history as a list: each edit as a sentence, with what it cost or saved."""

from __future__ import annotations

from dataclasses import dataclass

from explorer import numbers
from explorer.analysis.figures import Total
from explorer.analysis.study import study
from explorer.edits import History


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    params: int
    macs: int
    more_params: int = 0  # against the step before
    more_macs: int = 0

    @property
    def figures(self) -> str:
        """All digits of the figures after this step."""
        return f"{numbers.exact(self.params)} parameters, {numbers.exact(self.macs)} MACs"


@dataclass(frozen=True, slots=True)
class Track:
    """All there is to show of a history."""

    steps: tuple[Step, ...]  # the baseline, then the edits; those behind `position` can be redone
    position: int
    python: str  # lines that open the network with the edits in force


def track(history: History, python: str) -> Track:
    """Quick: what is known of a snapshot stays with it."""
    totals = [study(snapshot).figures.total for snapshot in (history.baseline, *history.snapshots)]
    first, *_ = totals
    steps = [Step("Baseline", first.params, first.macs)]
    for edit, before, now in zip(history.edits, totals, totals[1:], strict=False):
        steps.append(_step(edit.title, before, now))
    return Track(tuple(steps), history.position, python)


def _step(title: str, before: Total, now: Total) -> Step:
    return Step(title, now.params, now.macs, now.params - before.params, now.macs - before.macs)
