"""Lanes let go of what they have run, and survive whatever a job does."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
import threading
import weakref
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import explorer
from explorer.base.cancellation import KeepGoing, check_cancelled
from explorer.ui.base.lanes import Lane


@pytest.fixture
def lane(qapp: object) -> Iterator[Lane]:
    lane = Lane("test")
    yield lane
    lane.close()


class Snapshot:
    """Stands for a network that a job works on."""


@pytest.mark.parametrize("latest_only", [False, True])
def test_finished_jobs_hold_nothing(qtbot: QtBot, latest_only: bool) -> None:
    lane = Lane("test", latest_only=latest_only)
    alive: weakref.WeakSet[Snapshot] = weakref.WeakSet()
    for _ in range(1000):
        snapshot = Snapshot()
        alive.add(snapshot)

        def job(keep_going: KeepGoing, snapshot: Snapshot = snapshot) -> None:
            assert snapshot is not None

        lane.submit(job, lambda result: None, lambda failure: None)
    del snapshot, job
    qtbot.waitUntil(lambda: not lane.busy, timeout=20_000)
    gc.collect()
    assert len(alive) == 0
    lane.close()


class Owned:
    """Stands for a widget: where it is let go is where it is deleted."""

    def __init__(self, freed_on: list[int]) -> None:
        self._freed_on = freed_on

    def __del__(self) -> None:
        self._freed_on.append(threading.get_ident())


@pytest.mark.parametrize("holder", ["job", "receiver", "result", "failure"])
def test_what_a_job_speaks_of_is_let_go_on_the_ui_thread(qtbot: QtBot, lane: Lane, holder: str) -> None:
    freed_on: list[int] = []

    def submit() -> None:
        owned = Owned(freed_on)

        def job(keep_going: KeepGoing, held: object = owned if holder == "job" else None) -> object:
            if holder == "failure":
                raise ValueError(Owned(freed_on))
            return Owned(freed_on) if holder == "result" else None

        def receive(result: object, held: object = owned if holder == "receiver" else None) -> None: ...

        lane.submit(job, receive, receive)

    for _ in range(300):
        submit()
    qtbot.waitUntil(lambda: not lane.busy)
    gc.collect()
    assert len(freed_on) >= 300
    assert set(freed_on) == {threading.get_ident()}


@pytest.mark.parametrize("ending", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_a_job_that_wants_to_end_the_program_has_failed(qtbot: QtBot, lane: Lane, ending: BaseException) -> None:
    failures: list[Exception] = []

    def job(keep_going: KeepGoing) -> None:
        raise ending

    lane.submit(job, lambda result: None, failures.append)
    qtbot.waitUntil(lambda: not lane.busy)
    assert type(ending).__name__ in str(failures[0])

    results: list[int] = []
    lane.submit(lambda keep_going: 7, results.append, failures.append)
    qtbot.waitUntil(lambda: results == [7])


def test_a_job_is_cancelled_in_its_depths(qtbot: QtBot, lane: Lane) -> None:
    started, results = threading.Event(), list[object]()

    def job(keep_going: KeepGoing) -> None:
        started.set()
        while True:
            check_cancelled()

    lane.submit(job, results.append, results.append)
    assert started.wait(5)
    lane.cancel()
    qtbot.waitUntil(lambda: not lane.busy)
    assert not results


@pytest.mark.parametrize("latest_only", [False, True])
def test_only_the_latest_of_those_that_wait_is_run_where_that_is_wanted(qtbot: QtBot, latest_only: bool) -> None:
    lane = Lane("test", latest_only=latest_only)
    begin, results = threading.Event(), list[int]()
    for number in range(4):

        def job(keep_going: KeepGoing, number: int = number) -> int:
            assert begin.wait(5)
            return number

        lane.submit(job, results.append, lambda failure: None)
    begin.set()
    qtbot.waitUntil(lambda: not lane.busy)
    assert results == ([3] if latest_only else [0, 1, 2, 3])
    lane.close()


def test_no_lane_works_while_one_prepares(qtbot: QtBot, lane: Lane) -> None:
    preparing, order, may_end = Lane("importing", prepares=True), list[str](), threading.Event()

    def prepare(keep_going: KeepGoing) -> None:
        may_end.wait(10)
        order.append("prepared")

    preparing.submit(prepare, lambda _: None, lambda _: None)
    lane.submit(lambda keep_going: order.append("worked"), lambda _: None, lambda _: None)
    qtbot.wait(50)
    assert order == []
    may_end.set()
    qtbot.waitUntil(lambda: not lane.busy)
    assert order == ["prepared", "worked"]
    preparing.close()


def test_lanes_go_on_when_a_preparing_one_is_closed_before_it_began(qtbot: QtBot, lane: Lane) -> None:
    preparing, began, may_end = Lane("importing", prepares=True), threading.Event(), threading.Event()

    def wait(keep_going: KeepGoing) -> None:
        began.set()
        may_end.wait(10)

    preparing.submit(wait, lambda _: None, lambda _: None)
    assert began.wait(10)
    preparing.submit(lambda keep_going: None, lambda _: None, lambda _: None)  # never begins
    may_end.set()
    preparing.close()
    lane.submit(lambda keep_going: None, lambda _: None, lambda _: None)
    qtbot.waitUntil(lambda: not lane.busy)


def _rooms_of_packages() -> dict[str, set[str]]:
    """The rooms without Qt that import each package of others."""
    root = Path(explorer.__file__).parent
    rooms: dict[str, set[str]] = defaultdict(set)
    for path in root.rglob("*.py"):
        room = path.relative_to(root).parts[0]
        if room in ("ui", "drawing", "export"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                rooms[name.partition(".")[0]].add(room)
    return {name: found for name, found in rooms.items() if name not in (*sys.stdlib_module_names, "explorer")}


def test_what_several_rooms_import_is_there_before_lanes_work() -> None:
    """Lanes that import parts of it at the same time would see half a module. In a process that has nothing yet."""
    shared = sorted(name for name, rooms in _rooms_of_packages().items() if len(rooms) > 2)
    assert {"torch", "pydantic"} <= set(shared)
    code = (
        "import sys; from explorer.ui.base.jobs import import_torch; import_torch(lambda done: True);"
        f"print(*(name for name in {shared} if name not in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert found.stdout.strip() == ""
