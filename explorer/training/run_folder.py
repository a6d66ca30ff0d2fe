"""A training run as a folder: what it is of, its curve, its checkpoints, and whether it is running.

| file | holds | written by |
|---|---|---|
| `run.json` | data, recipe, seed, versions | who makes the run, once |
| `network.cnnx` | the network and its edits | the same |
| `start.safetensors` | the weights it starts from, where the recipe says so | the same |
| `curve.jsonl` | one line for each step and for each evaluation | the process that trains |
| `checkpoint.safetensors` | weights, state of the optimiser, number of the step | the same, atomically |
| `state.json` | running, paused, finished, failed; a message; seconds | the same, atomically |
| `weights.safetensors` | the trained weights by the names of the network's own | the same, at the end of each epoch |
| `lock` | held by the process that trains | the system: a killed process holds nothing |
| `pause` | present while somebody wants a pause | anybody |
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from explorer.base.atomic_write import write_atomic
from explorer.base.languages import tr
from explorer.base.safe_json import JsonError, read_json
from explorer.training.data_spec import DataError, DataSpec, data_from_json
from explorer.training.recipe import Recipe, RecipeError, recipe_from_json

State = Literal["new", "running", "paused", "interrupted", "finished", "failed"]

RUN_VERSION = 1  # of the files

_MAX_CURVE_BYTES = 512 * 2**20

#: How long a process tries to take a lock: who asks whether it is held takes it for an instant.
LOCK_SECONDS = 2


class RunError(ValueError):
    """A run that cannot be read, started or resumed. The message names its folder and the reason."""


@dataclass(frozen=True)
class RunSpec:
    """What a run is of, beside its network."""

    title: str
    data: DataSpec
    recipe: Recipe = field(default_factory=Recipe)
    seed: int = 0
    device: str = "cpu"
    threads: int = 0  # of torch; 0 for as many as it takes by itself
    params: int = 0  # of the network, for the table
    macs: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the spec as plain values, with the versions that made it."""
        return {
            "format": "cnnx-run",
            "version": RUN_VERSION,
            "title": self.title,
            "data": self.data.as_json(),
            "recipe": self.recipe.as_json(),
            "seed": self.seed,
            "device": self.device,
            "threads": self.threads,
            "params": self.params,
            "macs": self.macs,
            "made_with": {"torch": torch.__version__},
        }


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


@dataclass(frozen=True)
class CurvePoint:
    """One line of the curve: a step, or an evaluation, which has a `test_loss`."""

    step: int
    loss: float | None = None
    accuracy: float | None = None
    gradient_norm: float | None = None
    learning_rate: float | None = None
    epoch: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    dead_units: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()

    def as_json(self) -> str:
        """Return the point as one line, without what it does not hold."""
        return json.dumps({name: value for name, value in asdict(self).items() if value not in (None, ())})


class RunFolder:
    """Reads a run; creates one; asks a running one for a pause."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def curve_path(self) -> Path:
        """Path of the curve."""
        return self.path / "curve.jsonl"

    @property
    def checkpoint_path(self) -> Path:
        """Path of the checkpoint."""
        return self.path / "checkpoint.safetensors"

    @property
    def weights_path(self) -> Path:
        """Path of the trained weights."""
        return self.path / "weights.safetensors"

    @property
    def network_path(self) -> Path:
        """Path of the project that names the network."""
        return self.path / "network.cnnx"

    @property
    def start_path(self) -> Path:
        """Path of the weights it starts from."""
        return self.path / "start.safetensors"

    @property
    def pause_path(self) -> Path:
        """Path of the file that asks for a pause."""
        return self.path / "pause"

    def create(self, spec: RunSpec) -> None:
        """Make the folder of a new run. Raises RunError where one is there already, or it cannot be written."""
        if (self.path / "run.json").exists():
            raise RunError(tr("{path} already holds a run", path=self.path))
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(self.path / "run.json", spec.as_json())
        except OSError as failure:
            raise RunError(
                tr("cannot make {path}: {reason}", path=self.path, reason=failure.strerror or failure)
            ) from failure

    def read_spec(self) -> RunSpec:
        """Return what the run is of. Raises RunError."""
        value = self._read("run.json")
        if not isinstance(value, dict) or value.get("format") != "cnnx-run" or value.get("version") != RUN_VERSION:
            raise RunError(tr("{path} holds no training run of this version", path=self.path))
        try:
            plain = _PlainFile.validate_python({name: value[name] for name in _PLAIN_FIELDS if name in value})
            data, recipe = data_from_json(value.get("data")), recipe_from_json(value.get("recipe"))
        except (ValidationError, DataError, RecipeError) as failure:
            raise RunError(f"{self.path / 'run.json'}: {failure}") from failure
        return RunSpec(plain.title, data, recipe, plain.seed, plain.device, plain.threads, plain.params, plain.macs)

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

    def read_curve(self, first: int = 0) -> tuple[list[CurvePoint], int]:
        """Return the points from byte `first` of the curve on, and the byte to go on from. A line that is being written
        is left for the next time. Raises RunError."""
        try:
            with self.curve_path.open("rb") as file:
                file.seek(first)
                content = file.read(_MAX_CURVE_BYTES)
        except FileNotFoundError:
            return [], 0
        except OSError as failure:
            raise RunError(f"{self.curve_path}: {failure.strerror or failure}") from failure
        whole = content[: content.rfind(b"\n") + 1]
        try:
            points = [_PointLine.validate_json(line) for line in whole.splitlines() if line.strip()]
        except ValidationError as failure:
            raise RunError(
                tr("{name} is damaged: {reason}", name=self.curve_path, reason=failure.errors()[0]["msg"])
            ) from failure
        return points, first + len(whole)

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


def wait_until_done(folder: RunFolder, poll_seconds: float = 0.05) -> RunState:
    """Wait until nobody trains a run any more, and return where it stands."""
    while folder.is_locked():
        time.sleep(poll_seconds)
    return folder.read_state()


@dataclass(frozen=True)
class _Plain:
    """The fields of a spec that are no objects of their own."""

    title: str
    seed: int = 0
    device: str = "cpu"
    threads: int = 0
    params: int = 0
    macs: int = 0


_PLAIN_FIELDS = ("title", "seed", "device", "threads", "params", "macs")
_PlainFile = TypeAdapter(_Plain)
_StateFile = TypeAdapter(RunState)
_PointLine = TypeAdapter(CurvePoint)
