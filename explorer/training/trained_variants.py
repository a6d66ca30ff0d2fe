"""What networks reached that were trained on this machine, found by their edits.

Whoever shows variants of a network asks here: the files of runs are the one place that says what a training found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.base.languages import tr
from explorer.edits import Edit, FitSmallImages, SetClasses
from explorer.project.errors import ProjectError
from explorer.project.files import read_project
from explorer.training.groups import RunGroup, list_groups
from explorer.training.locked_folder import RunError
from explorer.training.run_folder import RunFolder, RunSpec
from explorer.training.statistics import Interval, mean_interval
from explorer.training.sweep_folder import list_sweeps

_MOST_GROUPS = 40  # newest trainings that are looked at


@dataclass(frozen=True)
class TrainedAccuracy:
    """Accuracy (0 to 1) on the test images of a data set, over the seeds of one training."""

    data: str
    accuracy: Interval

    @property
    def text(self) -> str:
        """ "97.3 % ± 0.4 on Digits"; without the limits where one seed was trained."""
        mean, high = 100 * self.accuracy.mean, 100 * self.accuracy.high
        value = f"{mean:.1f} %" + (f" ± {high - mean:.1f}" if self.accuracy.is_known else "")
        return tr("{accuracy} on {data}", accuracy=value, data=self.data)


def without_fitting(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return edits without those at their end that fit a network to a data set: a variant is the same with them."""
    kept = list(edits)
    while kept and isinstance(kept[-1], (FitSmallImages, SetClasses)):
        kept.pop()
    return tuple(kept)


def find_accuracies(
    title: str, root: Path | None = None, sweeps: Path | None = None
) -> dict[tuple[Edit, ...], TrainedAccuracy]:
    """Return what the variants of a network reached in their last finished training, by `without_fitting` edits.

    Where a sweep trained one several times (with other recipes, or for longer), its best counts.

    Args:
        title: of the network, as its catalogue entry or module has it.
        root: folder of the trainings; the app's own without one.
        sweeps: folder of the sweeps, likewise.
    """
    groups = [(group.path.name, _read_best(title, [group])) for group in list_groups(root, _MOST_GROUPS)]
    points = [(sweep.path.name, _read_best(title, sweep.list_rounds())) for sweep in list_sweeps(_MOST_GROUPS, sweeps)]
    found: dict[tuple[Edit, ...], TrainedAccuracy] = {}
    for _, reached in sorted(groups + points, key=lambda training: training[0]):  # they are named by their time
        found |= reached
    return found


def _read_best(title: str, groups: Iterable[RunGroup]) -> dict[tuple[Edit, ...], TrainedAccuracy]:
    best: dict[tuple[Edit, ...], TrainedAccuracy] = {}
    for folders in (folders for group in groups for folders in group.contestants):
        if (known := _read_contestant(title, folders)) is not None:
            edits, reached = known
            if edits not in best or reached.accuracy.mean >= best[edits].accuracy.mean:
                best[edits] = reached
    return best


def _read_contestant(title: str, folders: Sequence[RunFolder]) -> tuple[tuple[Edit, ...], TrainedAccuracy] | None:
    """The edits of a network that was trained, and what it reached; None where that is another or not finished."""
    try:
        spec = folders[0].read_spec()
        if not _is_of(spec, title):
            return None
        reached = [value for folder in folders if (value := _last_accuracy(folder)) is not None]
        if not reached:
            return None
        edits = read_project(folders[0].network_path).applied_edits
    except (RunError, ProjectError, OSError):
        return None
    return without_fitting(edits), TrainedAccuracy(spec.data.title, mean_interval(reached))


def _is_of(spec: RunSpec, title: str) -> bool:
    if spec.network:
        return spec.network == title
    return spec.title == title or spec.title.startswith(f"{title}: ")  # a run of an earlier version


def _last_accuracy(folder: RunFolder) -> float | None:
    if folder.read_state().state != "finished":
        return None
    points, _ = folder.read_curve()
    return next((point.test_accuracy for point in reversed(points) if point.test_accuracy is not None), None)
