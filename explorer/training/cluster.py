"""Runs on a Ray cluster: each is trained there a slice at a time, and comes back with its curve and checkpoint.

Invariants:

- A slice is a run that is gone on with and paused: what a run comes to does not depend on which machines had it, nor on
  how many were lost. A slice that is lost is trained again from the checkpoint before it.
- Which machine trains what is Ray's to say: it gets a task for each run at once, and places them by processors.
- This machine holds the folders and their locks. The others need this app (`pip install 'cnn-explorer[cluster]'`), no
  disk in common, and what a user's own module is made of.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.base.atomic_write import write_atomic
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.base.languages import tr
from explorer.training.locked_folder import RunError, RunState
from explorer.training.queue import part_done
from explorer.training.run_folder import RunFolder
from explorer.training.sweep_folder import ClusterNode

SLICE_SECONDS = 10.0  # a few times what it takes to open a network and to send it back

_POLL_SECONDS = 0.5
_MOST_LOSSES = 10  # of one run's machines, in a row
_STAYS = frozenset({"lock", "pause", "log.txt"})
#: In this order, so that a checkpoint never knows of points that the curve lacks, whenever this machine dies.
_WRITTEN = ("curve.jsonl", "weights.safetensors", "checkpoint.safetensors")


def run_on_cluster(
    folders: Sequence[RunFolder],
    address: str,
    *,
    trusted: bool = False,
    keep_going: KeepGoing = always,
    on_nodes: Callable[[Sequence[ClusterNode]], object] | None = None,
    slice_seconds: float = SLICE_SECONDS,
) -> list[RunState]:
    """Train runs to their ends on a cluster, and return where each stands, in their order.

    Args:
        address: of the cluster: "ray://host:10001", "host:6379", or "auto" on one of its machines.
        on_nodes: called with the machines at first, and whenever one comes or goes.
        slice_seconds: after so many a run comes back and is sent out again.

    Raises:
        RunError: Ray is not installed, the cluster cannot be reached, or another process trains one of the runs.
        Cancelled: `keep_going` returned False; what has come back is kept.
    """
    ray = _connect(address)
    try:
        with ExitStack() as locks:
            for folder in folders:
                locks.enter_context(folder.hold())
            _Driver(ray, folders, trusted, on_nodes, slice_seconds).run(keep_going)
            return [folder.read_state() for folder in folders]
    finally:
        ray.shutdown()


def _connect(address: str) -> Any:
    try:
        import ray
    except ImportError as failure:
        raise RunError(tr("a cluster needs Ray: pip install 'cnn-explorer[cluster]'")) from failure
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError, OSError, ray.exceptions.RayError) as failure:
        reason = " ".join(str(failure).split())[:200]
        raise RunError(
            tr(
                "there is no Ray cluster at {address} ({reason}): start one with “ray start --head”, or leave the "
                "address empty to train on this computer",
                address=address,
                reason=reason,
            )
        ) from failure
    return ray


class _Driver:
    """Sends runs out, and takes them back."""

    def __init__(
        self,
        ray: Any,
        folders: Sequence[RunFolder],
        trusted: bool,
        on_nodes: Callable[[Sequence[ClusterNode]], object] | None,
        slice_seconds: float,
    ) -> None:
        self.ray, self.folders, self.trusted = ray, folders, trusted
        self._on_nodes, self._seconds = on_nodes, slice_seconds
        self._nodes: list[ClusterNode] = []
        self._out: dict[Any, RunFolder] = {}
        self._losses: Counter[Path] = Counter()

    def run(self, keep_going: KeepGoing) -> None:
        for folder in self.folders:
            if folder.read_state().state not in ("finished", "failed"):
                self._send(folder)
        while self._out:
            ready, _ = self.ray.wait(list(self._out), timeout=_POLL_SECONDS)
            for slice_ in ready:
                self._take(self._out.pop(slice_), slice_)
            self._watch_nodes()
            if not keep_going(part_done(self.folders)):
                for slice_ in self._out:
                    self.ray.cancel(slice_, force=True)
                raise Cancelled
        self._watch_nodes()

    def _send(self, folder: RunFolder) -> None:
        spec = folder.read_spec()
        gpus = 1 if spec.device.startswith("cuda") else 0
        task = self.ray.remote(num_cpus=max(1, spec.threads), num_gpus=gpus, max_retries=0)(train_slice)
        self._out[task.remote(read_files(folder.path), self.trusted, self._seconds)] = folder

    def _take(self, folder: RunFolder, slice_: Any) -> None:
        """Keep what has come back; where it was lost, or there is more to train, send the run out again."""
        try:
            files = self.ray.get(slice_)
        except self.ray.exceptions.RayTaskError as failure:
            self._fail(folder, _explain(failure))
            return
        except self.ray.exceptions.RayError as failure:
            self._losses[folder.path] += 1
            if self._losses[folder.path] > _MOST_LOSSES:
                self._fail(folder, tr("its machines were lost {n} times: {reason}", n=_MOST_LOSSES, reason=failure))
            else:
                self._send(folder)
            return
        self._losses[folder.path] = 0
        if not _store(folder, files):
            self._send(folder)

    def _fail(self, folder: RunFolder, message: str) -> None:
        folder.write_state(replace(folder.read_state(), state="failed", message=" ".join(message.split())[:500]))

    def _watch_nodes(self) -> None:
        nodes = [_describe_node(node) for node in self.ray.nodes()]
        if nodes != self._nodes and self._on_nodes is not None:
            self._on_nodes(nodes)
        self._nodes = nodes


def train_slice(files: Mapping[str, bytes], trusted: bool, seconds: float) -> dict[str, bytes]:
    """Train a run for some seconds, on the machine that Ray chose: files of its folder in, files of its folder out."""
    from explorer.training.worker import train_run

    with tempfile.TemporaryDirectory(prefix="cnn-explorer-run-") as path:
        folder = RunFolder(path)
        for name, content in files.items():
            (folder.path / name).write_bytes(content)
        began = time.monotonic()
        train_run(folder, trusted, lambda point: time.monotonic() - began < seconds)
        return read_files(folder.path)


def read_files(path: Path) -> dict[str, bytes]:
    """Return what a run's folder holds, without what belongs to the machine that it is on."""
    return {f.name: f.read_bytes() for f in path.iterdir() if f.is_file() and f.name not in _STAYS}


def _store(folder: RunFolder, files: Mapping[str, bytes]) -> bool:
    """Write what a slice brought; return whether the run is at its end."""
    for name in _WRITTEN:
        if name in files:
            content = files[name]
            write_atomic(folder.path / name, lambda path, content=content: path.write_bytes(content))  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as path:
        (Path(path) / "state.json").write_bytes(files["state.json"])
        state = RunFolder(path).read_state()
    is_done = state.state in ("finished", "failed")
    folder.write_state(state if is_done else replace(state, state="running"))  # it goes on, elsewhere or here
    return is_done


def _describe_node(node: Mapping[str, Any]) -> ClusterNode:
    resources = node.get("Resources") or {}
    address = f"{node.get('NodeManagerAddress', '?')}:{node.get('NodeManagerPort', '?')}"
    return ClusterNode(address, resources.get("CPU", 0.0), resources.get("GPU", 0.0), bool(node.get("Alive")))


def _explain(failure: Exception) -> str:
    text = str(getattr(failure, "cause", None) or failure)
    if "No module named" in text or "failed to import" in text:
        return tr(
            "a machine of the cluster lacks this app: pip install 'cnn-explorer[cluster]' there, in the same version "
            "({reason})",
            reason=text.strip().splitlines()[-1][:200],
        )
    return text
