"""Names of the built-in photos. Imports nothing: the window lists them before numpy is there."""

from __future__ import annotations

#: Photos that come inside scikit-image: nothing is downloaded.
BUILT_IN_SAMPLES: dict[str, str] = {
    "cat": "Cat",
    "coffee": "Coffee",
    "astronaut": "Astronaut",
    "rocket": "Rocket",
    "motorcycle": "Motorcycle",
    "horse": "Horse",
    "camera": "Photographer",
    "coins": "Coins",
    "clock": "Clock",
}
