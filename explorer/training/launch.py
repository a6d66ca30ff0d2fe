"""Starting runs in processes of their own, which outlive the window that started them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.base.child_process import child_environment, module_command
from explorer.base.languages import tr, with_label
from explorer.base.system_errors import system_reason
from explorer.base.user_folders import data_folder
from explorer.network import Network
from explorer.opening.open_any import model_file_opener
from explorer.project.errors import ProjectError
from explorer.project.files import read_project, write_project
from explorer.project.opening import build_project, open_project, user_module_of
from explorer.training.commands import RUN_ARGUMENT
from explorer.training.locked_folder import LockedFolder, RunError, RunState
from explorer.training.run_folder import RunFolder, RunSpec

_START_SECONDS = 120  # a cold import of torch from a slow disk


def runs_folder() -> Path:
    """Return the folder that runs are kept in when none is named."""
    return data_folder() / "training"


def unused_path(title: str, root: Path | None = None) -> Path:
    """Return a path in a folder, or among the app's runs, that names the time and a title, and is not there yet."""
    folder = root if root is not None else runs_folder()
    words = "".join(mark if mark.isalnum() else "-" for mark in title.lower()).strip("-")[:40]
    stem, number = f"{time.strftime('%Y%m%d-%H%M%S')}-{words}", 1
    while (path := folder / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return path


def time_of_folder(path: Path) -> str:
    """Return when a folder was named by `unused_path`: "11-29 01:05"."""
    day, _, rest = path.name.partition("-")
    return f"{day[4:6]}-{day[6:8]} {rest[:2]}:{rest[2:4]}"


def create_run(network: Network, spec: RunSpec, path: str | Path | None = None) -> RunFolder:
    """Make the folder of a run of a network. Raises RunError.

    A network that a project can name can be trained by any process later; a live module only by this one.
    """
    folder = RunFolder(path if path is not None else unused_path(spec.title))
    folder.check_unused()
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        with suppress(ProjectError):  # of a live module: `execute` is given it
            write_project(folder.network_path, replace(build_project(network), weights=None))  # it has its own file
        if _needs_start(network, spec):
            from explorer.training.tensor_file import write_tensors

            write_tensors(folder.start_path, dict(network.module().state_dict()))
    except OSError as failure:
        raise RunError(tr("cannot make {path}: {reason}", path=folder.path, reason=system_reason(failure))) from failure
    folder.create(spec)  # last: what is cut off before is no run yet
    return folder


def open_kept_network(path: Path, trusted: bool) -> Network:
    """Open the network that `create_run` kept at a path. Raises ProjectError, ConsentRequired where its code would have
    to run."""
    project = read_project(path)
    own = user_module_of(project, path) if project.module and trusted else None
    network, _ = open_project(path, trusted=own, trusts_file=trusted, open_file=model_file_opener(trusted=trusted))
    return network


def _needs_start(network: Network, spec: RunSpec) -> bool:
    """Whether a process that opens the network again might find other weights than those it is to start from."""
    recipe = spec.recipe
    keeps = recipe.initialisation == "network" or recipe.trained == "new" or bool(recipe.frozen_until)
    return keeps and (network.context.checkpoint is not None or network.context.entry is None)


def start_run(folder: RunFolder, *others: RunFolder, trusted: bool = False) -> subprocess.Popen[bytes]:
    """Train a run, and then others, in a process of its own, which goes on when this one ends; returns it once the
    first has begun.

    Args:
        trusted: the networks' own code may be run, as the user has agreed to.

    Raises:
        RunError: one is being trained, or of a live module; or the process ended before it began.
    """
    for run in (folder, *others):
        _check_startable(run)
        run.pause_path.unlink(missing_ok=True)
    return start_worker(folder, [str(run.path.resolve()) for run in (folder, *others)], trusted=trusted)


def start_worker(folder: LockedFolder, arguments: Sequence[str], *, trusted: bool) -> subprocess.Popen[bytes]:
    """Start a process with arguments of `explorer.training.worker`, which goes on when this one ends; return it once it
    holds the lock of a folder. Raises RunError where it ends before."""
    log = folder.path / "log.txt"
    said = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                *module_command("explorer.training.worker", RUN_ARGUMENT),
                *arguments,
                *(["--trust"] if trusted else []),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=child_environment(),
            **_detached(),
        )
    threading.Thread(target=process.wait, daemon=True).start()  # no zombie of it is left while this process lives
    try:
        _wait_until_begun(folder, process, said)
    except BaseException:  # nobody would know of it
        process.kill()
        raise
    return process


def _wait_until_begun(folder: LockedFolder, process: subprocess.Popen[bytes], said: int) -> None:
    """Wait until a process holds the lock of a folder, or has come to an end there; `said` are the bytes of its log
    before it. Raises RunError where it ends before."""
    deadline = time.monotonic() + _START_SECONDS
    while not folder.is_locked() and time.monotonic() < deadline:
        if process.poll() is not None:
            state = folder.read_state()
            if process.poll() and state.pid != process.pid:
                raise RunError(_read_last_error(folder, said))
            return
        time.sleep(0.02)


def _check_startable(folder: RunFolder) -> None:
    if folder.is_locked():
        raise RunError(tr("{path} is being trained by another process", path=folder.path))
    if not folder.network_path.exists():
        raise RunError(
            tr("{path} is of a live module, which only the program that made it can train", path=folder.path)
        )


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _read_last_error(folder: LockedFolder, said: int) -> str:
    lines = (folder.path / "log.txt").read_bytes()[said:].decode("utf-8", errors="replace").strip().splitlines()
    return with_label(folder.path, lines[-1] if lines else tr("its process ended at once"))


def pause_run(folder: LockedFolder, wait_seconds: float = 300) -> RunState:
    """Pause a run and return where it stands: it has a checkpoint then.

    A process that is still starting pauses after its first step, which may take a while on a slow disk.
    """
    deadline = time.monotonic() + wait_seconds
    while folder.is_locked() and time.monotonic() < deadline:
        folder.request_pause()
        time.sleep(0.02)
    if not folder.is_locked():  # a request that came after its answer would pause whoever goes on
        folder.pause_path.unlink(missing_ok=True)
    return folder.read_state()
