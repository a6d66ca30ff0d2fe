"""Enter on a button of a window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from explorer.ui.shell.enter_key import EnterKey


@pytest.fixture(autouse=True)
def enter_key(qapp: QApplication) -> Iterator[EnterKey]:
    made = EnterKey(qapp)
    yield made
    qapp.focusWindowChanged.disconnect(made._watch_window)
    made.deleteLater()


def presses(qtbot: QtBot, page: QWidget, *buttons: QAbstractButton) -> list[QAbstractButton]:
    """Press Enter on the first of some buttons of a page; those that were clicked."""
    clicked: list[QAbstractButton] = []
    column = QVBoxLayout(page)
    for button in buttons:
        button.clicked.connect(lambda _=False, button=button: clicked.append(button))
        column.addWidget(button)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.isActiveWindow)
    buttons[0].setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        QTest.keyClick(page.windowHandle(), key)
    return clicked


@pytest.mark.parametrize("kind", [QPushButton, QToolButton])
def test_enter_presses_what_the_space_bar_presses(kind: type[QAbstractButton], qtbot: QtBot) -> None:
    one, other = kind(), kind()
    assert presses(qtbot, QWidget(), one, other) == [one] * 3


def test_a_button_that_is_off_stays_so(qtbot: QtBot) -> None:
    page, one = QWidget(), QPushButton()
    assert len(presses(qtbot, page, one)) == 3
    one.setEnabled(False)
    QTest.keyClick(page.windowHandle(), Qt.Key.Key_Return)


def test_a_dialog_presses_each_once(qtbot: QtBot) -> None:
    one, other = QPushButton(), QPushButton()
    assert presses(qtbot, QDialog(), one, other) == [one] * 3


def test_in_a_dialog_it_presses_a_button_that_is_no_default(qtbot: QtBot) -> None:
    dialog, save = QDialog(), QPushButton()
    save.setDefault(True)
    small, plain = QToolButton(), QPushButton()
    plain.setAutoDefault(False)
    assert presses(qtbot, dialog, small, plain, save) == [small] * 3
    plain.setFocus()
    clicked: list[QAbstractButton] = []
    for button in (plain, save):
        button.clicked.connect(lambda _=False, button=button: clicked.append(button))
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_Return)
    assert clicked == [plain]
