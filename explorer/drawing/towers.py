"""Towers on the canvas: a card whose channels stay apart as cards beside each other, and links from tower to tower.

Geometry alone. A card with towers takes the room of all of them; `compose_picture` hands out that room, so the layout
knows nothing of towers. A straight link between two such cards becomes one for each pair that hears each other: side by
side where both keep the channels apart, crossing where each tower reads all. Any other link forks beside the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from PySide6.QtCore import QRectF

from explorer.base.memo import bounded
from explorer.drawing.links import LinkLines
from explorer.layout import Box, Geometry, Point, Route
from explorer.viewmodels.diagram import Card, Diagram

TOWER_GAP = 10.0
_MOST = 8  # towers that are aligned; more are not drawn
#: Room before a card whose towers read all others, for links that cross.
CROSSING_ROOM = 16.0
_FORK, _ARROW_FORK = 5.0, 15.0  # from a card to where a link forks; with arrow heads between


@bounded(2**14)
def tower_card(card: Card) -> Card:
    """Return the card of one tower."""
    assert card.towers is not None
    return replace(card, towers=None, lines=card.towers.lines, shape=card.towers.shape)


def towers_size(card: Card, one: tuple[float, float]) -> tuple[float, float]:
    """Return the size of all towers of a card together, from that of one."""
    assert card.towers is not None
    (width, height), count = one, card.towers.count
    gaps = (count - 1) * TOWER_GAP
    return (width, count * height + gaps) if card.towers.is_column else (count * width + gaps, height)


def tower_rects(card: Card, rect: QRectF) -> list[QRectF]:
    """Return where the towers of a card are: side by side, or one above the other."""
    assert card.towers is not None
    count, down = card.towers.count, card.towers.is_column
    whole = rect.height() if down else rect.width()
    side = (whole - (count - 1) * TOWER_GAP) / count
    starts = [number * (side + TOWER_GAP) for number in range(count)]
    if down:
        return [QRectF(rect.left(), rect.top() + start, rect.width(), side) for start in starts]
    return [QRectF(rect.left() + start, rect.top(), side, rect.height()) for start in starts]


def as_columns(diagram: Diagram) -> Diagram:
    """Return the diagram with towers one above the other, for data that flows to the right."""
    return replace(
        diagram,
        cards={
            id: replace(card, towers=replace(card.towers, is_column=True)) if card.towers is not None else card
            for id, card in diagram.cards.items()
        },
    )


def tower_sizes(diagram: Diagram, sizes: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return the sizes of cards, towers of one group aligned: all as wide as the widest, where they stand side by side,
    and with the room before them that links need to cross."""
    found = dict(sizes)
    for inside in diagram.children.values():
        for count in range(2, _MOST + 1):
            ids = [id for id in inside if id in sizes and _count(diagram.cards[id]) == count]
            for id in ids:
                card, across = diagram.cards[id], max(_across(diagram.cards[id], sizes[id]) for id in ids)
                room = CROSSING_ROOM if card.towers is not None and card.towers.reads_all else 0.0
                column = card.towers is not None and card.towers.is_column
                found[id] = (sizes[id][0] + room, across) if column else (across, sizes[id][1] + room)
    return found


def _count(card: Card) -> int:
    return card.towers.count if card.towers is not None else 1


def _across(card: Card, size: tuple[float, float]) -> float:
    return size[1] if card.towers is not None and card.towers.is_column else size[0]


def take_room(diagram: Diagram, geometry: Geometry) -> Geometry:
    """Return the geometry with the cards without that room, and the links through it."""
    crossed = {id: card for id, card in diagram.cards.items() if card.towers is not None and card.towers.reads_all}
    if not crossed:
        return geometry
    boxes = {id: _without_room(box, crossed[id]) if id in crossed else box for id, box in geometry.boxes.items()}
    routes = tuple(
        _into(route, crossed[link.target]) if link.target in crossed else route
        for link, route in zip(diagram.links, geometry.routes, strict=True)
    )
    return replace(geometry, boxes=boxes, routes=routes)


def _without_room(box: Box, card: Card) -> Box:
    if card.towers is not None and card.towers.is_column:
        return replace(box, x=box.x + CROSSING_ROOM, width=box.width - CROSSING_ROOM)
    return replace(box, y=box.y + CROSSING_ROOM, height=box.height - CROSSING_ROOM)


def _into(route: Route, card: Card) -> Route:
    x, y = route.points[-1]
    end = (x + CROSSING_ROOM, y) if card.towers is not None and card.towers.is_column else (x, y + CROSSING_ROOM)
    return replace(route, points=(*route.points[:-1], end))


