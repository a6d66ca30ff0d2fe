"""What is on a sheet, as plain data: placed cards, links and texts, for writers of documents. Needs no Qt.

Invariant: a scene has every visible card, frame and link of its sheet once, in the places in which it is painted; a
card in towers once for each, and its links once for each pair of towers that they join, as they are painted. Every text
of it can stand in XML: writers escape it and do nothing else to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from explorer.base.han_spacing import FIRST_IDEOGRAPH
from explorer.layout import Box, Point
from explorer.viewmodels.diagram import Change, Kind

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class SceneCard:
    """Card, or the frame of an expanded group, with its colours as "#rrggbb"."""

    number: int  # frames first, outer ones before inner ones
    id: str
    parent: int | None  # number of the frame that it is in
    box: Box
    kind: Kind
    rows: tuple[str, ...]  # what it says, the title first
    tip: str  # its path and all figures
    change: Change
    is_frame: bool
    is_round: bool
    fill: str
    line: str  # of the outline
    ink: str

    @property
    def is_dashed(self) -> bool:
        """Whether it stands for something that is gone or switched off."""
        return self.change in ("off", "removed")


@dataclass(frozen=True, slots=True)
class SceneLink:
    """Link between two cards, by their numbers, with its route."""

    source: int
    target: int
    points: tuple[Point, ...]
    text: str  # the shape that travels
    is_skip: bool


_IDEOGRAPH, _LETTER = 1.05, 0.65


@dataclass(frozen=True, slots=True)
class SceneText:
    """Line of text with the left end of its baseline."""

    x: float
    y: float
    text: str
    size: float  # pixels of type, in units of the sheet
    colour: str
    is_bold: bool = False

    @property
    def roomy_width(self) -> float:
        """Width that any usual font has room in: ideographs are as wide as high, letters less."""
        return self.size * sum(_IDEOGRAPH if char >= FIRST_IDEOGRAPH else _LETTER for char in self.text)


@dataclass(frozen=True, slots=True)
class SceneSwatch:
    """Symbol of the legend: a box or, for links, a line, in one colour or in several for a scale."""

    box: Box
    colours: tuple[str, ...]
    is_line: bool = False
    is_dashed: bool = False


@dataclass(frozen=True)
class SheetScene:
    """A sheet as data. Lengths are in units of the sheet, 96 to the inch."""

    title: str
    width: float
    height: float
    zoom: float  # how much larger than natural the cards are
    text_scale: float  # how much larger than natural the texts around them are
    margin: float
    flows_right: bool
    background: str | None  # None: transparent
    text_colour: str
    muted_colour: str
    link_colour: str
    skip_colour: str
    cards: tuple[SceneCard, ...]
    links: tuple[SceneLink, ...]
    heads: tuple[SceneText, ...]  # title and subtitle
    texts: tuple[SceneText, ...]  # beside cards, and below them
    swatches: tuple[SceneSwatch, ...]

    @cached_property
    def children(self) -> Mapping[int | None, tuple[SceneCard, ...]]:
        """Cards and frames in each frame, by its number; None for those in no frame."""
        found: dict[int | None, list[SceneCard]] = {}
        for card in self.cards:
            found.setdefault(card.parent, []).append(card)
        return {parent: tuple(inside) for parent, inside in found.items()}

    def walk(self, parent: int | None = None) -> Iterator[tuple[SceneCard, bool]]:
        """Yield every card with False and every frame twice: with False before what is in it, with True after."""
        for card in self.children.get(parent, ()):
            yield card, False
            if card.is_frame:
                yield from self.walk(card.number)
                yield card, True


def clean_text(text: str) -> str:
    """Return a text without what no XML document can hold: names of modules may be anything."""
    return _UNWRITABLE.sub("\ufffd", text)
