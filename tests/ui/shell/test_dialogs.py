"""Dialogs on the smallest screen that the app is made for: none is larger, none begins too small, no text is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

import explorer
from explorer.base.languages import translator
from explorer.ui.language.application import apply_to_application
from explorer.ui.overview.tool import OverviewTool
from explorer.ui.shell.window import Window
from tests.ui.conftest import settled
from tests.ui.shell.every_dialog import EveryDialog
from tests.ui.shell.test_legibility import cut_texts

_SCREEN = QSize(1000, 700)
_FRAME = QSize(0, 30)  # pixels of a title bar
_ANSWERS = (
    QDialogButtonBox.ButtonRole.AcceptRole,
    QDialogButtonBox.ButtonRole.RejectRole,
    QDialogButtonBox.ButtonRole.YesRole,
)
_CHOSEN = "chosen_default"  # property of a button that the code has made the default
_PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def opened(window: Window, qtbot: QtBot, qapp: QApplication) -> Iterator[Window]:
    window.resize(_SCREEN)
    window.start("resnet18")
    settled(qtbot, window)
    yield window
    translator.set_language("en")
    apply_to_application(qapp, translator.about)


def _too_large(dialog: QWidget) -> str:
    room = _SCREEN - _FRAME
    fits = dialog.minimumSizeHint().boundedTo(room) == dialog.minimumSizeHint()
    return "" if fits else f"is at least {dialog.minimumSizeHint().toTuple()}"


def _hidden_rows(dialog: QWidget) -> Iterator[str]:
    """Yield the forms of a dialog that one has to scroll though the screen has room for more of them."""
    for area in dialog.findChildren(QScrollArea):
        if area.isVisible() and area.verticalScrollBar().maximum() > 0 and dialog.isWindow():
            used = dialog.height() / dialog.screen().availableSize().height()
            if used < 0.85:
                yield f"scrolls {area.verticalScrollBar().maximum()} px at {used:.0%} of the screen"


def _beyond_the_edge(dialog: QWidget) -> Iterator[str]:
    """Yield what is wider than the area that it is in, where that does not scroll across."""
    for area in dialog.findChildren(QScrollArea):
        page = area.widget()
        is_fixed = area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if area.isVisible() and is_fixed and page is not None and page.width() > area.viewport().width():
            yield f"{type(page).__name__} ends {page.width() - area.viewport().width()} px beyond the edge"


def _placeholders(dialog: QWidget) -> Iterator[str]:
    for field in dialog.findChildren(QLineEdit):
        text = field.placeholderText()
        room = field.width() - QFontMetrics(field.font()).horizontalAdvance(text)
        if field.isVisible() and text and room < 0:
            yield f"placeholder {text!r} lacks {-room} px"


def test_a_new_window_fits_its_screen_with_its_frame(qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    room = window.screen().availableSize() - _FRAME
    assert window.size().boundedTo(room) == window.size()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_dialog_is_larger_than_a_small_screen_and_no_text_in_it_is_cut(
    opened: Window, qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    translator.set_language(language)
    apply_to_application(qapp, translator.about)
    wrong: list[str] = []
    seen: set[str] = set()

    def look(name: str, dialog: QWidget) -> None:
        faults = (_beyond_the_edge, _hidden_rows, cut_texts, _placeholders)
        found = (_too_large(dialog), *(text for fault in faults for text in fault(dialog)))
        wrong.extend(f"{name}: {text}" for text in found if text)
        seen.add(type(dialog).__name__)

    EveryDialog(opened, qtbot, monkeypatch, look).show_all()
    assert not wrong, "\n".join(wrong)
    assert not _dialog_classes() - seen  # each of the app has been looked at


def _dialog_classes() -> set[str]:
    """Return the names of the classes of dialogs in the code."""
    folder = Path(explorer.__file__).parent / "ui"
    return {
        name for path in folder.rglob("*.py") for name in re.findall(r"^class (\w+)\(QDialog", path.read_text(), re.M)
    }


def _accidental_default(dialog: QWidget) -> Iterator[str]:
    """Yield a button that Enter presses though nobody has said so: Qt takes the first that it finds."""
    for button in dialog.findChildren(QPushButton):
        box = button.parentWidget()
        is_answer = isinstance(box, QDialogButtonBox) and box.buttonRole(button) in _ANSWERS
        if button.isVisible() and button.isDefault() and not button.property(_CHOSEN) and not is_answer:
            yield f"Enter presses {button.text()!r}"


def test_enter_does_what_a_dialog_is_for_and_escape_closes_it(
    opened: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: list[str] = []
    set_default = QPushButton.setDefault

    def choose(button: QPushButton, on: bool) -> None:
        button.setProperty(_CHOSEN, on)
        set_default(button, on)

    def look(name: str, dialog: QWidget) -> None:
        wrong.extend(f"{name}: {text}" for text in _accidental_default(dialog))
        boxes = dialog.findChildren(QDialogButtonBox)
        icons = [button.text() for box in boxes for button in box.buttons() if not button.icon().isNull()]
        wrong.extend(f"{name}: {text!r} has an icon, which is dark on dark" for text in icons)
        if name.startswith(("export", "all networks")) or not dialog.isWindow():
            return  # shown several times
        focused = dialog.focusWidget()
        QTest.keyClick(dialog if focused is None else focused, Qt.Key.Key_Escape)
        if dialog.isVisible():
            wrong.append(f"{name}: Esc does not close it")

    monkeypatch.setattr(QPushButton, "setDefault", choose)
    EveryDialog(opened, qtbot, monkeypatch, look).show_all()
    overview = next(tool for tool in opened.tools if isinstance(tool, OverviewTool))
    for key, modifier in ((Qt.Key.Key_Escape, _PLAIN), (Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)):
        overview.show()
        assert overview.window is not None
        QTest.keyClick(overview.window, key, modifier)
        assert not overview.window.isVisible()
    assert not wrong, "\n".join(wrong)