def tower_lines(route: Route, source: Card, source_rect: QRectF, target: Card, target_rect: QRectF) -> LinkLines:
    """Return the lines that a link is drawn as: its route, or one line for each pair of towers that it joins."""
    points = route.points
    starts, ends = _ends(source, source_rect, points[0]), _ends(target, target_rect, points[-1])
    if len(starts) == len(ends) == 1:
        return LinkLines((points,))
    if not _is_straight(points):
        return _forked(points, starts, ends)
    pairs = [(starts[i], ends[j]) for i, j in tower_pairs(source, target)]
    if len(pairs) == len(starts) == len(ends):
        return LinkLines(tuple(pairs))
    upright = points[0][0] == points[-1][0]
    return LinkLines((), tuple(_curve(start, end, upright) for start, end in pairs))


def tower_pairs(source: Card, target: Card) -> list[tuple[int, int]]:
    """Return which towers a link joins, by their numbers: those that share channels, or all where each reads all."""
    starts, ends = _count(source), _count(target)
    mixes = target.towers is not None and target.towers.reads_all
    return [
        (i, j)
        for i, j in product(range(starts), range(ends))
        if mixes or (i * ends < (j + 1) * starts and j * starts < (i + 1) * ends)  # share channels
    ]


def tower_routes(
    route: Route, source: Card, source_rect: QRectF, target: Card, target_rect: QRectF
) -> list[tuple[int, int, tuple[Point, ...]]]:
    """Return a route of its own, with right angles, for each pair of towers that a link joins."""
    starts, ends = _ends(source, source_rect, route.points[0]), _ends(target, target_rect, route.points[-1])
    return [(i, j, _way(route.points, starts[i], ends[j])) for i, j in tower_pairs(source, target)]


def _way(points: Sequence[Point], start: Point, end: Point) -> tuple[Point, ...]:
    if start == points[0] and end == points[-1]:
        return tuple(points)
    if _is_straight(points):
        if _is_straight((start, end)):
            return start, end
        _, first, last, _ = _curve(start, end, points[0][0] == points[-1][0])
        return start, first, last, end
    way, first, last = list(points), points[0], points[-1]
    # The first and the last stretch go beside those of the route: a way has no more bends than it, and joins it there.
    way[:2] = [start, (points[1][0] + start[0] - first[0], points[1][1] + start[1] - first[1])]
    way[-2:] = [(way[-2][0] + end[0] - last[0], way[-2][1] + end[1] - last[1]), end]
    return tuple(way)


def _curve(start: Point, end: Point, upright: bool) -> tuple[Point, Point, Point, Point]:
    (x1, y1), (x2, y2) = start, end
    if upright:
        return start, (x1, (y1 + y2) / 2), (x2, (y1 + y2) / 2), end
    return start, ((x1 + x2) / 2, y1), ((x1 + x2) / 2, y2), end


def _ends(card: Card, rect: QRectF, point: Point) -> list[Point]:
    """Where the lines of a link begin or end: at the middle of each tower, on the border that its route is on."""
    if card.towers is None:
        return [point]
    middles = [part.center() for part in tower_rects(card, rect)]
    if card.towers.is_column:
        return [(point[0], middle.y()) for middle in middles]
    return [(middle.x(), point[1]) for middle in middles]


def _is_straight(points: Sequence[Point]) -> bool:
    return len({x for x, _ in points}) == 1 or len({y for _, y in points}) == 1


def _forked(points: Sequence[Point], starts: list[Point], ends: list[Point]) -> LinkLines:
    """The route, with a fork where it has several ends."""
    way = list(points)
    if len(starts) > 1:
        way[0] = _step(points[0], points[1], _FORK)
    if len(ends) > 1:
        way[-1] = _step(points[-1], points[-2], _ARROW_FORK)
    tails = [(start, _corner(start, way[0], points[:2])) for start in starts] if len(starts) > 1 else [()]
    heads = [(_corner(end, way[-1], points[-2:]), end) for end in ends] if len(ends) > 1 else [()]
    others = tuple((*tail, way[0]) for tail in tails[1:])
    return LinkLines(((*tails[0], *way, *heads[0]), *((way[-1], *head) for head in heads[1:])), merging=others)


def _step(start: Point, towards: Point, length: float) -> Point:
    (x1, y1), (x2, y2) = start, towards
    dx, dy = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
    return x1 + dx * min(length, abs(x2 - x1) / 2), y1 + dy * min(length, abs(y2 - y1) / 2)


def _corner(end: Point, fork: Point, stretch: Sequence[Point]) -> Point:
    """Where the line from an end meets the line through the fork at a right angle to the route."""
    upright = stretch[0][0] == stretch[1][0]
    return (end[0], fork[1]) if upright else (fork[0], end[1])
