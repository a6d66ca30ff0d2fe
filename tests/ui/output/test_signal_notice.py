"""In the window: an edit that breaks the signal is said, shown along the depth, and mended in one click."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer.edits import Recalibrate, SwapActivation
from explorer.ui.depth_curves.tool import DepthCurvesTool
from explorer.ui.shell.window import Window


def test_a_network_that_went_blind_is_said_shown_and_mended(window: Window, qtbot: QtBot) -> None:
    output = window.output
    window.start("shufflenet_v2_x0_5")
    qtbot.waitUntil(lambda: output.distance.isVisible(), timeout=60_000)
    assert output.distance.text().endswith("bits apart")
    assert not output.signal.isVisible()
    window.apply_edit(SwapActivation("*", "sigmoid"))
    qtbot.waitUntil(lambda: output.signal.isVisible(), timeout=60_000)
    assert "no longer tells photos apart" in output.signal.warning.text()
    assert not output.note.isVisible()

    tool = next(made for made in window.tools if isinstance(made, DepthCurvesTool))
    qtbot.mouseClick(output.signal.depth_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tool.is_panel_visible, timeout=30_000)
    assert tool.panel is not None
    assert tool.panel.current_key == "deviation"
    tool.dock.hide()

    output.signal.remedy_button.click()
    qtbot.waitUntil(
        lambda: window.session.network is not None and Recalibrate() in window.session.network.history.applied_edits,
        timeout=60_000,
    )
    qtbot.waitUntil(lambda: output._output is not None and "calibrated anew" in output._output.note, timeout=60_000)
    qtbot.waitUntil(lambda: "before" in output.distance.text(), timeout=60_000)
    assert not output.signal.warning.text()
