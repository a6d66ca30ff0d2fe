"""What waits for the event loop goes with the one that it is for."""

from __future__ import annotations

import gc
from weakref import ref

import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from explorer.ui.base.later import call_later


class Note:
    """Something large that a waiting function speaks of."""

    def __init__(self) -> None:
        self.calls: list[int] = []


def test_it_is_called_once_the_events_at_hand_are_over(qtbot: QtBot) -> None:
    context, note = QObject(), Note()
    call_later(context, lambda: note.calls.append(1))
    call_later(context, lambda: note.calls.append(2))
    assert note.calls == []
    qtbot.waitUntil(lambda: note.calls == [1, 2])
    qtbot.waitUntil(lambda: not context.children())


def test_it_is_neither_called_nor_kept_once_its_context_is_deleted(qtbot: QtBot) -> None:
    context, note = QObject(), Note()
    trace, calls = ref(note), note.calls
    call_later(context, lambda note=note: note.calls.append(1))  # type: ignore[misc]
    del note
    shiboken6.delete(context)
    qtbot.wait(10)
    gc.collect()
    assert (calls, trace()) == ([], None)
