"""The budget lock in the window: another axis gives way, one step of the history, every variant a point."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.ui.budget.panel import BudgetPanel
from explorer.ui.budget.tool import BudgetTool
from explorer.ui.shell.window import Window

SLOW = 60_000


def show(window: Window, qtbot: QtBot) -> BudgetPanel:
    window.open_network("mobilenet_v2")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    tool = next(tool for tool in window.tools if isinstance(tool, BudgetTool))
    tool.dock.toggleViewAction().trigger()
    qtbot.waitUntil(lambda: tool.panel is not None and len(tool.panel.scatter._variants) == 1, timeout=SLOW)
    assert tool.panel is not None
    return tool.panel


def test_another_axis_gives_way_and_every_variant_is_a_point(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    assert not panel.sliders["width"].isEnabled()
    panel.sliders["resolution"].setValue(30)
    qtbot.waitUntil(lambda: "gave way" in panel.result_label.text(), timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert abs(network.figures.total.macs / network.baseline.figures.total.macs - 1) < 0.01
    assert panel.factors()["width"] < 0.9
    panel.sliders["resolution"].setValue(20)
    qtbot.waitUntil(lambda: len(panel.scatter._variants) == 3, timeout=SLOW)
    made = window.session.network
    assert made is not None
    assert {edit.name for edit in made.history.applied_edits} == {"multiply_width", "set_input_size"}
    panel.variant_chosen.emit(panel.scatter._variants[0])
    qtbot.waitUntil(lambda: not window.session.network.history.applied_edits, timeout=SLOW)


def test_a_network_changed_otherwise_is_a_new_budget(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    panel.sliders["expansion"].setValue(-20)
    qtbot.waitUntil(lambda: "gave way" in panel.result_label.text(), timeout=SLOW)
    window.apply_edit(SwapActivation("*", "silu"))
    qtbot.waitUntil(lambda: not panel.result_label.text(), timeout=SLOW)
    assert set(panel.factors().values()) == {1.0}
