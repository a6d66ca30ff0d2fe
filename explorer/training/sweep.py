"""Sweeps: many networks or recipes through the same local queue as single runs, or on a cluster.

Invariant: what a point comes to depends on its network, data, recipe and seeds alone, not on where or in which order
it was trained, nor on what was lost on the way.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from explorer.analysis.probes.latency import measure_latency
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.base.safe_json import read_json
from explorer.edits import Edit
from explorer.network import Network
from explorer.opening.open_any import open_any
from explorer.project.edits_json import edit_from_json
from explorer.training.data_spec import DataSpec, data_from_text
from explorer.training.groups import ContestantSpec, RunGroup, create_contestants
from explorer.training.launch import unused_path
from explorer.training.locked_folder import RunState, State
from explorer.training.queue import run_all
from explorer.training.recipe import Recipe, recipe_from_json
from explorer.training.sweep_folder import PlannedPoint, SweepFolder
from explorer.training.sweep_progress import SweepReader
from explorer.training.sweep_results import SweepResult
from explorer.training.sweep_spec import Sweep, SweepPoint, sweep_from_json
from explorer.training.train import default_recipe, fit_network

_TIMED_PASSES = 5


@dataclass(frozen=True)
class Trial:
    """One point of a sweep: the network after its edits and fitted to the data, and its recipe."""

    point: SweepPoint
    shown: tuple[tuple[str, Any], ...]  # the varied fields with their values as tables show them: edits as sentences
    title: str  # the varied fields and their values: "edits.0.to=relu, recipe.learning_rate=0.01"
    network: Network
    data: DataSpec
    recipe: Recipe


def sweep(
    spec: Sweep | Mapping[str, Any] | str | Path,
    *,
    folder: str | Path | None = None,
    workers: int = 1,
    threads: int = 0,
    address: str = "",
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
        threads: of torch in each of them; 0 for as many as it takes by itself.
        address: of a Ray cluster, "ray://host:10001", "host:6379" or "auto", to train there; "" for this machine.
        keep_going: asked with the part that is done; False pauses all runs, and raises Cancelled.

    Raises:
        SweepError, DataError, RecipeError, EditError, ProjectError: the sweep, or one of its points, cannot be made.
        RunError: a run could not be started, or the cluster not be reached.
    """
    plan = _read(spec)
    root = SweepFolder(folder if folder is not None else unused_path(f"sweep-{plan.network}"))
    root.create(plan)
    root.pause_path.unlink(missing_ok=True)
    return lead_sweep(root, workers=workers, threads=threads, address=address, trusted=trusted, keep_going=keep_going)


def _read(spec: Sweep | Mapping[str, Any] | str | Path) -> Sweep:
    if isinstance(spec, Sweep):
        return spec
    return sweep_from_json(read_json(Path(spec)) if isinstance(spec, (str, Path)) else spec)


def lead_sweep(
    folder: SweepFolder,
    *,
    workers: int = 1,
    threads: int = 0,
    address: str = "",
    trusted: bool = False,
    keep_going: KeepGoing = always,
) -> SweepResult:
    """Train what is left of a sweep, round by round; as `sweep`, which see.

    Raises also RunError where another process leads it.
    """

    def goes_on(done: float) -> bool:
        return not folder.pause_path.exists() and keep_going(done)

    with folder.hold():
        return _Lead(folder, workers, threads, address, trusted).run(goes_on)


