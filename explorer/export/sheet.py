"""A picture on a page: title, figures, caption and legend around it, in drawing units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from explorer.drawing import Picture, Theme, get_theme
from explorer.drawing.legend import LegendEntry, legend_height, paint_legend
from explorer.drawing.theme import diagram_font, text_width
from explorer.export.page import Page

_TITLE_PX, _TITLE_HEIGHT = 19.0, 34.0
_CAPTION_PX, _CAPTION_HEIGHT = 12.0, 17.0
_FIGURE_NAME_PX, _FIGURE_VALUE_PX, _FIGURE_HEIGHT, _FIGURE_GAP = 11.0, 14.0, 44.0, 30.0
_GAP = 12.0  # between the picture and what is written below it
_MIN_WIDTH = 420.0  # width from which neither a legend nor a caption is a tower


class SheetContent(Protocol):
    """Protocol of what a sheet can hold: a `Picture`, or anything else that paints itself."""

    @property
    def width(self) -> float:
        """Width in drawing units."""
        ...

    @property
    def height(self) -> float:
        """Height in drawing units."""
        ...

    @property
    def legend(self) -> Sequence[LegendEntry]:
        """Entries of the legend below the content; empty for none."""
        ...

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        """Paint at least the exposed part, in drawing units; `scale` is pixels per unit."""
        ...


@dataclass(frozen=True)
class SheetText:
    """Texts around a picture; each is shown if the page asks for it."""

    title: str = ""
    caption: str = ""
    figures: tuple[tuple[str, str], ...] = ()  # (name, value)


class CroppedPicture:
    """A region of a picture, clipped at its edges; its legend is of what is in it."""

    def __init__(self, picture: Picture, part: QRectF) -> None:
        self._content, self._region = picture, part
        self.width, self.height, self.legend = part.width(), part.height(), picture.legend_in(part)

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        """Paint the region, moved to the origin."""
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width, self.height))
        painter.translate(-self._region.topLeft())
        self._content.paint(painter, theme, exposed.translated(self._region.topLeft()) & self._region, scale)
        painter.restore()


class Sheet:
    """Content with everything around it. Painting does not change it and is safe on any thread."""

    def __init__(self, content: SheetContent, page: Page = Page(), words: SheetText = SheetText()) -> None:
        self.content, self.page, self.theme = content, page, get_theme(page.theme)
        self.title = words.title if page.title else ""
        self._entries = content.legend if page.legend else ()
        caption = words.caption if page.caption else ""
        figures = words.figures if page.figures else ()
        written = _MIN_WIDTH if caption or figures or self._entries else 1.0
        inner = max(content.width, text_width(self.title, _TITLE_PX, True), min(written, _MIN_WIDTH))
        inner = max([inner, *(_figure_width(name, value) for name, value in figures)])
        self._caption_lines = list(_wrap_caption(caption, inner))
        self._figure_rows = list(_wrap_figures(figures, inner))
        self._inner_width = inner
        self._legend_height = legend_height(self._entries, inner)
        self.title_height = _TITLE_HEIGHT if self.title else 0.0
        heights = (
            _FIGURE_HEIGHT * len(self._figure_rows),
            _CAPTION_HEIGHT * len(self._caption_lines),
            self._legend_height,
        )
        below = sum(height + _GAP for height in heights if height)
        self.width = inner + 2 * page.margin
        self.height = content.height + 2 * page.margin + self.title_height + below
        if self.width <= 0 or self.height <= 0:
            self.width, self.height = max(self.width, 1.0), max(self.height, 1.0)

    @property
    def scale(self) -> float:
        """Pixels per drawing unit that the page asks for."""
        return self.page.scale_for(self.width)

    def paint(self, painter: QPainter, scale: float, exposed: QRectF | None = None) -> None:
        """Paint the whole sheet, or at least the exposed part, in its own units."""
        exposed = exposed if exposed is not None else QRectF(0, 0, self.width, self.height)
        margin, theme = self.page.margin, self.theme
        if not self.page.transparent:
            painter.fillRect(QRectF(0, 0, self.width, self.height) & exposed, theme.named_colour("canvas"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.title:
            painter.setFont(diagram_font(_TITLE_PX, bold=True))
            painter.setPen(theme.named_colour("text"))
            painter.drawText(QPointF(margin, margin + 14), self.title)
        place = QPointF((self.width - self.content.width) / 2, margin + self.title_height)
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
        if self._figure_rows:
            y += _GAP
            for row in self._figure_rows:
                self._paint_figures(painter, row, y)
                y += _FIGURE_HEIGHT
        if self._caption_lines:
            y += _GAP
            painter.setFont(diagram_font(_CAPTION_PX))
            painter.setPen(theme.named_colour("muted"))
            for line in self._caption_lines:
                painter.drawText(QPointF(left, y + 12), line)
                y += _CAPTION_HEIGHT
        if self._entries:
            y += _GAP
            paint_legend(painter, self._entries, QRectF(left, y, self._inner_width, self._legend_height), theme)

    def _paint_figures(self, painter: QPainter, row: Sequence[tuple[str, str]], y: float) -> None:
        x, theme = self.page.margin, self.theme
        painter.setPen(QPen(theme.named_colour("border"), 1.0))
        painter.drawLine(QPointF(x, y), QPointF(x + self._inner_width, y))
        for name, value in row:
            painter.setPen(theme.named_colour("muted"))
            painter.setFont(diagram_font(_FIGURE_NAME_PX))
            painter.drawText(QPointF(x, y + 17), name)
            painter.setPen(theme.named_colour("text"))
            painter.setFont(diagram_font(_FIGURE_VALUE_PX, bold=True))
            painter.drawText(QPointF(x, y + 35), value)
            x += _figure_width(name, value) + _FIGURE_GAP


def _figure_width(name: str, value: str) -> float:
    return max(text_width(name, _FIGURE_NAME_PX), text_width(value, _FIGURE_VALUE_PX, True))


def _wrap_figures(figures: Iterable[tuple[str, str]], max_width: float) -> Iterator[list[tuple[str, str]]]:
    row: list[tuple[str, str]] = []
    x = 0.0
    for figure in figures:
        width = _figure_width(*figure)
        if row and x + width > max_width:
            yield row
            row, x = [], 0.0
        row.append(figure)
        x += width + _FIGURE_GAP
    if row:
        yield row


def _wrap_caption(text: str, max_width: float) -> Iterator[str]:
    """Lines of whole phrases, which " · " sets apart; of whole words where a phrase is too long."""
    line = ""
    for phrase in text.split(" · ") if text else ():
        longer = f"{line} · {phrase}" if line else phrase
        if text_width(longer, _CAPTION_PX) <= max_width:
            line = longer
            continue
        if line:
            yield line
        *full, line = _wrap_words(phrase, max_width)
        yield from full
    if line:
        yield line


def _wrap_words(phrase: str, max_width: float) -> Iterator[str]:
    line = ""
    for word in phrase.split(" "):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, _CAPTION_PX) > max_width:
            yield line
            line = word
        else:
            line = longer
    yield line


__all__ = ["CroppedPicture", "Sheet", "SheetContent", "SheetText"]
