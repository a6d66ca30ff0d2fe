"""A diagram with its places, ready to be painted at any scale, on anything a QPainter can paint on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from explorer.diagram import Card, Diagram, Direction, Kind, Link, Step
from explorer.drawing import afar, cards, links
from explorer.drawing.legend import Entry, Mark, Said, explained
from explorer.drawing.marks import Marks, Outline, paint_marks
from explorer.drawing.nearby import Nearby
from explorer.drawing.theme import Theme, advance
from explorer.garbage import undisturbed
from explorer.layout import Geometry, arrange

DIMMED = 0.3
_LEAST = 1.0  # screen pixels: what is smaller both ways is not painted
_PLAIN = Marks()
_LONGEST_TEXT = 400.0  # a text that begins this far to the left may still be seen


@dataclass(frozen=True)
class Flow:
    """A card with all that it depends on and all that depends on it."""

    cards: frozenset[str]
    links: frozenset[int]  # numbers of the diagram's links


@dataclass(frozen=True)
class _Placed:
    card: Card
    rect: QRectF
    depth: int
    frame: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A card or the frame of an open group, by itself."""

    card: Card
    frame: bool
    depth: int
    around: tuple[str, ...]  # the open groups that it is in, innermost first
    natural: tuple[float, float]  # the size it is made for
    beside: QPointF | None  # where its text begins, from its corner
    rect: QRectF
    seen: float = 1.0  # how opaque it is


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
        self._texts = {id: QPointF(*place) for id, place in geometry.texts.items()}
        self._strands = links.strands([link.source for link in diagram.links], geometry.routes)
        self.routes = geometry.routes
        self._of_card: dict[str, list[int]] = defaultdict(list)  # a card's links, in and out
        for number, link in enumerate(diagram.links):
            for id in dict.fromkeys((link.source, link.target)):
                self._of_card[id].append(number)
        self._stacked = {member: id for id in self._placed if "," in id for member in id.split(",")}
        self._flows: dict[str, Flow | None] = {}
        self._frames = [placed for placed in self._placed.values() if placed.frame]
        self._cards = [placed for placed in self._placed.values() if not placed.frame]
        self._outermost = [placed for placed in self._frames if placed.depth == 1]
        self._ends = [p for p in self._cards if p.depth == 1 and p.card.kind in ("input", "output")]
        # What a strip exposes is looked up, not found by asking everything there is.
        self._near_frames = Nearby([placed.rect for placed in self._frames])
        self._near_cards = Nearby([placed.rect for placed in self._cards])
        self._near_strands = Nearby([strand.bounds for strand in self._strands])

    @property
    def bounds(self) -> QRectF:
        return QRectF(0, 0, self.width, self.height)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of op that are on the cards, for the legend."""
        found = dict.fromkeys(placed.card.kind for placed in self._cards)
        for placed in self._cards:
            found.update(dict.fromkeys(kind for kind, _ in placed.card.chips))
        return tuple(found)

    @cached_property
    def legend(self) -> tuple[Entry, ...]:
        """All that needs an explanation."""
        scale, bars = self.diagram.scale, self.diagram.bars
        colours: tuple[Entry, ...] = self.kinds if scale is None else tuple(explained(scale))
        marks: list[Mark] = ["skip"] if any(strand.skip for strand in self._strands) else []
        changes = {placed.card.change for placed in self._placed.values()}
        marks += [change for change in ("changed", "added", "off", "removed") if change in changes]
        return (*colours, *marks, *((Said("bar", bars),) if bars else ()))

    def rect(self, id: str) -> QRectF | None:
        """Where a card or frame is; None when it is not visible."""
        placed = self._placed.get(id)
        return placed.rect if placed else None

    def card(self, id: str) -> Card | None:
        placed = self._placed.get(id)
        return placed.card if placed else None

    def showing(self, id: str) -> str:
        """The card of that id, or the stack of equal cards that it is in; the id itself when it is not visible."""
        return id if id in self._placed else self._stacked.get(id, id)

    def flow(self, id: str | None) -> Flow | None:
        """What a card depends on and what depends on it; None where that is everything, or no card."""
        if id is None or id not in self._placed or self._placed[id].frame:
            return None
        if id not in self._flows:
            self._flows[id] = self._found_flow(id)
        return self._flows[id]

    def _found_flow(self, id: str) -> Flow | None:
        cards, numbers = {id}, set()
        for forwards in (True, False):
            waiting, seen = [id], {id}
            while waiting:
                here = waiting.pop()
                for number in self._of_card.get(here, ()):
                    link = self.diagram.links[number]
                    near, far = (link.source, link.target) if forwards else (link.target, link.source)
                    if near != here:
                        continue
                    numbers.add(number)
                    if far not in seen:
                        seen.add(far)
                        waiting.append(far)
            cards |= seen
        return Flow(frozenset(cards), frozenset(numbers)) if len(numbers) < len(self.diagram.links) else None

    def is_frame(self, id: str) -> bool:
        return id in self._placed and self._placed[id].frame

    def hit(self, x: float, y: float) -> str | None:
        """The innermost card or frame at a point of the drawing."""
        point = QPointF(x, y)
        for placed in self._near(QRectF(x - 1, y - 1, 2, 2)):
            if placed.rect.contains(point):
                return placed.card.id
        frames = (self._frames[number] for number in reversed(self._near_frames.within(QRectF(x - 1, y - 1, 2, 2))))
        return next((placed.card.id for placed in frames if placed.rect.contains(point)), None)

    def count_in(self, part: QRectF) -> int:
        """How many cards lie, at least in part, in a part of the drawing."""
        return sum(1 for _ in self._near(part))

    def link_at(self, x: float, y: float, reach: float = 4.0) -> Link | None:
        """The link that passes within `reach` of a point, the one painted uppermost."""
        point = QPointF(x, y)
        around = QRectF(x - reach, y - reach, 2 * reach, 2 * reach)
        for place in reversed(self._near_strands.within(around)):
            strand = self._strands[place]
            if strand.bounds.adjusted(-reach, -reach, reach, reach).contains(point):
                for number in strand.numbers:
                    if links.near(self.routes[number].points, x, y, reach):
                        return self.diagram.links[number]
        return None

    def neighbours(self, id: str) -> tuple[list[str], list[str]]:
        """The cards that feed a card, and those it feeds."""
        own = [self.diagram.links[number] for number in self._of_card.get(id, ())]
        before = dict.fromkeys(link.source for link in own if link.target == id)
        after = dict.fromkeys(link.target for link in own if link.source == id)
        return list(before), list(after)

    def within(self, part: QRectF) -> tuple[list[Piece], list[int]]:
        """What lies, at least in part, in a part of the drawing: frames and cards, and the numbers of links."""
        near = [self._frames[number] for number in self._near_frames.within(part)]
        near += self._near(part)
        numbers = [n for place in self._near_strands.within(part) for n in self._strands[place].numbers]
        return [self._piece(placed) for placed in near], numbers

    def piece(self, id: str, frame: bool) -> Piece | None:
        """A card or, with `frame`, the frame of an open group; None when there is none of that id."""
        placed = self._placed.get(id)
        return self._piece(placed) if placed is not None and placed.frame == frame else None

    def _piece(self, placed: _Placed) -> Piece:
        id, rect = placed.card.id, placed.rect
        text = self._texts.get(id)
        return Piece(
            placed.card,
            placed.frame,
            placed.depth,
            self._around(id),
            (rect.width(), rect.height()),
            text - rect.topLeft() if text is not None else None,
            rect,
        )

    def _around(self, id: str) -> tuple[str, ...]:
        found: list[str] = []
        while (id := self._parent.get(id, "")) in self._placed:
            found.append(id)
        return tuple(found)

    @cached_property
    def _parent(self) -> dict[str, str]:
        return {child: group for group, inside in self.diagram.children.items() for child in inside}

    def touched(self, marks: Marks, scale: float) -> QRectF:
        """Where marks for what is selected and hovered are painted; the rest of a painting does not depend on them."""
        touched = QRectF()
        for id in (marks.selected or "", marks.hovered or "", *marks.also):
            touched |= self._placed[id].rect if id in self._placed else QRectF()
            for number in self._of_card.get(id, ()):
                xs, ys = zip(*self.routes[number].points, strict=True)
                touched |= QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
        slack = 8 / min(scale, 1.0)
        return touched.adjusted(-slack, -slack, slack, slack) if not touched.isNull() else touched

    def paint(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, marks: Marks = _PLAIN) -> None:
        """Paint the exposed part, in the drawing's own coordinates; `scale` is screen pixels for one of them."""
        self._paint_body(painter, theme, exposed, scale, marks)
        if scale * cards.TITLE < cards.FAR:
            self._paint_afar(painter, theme, exposed, scale)
        found = (id for id in marks.found if id in self._placed and self._placed[id].rect.intersects(exposed))
        self.paint_marks(painter, theme, scale, replace(marks, found=frozenset(found)), {})

    def paint_map(self, painter: QPainter, theme: Theme, scale: float) -> None:
        """Paint all of it in patches of colour, without a word."""
        self._paint_body(painter, theme, self.bounds, min(scale, 0.99 * afar.PANELS), _PLAIN)

    def _paint_body(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, marks: Marks) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, scale * cards.TITLE >= cards.FAR)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
        frames = [self._frames[number] for number in self._near_frames.within(exposed, _LEAST / scale)]
        for placed in frames:
            cards.paint_frame(painter, placed.card, placed.rect, theme, scale, placed.depth)
        self._paint_links(painter, theme, exposed, scale, marks)
        for placed in frames:
            cards.paint_header(painter, placed.card, placed.rect, theme, scale, placed.depth)
        flow = self.flow(marks.flow)
        for placed in self._near(exposed, _LEAST / scale):
            if flow is not None:
                painter.setOpacity(1.0 if placed.card.id in flow.cards else DIMMED)
            cards.paint(painter, placed.card, placed.rect, theme, scale)
        painter.setOpacity(1.0)

    def _paint_afar(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        """What stages are and, from very far away, what they cost and where the network begins and ends."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        above = afar.ABOVE / scale
        for placed in self._outermost:
            if placed.rect.adjusted(0, -above, 0, 0).intersects(exposed):
                afar.paint_frame_title(painter, placed.card, placed.rect, theme, scale)
        for placed in self._ends:
            if placed.rect.adjusted(-afar.BETWEEN, -above, afar.BETWEEN, 0).intersects(exposed):
                afar.paint_end(painter, placed.card, placed.rect, theme, scale)

    def paint_marks(
        self, painter: QPainter, theme: Theme, scale: float, marks: Marks, moved: Mapping[str, QRectF]
    ) -> None:
        """Paint what is pointed out, around cards that are where `moved` says or, if it does not, in their places."""
        ids = {
            *marks.found,
            *marks.lit,
            *marks.differing,
            *marks.also,
            marks.hovered or "",
            marks.selected or "",
        } & self._placed.keys()
        places = {id: self._placed[id] for id in ids}
        outlines = {id: Outline(moved.get(id, p.rect), p.frame, p.card.round) for id, p in places.items()}
        paint_marks(painter, theme, scale, marks, outlines)

    def _near(self, exposed: QRectF, least: float = 0.0) -> Iterator[_Placed]:
        return (self._cards[number] for number in self._near_cards.within(exposed, least))

    def _paint_links(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, marks: Marks) -> None:
        seen = [self._strands[number] for number in self._near_strands.within(exposed, _LEAST / scale + links.AROUND)]
        main, skip = links.pens(theme, scale)
        flow = self.flow(marks.flow)
        for strand in seen:
            lit = flow is None or flow.links.issuperset(strand.numbers)
            painter.setOpacity(1.0 if lit else DIMMED)
            links.paint_line(painter, strand.path, strand.heads, skip if strand.skip else main, scale)
        painter.setOpacity(1.0)
        if flow is not None:
            self._paint_lit(painter, seen, flow, theme, scale)
        focus = marks.selected if marks.selected in self._placed else marks.hovered
        for number in self._of_card.get(focus or "", ()):
            path, head = links.alone(self.routes[number].points)
            links.paint_line(painter, path, head, QPen(theme.of("selection"), 2.2 / min(scale / links.FAR, 1.0)), scale)
        room = exposed.adjusted(-_LONGEST_TEXT, -20, 0, 20)
        texts = ((point, self.diagram.cards[id].beside) for id, point in self._texts.items() if room.contains(point))
        cards.paint_beside(painter, theme, scale, texts)

    def _paint_lit(self, painter: QPainter, seen: list[links.Strand], flow: Flow, theme: Theme, scale: float) -> None:
        """Of what leaves a card together, the links that belong to a flow."""
        for strand in seen:
            own = flow.links.intersection(strand.numbers)
            if own and len(own) < len(strand.numbers):
                pen = theme.skip_pen(1.4) if strand.skip else QPen(theme.of("link"), 1.4)
                for number in sorted(own):
                    path, head = links.alone(self.routes[number].points)
                    links.paint_line(painter, path, head, pen, scale)


@undisturbed()
def compose(diagram: Diagram, direction: Direction = "columns", step: Step = float) -> Picture:
    """Measure the cards, lay them out, and make the picture; `step` hears how far it is, and may raise to end it.

    Needs a QGuiApplication; runs on any thread.
    """
    step(0.0)
    visible = [card for id, card in diagram.cards.items() if id not in diagram.children]
    sizes = {card.id: cards.size(card) for card in visible}
    beside = {card.id: advance(card.beside, cards.BESIDE) for card in visible if card.beside}
    pairs = [(link.source, link.target) for link in diagram.links]

    def arranging(done: float) -> None:
        step(0.1 + 0.7 * done)

    geometry = arrange(diagram.root, diagram.children, pairs, sizes, direction=direction, beside=beside, step=arranging)
    step(0.8)
    return Picture(diagram, geometry)


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