@dataclass(frozen=True)
class _Lead:
    """One process's lead of a sweep."""

    folder: SweepFolder
    workers: int
    threads: int
    address: str
    trusted: bool

    def run(self, keep_going: KeepGoing) -> SweepResult:
        self._say("running")
        try:
            self._train(keep_going)
        except Cancelled:
            self.folder.pause_path.unlink(missing_ok=True)
            self._say("paused")
            raise
        except (ValueError, RuntimeError, LookupError, OSError) as failure:
            with suppress(OSError):
                self._say("failed", " ".join(str(failure).split()))
            raise
        self._say("finished")
        return SweepReader(self.folder).read().result

    def _say(self, state: State, message: str = "", steps: int = 0) -> None:
        """Write where the sweep stands; its steps are its rounds."""
        before = self.folder.read_state()
        self.folder.write_state(RunState(state, message, steps=steps or before.steps, pid=os.getpid()))

    def _train(self, keep_going: KeepGoing) -> None:
        plan = self.folder.read_plan()
        trials = build_trials(plan, self.folder.open_network(self.trusted), trusted=self.trusted)
        self.folder.write_points(_plan_points(plan, trials, self.folder.read_points()))
        rounds = plan.epochs_of_rounds(max(trial.recipe.epochs for trial in trials), len(trials))
        self._say("running", steps=len(rounds))
        left = list(range(len(trials)))
        for number, epochs in enumerate(rounds):
            group = self._create_round(plan, number, {place: trials[place] for place in left}, epochs)
            self._run_all(group, _part(keep_going, number, len(rounds)))
            found = {trial.place: trial.mean_accuracy for trial in SweepReader(self.folder).read().result.trials}
            best = sorted(left, key=lambda place: found[place], reverse=True)
            left = sorted(best[: max(1, len(left) // plan.keep)])

    def _create_round(self, plan: Sweep, number: int, trials: Mapping[int, Trial], epochs: int) -> RunGroup:
        is_only = plan.search != "halving"
        contestants = [
            ContestantSpec(t.title, t.network, t.data, t.recipe if is_only else replace(t.recipe, epochs=epochs))
            for t in trials.values()
        ]
        path, seeds = self.folder.round_path(number), range(plan.seeds)
        return create_contestants(path, contestants, seeds, threads=self.threads, places=list(trials))

    def _run_all(self, group: RunGroup, keep_going: KeepGoing) -> None:
        if not self.address:
            run_all(group.folders, workers=self.workers, trusted=self.trusted, keep_going=keep_going)
            return
        from explorer.training.cluster import run_on_cluster

        run_on_cluster(
            group.folders,
            self.address,
            trusted=self.trusted,
            keep_going=keep_going,
            on_nodes=self.folder.write_nodes,
        )


def build_trials(plan: Sweep, network: Network | None = None, *, trusted: bool = False) -> tuple[Trial, ...]:
    """Return the networks and recipes of all points. Raises as `sweep` does, before anything is trained.

    Args:
        network: what is edited where a point names no network; without it, what the plan names.
    """
    opened: dict[str, Network] = {plan.network: network} if network is not None else {}
    trials: list[Trial] = []
    for point in plan.points():
        key = str(point.get("network", plan.network))
        opened[key] = opened.get(key) or open_any(key, trusted=trusted)
        data = data_from_text(str(point["data"])) if "data" in point else plan.data_spec
        fields = dict(plan.recipe) | {n.split(".")[1]: v for n, v in point.items() if n.startswith("recipe.")}
        recipe = recipe_from_json(fields, default_recipe(data))
        fitted = fit_network(opened[key].edit(*_edits(plan, point)), data)
        shown = tuple((name, _shown_value(name, plan.label_of(name, value))) for name, value in point.items())
        trials.append(Trial(point, shown, _unused_title(shown, trials), fitted, data, recipe))
    return tuple(trials)


def _unused_title(shown: Sequence[tuple[str, Any]], trials: Sequence[Trial]) -> str:
    title = ", ".join(f"{name}={value}" for name, value in shown)
    return title if all(trial.title != title for trial in trials) else f"{title} ({len(trials)})"


def _shown_value(name: str, value: Any) -> Any:
    if name.startswith("edits.") and value is None:
        return tr("as it is")
    return edit_from_json(dict(value), name).title if isinstance(value, Mapping) else value


def _edits(plan: Sweep, point: SweepPoint) -> list[Edit]:
    values = [dict(edit) if edit is not None else None for edit in plan.edits]
    for name, value in point.items():
        kind, *rest = name.split(".")
        if kind != "edits":
            continue
        number = int(rest[0])
        if len(rest) == 1:
            values[number] = value
        else:
            values[number] = (values[number] or {}) | {rest[1]: value}
    return [edit_from_json(value, f"edits.{number}") for number, value in enumerate(values) if value is not None]


def _plan_points(plan: Sweep, trials: Sequence[Trial], known: Sequence[PlannedPoint]) -> list[PlannedPoint]:
    """The points with their costs; what was timed before is not timed again."""
    timed = {point.title: point.milliseconds for point in known}
    points = []
    for trial in trials:
        total = trial.network.figures.total
        milliseconds = timed.get(trial.title) or _time_pass(trial.network)
        points.append(PlannedPoint(trial.title, trial.shown, total.params, total.macs, milliseconds))
    return points


def _time_pass(network: Network) -> float:
    """Milliseconds of a forward pass of one image here; 0 where it takes no photo."""
    try:
        return round(measure_latency(network.probe(), _TIMED_PASSES).total_ms, 3)
    except (ValueError, RuntimeError, MemoryError):
        return 0.0
    finally:
        network.context.forward.release()


def _part(keep_going: KeepGoing, number: int, count: int) -> KeepGoing:
    return lambda done: keep_going((number + done) / count)
