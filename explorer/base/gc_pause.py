"""When Python looks for garbage: not while something large is being built, and never among what it has imported.

What cannot be reached any more but by itself is found by going over every object there is, again each time a quarter
has been added. While a network of 50,000 ops is traced, nested and laid out nearly all of that stays, and the looking
took as long as the building.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_pause_depth = 0  # on how many threads, or one inside the other
_was_enabled = True  # whether Python looked for garbage before the first of them began


@contextmanager
def gc_paused() -> Iterator[None]:
    """Nothing looks for garbage meanwhile, on any thread. A context, or a decorator: `@undisturbed()`."""
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


def freeze_imports() -> None:
    """What there is by now stays: it is not gone over again. The modules of torch alone are 400,000 objects, and each
    look at them all stopped every thread, the window's too, for 0.2 s."""
    gc.freeze()
