"""Background work: lanes that run jobs off the UI thread.

Each lane is one thread that runs jobs in order. With `latest_only`, jobs that wait are dropped when a newer one is
submitted, and the running one is told to stop. Results are delivered on the UI thread; those of cancelled jobs are
dropped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from explorer.base.cancellation import KeepGoing, cancellable
from explorer.base.languages import tr


class Lane(QObject):
    """One background thread that runs jobs, functions of the argument `keep_going`, one after another."""

    busy_changed = Signal(bool)
    progress_changed = Signal(float)
    _finished = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None, *, latest_only: bool = False) -> None:
        super().__init__(parent)
        self.name = name
        self._latest_only = latest_only
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._last_number = 0  # of the last request
        self._oldest_current = 0  # requests below are dropped
        self._pending = 0
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        job: Callable[[KeepGoing], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        """Run `job` on the lane's thread, then call `on_done` with its result, or `on_failed` with its exception, on
        the UI thread."""
        self._last_number += 1
        if self._latest_only:
            self._oldest_current = self._last_number
        self._pending += 1
        if self._pending == 1:
            self.busy_changed.emit(True)
        self._pool.start(_Job(self, self._last_number, job, on_done, on_failed))

    def cancel(self) -> None:
        """Drop all submitted jobs: their results are never delivered."""
        self._oldest_current = self._last_number + 1

    @property
    def busy(self) -> bool:
        """True while jobs wait or run, cancelled ones included."""
        return self._pending > 0

    def close(self) -> None:
        """Drop all jobs and wait for the running one: a thread alive at exit would abort the process."""
        self.cancel()
        self._pool.clear()
        self._pool.waitForDone()

    def is_current(self, number: int) -> bool:
        """Return whether job `number` has not been cancelled or replaced by a newer one."""
        return number >= self._oldest_current

    def _deliver(self, answer: tuple[int, Callable[[Any], None], Any]) -> None:
        number, receive, value = answer
        self._pending -= 1
        if self.is_current(number):
            receive(value)
        if self._pending == 0:
            self.busy_changed.emit(False)


class _Job(QRunnable):
    def __init__(
        self,
        lane: Lane,
        number: int,
        job: Callable[[KeepGoing], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._lane, self._number = lane, number
        self._task: tuple[Callable[[KeepGoing], Any], Callable[[Any], None], Callable[[Exception], None]] | None
        self._task = (job, on_done, on_failed)

    def run(self) -> None:
        lane, number, task = self._lane, self._number, self._task
        if task is None:
            return
        self._task = None  # PySide keeps some finished runnables for good: they must not hold a network
        job, receive, on_failed = task
        value: Any = None
        if lane.is_current(number):
            try:
                with cancellable(self._keep_going):
                    value = job(self._keep_going)
            except Exception as failure:
                receive, value = on_failed, failure
            except BaseException as failure:  # `sys.exit` in somebody's module must not leave the lane busy for good
                receive, value = on_failed, _stopped(failure)
        with contextlib.suppress(RuntimeError):  # the window has gone
            lane._finished.emit((number, receive, value))

    def _keep_going(self, done: float) -> bool:
        wanted = self._lane.is_current(self._number)
        if wanted and done:
            self._lane.progress_changed.emit(done)
        return wanted


def _stopped(failure: BaseException) -> Exception:
    cause = f"{type(failure).__name__} {failure}".strip()
    return RuntimeError(tr("The code that ran here asked the program to end ({cause}). It was not done.", cause=cause))
