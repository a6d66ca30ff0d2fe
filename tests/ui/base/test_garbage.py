"""Widgets that are garbage are deleted on the UI thread, whichever thread makes the objects that Python counts."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from explorer.base.gc_pause import gc_paused
from explorer.ui.base.garbage import GarbageCollector
from explorer.ui.base.lanes import Lane


class InCycle(QObject):
    """Stands for a widget that Python holds in a cycle with what it shows."""

    freed_on: list[int]

    def __init__(self, freed_on: list[int]) -> None:
        super().__init__()
        self.freed_on = freed_on
        self.cycle = self

    def __del__(self) -> None:
        self.freed_on.append(threading.get_ident())


def _make_much(keep_going: object = None) -> list[list[int]]:
    return [[number] for number in range(200_000)]


def test_cycles_are_freed_on_the_ui_thread_while_jobs_run(qtbot: QtBot) -> None:
    lane, freed_on = Lane("test"), list[int]()
    for _ in range(20):
        InCycle(freed_on)
        lane.submit(_make_much, lambda result: None, lambda failure: None)
    qtbot.waitUntil(lambda: not lane.busy)
    lane.close()
    qtbot.waitUntil(lambda: len(freed_on) == 20)
    assert set(freed_on) == {threading.get_ident()}


def test_nothing_is_looked_for_while_something_large_is_built(qtbot: QtBot) -> None:
    freed_on: list[int] = []
    with gc_paused():
        InCycle(freed_on)
        kept = _make_much()
        qtbot.wait(300)
        assert not freed_on
    qtbot.waitUntil(lambda: len(freed_on) == 1)
    assert kept


def test_closed_it_gives_the_work_back(collector: GarbageCollector) -> None:
    assert not gc.isenabled()
    collector.close()
    assert gc.isenabled()
    gc.disable()
    collector.close()
    assert not gc.isenabled()  # whoever disabled it since is not asked
    gc.enable()
