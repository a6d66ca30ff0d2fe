"""What a window shows of runs that are being trained: curves, where they stand, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from explorer.training.groups import RunGroup
from explorer.training.locked_folder import RunState, State
from explorer.training.results import Comparison, summarise
from explorer.training.run_folder import CurvePoint, RunFolder, RunSpec
from explorer.training.statistics import mean_interval
from explorer.training.train import describe_budget

#: The quantities of a curve, and the attribute of `CurvePoint` that each is.
QUANTITIES: dict[str, str] = {
    "accuracy": "test_accuracy",
    "test_loss": "test_loss",
    "train_loss": "loss",
    "gradient": "gradient_norm",
    "dead": "dead_units",
    "rate": "learning_rate",
}


@dataclass(frozen=True)
class RunCurve:
    """One run: its title, its place among the contestants (0: the baseline), its seed and its points."""

    title: str
    place: int
    seed: int
    points: tuple[CurvePoint, ...] = field(repr=False)

    def values(self, quantity: str) -> tuple[list[float], list[float]]:
        """Return the epochs, and the values of a key of `QUANTITIES` there."""
        attribute = QUANTITIES[quantity]
        pairs = [(point.epoch, getattr(point, attribute)) for point in self.points]
        known = [(epoch, value) for epoch, value in pairs if epoch is not None and value is not None]
        return [epoch for epoch, _ in known], [value for _, value in known]


@dataclass(frozen=True)
class ContestantRow:
    """One network of a comparison as far as it was tested: mean accuracy, of how many seeds."""

    title: str
    accuracy: float | None
    seeds: int
    params: int
    macs: int


@dataclass(frozen=True)
class GroupProgress:
    """A comparison while it is trained. `done` is the part (0 to 1) of all steps."""

    group: RunGroup = field(repr=False)
    title: str
    state: State
    done: float
    seconds_left: float | None
    messages: tuple[str, ...]
    curves: tuple[RunCurve, ...]
    rows: tuple[ContestantRow, ...]
    epochs: int
    comparison: Comparison | None  # once all are finished


class ProgressReader:
    """Reads the curves of a group again and again, only what is new."""

    def __init__(self, group: RunGroup) -> None:
        self.group = group
        self._points: dict[RunFolder, list[CurvePoint]] = {folder: [] for folder in group.folders}
        self._places: dict[RunFolder, int] = dict.fromkeys(group.folders, 0)
        self._files: dict[RunFolder, int] = {}  # the file that a place is in
        self._specs: dict[RunFolder, RunSpec] = {folder: folder.read_spec() for folder in group.folders}

    def read(self) -> GroupProgress:
        """Return where the group stands now. Raises RunError where a file is damaged."""
        states = {folder: folder.read_state() for folder in self.group.folders}
        for folder in self.group.folders:
            self._read_curve(folder)
        first = self._specs[self.group.folders[0]]
        state = _common_state(list(states.values()))
        parts = [self._part_done(folder, states[folder]) for folder in self.group.folders]
        done = sum(parts) / len(parts)
        finished = state == "finished"
        return GroupProgress(
            self.group,
            f"{first.title} · {first.data.title}",
            state,
            done,
            _seconds_left(list(states.values()), done) if state == "running" else None,
            tuple(dict.fromkeys(s.message for s in states.values() if s.message)),
            tuple(self._curve(place, folder) for place, row in enumerate(self.group.contestants) for folder in row),
            tuple(self._row(folders) for folders in self.group.contestants),
            max(s.epochs for s in states.values()) or first.recipe.epochs,
            summarise(self.group.contestants, describe_budget(first.recipe)) if finished else None,
        )

    def _read_curve(self, folder: RunFolder) -> None:
        file = folder.curve_path.stat().st_ino if folder.curve_path.exists() else 0
        if file != self._files.setdefault(folder, file):  # it goes on from an earlier checkpoint
            self._points[folder], self._places[folder], self._files[folder] = [], 0, file
        points, self._places[folder] = folder.read_curve(self._places[folder])
        self._points[folder].extend(points)

    def _part_done(self, folder: RunFolder, state: RunState) -> float:
        """The part of a run's steps that its curve has: its state is only written now and then."""
        points = self._points[folder]
        return min(1.0, points[-1].step / state.steps) if points and state.steps else 0.0

    def _curve(self, place: int, folder: RunFolder) -> RunCurve:
        spec = self._specs[folder]
        return RunCurve(spec.title, place, spec.seed, tuple(self._points[folder]))

    def _row(self, folders: Sequence[RunFolder]) -> ContestantRow:
        spec = self._specs[folders[0]]
        last = [self._last_accuracy(folder) for folder in folders]
        known = [accuracy for accuracy in last if accuracy is not None]
        mean = mean_interval(known).mean if known else None
        return ContestantRow(spec.title, mean, len(known), spec.params, spec.macs)

    def _last_accuracy(self, folder: RunFolder) -> float | None:
        tested = (p.test_accuracy for p in reversed(self._points[folder]) if p.test_accuracy is not None)
        return next(tested, None)


def _common_state(states: Sequence[RunState]) -> State:
    """The state of runs that are trained one after another."""
    found = [state.state for state in states]
    for state in ("running", "paused", "interrupted"):
        if state in found:
            return state
    if "failed" in found and "new" not in found:
        return "failed"
    if all(state == "finished" for state in found):
        return "finished"
    return "interrupted" if set(found) != {"new"} else "new"


def _seconds_left(states: Sequence[RunState], done: float) -> float | None:
    spent = sum(state.seconds for state in states)
    counted = sum(s.step / s.steps for s in states if s.steps and s.seconds) / len(states)
    return spent * (1 - done) / counted if counted else None
