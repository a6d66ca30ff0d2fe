"""The budget lock in the window: another axis gives way, one step of the history, every variant a point."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer.edits import MultiplyWidth, SetClasses, SwapActivation
from explorer.network import Network
from explorer.training.data_spec import data_from_text
from explorer.training.launch import create_run
from explorer.training.locked_folder import RunState
from explorer.training.recipe import Recipe
from explorer.training.run_folder import CurvePoint, RunSpec
from explorer.training.trained_variants import find_accuracies
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
    assert panel.result_label.text().endswith("kept: Width.")  # what to do, until something was done
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
    assert not window.actions_.reset.isEnabled()
    window.actions_.undo.trigger()  # a click in the scatter is a step like any other
    qtbot.waitUntil(lambda: window.session.network.architecture is made.architecture, timeout=SLOW)


def test_a_network_changed_otherwise_is_a_new_budget(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    panel.sliders["expansion"].setValue(-20)
    qtbot.waitUntil(lambda: "gave way" in panel.result_label.text(), timeout=SLOW)
    window.apply_edit(SwapActivation("*", "silu"))
    qtbot.waitUntil(lambda: "gave way" not in panel.result_label.text(), timeout=SLOW)
    assert set(panel.factors().values()) == {1.0}


def test_a_trained_variant_says_what_it_reached_and_the_former_one_is_a_button_away(
    window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.training.groups.runs_folder", lambda: tmp_path)
    panel = show(window, qtbot)
    network = window.session.network
    assert network is not None
    window.apply_edit(SwapActivation("*", "silu"))
    qtbot.waitUntil(lambda: len(panel.scatter._variants) == 2, timeout=SLOW)
    edited = window.session.network
    assert edited is not None
    write_finished_run(tmp_path / "20260101-000000-x" / "0-seed-0", "MobileNet v2: SiLU", edited, 0.9375)
    window.session.note_trained()
    qtbot.waitUntil(lambda: panel.scatter._variants[1].trained is not None, timeout=SLOW)
    assert panel.scatter._variants[0].trained is None
    assert "Trained: 93.8 %" in panel.scatter._variants[1].tip
    assert "SiLU" in panel.scatter._variants[1].tip
    assert panel.scatter._labels[0].isVisible()
    panel.scatter.variant_chosen.emit(panel.scatter._variants[0])
    qtbot.waitUntil(lambda: not window.session.network.history.applied_edits, timeout=SLOW)
    qtbot.waitUntil(panel.return_button.isVisible, timeout=SLOW)
    panel.return_button.click()
    qtbot.waitUntil(lambda: bool(window.session.network.history.applied_edits), timeout=SLOW)


def write_finished_run(path: Path, title: str, network: Network, accuracy: float) -> None:
    """A run of a network, fitted as training does it, whose files say that it is finished."""
    data = data_from_text("digits")
    fitted = network.edit(SetClasses(10))
    total = fitted.figures.total
    folder = create_run(fitted, RunSpec(title, data, Recipe(), 0, params=total.params, macs=total.macs), path)
    folder.write_state(RunState("finished", step=1, steps=1))
    folder.curve_path.write_text(CurvePoint(1, test_loss=0.1, test_accuracy=accuracy).as_json() + "\n")
    assert find_accuracies(network.title, path.parent.parent)


def test_variants_can_be_reached_by_keys(window: Window, qtbot: QtBot) -> None:
    panel = show(window, qtbot)
    window.apply_edit(MultiplyWidth("*", 0.5))
    qtbot.waitUntil(lambda: len(panel.scatter._variants) == 2, timeout=SLOW)
    panel.scatter.setFocus()
    qtbot.keyClick(panel.scatter, Qt.Key.Key_Right)
    assert "Width ×0.5" in panel.scatter.accessibleDescription()
    qtbot.keyClick(panel.scatter, Qt.Key.Key_Right)
    assert "as it was opened" in panel.scatter.accessibleDescription()
    qtbot.keyClick(panel.scatter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.session.network.history.applied_edits, timeout=SLOW)
