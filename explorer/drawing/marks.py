"""Marks over a diagram: selection, hover, search hits, highlights. They are no part of the diagram itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from explorer.drawing.cards import CORNER_RADIUS
from explorer.drawing.theme import Theme


@dataclass(frozen=True)
class Marks:
    """Ids of the cards and frames that are marked, by kind of mark."""

    selected: str | None = None
    hovered: str | None = None
    also_selected: frozenset[str] = frozenset()  # more cards that are selected
    highlighted: frozenset[str] = frozenset()  # cards to look at
    search_hits: frozenset[str] = frozenset()  # cards that a search has found
    differing: frozenset[str] = frozenset()  # cards that the network beside has otherwise, or not at all
    flow_card: str | None = None  # a card: what neither feeds it nor is fed by it, from afar too, steps back


@dataclass(frozen=True, slots=True)
class MarkOutline:
    """Shape that a mark is painted around."""

    rect: QRectF
    is_frame: bool
    is_round: bool


def paint_marks(
    painter: QPainter, theme: Theme, scale: float, marks: Marks, outlines: Mapping[str, MarkOutline]
) -> None:
    """Paint the marks of everything that has an outline; marked ids without one are not visible and are skipped."""
    painter.setPen(QPen(theme.named_colour("found"), 2.5 / min(scale, 1.0)))
    for id in marks.search_hits & outlines.keys():
        outline = outlines[id]
        painter.setBrush(Qt.BrushStyle.NoBrush if outline.is_frame else theme.overlay_colour("found"))
        radius = outline.rect.height() / 2 if outline.is_round else CORNER_RADIUS
        painter.drawRoundedRect(outline.rect, radius, radius)
    pens = [(id, "changed", 3.0) for id in sorted(marks.highlighted | marks.differing)]
    pens += [(id, "selection", 2.5) for id in sorted(marks.also_selected)]
    pens += [(marks.hovered or "", "hover", 1.8), (marks.selected or "", "selection", 2.5)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for id, colour, width in pens:
        found = outlines.get(id)
        if found is None:
            continue
        painter.setPen(QPen(theme.named_colour(colour), width / min(scale, 1.0)))
        grown = found.rect.adjusted(-2, -2, 2, 2)
        if found.is_round and not found.is_frame:
            painter.drawEllipse(grown)
        else:
            painter.drawRoundedRect(grown, CORNER_RADIUS + 2, CORNER_RADIUS + 2)
