"""The order of the menus: the usual one, whichever tool adds an entry."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.ui.plugin.menu_entries import menu_entries, plain_title
from explorer.ui.plugin.tool_context import get_menu
from explorer.ui.shell.menu_order import MENU_GROUPS
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


@pytest.mark.parametrize("name", MENU_GROUPS)
def test_every_entry_has_its_place(window: Window, name: str) -> None:
    titles = ["" if a.isSeparator() else plain_title(a.text()) for a in get_menu(window.menuBar(), name).actions()]
    wanted = [title for group in MENU_GROUPS[name] for title in ("", *group)][1:]
    assert titles == wanted


def test_the_order_is_that_of_every_language(qtbot: object) -> None:
    translator.set_language("zh")
    window = Window()
    translator.set_language("en")
    titles = [plain_title(action.text()) for action in get_menu(window.menuBar(), "File").actions()]
    assert titles[:2] == ["New network…", "New tab"]
    assert titles[-2:] == ["Close tab", "Quit"]
    window.close()


def test_what_acts_on_a_network_can_be_chosen_while_one_is_open(window: Window, qtbot: QtBot) -> None:
    def enabled(*menus: str) -> set[str]:
        entries = menu_entries(window.menuBar())
        return {entry.title for entry in entries if entry.path[0] in menus and entry.action.isEnabled()}

    without = enabled("Edit", "View")
    assert enabled("Edit") == {"History", "Paste image", "Preferences…"}
    assert not {"Fit", "Zoom in", "Zoom out", "Blocks"} & without
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=60_000)
    assert {"Find…", "Take out", "Copy cards", "Select all", "Cut block", "Fit"} <= enabled("Edit", "View") - without
    window.tabs.new()
    assert enabled("Edit", "View") == without | {"ResNet-18"}  # to stand side by side with
    settled(qtbot, window)
