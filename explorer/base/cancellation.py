"""Cancellation of long work: by a callback that reports progress, or by what the thread as a whole is asked.

`cancellable(keep_going)` is put around a job; long loops inside, however deep, call `check_cancelled()`. So an edit
needs no argument for it, and can still be ended at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Asked now and then with the part that is done (0 to 1); once it says no, the work stops.
KeepGoing = Callable[[float], bool]


class Cancelled(Exception):
    """Raised by work that was cancelled."""


def always(progress: float) -> bool:
    """Never cancel."""
    return True


_asked: ContextVar[KeepGoing] = ContextVar("keep_going", default=always)


@contextmanager
def cancellable(keep_going: KeepGoing) -> Iterator[None]:
    """Let `check_cancelled` ask `keep_going` in everything that is called inside."""
    token = _asked.set(keep_going)
    try:
        yield
    finally:
        _asked.reset(token)


def check_cancelled() -> None:
    """Raise Cancelled when the job that this is part of is no longer wanted. Takes less than a microsecond."""
    if not _asked.get()(0.0):
        raise Cancelled
