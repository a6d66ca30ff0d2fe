"""The activity bar: every button opens what it names, and is checked exactly while that is in sight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QRect, Qt
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.ui.base import appearance
from explorer.ui.shell.activity_bar import ActivityButton
from explorer.ui.shell.window import Window
from explorer.ui.widgets.icons import load_icon


def _docks(window: Window) -> list[tuple[ActivityButton, QDockWidget]]:
    buttons = window.activity_bar.buttons
    return [(button, button.activity.dock) for button in buttons if button.activity.dock is not None]


def _is_in_sight(dock: QDockWidget) -> bool:
    return dock.isVisible() and not dock.visibleRegion().isEmpty()


def test_the_main_activities_are_there_with_names_and_icons(window: Window) -> None:
    names = [button.text() for button in window.activity_bar.buttons]
    assert {"Networks", "Guide", "All networks", "Experiments", "Feature maps", "Grad-CAM", "Training"} <= {*names}
    assert len(set(names)) == len(names)
    for button in window.activity_bar.buttons:
        assert button.accessibleName() == button.text()
        assert button.toolTip()
        assert not button.icon().isNull()


def test_a_button_is_checked_while_its_panel_is_in_sight(window: Window, qtbot: QtBot) -> None:
    def agree() -> bool:
        return all(button.isChecked() == _is_in_sight(dock) for button, dock in _docks(window))

    qtbot.waitUntil(agree)
    for button, dock in _docks(window):
        if not _is_in_sight(dock):
            button.click()
        qtbot.waitUntil(lambda dock=dock: _is_in_sight(dock))  # type: ignore[misc]
        qtbot.waitUntil(agree)
        button.click()
        qtbot.waitUntil(dock.isHidden)
        qtbot.waitUntil(agree)


def test_arrows_walk_along_the_buttons(window: Window, qtbot: QtBot) -> None:
    buttons = window.activity_bar.buttons
    window.activateWindow()
    buttons[0].setFocus()
    qtbot.keyClick(buttons[0], Qt.Key.Key_Down)
    assert window.focusWidget() is buttons[1]
    qtbot.keyClick(buttons[1], Qt.Key.Key_Up)
    qtbot.keyClick(buttons[0], Qt.Key.Key_Up)
    assert window.focusWidget() is buttons[-1]


def test_names_follow_the_language(window: Window) -> None:
    translator.set_language("zh")
    assert [button.text() for button in window.activity_bar.buttons][:3] == ["网络", "所选内容", "导读"]


def test_where_there_is_no_room_for_names_icons_remain(window: Window) -> None:
    bar = window.activity_bar
    QCoreApplication.sendPostedEvents()  # the window is laid out, and does not give it another height meanwhile
    for height in (900, 420, 900):
        bar.resize(bar.width(), height)
        style = Qt.ToolButtonStyle
        expected = style.ToolButtonTextUnderIcon if height == 900 else style.ToolButtonIconOnly
        assert {button.toolButtonStyle() for button in bar.buttons} == {expected}


def test_an_unknown_icon_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"icons/nothing\.svg"):
        load_icon("nothing")


def test_a_theme_moves_nothing(window: Window, qtbot: QtBot) -> None:
    def places() -> list[QRect]:
        docks = window.findChildren(QDockWidget)
        return [window.activity_bar.geometry(), window.canvas.geometry(), *(dock.geometry() for dock in docks)]

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    qtbot.wait(50)
    before = places()
    for scheme in ("dark", "light"):
        appearance.apply_scheme(application, scheme)
        qtbot.wait(50)
        assert places() == before
