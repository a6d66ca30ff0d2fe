"""The language to begin with, further languages, fonts, and what Qt itself says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QSettings
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from explorer.base import languages
from explorer.base.languages import ENGLISH, InterfaceLanguage, closest_language, find_languages, translator
from explorer.base.resources import resource_path
from explorer.drawing.theme import diagram_font, text_width
from explorer.ui.language import application
from explorer.ui.language.tool import LanguageTool
from explorer.ui.shell.window import Window

CHINESE = find_languages()["zh"]


@pytest.fixture(autouse=True)
def english_afterwards(qapp: QApplication) -> Iterator[None]:
    yield
    translator.set_language("en")
    application.apply_to_application(qapp, ENGLISH)


@pytest.fixture
def own_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of texts as it is, to which a test may add a file."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for path in resource_path("texts").glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(languages, "resource_path", lambda name: tmp_path / name)
    return folder


def language_tool(window: Window) -> LanguageTool:
    return next(tool for tool in window.tools if isinstance(tool, LanguageTool))


def test_a_further_language_needs_one_file(own_texts: Path, qtbot: QtBot) -> None:
    klingon = {
        "": {"name": "tlhIngan Hol", "locale": "tlh"},
        "&File": "&teywI'",
        "Undo": "ta'Ha'",
        "Networks": "naQmoH",
    }
    (own_texts / "tlh.json").write_text(json.dumps(klingon), encoding="utf-8")
    window = Window()
    qtbot.addWidget(window)
    actions = language_tool(window).actions
    assert [action.text() for action in actions.values()] == ["English", "tlhIngan Hol", "简体中文"]
    actions["tlh"].trigger()
    assert window.menuBar().actions()[0].text() == "&teywI'"
    assert window.actions_.undo.text() == "ta'Ha'"
    assert window.docks.library.windowTitle() == "naQmoH"
    assert window.session.language == "en"  # of explanations, which it does not have
    assert window.actions_.redo.text() == "Redo"  # not translated yet
    window.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["zh-Hans-CN", "en-US"], "zh"),
        (["zh_CN.UTF-8"], "zh"),
        (["fr-FR", "zh"], "zh"),
        (["fr-FR"], "en"),
        (["en-GB", "zh-CN"], "en"),
        (["", "C"], "en"),
        ([], "en"),
    ],
)
def test_the_system_is_followed(wanted: list[str], found: str) -> None:
    assert closest_language(wanted, find_languages()) == found


@pytest.mark.usefixtures("any_font")
def test_what_was_chosen_counts_before_the_system() -> None:
    QSettings().setValue("language", "zh")
    assert application.first_language() == "zh"
    QSettings().setValue("language", "no language")
    assert application.first_language() == "en"  # that of the system the tests run on, or English


@pytest.mark.usefixtures("any_font")
def test_all_windows_follow(qtbot: QtBot) -> None:
    one, other = Window(), Window()
    for window in (one, other):
        qtbot.addWidget(window)
    language_tool(one).actions["zh"].trigger()
    assert language_tool(other).actions["zh"].isChecked()
    assert other.docks.library.windowTitle() == one.docks.library.windowTitle() == "网络"
    assert other.session.language == "zh"
    for window in (one, other):
        window.close()


def test_qt_says_its_own_texts_in_the_language(qtbot: QtBot, qapp: QApplication) -> None:
    application.apply_to_application(qapp, CHINESE)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel | QDialogButtonBox.StandardButton.Save)
    qtbot.addWidget(buttons)
    assert buttons.button(QDialogButtonBox.StandardButton.Cancel).text() == "取消"
    assert buttons.button(QDialogButtonBox.StandardButton.Save).text() == "保存"
    application.apply_to_application(qapp, ENGLISH)
    again = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(again)
    assert again.button(QDialogButtonBox.StandardButton.Cancel).text() == "Cancel"


def test_qt_writes_numbers_as_the_language_does(qapp: QApplication) -> None:
    for language in (CHINESE, ENGLISH):
        application.apply_to_application(qapp, language)
        assert QLocale().name() == language.locale
        assert QLocale().decimalPoint() == "."


def test_chinese_has_its_own_font_after_that_of_latin_letters(qapp: QApplication) -> None:
    latin = qapp.font().families()
    application.apply_to_application(qapp, CHINESE)
    assert tuple(qapp.font().families()) == (*latin, *CHINESE.fonts)
    translator.set_language("zh")
    assert tuple(diagram_font(12).families()[-len(CHINESE.fonts) :]) == CHINESE.fonts
    application.apply_to_application(qapp, ENGLISH)
    assert qapp.font().families() == latin
    translator.set_language("en")
    assert CHINESE.fonts[0] not in diagram_font(12).families()


def test_latin_letters_are_as_wide_in_every_language() -> None:
    wide = text_width("Conv 3×3", 12, True)
    translator.set_language("zh")
    assert text_width("Conv 3×3", 12, True) == wide


def test_a_language_without_a_font_is_refused_with_a_way_out(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFontDatabase, "families", lambda *_: ["DejaVu Sans"] if not _ else [])
    tool = language_tool(window)
    tool.actions["zh"].trigger()
    assert translator.language == "en"
    assert tool.actions["en"].isChecked()
    assert "Noto Sans CJK SC" in window.notice.text
    assert QSettings().value("language") is None


def test_a_system_whose_language_no_font_has_is_told_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_preferred_languages", lambda: [str(QSettings().value("language") or "zh-CN")])
    monkeypatch.setattr(QFontDatabase, "families", lambda *_: ["DejaVu Sans"] if not _ else [])
    assert application.first_language() == "en"
    first, second = Window(), Window()
    for window in (first, second):
        qtbot.addWidget(window)
    assert ["Noto Sans CJK SC" in window.notice.text for window in (first, second)] == [True, False]
    for window in (first, second):
        window.close()


def test_a_language_needs_no_fonts() -> None:
    assert not application.lacks_font(InterfaceLanguage("Deutsch", "de_DE"))


def test_texts_of_qt_whose_keys_have_changed_are_chinese(qapp: QApplication, qtbot: QtBot) -> None:
    translator.set_language("zh")
    application.apply_to_application(qapp, CHINESE)
    dialog = QFileDialog()
    qtbot.addWidget(dialog)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    said = [label.text() for label in dialog.findChildren(QLabel) if label.text()]
    assert len(said) >= 3
    assert [text for text in said if text.isascii()] == []
