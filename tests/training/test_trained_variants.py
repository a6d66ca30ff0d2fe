"""What was trained of a network on this machine, by its edits: single trainings and points of sweeps."""

from __future__ import annotations

from pathlib import Path

import pytest

import explorer
from explorer.network import Network
from explorer.training.data_spec import DataSpec
from explorer.training.groups import ContestantSpec, create_contestants
from explorer.training.locked_folder import RunState
from explorer.training.recipe import Recipe
from explorer.training.run_folder import CurvePoint
from explorer.training.sweep_folder import SweepFolder
from explorer.training.sweep_spec import Sweep
from explorer.training.train import fit_network
from explorer.training.trained_variants import find_accuracies

DATA = DataSpec("digits", train_images=64)
SILU = explorer.SwapActivation("*", "silu")


@pytest.fixture
def network() -> Network:
    return explorer.open("design:lenet_5")


def write_finished(root: Path, network: Network, *accuracies: float, title: str = "a point") -> None:
    """Runs of a network with other recipes, that ended with these accuracies."""
    fitted = fit_network(network, DATA)
    contestants = [
        ContestantSpec(f"{title} {place}", fitted, DATA, Recipe(epochs=place + 1)) for place in range(len(accuracies))
    ]
    for folder, accuracy in zip(create_contestants(root, contestants, (0,)).folders, accuracies, strict=True):
        folder.write_state(RunState("finished", step=1, steps=1))
        folder.curve_path.write_text(CurvePoint(1, test_loss=0.1, test_accuracy=accuracy).as_json() + "\n")


def write_sweep(path: Path, network: Network, *rounds: tuple[float, ...]) -> None:
    folder = SweepFolder(path)
    folder.create(Sweep("design:lenet_5", vary={"recipe.epochs": [1, 2]}))
    for number, accuracies in enumerate(rounds):
        write_finished(folder.round_path(number), network, *accuracies)


def found(network: Network, root: Path) -> dict[tuple[explorer.Edit, ...], float]:
    accuracies = find_accuracies(network.title, root / "training", root / "sweeps")
    return {edits: one.accuracy.mean for edits, one in accuracies.items()}


def test_a_point_of_a_sweep_counts_with_its_best_recipe_and_round(network: Network, tmp_path: Path) -> None:
    write_sweep(tmp_path / "sweeps" / "20260101-000000-a", network.edit(SILU), (0.5, 0.75), (0.625,))
    assert found(network, tmp_path) == {(SILU,): 0.75}


def test_the_newest_training_counts_be_it_a_sweep_or_not(network: Network, tmp_path: Path) -> None:
    write_finished(tmp_path / "training" / "20260101-000000-a", network, 0.25, title="as published")
    write_sweep(tmp_path / "sweeps" / "20260102-000000-b", network, (0.5,))
    assert found(network, tmp_path) == {(): 0.5}
    write_finished(tmp_path / "training" / "20260103-000000-c", network, 0.125)
    assert found(network, tmp_path) == {(): 0.125}


def test_of_another_network_nothing_is_found(network: Network, tmp_path: Path) -> None:
    write_sweep(tmp_path / "sweeps" / "20260101-000000-a", network, (0.5,))
    assert find_accuracies("LeNet", tmp_path / "training", tmp_path / "sweeps") == {}
