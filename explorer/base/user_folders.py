"""The app's folders among the user's: what may be deleted at any time, and what they made and would miss."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_NAME = "cnn-explorer"


def cache_folder() -> Path:
    """Return the folder for what can be computed again, whether it is there or not; `CNN_EXPLORER_CACHE` names
    another."""
    return _user_folder("CNN_EXPLORER_CACHE", "Cache", "Caches", "XDG_CACHE_HOME", ".cache")


def data_folder() -> Path:
    """Return the folder for training runs and data sets, whether it is there or not; `CNN_EXPLORER_DATA` names
    another."""
    return _user_folder("CNN_EXPLORER_DATA", "Data", "Application Support", "XDG_DATA_HOME", ".local/share")


def _user_folder(chosen: str, windows: str, mac: str, xdg: str, home: str) -> Path:
    if path := os.environ.get(chosen):
        return Path(path)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _NAME / windows
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / _NAME
    return Path(os.environ.get(xdg) or Path.home() / home) / _NAME


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
