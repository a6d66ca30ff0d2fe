"""Two networks beside each other on one sheet, with what differs marked, their names and their figures.

Invariant: both pictures have one scale, and each card of either is on the sheet once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from explorer.base import number_format
from explorer.drawing import Theme, compose_picture
from explorer.drawing.legend import LegendEntry, LegendText
from explorer.drawing.picture import Announce, Picture, no_announcement
from explorer.drawing.theme import diagram_font, draw_text, text_width
from explorer.export.page import READABLE_POINTS, Page
from explorer.export.sheet import Sheet, fill_sheet
from explorer.export.sheet_text import sheet_text
from explorer.export.spread import spread_sheet
from explorer.export.surroundings import SheetText
from explorer.layout import Fit
from explorer.presenters import build_summary
from explorer.presenters.difference_text import difference_headline
from explorer.presenters.pair_diagrams import Side, build_pair_diagram
from explorer.viewmodels.diagram import ColourScale
from explorer.viewmodels.panels import HeadlineFigure

if TYPE_CHECKING:
    from explorer.network import Network
    from explorer.presenters.differences import Differences

_GAP = 48.0  # between the two, in drawing units
NAME_PX, _NAME_ROW = 15.0, 30.0
_WIDEST = 2.4  # width by height from which one stands above the other


@dataclass(frozen=True)
class PairSide:
    """A network of the two, as it is named and unfolded."""

    network: Network
    name: str
    expanded: frozenset[str]


class PairContent:
    """Two pictures under their names: beside each other, or one above the other; by default the latter where they are
    wide."""

    def __init__(
        self, pictures: tuple[Picture, Picture], names: tuple[str, str], *, is_beside: bool | None = None
    ) -> None:
        self.pictures, self.names = pictures, names
        one, two = pictures
        high = _NAME_ROW + max(one.height, two.height)
        self.is_beside = one.width + _GAP + two.width <= _WIDEST * high if is_beside is None else is_beside
        widths = [max(p.width, text_width(n, NAME_PX, True)) for p, n in zip(pictures, names, strict=True)]
        if self.is_beside:
            self.places = (QPointF(0, _NAME_ROW), QPointF(widths[0] + _GAP, _NAME_ROW))
            self.width, self.height = sum(widths) + _GAP, high
        else:
            self.places = (QPointF(0, _NAME_ROW), QPointF(0, 2 * _NAME_ROW + one.height + _GAP / 2))
            self.width, self.height = max(widths), self.places[1].y() + two.height

    @property
    def name_places(self) -> tuple[QPointF, QPointF]:
        """The left end of the baseline of each name."""
        left, right = self.places
        return left - QPointF(0, _NAME_ROW - 16), right - QPointF(0, _NAME_ROW - 16)

    @property
    def legend(self) -> Sequence[LegendEntry]:
        """What occurs in either; where both have a scale of their own, with the letter of the side that it is of."""
        scales = [picture.diagram.scale for picture in self.pictures]
        if any(scale is None or scale.labels for scale in scales) or _ends(scales[0]) == _ends(scales[1]):
            return tuple(dict.fromkeys((*self.pictures[0].legend, *self.pictures[1].legend)))
        named = (_with_side(letter, picture.legend) for letter, picture in zip("AB", self.pictures, strict=True))
        return tuple(dict.fromkeys(entry for entries in named for entry in entries))

    def paint(
        self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, *, announce: Announce = no_announcement
    ) -> None:
        """Paint both; `announce` is told the cards of each under a letter of its own, as both may have the same."""
        for name, place in zip(self.names, self.name_places, strict=True):
            painter.setFont(diagram_font(NAME_PX, True))
            painter.setPen(theme.named_colour("text"))
            draw_text(painter, place, name)
        for letter, picture, place in zip("AB", self.pictures, self.places, strict=True):
            seen = exposed.translated(-place) & picture.bounds
            if seen.isEmpty():
                continue
            painter.save()
            painter.translate(place)
            picture.paint(painter, theme, seen, scale, announce=_with_letter(announce, letter))
            painter.restore()


def build_pair_sheet(left: PairSide, right: PairSide, differences: Differences, page: Page) -> Sheet:
    """Return both networks on a page, unfolded as their sides say, titled with both names.

    Args:
        differences: of the left network and the right one.
        page: its direction, colours, theme and size count; what is drawn and unfolded does not.
    """
    sides: tuple[tuple[PairSide, Side], ...] = ((left, "left"), (right, "right"))
    diagrams = [
        build_pair_diagram(side.network.analysis, side.expanded, differences, which, page.by) for side, which in sides
    ]
    names = (f"A · {left.name}", f"B · {right.name}")
    figures = build_summary(right.network.analysis, left.network.analysis).headline_figures
    words = SheetText(f"{left.name} → {right.name}", "", tuple(_figure_row(figure) for figure in figures))
    page = replace(page, subtitle=page.subtitle or difference_headline(differences), caption=False, figures=True)
    one, two = (compose_picture(diagram, page.direction) for diagram in diagrams)
    plain = Sheet(PairContent((one, two), names), page, words)
    if page.paper is None:
        return plain
    sheets = [Sheet(PairContent((one, two), names, is_beside=way), page, words) for way in (True, False)]
    for way in (True, False):  # the one that is larger on the page, each picture wrapped for its half of it
        fit = _half_room(plain, is_beside=way)
        one, two = (compose_picture(diagram, page.direction, fit=fit) for diagram in diagrams)
        sheets.append(Sheet(PairContent((one, two), names, is_beside=way), page, words))
    return max(sheets, key=lambda sheet: sheet.zoom)


def build_pair_sheets(left: PairSide, right: PairSide, differences: Differences, page: Page) -> list[Sheet]:
    """Return both networks on a page, or, where nobody could read them there, each on the pages that it takes, marked
    and headed by what differs. Side by side they are worth smaller text than a picture alone. Arguments are those of
    `build_pair_sheet`."""
    pair = build_pair_sheet(left, right, differences, page)
    if pair.text_points >= READABLE_POINTS or page.format is None or not page.format.is_fixed:
        return [pair]
    page, sheets = replace(page, subtitle=pair.page.subtitle, slides="fit"), []
    sides: tuple[tuple[PairSide, str, Side], ...] = ((left, "A", "left"), (right, "B", "right"))
    for side, letter, which in sides:
        diagram = build_pair_diagram(side.network.analysis, side.expanded, differences, which, page.by)
        words = replace(sheet_text(side.network), title=f"{letter} · {side.name}")
        whole = fill_sheet(compose_picture(diagram, page.direction), page, words)
        sheets += spread_sheet(whole, partial(sheet_text, side.network))
    return sheets


def _half_room(sheet: Sheet, *, is_beside: bool) -> Fit:
    """What a page has for each of two pictures."""
    room = sheet.room
    if is_beside:
        return Fit((room.width - _GAP) / 2, room.height - _NAME_ROW, room.max_zoom)
    return Fit(room.width, (room.height - _GAP / 2) / 2 - _NAME_ROW, room.max_zoom)


def _ends(scale: ColourScale | None) -> tuple[str, str] | None:
    return (scale.low, scale.high) if scale is not None else None


def _with_side(letter: str, entries: Sequence[LegendEntry]) -> Iterator[LegendEntry]:
    for entry in entries:
        if isinstance(entry, LegendText) and entry.symbol == "title":
            yield replace(entry, text=f"{letter} · {entry.text}")
        else:
            yield entry


def _with_letter(announce: Announce, letter: str) -> Announce:
    return lambda kind, id: announce(kind, f"{letter}-{id}" if kind else id)


def _figure_row(figure: HeadlineFigure) -> tuple[str, str]:
    values = [_format(value, figure.unit) for value in (figure.baseline, figure.now)]
    if values[0] == values[1]:
        return figure.name, values[0]
    return figure.name, f"{values[0]} → {values[1]}"


def _format(value: float, unit: str) -> str:
    if unit == "bytes":
        return number_format.format_bytes(value)
    return f"{number_format.format_short(value)} {unit}".strip()
