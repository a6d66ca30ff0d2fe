"""A network is one builder and one entry of the catalogue: a new one, of a new family, is found everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

from explorer import cli
from explorer.base.resources import resource_path
from explorer.guide.accuracy_cost import catalogue_points
from explorer.network import open_network
from explorer.networks import catalogue
from explorer.networks.catalogue import all_entries, all_families
from explorer.networks.catalogue_schema import find_catalogue_error
from explorer.ui.library.network_filter import build_network_rows
from explorer.ui.library.panel import LibraryPanel
from explorer.ui.overview.accuracy_cost_plot import AccuracyCostPlot, family_colour
from explorer.ui.overview.network_table import NetworkTable
from explorer.ui.shell.window import Window

ENTRY = {
    "key": "toy",
    "title": "Toy network",
    "family": "Toys",
    "year": 2030,
    "paper": "toy",
    "input_size": [3, 32, 32],
    "builder": f"{__name__}:toy",
    "params": 304,
    "macs": 221_264,
    "activations": 16_402,
    "top1": 50.0,
    "top1_source": "nobody",
}


class Toy(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, num_classes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.fc(self.pool(self.conv(x).relu()).flatten(1))
        return scores


def toy(*, num_classes: int = 10) -> Toy:
    return Toy(num_classes)


@pytest.fixture(autouse=True)
def _with_toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    file = json.loads(resource_path("catalogue.json").read_text(encoding="utf-8"))
    file["papers"]["toy"] = "Toys, Nobody, Nowhere 2030"
    file["networks"].append(ENTRY)
    assert find_catalogue_error(file) is None
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(file), encoding="utf-8")
    monkeypatch.setattr(catalogue, "resource_path", lambda name: path)
    for cached in (all_entries, catalogue_points):
        cached.cache_clear()
    yield
    for cached in (all_entries, catalogue_points):
        cached.cache_clear()


def test_its_family_follows_the_known_ones() -> None:
    assert all_families()[-1] == "Toys"
    assert all_entries()[-1].key == "toy"


def test_it_opens_with_the_figures_of_its_entry() -> None:
    network = open_network("toy")
    figures = network.figures
    assert (figures.total.params, figures.total.macs) == (ENTRY["params"], ENTRY["macs"])
    assert figures.activations.elements == ENTRY["activations"]
    assert len(network.run("cat").top(3)) == 3


def test_the_command_line_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    assert "2030  Toys           toy" in capsys.readouterr().out


def test_the_panels_list_it(qtbot: QtBot) -> None:
    library, table, plot = LibraryPanel(), NetworkTable(), AccuracyCostPlot()
    for panel in (library, table, plot):
        qtbot.addWidget(panel)
    library.show_rows(build_network_rows(all_entries()))
    assert library.listed_keys()[-1] == "toy"
    assert "toy" in {point.key for point in table.listed_points()}
    assert plot.family_box.findText("Toys") > 0
    assert family_colour("Toys") not in [family_colour(family) for family in all_families()[:-1]]


def test_the_window_opens_it(window: Window, qtbot: QtBot) -> None:
    window.open_network("toy")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=60_000)
    assert window.session.network is not None
    assert window.session.network.title == "Toy network"
