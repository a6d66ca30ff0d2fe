"""What the README shows works as it stands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from explorer.project.edits_json import edit_from_json

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_python_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _, example, experiment = blocks("python")
    exec(compile(example, "README.md", "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "3504872 300774272 601548544"  # as the comment beside it says
    assert (tmp_path / "mobilenet.png").exists()
    exec(compile(experiment, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("9.677")


def test_the_training_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path))
    training, _, _ = blocks("python")
    small = training.replace('"shapes", {"epochs": 5}', '"digits:train_images=64", {"epochs": 1}')
    small = small.replace('"digits", seeds=3', '"digits:train_images=64", {"epochs": 1}, seeds=1')
    small = small.replace("mobilenet_v2", "shufflenet_v2_x0_5")
    assert small.count("train_images=64") == 2
    exec(compile(small, "README.md", "exec"), {})
    assert "| linear" in capsys.readouterr().out


def test_the_edits_example() -> None:
    _, example = blocks("json")
    assert len([edit_from_json(value) for value in json.loads(example)]) == 4


def test_the_sweep_example() -> None:
    from explorer.training.sweep import build_trials
    from explorer.training.sweep_spec import sweep_from_json

    example, _ = blocks("json")
    assert len(build_trials(sweep_from_json(json.loads(example)))) == 8


def test_every_command_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    from explorer.cli import _build_parser

    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("cnn-explorer-cli")]
    assert len(commands) >= 5
    for line in commands:
        assert _build_parser().parse_args(shlex.split(line, comments=True)[1:]).command


def test_the_keys_of_the_panels_are_theirs() -> None:
    from explorer.ui.depth_curves.tool import DepthCurvesTool
    from explorer.ui.feature_maps.tool import FeatureMapsTool
    from explorer.ui.grad_cam.tool import GradCamTool
    from explorer.ui.timing.tool import TimingTool

    for tool in (FeatureMapsTool, DepthCurvesTool, GradCamTool, TimingTool):
        assert f"*{tool.title}* (`{tool.shortcut}`" in " ".join(TEXT.split())
