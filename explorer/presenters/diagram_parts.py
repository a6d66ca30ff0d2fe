"""Parts of a diagram that stand on pages of their own, one after the other.

Invariant: every card is on one page; a link between cards of two pages is on both, once to a card that says where it
goes on and once from a card that says where it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.viewmodels.diagram import Card, Diagram, Link

#: Ids of the cards that stand for other parts.
_FROM, _TO = "@from", "@to"

#: The page, from 1, that the card at a place is on.
PageOf = Callable[[int], int]


class DiagramParts:
    """A diagram as a row of cards, to be cut between any two of them."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self._parent = {child: group for group, inside in diagram.children.items() for child in inside}
        #: Cards without frames, in execution order.
        self.cards: tuple[str, ...] = tuple(self._walk(diagram.root))
        self.places = {id: number for number, id in enumerate(self.cards)}  # of cards without frames

    def _walk(self, group: str) -> Iterator[str]:
        for child in self.diagram.children[group]:
            if child in self.diagram.children:
                yield from self._walk(child)
            else:
                yield child

    @cached_property
    def cut_costs(self) -> tuple[tuple[int, bool], ...]:
        """How much it hurts to cut before each card: the frames that are cut through, and whether several maps are
        read beyond."""
        frames = [self._frames_around(id) for id in self.cards]
        last_reader = dict.fromkeys(self.cards, -1)
        for link in self.diagram.links:
            last_reader[link.source] = max(last_reader[link.source], self.places[link.target])
        reads = [sum(last_reader[id] >= place for id in self.cards[:place]) for place in range(len(self.cards))]
        return tuple(
            (len(frames[place - 1] & frames[place]), reads[place] > 1) if place else (0, False)
            for place in range(len(self.cards))
        )

    def _frames_around(self, id: str) -> frozenset[str]:
        found = set()
        while (id := self._parent[id]) != self.diagram.root:
            found.add(id)
        return frozenset(found)

    def take(self, begin: int, end: int, page_of: PageOf) -> Diagram:
        """Return the part with the cards from one place to another; `page_of` numbers the pages of places from 1."""
        cards = {id: self.diagram.cards[id] for id in self.cards[begin:end]}
        children = self._open_frames(cards)
        for group in children.keys() - {self.diagram.root}:
            cards[group] = self._frame_card(group, begin)
        inner = [link for link in self.diagram.links if link.source in cards and link.target in cards]
        entering, before = self._entering(begin, end, page_of)
        leaving, after = self._leaving(begin, end, page_of)
        children[self.diagram.root] = (*entering, *children[self.diagram.root], *leaving)
        links = (*before, *inner, *after)
        return replace(self.diagram, children=children, cards={**entering, **cards, **leaving}, links=links)

    def _open_frames(self, cards: Mapping[str, Card]) -> dict[str, tuple[str, ...]]:
        """What of every open group is on a page, of groups with anything there."""
        kept = {self.diagram.root, *cards}
        for id in cards:
            kept |= self._frames_around(id)
        return {
            group: tuple(child for child in inside if child in kept)
            for group, inside in self.diagram.children.items()
            if group in kept
        }

    def _frame_card(self, group: str, begin: int) -> Card:
        frame = self.diagram.cards[group]
        if self.places[next(self._walk(group))] >= begin:
            return frame
        return replace(frame, title=tr("{title}, continued", title=frame.title))

    def _entering(self, begin: int, end: int, page_of: PageOf) -> tuple[dict[str, Card], list[Link]]:
        """A card for all maps of earlier pages that are read, and the links from it."""
        crossing = [
            link for link in self.diagram.links if self.places[link.source] < begin <= self.places[link.target] < end
        ]
        if not crossing:
            return {}, []
        sources = list(dict.fromkeys(link.source for link in crossing))
        first = self.diagram.cards[sources[0]]
        pages = [page_of(self.places[id]) for id in sources]
        lines = (_span_text(tr_noop("from part {first}"), tr_noop("from parts {first} to {last}"), pages),)
        if len(sources) == 1:
            card = Card(_FROM, "input", first.title, lines, shape=first.shape)
        else:
            card = Card(_FROM, "input", tr_n("{n} map", "{n} maps", len(sources)), lines)
        links = {link.target: replace(link, source=_FROM) for link in reversed(crossing)}
        return {_FROM: card}, list(reversed(links.values()))

    def _leaving(self, begin: int, end: int, page_of: PageOf) -> tuple[dict[str, Card], list[Link]]:
        """A card for all later pages that read maps of this one, and the links to it."""
        links: dict[str, Link] = {}
        pages = []
        for link in self.diagram.links:
            if begin <= self.places[link.source] < end <= self.places[link.target]:
                pages.append(page_of(self.places[link.target]))
                links.setdefault(link.source, replace(link, target=_TO, slot=len(links)))
        if not links:
            return {}, []
        title = _span_text(tr_noop("To part {first}"), tr_noop("To parts {first} to {last}"), pages)
        return {_TO: Card(_TO, "output", title)}, list(links.values())


def _span_text(one: str, several: str, pages: Sequence[int]) -> str:
    first, last = min(pages), max(pages)
    return tr(one, first=first) if first == last else tr(several, first=first, last=last)
