"""Where the keyboard goes from a card: along the data, to what stands beside it, and out of what it is in."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF

from explorer.drawing import Picture

Way = Literal["on", "back", "left", "right", "out", "first", "last"]


def step(picture: Picture, id: str | None, way: Way) -> str | None:
    """The card or frame one step away; None when there is none that way. From nowhere it goes in at an end."""
    children = picture.diagram.children
    outermost = children[picture.diagram.root]
    if id is None and way != "out":
        way = "first" if way in ("on", "right", "first") else "last"
    if way in ("first", "last"):
        return outermost[0 if way == "first" else -1] if outermost else None
    if id is None or picture.card(id) is None:
        return None
    if way == "out":
        around = _around(picture, id)
        return around if around != picture.diagram.root else None
    if way in ("left", "right"):
        return _aside(picture, id, way)
    return _along(picture, id, way)


def _along(picture: Picture, id: str, way: Way) -> str | None:
    """On and back with the data. A frame leads to its first card, and back to what feeds that."""
    inside = picture.diagram.children.get(id, ())
    if inside and way == "on":
        return inside[0]
    while inside:
        id = inside[0]
        inside = picture.diagram.children.get(id, ())
    before, after = picture.neighbours(id)
    return next(iter(after if way == "on" else before), None)


def _aside(picture: Picture, id: str, way: Way) -> str | None:
    """The nearest card on that side at the same height: another branch, or a neighbour; else what the data does
    where it flows sideways."""
    here = picture.rect(id)
    assert here is not None
    siblings = picture.diagram.children[_around(picture, id)]
    outward = [other for other in siblings if other != id]
    cards = [other for other in picture.diagram.cards if other != id and not picture.is_frame(other)]
    before, after = picture.neighbours(id)
    linked = [other for other in (after if way == "right" else before) if _gap(picture, here, other, way) is not None]
    for candidates in (linked, outward, cards):
        gaps = {other: gap for other in candidates if (gap := _gap(picture, here, other, way)) is not None}
        if gaps:
            return min(gaps, key=gaps.__getitem__)
    return None


def _gap(picture: Picture, here: QRectF, other: str, way: Way) -> float | None:
    """How far a card is away on one side; None where it is not, or at another height."""
    there = picture.rect(other)
    if there is None or there.top() >= here.bottom() or there.bottom() <= here.top():
        return None
    gap = there.left() - here.right() if way == "right" else here.left() - there.right()
    return gap if gap >= 0 else None


def _around(picture: Picture, id: str) -> str:
    return next(group for group, ids in picture.diagram.children.items() if id in ids)
