"""The edit queue: steps in order, each to its own document, and what is cancelled is neither delivered nor built
upon."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from explorer.document import Document
from explorer.network import Network
from explorer.ui.documents.edit_queue import EditQueue


def text_network(text: str) -> Network:
    """A network that is a text."""
    history = SimpleNamespace(applied_edits=())
    context = SimpleNamespace(checkpoint=None)
    return cast("Network", SimpleNamespace(text=text, history=history, analysis=text, context=context))


class Log:
    """A queue on two documents, and what it delivers."""

    def __init__(self, parent: QObject) -> None:
        self.document, self.other = Document(text_network("net")), Document(text_network("other"))
        self.queue = EditQueue(parent)
        self.changed: list[str] = []
        self.failed: list[str] = []
        self.queue.network_changed.connect(self._show_changed)
        self.queue.failed.connect(lambda document, failure: self.failed.append(str(failure)))

    def _show_changed(self, document: Document, network: Any) -> None:
        self.changed.append(network.text)
        document.network = network

    def append(self, text: Any, document: Document | None = None) -> None:
        def step(network: Any) -> Network:
            return text_network(network.text + text)

        self.queue.change(document or self.document, step)

    def settle(self, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: not self.queue.lane.busy)


@pytest.fixture(autouse=True)
def _texts_have_no_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.presenters.counterparts.find_renamed_parts", lambda before, after: {})


@pytest.fixture
def log(qtbot: QtBot) -> Iterator[Log]:
    parent = QObject()
    made = Log(parent)
    yield made
    made.queue.lane.close()


def test_each_step_builds_on_the_one_before(log: Log, qtbot: QtBot) -> None:
    for text in "abc":
        log.append(text)
    log.settle(qtbot)
    assert log.changed == ["neta", "netab", "netabc"]


def test_each_document_has_steps_of_its_own(log: Log, qtbot: QtBot) -> None:
    for number, text in enumerate("abcd"):
        log.append(text, (log.document, log.other)[number % 2])
    log.settle(qtbot)
    assert log.changed == ["neta", "otherb", "netac", "otherbd"]


def test_steps_of_a_closed_document_are_dropped(log: Log, qtbot: QtBot) -> None:
    log.append("a")
    assert log.queue.lane._pool.waitForDone(5000)  # done, and not yet shown
    log.append("b")
    log.append("c", log.other)
    log.document.is_open = False
    log.settle(qtbot)
    assert (log.changed, log.failed) == (["otherc"], [])


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


def test_without_a_network_nothing_is_changed(log: Log, qtbot: QtBot) -> None:
    log.append("a", Document())
    log.settle(qtbot)
    assert (log.changed, log.failed) == ([], [])
