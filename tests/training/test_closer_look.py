"""What trained networks get wrong: counted, and the hardest images with where each network looks."""

from __future__ import annotations

from pathlib import Path

import pytest

import explorer
from explorer.base.cancellation import Cancelled
from explorer.training.closer_look import look_closer, most_confused
from explorer.training.data_spec import DataSpec
from explorer.training.execution import execute
from explorer.training.groups import RunGroup, create_group
from explorer.training.locked_folder import RunError
from explorer.training.recipe import Recipe
from explorer.training.train import fit_network


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> RunGroup:
    """Two networks after two steps: they know nothing yet."""
    data = DataSpec("digits", train_images=64)
    network = fit_network(explorer.open("shufflenet_v2_x0_5"), data)
    edited = network.edit(explorer.ToggleChannelShuffle("*", on=False))
    path = tmp_path_factory.mktemp("group")
    made = create_group({"base": network, "edit": edited}, data, Recipe(epochs=1, batch_size=32), (0,), path)
    for folder, one in zip(made.folders, (network, edited), strict=True):
        execute(folder, one)
    return made


def test_the_counts_are_those_of_the_runs_last_test(group: RunGroup) -> None:
    look = look_closer(group, 3)
    assert look.titles == ("base", "edit")
    for folder, confusion in zip(group.folders, look.confusions, strict=True):
        assert confusion == folder.read_curve()[0][-1].confusion


def test_the_hardest_images_come_first(group: RunGroup) -> None:
    images = look_closer(group, 4).images
    means = [sum(answer.probability for answer in image.answers) for image in images]
    assert means == sorted(means)
    for image in images:
        assert image.pixels.shape == (16, 16, 3)
        for answer in image.answers:
            assert answer.heat is not None
            assert answer.heat.shape == (2, 2)
            assert answer.heat.min() >= 0


def test_a_training_without_weights_is_refused(group: RunGroup, tmp_path: Path) -> None:
    spec = group.folders[0].read_spec()
    network = fit_network(explorer.open("shufflenet_v2_x0_5"), spec.data)
    with pytest.raises(RunError, match="no weights yet"):
        look_closer(create_group({"new": network}, spec.data, spec.recipe, (0,), tmp_path))


def test_it_can_be_stopped(group: RunGroup) -> None:
    with pytest.raises(Cancelled):
        look_closer(group, keep_going=lambda done: done < 0.5)


def test_the_worst_pairs() -> None:
    assert most_confused([[5, 2, 0], [0, 3, 4], [1, 0, 6]], 2) == [(1, 2, 4), (0, 1, 2)]
