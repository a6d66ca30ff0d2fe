"""A picture on a page: title, figures, caption and legend around it, in drawing units.

Invariant: on a page of a given format, nothing is outside of it, and text around the picture has the size that the
format says, however large the picture is; only where it would take most of the page it is smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from explorer.drawing import Theme, get_theme
from explorer.drawing.card_text import TITLE_PX
from explorer.drawing.cards import MIN_CARD_TITLE_PX
from explorer.drawing.legend import LegendEntry
from explorer.drawing.picture import Announce, Picture, compose_picture, no_announcement
from explorer.export.page import CARD_TEXT_POINTS, POINTS_TOLERANCE, UNITS_PER_INCH, Page
from explorer.export.surroundings import CAPTION_POINTS, SheetText, Surroundings, figure_width, title_width
from explorer.layout import Fit
from explorer.viewmodels.diagram import Direction

_MIN_WIDTH = 420.0  # width from which neither a legend nor a caption is a tower
_HALF, _WORTH_TURNING = 0.55, 1.25  # of the page that is filled, and what a picture must gain in size
_LEAST_DETAIL = MIN_CARD_TITLE_PX / TITLE_PX  # pixels per unit from which on every card has its own title
_MOST_TEXT = 0.6  # of the height of a page, however much is written around its picture


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

    def paint(
        self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, *, announce: Announce = no_announcement
    ) -> None:
        """Paint at least the exposed part, in drawing units; `scale` is pixels per unit. `announce` is told what is
        painted next."""
        ...


class CroppedPicture:
    """A region of a picture, clipped at its edges."""

    def __init__(self, content: Picture, part: QRectF) -> None:
        self.picture, self.region = content, part
        self.width, self.height, self.legend = part.width(), part.height(), content.legend_in(part)

    def paint(
        self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, *, announce: Announce = no_announcement
    ) -> None:
        """Paint the region, moved to the origin."""
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.width, self.height))
        painter.translate(-self.region.topLeft())
        seen = exposed.translated(self.region.topLeft()) & self.region
        self.picture.paint(painter, theme, seen, scale, announce=announce)
        painter.restore()


class Sheet:
    """Content with everything around it. Painting does not change it and is safe on any thread."""

    def __init__(self, content: SheetContent, page: Page = Page(), words: SheetText = SheetText()) -> None:
        self.content, self.page, self.words, self.theme = content, page, words, get_theme(page.theme)
        self.title = (page.title_text or words.title) if page.title else ""
        self.margin = _margin(page)
        inner = _inner_width(page) if page.paper is not None else self._natural_width(words)
        self.around, self.text_scale = _surround(page, words, content.legend, inner)
        self.title_height = self.around.above_height * self.text_scale
        below = self.around.below_height * self.text_scale
        self.zoom, height = page.max_zoom, content.height * page.max_zoom
        if page.format is not None:
            room = self.room
            self.zoom = room.zoom(max(content.width, 1.0), max(content.height, 1.0))
            height = room.height if page.format.is_fixed else content.height * self.zoom
        self._room_height = height
        self.width = max(inner + 2 * self.margin, 1.0)
        self.height = max(height + 2 * self.margin + self.title_height + below, 1.0)

    def _natural_width(self, words: SheetText) -> float:
        """The width of a page that is as large as its picture."""
        page = self.page
        caption, figures = (page.caption_text or words.caption) if page.caption else "", words.figures
        is_written = bool(caption or (page.figures and figures) or (page.legend and self.content.legend))
        width = max(self.content.width * page.max_zoom, title_width(self.title), _MIN_WIDTH if is_written else 1.0)
        return max([width, *(figure_width(name, value) for name, value in figures if page.figures)])

    @property
    def scale(self) -> float:
        """Pixels per drawing unit that the page asks for."""
        return self.page.scale_for(self.width)

    @property
    def room(self) -> Fit:
        """What a page of a given format has for its content."""
        return _room(self.page, self.around.height * self.text_scale)

    @property
    def filled(self) -> float:
        """The part of the room on a page of a given format that the content takes."""
        room = self.room
        return self.zoom**2 * self.content.width * self.content.height / (room.width * room.height)

    @property
    def text_points(self) -> float:
        """The size of the lines on cards, in points on the page."""
        return self.zoom * CARD_TEXT_POINTS

    @property
    def is_readable(self) -> bool:
        """Whether lines on cards are as large as the page asks for at least."""
        return self.text_points >= self.page.least_points - POINTS_TOLERANCE

    @property
    def content_place(self) -> QPointF:
        """The top left corner of the content."""
        spare = self._room_height - self.content.height * self.zoom
        top = self.margin + self.title_height + spare / 2
        return QPointF((self.width - self.content.width * self.zoom) / 2, top)

    @property
    def below_place(self) -> QPointF:
        """The top left corner of what is written below the content."""
        return QPointF(self.margin, self.margin + self.title_height + self._room_height)

    def paint(
        self,
        painter: QPainter,
        scale: float,
        exposed: QRectF | None = None,
        announce: Announce = no_announcement,
    ) -> None:
        """Paint the whole sheet, or at least the exposed part, in its own units."""
        exposed = exposed if exposed is not None else QRectF(0, 0, self.width, self.height)
        if not self.page.transparent:
            painter.fillRect(QRectF(0, 0, self.width, self.height) & exposed, self.theme.named_colour("canvas"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.translate(self.margin, self.margin)
        painter.scale(self.text_scale, self.text_scale)
        self.around.paint_above(painter, self.theme)
        painter.restore()
        self._paint_content(painter, scale, exposed, announce)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.below_place.y() < exposed.bottom():
            painter.save()
            painter.translate(self.below_place)
            painter.scale(self.text_scale, self.text_scale)
            self.around.paint_below(painter, self.theme)
            painter.restore()

    def _paint_content(self, painter: QPainter, scale: float, exposed: QRectF, announce: Announce) -> None:
        place, zoom = self.content_place, self.zoom
        seen = exposed.translated(-place)
        seen = QRectF(seen.x() / zoom, seen.y() / zoom, seen.width() / zoom, seen.height() / zoom)
        seen &= QRectF(0, 0, self.content.width, self.content.height)
        if seen.isEmpty():
            return
        painter.save()
        painter.translate(place)
        if zoom != 1:
            painter.scale(zoom, zoom)
        # titles of stages seen from afar stand above them, where a page has its own title
        detail = max(scale * zoom, _LEAST_DETAIL) if self.page.paper is not None else scale * zoom
        self.content.paint(painter, self.theme, seen, detail, announce=announce)
        painter.restore()


def fill_sheet(content: SheetContent, page: Page, words: SheetText) -> Sheet:
    """Return content on a page; the cards of a diagram are laid out anew so that they fill a page of a given format.

    What cannot be broken into columns and leaves half of the page empty, such as a block with a shortcut, flows to the
    right instead where it is much larger so.
    """
    if page.paper is None or not isinstance(content, Picture):
        return Sheet(content, page, words)
    sheet = _fit_to_page(content, page, words, page.direction)
    if page.direction == "columns" and sheet.zoom < page.max_zoom and sheet.filled < _HALF:
        turned = _fit_to_page(content, page, words, "right")
        return turned if turned.zoom > _WORTH_TURNING * sheet.zoom else sheet
    return sheet


def _fit_to_page(content: Picture, page: Page, words: SheetText, direction: Direction) -> Sheet:
    around, scale = _surround(page, words, content.legend, _inner_width(page))
    room = _room(page, around.height * scale)
    return Sheet(compose_picture(content.diagram, direction, fit=room), page, words)


def _margin(page: Page) -> float:
    return page.format.margin * UNITS_PER_INCH if page.format is not None else page.margin


def _surround(page: Page, words: SheetText, entries: Sequence[LegendEntry], width: float) -> tuple[Surroundings, float]:
    """Return the texts of a page and their scale: as the format says, or smaller where the picture had no room."""
    scale = page.format.text_points / CAPTION_POINTS if page.format is not None else 1.0
    around = Surroundings(page, words, entries, width / scale)
    while page.format is not None and around.height * scale > _MOST_TEXT * _inner_height(page):
        scale *= 0.9
        around = Surroundings(page, words, entries, width / scale)
    return around, scale


def _inner_width(page: Page) -> float:
    assert page.format is not None
    return page.format.width * UNITS_PER_INCH - 2 * _margin(page)


def _inner_height(page: Page) -> float:
    assert page.format is not None
    return page.format.height * UNITS_PER_INCH - 2 * _margin(page)


def _room(page: Page, written: float) -> Fit:
    """What is left of a page for its picture beside texts of this height."""
    return Fit(_inner_width(page), _inner_height(page) - written, page.max_zoom)


__all__ = ["CroppedPicture", "Sheet", "SheetContent", "SheetText", "fill_sheet"]
