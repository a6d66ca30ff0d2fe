"""What a window shows of a sweep while it is trained: each point, what is left, the machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from explorer.training.groups import place_of_run
from explorer.training.locked_folder import RunState, State
from explorer.training.run_folder import RunFolder
from explorer.training.sweep_folder import ClusterNode, PlannedPoint, SweepFolder
from explorer.training.sweep_results import SweepResult, TrialResult


@dataclass(frozen=True)
class SweepProgress:
    """Where a sweep stands. `done` is the part (0 to 1) of all rounds."""

    folder: SweepFolder = field(repr=False)
    state: State
    message: str
    round: int  # from 1; 0 before the first
    rounds: int
    done: float
    result: SweepResult = field(repr=False)
    nodes: tuple[ClusterNode, ...] = ()


class SweepReader:
    """Reads a sweep again and again; what is finished only once."""

    def __init__(self, folder: SweepFolder) -> None:
        self.folder = folder
        self.plan = folder.read_plan()
        self._finished: dict[Path, _Read] = {}

    def read(self) -> SweepProgress:
        """Return where the sweep stands now. Raises RunError where a file is damaged."""
        state, points = self.folder.read_state(), self.folder.read_points()
        trials = {place: _planned(place, point) for place, point in enumerate(points)}
        latest = [trial.done for trial in trials.values()]
        begun = self.folder.list_rounds() if points else []
        for group in begun:
            round_trials = {
                place: self._trial(trials[place], folders)
                for folders in group.contestants
                if (place := place_of_run(folders[0])) in trials
            }
            trials |= round_trials
            latest = [trial.done for trial in round_trials.values()]
        heads = tuple(self.plan.title_of(name) for name in self.plan.vary)
        result = SweepResult(tuple(trials.values()), tuple(self.plan.vary), self.folder.path, heads)
        rounds, here = max(1, state.steps), sum(latest) / max(1, len(latest))
        done = (max(0, len(begun) - 1) + here) / rounds
        nodes = self.folder.read_nodes()
        return SweepProgress(self.folder, state.state, state.message, len(begun), rounds, done, result, nodes)

    def _trial(self, trial: TrialResult, folders: Sequence[RunFolder]) -> TrialResult:
        """A point after a round it is in: what it was before stays until the first seed of this round is done."""
        found = [self._run(folder) for folder in folders]
        states = [run.state for run in found]
        accuracies = tuple(r.accuracy for r in found if r.state.state == "finished" and r.accuracy is not None)
        now = replace(trial, state=_common(states), done=sum(run.done for run in found) / len(found))
        now = replace(now, message=next((state.message for state in states if state.message), ""))
        if not accuracies and trial.accuracies:
            return now
        return replace(
            now,
            accuracies=accuracies,
            seconds=sum(state.seconds for state in states) / len(states),
            epochs=max(state.epochs for state in states),
            weights=folders[0].path,
        )

    def _run(self, folder: RunFolder) -> _Read:
        if folder.path in self._finished:
            return self._finished[folder.path]
        state, points = folder.read_state(), folder.read_curve()[0]
        tests = [point.test_accuracy for point in points if point.test_accuracy is not None]
        done = min(1.0, points[-1].step / state.steps) if points and state.steps else 0.0
        found = _Read(state, tests[-1] if tests else None, 1.0 if state.state in ("finished", "failed") else done)
        if state.state == "finished":
            self._finished[folder.path] = found
        return found


@dataclass(frozen=True)
class _Read:
    """What the files of a run say: where it stands, its last accuracy on the test images, the part that is done."""

    state: RunState
    accuracy: float | None
    done: float


def _planned(place: int, point: PlannedPoint) -> TrialResult:
    values, figures = tuple(point.values), (point.params, point.macs)
    return TrialResult(
        point.title, values, *figures, (), 0.0, 0,
        milliseconds=point.milliseconds, place=place, state="new", done=0.0,
    )  # fmt: skip


def _common(states: Sequence[RunState]) -> State:
    found = [state.state for state in states]
    for state in ("running", "paused", "interrupted", "failed", "new"):
        if state in found:
            return state
    return "finished"
