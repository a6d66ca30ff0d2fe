"""Docks that get their widgets when they are first seen, and arrangements of them that are restored."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from explorer.ui.plugin.dock_widgets import LazyDock, restore_arrangement
from explorer.ui.shell.window import Window

_AREA = Qt.DockWidgetArea
_SIDES = (_AREA.LeftDockWidgetArea, _AREA.RightDockWidgetArea, _AREA.BottomDockWidgetArea)


class Desk(QMainWindow):
    """A window with three lazy docks on each side, all hidden at first."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(1000, 700)
        self.setCentralWidget(QLabel("middle"))
        self.made: list[str] = []
        self.docks = [
            LazyDock(f"{side.name} {number}", self._factory(f"{side.name} {number}"), self, needs_height=True)
            for side in _SIDES
            for number in range(3)
        ]
        for position, dock in enumerate(self.docks):
            dock.hide()
            self.addDockWidget(_SIDES[position // 3], dock)

    def _factory(self, name: str) -> Callable[[], QWidget]:
        def make() -> QWidget:
            self.made.append(name)
            return QLabel(name)

        return make

    @property
    def seen(self) -> set[str]:
        """Names of the docks that are not hidden."""
        return {dock.objectName() for dock in self.docks if not dock.isHidden()}


@pytest.fixture
def build_desk(qtbot: QtBot) -> Callable[[], Desk]:
    def build() -> Desk:
        desk = Desk()
        qtbot.addWidget(desk)
        desk.show()
        return desk

    return build


@pytest.mark.parametrize("seed", range(12))
def test_any_arrangement_comes_back_in_a_new_window(build_desk: Callable[[], Desk], seed: int) -> None:
    choice, desk = random.Random(seed), build_desk()
    for dock in choice.sample(desk.docks, choice.randint(1, 9)):
        dock.toggleViewAction().trigger()
        if choice.random() < 0.2:
            desk.addDockWidget(choice.choice(_SIDES), dock)  # as the user drags it
        if choice.random() < 0.2:
            dock.setFloating(True)
    sides = {dock.objectName(): desk.dockWidgetArea(dock) for dock in desk.docks}
    again = build_desk()
    assert restore_arrangement(again, desk.saveState())
    assert again.seen == desk.seen
    assert set(again.made) == again.seen
    assert {dock.objectName(): again.dockWidgetArea(dock) for dock in again.docks} == sides


def test_what_was_folded_comes_back_in_the_same_window(build_desk: Callable[[], Desk]) -> None:
    desk = build_desk()
    for dock in desk.docks[5:]:
        dock.show()
    before, seen = desk.saveState(), desk.seen
    for dock in desk.docks:
        dock.hide()
    assert restore_arrangement(desk, before)
    assert desk.seen == seen
    assert sorted(desk.made) == sorted(seen)  # each once


def test_an_arrangement_that_cannot_be_read_changes_nothing(build_desk: Callable[[], Desk]) -> None:
    desk = build_desk()
    desk.docks[0].show()
    assert not restore_arrangement(desk, QByteArray(b"what another program wrote"))
    assert not restore_arrangement(desk, desk.saveState(1), 2)  # of a version with other panels
    assert desk.seen == {desk.docks[0].objectName()}
    desk.docks[4].show()  # and docks get their widgets as before
    assert desk.made == [desk.docks[0].objectName(), desk.docks[4].objectName()]


def test_panels_that_were_left_open_are_there_at_the_next_start(window: Window) -> None:
    for dock in window.tool_context.docks:
        dock.show()
    window.docks.save_state()
    again = Window()
    docks = again.tool_context.docks
    assert not any(dock.isHidden() for dock in docks)
    assert all(dock.widget() is not None for dock in docks)
    again.close()
