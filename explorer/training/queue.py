"""Several runs on this machine: so many at a time as memory and cores allow, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from subprocess import Popen, TimeoutExpired

from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.training.launch import start_run
from explorer.training.locked_folder import RunState
from explorer.training.run_folder import RunFolder

_POLL_SECONDS = 0.1
_RETRIES = 2  # of a process that was killed
_PAUSE_SECONDS = 60  # a checkpoint of a large network on a slow disk


def run_all(
    folders: Sequence[RunFolder], *, workers: int = 1, trusted: bool = False, keep_going: KeepGoing = always
) -> list[RunState]:
    """Train runs to their ends in `workers` processes, and return where each stands, in their order.

    A process that is killed is started again, at most twice without a run that came to its end, and goes on from the
    checkpoint; finished runs are left alone, and failed ones keep none of the others from being trained.
    When `keep_going`, which is asked with the part that is done, returns False, those that run are paused and Cancelled
    is raised.
    """
    unfinished = [folder for folder in folders if folder.read_state().state != "finished"]
    slots = [_Slot(unfinished[first::workers], trusted) for first in range(max(1, workers))]
    busy = slots
    try:
        while keep_going(part_done(folders)):
            if not busy:
                return [folder.read_state() for folder in folders]
            busy = [slot for slot in slots if not slot.poll()]
            if busy:
                time.sleep(_POLL_SECONDS)
        raise Cancelled
    except BaseException:
        for slot in slots:
            slot.request_pause()
        for slot in slots:
            slot.wait()
        raise


class _Slot:
    """Runs that one process trains, one after the other."""

    def __init__(self, folders: Sequence[RunFolder], trusted: bool) -> None:
        self._folders, self._trusted = list(folders), trusted
        self._process: Popen[bytes] | None = None
        self._starts, self._left = 0, len(self._folders)  # of a process, since a run came to its end

    def poll(self) -> bool:
        """Start the process where there is none; return whether all is done."""
        if self._process is not None and self._process.poll() is None:
            return False
        unfinished = [folder for folder in self._folders if folder.read_state().state not in ("finished", "failed")]
        if len(unfinished) < self._left:
            self._starts, self._left = 0, len(unfinished)
        if not unfinished or self._starts > _RETRIES:
            return True
        self._starts += 1
        self._process = start_run(*unfinished, trusted=self._trusted)
        return False

    def request_pause(self) -> None:
        """Ask for a pause of the run that is trained, which ends the process."""
        if self._process is not None and self._process.poll() is None:
            for folder in self._folders:
                folder.request_pause()

    def wait(self) -> None:
        """Wait until the process has ended; one that takes longer still knows that it is to pause."""
        if self._process is None:
            return
        with suppress(TimeoutExpired):
            self._process.wait(_PAUSE_SECONDS)
            for folder in self._folders:
                folder.pause_path.unlink(missing_ok=True)


def part_done(folders: Sequence[RunFolder]) -> float:
    """Return the part (0 to 1) of their steps that runs have made, as far as their states say."""
    states = [folder.read_state() for folder in folders]
    parts = [1.0 if s.state in ("finished", "failed") else s.step / s.steps if s.steps else 0.0 for s in states]
    return sum(parts) / max(1, len(parts))
