"""Reads what the user has chosen for good from the settings of the system.

What must always hold: settings of another version, or written by hand, stop no start. What cannot be read is as if it
had not been chosen. `QSettings` gives back what its file holds, in whatever type that seems to have: a list of one text
is a text, and an empty list nothing; so lists and mappings are kept as JSON.
"""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

_MOST_DIGITS = 18  # of whole numbers that are taken for one


def read_text(key: str, default: str = "") -> str:
    """Return a setting as text."""
    held = QSettings().value(key, default)
    return held if isinstance(held, str) else str(held) if isinstance(held, int | float) else default


def read_whole(key: str, default: int = 0) -> int:
    """Return a setting that is a whole number, 0 or more."""
    text = read_text(key, str(default))
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else default


def read_switch(key: str, default: bool) -> bool:
    """Return a setting that is on or off."""
    return {"true": True, "false": False}.get(read_text(key).lower(), default)


def read_list(key: str) -> list[Any]:
    """Return a list that is kept as JSON, or that Qt kept; an empty one where it is none."""
    held = _read_json(key)
    return held if isinstance(held, list) else []


def read_mapping(key: str) -> dict[str, Any]:
    """Return a mapping that is kept as JSON; an empty one where it is none."""
    held = _read_json(key)
    return held if isinstance(held, dict) else {}


def _read_json(key: str) -> Any:
    held = QSettings().value(key)
    try:
        return json.loads(held) if isinstance(held, str) else held
    except (ValueError, RecursionError):
        return None


def read_bytes(key: str) -> QByteArray:
    """Return a setting that Qt wrote as bytes; empty where it is none."""
    held = QSettings().value(key)
    return held if isinstance(held, QByteArray) else QByteArray()
