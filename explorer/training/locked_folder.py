"""A folder that one process works in: it holds the lock; others read where it stands, and ask for a pause by a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr, with_label
from explorer.base.safe_json import JsonError, read_json
from explorer.base.system_errors import system_reason
from explorer.base.validation_faults import describe_fault

State = Literal["new", "running", "paused", "interrupted", "finished", "failed"]

_TRY_SECONDS = 1  # to take a lock before it is asked who has it: whoever asks has it for an instant


class RunError(ValueError):
    """A run that cannot be read, started or resumed. The message names its folder and the reason."""


@dataclass(frozen=True)
class RunState:
    """Where a run stands."""

    state: State = "new"
    message: str = ""  # what stopped it, or what was changed on the way
    step: int = 0
    steps: int = 0
    epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0  # of training and testing, pauses left out
    pid: int = 0


class LockedFolder:
    """Where a run, or a sweep of them, stands: `state.json`, and the files `lock` and `pause`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    @property
    def pause_path(self) -> Path:
        """Path of the file that asks for a pause."""
        return self.path / "pause"

    def read_state(self) -> RunState:
        """Return where the run stands: "running" as soon as a process has it, "interrupted" where one has gone without
        a word. Raises RunError."""
        state = self._read_state_file()
        if state.state in ("finished", "failed"):
            return state
        if self.is_locked():
            return replace(state, state="running")
        state = self._read_state_file()  # its last word may have come in between
        return replace(state, state="interrupted") if state.state == "running" else state

    def _read_state_file(self) -> RunState:
        if not (self.path / "state.json").exists():
            return RunState()
        try:
            return _StateFile.validate_python(self._read("state.json"))
        except ValidationError as failure:
            raise RunError(with_label(self.path / "state.json", describe_fault(failure))) from failure

    def write_state(self, state: RunState) -> None:
        """Write where the run stands; only the process that trains it may. Raises OSError."""
        write_json(self.path / "state.json", vars(state))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the process that trains it; a process may be that twice. Raises RunError where another one is, or the
        folder may not be written to."""
        lock = FileLock(self._lock_path, is_singleton=True)
        try:
            while not _is_taken(lock):
                if self.is_locked():
                    raise RunError(tr("{path} is being trained by another process", path=self.path))
        except OSError as failure:
            reason = system_reason(failure)
            raise RunError(tr("cannot write to {path}: {reason}", path=self.path, reason=reason)) from failure
        try:
            yield
        finally:
            lock.release()

    def is_locked(self) -> bool:
        """Whether a process is training it now. Any number may ask at a time."""
        if sys.platform != "win32":
            import fcntl

            try:
                with self._lock_path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared with others who ask
                return False
            except BlockingIOError:
                return True
            except FileNotFoundError:
                return False
            except OSError:  # a file system that has no such locks
                pass
        try:
            with FileLock(self._lock_path).acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may not be written to: nobody trains there
            return False

    @property
    def _lock_path(self) -> Path:
        return self.path / "lock"

    def request_pause(self) -> None:
        """Ask the process that trains to stop after its next step, with a checkpoint."""
        self.pause_path.touch()

    def _read(self, name: str) -> Any:
        try:
            return read_json(self.path / name)
        except JsonError as failure:
            raise RunError(str(failure)) from failure


def _is_taken(lock: FileLock) -> bool:
    """Take a lock, within some time."""
    try:
        lock.acquire(timeout=_TRY_SECONDS)
    except Timeout:
        return False
    return True


def write_json(path: Path, value: Any) -> None:
    """Write plain values as JSON, atomically. Raises OSError."""
    text = json.dumps(value, indent=2) + "\n"
    write_atomic(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


_StateFile = TypeAdapter(RunState)
