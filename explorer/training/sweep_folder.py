"""A sweep as a folder: its plan, its points, and the runs of each round; found again, paused and gone on with.

| file | holds | written by |
|---|---|---|
| `sweep.json` | what is varied, and how the points are chosen | who makes it, once |
| `network.cnnx` | the network it begins from, where it is an open one | the same |
| `points.json` | the points: their values, titles and costs | the process that leads it |
| `nodes.json` | the machines of the cluster it runs on | the same |
| `state.json`, `lock`, `pause` | as of a run | as of a run |
| `round-0`, `round-1`, … | the runs of each round, a group | the processes that train |
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from explorer.base.languages import tr, with_label
from explorer.base.system_errors import system_reason
from explorer.base.user_folders import data_folder
from explorer.base.validation_faults import describe_fault
from explorer.network import Network
from explorer.project.errors import ProjectError
from explorer.project.files import write_project
from explorer.project.opening import build_project
from explorer.project.weights_file import copy_weights_beside
from explorer.training.groups import RunGroup, open_group
from explorer.training.launch import open_kept_network, start_worker, unused_path
from explorer.training.locked_folder import LockedFolder, RunError, write_json
from explorer.training.sweep_spec import Sweep, SweepError, sweep_from_json

_T = TypeVar("_T")

#: First argument of the process that leads a sweep.
SWEEP_ARGUMENT = "--sweep"


@dataclass(frozen=True)
class PlannedPoint:
    """A point before it is trained: what it is called, the values of the varied fields as a table shows them, and what
    a forward pass of one image costs."""

    title: str
    values: tuple[tuple[str, Any], ...]
    params: int
    macs: int
    milliseconds: float = 0.0  # on the machine that leads the sweep; 0 where it could not be timed


@dataclass(frozen=True)
class ClusterNode:
    """A machine of the cluster: its address, processors and accelerators, and whether it is there."""

    address: str
    cpus: float
    gpus: float
    is_alive: bool


class SweepFolder(LockedFolder):
    """Reads a sweep; creates one; asks the process that leads it for a pause."""

    @property
    def network_path(self) -> Path:
        """Path of the project that names the network it begins from."""
        return self.path / "network.cnnx"

    @property
    def exists(self) -> bool:
        """Whether there is a sweep in it."""
        return (self.path / "sweep.json").is_file()

    def create(self, plan: Sweep, network: Network | None = None) -> None:
        """Make the folder of a new sweep, of an open network or of those that the plan names. Raises RunError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if network is not None:
                kept = copy_weights_beside(network, self.network_path, with_published=True)
                write_project(self.network_path, build_project(kept, folder=self.path))
            write_json(self.path / "sweep.json", {"format": "cnnx-sweep", "version": 1} | plan.as_json())
        except (OSError, ProjectError) as failure:
            reason = system_reason(failure)
            raise RunError(tr("cannot make {path}: {reason}", path=self.path, reason=reason)) from failure

    def read_plan(self) -> Sweep:
        """Return what is varied. Raises RunError."""
        value = self._read("sweep.json")
        if not isinstance(value, dict) or value.pop("format", "") != "cnnx-sweep" or value.pop("version", 0) != 1:
            raise RunError(tr("{path} holds no sweep of this version", path=self.path))
        try:
            return sweep_from_json(value)
        except SweepError as failure:
            raise RunError(with_label(self.path / "sweep.json", failure)) from failure

    def open_network(self, trusted: bool) -> Network | None:
        """Open the network it begins from; None where the plan names it."""
        return open_kept_network(self.network_path, trusted) if self.network_path.exists() else None

    def round_path(self, number: int) -> Path:
        """Path of the runs of a round."""
        return self.path / f"round-{number}"

    def list_rounds(self) -> list[RunGroup]:
        """Return the runs of all rounds that were begun, the first round first."""
        rounds: list[RunGroup] = []
        while (group := open_group(self.round_path(len(rounds)))).contestants:
            rounds.append(group)
        return rounds

    def write_points(self, points: Sequence[PlannedPoint]) -> None:
        """Write what is trained; only the process that leads the sweep may. Raises OSError."""
        write_json(self.path / "points.json", [vars(point) for point in points])

    def read_points(self) -> tuple[PlannedPoint, ...]:
        """Return what is trained; nothing where it is not known yet. Raises RunError."""
        return self._read_list("points.json", _PointsFile)

    def write_nodes(self, nodes: Sequence[ClusterNode]) -> None:
        """Write the machines of the cluster. Raises OSError."""
        write_json(self.path / "nodes.json", [vars(node) for node in nodes])

    def read_nodes(self) -> tuple[ClusterNode, ...]:
        """Return the machines of the cluster; none on this machine alone. Raises RunError."""
        return self._read_list("nodes.json", _NodesFile)

    def _read_list(self, name: str, file: TypeAdapter[tuple[_T, ...]]) -> tuple[_T, ...]:
        if not (self.path / name).exists():
            return ()
        try:
            return file.validate_python(self._read(name))
        except ValidationError as failure:
            raise RunError(with_label(self.path / name, describe_fault(failure))) from failure


def sweeps_folder() -> Path:
    """Return the folder that sweeps are kept in when none is named."""
    return data_folder() / "sweeps"


def create_sweep(plan: Sweep, network: Network | None = None) -> SweepFolder:
    """Make the folder of a sweep among the app's own. Raises RunError."""
    folder = SweepFolder(unused_path(network.title if network is not None else plan.network, sweeps_folder()))
    folder.create(plan, network)
    return folder


def start_sweep(
    folder: SweepFolder, *, workers: int = 1, threads: int = 0, address: str = "", trusted: bool = False
) -> None:
    """Lead a sweep in a process of its own, which goes on when this one ends. Arguments as of `sweep`. Raises
    RunError."""
    if folder.is_locked():
        raise RunError(tr("{path} is being trained by another process", path=folder.path))
    folder.pause_path.unlink(missing_ok=True)
    arguments = [SWEEP_ARGUMENT, str(folder.path.resolve()), "--workers", str(workers), "--threads", str(threads)]
    start_worker(folder, [*arguments, *(["--address", address] if address else [])], trusted=trusted)


def list_sweeps(most: int | None = None, root: Path | None = None) -> list[SweepFolder]:
    """Return the sweeps in a folder, the newest first; the app's own without one."""
    folder = root if root is not None else sweeps_folder()
    with suppress(OSError):
        paths = sorted((path for path in folder.iterdir() if path.is_dir()), reverse=True)
        return list(islice((found for path in paths if (found := SweepFolder(path)).exists), most))
    return []


_PointsFile = TypeAdapter(tuple[PlannedPoint, ...])
_NodesFile = TypeAdapter(tuple[ClusterNode, ...])
