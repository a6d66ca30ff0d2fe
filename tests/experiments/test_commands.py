"""Experiments on the command line: listed, run with controls that are set, as text, as JSON and as code."""

from __future__ import annotations

import json

import pytest

from explorer.cli import main
from explorer.experiments import all_experiments, get_experiment


def test_all_are_listed_with_their_controls(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment"]) == 0
    said = capsys.readouterr().out
    assert all(experiment.id in said for experiment in all_experiments())
    assert "kernel=" in said
    assert main(["experiment", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in listed] == [experiment.id for experiment in all_experiments()]


def test_numbers_stand_beside_those_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "stacked_3x3", "--set", "kernel=7"]) == 0
    said = capsys.readouterr().out
    outcome = get_experiment("stacked_3x3").run({"kernel": 7})
    table = [line for line in said.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(outcome.numbers) + len(outcome.quoted)
    assert len({line.count("|") - line.count("\\|") for line in table}) == 1
    assert "kernel=7" in said
    assert said.count("\n- ") == len(outcome.observations)


def test_an_outcome_as_json_has_the_series_of_its_charts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "stacked_3x3", "--set", "kernel=7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    outcome = get_experiment("stacked_3x3").run({"kernel": 7})
    assert found["controls"]["kernel"] == 7
    assert {number["key"]: number["computed"] for number in found["numbers"]} == {
        number.key: pytest.approx(number.computed) for number in outcome.numbers
    }
    assert found["charts"][0]["series"]


def test_code_is_printed_and_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "stacked_3x3", "--set", "kernel=7", "--code"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == get_experiment("stacked_3x3").code({"kernel": 7})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stacked_3x4"], "did you mean stacked_3x3"),
        (["stacked_3x3", "--set", "kernel=6"], "kernel=6"),
        (["stacked_3x3", "--set", "kernel"], "CONTROL=VALUE"),
        (["stacked_3x3", "--set", "size=3"], "has no control 'size'"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experiment", *arguments]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(("id", "key"), [("relu_spiral", "x"), ("stacked_3x3", "values")])
def test_every_kind_of_chart_is_written(id: str, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", id, "--json"]) == 0
    said = capsys.readouterr().out
    assert "NaN" not in said
    charts = json.loads(said)["charts"]
    assert any(key in series for chart in charts for series in chart["series"])
