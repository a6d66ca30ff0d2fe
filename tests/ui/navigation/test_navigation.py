"""Finding the way in the window: search, breadcrumb, back and forth, bookmarks, links and keys."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from explorer.drawing import compose_picture
from explorer.project.files import read_project
from explorer.ui.base import dialogs
from explorer.ui.canvas.keyboard_navigation import find_next_card
from explorer.ui.navigation.back_forward import BackForwardList
from explorer.ui.navigation.tool import NavigationTool
from explorer.ui.shell.window import Window
from explorer.viewmodels.card_ids import StackId, members_of
from explorer.viewmodels.diagram import Card, Diagram, Link

LONG = 60_000


@pytest.fixture
def finding(window: Window, qtbot: QtBot) -> NavigationTool:
    window.open_network("resnet18")
    qtbot.waitUntil(lambda: window.canvas.picture is not None and not window.panel_updater.draw_lane.busy, timeout=LONG)
    return next(tool for tool in window.tools if isinstance(tool, NavigationTool))


def look_for(finding: NavigationTool, qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(finding.search_box.field, text)
    qtbot.waitUntil(lambda: not finding.search_navigator._is_searching, timeout=LONG)


def test_hits_are_lit_counted_and_visited_in_turn(window: Window, finding: NavigationTool, qtbot: QtBot) -> None:
    look_for(finding, qtbot, "conv k=3 layer2")
    assert finding.search_box.hit_count.text() == "4 matches"
    assert window.canvas._marks.search_hits == {"layer2.0", "layer2.1"}  # folded blocks stand for what is in them
    qtbot.keyClick(finding.search_box.field, Qt.Key.Key_Return)
    assert finding.search_box.hit_count.text() == "1 of 4"
    assert window.session.selection == ("unit:layer2.0.conv1",)
    assert "layer2.0" in window.session.expanded
    assert window.canvas._marks.search_hits == {"unit:layer2.0.conv1", "unit:layer2.0.conv2", "layer2.1"}
    finding.previous_action.trigger()
    assert finding.search_box.hit_count.text() == "4 of 4"
    finding.next_action.trigger()
    assert finding.search_box.hit_count.text() == "1 of 4"
    qtbot.waitUntil(lambda: window.canvas.picture.rect("unit:layer2.0.conv1") is not None, timeout=LONG)
    qtbot.keyClick(finding.search_box.field, Qt.Key.Key_Escape)
    assert not window.canvas._marks.search_hits


def test_what_means_nothing_is_said_over_the_canvas_and_nothing_is_lit(
    window: Window, finding: NavigationTool, qtbot: QtBot
) -> None:
    finding.find_action.trigger()
    qtbot.waitUntil(finding.search_box.field.hasFocus)
    assert "conv k>3" in finding.search_box.hint.text()
    look_for(finding, qtbot, "parms>1M")
    qtbot.waitUntil(lambda: "did you mean params?" in finding.search_box.hint.text(), timeout=LONG)
    assert finding.search_box.hint.isVisible()
    assert not window.canvas._marks.search_hits
    finding.next_action.trigger()  # there is nowhere to go, and nothing happens
    assert window.session.selection == ()


def test_hits_follow_an_edit(window: Window, finding: NavigationTool, qtbot: QtBot) -> None:
    from explorer.edits import SwapActivation

    look_for(finding, qtbot, "gelu")
    assert finding.search_box.hit_count.text() == "No matches"
    window.apply_edit(SwapActivation("layer1.0", "gelu"))
    qtbot.waitUntil(lambda: finding.search_box.hit_count.text() == "2 matches", timeout=LONG)


def test_all_of_a_kind_from_the_menu_of_a_card(finding: NavigationTool, qtbot: QtBot) -> None:
    words = dict(finding._card_actions("layer1.0"))
    find_all = words["Find all: Residual block"]
    assert find_all is not None
    find_all()
    qtbot.waitUntil(lambda: finding.search_box.hit_count.text() == "8 matches", timeout=LONG)


def test_the_breadcrumb_leads_up_and_sideways(window: Window, finding: NavigationTool, qtbot: QtBot) -> None:
    window.go_to_card("unit:layer3.0.conv1")
    assert [step.text() for step in finding.breadcrumb.steps] == [
        "ResNet-18",
        "Stage 3",
        "Residual block · 0",
        "Conv 3×3",
    ]
    arrow = finding.breadcrumb._arrows[1]
    arrow.menu().aboutToShow.emit()
    beside = arrow.menu().actions()
    assert [action.text() for action in beside] == ["Residual block · 0", "Residual block · 1"]
    assert [action.isChecked() for action in beside] == [True, False]
    beside[1].trigger()
    assert window.session.selection == ("layer3.1",)
    qtbot.mouseClick(finding.breadcrumb.steps[1], Qt.MouseButton.LeftButton)
    assert window.session.selection == ("layer3",)
    qtbot.mouseClick(finding.breadcrumb.steps[0], Qt.MouseButton.LeftButton)
    assert window.session.selection == ()


def test_a_narrow_breadcrumb_keeps_its_end(window: Window, finding: NavigationTool, qtbot: QtBot) -> None:
    window.go_to_card("unit:layer3.0.conv1")
    finding.breadcrumb.setFixedWidth(170)  # whatever the layout around it has room for
    finding.breadcrumb.resize(170, 24)
    shown = [step.text() for step in finding.breadcrumb.steps if step.isVisible()]
    assert shown[-1] == "Conv 3×3"
    assert len(shown) < 4
    assert finding.breadcrumb._overflow_button.isVisible()
    finding.breadcrumb._overflow_button.menu().actions()[-1].trigger()
    assert window.session.selection in (("layer3",), ("layer3.0",))


def test_back_and_forth_by_menu_and_mouse(window: Window, finding: NavigationTool, qtbot: QtBot) -> None:
    for id in ("layer1.0", "layer2.0", "layer3.0"):
        window.go_to_card(id)
    finding.back_action.trigger()
    assert window.session.selection == ("layer2.0",)
    press(window, Qt.MouseButton.BackButton)
    assert window.session.selection == ("layer1.0",)
    assert not finding.back_action.isEnabled()
    press(window, Qt.MouseButton.ForwardButton)
    assert window.session.selection == ("layer2.0",)
    window.go_to_card("layer4.0")
    assert not finding.forward_action.isEnabled()


def press(window: Window, button: Qt.MouseButton) -> None:
    at = QPointF(30, 30)
    event = QMouseEvent(
        QEvent.Type.MouseButtonPress, at, window.canvas.mapToGlobal(at), button, button, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window.canvas, event)


def test_bookmarks_are_listed_kept_in_the_project_and_opened_again(
    window: Window, finding: NavigationTool, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.go_to_card("layer2.1")
    finding.bookmark_action.trigger()
    assert finding.bookmark_button.text() == "★"
    window.session.select("layer1.0")
    assert finding.bookmark_button.text() == "☆"
    names = listed(finding.bookmarks_menu)
    assert len(names) == 1
    assert "layer2.1" in names[0]
    path = tmp_path / "marked.cnnx"
    monkeypatch.setattr(dialogs, "ask_project_save_path", lambda parent, suggested: str(path))
    with qtbot.waitSignal(window.files.saved, timeout=LONG):
        window.files.save()
    assert read_project(path).view.bookmarks == ("layer2.1",)
    window.session.toggle_bookmark("layer2.1")
    assert window.session.bookmarks == ()
    window.tabs.close_active()
    window.open_project(str(path))
    qtbot.waitUntil(lambda: window.session.bookmarks == ("layer2.1",), timeout=LONG)
    listed(finding.bookmarks_menu)
    finding.bookmarks_menu.actions()[0].trigger()
    assert window.session.selection == ("layer2.1",)


def listed(menu: QMenu) -> list[str]:
    menu.aboutToShow.emit()
    return [action.text() for action in menu.actions()]


def test_a_link_that_is_clicked_twice_leads_to_its_other_end(
    window: Window, finding: NavigationTool, qtbot: QtBot
) -> None:
    canvas = window.canvas
    number = next(n for n, link in enumerate(canvas.picture.diagram.links) if link.target == "layer2.0")
    link, points = canvas.picture.diagram.links[number], canvas.picture.routes[number].points
    (x1, y1), (x2, y2) = max(pairwise(points), key=lambda s: abs(s[0][1] - s[1][1]))
    at = (canvas._offset + QPointF((x1 + x2) / 2, (y1 + 3 * y2) / 4) * canvas.scale).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert not window.session.selection  # the link is chosen: it could be taken away
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert window.session.selection in (members_of(link.source), members_of(link.target))


def test_visits_know_the_way_back_and_forget_what_is_gone() -> None:
    visits = BackForwardList()
    assert visits.go(-1) is None
    for place in ("a", "b", "b", "c"):
        visits.visit(place)
    assert [visits.go(-1), visits.go(-1), visits.go(-1), visits.go(1)] == ["b", "a", None, "b"]
    visits.retain({"a", "c"})
    assert visits.go(1) == "c"
    assert visits.go(-1) == "a"
    visits.visit("d")
    assert not visits.has_forward
    visits.clear()
    assert not visits.has_back


def test_a_stack_of_equal_cards_is_one_place(window: Window, finding: NavigationTool, qtbot: QtBot) -> None:
    window.open_network("resnet50")
    stack = StackId(("layer1.1", "layer1.2"))
    settled = lambda: (shown := window.canvas.picture) is not None and shown.card(stack) is not None  # noqa: E731
    qtbot.waitUntil(settled, timeout=LONG)
    window.go_to_card(stack)
    assert window.canvas._marks.selected == stack
    assert finding.breadcrumb.steps[-1].text() == "Residual bottleneck × 2"
    finding.bookmark_action.trigger()
    window.go_to_card("layer4.0")
    finding.back_action.trigger()
    assert window.session.selection == stack.members
    assert listed(finding.bookmarks_menu)[0].startswith("&1  Residual bottleneck")
    qtbot.keyClick(window.canvas, Qt.Key.Key_Up)
    assert window.session.selection == ("layer1.0",)


def two_branches() -> Diagram:
    ids = ("in", "left", "right", "add", "out")
    cards = {id: Card(id, "conv", id.capitalize(), is_round=id == "add") for id in ids}
    cards["block"] = Card("block", "block", "Block", is_expandable=True)
    pairs = (("in", "left"), ("in", "right"), ("left", "add"), ("right", "add"), ("add", "out"))
    links = tuple(Link(a, b, n, "") for n, (a, b) in enumerate(pairs))
    return Diagram("", {"": ("in", "block", "out"), "block": ("left", "right", "add")}, cards, links)


@pytest.mark.parametrize(
    ("start", "way", "there"),
    [
        ("in", "on", "left"),
        ("left", "right", "right"),
        ("right", "left", "left"),
        ("right", "on", "add"),
        ("add", "back", "left"),
        ("left", "out", "block"),
        ("block", "out", None),
        ("block", "on", "left"),
        ("block", "back", "in"),
        ("out", "on", None),
        (None, "first", "in"),
        ("add", "last", "out"),
        (None, "on", "in"),
        (None, "back", "out"),
        (None, "out", None),
        ("nowhere", "on", None),
    ],
)
def test_the_keyboard_reaches_everything(start: str | None, way: Any, there: str | None) -> None:
    assert find_next_card(compose_picture(two_branches()), start, way) == there
