"""Comparisons: paired, and no louder than their seeds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import explorer
from explorer.cli import main
from explorer.training.data_spec import DataSpec
from explorer.training.execution import execute
from explorer.training.groups import create_group, list_groups, open_group
from explorer.training.progress import ProgressReader
from explorer.training.recipe import Recipe
from explorer.training.results import Comparison, Contestant
from explorer.training.statistics import mean_interval, paired_difference, verdict
from explorer.training.train import compare, fit_network, name_networks


def test_an_interval_is_students() -> None:
    found = mean_interval([0.8, 0.9, 1.0])
    assert found.mean == pytest.approx(0.9)
    assert found.high - found.mean == pytest.approx(4.3027 * 0.1 / 3**0.5, rel=1e-4)  # t of 2 degrees of freedom


def test_one_value_has_no_interval() -> None:
    assert not mean_interval([0.5]).is_known


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


def test_values_that_are_not_paired_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_difference([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([0.5, 0.6, 0.7], [0.6, 0.7, 0.81], "linear is better than ReLU6 with 3 seeds: +10.3 points"),
        ([0.6, 0.7, 0.8], [0.5, 0.6, 0.71], "linear is worse than ReLU6 with 3 seeds: −9.7 points"),
        ([0.5, 0.6, 0.7], [0.6, 0.5, 0.75], "No difference seen with 3 seeds"),
        ([0.5], [0.9], "One seed says nothing"),
    ],
)
def test_a_verdict_says_no_more_than_its_seeds(first: list[float], second: list[float], said: str) -> None:
    assert verdict(paired_difference(first, second), "linear", "ReLU6").startswith(said)


def contestant(title: str, macs: int, *accuracies: float) -> Contestant:
    return Contestant(title, 1000, macs, accuracies, tuple(0.1 for _ in accuracies), 1.0, 10)


def test_the_front_holds_what_nobody_beats_at_its_cost() -> None:
    found = Comparison(
        (contestant("a", 100, 0.8), contestant("b", 50, 0.7), contestant("c", 120, 0.75), contestant("d", 100, 0.8)),
        (0,),
        "",
    )
    assert found.pareto == {"a", "b", "d"}


def test_a_comparison_is_a_table() -> None:
    found = Comparison((contestant("base", 100, 0.5, 0.6), contestant("edit", 50, 0.6, 0.7)), (0, 1), "Each: 5 epochs.")
    assert "| edit ◆ | 65.0 % |" in found.as_markdown()
    assert found.as_csv().splitlines()[1:3] == ["base,0,0.5,0.1,1000,100,10", "base,1,0.6,0.1,1000,100,10"]


def test_networks_are_trained_side_by_side(tmp_path: Path) -> None:
    network = explorer.open("shufflenet_v2_x0_5")
    edited = network.edit(explorer.ToggleChannelShuffle("*", on=False))
    recipe = {"epochs": 1, "batch_size": 32}
    found = compare(
        {"as published": network, "no shuffle": edited}, "digits:train_images=64", recipe, seeds=2, folder=tmp_path
    )
    assert [one.title for one in found.contestants] == ["as published", "no shuffle"]
    assert found.seeds == (0, 1)
    assert len(found.verdicts) == 1
    twice = compare({"a": network, "b": network}, "digits:train_images=64", recipe, seeds=1, folder=tmp_path / "same")
    assert twice.contestants[0].accuracies == twice.contestants[1].accuracies  # nothing but the network may differ


def test_the_command_line_trains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--data", "digits:train_images=64", "--epochs", "1", "--with", "batch_size=32", "--json"]
    assert main(["train", "shufflenet_v2_x0_5", *arguments, "--folder", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"][0]["steps"] == 2
    assert "10 classes" in found["edits"]


def test_any_point_of_the_history_is_a_contestant() -> None:
    network = explorer.open("design:lenet_5").edit(explorer.SwapActivation("*", "tanh"), explorer.SetClasses(7))
    titles = list(explorer.history_points(network))
    assert titles == [
        "LeNet-5",
        "LeNet-5: Activation Tanh everywhere",
        "LeNet-5: Activation Tanh everywhere, 7 classes",
    ]
    assert list(explorer.history_points(network.undo())) == titles[:2]
    chosen = explorer.history_points(network.undo(), (2, 0, 2))  # what can be redone is a point too
    assert list(chosen) == [titles[0], titles[2]]
    assert chosen[titles[2]].figures.output_shape == (1, 7)
    with pytest.raises(ValueError, match="no point 3: the history has 2 edits"):
        explorer.history_points(network, (3,))


def test_networks_that_come_twice_have_two_names() -> None:
    network = explorer.open("design:lenet_5")
    assert list(name_networks([network] * 3)) == ["LeNet-5", "LeNet-5 again", "LeNet-5 again again"]


def test_a_setting_that_was_moved_twice_is_one_in_the_name() -> None:
    network = explorer.open("design:lenet_5").edit(
        explorer.SetClasses(7), explorer.SwapActivation("*", "tanh"), explorer.SetClasses(9)
    )
    *_, last = explorer.history_points(network)
    assert last == "LeNet-5: 9 classes, Activation Tanh everywhere"


def test_the_command_line_compares_points_of_the_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edits = tmp_path / "edits.json"
    edits.write_text(
        json.dumps([{"edit": "swap_activation", "at": "*", "to": "tanh"}, {"edit": "set_classes", "to": 7}])
    )
    arguments = ["compare", "design:lenet_5", "--edits", str(edits), "--data", "digits:train_images=64"]
    arguments += ["--epochs", "1", "--with", "batch_size=32", "--json", "--folder", str(tmp_path / "runs")]
    assert main([*arguments, "--points", "0,1"]) == 0
    titles = [one["title"] for one in json.loads(capsys.readouterr().out)["networks"]]
    assert titles == ["LeNet-5", "LeNet-5: Activation Tanh everywhere"]
    for points, said in (("0,9", "no point 9"), ("last", "--points last")):
        assert main([*arguments, "--points", points]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--with", "speed=3"], "no field 'speed'"),
        (["--data", "/nowhere"], "cannot read"),
        (["--with", "epochs=few"], "is a number"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "shufflenet_v2_x0_5", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_group_is_followed_by_its_files(tmp_path: Path) -> None:
    data, recipe = DataSpec("digits", train_images=64), Recipe(epochs=2, batch_size=32)
    network = fit_network(explorer.open("shufflenet_v2_x0_5"), data)
    group = create_group({"a": network, "b": network}, data, recipe, (0,), tmp_path / "group")
    reader = ProgressReader(open_group(group.path))
    assert reader.read().state == "new"
    first, second = group.folders
    execute(first, network, lambda point: point.step < 3)
    seen = reader.read()
    assert (seen.state, seen.done) == ("paused", 3 / 8)
    assert [len(curve.values("train_loss")[0]) for curve in seen.curves] == [3, 0]
    assert [row.seeds for row in seen.rows] == [1, 0]
    for folder in (first, second):
        execute(folder, network)
    seen = reader.read()
    assert (seen.state, seen.done) == ("finished", 1.0)
    assert seen.comparison is not None
    assert seen.curves[0].points == seen.curves[1].points
    assert list_groups(tmp_path)[0].path == group.path


def test_older_trainings_are_not_opened_for_a_short_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.training import groups

    for number in range(5):
        (tmp_path / f"{number}" / "0-seed-0").mkdir(parents=True)
        (tmp_path / f"{number}" / "0-seed-0" / "run.json").touch()
    opened: list[str] = []
    monkeypatch.setattr(groups, "open_group", lambda path: opened.append(path.name) or open_group(path))
    assert [group.path.name for group in list_groups(tmp_path, most=2)] == ["4", "3"]
    assert opened == ["4", "3"]
