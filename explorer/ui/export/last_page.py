"""The settings of the last export, remembered for the next."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QSettings

from explorer.export.page import Page
from explorer.ui.base.settings import read_mapping
from explorer.ui.export.presets import page_from_json, page_to_json


def has_last_page() -> bool:
    """Return whether anything was exported before."""
    return QSettings().contains("export/page")


def load_last_page() -> Page:
    """Return the settings of the last export, or the defaults."""
    return page_from_json(read_mapping("export/page"), Page(level=None)) or Page(level=None)


def save_last_page(page: Page, path: Path) -> None:
    """Remember the settings, folder and format of an export; not the texts, which are of one network."""
    settings = QSettings()
    settings.setValue("export/page", json.dumps(page_to_json(page)))
    settings.setValue("export/folder", str(path.parent))
    settings.setValue("export/format", path.suffix)
