"""Colours, fonts and numbers of the pictures of arithmetic, in the theme in force."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from explorer.drawing.theme import diagram_font, text_width
from explorer.ui.base import appearance
from explorer.ui.base.appearance import Colours
from explorer.ui.widgets import colour_maps
from explorer.viewmodels.value_ranges import ValueRange

#: Positive and negative, as in the panel of feature maps: red and blue; for the light and the dark theme.
_SIGNS = {False: ("#d0452f", "#2767c9"), True: ("#f0705c", "#5b95f5")}
_WINDOW = {False: "#f08c00", True: "#ffc14d"}  # the sliding window, and what it leads to
_LEFT_OF_POINT = 0.1  # below, a number is written without its leading zero: there is one digit more


Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Ink:
    """What numbers are painted with."""

    colours: Colours
    is_dark: bool
    table: NDArray[np.uint8]  # 256 RGB rows for the numbers of maps

    @classmethod
    def current(cls) -> Ink:
        """Return the ink of the theme in force."""
        return cls(
            appearance.current_colours(), appearance.is_app_dark(), colour_maps.colour_table("Viridis", diverging=False)
        )

    @property
    def text(self) -> QColor:
        """Colour of numbers and words."""
        return QColor(self.colours.text)

    @property
    def muted(self) -> QColor:
        """Colour of titles and signs."""
        return QColor(self.colours.muted)

    @property
    def border(self) -> QColor:
        """Colour of lines between cells."""
        return QColor(self.colours.border)

    @property
    def window(self) -> QColor:
        """Colour of the sliding window."""
        return QColor(_WINDOW[self.is_dark])

    def map_pixels(self, values: NDArray[Any], limits: ValueRange) -> Pixels:
        """Return the colours of numbers of a map, of shape (…, 3); those that are not finite have the ground's."""
        low, high = limits
        inside = np.clip(np.nan_to_num(values, posinf=high, neginf=low), low, high)
        levels = ((inside - low) * (255 / (high - low))).astype(np.uint8)
        pixels: Pixels = self.table[levels]
        pixels[~np.isfinite(values)] = _rgb(self.colours.background)
        return pixels

    def signed_pixels(self, values: NDArray[Any], reach: float) -> Pixels:
        """Return the colours of weights or products, of shape (…, 3): red above zero, blue below, the ground at zero;
        strongest at ±`reach`."""
        finite = np.nan_to_num(values)
        share = 0.92 * np.clip(np.abs(finite) / (reach or 1.0), 0, 1)[..., None] ** 0.8
        above, below = (_rgb(name) for name in _SIGNS[self.is_dark])
        ground = _rgb(self.colours.surface)
        pixels: Pixels = (ground + share * (np.where(finite[..., None] < 0, below, above) - ground)).astype(np.uint8)
        return pixels

    def map_colour(self, value: float, limits: ValueRange) -> QColor:
        """Return the colour of a number of a map, as in the map's picture."""
        return QColor(*map(int, self.map_pixels(np.array([value]), limits)[0]))

    def signed_colour(self, value: float, reach: float) -> QColor:
        """Return the colour of a weight or product."""
        return QColor(*map(int, self.signed_pixels(np.array([value]), reach)[0]))

    def draw_text(
        self,
        painter: QPainter,
        rect: QRectF,
        text: str,
        pixels: float = 12,
        *,
        bold: bool = False,
        colour: QColor | None = None,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter,
    ) -> None:
        """Draw one line of text in a rectangle."""
        painter.setFont(font(pixels, bold))
        painter.setPen(colour or self.text)
        painter.drawText(rect, align.value | Qt.TextFlag.TextDontClip.value, text)

    def draw_formula(self, painter: QPainter, rect: QRectF, text: str) -> None:
        """Draw a formula in a rectangle: in one line, or, smaller, in two where it is too long for that."""
        if text_width(text, 14, bold=True) <= rect.width():
            self.draw_text(painter, rect, text, 14, bold=True)
            return
        half = QRectF(rect.x(), rect.y(), rect.width(), rect.height() / 2)
        for number, line in enumerate(_two_lines(text)):
            self.draw_text(painter, half.translated(0, number * half.height()), line, 12, bold=True)

    def draw_beam(self, painter: QPainter, start: QRectF, end: QRectF) -> None:
        """Draw the two lines that lead from one rectangle to another, at its right or else below it."""
        if end.x() > start.right():
            self.draw_line(painter, start.topRight(), end.topLeft())
            self.draw_line(painter, start.bottomRight(), end.bottomLeft())
        else:
            self.draw_line(painter, start.bottomLeft(), end.topLeft())
            self.draw_line(painter, start.bottomRight(), end.topRight())

    def draw_line(self, painter: QPainter, start: QPointF, end: QPointF) -> None:
        """Draw a line that leads from one thing to another."""
        colour = self.window
        colour.setAlphaF(0.55)
        painter.setPen(QPen(colour, 1.2))
        painter.drawLine(start, end)


def _rgb(name: str) -> NDArray[np.float64]:
    colour = QColor(name)
    return np.array((colour.red(), colour.green(), colour.blue()), np.float64)


def _two_lines(formula: str) -> tuple[str, str]:
    """A formula in two lines as equally long as can be; the second begins with a sign, which has two spaces around
    it, or else with a word."""
    gap = "  " if "  " in formula else " "
    pieces = formula.split(gap)
    starts = [at for at, piece in enumerate(pieces) if at and (gap == " " or piece in "+=÷")]
    breaks = [(gap.join(pieces[:at]), gap.join(pieces[at:])) for at in starts]
    return min(breaks, key=lambda lines: max(map(len, lines)), default=(formula, ""))


def text_on(ground: QColor) -> QColor:
    """Return black or white, whichever can be read on a colour."""
    return QColor("#10131a") if ground.lightnessF() > 0.55 or _luminance(ground) > 0.42 else QColor("#ffffff")


def font(pixels: float, bold: bool = False) -> QFont:
    """Return the font of pictures at a size in pixels."""
    return diagram_font(pixels, bold)


def short_number(value: float) -> str:
    """Return a number short enough for a cell: "0.42", "−.013", "−12.3", "1.2e4"."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    if size < 0.0005:
        return "~0"
    if size < _LEFT_OF_POINT:
        text = f"{size:.3f}".lstrip("0")
    else:
        text = f"{size:.2f}" if size < 10 else f"{size:.1f}" if size < 100 else f"{size:.0f}"
        text = text if size < 99_999 else f"{size:.0e}"
    return f"−{text}" if value < 0 else text


def tiny_number(value: float) -> str:
    """Return a number in four signs, for a small cell: "−.06", "3.97", "−4.0"."""
    text = short_number(value)
    if len(text) <= 4 or not math.isfinite(value) or "e" in text:
        return text
    size, sign = abs(value), "−" if value < 0 else ""
    for digits in (2, 1, 0):
        shorter = f"{size:.{digits}f}"
        shorter = sign + (shorter.lstrip("0") if size < 1 and digits else shorter)
        if len(shorter) <= 4:
            return shorter if any(figure in shorter for figure in "123456789") else "~0"
    return f"{value:.0f}".replace("-", "−")


def _luminance(colour: QColor) -> float:
    return float(0.2126 * colour.redF() ** 2.2 + 0.7152 * colour.greenF() ** 2.2 + 0.0722 * colour.blueF() ** 2.2)
