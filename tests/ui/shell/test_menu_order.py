"""The order of the menus: the usual one, whichever tool adds an entry."""

from __future__ import annotations

import pytest

from explorer.base.languages import translator
from explorer.ui.plugin.menu_entries import plain_title
from explorer.ui.plugin.tool_context import get_menu
from explorer.ui.shell.menu_order import MENU_GROUPS
from explorer.ui.shell.window import Window


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
