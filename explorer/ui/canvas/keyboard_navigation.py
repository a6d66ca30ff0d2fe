"""Keyboard navigation between cards: along the data flow, sideways to neighbours, and out to the parent group."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF

from explorer.drawing import Picture

NavigationMove = Literal["on", "back", "left", "right", "out", "first", "last"]


def find_next_card(picture: Picture, id: str | None, move: NavigationMove) -> str | None:
    """Return the card or frame that a move leads to, or None. Without a current card, moves start at either end."""
    children = picture.diagram.children
    outermost = children[picture.diagram.root]
    if id is None and move != "out":
        move = "first" if move in ("on", "right", "first") else "last"
    if move in ("first", "last"):
        return outermost[0 if move == "first" else -1] if outermost else None
    if id is None or picture.card(id) is None:
        return None
    if move == "out":
        around = _parent_group(picture, id)
        return around if around != picture.diagram.root else None
    if move in ("left", "right"):
        return _find_sideways(picture, id, move)
    return _follow_data(picture, id, move)


def _follow_data(picture: Picture, id: str, move: NavigationMove) -> str | None:
    """Return the next card forward or back along the data. A frame leads to its first card, and back to what feeds
    that."""
    inside = picture.diagram.children.get(id, ())
    if inside and move == "on":
        return inside[0]
    while inside:
        id = inside[0]
        inside = picture.diagram.children.get(id, ())
    before, after = picture.neighbours(id)
    return next(iter(after if move == "on" else before), None)


def _find_sideways(picture: Picture, id: str, side: NavigationMove) -> str | None:
    """Return the nearest card on a side at the same height: a linked one first, then siblings, then any card."""
    here = picture.rect(id)
    assert here is not None
    siblings = picture.diagram.children[_parent_group(picture, id)]
    outward = [other for other in siblings if other != id]
    cards = [other for other in picture.diagram.cards if other != id and not picture.is_frame(other)]
    before, after = picture.neighbours(id)
    linked = [
        other for other in (after if side == "right" else before) if _side_gap(picture, here, other, side) is not None
    ]
    for candidates in (linked, outward, cards):
        gaps = {other: gap for other in candidates if (gap := _side_gap(picture, here, other, side)) is not None}
        if gaps:
            return min(gaps, key=gaps.__getitem__)
    return None


def _side_gap(picture: Picture, here: QRectF, other: str, side: NavigationMove) -> float | None:
    """Return the distance of a card on one side; None when it is not on that side, or at another height."""
    there = picture.rect(other)
    if there is None or there.top() >= here.bottom() or there.bottom() <= here.top():
        return None
    gap = there.left() - here.right() if side == "right" else here.left() - there.right()
    return gap if gap >= 0 else None


def _parent_group(picture: Picture, id: str) -> str:
    """Return the group whose children include the card."""
    return next(group for group, ids in picture.diagram.children.items() if id in ids)
