"""Background work: lanes that run jobs off the UI thread.

Each lane is one thread that runs jobs in order. With `latest_only`, jobs that wait are dropped when a newer one is
submitted, and the running one is told to stop. Results are delivered on the UI thread; those of cancelled jobs are
dropped.

While a lane that prepares has a job, those of the others wait: it imports what they need. Threads that import parts of
one package at the same time can each hold what the other waits for, and Python then lets one see half a module.

A job, what receives its result, and the result are let go on the UI thread: they often speak of widgets, and a widget
whose last holder is another thread is deleted there, which takes the process with it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from explorer.base.cancellation import KeepGoing, cancellable
from explorer.base.languages import tr

_PREPARED = threading.Event()
_PREPARED.set()


class Lane(QObject):
    """One background thread that runs jobs, functions of the argument `keep_going`, one after another."""

    busy_changed = Signal(bool)
    progress_changed = Signal(float)
    _finished = Signal(int)

    def __init__(
        self, name: str, parent: QObject | None = None, *, latest_only: bool = False, prepares: bool = False
    ) -> None:
        super().__init__(parent)
        self.name = name
        self._latest_only, self._prepares = latest_only, prepares
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._last_number = 0  # of the last request
        self._oldest_current = 0  # requests below are dropped
        self._tasks: dict[int, _Task] = {}  # until they are delivered, by number of the request
        self._outcomes: dict[int, _Outcome] = {}
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
        self._tasks[self._last_number] = _Task(job, on_done, on_failed)
        if self._prepares:
            _PREPARED.clear()
        if len(self._tasks) == 1:
            self.busy_changed.emit(True)
        self._pool.start(_Run(self, self._last_number))

    def cancel(self) -> None:
        """Drop all submitted jobs: their results are never delivered."""
        self._oldest_current = self._last_number + 1

    @property
    def busy(self) -> bool:
        """True while jobs wait or run, cancelled ones included."""
        return bool(self._tasks)

    def close(self) -> None:
        """Drop all jobs and wait for the running one: a thread alive at exit would abort the process."""
        self.cancel()
        self._pool.clear()
        self._pool.waitForDone()
        if self._prepares:
            _PREPARED.set()  # also where the job never began
        self._tasks.clear()
        self._outcomes.clear()

    def is_current(self, number: int) -> bool:
        """Return whether job `number` has not been cancelled or replaced by a newer one."""
        return number >= self._oldest_current

    def _run(self, number: int) -> None:
        # On the lane's thread. Once `_finished` is emitted, no frame of this thread holds anything of the job.
        if not self._prepares:
            _PREPARED.wait()
        self._outcomes[number] = self._find_outcome(number)
        if self._prepares:
            _PREPARED.set()
        self._finished.emit(number)

    def _find_outcome(self, number: int) -> _Outcome:
        if not self.is_current(number):
            return _Outcome()
        keep_going = partial(self._keep_going, number)
        try:
            with cancellable(keep_going):
                return _Outcome(self._tasks[number].job(keep_going))
        except Exception as failure:
            return _Outcome(failure=failure)
        except BaseException as failure:  # `sys.exit` in somebody's module must not leave the lane busy for good
            return _Outcome(failure=_stopped(failure))

    def _keep_going(self, number: int, done: float) -> bool:
        wanted = self.is_current(number)
        if wanted and done:
            self.progress_changed.emit(done)
        return wanted

    def _deliver(self, number: int) -> None:
        if (task := self._tasks.pop(number, None)) is None:
            return  # closed meanwhile
        outcome = self._outcomes.pop(number)
        if self.is_current(number):
            if outcome.failure is None:
                task.on_done(outcome.result)
            else:
                task.on_failed(outcome.failure)
        if not self._tasks:
            self.busy_changed.emit(False)


class _Task(NamedTuple):
    job: Callable[[KeepGoing], Any]
    on_done: Callable[[Any], None]
    on_failed: Callable[[Exception], None]


class _Outcome(NamedTuple):
    result: Any = None
    failure: Exception | None = None


class _Run(QRunnable):
    # PySide keeps some finished runnables for good: they must not hold a network, so they only know its number.
    def __init__(self, lane: Lane, number: int) -> None:
        super().__init__()
        self._lane, self._number = lane, number

    def run(self) -> None:
        with contextlib.suppress(RuntimeError):  # the window has gone
            self._lane._run(self._number)


def _stopped(failure: BaseException) -> Exception:
    cause = f"{type(failure).__name__} {failure}".strip()
    return RuntimeError(tr("The code that ran here asked the program to end ({cause}). It was not done.", cause=cause))
