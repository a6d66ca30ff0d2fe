"""Trainings as files."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import explorer
from explorer.training.data_spec import DataSpec
from explorer.training.execution import execute
from explorer.training.groups import RunGroup, create_group
from explorer.training.locked_folder import RunError
from explorer.training.recipe import Recipe
from explorer.training.report import save_training
from explorer.training.train import fit_network


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> RunGroup:
    data = DataSpec("digits", train_images=64)
    network = fit_network(explorer.open("shufflenet_v2_x0_5"), data)
    path = tmp_path_factory.mktemp("group")
    made = create_group({"base": network, "<b>again": network}, data, Recipe(epochs=1, batch_size=32), (0,), path)
    for folder in made.folders:
        execute(folder, network)
    return made


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_holds_everything_and_needs_nothing(group: RunGroup, tmp_path: Path) -> None:
    save_training(group, tmp_path / "report.html")
    reader = _Reader()
    reader.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert reader.links == []
    assert reader.tags.count("svg") == 3
    assert reader.tags.count("polyline") == 6
    for said in ("<b>again", "One seed says nothing", '"batch_size": 32', '"seeds"', '"torch"', "Each: 1 epoch"):
        assert said in reader.text


def test_curves_are_rows(group: RunGroup, tmp_path: Path) -> None:
    save_training(group, tmp_path / "curves.csv")
    with (tmp_path / "curves.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [point for folder in group.folders for point in folder.read_curve()[0]]
    assert len(rows) == len(expected) == 6
    assert [row["loss"] for row in rows] == ["" if p.loss is None else str(p.loss) for p in expected]
    assert {row["network"] for row in rows} == {"base", "<b>again"}


def test_another_suffix_is_refused(group: RunGroup, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"\.pdf is no format"):
        save_training(group, tmp_path / "report.pdf")


def test_a_missing_writer_is_named(group: RunGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(RunError, match="pip install tensorboard"):
        save_training(group, tmp_path / "events")


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed")
def test_events_are_read_back(group: RunGroup, tmp_path: Path) -> None:
    reader = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    save_training(group, tmp_path / "events")
    folders = sorted((tmp_path / "events").iterdir())
    assert len(folders) == 2
    events = reader.EventAccumulator(str(folders[0])).Reload()
    losses = [point.loss for point in group.folders[0].read_curve()[0] if point.loss is not None]
    assert [event.value for event in events.Scalars("train_loss")] == pytest.approx(losses)
