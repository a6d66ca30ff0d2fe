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

from explorer.drawing import afar, cards, links
from explorer.drawing.marks import Marks
from explorer.drawing.picture import DIMMED, Picture, Piece
from explorer.drawing.theme import Theme
from explorer.layout import Point, Route

#: More cards and links than these are not moved: painting them would take longer than a frame of the screen.
MOST_CARDS, MOST_LINKS = 140, 260
_GONE, _COME = 0.4, 0.6  # when links that fade out are gone, and those that fade in begin to come

Key = tuple[str, bool]  # of a card or, where the second is true, of a frame
LinkKey = tuple[str, str, int]
Rects = Callable[[str], QRectF | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A link somewhere on its way."""

    points: tuple[Point, ...]
    skip: bool
    seen: float = 1.0


@dataclass(frozen=True)
class Scene:
    """Where everything is at one moment."""

    pieces: Mapping[Key, Piece]
    lines: Mapping[LinkKey, Line]

    def rect(self, id: str) -> QRectF | None:
        piece = self.pieces.get((id, True)) or self.pieces.get((id, False))
        return piece.rect if piece is not None else None

    def moved(self, by: QPointF) -> Scene:
        return Scene(
            {key: replace(piece, rect=piece.rect.translated(by)) for key, piece in self.pieces.items()},
            {
                key: replace(line, points=tuple((x + by.x(), y + by.y()) for x, y in line.points))
                for key, line in self.lines.items()
            },
        )


def scene(picture: Picture, part: QRectF) -> Scene | None:
    """What of a picture is in sight; None where that is too much to move."""
    pieces, numbers = picture.within(part)
    if len(pieces) > MOST_CARDS or len(numbers) > MOST_LINKS:
        return None
    found = ((picture.diagram.links[n], picture.routes[n]) for n in numbers)
    lines = {(link.source, link.target, link.slot): Line(route.points, route.skip) for link, route in found}
    return Scene({(piece.card.id, piece.frame): piece for piece in pieces}, lines)


class Passage:
    """Made once for each change; `at` tells where things are, `paint` shows them."""

    def __init__(self, begin: Scene, end: Scene, before: Picture, shift: QPointF, after: Picture) -> None:
        """`begin` is already in the coordinates of `after`; those of `before` are `shift` away from them."""
        self._after = after
        self._moves: dict[Key, tuple[Piece, Piece]] = {}

        def earlier(id: str) -> QRectF | None:
            rect = begin.rect(id)
            known = before.rect(id)
            return rect if rect is not None or known is None else known.translated(shift)

        for key, piece in begin.pieces.items():
            there = after.piece(*key)
            going = there or replace(piece, rect=_following(piece, earlier, after.rect), seen=0.0)
            self._moves[key] = (piece, going)
        for key, piece in end.pieces.items():
            if key not in self._moves:
                was = before.piece(*key)
                start = was.rect.translated(shift) if was is not None else _following(piece, after.rect, earlier)
                self._moves[key] = (replace(piece, rect=start, seen=1.0 if was is not None else 0.0), piece)
        self._lines = _matched(begin.lines, end.lines)

    @property
    def still(self) -> bool:
        """Does nothing move?"""
        return all(a.rect == b.rect and a.seen == b.seen for a, b in self._moves.values())

    def at(self, done: float) -> Scene:
        """Where everything is when `done` (0 to 1) of the way is behind."""
        pieces = {
            key: replace(b, rect=_between(a.rect, b.rect, done), seen=a.seen + (b.seen - a.seen) * done)
            for key, (a, b) in self._moves.items()
        }
        return Scene(pieces, {key: _line(a, b, done) for key, (a, b) in self._lines.items()})

    def paint(self, painter: QPainter, theme: Theme, scale: float, marks: Marks, done: float) -> None:
        """As `Picture.paint` does it, for one moment."""
        now = self.at(done)
        near = scale * cards.TITLE >= cards.FAR
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, near)
        flow = self._after.flow(marks.flow)
        lit = flow.cards if flow is not None else None
        frames = sorted((piece for piece in now.pieces.values() if piece.frame), key=lambda piece: piece.depth)
        for piece in frames:
            painter.setOpacity(piece.seen)
            cards.paint_frame(painter, piece.card, piece.rect, theme, scale, piece.depth)
        self._paint_lines(painter, theme, scale, now.lines, lit)
        for piece in frames:
            painter.setOpacity(piece.seen)
            cards.paint_header(painter, piece.card, piece.rect, theme, scale, piece.depth)
        singles = (piece for piece in now.pieces.values() if not piece.frame)
        for piece in sorted(singles, key=lambda piece: piece.seen):
            painter.setOpacity(piece.seen * (1.0 if lit is None or piece.card.id in lit else DIMMED))
            self._paint_card(painter, piece, theme, scale)
        if not near:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for piece in frames:
                if piece.depth == 1:
                    painter.setOpacity(piece.seen)
                    afar.paint_frame_title(painter, piece.card, piece.rect, theme, scale)
            for piece in now.pieces.values():
                if piece.depth == 1 and piece.card.kind in ("input", "output"):
                    afar.paint_end(painter, piece.card, piece.rect, theme, scale)
        painter.setOpacity(1.0)
        moved = {id: piece.rect for (id, frame), piece in now.pieces.items() if self._after.is_frame(id) == frame}
        self._after.paint_marks(painter, theme, scale, marks, moved)

    def _paint_card(self, painter: QPainter, piece: Piece, theme: Theme, scale: float) -> None:
        """Cards that are smaller than they are made for shrink as a whole; larger ones only get more ground."""
        width, height = piece.natural
        rect, shrunk = piece.rect, min(piece.rect.width() / width, piece.rect.height() / height, 1.0)
        if shrunk <= 0:
            return
        painter.save()
        painter.translate(rect.topLeft())
        painter.scale(shrunk, shrunk)
        cards.paint(painter, piece.card, QRectF(QPointF(0, 0), rect.size() / shrunk), theme, scale * shrunk)
        painter.restore()
        if piece.beside is not None and shrunk == 1.0:
            cards.paint_beside(painter, theme, scale, [(rect.topLeft() + piece.beside, piece.card.beside)])

    def _paint_lines(
        self,
        painter: QPainter,
        theme: Theme,
        scale: float,
        lines: Mapping[LinkKey, Line],
        lit: frozenset[str] | None,
    ) -> None:
        main, skip = links.pens(theme, scale)
        kept: dict[tuple[float, bool], list[LinkKey]] = {}
        for key, line in lines.items():
            kept.setdefault((line.seen, lit is None or lit.issuperset(key[:2])), []).append(key)
        for (seen, bright), keys in kept.items():
            if seen <= 0:
                continue
            painter.setOpacity(seen * (1.0 if bright else DIMMED))
            routes = [Route(lines[key].points, lines[key].skip) for key in keys]
            for strand in links.strands([key[0] for key in keys], routes):
                links.paint_line(painter, strand.path, strand.heads, skip if strand.skip else main, scale)
        painter.setOpacity(1.0)


def _following(piece: Piece, here: Rects, there: Rects) -> QRectF:
    """Where a card is that is on one side only: in the innermost of what is around it that is on both sides, as far
    from its borders as on its own side. `here` and `there` tell where a card or frame is on either side."""
    for id in (piece.card.id, *piece.around):
        own, other = here(id), there(id)
        if own is not None and other is not None:
            if id == piece.card.id:
                return other
            x, y = other.width() / max(own.width(), 1.0), other.height() / max(own.height(), 1.0)
            rect = piece.rect
            left, top = other.left() + (rect.left() - own.left()) * x, other.top() + (rect.top() - own.top()) * y
            return QRectF(left, top, rect.width() * x, rect.height() * y)
    return piece.rect


def _matched(begin: Mapping[LinkKey, Line], end: Mapping[LinkKey, Line]) -> dict[LinkKey, tuple[Line, Line]]:
    """Links in two shapes of as many points; those that cannot be matched fade, in or out."""
    moves: dict[LinkKey, tuple[Line, Line]] = {}
    for key, line in begin.items():
        other = end.get(key)
        pair = _alike(line.points, other.points) if other is not None else None
        if other is not None and pair is not None:
            moves[key] = (replace(line, points=pair[0]), replace(other, points=pair[1]))
        else:
            moves[key] = (line, replace(line, seen=0.0))
            if other is not None:
                moves[key[0], key[1], ~key[2]] = (replace(other, seen=0.0), other)
    for key, line in end.items():
        if key not in begin:
            moves[key] = (replace(line, seen=0.0), line)
    return moves


def _alike(one: tuple[Point, ...], two: tuple[Point, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]] | None:
    """Both with as many points, each stretch upright in both or level in both; a straight line gets a bend."""
    if len(one) == 2 and len(two) == 4:
        one = _bent(one)
    elif len(one) == 4 and len(two) == 2:
        two = _bent(two)
    if len(one) != len(two):
        return None
    for (a, b), (c, d) in zip(pairwise(one), pairwise(two), strict=True):
        if not ((a[0] == b[0] and c[0] == d[0]) or (a[1] == b[1] and c[1] == d[1])):
            return None
    return one, two


def _bent(line: tuple[Point, ...]) -> tuple[Point, ...]:
    (x1, y1), (x2, y2) = line
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    return (line[0], middle, middle, line[1])


def _line(a: Line, b: Line, done: float) -> Line:
    points = tuple((x + (u - x) * done, y + (v - y) * done) for (x, y), (u, v) in zip(a.points, b.points, strict=True))
    fading = min(done / _GONE, 1.0) if b.seen < a.seen else max(done - _COME, 0.0) / (1 - _COME)
    return Line(points, b.skip, a.seen + (b.seen - a.seen) * fading)


def _between(a: QRectF, b: QRectF, done: float) -> QRectF:
    def mix(x: float, y: float) -> float:
        return x + (y - x) * done

    return QRectF(mix(a.x(), b.x()), mix(a.y(), b.y()), mix(a.width(), b.width()), mix(a.height(), b.height()))
