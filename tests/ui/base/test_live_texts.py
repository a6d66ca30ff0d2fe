"""Texts that follow the language, for as long as their widget lives."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from explorer.base.languages import translator
from explorer.ui.base.live_texts import follow_language, live_text

GERMAN = {"Save": "Speichern", "{n} layers": "{n} Schichten"}


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    translator.set_translations("en", {})


def test_a_text_follows_the_language(qtbot: QtBot) -> None:
    button = live_text(QPushButton(), QPushButton.setText, "Save")
    qtbot.addWidget(button)
    live_text(button, QWidget.setToolTip, "{n} layers", n=3)
    assert (button.text(), button.toolTip()) == ("Save", "3 layers")
    translator.set_translations("de", GERMAN)
    assert (button.text(), button.toolTip()) == ("Speichern", "3 Schichten")


def test_an_entry_of_a_menu_follows_though_nobody_else_holds_it(qtbot: QtBot) -> None:
    menu = QMenu()
    qtbot.addWidget(menu)
    live_text(menu.addMenu(""), QMenu.setTitle, "Save")
    gc.collect()
    translator.set_translations("de", GERMAN)
    assert [action.text() for action in menu.actions()] == ["Speichern"]


def test_what_reads_the_texts_comes_after_them_whatever_was_registered_first(qtbot: QtBot) -> None:
    label, button, read = QLabel(), QPushButton(), list[str]()
    qtbot.addWidget(label)
    qtbot.addWidget(button)
    follow_language(label, lambda _: read.append(button.text()), after_texts=True)
    live_text(button, QPushButton.setText, "Save")
    translator.set_translations("de", GERMAN)
    assert read == ["", "Speichern"]


def test_a_widget_is_not_kept_alive(qtbot: QtBot) -> None:
    holder = QPushButton()
    follow_language(holder, partial(_copy_tip, holder))  # holds it, as lambdas in constructors do
    died = weakref.ref(holder)
    del holder
    gc.collect()
    assert died() is None
    translator.set_translations("de", GERMAN)


def _copy_tip(source: QPushButton, target: QPushButton) -> None:
    target.setText(source.toolTip())


def test_a_widget_that_qt_has_deleted_is_left_alone(qtbot: QtBot) -> None:
    label = live_text(QLabel(), QLabel.setText, "Save")
    label.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    translator.set_translations("de", GERMAN)  # no RuntimeError
