"""How many guesses were right, in tours and in the guide: kept in the settings of this machine alone."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSettings

from explorer.ui.base.settings import read_whole

_SETTING = "tours"


@dataclass(frozen=True, slots=True)
class Score:
    """Guesses that were right, of all that were made."""

    right: int = 0
    asked: int = 0


def load_score() -> Score:
    """Return the score of all guesses together."""
    return Score(read_whole(f"{_SETTING}/right"), read_whole(f"{_SETTING}/asked"))


def add_to_score(is_right: bool) -> Score:
    """Count one more guess, and return the score."""
    before = load_score()
    score = Score(before.right + is_right, before.asked + 1)
    settings = QSettings()
    settings.setValue(f"{_SETTING}/right", str(score.right))
    settings.setValue(f"{_SETTING}/asked", str(score.asked))
    return score
