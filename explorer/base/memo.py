"""What is found out about something that never changes is found once, and kept with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_T = TypeVar("_T")


def memoise(owner: object, key: tuple[str, Hashable], compute: Callable[[], _T]) -> _T:
    """What `find` says, asked once for each owner (a snapshot, a study) and key (what it is about, and of which place).

    A cache, like a cached_property with an argument: the owner itself stays as it is, and takes it along when it goes.
    """
    known: dict[tuple[str, Hashable], Any] = owner.__dict__.setdefault("_remembered", {})
    if key not in known:
        known[key] = compute()
    found: _T = known[key]
    return found
