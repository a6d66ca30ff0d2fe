"""Settings of another version, or written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

import explorer.ui
from explorer.ui.base.settings import read_bytes, read_list, read_mapping, read_switch, read_text, read_whole
from explorer.ui.plugin.menu_entries import menu_entries
from explorer.ui.shell.window import Window

ABSURD = (
    *("garbage", "", "-1", "9" * 400, "٣", "nan", "1e999", "null", "true", '{"a": [1]}', "[1, {}, null]", "[" * 5000),
    *(["a", "b"], QByteArray(b"\x00\xff"), 3.5, True, None),
)


@pytest.mark.parametrize("held", ABSURD, ids=lambda held: repr(held)[:12])
def test_what_cannot_be_read_was_not_chosen(held: object) -> None:
    QSettings().setValue("chosen", held)
    assert isinstance(read_text("chosen", "usual"), str)
    assert read_whole("chosen", 7) >= 0
    assert read_switch("chosen", True) in (True, False)
    assert isinstance(read_list("chosen"), list)
    assert isinstance(read_mapping("chosen"), dict)
    assert isinstance(read_bytes("chosen"), QByteArray)


def test_what_was_chosen_is_read() -> None:
    for key, held in (("text", "GELU"), ("whole", 12), ("on", True), ("off", "false"), ("bytes", QByteArray(b"ab"))):
        QSettings().setValue(key, held)
    QSettings().setValue("list", '["one"]')
    QSettings().setValue("mapping", '{"one": 1}')
    assert (read_text("text"), read_whole("whole"), read_whole("text", 3)) == ("GELU", 12, 3)
    assert (read_switch("on", False), read_switch("off", True), read_switch("text", True)) == (True, False, True)
    assert (read_list("list"), read_mapping("mapping"), read_mapping("list")) == (["one"], {"one": 1}, {})
    assert bytes(read_bytes("bytes").data()) == b"ab"


def test_a_list_that_qt_kept_itself_is_read() -> None:
    QSettings().setValue("list", ["one", "two"])
    assert read_list("list") == ["one", "two"]


def test_settings_have_one_reader() -> None:
    root = Path(explorer.ui.__file__).parent
    readers = {path.name for path in root.rglob("*.py") if "QSettings().value(" in path.read_text(encoding="utf-8")}
    assert readers == {"settings.py"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Keys of the settings that are asked for."""
    keys: set[str] = set()
    real = QSettings.value

    def value(self: QSettings, key: str, *rest: object) -> object:
        keys.add(key)
        return real(self, key, *rest)

    monkeypatch.setattr(QSettings, "value", value)
    monkeypatch.setattr(QDialog, "exec", lambda *_: 0)
    return keys


def _use(window: Window, qtbot: QtBot) -> None:
    window.show()
    window.start("squeezenet1_1")
    qtbot.waitUntil(lambda: window.session.network is not None)
    for dock in window.tool_context.docks:
        dock.show()
    next(entry.action for entry in menu_entries(window.menuBar()) if entry.title.startswith("Export diagram")).trigger()
    qtbot.wait(50)
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_no_settings_stop_a_start(window: Window, qtbot: QtBot, asked: set[str]) -> None:
    _use(window, qtbot)
    keys = set(asked)
    assert len(keys) > 15
    for held in ("garbage", "-1", '[1, {}, null, "x"]', ["a", "b"], QByteArray(b"\x00\xff")):
        for key in keys:
            QSettings().setValue(key, held)
        again = Window()
        _use(again, qtbot)
        again.close()
