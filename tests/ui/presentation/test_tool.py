"""F9 folds the panels and brings them back; the presentation view shows the diagram and a caption, and puts it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QDockWidget, QToolBar
from pytestqt.qtbot import QtBot

from explorer.ui.presentation.tool import PresentationTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled


@pytest.fixture
def tool(window: Window) -> PresentationTool:
    return next(tool for tool in window.tools if isinstance(tool, PresentationTool))


def _standing(window: Window) -> set[QDockWidget]:
    return {dock for dock in window.findChildren(QDockWidget) if not dock.isHidden()}


def test_panels_fold_and_come_back_as_they_were(window: Window, tool: PresentationTool, qtbot: QtBot) -> None:
    before, size = _standing(window), window.canvas.size()
    tool.folding.toggle()
    assert not _standing(window)
    qtbot.waitUntil(lambda: window.canvas.width() > size.width())
    tool.folding.toggle()
    assert _standing(window) == before
    qtbot.waitUntil(lambda: window.canvas.size() == size)


def test_the_presentation_view_shows_canvas_and_caption_alone_and_puts_all_back(
    window: Window, tool: PresentationTool, qtbot: QtBot
) -> None:
    tool.present_action.trigger()
    assert not tool.view.is_active  # there is nothing to show
    window.start("resnet18")
    settled(qtbot, window)
    before = _standing(window)
    tool.present_action.trigger()
    assert window.isFullScreen()
    assert not _standing(window)
    shown = [bar for bar in window.findChildren(QToolBar) if bar.isVisible()]
    assert not shown
    assert not window.statusBar().isVisible()
    assert not window.tabs.strip.isVisible()
    assert "ResNet-18" in tool.view.caption.text()
    qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
    qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
    picture = window.canvas.picture
    assert picture is not None
    second = picture.diagram.children[picture.diagram.root][1]
    assert window.session.selection[-1] == second
    card = picture.card(second)
    assert card is not None
    assert card.title in tool.view.caption.text()
    for _ in range(30):  # past the last one
        qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Home)
    assert window.canvas.is_fitted
    tool.view._cursor_timer.timeout.emit()
    assert window.canvas.cursor().shape() == Qt.CursorShape.BlankCursor
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert not tool.view.is_active
    assert not window.isFullScreen()
    assert _standing(window) == before
    assert window.tabs.strip.isVisible()
    assert window.statusBar().isVisible()
    assert window.canvas.cursor().shape() != Qt.CursorShape.BlankCursor


def _make_small(window: Window, qtbot: QtBot) -> None:
    """Open a network in a small window and select a block, to which the list of networks gives way."""
    QSettings().setValue("one_side_in_small_windows", True)
    window.start("resnet18")
    settled(qtbot, window)
    window.resize(1000, 700)
    qtbot.waitUntil(lambda: window.room.is_small)
    for change in (window.docks.library.hide, window.docks.library.show, lambda: window.session.select("layer1.0")):
        change()
        qtbot.waitUntil(lambda: not window.room._timer.isActive())
    settled(qtbot, window)
    assert _standing(window) == {window.docks.inspector}


def test_what_has_given_way_stays_away_while_all_panels_are_folded(
    window: Window, tool: PresentationTool, qtbot: QtBot
) -> None:
    """In a small window the list of networks gives way to the selection, and comes back once that is closed."""
    _make_small(window, qtbot)
    tool.folding.toggle()
    qtbot.waitUntil(lambda: not window.room._timer.isActive())
    assert not _standing(window)
    tool.folding.toggle()
    qtbot.waitUntil(lambda: not window.room._timer.isActive())
    assert _standing(window) == {window.docks.inspector}
    settled(qtbot, window)


def test_no_panel_comes_up_in_a_talk_whatever_the_size_of_the_screen(
    window: Window, tool: PresentationTool, qtbot: QtBot
) -> None:
    """In small windows panels come and go with the selection, and come back in large ones."""
    _make_small(window, qtbot)
    before = _standing(window)
    tool.present_action.trigger()
    qtbot.waitUntil(lambda: not window.room._timer.isActive())
    assert not _standing(window)
    for width, height in ((1280, 800), (1920, 1080), (1000, 700)):
        window.resize(width, height)
        qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
        settled(qtbot, window)
        assert window.session.selection
        assert not _standing(window), (width, height)
    tool.present_action.trigger()
    window.resize(1000, 700)
    settled(qtbot, window)
    assert _standing(window) == before


def test_the_full_screen_is_left_by_the_same_key(window: Window, tool: PresentationTool) -> None:
    tool.full_screen_action.trigger()
    assert window.isFullScreen()
    tool.full_screen_action.trigger()
    assert not window.isFullScreen()
