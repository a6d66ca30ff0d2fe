"""The settings of the last export, remembered for the next."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from PySide6.QtCore import QSettings

from explorer.export.page import Page


def load_last_page() -> Page:
    """Return the settings of the last export, or the defaults."""
    try:
        held = json.loads(str(QSettings().value("export/page", "{}")))
        return replace(Page(level=None), **held)
    except (ValueError, TypeError, AttributeError):
        return Page(level=None)


def save_last_page(page: Page, path: Path) -> None:
    """Remember the settings, folder and format of an export."""
    settings = QSettings()
    settings.setValue("export/page", json.dumps(asdict(page)))
    settings.setValue("export/folder", str(path.parent))
    settings.setValue("export/format", path.suffix)
