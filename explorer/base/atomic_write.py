"""Atomic writes, and the suffix of project files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

PROJECT_SUFFIX = ".cnnx"


def is_project(path: str | Path) -> bool:
    """Return whether a path has the suffix of project files."""
    return Path(path).suffix.lower() == PROJECT_SUFFIX


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path, then rename it to `path`: readers find the old file or the whole new one.

    On failure (OSError, or what `write` raises) the old file stays and the temporary one is removed.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
