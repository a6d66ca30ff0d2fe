"""A diagram with its places, ready to be painted at any scale, on anything a QPainter can paint on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from explorer.diagram import Card, Diagram, Kind
from explorer.drawing import cards
from explorer.drawing.links import Strand, strands
from explorer.drawing.theme import Theme, font
from explorer.layout import Geometry, arrange


@dataclass(frozen=True)
class Marks:
    """What is pointed out: nothing of it belongs to the diagram itself."""

    selected: str | None = None
    hovered: str | None = None


@dataclass(frozen=True)
class _Placed:
    card: Card
    rect: QRectF
    depth: int
    frame: bool


class Picture:
    """What `compose` makes. Painting it changes nothing."""

    def __init__(self, diagram: Diagram, geometry: Geometry) -> None:
        self.diagram = diagram
        self.width, self.height = geometry.width, geometry.height
        depth = _depths(diagram)
        self._placed: dict[str, _Placed] = {}
        for id in depth:  # outermost first: frames are painted below what is in them
            box = geometry.boxes[id]
            rect = QRectF(box.x, box.y, box.width, box.height)
            self._placed[id] = _Placed(diagram.cards[id], rect, depth[id], id in diagram.children)
        found = strands([(link.source, link.target, link.text) for link in diagram.links], geometry.routes)
        # Shortcuts first: where one leaves together with the main path, that one is seen.
        self._strands = sorted(found, key=lambda strand: not strand.skip)
        self._frames = [placed for placed in self._placed.values() if placed.frame]
        # Cards by left edge: what a strip exposes is found by bisection, not by asking every card.
        self._cards = sorted((p for p in self._placed.values() if not p.frame), key=lambda p: p.rect.left())
        self._lefts = [placed.rect.left() for placed in self._cards]
        self._widest = max((placed.rect.width() for placed in self._cards), default=0.0)

    @property
    def bounds(self) -> QRectF:
        return QRectF(0, 0, self.width, self.height)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of op that are on the cards, for the legend."""
        found = dict.fromkeys(placed.card.kind for placed in self._cards)
        for placed in self._cards:
            found.update(dict.fromkeys(kind for kind, _ in placed.card.chips))
        return tuple(found)

    def rect(self, id: str) -> QRectF | None:
        """Where a card or frame is; None when it is not visible."""
        placed = self._placed.get(id)
        return placed.rect if placed else None

    def card(self, id: str) -> Card | None:
        placed = self._placed.get(id)
        return placed.card if placed else None

    def is_frame(self, id: str) -> bool:
        return id in self._placed and self._placed[id].frame

    def hit(self, x: float, y: float) -> str | None:
        """The innermost card or frame at a point of the drawing."""
        point = QPointF(x, y)
        for placed in self._near(QRectF(x - 1, y - 1, 2, 2)):
            if placed.rect.contains(point):
                return placed.card.id
        return next((p.card.id for p in reversed(self._frames) if p.rect.contains(point)), None)

    def neighbours(self, id: str) -> tuple[list[str], list[str]]:
        """The cards that feed a card, and those it feeds."""
        before = dict.fromkeys(link.source for link in self.diagram.links if link.target == id)
        after = dict.fromkeys(link.target for link in self.diagram.links if link.source == id)
        return list(before), list(after)

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, marks: Marks = Marks()) -> None:
        """Paint the exposed part, in the drawing's own coordinates; `scale` is screen pixels for one of them."""
        near = scale * cards.TITLE >= cards.FAR
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, near)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
        for placed in self._frames:
            if placed.rect.intersects(exposed):
                cards.paint_frame(painter, placed.card, placed.rect, theme, scale, placed.depth)
        self._paint_links(painter, theme, exposed, scale, marks)
        for placed in self._frames:
            if placed.rect.intersects(exposed):
                cards.paint_header(painter, placed.card, placed.rect, theme, scale, placed.depth)
        for placed in self._near(exposed):
            cards.paint(painter, placed.card, placed.rect, theme, scale)
        if not near:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for placed in self._frames:
                if placed.depth == 1 and placed.rect.adjusted(0, -18 / scale, 0, 0).intersects(exposed):
                    cards.paint_far_title(painter, placed.card, placed.rect, theme, scale)
        self._paint_marks(painter, theme, scale, marks)

    def _near(self, exposed: QRectF) -> Iterator[_Placed]:
        start = bisect_left(self._lefts, exposed.left() - self._widest)
        end = bisect_right(self._lefts, exposed.right())
        return (placed for placed in self._cards[start:end] if placed.rect.intersects(exposed))

    def _paint_links(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, marks: Marks) -> None:
        focus = marks.selected or marks.hovered
        lit: list[Strand] = []
        for strand in self._strands:
            if not strand.bounds.intersects(exposed):
                continue
            if focus is not None and (strand.source == focus or focus in strand.targets):
                lit.append(strand)
                continue
            _paint_strand(painter, strand, theme.of("skip" if strand.skip else "link"), 1.4, scale)
        for strand in lit:
            _paint_strand(painter, strand, theme.of("selection"), 2.2, scale)
        if cards.LINE * scale < cards.READABLE + 1:
            return
        painter.setFont(font(10.0))
        painter.setPen(theme.of("muted"))
        for strand in self._strands:
            if strand.bounds.intersects(exposed):
                for point, text in strand.texts:
                    painter.drawText(QPointF(*point), text)

    def _paint_marks(self, painter: QPainter, theme: Theme, scale: float, marks: Marks) -> None:
        for id, width in ((marks.hovered, 1.5), (marks.selected, 2.5)):
            placed = self._placed.get(id) if id else None
            if placed is None:
                continue
            painter.setPen(QPen(theme.of("selection"), width / min(scale, 1.0)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            grown = placed.rect.adjusted(-2, -2, 2, 2)
            if placed.card.round and not placed.frame:
                painter.drawEllipse(grown)
            else:
                painter.drawRoundedRect(grown, cards.RADIUS + 2, cards.RADIUS + 2)


def compose(diagram: Diagram) -> Picture:
    """Measure the cards, lay them out, and make the picture. Needs a QGuiApplication; runs on any thread."""
    sizes = {id: cards.size(card) for id, card in diagram.cards.items() if id not in diagram.children}
    links = [(link.source, link.target) for link in diagram.links]
    return Picture(diagram, arrange(diagram.root, diagram.children, links, sizes))


def _paint_strand(painter: QPainter, strand: Strand, colour: QColor, width: float, scale: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # From far away lines are one pixel wide whatever the scale, and faint, so that cards stay what one sees.
    pen = QPen(colour, width) if scale >= 0.4 else QPen(colour, 0)
    painter.setPen(pen)
    painter.drawPath(strand.path)
    if scale >= 0.3:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPath(strand.heads)


def _depths(diagram: Diagram) -> dict[str, int]:
    depth: dict[str, int] = {}
    waiting = [(child, 1) for child in diagram.children[diagram.root]]
    while waiting:
        layer, waiting = waiting, []
        for id, level in layer:
            depth[id] = level
            waiting.extend((child, level + 1) for child in diagram.children.get(id, ()))
    return depth


__all__ = ["Marks", "Picture", "compose"]
