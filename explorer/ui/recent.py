"""The projects that were open last, kept in the settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMenu

_KEY = "recent"
_MOST = 10


def recent() -> list[str]:
    """Paths, the newest first."""
    # As JSON: a settings file makes a plain text of a list of one, and nothing of an empty one.
    try:
        found = json.loads(str(QSettings().value(_KEY, "[]")))
    except ValueError:
        return []
    return [path for path in found if isinstance(path, str) and path][:_MOST] if isinstance(found, list) else []


def remember(path: Path) -> None:
    said = str(path.absolute())
    _write([said, *(other for other in recent() if other != said)])


def forget_all() -> None:
    _write([])


def _write(paths: list[str]) -> None:
    QSettings().setValue(_KEY, json.dumps(paths[:_MOST]))


def fill(menu: QMenu, chosen: Callable[[str], None]) -> None:
    """Fill the menu anew; what is not there any more cannot be chosen."""
    menu.clear()
    paths = recent()
    for number, path in enumerate(paths, 1):
        # A & of the name is no shortcut; the first nine have one of their own.
        name = Path(path).name.replace("&", "&&")
        action = menu.addAction(f"&{number} {name}" if number < 10 else name)
        action.setToolTip(path)
        action.setStatusTip(path)
        action.setEnabled(Path(path).is_file())
        action.triggered.connect(lambda _=False, path=path: chosen(path))
    if not paths:
        menu.addAction("No project yet").setEnabled(False)
    menu.addSeparator()
    clear = menu.addAction("Clear list")
    clear.setEnabled(bool(paths))
    clear.triggered.connect(forget_all)
