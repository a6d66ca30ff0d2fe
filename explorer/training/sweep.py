"""Sweeps: many networks or recipes through the same local queue as single runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from explorer.base.cancellation import KeepGoing, always
from explorer.base.safe_json import read_json
from explorer.edits import Edit
from explorer.network import Network
from explorer.opening.open_any import open_any
from explorer.project.files import edit_from_json
from explorer.training.data_spec import DataSpec, data_from_text
from explorer.training.groups import ContestantSpec, RunGroup, create_contestants
from explorer.training.launch import unused_path
from explorer.training.queue import run_all
from explorer.training.recipe import Recipe, recipe_from_json
from explorer.training.run_folder import RunFolder
from explorer.training.sweep_results import SweepResult, TrialResult
from explorer.training.sweep_spec import Sweep, SweepPoint, sweep_from_json
from explorer.training.train import default_recipe, fit_network


@dataclass(frozen=True)
class Trial:
    """One point of a sweep: the network after its edits and fitted to the data, and its recipe."""

    point: SweepPoint
    network: Network
    data: DataSpec
    recipe: Recipe

    @property
    def title(self) -> str:
        """The varied fields and their values: "edits.0.to=relu, recipe.learning_rate=0.01"."""
        return ", ".join(f"{name}={value}" for name, value in self.point.items())


def sweep(
    spec: Sweep | Mapping[str, Any] | str | Path,
    *,
    folder: str | Path | None = None,
    workers: int = 1,
    threads: int = 0,
    trusted: bool = False,
    keep_going: KeepGoing = always,
) -> SweepResult:
    """Train the points of a sweep, and return what each came to.

        found = explorer.sweep({"network": "shufflenet_v2_x0_5", "vary": {"recipe.learning_rate": [1e-3, 1e-2]}})
        print(found.as_markdown())

    Args:
        spec: a `Sweep`, its JSON object, or the path of a file with one.
        folder: of the runs; those that are there already are gone on with.
        workers: runs at a time, each in a process of its own.
        keep_going: asked with the part that is done; False pauses all runs, and raises Cancelled.

    Raises:
        SweepError, DataError, RecipeError, EditError, ProjectError: the sweep, or one of its points, cannot be made.
        RunError: a run could not be started.
    """
    plan = _read(spec)
    root = Path(folder) if folder is not None else unused_path(f"sweep-{plan.network}")
    trials = build_trials(plan, trusted=trusted)
    rounds = plan.epochs_of_rounds(max(trial.recipe.epochs for trial in trials), len(trials))
    left, found = list(trials), dict[str, TrialResult]()
    for number, epochs in enumerate(rounds):
        path = root / f"round-{number}" if len(rounds) > 1 else root
        group = _create_round(plan, left, epochs, path, threads)
        part = _part(keep_going, number, len(rounds))
        run_all(group.folders, workers=workers, trusted=trusted, keep_going=part)
        results = [_result(t, folders) for t, folders in zip(left, group.contestants, strict=True)]
        found |= {result.title: result for result in results}
        best = sorted(range(len(left)), key=lambda place: results[place].mean_accuracy, reverse=True)
        left = [left[place] for place in sorted(best[: max(1, len(left) // plan.keep)])]
    return SweepResult(tuple(found.values()), tuple(plan.vary), root)


def _read(spec: Sweep | Mapping[str, Any] | str | Path) -> Sweep:
    if isinstance(spec, Sweep):
        return spec
    return sweep_from_json(read_json(Path(spec)) if isinstance(spec, (str, Path)) else spec)


def build_trials(plan: Sweep, *, trusted: bool = False) -> tuple[Trial, ...]:
    """Return the networks and recipes of all points. Raises as `sweep` does, before anything is trained."""
    opened: dict[str, Network] = {}
    trials = []
    for point in plan.points():
        key = str(point.get("network", plan.network))
        opened[key] = opened.get(key) or open_any(key, trusted=trusted)
        data = data_from_text(str(point.get("data", plan.data)))
        fields = dict(plan.recipe) | {n.split(".")[1]: v for n, v in point.items() if n.startswith("recipe.")}
        recipe = recipe_from_json(fields, default_recipe(data))
        network = fit_network(opened[key].edit(*_edits(plan, point)), data)
        trials.append(Trial(point, network, data, recipe))
    return tuple(trials)


def _edits(plan: Sweep, point: SweepPoint) -> list[Edit]:
    values = [dict(edit) for edit in plan.edits]
    for name, value in point.items():
        if name.startswith("edits."):
            _, number, field = name.split(".")
            values[int(number)][field] = value
    return [edit_from_json(value, f"edits.{number}") for number, value in enumerate(values)]


def _create_round(plan: Sweep, trials: Sequence[Trial], epochs: int, path: Path, threads: int) -> RunGroup:
    is_last_of_one = plan.search != "halving"
    contestants = [
        ContestantSpec(t.title, t.network, t.data, t.recipe if is_last_of_one else replace(t.recipe, epochs=epochs))
        for t in trials
    ]
    return create_contestants(path, contestants, range(plan.seeds), threads=threads)


def _part(keep_going: KeepGoing, number: int, count: int) -> KeepGoing:
    return lambda done: keep_going((number + done) / count)


def _result(trial: Trial, folders: Sequence[RunFolder]) -> TrialResult:
    accuracies: list[float] = []
    message = ""
    states = [folder.read_state() for folder in folders]
    for folder, state in zip(folders, states, strict=True):
        if state.state == "finished":
            tests = [p.test_accuracy for p in folder.read_curve()[0] if p.test_accuracy is not None]
            accuracies += tests[-1:]
        message = message or state.message
    total = trial.network.figures.total
    return TrialResult(
        trial.title,
        tuple(trial.point.items()),
        total.params,
        total.macs,
        tuple(accuracies),
        sum(state.seconds for state in states) / len(states),
        max(state.epochs for state in states),
        message,
    )
