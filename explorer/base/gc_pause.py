"""Pauses of Python's garbage collector while something large is built, and imports kept out of its way.

The collector visits all objects again each time their number has grown by a quarter. While a network of 50,000 ops is
traced, nested and laid out nearly all of them stay alive, and collecting took as long as building.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_pause_depth = 0  # on how many threads, or one inside the other
_is_frozen = False
_was_enabled = True  # whether Python looked for garbage before the first of them began


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the garbage collector on all threads. A context manager, or a decorator: `@gc_paused()`."""
    global _pause_depth, _was_enabled
    with _LOCK:
        if not _pause_depth:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pause_depth += 1
    try:
        yield
    finally:
        with _LOCK:
            _pause_depth -= 1
            if not _pause_depth and _was_enabled:
                gc.enable()


def is_paused() -> bool:
    """Return whether something large is being built on any thread."""
    return _pause_depth > 0


def freeze_imports() -> None:
    """Exclude all present objects from garbage collection, once in a process: later ones are not imports, and what is
    frozen in a cycle is freed by `collect_frozen` only.

    torch's modules alone are 400,000 objects; each full collection stopped every thread, the window's too, for 0.2 s.
    """
    global _is_frozen
    with _LOCK:
        if not _is_frozen:
            _is_frozen = True
            gc.freeze()


def collect_frozen() -> None:
    """Free what is in cycles, also of what was frozen; takes as long as `freeze_imports` saves each time."""
    with _LOCK:
        gc.unfreeze()
        gc.collect()
        if _is_frozen:
            gc.freeze()
