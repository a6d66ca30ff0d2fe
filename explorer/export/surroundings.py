"""Texts around a picture, placed: title and subtitle above it, figures, caption and legend below."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from explorer.base.han_spacing import HAN
from explorer.drawing import Theme
from explorer.drawing.legend import LegendEntry, legend_height, paint_legend
from explorer.drawing.theme import diagram_font, draw_text, text_width
from explorer.export.page import Page

_TITLE_PX, _TITLE_ROW, _TITLE_END = 19.0, 24.0, 10.0
_SUBTITLE_PX, _SUBTITLE_ROW = 13.0, 18.0
_CAPTION_PX, _CAPTION_ROW = 12.0, 17.0
_FIGURE_NAME_PX, _FIGURE_VALUE_PX, _FIGURE_ROW, _FIGURE_GAP = 11.0, 14.0, 44.0, 30.0
_GAP = 12.0  # between the picture and what is written below it

#: What stays together on a line: a word, or an ideograph with the marks that may not begin a line or end one.
_PIECE = re.compile(rf" *(?:[（《【“]*[{HAN}][，。：；、？！）》】”]*|[^ {HAN}]+)| +")

#: Of a caption at natural size; everything around a picture keeps its size relative to it.
CAPTION_POINTS = _CAPTION_PX * 72 / 96


@dataclass(frozen=True)
class SheetText:
    """Texts around a picture; each is shown if the page asks for it."""

    title: str = ""
    caption: str = ""
    figures: tuple[tuple[str, str], ...] = ()  # (name, value)


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A line of text with the left end of its baseline."""

    x: float
    y: float
    text: str
    pixels: float
    colour: Literal["text", "muted"]
    is_bold: bool = False


class Surroundings:
    """What stands above and below a picture in a given width, in units of its own from the left and the top of each."""

    def __init__(self, page: Page, words: SheetText, entries: Sequence[LegendEntry], width: float) -> None:
        self.width = width
        title = (page.title_text or words.title) if page.title else ""
        self.above = list(_place_titles(title, page.subtitle if page.title else "", width))
        self.above_height = self.above[-1].y + _TITLE_END if self.above else 0.0
        self.below: list[PlacedText] = []
        self.rules: list[float] = []  # where lines run across
        self.entries = entries if page.legend else ()
        y = self._place_figures(words.figures if page.figures else (), 0.0)
        y = self._place_caption((page.caption_text or words.caption) if page.caption else "", y)
        self.legend_top = y + _GAP
        self.legend_height = legend_height(self.entries, width)
        self.below_height = self.legend_top + self.legend_height if self.entries else y

    @property
    def height(self) -> float:
        """Of all that stands above and below."""
        return self.above_height + self.below_height

    def _place_figures(self, figures: Sequence[tuple[str, str]], y: float) -> float:
        for number, row in enumerate(_wrap_figures(figures, self.width)):
            y += 0 if number else _GAP
            self.rules.append(y)
            x = 0.0
            for name, value in row:
                self.below.append(PlacedText(x, y + 17, name, _FIGURE_NAME_PX, "muted"))
                self.below.append(PlacedText(x, y + 35, value, _FIGURE_VALUE_PX, "text", True))
                x += figure_width(name, value) + _FIGURE_GAP
            y += _FIGURE_ROW
        return y

    def _place_caption(self, caption: str, y: float) -> float:
        for number, line in enumerate(_wrap_phrases(caption, self.width)):
            y += 0 if number else _GAP
            self.below.append(PlacedText(0, y + 12, line, _CAPTION_PX, "muted"))
            y += _CAPTION_ROW
        return y

    def paint_above(self, painter: QPainter, theme: Theme) -> None:
        """Paint the titles, their top left corner at the origin."""
        _paint_texts(painter, theme, self.above)

    def paint_below(self, painter: QPainter, theme: Theme) -> None:
        """Paint figures, caption and legend, their top left corner at the origin."""
        painter.setPen(QPen(theme.named_colour("border"), 1.0))
        for y in self.rules:
            painter.drawLine(QPointF(0, y), QPointF(self.width, y))
        _paint_texts(painter, theme, self.below)
        if self.entries:
            paint_legend(painter, self.entries, QRectF(0, self.legend_top, self.width, self.legend_height), theme)


def title_width(text: str) -> float:
    """Return the width of a title that is not wrapped."""
    return text_width(text, _TITLE_PX, True)


def figure_width(name: str, value: str) -> float:
    """Return the width of a figure with its name above it."""
    return max(text_width(name, _FIGURE_NAME_PX), text_width(value, _FIGURE_VALUE_PX, True))


def _paint_texts(painter: QPainter, theme: Theme, texts: Iterable[PlacedText]) -> None:
    for placed in texts:
        painter.setFont(diagram_font(placed.pixels, placed.is_bold))
        painter.setPen(theme.named_colour(placed.colour))
        draw_text(painter, QPointF(placed.x, placed.y), placed.text)


def _place_titles(title: str, subtitle: str, width: float) -> Iterator[PlacedText]:
    y = 14.0
    for line in _wrap_words(title, width, _TITLE_PX, True) if title else ():
        yield PlacedText(0, y, line, _TITLE_PX, "text", True)
        y += _TITLE_ROW
    y -= 4.0 if title else 0.0
    for line in _wrap_words(subtitle, width, _SUBTITLE_PX) if subtitle else ():
        yield PlacedText(0, y, line, _SUBTITLE_PX, "muted")
        y += _SUBTITLE_ROW


def _wrap_figures(figures: Iterable[tuple[str, str]], max_width: float) -> Iterator[list[tuple[str, str]]]:
    row: list[tuple[str, str]] = []
    x = 0.0
    for figure in figures:
        width = figure_width(*figure)
        if row and x + width > max_width:
            yield row
            row, x = [], 0.0
        row.append(figure)
        x += width + _FIGURE_GAP
    if row:
        yield row


def _wrap_phrases(text: str, max_width: float) -> Iterator[str]:
    """Lines of whole phrases, which " · " sets apart; of whole words where a phrase is too long."""
    line = ""
    for phrase in text.split(" · ") if text else ():
        longer = f"{line} · {phrase}" if line else phrase
        if text_width(longer, _CAPTION_PX) <= max_width:
            line = longer
            continue
        if line:
            yield line
        *full, line = _wrap_words(phrase, max_width, _CAPTION_PX)
        yield from full
    if line:
        yield line


def _wrap_words(phrase: str, max_width: float, pixels: float, bold: bool = False) -> Iterator[str]:
    """Lines of whole words, or ideographs, each with the marks around it; what is wider than a line is cut."""
    line = ""
    for piece in _PIECE.findall(phrase):
        if line and text_width(line + piece, pixels, bold) > max_width:
            yield line
            line = piece.lstrip(" ")
        else:
            line += piece
        while len(line) > 1 and text_width(line, pixels, bold) > max_width:
            fits = bisect_right(range(2, len(line)), max_width, key=lambda n: text_width(line[:n], pixels, bold)) + 1
            yield line[:fits]
            line = line[fits:]
    yield line
