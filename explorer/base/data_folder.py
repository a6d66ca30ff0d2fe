"""The folder for what the user made and would miss: training runs, data sets."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_NAME = "cnn-explorer"


def data_folder() -> Path:
    """Return the folder of this app among the user's data, whether it is there or not; `CNN_EXPLORER_DATA` names
    another."""
    if chosen := os.environ.get("CNN_EXPLORER_DATA"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _NAME
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / _NAME
