"""The page over the canvas while no network is open."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from explorer.guide.family_tree import load_family_tree
from explorer.ui.base import appearance, dialogs, recent_projects
from explorer.ui.shell.window import Window
from explorer.ui.start.page import StartPage
from explorer.ui.start.tool import StartPageTool
from explorer.ui.user_module.tool import UserModuleTool

SLOW = 60_000


@pytest.fixture
def over(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(900, 600)
    return widget


def start_page(window: Window) -> StartPage:
    return next(tool for tool in window.tools if isinstance(tool, StartPageTool)).page


@pytest.mark.parametrize(
    ("size", "columns"), [((240, 300), 1), ((350, 330), 2), ((720, 550), 4), ((860, 600), 5), ((1400, 1000), 6)]
)
def test_cards_fill_the_width_and_nothing_is_cut(over: QWidget, size: tuple[int, int], columns: int) -> None:
    over.resize(*size)
    page = StartPage(over, load_family_tree())
    over.show()
    QTest.qWait(10)
    assert page.size() == QSize(*size)
    assert page.columns == columns
    assert {card.y() for card in page.cards[:columns]} == {page.cards[0].y()}
    room = page.viewport().width()
    for card in page.cards:
        content = page.widget()
        assert content is not None
        right = card.mapTo(content, card.rect().topRight()).x()
        assert right < room
        assert QFontMetrics(card.font()).horizontalAdvance(card._network.title) < 1.05 * card.width()
    assert page.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_click_or_enter_opens_one(over: QWidget, qtbot: QtBot, scheme: str, qapp: object) -> None:
    appearance.apply_scheme(qapp, scheme)  # type: ignore[arg-type]
    page = StartPage(over, load_family_tree())
    over.show()
    first = page.cards[0]
    with qtbot.waitSignal(page.network_requested) as asked:
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert asked.args == ["alexnet_2012"]
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        with qtbot.waitSignal(page.network_requested) as asked:
            qtbot.keyClick(page.cards[3], key)
        assert asked.args == [load_family_tree()[3].key]
    assert not over.grab().isNull()


def test_what_each_brought_is_said_in_the_language_of_the_explanations(window: Window) -> None:
    page = start_page(window)
    assert page.cards[0].accessibleName() == "AlexNet (2012): depth on GPUs, ReLU, dropout"
    window.session.set_language("zh")
    assert page.cards[0].accessibleName().startswith("AlexNet (2012): GPU")


def test_it_goes_when_a_network_is_open(window: Window, qtbot: QtBot) -> None:
    page = start_page(window)
    window.start()
    qtbot.waitUntil(page.isVisible)
    next(card for card in page.cards if card.key == "alexnet_2012").click()
    qtbot.waitUntil(lambda: window.session.network is not None, timeout=SLOW)
    assert not page.isVisible()


def test_it_is_not_there_while_what_the_window_starts_with_is_opened(window: Window, qtbot: QtBot) -> None:
    page = start_page(window)
    window.start("resnt18")  # there is no such network
    qtbot.waitUntil(lambda: bool(page.links))
    qtbot.wait(1)
    assert not page.isVisible() or not window.edit_queue.lane.busy
    qtbot.waitUntil(lambda: "resnet18" in window.notice.text, timeout=SLOW)
    qtbot.waitUntil(page.isVisible)
    window.open_network("alexnet")
    assert page.isVisible()  # it stays until there is something to see
    qtbot.waitUntil(lambda: not page.isVisible(), timeout=SLOW)
    assert window.session.network is not None


def test_other_ways_to_begin(window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = start_page(window)
    qtbot.waitUntil(lambda: bool(page.links))
    ways = {way.text(): way for way in page.links}
    assert [*ways] == ["Guided tours…", "Open project…", "New network…", "Open your own module…"]
    tours = ways["Guided tours…"]
    qtbot.waitUntil(lambda: tours.mapTo(page, QPoint()).y() < page.cards[0].mapTo(page, QPoint()).y())  # for who is new
    assert "New here?" in page._first_tip.text()
    asked: list[str] = []
    monkeypatch.setattr(dialogs, "ask_project_open_path", lambda parent, folder: asked.append("project"))
    ways["Open project…"].click()
    assert asked == ["project"]
    ways["Open your own module…"].click()
    module = next(tool for tool in window.tools if isinstance(tool, UserModuleTool))
    assert module.dialog is not None
    module.dialog.reject()


def test_recent_projects_that_are_still_there(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "three", "four", "gone"):
        path = tmp_path / f"{name}.cnnx"
        path.touch()
        recent_projects.add_recent_project(path)
    (tmp_path / "gone.cnnx").unlink()
    window = Window()
    qtbot.addWidget(window)
    taken: list[str] = []
    monkeypatch.setattr(Window, "open_project", lambda self, path: taken.append(path))
    page = start_page(window)
    qtbot.waitUntil(lambda: len(page.links) == 7)
    assert [way.text() for way in page.links[4:]] == ["four.cnnx", "three.cnnx", "two.cnnx"]
    page.links[4].click()
    assert taken == [str(tmp_path / "four.cnnx")]
    window.close()
