"""Sweeps: the points of a file, trained through the queue, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import explorer
from explorer.base.cancellation import Cancelled
from explorer.cli import main
from explorer.training.groups import open_group
from explorer.training.launch import pause_run
from explorer.training.locked_folder import RunError
from explorer.training.statistics import pareto_front
from explorer.training.sweep import build_trials, lead_sweep
from explorer.training.sweep_folder import SweepFolder, create_sweep, list_sweeps, start_sweep
from explorer.training.sweep_progress import SweepReader
from explorer.training.sweep_results import SweepResult, TrialResult
from explorer.training.sweep_spec import Sweep, SweepError, sweep_from_json

BASE: dict[str, Any] = {
    "network": "shufflenet_v2_x0_5",
    "data": "digits:train_images=64",
    "recipe": {"epochs": 1, "batch_size": 32},
    "edits": [{"edit": "toggle_channel_shuffle", "at": "*", "on": True}],
}


def plan(**changes: Any) -> Sweep:
    return sweep_from_json(BASE | changes)


def test_a_grid_has_every_combination() -> None:
    found = plan(
        vary={"edits.0.on": [True, False], "recipe.learning_rate": {"low": 0.001, "high": 0.1, "log": True}}, steps=3
    ).points()
    assert [tuple(point.values()) for point in found] == [
        (on, rate) for on in (True, False) for rate in (0.001, 0.01, 0.1)
    ]


def test_drawn_points_depend_on_the_seed() -> None:
    vary = {"recipe.learning_rate": {"low": 1e-4, "high": 0.1, "log": True}, "recipe.optimizer": ["sgd", "adamw"]}
    first, again, other = (plan(vary=vary, search="random", trials=20, seed=seed).points() for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert len(first) == 20
    assert all(1e-4 <= point["recipe.learning_rate"] <= 0.1 for point in first)


def test_halving_gives_the_best_all_epochs() -> None:
    vary = {"recipe.learning_rate": {"low": 1e-4, "high": 0.1}}
    assert plan(vary=vary, search="halving", trials=9).epochs_of_rounds(9, 9) == [3, 9]
    assert plan(vary=vary, search="halving", trials=27).epochs_of_rounds(9, 27) == [1, 3, 9]
    assert plan(vary=vary, search="random").epochs_of_rounds(9, 9) == [9]


def test_a_point_is_a_network_and_a_recipe() -> None:
    first, second = build_trials(plan(vary={"edits.0.on": [True, False], "recipe.learning_rate": [0.01]}))
    assert first.recipe.learning_rate == 0.01
    assert first.recipe.batch_size == 32
    assert first.title == "edits.0.on=True, recipe.learning_rate=0.01"
    assert first.network.history.applied_edits != second.network.history.applied_edits
    assert second.network.figures.output_shape == (1, 10)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "varies one field"),
        ({"vary": {"speed": [1]}}, "'speed' cannot be varied"),
        ({"vary": {"edits.4.on": [True]}}, "cannot be varied"),
        ({"vary": {"recipe.epochs": 3}}, "a list of values"),
        ({"vary": {"recipe.epochs": {"low": 3, "high": 1}}}, "a list of values"),
        ({"vary": {"recipe.epochs": {"low": "few", "high": 1}}}, "recipe.epochs"),
        ({"vary": {"recipe.epochs": [1]}, "search": "genetic"}, "search"),
        ({"vary": {"recipe.epochs": [1]}, "speed": 1}, "no field 'speed'"),
    ],
)
def test_a_wrong_file_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SweepError, match=said):
        plan(**changes).points()


def test_a_wrong_value_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(ValueError, match="epochs is 0"):
        build_trials(plan(vary={"recipe.epochs": [1, 0]}))


def trial(title: str, macs: int, *accuracies: float) -> TrialResult:
    return TrialResult(title, (("network", title),), 1000, macs, accuracies, 1.0, 5, "" if accuracies else "stopped")


def test_the_table_is_sorted_and_marks_the_front() -> None:
    found = SweepResult(
        (trial("a", 100, 0.8), trial("b", 50, 0.7), trial("c", 120, 0.75), trial("d", 9)), ("network",), Path()
    )
    assert found.pareto() == {"a", "b"}
    assert found.best.title == "a"
    assert [row[0] for row in found.rows()] == ["network", "a", "c", "b", "d"]
    assert [row[0] for row in found.rows("macs")] == ["network", "d", "b", "a", "c"]
    assert "| a | 80.0 % ◆ | – | 1.00 K | 100 | – | 5 | 1.0 |" in found.as_markdown()
    assert found.as_csv().splitlines()[1] == "a,0,0.8,1000,100,0.0,1.0,5,True"
    assert "| d | – | stopped |" in found.as_markdown()


def test_equal_points_are_both_on_the_front() -> None:
    assert pareto_front([(1, 0.5), (1, 0.5), (2, 0.5), (2, 0.6)]) == {0, 1, 3}


def test_a_whole_edit_is_varied_and_left_out() -> None:
    off = {"edit": "toggle_channel_shuffle", "at": "*", "on": False}
    bare, edited = build_trials(plan(edits=[None], vary={"edits.0": [None, off]}))
    assert (bare.title, edited.title) == ("edits.0=as it is", "edits.0=Channel shuffle off everywhere")
    shuffles = [sum(edit.name == "toggle_channel_shuffle" for edit in t.network.history.edits) for t in (bare, edited)]
    assert shuffles == [0, 1]


def test_an_open_network_is_swept_with_its_own_edits(tmp_path: Path) -> None:
    network = explorer.open("shufflenet_v2_x0_5").edit(explorer.ToggleChannelShuffle("*", on=False))
    folder = SweepFolder(tmp_path / "sweep")
    found = plan(edits=[], vary={"recipe.learning_rate": [0.01]}, titles={"recipe.learning_rate": "Rate"})
    folder.create(found, network)
    assert folder.read_plan() == found
    (point,) = build_trials(folder.read_plan(), folder.open_network(trusted=False))
    assert network.history.edits[0] in point.network.history.edits


def test_halving_trains_the_best_longer(tmp_path: Path) -> None:
    vary = {"recipe.learning_rate": {"low": 1e-6, "high": 1e-2, "log": True}}
    found = explorer.sweep(
        plan(vary=vary, edits=[], search="halving", trials=6, keep=3, recipe={"epochs": 3}), folder=tmp_path, threads=1
    )
    epochs = [trial.epochs for trial in found.trials]
    kept = len(epochs) // 3
    assert sorted(epochs) == [1] * (len(epochs) - kept) + [3] * kept
    first = [
        [p.test_accuracy for p in folders[0].read_curve()[0] if p.test_accuracy is not None][-1]
        for folders in open_group(tmp_path / "round-0").contestants
    ]
    best = sorted(range(len(first)), key=lambda place: first[place], reverse=True)[:kept]
    assert sorted(trial.place for trial in found.trials if trial.epochs == 3) == sorted(best)
    assert all(trial.milliseconds > 0 for trial in found.trials)
    assert found.pareto("milliseconds")


def test_a_point_that_fails_is_said_and_keeps_none_from_being_trained(tmp_path: Path) -> None:
    wild = {"epochs": 20, "batch_size": 32, "optimizer": "sgd", "clip": 0.0, "warmup": 0.0}
    rates = [100.0, 99.0, 98.0, 97.0, 1e-3]
    found = explorer.sweep(
        plan(vary={"recipe.learning_rate": rates}, edits=[], recipe=wild), folder=tmp_path, threads=1
    )
    assert [trial.state for trial in found.trials] == ["failed"] * 4 + ["finished"]
    assert "not a number from step" in found.trials[0].message
    assert found.best.place == 4


def test_a_sweep_in_a_process_of_its_own_is_paused_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path))
    folder = create_sweep(plan(vary={"recipe.epochs": [1, 2]}, recipe={}, edits=[]))
    start_sweep(folder, threads=1)
    with pytest.raises(RunError, match="another process"):
        start_sweep(folder)
    assert pause_run(folder).state == "paused"
    (again,) = list_sweeps()
    lead_sweep(again, threads=1)
    progress = SweepReader(again).read()
    assert (progress.state, progress.done, progress.round, progress.rounds) == ("finished", 1.0, 1, 1)
    assert [trial.epochs for trial in progress.result.trials] == [1, 2]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("sweep.json", "{}", "no sweep"), ("sweep.json", '{"format": "cnnx-sweep", "version": 1}', "network"),
     ("points.json", "[1]", "points.json"), ("nodes.json", "{", "nodes.json")],
)  # fmt: skip
def test_damaged_files_of_a_sweep_are_named(name: str, content: str, said: str, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    folder.create(plan(vary={"recipe.epochs": [1]}))
    (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match=said):
        SweepReader(folder).read()


def test_a_sweep_is_trained_and_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = tmp_path / "sweep.json", tmp_path / "runs"
    file.write_text(json.dumps(BASE | {"vary": {"edits.0.on": [True, False]}}))
    with pytest.raises(Cancelled):
        explorer.sweep(file, folder=folder, keep_going=lambda done: done < 0.4)
    assert main(["sweep", str(file), "--folder", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(t["values"]["edits.0.on"] for t in found["trials"]) == [False, True]
    assert all(len(t["test_accuracies"]) == 1 and t["epochs"] == 1 for t in found["trials"])
    assert any(t["pareto"] for t in found["trials"])
