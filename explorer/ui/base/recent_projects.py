"""Recently opened projects, stored in the settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMenu

from explorer.base.languages import tr
from explorer.ui.base.settings import read_list

_SETTING = "recent"
_MAX_PROJECTS = 10


def recent_projects() -> list[str]:
    """Return the paths of recent projects, newest first."""
    return [path for path in read_list(_SETTING) if isinstance(path, str) and path][:_MAX_PROJECTS]


def add_recent_project(path: Path) -> None:
    """Put a project at the top of the list."""
    said = str(path.absolute())
    _write([said, *(other for other in recent_projects() if other != said)])


def clear_recent_projects() -> None:
    """Empty the list."""
    _write([])


def _write(paths: list[str]) -> None:
    QSettings().setValue(_SETTING, json.dumps(paths[:_MAX_PROJECTS]))


def fill_recent_menu(menu: QMenu, callback: Callable[[str], None]) -> None:
    """Rebuild the menu of recent projects; files that no longer exist are disabled."""
    menu.clear()
    paths = recent_projects()
    for number, path in enumerate(paths, 1):
        # A & of the name is no shortcut; the first nine have one of their own.
        name = Path(path).name.replace("&", "&&")
        action = menu.addAction(f"&{number} {name}" if number < 10 else name)
        action.setToolTip(path)
        action.setStatusTip(path)
        action.setEnabled(Path(path).is_file())
        action.triggered.connect(lambda _=False, path=path: callback(path))
    if not paths:
        menu.addAction(tr("No recent projects")).setEnabled(False)
    menu.addSeparator()
    clear = menu.addAction(tr("Clear list"))
    clear.setEnabled(bool(paths))
    clear.triggered.connect(clear_recent_projects)
