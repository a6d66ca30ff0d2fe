"""Where the user was in each tour: kept in the settings of this machine alone."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSettings

from explorer.ui.base.settings import read_switch, read_whole

_SETTING = "tours"


@dataclass(frozen=True, slots=True)
class TourProgress:
    """Step (from 0) that was shown last, and whether the last step has ever been reached."""

    step: int = 0
    is_finished: bool = False


def load_progress(id: str) -> TourProgress:
    """Return where the user was in a tour."""
    return TourProgress(read_whole(f"{_SETTING}/{id}/step"), read_switch(f"{_SETTING}/{id}/finished", False))


def save_progress(id: str, progress: TourProgress) -> None:
    """Remember where the user is in a tour."""
    settings = QSettings()
    settings.setValue(f"{_SETTING}/{id}/step", str(progress.step))
    if progress.is_finished:
        settings.setValue(f"{_SETTING}/{id}/finished", "true")
