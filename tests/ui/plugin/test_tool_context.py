"""The desk: what every tool of the window builds on."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.shell import window as window_module
from explorer.ui.shell.window import Window

SLOW = 60_000


class Listening:
    """A tool that says what is selected."""

    def __init__(self, desk: ToolContext) -> None:
        self.made: list[QWidget] = []
        self.desk, self.lane = desk, desk.add_lane("listening", latest_only=True)
        self.dock = desk.add_dock("What is selected", self._panel, "right", "Ctrl+Alt+9")
        self.again = desk.add_action(
            "View", "Say it again", lambda: desk.commands.show_status("again"), "Ctrl+Alt+8", "Once more"
        )
        self.other = desk.add_action("Games", "Play", lambda: desk.commands.show_error(ValueError("no games here")))

    def _panel(self) -> QWidget:
        self.made.append(QLabel("nothing yet"))
        return self.made[-1]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Any:
    monkeypatch.setattr(window_module, "TOOLS", (Listening,))
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.room.show_awaited()
    yield window.tools[0]
    window.close()


def test_a_panel_is_made_when_it_is_first_seen(tool: Listening, qtbot: QtBot) -> None:
    assert tool.made == []
    assert not tool.dock.isVisible()
    shown = tool.dock.toggleViewAction()
    assert shown in [a for menu in tool.desk.get_menu("View").findChildren(QMenu) for a in menu.actions()]
    shown.trigger()
    qtbot.waitUntil(tool.dock.isVisible)
    assert len(tool.made) == 1
    shown.trigger()
    shown.trigger()
    assert len(tool.made) == 1


def test_a_panel_behind_another_comes_to_the_front_before_it_is_closed(tool: Listening, qtbot: QtBot) -> None:
    shown, window = tool.dock.toggleViewAction(), tool.desk.window
    shown.trigger()
    qtbot.waitUntil(lambda: bool(window.tabifiedDockWidgets(tool.dock)))
    window.docks.inspector.raise_()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: tool.dock.visibleRegion().isEmpty())
    shown.trigger()
    qtbot.waitUntil(lambda: not tool.dock.visibleRegion().isEmpty())
    assert shown.isChecked()
    shown.trigger()
    assert tool.dock.isHidden()
    assert not shown.isChecked()


def test_entries_of_menus_old_and_new(tool: Listening) -> None:
    window = tool.desk.window
    assert tool.again in tool.desk.get_menu("View").actions()
    words = [action.text().replace("&", "") for action in window.menuBar().actions()]
    usual = ["File", "Edit", "View", "Go", "Tools", "Games", "Window", "Help"]
    assert words == [name for name in usual if name in words]
    assert {"View", "Games", "Window", "Help"} <= set(words)
    tool.again.trigger()
    assert window.statusBar().currentMessage() == "again"
    assert tool.again.toolTip() == "Once more (Ctrl+Alt+8)"


def test_what_goes_wrong_is_said_above_the_canvas(tool: Listening) -> None:
    tool.other.trigger()
    assert "no games here" in tool.desk.window.notice.text  # type: ignore[attr-defined]


def test_going_to_a_card_unfolds_what_hides_it(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    id = "layer3.1.conv2"
    assert window.canvas.picture is not None
    assert window.canvas.picture.rect(id) is None
    window.go_to_card(id)
    qtbot.waitUntil(lambda: window.canvas.picture is not None and window.canvas.picture.rect(id) is not None)
    qtbot.waitUntil(lambda: not window.panel_updater.draw_lane.busy)
    assert window.session.selection == (id,)
    rect = window.canvas.picture.rect(id)
    assert rect is not None
    assert window.canvas.rect().contains(window.canvas._viewport.to_widget_rect(rect).toRect().center())


def test_pointing_out_several_cards(window: Window, qtbot: QtBot) -> None:
    window.start("resnet18")
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    ids = {"layer1.0.conv1", "layer4"}
    window.highlight_cards(ids)
    qtbot.waitUntil(lambda: window.canvas._marks.highlighted == ids)
    assert window.canvas.picture is not None
    assert window.session.selection == ()
    for id in ids:
        rect = window.canvas.picture.rect(id)
        assert rect is not None
        assert window.canvas.rect().contains(window.canvas._viewport.to_widget_rect(rect).toRect())
    window.session.select("layer2")
    assert window.canvas._marks.highlighted == frozenset()


def test_going_nowhere_before_anything_is_open(window: Window) -> None:
    window.go_to_card("layer1.0")
    assert window.session.selection == ()


def test_no_two_actions_share_their_keys(window: Window) -> None:
    keys = [
        key.toString() for action in window.findChildren(QAction) for key in action.shortcuts() if not key.isEmpty()
    ]
    assert [key for key in set(keys) if keys.count(key) > 1] == []


def test_the_window_is_up_before_anything_heavy_is_imported() -> None:
    heavy = ("numpy", "pyqtgraph", "pydantic", "torch", "torchvision", "skimage", "captum")
    lines = f"import explorer.ui.shell.window, sys; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
