"""Looking for garbage stops while something large is built, and goes on afterwards whatever happened."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest

from explorer.base.gc_pause import gc_paused


def test_nothing_looks_meanwhile_one_inside_the_other_too() -> None:
    with gc_paused():
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failure_does_not_leave_it_off() -> None:
    @gc_paused()
    def fails() -> None:
        assert not gc.isenabled()
        raise ValueError("too large")

    with pytest.raises(ValueError, match="too large"):
        fails()
    assert gc.isenabled()


def test_who_had_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with gc_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_goes_on_when_the_last_thread_is_done() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def build() -> None:
        with gc_paused():
            begun.set()
            may_end.wait(10)

    thread = threading.Thread(target=build)
    thread.start()
    begun.wait(10)
    with gc_paused():
        pass
    assert not gc.isenabled()
    may_end.set()
    thread.join()
    assert gc.isenabled()


def test_imports_are_frozen_once_and_what_comes_later_is_freed() -> None:
    code = """
import gc, weakref
from explorer.base.gc_pause import freeze_imports

class Cycle:
    def __init__(self): self.me = self

freeze_imports()
assert gc.get_freeze_count() > 10_000
later = Cycle()
known = weakref.ref(later)
freeze_imports()  # as a second window does
del later
gc.collect()
assert known() is None
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
