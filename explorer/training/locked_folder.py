"""A folder that one process works in: it holds the lock; others read where it stands, and ask for a pause by a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from explorer.base.atomic_write import write_atomic
from explorer.base.safe_json import JsonError, read_json

State = Literal["new", "running", "paused", "interrupted", "finished", "failed"]

#: How long a process tries to take a lock: who asks whether it is held takes it for an instant.
LOCK_SECONDS = 2


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
        """Return where the run stands. One whose process has gone without a word is "interrupted". Raises RunError."""
        if not (self.path / "state.json").exists():
            return RunState("running") if self.is_locked() else RunState()
        try:
            state = _StateFile.validate_python(self._read("state.json"))
        except ValidationError as failure:
            raise RunError(f"{self.path / 'state.json'}: {failure}") from failure
        if state.state == "running" and not self.is_locked():
            return replace(state, state="interrupted")
        return state

    def write_state(self, state: RunState) -> None:
        """Write where the run stands; only the process that trains it may. Raises OSError."""
        write_json(self.path / "state.json", vars(state))

    def lock(self) -> FileLock:
        """Return the lock of the process that trains it: within one process the same, which may be taken twice."""
        return FileLock(self.path / "lock", is_singleton=True)

    def is_locked(self) -> bool:
        """Whether a process is training it now."""
        lock = FileLock(self.path / "lock")
        try:
            with lock.acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may not be written to: nobody trains there
            return False

    def request_pause(self) -> None:
        """Ask the process that trains to stop after its next step, with a checkpoint."""
        self.pause_path.touch()

    def _read(self, name: str) -> Any:
        try:
            return read_json(self.path / name)
        except JsonError as failure:
            raise RunError(str(failure)) from failure


def write_json(path: Path, value: Any) -> None:
    """Write plain values as JSON, atomically. Raises OSError."""
    text = json.dumps(value, indent=2) + "\n"
    write_atomic(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


_StateFile = TypeAdapter(RunState)
