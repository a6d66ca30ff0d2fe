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
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError

from explorer.base.languages import tr, with_label
from explorer.base.system_errors import system_reason
from explorer.base.validation_faults import describe_fault
from explorer.training.data_spec import DataError, DataSpec, data_from_json
from explorer.training.locked_folder import LockedFolder, RunError, RunState, write_json
from explorer.training.recipe import Recipe, RecipeError, recipe_from_json

RUN_VERSION = 1  # of the files

_MAX_CURVE_BYTES = 512 * 2**20


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
    network: str = ""  # title of the network, whatever the run is called

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
            "network": self.network,
            "made_with": {"torch": torch.__version__},
        }


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


class RunFolder(LockedFolder):
    """Reads a run; creates one; asks a running one for a pause."""

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

    def check_unused(self) -> None:
        """Raise RunError where there is a run already."""
        if (self.path / "run.json").exists():
            raise RunError(tr("{path} already holds a run", path=self.path))

    def create(self, spec: RunSpec) -> None:
        """Make the folder a run. Raises RunError where one is there already, or it cannot be written."""
        self.check_unused()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(self.path / "run.json", spec.as_json())
        except OSError as failure:
            raise RunError(
                tr("cannot make {path}: {reason}", path=self.path, reason=system_reason(failure))
            ) from failure

    def read_spec(self) -> RunSpec:
        """Return what the run is of. Raises RunError."""
        value = self._read("run.json")
        if not isinstance(value, dict) or value.get("format") != "cnnx-run" or value.get("version") != RUN_VERSION:
            raise RunError(tr("{path} holds no training run of this version", path=self.path))
        try:
            plain = _PlainFile.validate_python({name: value[name] for name in _PLAIN_FIELDS if name in value})
            data, recipe = data_from_json(value.get("data")), recipe_from_json(value.get("recipe"))
        except ValidationError as failure:
            raise RunError(with_label(self.path / "run.json", describe_fault(failure))) from failure
        except (DataError, RecipeError) as failure:
            raise RunError(with_label(self.path / "run.json", failure)) from failure
        return RunSpec(data=data, recipe=recipe, **vars(plain))

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
            raise RunError(with_label(self.curve_path, system_reason(failure))) from failure
        whole = content[: content.rfind(b"\n") + 1]
        try:
            points = [_PointLine.validate_json(line) for line in whole.splitlines() if line.strip()]
        except ValidationError as failure:
            raise RunError(
                tr("{name} is damaged: {reason}", name=self.curve_path, reason=describe_fault(failure))
            ) from failure
        return points, first + len(whole)


def wait_until_done(folder: LockedFolder, poll_seconds: float = 0.05) -> RunState:
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
    network: str = ""


_PLAIN_FIELDS = tuple(field.name for field in fields(_Plain))
_PlainFile = TypeAdapter(_Plain)
_PointLine = TypeAdapter(CurvePoint)
