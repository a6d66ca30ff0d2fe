"""Long work that can be called off: it asks now and then whether it is still wanted."""

from __future__ import annotations

from collections.abc import Callable

#: Asked now and then with the part that is done (0 to 1); once it says no, the work stops.
KeepGoing = Callable[[float], bool]


class Cancelled(Exception):
    """The work was no longer wanted."""


def always(progress: float) -> bool:
    """For work that nobody will call off."""
    return True
