"""Tours of the user's own: files that were saved or opened here, with what lists show of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings

if TYPE_CHECKING:
    from explorer.tours.tour import Tour

from explorer.ui.base.settings import read_list

_SETTING = "own_tours"
_MOST = 12


@dataclass(frozen=True, slots=True)
class OwnTour:
    """A file with a tour, and what it was about when it was seen last."""

    path: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    minutes: int
    step_count: int

    @property
    def id(self) -> str:
        """What its progress is remembered by."""
        return own_tour_id(self.path)


def own_tour_id(path: str) -> str:
    """Return what the progress in a file is remembered by: no separator of settings is in it."""
    return f"file-{hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()[:16]}"


def own_tours() -> list[OwnTour]:
    """Return the user's tours whose files are there, the latest first. No file is read."""
    try:
        found = [_read(item) for item in read_list(_SETTING)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return [tour for tour in found if Path(tour.path).is_file()][:_MOST]


def remember_own_tour(path: Path, tour: Tour) -> OwnTour:
    """Put a tour at the top of the list."""
    text = str(path.absolute())
    seen = OwnTour(text, dict(tour.title.items()), dict(tour.about.items()), tour.minutes, len(tour.steps))
    kept = [seen, *(other for other in own_tours() if other.path != text)][:_MOST]
    QSettings().setValue(_SETTING, json.dumps([asdict(one) for one in kept]))
    return seen


def _read(item: Mapping[str, Any]) -> OwnTour:
    words = [{str(key): str(text) for key, text in item[name].items()} for name in ("title", "about")]
    if not all(words):
        raise ValueError("a title has no language")
    return OwnTour(str(item["path"]), words[0], words[1], int(item["minutes"]), int(item["step_count"]))
