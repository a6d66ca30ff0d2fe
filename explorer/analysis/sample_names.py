"""Names of the built-in photos. No numpy: the window lists them before that is imported."""

from __future__ import annotations

from explorer.base.languages import tr_noop

#: Titles in English by name. Photos that come inside scikit-image: nothing is downloaded.
BUILT_IN_SAMPLES: dict[str, str] = {
    "cat": tr_noop("Cat"),
    "coffee": tr_noop("Coffee"),
    "astronaut": tr_noop("Astronaut"),
    "rocket": tr_noop("Rocket"),
    "motorcycle": tr_noop("Motorcycle"),
    "horse": tr_noop("Horse"),
    "camera": tr_noop("Photographer"),
    "coins": tr_noop("Coins"),
    "clock": tr_noop("Clock"),
}


def find_built_in_name(title: str) -> str:
    """Return the name of the built-in photo with this title; empty for every other image."""
    return next((name for name, known in BUILT_IN_SAMPLES.items() if known == title), "")
