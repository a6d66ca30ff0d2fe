"""Work off the UI thread.

Each lane is one thread that takes requests in order. A lane made with `newest=True` keeps only the latest: what waits
is dropped, what runs is told that it is no longer wanted. Results come back on the UI thread, late ones not at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from explorer.wanted import Wanted


class Lane(QObject):
    """Runs functions of one argument, `wanted`, one after the other."""

    busy_changed = Signal(bool)
    progressed = Signal(float)
    _arrived = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None, *, newest: bool = False) -> None:
        super().__init__(parent)
        self.name = name
        self._newest = newest
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._number = 0  # of the last request
        self._oldest_wanted = 0  # requests below are dropped
        self._waiting = 0
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        work: Callable[[Wanted], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run `work` on the lane's thread, then `done` with its result, or `failed`, on the UI thread."""
        self._number += 1
        if self._newest:
            self._oldest_wanted = self._number
        self._waiting += 1
        if self._waiting == 1:
            self.busy_changed.emit(True)
        self._pool.start(_Request(self, self._number, work, done, failed))

    def cancel(self) -> None:
        """Nothing that was asked for is wanted any more."""
        self._oldest_wanted = self._number + 1

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    def close(self) -> None:
        """Drop everything and wait for what runs: a thread alive at exit would abort the process."""
        self.cancel()
        self._pool.clear()
        self._pool.waitForDone()

    def is_wanted(self, number: int) -> bool:
        return number >= self._oldest_wanted

    def _deliver(self, answer: tuple[int, Callable[[Any], None], Any]) -> None:
        number, receive, value = answer
        self._waiting -= 1
        if self.is_wanted(number):
            receive(value)
        if self._waiting == 0:
            self.busy_changed.emit(False)


class _Request(QRunnable):
    def __init__(
        self,
        lane: Lane,
        number: int,
        work: Callable[[Wanted], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._lane, self._number = lane, number
        self._work, self._done, self._failed = work, done, failed

    def run(self) -> None:
        lane, number = self._lane, self._number
        receive: Callable[[Any], None] = self._done
        value: Any = None
        if lane.is_wanted(number):
            try:
                value = self._work(self._wanted)
            except Exception as failure:
                receive, value = self._failed, failure
        with contextlib.suppress(RuntimeError):  # the window has gone
            lane._arrived.emit((number, receive, value))

    def _wanted(self, done: float) -> bool:
        wanted = self._lane.is_wanted(self._number)
        if wanted and done:
            self._lane.progressed.emit(done)
        return wanted
