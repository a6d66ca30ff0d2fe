"""A picture with what stands around it: title, figures, caption and legend, in the drawing's own units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from explorer.drawing import Theme, named
from explorer.drawing.legend import Entry, legend_height, paint_legend
from explorer.drawing.theme import advance, font
from explorer.export.page import Page

_TITLE, _TITLE_ROW = 19.0, 34.0
_CAPTION, _CAPTION_ROW = 12.0, 17.0
_NAME, _VALUE, _FIGURE_ROW, _FIGURE_GAP = 11.0, 14.0, 44.0, 30.0
_GAP = 12.0  # between the picture and what is written below it
_LEAST = 420.0  # width from which neither a legend nor a caption is a tower


class Content(Protocol):
    """What can be put on a sheet: a `Picture`, or anything else that paints itself."""

    @property
    def width(self) -> float: ...

    @property
    def height(self) -> float: ...

    @property
    def legend(self) -> Sequence[Entry]: ...

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        """Paint at least the exposed part, in units of the drawing; `scale` is pixels for each of them."""
        ...


@dataclass(frozen=True)
class Words:
    """What is written around a picture, if the page wants it."""

    title: str = ""
    caption: str = ""
    figures: tuple[tuple[str, str], ...] = ()  # (name, value)


class Part:
    """A part of some content, and nothing beyond its edges."""

    def __init__(self, content: Content, part: QRectF) -> None:
        self._content, self._part = content, part
        self.width, self.height, self.legend = part.width(), part.height(), content.legend

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width, self.height))
        painter.translate(-self._part.topLeft())
        self._content.paint(painter, theme, exposed.translated(self._part.topLeft()) & self._part, scale)
        painter.restore()


class Sheet:
    """Painting it changes nothing, and may happen on any thread."""

    def __init__(self, content: Content, page: Page = Page(), words: Words = Words()) -> None:
        self.content, self.page, self.theme = content, page, named(page.theme)
        self.title = words.title if page.title else ""
        self._entries = content.legend if page.legend else ()
        caption = words.caption if page.caption else ""
        figures = words.figures if page.figures else ()
        written = _LEAST if caption or figures or self._entries else 1.0
        inner = max(content.width, advance(self.title, _TITLE, True), min(written, _LEAST))
        inner = max([inner, *(_figure_width(name, value) for name, value in figures)])
        self._caption = list(_wrapped(caption, inner))
        self._figures = list(_in_rows(figures, inner))
        self._inner = inner
        self._legend = legend_height(self._entries, inner)
        self.above = _TITLE_ROW if self.title else 0.0
        heights = (_FIGURE_ROW * len(self._figures), _CAPTION_ROW * len(self._caption), self._legend)
        below = sum(height + _GAP for height in heights if height)
        self.width = inner + 2 * page.margin
        self.height = content.height + 2 * page.margin + self.above + below
        if self.width <= 0 or self.height <= 0:
            self.width, self.height = max(self.width, 1.0), max(self.height, 1.0)

    @property
    def scale(self) -> float:
        """Pixels for each unit, as the page wants it."""
        return self.page.scale_for(self.width)

    def paint(self, painter: QPainter, scale: float, exposed: QRectF | None = None) -> None:
        """Paint the sheet, or at least the exposed part of it, in its own units."""
        exposed = exposed if exposed is not None else QRectF(0, 0, self.width, self.height)
        margin, theme = self.page.margin, self.theme
        if not self.page.transparent:
            painter.fillRect(QRectF(0, 0, self.width, self.height) & exposed, theme.of("canvas"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.title:
            painter.setFont(font(_TITLE, bold=True))
            painter.setPen(theme.of("text"))
            painter.drawText(QPointF(margin, margin + 14), self.title)
        place = QPointF((self.width - self.content.width) / 2, margin + self.above)
        painter.save()
        painter.translate(place)
        seen = exposed.translated(-place) & QRectF(0, 0, self.content.width, self.content.height)
        if not seen.isEmpty():
            self.content.paint(painter, theme, seen, scale)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = place.y() + self.content.height
        if y < exposed.bottom():
            self._paint_below(painter, y)

    def _paint_below(self, painter: QPainter, y: float) -> None:
        left, theme = self.page.margin, self.theme
        if self._figures:
            y += _GAP
            for row in self._figures:
                self._paint_figures(painter, row, y)
                y += _FIGURE_ROW
        if self._caption:
            y += _GAP
            painter.setFont(font(_CAPTION))
            painter.setPen(theme.of("muted"))
            for line in self._caption:
                painter.drawText(QPointF(left, y + 12), line)
                y += _CAPTION_ROW
        if self._entries:
            y += _GAP
            paint_legend(painter, self._entries, QRectF(left, y, self._inner, self._legend), theme)

    def _paint_figures(self, painter: QPainter, row: Sequence[tuple[str, str]], y: float) -> None:
        x, theme = self.page.margin, self.theme
        painter.setPen(QPen(theme.of("border"), 1.0))
        painter.drawLine(QPointF(x, y), QPointF(x + self._inner, y))
        for name, value in row:
            painter.setPen(theme.of("muted"))
            painter.setFont(font(_NAME))
            painter.drawText(QPointF(x, y + 17), name)
            painter.setPen(theme.of("text"))
            painter.setFont(font(_VALUE, bold=True))
            painter.drawText(QPointF(x, y + 35), value)
            x += _figure_width(name, value) + _FIGURE_GAP


def _figure_width(name: str, value: str) -> float:
    return max(advance(name, _NAME), advance(value, _VALUE, True))


def _in_rows(figures: Iterable[tuple[str, str]], room: float) -> Iterator[list[tuple[str, str]]]:
    row: list[tuple[str, str]] = []
    x = 0.0
    for figure in figures:
        width = _figure_width(*figure)
        if row and x + width > room:
            yield row
            row, x = [], 0.0
        row.append(figure)
        x += width + _FIGURE_GAP
    if row:
        yield row


def _wrapped(text: str, room: float) -> Iterator[str]:
    """Lines of whole phrases, which " · " sets apart; of whole words where a phrase is too long."""
    line = ""
    for phrase in text.split(" · ") if text else ():
        longer = f"{line} · {phrase}" if line else phrase
        if advance(longer, _CAPTION) <= room:
            line = longer
            continue
        if line:
            yield line
        *full, line = _by_words(phrase, room)
        yield from full
    if line:
        yield line


def _by_words(phrase: str, room: float) -> Iterator[str]:
    line = ""
    for word in phrase.split(" "):
        longer = f"{line} {word}" if line else word
        if line and advance(longer, _CAPTION) > room:
            yield line
            line = word
        else:
            line = longer
    yield line


__all__ = ["Content", "Part", "Sheet", "Words"]
