"""The folder panel: a run with its sentence and lines, an image shown by double-click, a folder without images."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from pytestqt.qtbot import QtBot

from explorer.analysis.sample import load_sample
from explorer.edits import SwapActivation
from explorer.ui.folder_evaluation.tool import FolderEvaluationTool
from explorer.ui.shell.window import Window


def test_a_folder_is_shown_before_and_after(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    tool = next(made for made in window.tools if isinstance(made, FolderEvaluationTool))
    tool.evaluate(str(tmp_path))
    assert window.notice.text == "Open a network first."
    for name in ("cat", "coffee"):
        Image.fromarray(load_sample(name).pixels).save(tmp_path / f"{name}.png")
    window.open_network("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=60_000)
    window.apply_edit(SwapActivation("*", "tanh"))
    qtbot.waitUntil(lambda: window.session.network is not None and bool(window.session.network.history.edits))
    tool.evaluate(str(tmp_path))
    panel = tool.panel
    assert panel is not None
    qtbot.waitUntil(lambda: panel.table.topLevelItemCount() == 2, timeout=60_000)
    assert "of 2 images" in panel.summary.text()
    qtbot.waitUntil(lambda: not panel.progress.isVisible(), timeout=10_000)
    row = panel.table.topLevelItem(0)
    assert row is not None
    panel.table.itemDoubleClicked.emit(row, 0)
    qtbot.waitUntil(
        lambda: window.session.sample is not None and window.session.sample.name == row.text(0), timeout=30_000
    )
    (tmp_path / "empty").mkdir()
    tool.evaluate(str(tmp_path / "empty"))
    qtbot.waitUntil(lambda: "there is no image in" in window.notice.text, timeout=30_000)


def test_newest_request_wins_and_nothing_queues(window: Window, qtbot: QtBot) -> None:
    """Twenty samples in a row, as fast as they come: the passes in between are dropped, the last one is shown."""
    window.start("mobilenet_v3_small")
    qtbot.waitUntil(lambda: window.output._output is not None, timeout=60_000)
    shown: list[object] = []
    lane, sample = window.panel_updater.output_lane, window.session.sample
    assert sample is not None
    show = window.output.show_output
    window.output.show_output = lambda output: (shown.append(output), show(output))  # type: ignore[method-assign, assignment]
    for number in range(20):
        pixels = sample.pixels.copy()
        pixels[:10] = number
        window.session.set_sample(type(sample)(f"number {number}", pixels))
    qtbot.waitUntil(lambda: not lane.busy, timeout=60_000)
    assert len(shown) == 1
    assert window.session.network is not None
    assert window.session.network.run(window.session.sample or "").result.ops_run == 0
