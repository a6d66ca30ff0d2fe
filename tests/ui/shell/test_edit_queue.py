"""The edit queue: steps in order, and what is cancelled is neither delivered nor built upon."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from torch import nn

from explorer.network import open_network
from explorer.session import Session
from explorer.ui.base.jobs import OpenedNetwork
from explorer.ui.shell.edit_queue import EditQueue


class Text(str):
    """A network that is a text; what is renamed is asked of that of a real one."""

    __slots__ = ()
    analysis = open_network(nn.Sequential(nn.Conv2d(3, 4, 3)), input_shape=(1, 3, 8, 8)).analysis

    def __add__(self, more: str) -> Text:
        return Text(str(self) + more)


class Log:
    """A queue on a network that is a text, and what it delivers."""

    def __init__(self, parent: QObject) -> None:
        self.session = Session()
        self.queue = EditQueue(self.session, parent)
        self.changed: list[str] = []
        self.opened: list[str] = []
        self.failed: list[str] = []
        self.queue.network_changed.connect(self._show_changed)
        self.queue.network_opened.connect(self._show_opened)
        self.queue.failed.connect(lambda failure: self.failed.append(str(failure)))

    def _show_changed(self, network: Any, renamed: Any) -> None:
        assert not renamed
        self.changed.append(network)
        self.session.network = network

    def _show_opened(self, opened: OpenedNetwork) -> None:
        self.opened.append(str(opened.network))
        self.session.network = opened.network

    def open(self, network: str) -> None:
        made: Any = Text(network)
        self.queue.open(lambda keep_going: OpenedNetwork(made, frozenset(), "blocks"))

    def append(self, text: Any) -> None:
        self.queue.change(lambda network: network + text)

    def settle(self, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: not self.queue.lane.busy)


@pytest.fixture
def log(qtbot: QtBot) -> Any:
    parent = QObject()
    made = Log(parent)
    made.open("net")
    made.settle(qtbot)
    yield made
    made.queue.lane.close()


def test_each_step_builds_on_the_one_before(log: Log, qtbot: QtBot) -> None:
    for text in "abc":
        log.append(text)
    log.settle(qtbot)
    assert log.changed == ["neta", "netab", "netabc"]


def test_opening_drops_the_steps_before_it(log: Log, qtbot: QtBot) -> None:
    log.append("a")
    assert log.queue.lane._pool.waitForDone(5000)  # done, and not yet shown
    log.append("b")
    log.open("other")
    log.append("c")
    log.settle(qtbot)
    assert log.opened == ["net", "other"]
    assert log.changed == ["otherc"]


def test_cancelled_steps_are_neither_shown_nor_built_upon(log: Log, qtbot: QtBot) -> None:
    log.append("a")
    log.settle(qtbot)
    log.append("b")
    assert log.queue.lane._pool.waitForDone(5000)
    log.append("c")
    log.queue.cancel()
    log.settle(qtbot)
    assert log.changed == ["neta"]
    log.append("d")
    log.settle(qtbot)
    assert log.changed == ["neta", "netad"]


def test_a_failed_step_leaves_the_network_as_it_was(log: Log, qtbot: QtBot) -> None:
    log.append(1)  # no text
    log.append("b")
    log.settle(qtbot)
    assert len(log.failed) == 1
    assert log.changed == ["netb"]


def test_without_a_network_nothing_is_changed(qtbot: QtBot) -> None:
    parent = QObject()
    log = Log(parent)
    log.append("a")
    log.settle(qtbot)
    assert (log.changed, log.failed) == ([], [])
    log.queue.lane.close()
