"""Files of ours: how they are called, and how they are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

PROJECT_SUFFIX = ".cnnx"


def is_project(path: str | Path) -> bool:
    return Path(path).suffix.lower() == PROJECT_SUFFIX


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` make a file beside `path`, then rename it: whoever looks sees the old file or the whole new one.

    Whatever goes wrong (OSError, or what `write` raises), the old file stays and nothing else is left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
