"""The folder for what may be deleted at any time, because it can be computed again."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_NAME = "cnn-explorer"


def cache_folder() -> Path:
    """Return the folder of this app among the user's caches, whether it is there or not; `CNN_EXPLORER_CACHE` names
    another."""
    if chosen := os.environ.get("CNN_EXPLORER_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _NAME / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / _NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / _NAME


def trim_folder(folder: Path, most_bytes: int) -> None:
    """Delete the files of a folder that were used longest ago, until the rest has at most so many bytes."""
    with contextlib.suppress(OSError):  # another process may be at it too
        files = sorted(((file.stat(), file) for file in folder.iterdir()), key=lambda one: one[0].st_mtime_ns)
        left = sum(known.st_size for known, _ in files)
        for known, file in files:
            if left <= most_bytes:
                break
            file.unlink(missing_ok=True)
            left -= known.st_size
