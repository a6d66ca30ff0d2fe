"""A drawing that takes long says how far it is, and ends when nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from explorer.base.cancellation import Cancelled, KeepGoing
from explorer.drawing import compose_picture
from explorer.network import Network, open_network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.ui.base import jobs
from explorer.ui.base.lanes import Lane
from explorer.ui.shell.progress_indicator import SHOW_DELAY_MS, ProgressIndicator
from explorer.ui.shell.window import Window


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[Lane]:
    made = Lane("drawing", latest_only=True)
    yield made
    made.close()


def test_the_steps_of_a_drawing_only_go_forwards(opened: Callable[[str], Network]) -> None:
    network = opened("densenet121")
    heard: list[float] = []

    def wanted(done: float) -> bool:
        heard.append(done)
        return True

    picture = jobs.draw_job(network, expanded_at_level(network.analysis, "ops"), "kind", "columns")(wanted)
    assert heard == sorted(heard)
    assert len(heard) > 8
    assert 0.0 <= heard[0] < heard[-1] < 1.0
    again = compose_picture(
        build_diagram(network.analysis, expanded_at_level(network.analysis, "ops"), network.history.baseline)
    )
    assert picture.diagram == again.diagram
    assert (picture.width, picture.height) == (again.width, again.height)


@pytest.mark.parametrize("after", range(8))
def test_it_ends_at_any_step(after: int, opened: Callable[[str], Network]) -> None:
    network = opened("densenet121")
    asked = 0

    def wanted(done: float) -> bool:
        nonlocal asked
        asked += 1
        return asked <= after

    with pytest.raises(Cancelled):
        jobs.draw_job(network, expanded_at_level(network.analysis, "ops"), "kind", "down")(wanted)
    assert asked == after + 1  # and not one step further


def test_a_newer_drawing_ends_the_one_before(qtbot: QtBot, lane: Lane) -> None:
    network = open_network("squeezenet1_1")
    begun, may_go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def first(wanted: KeepGoing) -> object:
        begun.set()
        may_go_on.wait(10)
        try:
            return jobs.draw_job(network, expanded_at_level(network.analysis, "ops"), "kind", "columns")(wanted)
        except Cancelled:
            ended.set()
            raise

    found: list[object] = []
    failures: list[Exception] = []
    lane.submit(first, found.append, failures.append)
    begun.wait(10)
    lane.submit(jobs.draw_job(network, frozenset(), "kind", "columns"), found.append, failures.append)
    may_go_on.set()
    qtbot.waitUntil(lambda: not lane.busy, timeout=30_000)
    assert ended.is_set()
    assert len(found) == 1
    assert not failures


def test_the_indicator_waits_a_second_then_can_cancel(qtbot: QtBot, lane: Lane) -> None:
    busy = ProgressIndicator((), (lane,), delayed=(lane,))
    qtbot.addWidget(busy)
    may_end = threading.Event()

    def slow(wanted: KeepGoing) -> None:
        wanted(0.4)
        may_end.wait(30)

    lane.submit(slow, lambda _: None, lambda _: None)
    assert busy.isHidden()
    qtbot.waitUntil(lambda: not busy.isHidden(), timeout=10 * SHOW_DELAY_MS)
    assert (busy.progress.maximum(), busy.progress.value()) == (100, 40)
    with qtbot.waitSignal(busy.cancel_requested):
        busy.findChild(QToolButton).click()
    may_end.set()
    qtbot.waitUntil(lambda: not lane.busy, timeout=30_000)
    assert busy.isHidden()


def held_up(window: Window) -> threading.Event:
    """The thread that draws has something else to do until the event is set."""
    may_end = threading.Event()
    lane = window.panel_updater.draw_lane
    lane.submit(lambda wanted: may_end.wait(30), lambda _: None, lambda _: None)
    return may_end


def drawn(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: not any(lane.busy for lane in window._lanes), timeout=60_000)


def test_what_was_given_up_is_folded_again(window: Window, qtbot: QtBot) -> None:
    window.start("squeezenet1_1")
    drawn(qtbot, window)
    before = window.session.expanded
    assert window.canvas.picture is not None
    cards = window.canvas.picture.diagram.cards.keys()
    may_end = held_up(window)
    window.navigator.set_level("ops")
    assert window.session.expanded > before
    window.progress_indicator.cancel_requested.emit()
    may_end.set()
    drawn(qtbot, window)
    assert window.session.expanded == before
    assert window.canvas.picture.diagram.cards.keys() == cards


def test_a_network_whose_drawing_was_given_up_comes_folded(window: Window, qtbot: QtBot) -> None:
    window.start("squeezenet1_1")
    drawn(qtbot, window)
    may_end = held_up(window)
    window.open_network("alexnet")
    qtbot.waitUntil(lambda: "AlexNet" in window.windowTitle(), timeout=60_000)
    window.progress_indicator.cancel_requested.emit()
    may_end.set()
    drawn(qtbot, window)
    assert window.session.expanded == frozenset()
    assert window.canvas.picture is not None
    assert window.session.network is not None
    assert window.canvas.picture.diagram.children.keys() == {window.session.network.analysis.hierarchy.root.id}
    assert window.figures._summary is not None
    assert (
        window.figures._summary.headline_figures[0].now == window.session.network.figures.total.params
    )  # not the last one's
