"""Places of a diagram where something can be let go.

A card has four: its edge where the data comes in (before) and goes out (behind), its far side (beside), and its middle
(in its place); a link is one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from explorer.ui.canvas.canvas import Canvas
from explorer.viewmodels.diagram import Link

_EDGE = 0.25  # of a card's side: the places before and behind
_SIDE = 0.22  # of a card's other side: the place beside
_LINK_DISTANCE = 10  # pixels from which something is over a link
_LINK_RADIUS = 8  # pixels of its place
_LEAST_SIDE = 9  # pixels of a card on which one can still aim

ALL_PLACES = ("beside", "before", "behind", "replace")


@dataclass(frozen=True)
class DropPlace:
    """Where something would go: beside, before, behind or in the place of a card; or on a link, before `reader`
    alone."""

    card: str
    where: str
    area: QRectF  # of the canvas, lit
    reader: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for one place, wherever it is on the screen."""
        return self.card, self.where, self.reader


def find_place(
    canvas: Canvas, position: QPointF, *, is_horizontal: bool, places: Collection[str] = ALL_PLACES
) -> DropPlace | None:
    """Return the place of a drop at a position of the canvas, of those that a card has here; None where there is
    nothing."""
    link = canvas.link_at(position, _LINK_DISTANCE)
    if link is not None:
        area = QRectF(position, position).adjusted(*_around(_LINK_RADIUS))
        return DropPlace(link.source, "behind", area, link.target)
    card = canvas.card_at(position)
    if card is None or (canvas.picture is not None and canvas.picture.is_frame(card)):
        return None
    own = [_place_of_card(card, where, canvas.area_of(card), is_horizontal, places) for where in places]
    return next((place for place in own if place.area.contains(position)), own[-1])


def places_in_sight(
    canvas: Canvas, near: QPointF, *, is_horizontal: bool, places: Collection[str] = ALL_PLACES
) -> list[DropPlace]:
    """Return the places on the screen that are large enough to aim at, the nearest to a position first."""
    if canvas.picture is None:
        return []
    diagram, sight = canvas.picture.diagram, QRectF(canvas.rect())
    found: list[DropPlace] = []
    for card in diagram.cards.keys() - diagram.children.keys():
        area = canvas.area_of(card)
        if area.intersects(sight) and min(area.width(), area.height()) >= _LEAST_SIDE:
            found += [_place_of_card(card, where, area, is_horizontal, places) for where in places]
    for link in diagram.links:
        area = link_area(canvas, link)
        if area.intersects(sight):
            found.append(DropPlace(link.source, "behind", area, link.target))
    return sorted(found, key=lambda place: (place.area.center() - near).manhattanLength())


def link_area(canvas: Canvas, link: Link) -> QRectF:
    """Return the place of a link: a small square around its middle."""
    middle = canvas.picture.middle_of_link(link) if canvas.picture is not None else None
    if middle is None:
        return QRectF()
    at = canvas.point_of(middle)
    return QRectF(at, at).adjusted(*_around(_LINK_RADIUS))


def _around(radius: float) -> tuple[float, float, float, float]:
    return -radius, -radius, radius, radius


def _place_of_card(card: str, where: str, area: QRectF, is_horizontal: bool, places: Collection[str]) -> DropPlace:
    """A place of a card; the edges are halves where there is nothing in the middle."""
    edge = _EDGE if "replace" in places else 0.5
    side = 1 - _SIDE if "beside" in places else 1.0
    part = {
        "beside": (0.0, 1.0, 1 - _SIDE, 1.0),
        "before": (0.0, edge, 0.0, side),
        "behind": (1 - edge, 1.0, 0.0, side),
        "replace": (edge, 1 - edge, 0.0, side),
    }[where]
    return DropPlace(card, where, _cut(area, part, is_horizontal))


def _cut(area: QRectF, part: tuple[float, float, float, float], is_horizontal: bool) -> QRectF:
    """The part of an area between shares of its length along the data and of its breadth across."""
    first, last, left, right = part
    xs, ys = ((first, last), (left, right)) if is_horizontal else ((left, right), (first, last))
    return QRectF(
        area.left() + xs[0] * area.width(),
        area.top() + ys[0] * area.height(),
        (xs[1] - xs[0]) * area.width(),
        (ys[1] - ys[0]) * area.height(),
    )


def card_ids_near(canvas: Canvas, near: QPointF) -> list[str]:
    """Return the cards on the screen that are large enough to aim at, the nearest to a position first."""
    if canvas.picture is None:
        return []
    diagram, sight = canvas.picture.diagram, QRectF(canvas.rect())
    areas = {card: canvas.area_of(card) for card in diagram.cards.keys() - diagram.children.keys()}
    seen = {
        card: area
        for card, area in areas.items()
        if area.intersects(sight) and min(area.width(), area.height()) >= _LEAST_SIDE
    }
    return sorted(seen, key=lambda card: (seen[card].center() - near).manhattanLength())
