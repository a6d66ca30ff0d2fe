"""Preferences: every one is shown, applied at once, remembered, and found in the palette."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractAnimation, QPoint, QSettings, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.ui.base import appearance
from explorer.ui.base.fonts import FONT_SCALES, font_scale, set_font_scale
from explorer.ui.palette.entries import collect_entries
from explorer.ui.plugin.preference import OFF, ON, Preference
from explorer.ui.preferences.dialog import PreferencesDialog
from explorer.ui.preferences.tool import PreferencesTool
from explorer.ui.shell.window import Window
from explorer.ui.widgets.switch import Switch
from tests.ui.conftest import settled


@pytest.fixture
def tool(window: Window) -> PreferencesTool:
    return next(tool for tool in window.tools if isinstance(tool, PreferencesTool))


@pytest.fixture
def dialog(tool: PreferencesTool) -> PreferencesDialog:
    tool.show()
    assert tool.dialog is not None
    return tool.dialog


def _declared(window: Window) -> dict[str, Preference]:
    return {preference.title: preference for preference in window.tool_context.preferences}


def test_all_that_the_issue_names_are_there_and_shown_as_they_are(window: Window, dialog: PreferencesDialog) -> None:
    declared = _declared(window)
    named = {"Language", "Theme", "Font size", "Reduced motion", "Level of detail", "Threads", "Device"}
    assert named | {"Memory for feature maps", "Folder of weights", "Reopen the last session"} <= {*declared}
    assert {*dialog.controls} == {*declared}
    for title, preference in declared.items():
        control = dialog.controls[title]
        if isinstance(control, QComboBox):
            assert control.currentData() == preference.read(), title
        elif isinstance(control, Switch):
            assert control.state == (preference.read() == ON), title
        else:
            assert isinstance(control, QPushButton)
            assert control.text()


def test_a_click_turns_a_switch_and_what_it_stands_for(window: Window, dialog: PreferencesDialog, qtbot: QtBot) -> None:
    switches = {title: control for title, control in dialog.controls.items() if isinstance(control, Switch)}
    assert len(switches) >= 3
    for title, switch in switches.items():
        preference = _declared(window)[title]
        before = preference.read()
        for value in (OFF if before == ON else ON, before):
            qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
            assert preference.read() == value, title
            assert switch.state == (value == ON), title


def test_the_controls_of_all_groups_stand_below_each_other(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    dialog.show()
    qtbot.waitExposed(dialog)
    assert len({control.mapTo(dialog, QPoint()).x() for control in dialog.controls.values()}) == 1
    dialog.close()


def test_what_is_written_is_read_and_remembered(window: Window, qapp: QApplication) -> None:
    for title, preference in _declared(window).items():
        if title in ("Language", "Device"):
            continue
        before = preference.read()
        values = {"choice": [value for value, _ in preference.choices()], "switch": [ON, OFF], "folder": ["/tmp"]}
        for value in values[preference.kind]:
            preference.write(value)
            assert preference.read() == value, title
        preference.write(before)
    assert font_scale() == 100
    assert appearance.chosen_scheme() == "system"


def test_theme_font_and_level_are_applied_at_once(
    window: Window, dialog: PreferencesDialog, qapp: QApplication, qtbot: QtBot
) -> None:
    def choose(title: str, value: str) -> None:
        box = dialog.controls[title]
        assert isinstance(box, QComboBox)
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())

    choose("Theme", "dark")
    qtbot.waitUntil(lambda: window.canvas.theme.name == "dark")
    assert window.actions_.themes["dark"].isChecked()
    size = qapp.font().pointSizeF()
    choose("Font size", "150")
    qtbot.waitUntil(lambda: qapp.font().pointSizeF() == pytest.approx(1.5 * size))
    assert window.library.filter.font().pointSizeF() == pytest.approx(1.5 * size)
    choose("Level of detail", "stages")
    qtbot.waitUntil(lambda: window.session.default_level == "stages")
    choose("Language", "zh")
    qtbot.waitUntil(lambda: translator.language == "zh")
    assert dialog.windowTitle() == "首选项"
    set_font_scale(qapp, 100)
    assert FONT_SCALES


def test_nothing_is_cut_when_fonts_grow_meanwhile(dialog: PreferencesDialog, qapp: QApplication, qtbot: QtBot) -> None:
    box = dialog.controls["Font size"]
    assert isinstance(box, QComboBox)
    box.setFocus()
    box.setCurrentIndex(box.findData("150"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: dialog.controls["Font size"] is not box)

    def are_whole() -> bool:
        texts = [widget for widget in (*dialog._labels, *dialog.controls.values()) if widget.isVisible()]
        page = dialog._area.widget()
        assert page is not None
        return page.width() <= dialog._area.viewport().width() and all(
            text.width() >= text.sizeHint().width() for text in texts
        )

    qtbot.waitUntil(are_whole, timeout=5000)
    assert dialog.controls["Font size"].hasFocus()
    set_font_scale(qapp, 100)


def test_each_is_found_in_the_palette(window: Window, tool: PreferencesTool) -> None:
    lines = {entry.title: entry for entry in collect_entries(window.tool_context) if entry.detail == "Preferences"}
    assert {*lines} == {*_declared(window)}
    lines["Threads"].run()
    assert tool.dialog is not None
    assert tool.dialog.isVisible()


def test_a_new_window_begins_with_the_chosen_level(qtbot: QtBot) -> None:
    QSettings().setValue("default_level", "units")
    window = Window()
    qtbot.addWidget(window)
    assert window.session.default_level == "units"
    window.close()


def test_with_reduced_motion_nothing_glides(window: Window, qtbot: QtBot) -> None:
    """Neither cards, nor the view, nor panels: all that Qt animates for the window or that the window itself does."""
    window.start("resnet18")
    settled(qtbot, window)
    motion = _declared(window)["Reduced motion"]
    motion.write(ON)
    assert not window.isAnimated()
    before = window.canvas.picture
    window.navigator.toggle_expansion("layer2.0")
    qtbot.waitUntil(lambda: window.canvas.picture is not before, timeout=60_000)
    window.canvas.show_spotlight(frozenset({"layer2.0"}))
    moving = [one for one in window.findChildren(QAbstractAnimation) if one.state() == QAbstractAnimation.State.Running]
    assert not moving
    window.canvas.show_spotlight(frozenset())
    settled(qtbot, window)
    motion.write(OFF)
    assert window.isAnimated()
