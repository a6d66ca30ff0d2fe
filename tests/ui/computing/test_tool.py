"""Where networks run, and how much is remembered: settings for all that are open."""

from __future__ import annotations

import pytest
import torch
from pytestqt.qtbot import QtBot

from explorer.analysis.forward import memory_check
from explorer.ui.computing.tool import ComputingTool
from explorer.ui.shell.window import Window


def test_device_and_memory_are_settings(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_check, "DEVICE_PREFERENCES", memory_check.DevicePreferences())
    window.start("mobilenet_v3_small")
    qtbot.waitUntil(lambda: window.output._output is not None)
    tool = next(made for made in window.tools if isinstance(made, ComputingTool))
    network = window.session.network
    assert network is not None
    tool.devices_menu.aboutToShow.emit()
    assert tool.devices_menu.actions()[0].text() == "CPU"
    tool.budgets_menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: network.context.forward.budget == 2**28)
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    tool.set_preferences(device=missing)
    qtbot.waitUntil(lambda: f"{missing} failed" in window.output.note.text())
    assert "so this ran on the CPU." in window.output.note.text()
    assert window.output.bars.isVisible()
