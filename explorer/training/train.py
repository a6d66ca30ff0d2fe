"""Training in one call: a network, or several side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import join_list, tr, tr_n
from explorer.network import Network
from explorer.training.data_spec import DataSpec, data_from_text
from explorer.training.datasets import load_dataset_cached
from explorer.training.execution import execute
from explorer.training.fitting import fitting_edits, input_shape
from explorer.training.groups import create_group
from explorer.training.launch import create_run
from explorer.training.queue import run_all
from explorer.training.recipe import Recipe, recipe_from_json
from explorer.training.results import Comparison, TrainingResult, read_result, summarise
from explorer.training.run_folder import CurvePoint, RunFolder, RunSpec

RecipeLike = Recipe | Mapping[str, object] | None


def train(
    network: Network,
    data: str | DataSpec = "digits",
    recipe: RecipeLike = None,
    *,
    seed: int = 0,
    folder: str | Path | None = None,
    device: str = "cpu",
    fit: bool = True,
    keep_going: KeepGoing = always,
) -> TrainingResult:
    """Train a network in this process, and return it with its weights and its curve.

        result = explorer.open("mobilenet_v2").train("shapes", {"epochs": 3})
        result.test_accuracy, result.network.run("cat")

    Args:
        data: a `DataSpec`, or a text of one: "digits", "shapes:noise=0.3", a folder with one folder for each class.
        recipe: a `Recipe`, or the fields that differ from the set's own.
        folder: of the run; one that is there already is resumed.
        fit: make the edits that the set needs (`fitting_edits`).
        keep_going: called after each step with the part (0 to 1) that is done; False pauses, and raises Cancelled: the
            folder can be resumed.

    Raises:
        DataError, RecipeError, EditError: the data, the recipe or the network does not fit.
        DownloadRequired: a published set is not on this computer; `explorer.training.download.download_set` brings it.
        RunError: the run failed; the message says why.
    """
    method = _recipe(recipe, _data(data))
    fitted = fit_network(network, _data(data)) if fit else network
    total, title = fitted.figures.total, network.title
    spec = RunSpec(title, _data(data), method, seed, device, params=total.params, macs=total.macs, network=title)
    known = RunFolder(folder) if folder is not None and (Path(folder) / "run.json").exists() else None
    run = known or create_run(fitted, spec, folder)
    steps = [0]

    def report(point: CurvePoint) -> bool:
        steps[0] = steps[0] or run.read_state().steps
        return keep_going(min(1.0, point.step / max(1, steps[0])))

    run.pause_path.unlink(missing_ok=True)
    state = execute(run, fitted, report)
    if state.state == "paused":
        raise Cancelled
    return read_result(run, fitted)


def compare(
    networks: Mapping[str, Network] | Sequence[Network],
    data: str | DataSpec = "digits",
    recipe: RecipeLike = None,
    *,
    seeds: int | Sequence[int] = 3,
    folder: str | Path | None = None,
    workers: int = 1,
    threads: int = 0,
    trusted: bool = False,
    keep_going: KeepGoing = always,
) -> Comparison:
    """Train networks on the same images in the same order with the same seeds and budget; the first is the baseline.

        edited = network.edit(explorer.SwapActivation("*", "linear"))
        print(explorer.compare({"as published": network, "linear": edited}, "shapes").as_markdown())

    Args:
        seeds: how many, from 0 on, or which.
        folder: of the runs; those that are there already are gone on with.
        workers: runs at a time, each in a process of its own.
        keep_going: asked with the part that is done; False pauses all runs, and raises Cancelled.

    Raises:
        As `train` does; RunError also for a live module, which no other process can make; ValueError without a seed.
    """
    spec = _data(data)
    named = networks if isinstance(networks, Mapping) else name_networks(networks)
    fitted = {title: fit_network(network, spec) for title, network in named.items()}
    method = _recipe(recipe, spec)
    numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not numbers:
        raise ValueError(tr("a comparison needs one seed at least"))
    group = create_group(fitted, spec, method, numbers, folder, threads=threads)
    run_all(group.folders, workers=workers, trusted=trusted, keep_going=keep_going)
    return summarise(group.contestants, describe_budget(method))


def fit_network(network: Network, data: DataSpec) -> Network:
    """Return a network after the edits that a data set needs. Raises DataError, EditError."""
    shape = input_shape(network)
    small = (shape[0], min(32, shape[1]), min(32, shape[2]))  # only the classes are wanted
    return network.edit(*fitting_edits(network, data, load_dataset_cached(data, small).class_count))


def describe_budget(recipe: Recipe) -> str:
    """Return what each network of a comparison may use: "Each: 5 epochs of batches of 64." """
    parts = [tr_n("{n} epoch", "{n} epochs", recipe.epochs)]
    if recipe.minutes:
        parts.append(tr("at most {minutes:g} minutes", minutes=recipe.minutes))
    if recipe.macs:
        parts.append(tr("at most {macs:.3g} MACs", macs=recipe.macs))
    return tr("Each: {limits}, batches of {batch}.", limits=join_list(parts), batch=recipe.batch_size)


def _data(data: str | DataSpec) -> DataSpec:
    return data if isinstance(data, DataSpec) else data_from_text(data)


def _recipe(recipe: RecipeLike, data: DataSpec) -> Recipe:
    return recipe if isinstance(recipe, Recipe) else recipe_from_json(dict(recipe or {}), default_recipe(data))


def default_recipe(data: DataSpec) -> Recipe:
    """Return the recipe that a set is trained by when none is given: photos are cropped and mirrored, digits not."""
    photos = data.name not in ("digits", "shapes")
    return replace(Recipe(), crop=photos, flip=photos)


def with_baseline(network: Network) -> dict[str, Network]:
    """Return a network by its title, after its baseline where it is edited."""
    return history_points(network, (0, network.history.position))


def history_points(network: Network, positions: Sequence[int] | None = None) -> dict[str, Network]:
    """Return a network as it was at points of its history, by titles, in their order; without positions at all of them.
    0 is as it was opened, 1 after its first edit, and so on.

        explorer.compare(explorer.history_points(network), "digits")

    Raises ValueError for a point that the history does not have.
    """
    history, wanted = network.history, range(network.history.position + 1) if positions is None else positions
    for position in wanted:
        if not 0 <= position <= len(history.edits):
            raise ValueError(
                tr(
                    "there is no point {position}: the history has {count} edits",
                    position=position,
                    count=len(history.edits),
                )
            )
    points = [replace(network, history=history.at_position(position)) for position in sorted(set(wanted))]
    return {_title_with_edits(point): point for point in points}


def _title_with_edits(network: Network) -> str:
    """Title and edits; of several that set one thing at one place, as two drags of a slider do, the last alone."""
    titles: dict[object, str] = {}
    for number, edit in enumerate(network.history.applied_edits):
        place = edit.name, getattr(edit, "at", "")
        titles[place if edit.name.startswith(("set_", "swap_")) else number] = edit.title
    edits = ", ".join(titles.values())
    return f"{network.title}: {edits}" if edits else network.title


def name_networks(networks: Sequence[Network]) -> dict[str, Network]:
    """Return networks by their titles with their edits; of one that comes twice the second is "… again"."""
    named: dict[str, Network] = {}
    for network in networks:
        title = _title_with_edits(network)
        while title in named:
            title = tr("{title} again", title=title)
        named[title] = network
    return named
