"""Several runs on this machine: so many at a time as memory and cores allow, each in its own process."""

from __future__ import annotations

import time
from collections.abc import Sequence

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.training.launch import pause_run, start_run
from explorer.training.run_folder import RunFolder, RunState


_POLL_SECONDS = 0.1
_RETRIES = 2  # of a run whose process was killed


def run_all(
    folders: Sequence[RunFolder], *, workers: int = 1, trusted: bool = False, keep_going: KeepGoing = always
) -> list[RunState]:
    """Train runs to their ends, `workers` at a time, and return where each stands, in their order.

    A run whose process is killed goes on from its checkpoint, twice; finished ones are left alone. When `keep_going`,
    which is asked with the part that is done, returns False, those that run are paused and Cancelled is raised.
    """
    waiting, running = list(folders), []
    tries: dict[int, int] = {}
    try:
        while waiting or running:
            running = [folder for folder in running if not _has_ended(folder, waiting, tries)]
            while waiting and len(running) < max(1, workers):
                folder = waiting.pop(0)
                if folder.read_state().state != "finished":
                    tries[id(folder)] = tries.get(id(folder), 0) + 1
                    start_run(folder, trusted=trusted)
                    running.append(folder)
            if not keep_going(_part_done(folders)):
                raise Cancelled
            time.sleep(_POLL_SECONDS)
    except BaseException:
        for folder in running:
            folder.request_pause()
        for folder in running:
            pause_run(folder)
        raise
    return [folder.read_state() for folder in folders]


def _has_ended(folder: RunFolder, waiting: list[RunFolder], tries: dict[int, int]) -> bool:
    if folder.is_locked():
        return False
    if folder.read_state().state == "interrupted" and tries[id(folder)] <= _RETRIES:
        waiting.insert(0, folder)
    return True


def _part_done(folders: Sequence[RunFolder]) -> float:
    states = [folder.read_state() for folder in folders]
    parts = [1.0 if s.state in ("finished", "failed") else s.step / s.steps if s.steps else 0.0 for s in states]
    return sum(parts) / max(1, len(parts))
