"""Where the user was in each tour: kept in the settings of this machine alone."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSettings

_SETTING = "tours"


@dataclass(frozen=True, slots=True)
class TourProgress:
    """Step (from 0) that was shown last, and whether the last step has ever been reached."""

    step: int = 0
    is_finished: bool = False


def load_progress(id: str) -> TourProgress:
    """Return where the user was in a tour."""
    settings = QSettings()
    step = str(settings.value(f"{_SETTING}/{id}/step", "0"))
    return TourProgress(
        int(step) if step.isdecimal() else 0, str(settings.value(f"{_SETTING}/{id}/finished", "")) == "true"
    )


def save_progress(id: str, progress: TourProgress) -> None:
    """Remember where the user is in a tour."""
    settings = QSettings()
    settings.setValue(f"{_SETTING}/{id}/step", str(progress.step))
    if progress.is_finished:
        settings.setValue(f"{_SETTING}/{id}/finished", "true")
