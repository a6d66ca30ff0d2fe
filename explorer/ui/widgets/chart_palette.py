"""Colours that lines and bars are told apart by."""

from __future__ import annotations

from PySide6.QtGui import QColor

from explorer.ui.base import appearance

_LIGHT_PALETTE = ("#2f6fdb", "#d9822b", "#1a7a42", "#8e44ad", "#c0392b", "#11808a", "#8a6d3b", "#5c6773")
_DARK_PALETTE = ("#6ea2ff", "#f0a860", "#5cc98c", "#c695e8", "#ff8a7a", "#4fc3cd", "#d1b27c", "#9aa5b5")


def chart_palette() -> tuple[str, ...]:
    """Return the line colours for the current theme."""
    return _DARK_PALETTE if QColor(appearance.current_colours().background).lightness() < 128 else _LIGHT_PALETTE


def contestant_colour(place: int) -> str:
    """Return the colour of a network of a comparison: grey for the first, which the others are compared with."""
    colours = chart_palette()
    return colours[(place - 1) % len(colours)] if place else appearance.current_colours().previous
