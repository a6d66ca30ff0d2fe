"""In Chinese, no dialog and no panel shows an English text that has a translation."""

from __future__ import annotations

import json

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.base.resources import resource_path
from explorer.ui.language.application import apply_to_application
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled
from tests.ui.language.visible_texts import texts_below
from tests.ui.shell.every_dialog import EveryDialog

_TRANSLATED = {
    english: chinese
    for english, chinese in json.loads(resource_path("texts/zh.json").read_text(encoding="utf-8")).items()
    if isinstance(chinese, str) and english.replace("&", "") != chinese.replace("&", "")
}
#: Words that are also names: of nodes, and values to type.
_NAMES = {"input", "output", "stem", "head", "photo", "noise", "add", "none", "zeros", "ones"}


def test_no_text_of_a_dialog_or_panel_is_left_in_english(
    window: Window, qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    translator.set_language("zh")
    apply_to_application(qapp, translator.about)
    window.start("vgg11_bn")  # a network whose title is more than a name
    settled(qtbot, window)
    left: set[str] = set()

    def read(name: str, shown: QWidget) -> None:
        left.update(
            f"{name}: {way}: {text}"
            for way, text in texts_below(shown)
            if text.strip() in _TRANSLATED and text.strip() not in _NAMES
        )

    EveryDialog(window, qtbot, monkeypatch, read).show_all()
    for dock in window.tool_context.docks:
        dock.setVisible(True)
    settled(qtbot, window)
    read("window", window)
    shown = [window.windowTitle(), window.session.document.title]
    translator.set_language("en")
    apply_to_application(qapp, translator.about)
    assert not left
    assert all("带批归一化" in text for text in shown)
