"""Labels of stages along an axis: as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

_MIN_GAP = 3.0  # pixels between two names


def fit_labels(
    names: Sequence[tuple[float, str]], width: Callable[[str], float], unit_width: float, end: float
) -> list[tuple[float, str]]:
    """Return labels with their positions: full names where all fit, else short ones that touch neither each other nor
    the end.

    Args:
        names: position of each along the axis, and its text.
        width: pixels of a text.
        unit_width: pixels of one unit of the axis.
        end: end of the axis.
    """
    whole = all((b - a) * unit_width >= (width(m) + width(n)) / 2 + _MIN_GAP for (a, m), (b, n) in pairwise(names))
    found: list[tuple[float, str]] = []
    for place, name in sorted(
        ((p, n if whole else abbreviate_stage(n)) for p, n in names), key=lambda known: width(known[1])
    ):
        half = width(name) / 2
        fits = (end - place) * unit_width >= half
        if fits and all(abs(place - at) * unit_width >= half + width(other) / 2 + _MIN_GAP for at, other in found):
            found.append((place, name))
    return found


def abbreviate_stage(name: str) -> str:
    """Return a short name for a stage: "S2" for "Stage 2"."""
    return name.replace("Stage ", "S").replace("Transition", "Tr")
