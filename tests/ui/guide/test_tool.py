"""The guide in the window: its page follows the network, its links do what they say."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QSettings, QUrl
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from explorer.ui.base import appearance
from explorer.ui.guide.panel import GuidePanel
from explorer.ui.guide.prediction_bar import is_asking_wanted, set_asking_wanted
from explorer.ui.guide.tool import GuideTool
from explorer.ui.language.tool import LanguageTool
from explorer.ui.shell.window import Window
from explorer.viewmodels.panel_ids import PANEL_IDS
from tests.ui.conftest import settled

SLOW = 60_000


def tool(window: Window, kind: type) -> Any:
    return next(found for found in window.tools if isinstance(found, kind))


@pytest.fixture
def guide(window: Window, qtbot: QtBot) -> GuideTool:
    set_asking_wanted(False)
    window.start("mobilenet_v2")
    found: GuideTool = tool(window, GuideTool)
    found.dock.show()
    found.dock.raise_()
    qtbot.waitUntil(lambda: "MobileNet v2" in text(found), timeout=SLOW)
    return found


def text(guide: GuideTool) -> str:
    return guide._panel.toPlainText() if guide._panel is not None else ""


def follow(guide: GuideTool, link: str) -> None:
    assert isinstance(guide._panel, GuidePanel)
    assert link in guide._panel.toHtml()
    guide._panel.anchorClicked.emit(QUrl(link))


def test_the_page_of_the_open_network(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    assert "3,504,872" in text(guide)
    assert "of the 17 blocks, 16 expand" in text(guide)
    window.open_network("squeezenet1_1")
    qtbot.waitUntil(lambda: "Fire modules" in text(guide), timeout=SLOW)
    assert "17 blocks" not in text(guide)


def test_where_an_idea_lives(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    follow(guide, "card:inverted_residual")
    qtbot.waitUntil(lambda: len(window.canvas._marks.highlighted) == 17)
    assert "17 cards" in window.statusBar().currentMessage()
    follow(guide, "card:linear_bottleneck")
    qtbot.waitUntil(lambda: "features.3.conv.2" in window.canvas._marks.highlighted)
    assert "features.3" in window.session.expanded


def position(window: Window) -> int:
    assert window.session.network is not None
    return window.session.network.history.position


def test_a_try_says_that_it_is_in_force_and_is_taken_back_there(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "What to look at" in text(guide), timeout=SLOW)
    before = text(guide)
    follow(guide, "try:inverted_residual/narrow")
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    assert window.session.network is not None
    assert window.session.network.history.undo_title == "Expansion ×3 everywhere"
    assert "Tried, undo: Expansion ×6 → ×3 in the blocks that expand" in text(guide)
    assert "3,504,872" in text(guide)  # of the network as it was opened
    assert "again to undo it" in window.statusBar().currentMessage()
    follow(guide, "undo:inverted_residual/narrow")
    qtbot.waitUntil(lambda: position(window) == 0, timeout=SLOW)
    qtbot.waitUntil(lambda: text(guide) == before, timeout=SLOW)


def test_what_to_look_at_is_measured_with_the_edits_and_leads_to_its_panel(
    guide: GuideTool, window: Window, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: "17 linear bottlenecks" in text(guide), timeout=SLOW)
    assert "With the edits" not in text(guide)
    follow(guide, "try:linear_bottleneck/activated")
    qtbot.waitUntil(lambda: "With the edits: At the ends of the 17 linear bottlenecks 0 %" in text(guide), timeout=SLOW)
    follow(guide, "panel:linear")
    maps = window.findChild(QDockWidget, PANEL_IDS["feature_maps"])
    assert maps is not None
    qtbot.waitUntil(maps.isVisible, timeout=SLOW)
    qtbot.waitUntil(lambda: bool(window.session.selection), timeout=SLOW)
    settled(qtbot, window)


def test_a_try_asks_first(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    set_asking_wanted(True)
    bar = guide.bar
    assert bar is not None
    follow(guide, "try:inverted_residual/narrow")
    qtbot.waitUntil(lambda: bar.question is not None, timeout=SLOW)
    assert position(window) == 0
    assert bar.question is not None
    assert bar.question.choose(3)
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    assert "Not so" in bar.question.answer_text
    follow(guide, "undo:inverted_residual/narrow")
    qtbot.waitUntil(lambda: position(window) == 0, timeout=SLOW)
    assert bar.isHidden()
    follow(guide, "try:linear_bottleneck/activated")
    qtbot.waitUntil(lambda: bar.question is not None, timeout=SLOW)
    bar.ask_box.setChecked(False)
    bar.skip_button.click()
    qtbot.waitUntil(lambda: position(window) == 1, timeout=SLOW)
    assert not is_asking_wanted()


def test_a_try_goes_from_under_another(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    for tried in ("narrow", "no_shortcut"):
        follow(guide, f"try:inverted_residual/{tried}")
        undo = f"undo:inverted_residual/{tried}"
        qtbot.waitUntil(lambda: undo in html(guide), timeout=SLOW)  # noqa: B023
    assert position(window) == 2
    follow(guide, "undo:inverted_residual/narrow")
    qtbot.waitUntil(lambda: "try:inverted_residual/narrow" in html(guide), timeout=SLOW)
    assert window.session.network is not None
    assert [edit.title for edit in window.session.network.history.applied_edits] == ["Shortcut removed everywhere"]
    assert "undo:inverted_residual/no_shortcut" in html(guide)


def test_one_reads_on_where_one_was(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    assert guide._panel is not None
    bar = guide._panel.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    assert place > 0
    follow(guide, "try:linear_bottleneck/activated")
    qtbot.waitUntil(lambda: "undo:linear_bottleneck/activated" in html(guide), timeout=SLOW)
    assert bar.value() == place


def html(guide: GuideTool) -> str:
    return guide._panel.toHtml() if guide._panel is not None else ""


def test_another_language_is_remembered(guide: GuideTool, window: Window, qtbot: QtBot) -> None:
    languages: LanguageTool = tool(window, LanguageTool)
    languages.actions["zh"].trigger()
    qtbot.waitUntil(lambda: "倒残差" in text(guide))
    assert QSettings().value("language") == "zh"
    again = Window()
    qtbot.addWidget(again)
    assert again.session.language == "zh"
    assert tool(again, LanguageTool).actions["zh"].isChecked()
    again.close()


def test_an_unknown_language_in_the_settings_is_english(qtbot: QtBot) -> None:
    QSettings().setValue("language", "tlh")
    window = Window()
    qtbot.addWidget(window)
    assert window.session.language == "en"
    window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_in_any_theme(guide: GuideTool, qapp: QApplication, scheme: str) -> None:
    appearance.apply_scheme(qapp, scheme)
    assert guide._panel is not None
    assert appearance.current_colours().accent in guide._panel.toHtml()
