"""Cancellation of long work by a callback that reports progress."""

from __future__ import annotations

from collections.abc import Callable

#: Asked now and then with the part that is done (0 to 1); once it says no, the work stops.
KeepGoing = Callable[[float], bool]


class Cancelled(Exception):
    """Raised by work that was cancelled."""


def always(progress: float) -> bool:
    """Never cancel."""
    return True
