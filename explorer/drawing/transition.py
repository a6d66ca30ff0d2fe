"""From one picture to another: cards that are in both slide, what is inside a group grows out of it or folds into it,
links follow their cards where they keep their shape and fade where they do not. Nothing is laid out on the way.

Everything is in the coordinates of the picture that comes. Only what is in sight before or after takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from explorer.drawing import card_text, cards, level_of_detail, links
from explorer.drawing.marks import Marks
from explorer.drawing.picture import DIMMED_OPACITY, Picture
from explorer.drawing.placed_diagram import DiagramItem
from explorer.drawing.theme import Theme
from explorer.layout import Point, Route

#: More cards and links than these are not moved: painting them would take longer than a frame of the screen.
MAX_MOVING_CARDS, MAX_MOVING_LINKS = 140, 260
_FADE_OUT_END, _FADE_IN_START = 0.4, 0.6  # when links that fade out are gone, and those that fade in begin to come

ItemKey = tuple[str, bool]  # of a card or, where the second is true, of a frame
LinkKey = tuple[str, str, int]
FindRect = Callable[[str], QRectF | None]


@dataclass(frozen=True, slots=True)
class MovingLink:
    """A link at one moment of a transition."""

    points: tuple[Point, ...]
    is_skip: bool
    opacity: float = 1.0


@dataclass(frozen=True)
class Scene:
    """Rects and routes of everything at one moment."""

    items: Mapping[ItemKey, DiagramItem]
    links: Mapping[LinkKey, MovingLink]

    def rect(self, id: str) -> QRectF | None:
        """Return the rect of the frame or, without one, of the card of that id; None when it is not in the scene."""
        piece = self.items.get((id, True)) or self.items.get((id, False))
        return piece.rect if piece is not None else None

    def translated(self, offset: QPointF) -> Scene:
        """Return the scene shifted by an offset."""
        return Scene(
            {key: replace(piece, rect=piece.rect.translated(offset)) for key, piece in self.items.items()},
            {
                key: replace(line, points=tuple((x + offset.x(), y + offset.y()) for x, y in line.points))
                for key, line in self.links.items()
            },
        )


def visible_scene(picture: Picture, region: QRectF) -> Scene | None:
    """Return the part of a picture that lies in a region; None when it holds too many items to animate."""
    pieces, numbers = picture.items_in(region)
    if len(pieces) > MAX_MOVING_CARDS or len(numbers) > MAX_MOVING_LINKS:
        return None
    found = ((picture.diagram.links[n], picture.routes[n]) for n in numbers)
    lines = {(link.source, link.target, link.slot): MovingLink(route.points, route.skip) for link, route in found}
    return Scene({(piece.card.id, piece.is_frame): piece for piece in pieces}, lines)


class Transition:
    """Animation between two pictures, computed once for each change of the diagram.

    `scene_at` gives the state at a moment, `paint` paints it.
    """

    def __init__(self, begin: Scene, end: Scene, before: Picture, shift: QPointF, after: Picture) -> None:
        """`begin` is already in the coordinates of `after`; those of `before` are `shift` away from them."""
        self._target = after
        self._moves: dict[ItemKey, tuple[DiagramItem, DiagramItem]] = {}

        def earlier(id: str) -> QRectF | None:
            rect = begin.rect(id)
            known = before.rect(id)
            return rect if rect is not None or known is None else known.translated(shift)

        for key, piece in begin.items.items():
            there = after.item(*key)
            going = there or replace(piece, rect=_nested_rect(piece, earlier, after.rect), opacity=0.0)
            self._moves[key] = (piece, going)
        for key, piece in end.items.items():
            if key not in self._moves:
                was = before.item(*key)
                start = was.rect.translated(shift) if was is not None else _nested_rect(piece, after.rect, earlier)
                self._moves[key] = (replace(piece, rect=start, opacity=1.0 if was is not None else 0.0), piece)
        self._link_moves = _match_links(begin.links, end.links)

    @property
    def is_static(self) -> bool:
        """Whether nothing moves or fades."""
        return all(a.rect == b.rect and a.opacity == b.opacity for a, b in self._moves.values())

    def scene_at(self, progress: float) -> Scene:
        """Return the scene at `progress` (0 to 1)."""
        pieces = {
            key: replace(
                b,
                rect=_interpolate_rect(a.rect, b.rect, progress),
                opacity=a.opacity + (b.opacity - a.opacity) * progress,
            )
            for key, (a, b) in self._moves.items()
        }
        return Scene(pieces, {key: _interpolate_link(a, b, progress) for key, (a, b) in self._link_moves.items()})

    def paint(self, painter: QPainter, theme: Theme, scale: float, marks: Marks, progress: float) -> None:
        """Paint one moment, as `Picture.paint` paints the end."""
        now = self.scene_at(progress)
        near = scale * card_text.TITLE_PX >= cards.MIN_CARD_TITLE_PX
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, near)
        flow = self._target.data_flow(marks.flow_card)
        lit = flow.cards if flow is not None else None
        frames = sorted((piece for piece in now.items.values() if piece.is_frame), key=lambda piece: piece.depth)
        for piece in frames:
            painter.setOpacity(piece.opacity)
            cards.paint_frame(painter, piece.card, piece.rect, theme, scale, piece.depth)
        self._paint_links(painter, theme, scale, now.links, lit)
        for piece in frames:
            painter.setOpacity(piece.opacity)
            cards.paint_header(painter, piece.card, piece.rect, theme, scale, piece.depth)
        singles = (piece for piece in now.items.values() if not piece.is_frame)
        for piece in sorted(singles, key=lambda piece: piece.opacity):
            painter.setOpacity(piece.opacity * (1.0 if lit is None or piece.card.id in lit else DIMMED_OPACITY))
            self._paint_card(painter, piece, theme, scale)
        if not near:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for piece in frames:
                if piece.depth == 1:
                    painter.setOpacity(piece.opacity)
                    level_of_detail.paint_frame_title(painter, piece.card, piece.rect, theme, scale)
            for piece in now.items.values():
                if piece.depth == 1 and piece.card.kind in ("input", "output"):
                    level_of_detail.paint_end_title(painter, piece.card, piece.rect, theme, scale)
        painter.setOpacity(1.0)
        moved = {id: piece.rect for (id, frame), piece in now.items.items() if self._target.is_frame(id) == frame}
        self._target.paint_marks(painter, theme, scale, marks, moved)

    def _paint_card(self, painter: QPainter, piece: DiagramItem, theme: Theme, scale: float) -> None:
        """Cards that are smaller than they are made for shrink as a whole; larger ones only get more ground."""
        width, height = piece.natural_size
        rect, shrunk = piece.rect, min(piece.rect.width() / width, piece.rect.height() / height, 1.0)
        if shrunk <= 0:
            return
        painter.save()
        painter.translate(rect.topLeft())
        painter.scale(shrunk, shrunk)
        cards.paint_card(painter, piece.card, QRectF(QPointF(0, 0), rect.size() / shrunk), theme, scale * shrunk)
        painter.restore()
        if piece.side_text_offset is not None and shrunk == 1.0:
            cards.paint_side_texts(
                painter, theme, scale, [(rect.topLeft() + piece.side_text_offset, piece.card.side_text)]
            )

    def _paint_links(
        self,
        painter: QPainter,
        theme: Theme,
        scale: float,
        moving_links: Mapping[LinkKey, MovingLink],
        highlighted: frozenset[str] | None,
    ) -> None:
        main, skip = links.link_pens(theme, scale)
        kept: dict[tuple[float, bool], list[LinkKey]] = {}
        for key, line in moving_links.items():
            kept.setdefault((line.opacity, highlighted is None or highlighted.issuperset(key[:2])), []).append(key)
        for (seen, bright), keys in kept.items():
            if seen <= 0:
                continue
            painter.setOpacity(seen * (1.0 if bright else DIMMED_OPACITY))
            routes = [Route(moving_links[key].points, moving_links[key].is_skip) for key in keys]
            for strand in links.bundle_links([key[0] for key in keys], routes):
                links.paint_link_path(painter, strand.path, strand.arrow_heads, skip if strand.is_skip else main, scale)
        painter.setOpacity(1.0)


def _nested_rect(piece: DiagramItem, here: FindRect, there: FindRect) -> QRectF:
    """Where a card is that is on one side only: in the innermost of what is around it that is on both sides, as far
    from its borders as on its own side. `here` and `there` tell where a card or frame is on either side."""
    for id in (piece.card.id, *piece.ancestors):
        own, other = here(id), there(id)
        if own is not None and other is not None:
            if id == piece.card.id:
                return other
            x, y = other.width() / max(own.width(), 1.0), other.height() / max(own.height(), 1.0)
            rect = piece.rect
            left, top = other.left() + (rect.left() - own.left()) * x, other.top() + (rect.top() - own.top()) * y
            return QRectF(left, top, rect.width() * x, rect.height() * y)
    return piece.rect


def _match_links(
    begin: Mapping[LinkKey, MovingLink], end: Mapping[LinkKey, MovingLink]
) -> dict[LinkKey, tuple[MovingLink, MovingLink]]:
    """Links in two shapes of as many points; those that cannot be matched fade, in or out."""
    moves: dict[LinkKey, tuple[MovingLink, MovingLink]] = {}
    for key, line in begin.items():
        other = end.get(key)
        pair = _match_points(line.points, other.points) if other is not None else None
        if other is not None and pair is not None:
            moves[key] = (replace(line, points=pair[0]), replace(other, points=pair[1]))
        else:
            moves[key] = (line, replace(line, opacity=0.0))
            if other is not None:
                moves[key[0], key[1], ~key[2]] = (replace(other, opacity=0.0), other)
    for key, line in end.items():
        if key not in begin:
            moves[key] = (replace(line, opacity=0.0), line)
    return moves


def _match_points(one: tuple[Point, ...], two: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]] | None:
    """Both with as many points, each stretch upright in both or level in both; a straight line gets a bend."""
    if len(one) == 2 and len(two) == 4:
        one = _with_bend(one)
    elif len(one) == 4 and len(two) == 2:
        two = _with_bend(two)
    if len(one) != len(two):
        return None
    for (a, b), (c, d) in zip(pairwise(one), pairwise(two), strict=True):
        if not ((a[0] == b[0] and c[0] == d[0]) or (a[1] == b[1] and c[1] == d[1])):
            return None
    return one, two


def _with_bend(line: tuple[Point, ...]) -> tuple[Point, ...]:
    (x1, y1), (x2, y2) = line
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    return (line[0], middle, middle, line[1])


def _interpolate_link(a: MovingLink, b: MovingLink, progress: float) -> MovingLink:
    points = tuple(
        (x + (u - x) * progress, y + (v - y) * progress) for (x, y), (u, v) in zip(a.points, b.points, strict=True)
    )
    fading = (
        min(progress / _FADE_OUT_END, 1.0)
        if b.opacity < a.opacity
        else max(progress - _FADE_IN_START, 0.0) / (1 - _FADE_IN_START)
    )
    return MovingLink(points, b.is_skip, a.opacity + (b.opacity - a.opacity) * fading)


def _interpolate_rect(a: QRectF, b: QRectF, progress: float) -> QRectF:
    def mix(x: float, y: float) -> float:
        return x + (y - x) * progress

    return QRectF(mix(a.x(), b.x()), mix(a.y(), b.y()), mix(a.width(), b.width()), mix(a.height(), b.height()))
