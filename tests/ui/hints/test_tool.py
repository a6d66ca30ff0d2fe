"""Hints come when what they speak of can be done, one at a time, and never again once they are dismissed."""

from __future__ import annotations

from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.ui.hints.tool import HINTS, HintsTool
from explorer.ui.shell.window import Window
from explorer.ui.tours.tool import ToursTool
from tests.ui.conftest import settled


def _tool(window: Window) -> HintsTool:
    return next(tool for tool in window.tools if isinstance(tool, HintsTool))


def test_four_hints_each_in_its_place_once(window: Window, qtbot: QtBot) -> None:
    tool = _tool(window)
    QSettings().setValue("hints_read", "")
    assert tool.strip.isHidden()
    window.start("resnet18")
    settled(qtbot, window)
    assert tool.shown == "diagram"
    assert tool.strip.text.text() == HINTS["diagram"]
    window.session.select("layer1")
    assert tool.shown == "selection", "who has clicked a card need not be told to"
    window.session.select("layer2")
    assert tool.shown == "selection"  # one at a time
    tool.strip.done_button.setFocus()
    tool.strip.done_button.click()
    assert window.canvas.hasFocus(), "the next key is for the diagram"
    assert tool.shown == "output"
    tool.strip.done_button.click()
    assert tool.strip.isHidden()
    window.apply_edit(SwapActivation("*", "gelu"))
    settled(qtbot, window)
    assert tool.shown == "history"
    tool.strip.done_button.click()
    assert tool.strip.isHidden()
    again = Window()  # the next start
    qtbot.addWidget(again)
    again.show()
    again.start("resnet18")
    settled(qtbot, again)
    assert _tool(again).strip.isHidden()
    again.close()


def test_no_more_hints_and_all_again(window: Window, qtbot: QtBot) -> None:
    tool = _tool(window)
    QSettings().setValue("hints_read", "")
    window.start("resnet18")
    settled(qtbot, window)
    tool.strip.none_button.click()
    window.session.select("layer1")
    assert tool.strip.isHidden()
    tool._reset()
    assert tool.shown == "diagram"


def test_hints_are_silent_while_a_tour_speaks(window: Window, qtbot: QtBot) -> None:
    tool = _tool(window)
    QSettings().setValue("hints_read", "")
    window.start("resnet18")
    settled(qtbot, window)
    assert tool.strip.isVisible()
    tours = next(tool for tool in window.tools if isinstance(tool, ToursTool))
    tours.play(tours._rows()[0].id)
    qtbot.waitUntil(tours.card.isVisible, timeout=60_000)
    assert tool.strip.isHidden()
    tours.card.left.emit()
    qtbot.waitUntil(tours.card.isHidden, timeout=60_000)
    assert tool.strip.isVisible()
    settled(qtbot, window)
