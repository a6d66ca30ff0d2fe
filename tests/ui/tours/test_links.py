"""Links in the window: what they name is shown, and what is in sight has a link."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from explorer.edits import SwapActivation
from explorer.links import parse_link
from explorer.ui.shell.window import Window
from explorer.ui.tours.tool import ToursTool
from tests.ui.conftest import settled

SLOW = 60_000


@pytest.fixture
def tours(window: Window) -> ToursTool:
    found: Any = next(tool for tool in window.tools if isinstance(tool, ToursTool))
    return found


def test_a_link_opens_its_view(window: Window, tours: ToursTool, qtbot: QtBot) -> None:
    window.start("cnn-explorer://mobilenet_v2?select=features.3.conv.1&try=inverted_residual/narrow&level=stages")
    qtbot.waitUntil(lambda: window.session.selection == ("features.3.conv.1",), timeout=SLOW)
    network = window.session.network
    assert network is not None
    assert network.history.undo_title == "Expansion ×3 everywhere"
    assert "features.3" in window.session.expanded
    settled(qtbot, window)


def test_a_link_to_a_tour(window: Window, tours: ToursTool, qtbot: QtBot) -> None:
    window.open_target("cnn-explorer://?tour=resnet&step=3")
    qtbot.waitUntil(lambda: tours.player.scene is not None and tours.player.scene.number == 2, timeout=SLOW)
    settled(qtbot, window)
    tours._copy_link()
    assert QGuiApplication.clipboard().text() == "cnn-explorer://?tour=resnet&step=3"


def test_what_is_wrong_is_said(window: Window, tours: ToursTool, qtbot: QtBot) -> None:
    window.open_target("cnn-explorer:///etc/evil.py")
    assert "nothing else" in window.notice.text
    assert window.session.network is None
    window.open_target("cnn-explorer://resnet18?try=residual/none")
    qtbot.waitUntil(lambda: "no try" in window.notice.text, timeout=SLOW)
    window.open_target("cnn-explorer://resnet18?select=features.99")
    qtbot.waitUntil(lambda: "not in this network" in window.statusBar().currentMessage(), timeout=SLOW)
    settled(qtbot, window)


def test_the_link_of_what_is_in_sight(window: Window, tours: ToursTool, qtbot: QtBot) -> None:
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    window.apply_edit(SwapActivation("*", "gelu"))
    qtbot.waitUntil(lambda: bool(window.session.document.current_edits), timeout=SLOW)
    window.session.select("layer2.0")
    tours._copy_link()
    link = parse_link(QGuiApplication.clipboard().text())
    assert (link.network, link.selection) == ("resnet18", ("layer2.0",))
    assert link.edits == ({"edit": "swap_activation", "at": "*", "to": "gelu"},)
    settled(qtbot, window)
