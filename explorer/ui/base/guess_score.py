"""How many guesses were right, in tours and in the guide: kept in the settings of this machine alone."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSettings

_SETTING = "tours"


@dataclass(frozen=True, slots=True)
class Score:
    """Guesses that were right, of all that were made."""

    right: int = 0
    asked: int = 0


def load_score() -> Score:
    """Return the score of all guesses together."""
    settings = QSettings()
    right, asked = (str(settings.value(f"{_SETTING}/{name}", "0")) for name in ("right", "asked"))
    return Score(int(right) if right.isdecimal() else 0, int(asked) if asked.isdecimal() else 0)


def add_to_score(is_right: bool) -> Score:
    """Count one more guess, and return the score."""
    before = load_score()
    score = Score(before.right + is_right, before.asked + 1)
    settings = QSettings()
    settings.setValue(f"{_SETTING}/right", str(score.right))
    settings.setValue(f"{_SETTING}/asked", str(score.asked))
    return score
