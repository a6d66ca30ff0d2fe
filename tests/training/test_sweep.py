"""Sweeps: the points of a file, trained through the queue, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import explorer
from explorer.base.cancellation import Cancelled
from explorer.cli import main
from explorer.training.statistics import pareto_front
from explorer.training.sweep import build_trials
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
    assert "| a | 80.0 % ◆ | – | 1.00 K | 100 | 1.0 |" in found.as_markdown()
    assert found.as_csv().splitlines()[1] == "a,0,0.8,1000,100,1.0,5,True"
    assert "| d | – | stopped |" in found.as_markdown()


def test_equal_points_are_both_on_the_front() -> None:
    assert pareto_front([(1, 0.5), (1, 0.5), (2, 0.5), (2, 0.6)]) == {0, 1, 3}


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
