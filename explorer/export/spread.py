"""A picture spread over as many pages as its text needs to be read, as books spread a long table.

Invariant: lines on cards are as large as the page asks for at least, unless even `MAX_PAGES` pages do not do.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise

from explorer.base.languages import tr
from explorer.drawing.picture import Picture, compose_picture
from explorer.export.page import CARD_TEXT_POINTS, POINTS_TOLERANCE, Page
from explorer.export.sheet import Sheet, fill_sheet
from explorer.export.surroundings import SheetText
from explorer.presenters.diagram_parts import DiagramParts, PageOf
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import Diagram, ProgressCallback

#: More of them nobody turns over: the whole on one page is said to be too small then.
MAX_PAGES = 40
_LATEST_CUT = 0.5  # of what fits on a page it may hold so little, where it can be cut better there
_ROUNDS = 4  # to even out pages

#: Texts around a picture of these nodes and groups.
WordsOf = Callable[[Sequence[str]], SheetText]


def spread_sheet(sheet: Sheet, words_of: WordsOf, report_progress: ProgressCallback = float) -> list[Sheet]:
    """Return a sheet, or where text on its cards would be too small the sheets that its diagram is spread over.

    `words_of` gives the texts around a part. `report_progress` may raise to cancel. Needs a QGuiApplication.
    """
    page, content = sheet.page, sheet.content
    may_spread = page.slides == "fit" and page.format is not None and page.format.is_fixed
    if not may_spread or sheet.is_readable or not isinstance(content, Picture):
        return [sheet]
    found = []
    for spreads_widely in (False, True):
        spread = _Spread(content.diagram, page, sheet.title, words_of, report_progress, spreads_widely=spreads_widely)
        starts = spread.find_starts()
        if starts:
            sheets = spread.fill(starts)
            points = min(each.text_points for each in sheets)
            found += [(len(sheets), -points, sheets)] if points >= page.least_points - POINTS_TOLERANCE else []
    return min(found, key=lambda each: each[:2])[2] if found else [sheet]


class _Spread:
    """Ways to cut one diagram into pages, in which links go on to several others where it `spreads_widely`."""

    def __init__(
        self,
        diagram: Diagram,
        page: Page,
        title: str,
        words_of: WordsOf,
        report_progress: ProgressCallback,
        *,
        spreads_widely: bool,
    ) -> None:
        self.parts = DiagramParts(diagram)
        self.page, self.title, self.words_of, self.report_progress = page, title, words_of, report_progress
        self.spreads_widely = spreads_widely
        self.widest = cache(self._fill_widest)  # page with the cards from one place to another

    def find_starts(self) -> list[int]:
        """Return the first card of each page: of as few pages as can be, in which text is as large as can be; none
        where even many do not do."""
        least = self.page.least_points - POINTS_TOLERANCE
        best = self._cut(least, MAX_PAGES)
        low, high = least, self.page.max_zoom * CARD_TEXT_POINTS
        for _ in range(_ROUNDS if best and high - low > 2 * POINTS_TOLERANCE else 0):
            middle = (low + high) / 2
            other = self._cut(middle, len(best))
            if other:
                best, low = other, middle
            else:
                high = middle
        return best

    def _cut(self, points: float, most: int) -> list[int]:
        """Starts of pages with text of this size; none where they would be more than `most`."""
        starts, end, guess = [0], 0, 8
        while True:
            end = self._find_end(starts[-1], guess, points)
            if end == len(self.parts.cards):
                return starts
            guess = end - starts[-1]
            starts.append(end)
            if len(starts) > most:
                return []

    def _find_end(self, start: int, guess: int, points: float) -> int:
        """Where the page that begins at a card ends: as late as fits, or a little before, where it hurts less."""
        whole = len(self.parts.cards)
        fitting, failing = start + 1, whole + 1  # a card alone always has a page
        probe = min(start + guess, whole)
        while failing - fitting > 1:
            if probe > fitting and self._points(start, probe) >= points:
                fitting, probe = probe, min(2 * probe - start, whole) if failing > whole else 0
            elif probe > fitting:
                failing, probe = probe, 0
            if not fitting < probe < failing:
                probe = (fitting + failing) // 2
        if fitting == whole:
            return whole
        costs, earliest = self.parts.cut_costs, start + max(1, round(_LATEST_CUT * (fitting - start)))
        return min(range(earliest, fitting + 1), key=lambda end: (costs[end], -end))

    def _points(self, begin: int, end: int) -> float:
        """Size of text on a page with the cards from one place to another."""
        self.report_progress(end / len(self.parts.cards))
        return self.widest(begin, end).text_points

    def _fill_widest(self, begin: int, end: int) -> Sheet:
        """A page whose cards have room for the highest numbers of pages."""
        diagram = self.parts.take(begin, end, lambda place: MAX_PAGES + place % 2 * self.spreads_widely)
        page, words = self._texts(begin, end, MAX_PAGES, MAX_PAGES)
        return fill_sheet(compose_picture(diagram, page.direction), page, words)

    def _fill_part(self, begin: int, end: int, count: int, page_of: PageOf) -> Sheet:
        """The same page with its own numbers, laid out anew where its text does not become smaller by that."""
        diagram, measured = self.parts.take(begin, end, page_of), self.widest(begin, end)
        page, words = self._texts(begin, end, page_of(begin), count)
        sheet = fill_sheet(compose_picture(diagram, page.direction), page, words)
        if sheet.text_points >= measured.text_points or not self.spreads_widely:
            return sheet
        assert isinstance(measured.content, Picture)
        own = {id: card for id, card in diagram.cards.items() if id not in self.parts.diagram.cards}
        whole = measured.content.diagram
        named = replace(whole, cards={**whole.cards, **own})
        return Sheet(Picture(named, measured.content.geometry), page, words)

    def _texts(self, begin: int, end: int, number: int, count: int) -> tuple[Page, SheetText]:
        subtitle = tr("Part {n} of {count}", n=number, count=count)
        page = replace(self.page, subtitle=" · ".join(filter(None, (self.page.subtitle, subtitle))))
        words = self.words_of([member for id in self.parts.cards[begin:end] for member in members_of(id)])
        return page, replace(words, title=self.title)

    def fill(self, starts: Sequence[int]) -> list[Sheet]:
        """Return the pages that begin at these cards, all with text of one size."""
        spans = pairwise([*starts, len(self.parts.cards)])
        page_of = partial(bisect_right, starts)
        sheets = [self._fill_part(begin, end, len(starts), page_of) for begin, end in spans]
        points = min(sheet.text_points for sheet in sheets)
        return [Sheet(sheet.content, replace(sheet.page, text_points=points), sheet.words) for sheet in sheets]
