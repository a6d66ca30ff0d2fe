"""Atomic writes, and the suffix of project files."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PROJECT_SUFFIX = ".cnnx"

_WINDOWS_TRIES, _WINDOWS_PAUSE = 20, 0.05  # seconds between them

#: What training scripts call their files: "last.ckpt", "model_best.pth.tar".
WEIGHTS_SUFFIXES = (".pt", ".pth", ".bin", ".safetensors", ".ckpt", ".tar", ".pkl", ".pickle", ".t7", ".torch")
#: Suffixes of files of models, for dialogs and the command line; what a file is, its content says.
MODEL_SUFFIXES = (".onnx", ".pt2", *WEIGHTS_SUFFIXES)


def is_project(path: str | Path) -> bool:
    """Return whether a path has the suffix of project files."""
    return Path(path).suffix.lower() == PROJECT_SUFFIX


def write_atomic(path: Path, write: Callable[[Path], object], *, is_synced: bool = True) -> None:
    """Call `write` with a temporary path, then rename it to `path`: readers find the old file or the whole new one.

    Unless `is_synced`, this returns before the file is on the disk: it outlasts the process, and not a power cut.

    A link stays a link to the file it names, and a file keeps its permissions; a new one has those of the folder's
    other new files. On failure (OSError, or what `write` raises) the old file stays and the temporary one is removed;
    a file that is read-only is such a failure, though its folder may be written to. What a killed process left beside
    is removed by the next one that writes there.
    """
    path = path.resolve()
    _check_writable(path)
    _remove_abandoned(path)
    temporary = _create_beside(path)
    mode = (path if path.exists() else temporary).stat().st_mode
    try:
        write(temporary)
        if is_synced:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.chmod(stat.S_IMODE(mode))  # what wrote it may have made a file of its own
        _replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if is_synced:
        _sync_folder(path.parent)


def _check_writable(path: Path) -> None:
    """Raise PermissionError for a file whose owner has made it read-only: renaming would not ask."""
    if path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & 0o222):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _create_beside(path: Path) -> Path:
    """Create an empty file in the folder of `path`, named after it and this process, with its suffix."""
    while True:
        temporary = path.with_name(f".{path.stem}.~{os.getpid()}-{secrets.token_hex(4)}{path.suffix}")
        with contextlib.suppress(FileExistsError):
            temporary.open("xb").close()
            return temporary


def _remove_abandoned(path: Path) -> None:
    """Remove temporary files of `path` whose process has gone."""
    name = re.compile(rf"\.{re.escape(path.stem)}\.~(\d+)-[0-9a-f]{{8}}{re.escape(path.suffix)}")
    with contextlib.suppress(OSError):
        for beside in list(path.parent.iterdir()):
            found = name.fullmatch(beside.name)
            if found and not psutil.pid_exists(int(found[1])):
                beside.unlink(missing_ok=True)


def _replace(temporary: Path, path: Path) -> None:
    """Rename a file to another. Windows refuses that while somebody reads the other one, which is soon over."""
    for _ in range(_WINDOWS_TRIES if sys.platform == "win32" else 0):
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(_WINDOWS_PAUSE)
        else:
            return
    temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """Make the renaming outlast a power cut, where folders can be opened for that."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
