"""Handouts from the window: of the tour in sight, or else of the network's guide page."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from explorer.ui.experiments.tool import ExperimentsTool
from explorer.ui.overview.tool import OverviewTool
from explorer.ui.shell.window import Window
from explorer.ui.tours.tool import ToursTool
from tests.ui.conftest import settled

SLOW = 60_000


def test_the_tour_in_sight_or_the_page(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    tours = next(tool for tool in window.tools if isinstance(tool, ToursTool))
    tours.play("own_design", 0)
    qtbot.waitUntil(lambda: tours.player.scene is not None, timeout=SLOW)
    settled(qtbot, window)
    tour, page = tmp_path / "tour.html", tmp_path / "page.html"
    tours.handouts.save(str(tour))
    qtbot.waitUntil(tour.exists, timeout=SLOW)
    assert "under a budget" in tour.read_text(encoding="utf-8")
    tours.leave()
    tours.handouts.save(str(page))
    qtbot.waitUntil(page.exists, timeout=SLOW)
    assert "identity as the starting point" in page.read_text(encoding="utf-8")
    settled(qtbot, window)


def test_a_lineage_and_an_experiment(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    overview = next(tool for tool in window.tools if isinstance(tool, OverviewTool))
    overview.show()
    assert overview.window is not None
    lineage, experiment = tmp_path / "lineage.pptx", tmp_path / "experiment.html"
    overview.window.save_lineage("resnet_to_resnext", str(lineage))
    qtbot.waitUntil(lineage.exists, timeout=SLOW)
    overview.window.close()
    experiments = next(tool for tool in window.tools if isinstance(tool, ExperimentsTool))
    experiments.show("stacked_3x3")
    qtbot.waitUntil(lambda: experiments.window is not None and experiments.window.outcome is not None, timeout=SLOW)
    experiments.save(str(experiment))
    qtbot.waitUntil(experiment.exists, timeout=SLOW)
    page = experiment.read_text(encoding="utf-8")
    assert "data:image/png" in page
    assert "<details class='diagram'>" in page
    assert experiments.window is not None
    experiments.window.close()
    settled(qtbot, window)
