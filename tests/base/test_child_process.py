"""Work in a process of its own: whatever it does, this process goes on, and no process of it is left."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from explorer.base.cancellation import Cancelled
from explorer.base.child_process import ChildError, ChildFailure, Limits, discard_prepared_child, run_in_child

SHORT = Limits(seconds=1.5, memory=2**29)
PATIENT = Limits(seconds=60, memory=2**29)  # where something else than the time ends it, on a busy machine too


def work(kind: str) -> object:
    return _WORK[kind]()


def _loop() -> None:
    while True:
        pass


def _raise(failure: BaseException) -> None:
    raise failure


def _recurse_in_c() -> None:
    sys.setrecursionlimit(10**9)
    nested: tuple[object, ...] = ()
    for _ in range(10**6):
        nested = (nested,)
    hash(nested)


def _fill_memory() -> None:
    held = []
    while True:
        held.append(bytearray(b"x") * 2**26)


def _leave_a_thread() -> str:
    threading.Thread(target=_loop).start()
    return "done"


def _close_everything() -> None:
    os.closerange(3, 256)
    _loop()


def _start_another() -> None:
    import subprocess

    subprocess.run([sys.executable, "-c", "import time; time.sleep(1000)"], check=True)


_WORK: dict[str, Callable[[], object]] = {
    "result": lambda: {"numbers": [1, 2.5, None], "printed": print("this is no answer")},
    "loop": _loop,
    "exit": lambda: os._exit(3),
    "crash": lambda: ctypes.string_at(0),
    "SystemExit": lambda: sys.exit(4),
    "KeyboardInterrupt": lambda: _raise(KeyboardInterrupt()),
    "GeneratorExit": lambda: _raise(GeneratorExit()),
    "ValueError": lambda: _raise(ValueError("x" * 100_000)),
    "recursion": _recurse_in_c,
    "memory": _fill_memory,
    "thread": _leave_a_thread,
    "grandchild": _start_another,
    "input": input,
    "not json": lambda: object(),
    "close": lambda: _close_everything(),
}


def run(kind: str, keep_going: Callable[[float], bool] = lambda done: True) -> object:
    limits = SHORT if kind in ("loop", "grandchild") else PATIENT
    return run_in_child(f"{__name__}:work", (kind,), limits, keep_going)


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    yield
    left = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
    assert not left


def test_a_result_comes_back_and_what_is_printed_does_not() -> None:
    assert run("result") == {"numbers": [1, 2.5, None], "printed": None}
    assert run("thread") == "done"


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "ValueError"])
def test_whatever_is_raised_comes_back_with_its_class_and_a_message_of_a_readable_length(kind: str) -> None:
    with pytest.raises(ChildFailure) as raised:
        run(kind)
    assert raised.value.kind == kind
    assert 0 < len(str(raised.value)) < 2100


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("loop", "not finished after 1.5 s"),
        ("grandchild", "not finished after 1.5 s"),
        ("exit", "ended its process, with exit code 3"),
        ("crash", "crashed its process"),
        ("recursion", "crashed its process"),
        ("memory", "more than 512.* of memory"),
        ("close", "closed the connection"),
    ],
)
def test_what_never_answers_is_ended_and_said(kind: str, said: str) -> None:
    with pytest.raises(ChildError, match=said):
        run(kind)


@pytest.mark.parametrize(("kind", "raised"), [("input", "EOFError"), ("not json", "TypeError")])
def test_what_cannot_work_there_says_so(kind: str, raised: str) -> None:
    with pytest.raises(ChildFailure) as failure:
        run(kind)
    assert failure.value.kind == raised


def test_cancelling_ends_an_endless_loop_at_once() -> None:
    started: list[float] = []

    def keep_going(done: float) -> bool:
        started.append(time.monotonic())
        return len(started) < 3

    with pytest.raises(Cancelled):
        run("loop", keep_going)
    assert time.monotonic() - started[-1] < 0.5


def test_a_child_that_was_prepared_serves_the_next_call_and_can_be_discarded() -> None:
    from explorer.base import child_process

    child_process.prepare_child("json")
    prepared = child_process._spare[0]
    child_process.prepare_child("json")
    assert child_process._spare == [prepared]  # one is enough
    assert run("thread") == "done"
    assert not child_process._spare
    assert not prepared.is_alive
    child_process.prepare_child("json")
    discard_prepared_child()
    discard_prepared_child()
