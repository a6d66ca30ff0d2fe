"""Named settings of exports: a few for common pages, and those that a user has named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import QSettings

from explorer.base.languages import tr_noop
from explorer.export.page import Page
from explorer.ui.base.settings import read_mapping

#: The page and the suffix of each.
BUILT_IN: Mapping[str, tuple[Page, str]] = {
    tr_noop("Slide for a talk"): (Page(paper="16:9", level="blocks"), ".pptx"),
    tr_noop("Figure of a paper, one column"): (
        Page(paper="ieee-column", level="blocks", theme="print", parts=("attributes", "shapes"), title=False),
        ".pdf",
    ),
    tr_noop("Figure of a paper, full width"): (
        Page(paper="ieee-page", level="blocks", theme="print", title=False),
        ".pdf",
    ),
    tr_noop("A4 handout"): (Page(paper="a4", level="blocks", figures=True), ".pdf"),
    tr_noop("Page to explore in a browser"): (Page(level="blocks"), ".html"),
}
_KEY = "export/presets"


def load_presets() -> dict[str, tuple[Page, str]]:
    """Return what a user has named, without what makes no sense any more."""
    found = {}
    for name, entry in read_mapping(_KEY).items():
        page = page_from_json(entry.get("page"), Page()) if isinstance(entry, dict) else None
        if page is not None:
            found[str(name)] = (page, str(entry.get("suffix", ".png")))
    return found


def save_preset(name: str, page: Page, suffix: str) -> None:
    """Keep settings under a name, in place of those that had it."""
    _store({**load_presets(), name: (page, suffix)})


def remove_preset(name: str) -> None:
    """Forget the settings of a name."""
    _store({key: value for key, value in load_presets().items() if key != name})


def _store(presets: Mapping[str, tuple[Page, str]]) -> None:
    held = {name: {"page": page_to_json(page), "suffix": suffix} for name, (page, suffix) in presets.items()}
    QSettings().setValue(_KEY, json.dumps(held))


def page_to_json(page: Page) -> dict[str, Any]:
    """Return the settings of a page that hold for any network: its own texts are for one."""
    return asdict(replace(page, title_text="", subtitle="", caption_text=""))


def page_from_json(held: Any, default: Page) -> Page | None:
    """Return a page with these settings; None where they make no sense."""
    try:
        return replace(default, **held)
    except (ValueError, TypeError, AttributeError):
        return None
