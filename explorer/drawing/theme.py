"""Colours and type of the diagram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from PySide6.QtGui import QColor, QFont

from explorer.diagram import Kind

#: Strong colour of each kind: told apart by lightness as well as hue, so that colour-blind eyes can follow.
_LIGHT: dict[str, str] = {
    "conv": "#2f6fdb",
    "depthwise": "#0b9bb0",
    "linear": "#6a4fd0",
    "norm": "#8a93a3",
    "activation": "#d9822b",
    "pool": "#2f9e62",
    "add": "#c2378a",
    "concat": "#a2672c",
    "multiply": "#b34fc2",
    "split": "#a2672c",
    "shuffle": "#d0432f",
    "reshape": "#9aa3b2",
    "dropout": "#b8bfca",
    "attention": "#7b3fb5",
    "constant": "#9aa3b2",
    "other": "#7d8696",
    "input": "#3d4656",
    "output": "#3d4656",
    "network": "#3d4656",
    "stem": "#4f7d8c",
    "stage": "#3f6ea8",
    "block": "#4a66c0",
    "branch": "#7d8fb8",
    "unit": "#2f6fdb",
    "gate": "#b34fc2",
    "head": "#6a5a8c",
}

_LIFTED: dict[str, str] = {  # the same on a dark ground: lighter, so that contrast stays
    "conv": "#6ea2ff",
    "depthwise": "#3cc8dc",
    "linear": "#a48cff",
    "norm": "#98a2b3",
    "activation": "#f0a35a",
    "pool": "#5cc98c",
    "add": "#f06bb8",
    "concat": "#d39a5e",
    "multiply": "#d98ae6",
    "split": "#d39a5e",
    "shuffle": "#ff7a66",
    "reshape": "#8791a1",
    "dropout": "#6f7888",
    "attention": "#bb8af0",
    "constant": "#8791a1",
    "other": "#98a2b3",
    "input": "#c9d1dd",
    "output": "#c9d1dd",
    "network": "#c9d1dd",
    "stem": "#7fb4c4",
    "stage": "#7fa8e0",
    "block": "#8fa6ff",
    "branch": "#a5b4d8",
    "unit": "#6ea2ff",
    "gate": "#d98ae6",
    "head": "#b3a2d8",
}


@dataclass(frozen=True)
class Theme:
    name: str
    canvas: str
    card: str
    text: str
    muted: str
    border: str
    frame: str  # ground of open groups; deeper ones are tinted more
    link: str
    skip: str  # shortcuts
    selection: str
    changed: str
    added: str
    kinds: Mapping[str, str]
    tint: float  # how much of its kind's colour a card's ground takes

    def colour(self, kind: Kind) -> QColor:
        return _colour(self.kinds[kind])

    def of(self, name: str) -> QColor:
        """One of the named colours: `theme.of("link")`."""
        return _colour(getattr(self, name))

    def ground(self, kind: Kind) -> QColor:
        """The soft colour a card of this kind is filled with."""
        return _mixed(self.kinds[kind], self.card, self.tint)

    def frame_ground(self, depth: int) -> QColor:
        """The ground of an open group, `depth` groups deep (1 is outermost)."""
        return _mixed(self.muted, self.frame, min(0.05 * (depth - 1), 0.2))


LIGHT = Theme(
    name="light",
    canvas="#f7f8fa",
    card="#ffffff",
    text="#1b2230",
    muted="#626d7f",
    border="#ccd3de",
    frame="#ffffff",
    link="#8b95a6",
    skip="#c2378a",
    selection="#2f6fdb",
    changed="#d98a00",
    added="#1f9d55",
    kinds=_LIGHT,
    tint=0.07,
)
DARK = Theme(
    name="dark",
    canvas="#16181d",
    card="#23272f",
    text="#eceff4",
    muted="#9aa5b5",
    border="#3b424e",
    frame="#1c1f26",
    link="#6d7789",
    skip="#f06bb8",
    selection="#6ea2ff",
    changed="#f2b134",
    added="#4cc38a",
    kinds=_LIFTED,
    tint=0.12,
)
PRINT = Theme(
    name="print",
    canvas="#ffffff",
    card="#ffffff",
    text="#000000",
    muted="#333333",
    border="#555555",
    frame="#ffffff",
    link="#333333",
    skip="#000000",
    selection="#000000",
    changed="#000000",
    added="#000000",
    kinds=dict.fromkeys(get_args(Kind), "#222222"),
    tint=0.0,
)


def named(name: str) -> Theme:
    """The theme of that name. Raises KeyError for another."""
    return {"light": LIGHT, "dark": DARK, "print": PRINT}[name]


@cache
def font(pixels: float, bold: bool = False) -> QFont:
    """The diagram's type, in pixels of the drawing, so that it does not depend on any screen."""
    made = QFont()
    made.setFamilies(["Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans"])
    made.setPixelSize(max(round(pixels), 1))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the same widths at every scale
    return made


@cache
def _colour(value: str) -> QColor:
    return QColor(value)


@cache
def _mixed(over: str, under: str, share: float) -> QColor:
    a, b = QColor(over), QColor(under)
    pairs = ((a.redF(), b.redF()), (a.greenF(), b.greenF()), (a.blueF(), b.blueF()))
    return QColor.fromRgbF(*(share * x + (1 - share) * y for x, y in pairs))
