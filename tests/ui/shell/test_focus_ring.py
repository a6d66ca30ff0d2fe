"""The ring around the control that the keyboard is on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from explorer.ui.shell.focus_ring import FocusRing


@pytest.fixture
def ring(qapp: QApplication) -> Iterator[FocusRing]:
    made = FocusRing(qapp)
    yield made
    qapp.focusChanged.disconnect(made._on_focus_changed)
    qapp.focusWindowChanged.disconnect(made._watch_window)
    made.deleteLater()


@pytest.fixture
def page(ring: FocusRing, qtbot: QtBot) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    for widget in (QLineEdit(), QPushButton("one"), QPushButton("two")):
        column.addWidget(widget)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.isActiveWindow())
    made.findChild(QLineEdit).setFocus()
    return made


def press_tab(page: QWidget) -> None:
    QTest.keyClick(page.windowHandle(), Qt.Key.Key_Tab)


def test_it_goes_where_the_tab_key_goes(ring: FocusRing, page: QWidget) -> None:
    one, two = page.findChildren(QPushButton)
    press_tab(page)
    first = ring.ring
    assert first is not None
    assert first.geometry().contains(one.geometry())
    press_tab(page)
    assert not isValid(first) or first.isHidden()
    assert ring.ring is not None
    assert ring.ring.geometry().contains(two.geometry())


def test_lines_of_text_have_their_own_sign(ring: FocusRing, page: QWidget) -> None:
    for _ in range(3):
        press_tab(page)
    assert QApplication.focusWidget() is page.findChild(QLineEdit)
    assert ring.ring is None


def test_the_mouse_takes_it_away(ring: FocusRing, page: QWidget) -> None:
    _, two = page.findChildren(QPushButton)
    press_tab(page)
    QTest.mouseClick(page.windowHandle(), Qt.MouseButton.LeftButton, pos=two.geometry().center())
    assert QApplication.focusWidget() is two
    assert ring.ring is None


def test_it_follows_its_control_and_goes_on_when_that_is_hidden(ring: FocusRing, page: QWidget) -> None:
    press_tab(page)
    one, two = page.findChildren(QPushButton)
    assert ring.ring is not None
    place = QRect(one.geometry().translated(0, 5))
    one.setGeometry(place)
    assert ring.ring.geometry().center() == place.center()
    one.hide()
    assert ring.ring.geometry().contains(two.geometry())


def test_it_is_whole_where_its_control_touches_the_edge(ring: FocusRing, page: QWidget) -> None:
    press_tab(page)
    one, _ = page.findChildren(QPushButton)
    assert ring.ring is not None
    one.setGeometry(0, 20, page.width() - 10, 24)
    assert ring.ring.geometry() == one.geometry()
    one.setGeometry(1, 20, page.width() - 10, 24)
    assert ring.ring.geometry() == one.geometry().adjusted(-1, -1, 1, 1)
