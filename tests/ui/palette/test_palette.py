"""The palette finds what can be done and seen, by keyboard alone, in the language in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from explorer.base.languages import tr, translator
from explorer.network import Network
from explorer.networks.catalogue import all_entries
from explorer.ui.palette.palette import Palette
from explorer.ui.palette.tool import PaletteTool
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.shell.window import Window
from explorer.ui.stage_table.tool import StageTableTool
from explorer.ui.widgets.tab_order import accepts_tab_focus, find_first_focusable

SLOW = 60_000


@pytest.fixture
def palette(window: Window, qtbot: QtBot) -> Iterator[Palette]:
    qtbot.waitUntil(window.isActiveWindow)
    tool = next(tool for tool in window.tools if isinstance(tool, PaletteTool))
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(tool.palette.field.hasFocus)
    yield tool.palette
    translator.set_language("en")


def choose(palette: Palette, qtbot: QtBot, text: str) -> None:
    palette.field.setText(text)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isHidden()


def test_every_enabled_entry_panel_and_network_is_found(window: Window, palette: Palette) -> None:
    known = {(entry.title, entry.keys) for entry in palette._entries}
    entries = menu_entries(window.menuBar())
    assert len(entries) > 50
    assert {(e.title, e.keys) for e in entries if e.action.isEnabled()} <= known
    titles = {title for title, _ in known}
    assert {dock.windowTitle() for dock in window.findChildren(QDockWidget)} <= titles
    assert {entry.title for entry in all_entries()} <= titles


def test_an_action_is_run_and_its_keys_are_shown(window: Window, palette: Palette, qtbot: QtBot) -> None:
    palette.field.setText("preferences…")
    assert palette.matches[0].keys == "Ctrl+,"
    actions: list[QAction] = []
    minimap = next(entry.action for entry in menu_entries(window.menuBar()) if entry.title == "Minimap")
    minimap.triggered.connect(lambda: actions.append(minimap))
    choose(palette, qtbot, "minimap")
    assert actions == [minimap]


def test_a_panel_is_shown_and_never_closed(window: Window, palette: Palette, qtbot: QtBot) -> None:
    history = window.docks.history
    assert history.visibleRegion().isEmpty()  # behind the selection
    for _ in range(2):
        palette.show_entries(palette._entries)
        palette.field.setText("view panels history")
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not history.visibleRegion().isEmpty())


def is_seen(dock: QDockWidget) -> bool:
    return not dock.visibleRegion().isEmpty()


def test_a_panel_that_is_chosen_has_the_keyboard(
    window: Window, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    """Every one of them, the first time and again: in itself, or in what takes it for the panel, not in a frame."""
    window.start(opened("squeezenet1_1"))
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    (tool,) = (tool for tool in window.tools if isinstance(tool, PaletteTool))
    for dock in window.findChildren(QDockWidget):
        for _ in range(2):
            window.canvas.setFocus()
            tool.show()
            entries = {entry.title: entry for entry in tool.palette._entries if entry.detail.endswith("Panels")}
            tool.palette.close_palette()
            entries[dock.windowTitle()].run()
            qtbot.waitUntil(partial(is_seen, dock), timeout=SLOW)
            focused = QApplication.focusWidget()
            assert focused is not None, dock.windowTitle()
            if find_first_focusable(dock) is not None:
                assert dock.isAncestorOf(focused), dock.windowTitle()
                assert accepts_tab_focus(focused), dock.windowTitle()
        dock.close()
    table = next(tool for tool in window.tools if isinstance(tool, StageTableTool))
    assert table.panel is not None
    assert table.panel.focusProxy() is table.panel.view


def test_a_network_is_opened(window: Window, palette: Palette, qtbot: QtBot) -> None:
    choose(palette, qtbot, "squeezenet 1.1")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    assert window.session.network.title == "SqueezeNet 1.1"


def test_a_network_stands_before_a_tour_that_begins_with_its_name(palette: Palette) -> None:
    assert any(entry.title.startswith("ResNet-50 →") for entry in palette._entries)
    palette.field.setText("resnet-50")
    assert palette.matches[0].title == "ResNet-50"
    palette.field.setText("resnet")
    assert palette.matches[0].title == "ResNet-18"


def test_a_card_is_gone_to(window: Window, opened: Callable[[str], Network], qtbot: QtBot) -> None:
    window.start(opened("squeezenet1_1"))
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    tool = next(tool for tool in window.tools if isinstance(tool, PaletteTool))
    tool.show()
    choose(tool.palette, qtbot, "features.3.expand3x3")
    qtbot.waitUntil(lambda: bool(window.session.selection), timeout=SLOW)
    assert window.session.selection[0].startswith("features.3.expand3x3")


def test_what_is_done_stands_before_a_card_of_that_name(
    window: Window, opened: Callable[[str], Network], qtbot: QtBot
) -> None:
    window.start(opened("squeezenet1_1"))
    qtbot.waitUntil(lambda: window.canvas.picture is not None, timeout=SLOW)
    tool = next(tool for tool in window.tools if isinstance(tool, PaletteTool))
    tool.show()
    tool.palette.field.setText("output")
    assert [entry.tier for entry in tool.palette.matches[:2]] == [0, 2]
    choose(tool.palette, qtbot, "output")
    qtbot.waitUntil(lambda: not window.docks.output.visibleRegion().isEmpty())
    assert not window.session.selection


def test_arrows_and_escape(window: Window, palette: Palette, qtbot: QtBot) -> None:
    row = palette.view.currentIndex
    assert row().row() == 0
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert row().row() == 1
    palette.field.setText("no such thing at all")
    assert not palette.matches
    assert palette.nothing.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert palette.isHidden()


def test_it_goes_with_the_keyboard_and_with_the_language(window: Window, palette: Palette, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    assert palette.isHidden()
    translator.set_language("zh")
    tool = next(tool for tool in window.tools if isinstance(tool, PaletteTool))
    tool.show()
    palette.field.setText(tr("Full screen"))
    assert palette.matches
    translator.set_language("en")
    assert palette.isHidden()
    assert not palette.field.placeholderText().startswith("操作")


def test_it_is_as_high_as_its_matches(palette: Palette, qtbot: QtBot) -> None:
    whole = palette.height()
    for text, most in (("resnet-18", 60), ("zzzzzz", 0)):
        palette.field.setText(text)
        rows = len(palette.matches)
        assert rows <= most
        assert palette.height() < whole
        if rows:
            last = palette.view.visualRect(palette.model.index(rows - 1, 0))
            qtbot.waitUntil(lambda: not palette.view.verticalScrollBar().isVisible())
            assert 0 <= palette.view.viewport().height() - last.bottom() - 1 < last.height()
        else:
            assert palette.height() < whole / 3
    palette.field.setText("")
    assert palette.height() == whole
