"""A laid-out diagram and what is found in it: which card lies where, what lies under a point, what leads to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSizeF

from explorer.drawing import links, towers
from explorer.drawing.card_text import expander_center, top_of_stack
from explorer.drawing.rect_index import RectIndex
from explorer.layout import Geometry, Route, Spacing
from explorer.viewmodels.card_ids import StackId
from explorer.viewmodels.diagram import Card, Diagram, Link

_TITLE_HEIGHT = Spacing().header
_SIGN_REACH = 9.0  # drawing units around the middle of a plus or minus that belong to it


@dataclass(frozen=True)
class DataFlow:
    """A card with its ancestors and descendants in the graph."""

    cards: frozenset[str]
    links: frozenset[int]  # numbers of the diagram's links


@dataclass(frozen=True)
class PlacedCard:
    """A card, or an open group, at its place."""

    card: Card
    rect: QRectF
    depth: int
    is_frame: bool


@dataclass(frozen=True, slots=True)
class DiagramItem:
    """A card or the frame of an expanded group, for painting and animating on its own."""

    card: Card
    is_frame: bool
    depth: int
    ancestors: tuple[str, ...]  # the open groups that it is in, innermost first
    natural_size: tuple[float, float]  # the size it is made for
    side_text_offset: QPointF | None  # where its text begins, from its corner
    rect: QRectF
    opacity: float = 1.0  # how opaque it is


class PlacedDiagram:
    """Diagram with the geometry of its cards and links. Nothing changes it."""

    def __init__(self, diagram: Diagram, geometry: Geometry) -> None:
        self.diagram, self.geometry = diagram, geometry
        self.width, self.height = geometry.width, geometry.height
        depth = _depths(diagram)
        self._placed: dict[str, PlacedCard] = {}
        for id in depth:  # outermost first: frames are painted below what is in them
            box = geometry.boxes[id]
            rect = QRectF(box.x, box.y, box.width, box.height)
            self._placed[id] = PlacedCard(diagram.cards[id], rect, depth[id], id in diagram.children)
        self.side_texts = {id: QPointF(*place) for id, place in geometry.texts.items()}
        pairs = zip(diagram.links, geometry.routes, strict=True)
        self._drawn_links = [self._link_lines(link, route) for link, route in pairs]
        self._bundles = links.bundle_links([link.source for link in diagram.links], geometry.routes, self._drawn_links)
        self.routes = geometry.routes
        self._links_of_card: dict[str, list[int]] = defaultdict(list)  # a card's links, in and out
        for number, link in enumerate(diagram.links):
            for id in dict.fromkeys((link.source, link.target)):
                self._links_of_card[id].append(number)
        self._stack_of = {member: id for id in self._placed if isinstance(id, StackId) for member in id.members}
        self._flows: dict[str, DataFlow | None] = {}
        self._frames = [placed for placed in self._placed.values() if placed.is_frame]
        self._cards = [placed for placed in self._placed.values() if not placed.is_frame]
        self._outermost = [placed for placed in self._frames if placed.depth == 1]
        self._end_cards = [p for p in self._cards if p.depth == 1 and p.card.kind in ("input", "output")]
        # What a strip exposes is looked up, not found by asking everything there is.
        self._frame_index = RectIndex([placed.rect for placed in self._frames])
        self._card_index = RectIndex([placed.rect for placed in self._cards])
        self._bundle_index = RectIndex([strand.bounds for strand in self._bundles])

    def _link_lines(self, link: Link, route: Route) -> links.LinkLines:
        source, target = self._placed[link.source], self._placed[link.target]
        if source.card.towers is None and target.card.towers is None:
            return links.LinkLines((route.points,))
        return towers.tower_lines(route, source.card, source.rect, target.card, target.rect)

    @property
    def bounds(self) -> QRectF:
        """Extent of the drawing, from the origin."""
        return QRectF(0, 0, self.width, self.height)

    def cards_in_sight(self, region: QRectF) -> tuple[str, ...]:
        """Return the cards, in execution order, whose middle is in a region of the drawing; of a group with all of
        its cards there, the group alone. Where no middle is, what the region touches; none for the whole drawing."""
        touched = list(self._cards_in(region))
        within = {p.card.id for p in touched if region.contains(p.rect.center())} or {p.card.id for p in touched}
        if len(within) == len(self._cards):
            return ()
        if not within:
            frame = self.hit_test(region.center().x(), region.center().y())
            return (frame,) if frame is not None else ()
        return self._fold_whole_groups(within)

    def _fold_whole_groups(self, within: Set[str]) -> tuple[str, ...]:
        """These cards, with each group that has all of its cards among them in their place."""
        children = self.diagram.children
        whole: dict[str, bool] = {}
        for id in reversed([*self._placed]):  # innermost first
            inside = children.get(id)
            whole[id] = id in within if inside is None else all(whole[child] for child in inside)
        found: list[str] = []
        waiting = [*reversed(children[self.diagram.root])]
        while waiting:
            id = waiting.pop()
            if whole[id]:
                found.append(id)
            else:
                waiting.extend(reversed(children.get(id, ())))
        return tuple(found)

    def rect(self, id: str) -> QRectF | None:
        """Return the rect of a card or frame; None when it is not visible."""
        placed = self._placed.get(id)
        return placed.rect if placed else None

    def card(self, id: str) -> Card | None:
        """Return the card (or the group's card) of that id; None when it is not visible."""
        placed = self._placed.get(id)
        return placed.card if placed else None

    def visible_card(self, id: str) -> str:
        """Return the id of the visible card that stands for `id`: itself, or the stack of equal cards it is in; `id`
        when neither is visible."""
        return id if id in self._placed else self._stack_of.get(id, id)

    def data_flow(self, id: str | None) -> DataFlow | None:
        """Return ancestors and descendants of a card; None for no card, a frame, or when that is the whole graph."""
        if id is None or id not in self._placed or self._placed[id].is_frame:
            return None
        if id not in self._flows:
            self._flows[id] = self._find_flow(id)
        return self._flows[id]

    def _find_flow(self, id: str) -> DataFlow | None:
        import networkx as nx  # here, as the window imports this module before it is on the screen

        behind = {id} | nx.descendants(self.diagram.graph, id)
        before = {id} | nx.ancestors(self.diagram.graph, id)
        links = self.diagram.links
        numbers = {n for n, link in enumerate(links) if link.source in behind or link.target in before}
        return DataFlow(frozenset(behind | before), frozenset(numbers)) if len(numbers) < len(links) else None

    def is_frame(self, id: str) -> bool:
        """Return whether `id` is an expanded group."""
        return id in self._placed and self._placed[id].is_frame

    def hit_test(self, x: float, y: float) -> str | None:
        """Return the id of the innermost card or frame at a point of the drawing."""
        point = QPointF(x, y)
        for placed in self._cards_in(QRectF(x - 1, y - 1, 2, 2)):
            if placed.rect.contains(point):
                return placed.card.id
        frames = (self._frames[number] for number in reversed(self._frame_index.query(QRectF(x - 1, y - 1, 2, 2))))
        return next((placed.card.id for placed in frames if placed.rect.contains(point)), None)

    def expander_at(self, x: float, y: float) -> str | None:
        """Return the card or frame whose plus or minus is at a point of the drawing."""
        id = self.hit_test(x, y)
        placed = self._placed[id] if id is not None else None
        if placed is None or not placed.card.is_expandable or (placed.card.towers and not placed.is_frame):
            return None
        sign = expander_center(top_of_stack(placed.card, placed.rect), is_open=placed.is_frame)
        return id if max(abs(sign.x() - x), abs(sign.y() - y)) <= _SIGN_REACH else None

    def count_cards_in(self, region: QRectF) -> int:
        """Return how many cards intersect a region of the drawing."""
        return sum(1 for _ in self._cards_in(region))

    def count_titles_in(self, region: QRectF) -> int:
        """Return how many titles of open groups intersect a region of the drawing."""
        rects = (self._frames[number].rect for number in self._frame_index.query(region))
        return sum(QRectF(rect.topLeft(), QSizeF(rect.width(), _TITLE_HEIGHT)).intersects(region) for rect in rects)

    def link_at(self, x: float, y: float, tolerance: float = 4.0) -> Link | None:
        """Return the topmost link that passes within `tolerance` of a point."""
        point = QPointF(x, y)
        around = QRectF(x - tolerance, y - tolerance, 2 * tolerance, 2 * tolerance)
        for place in reversed(self._bundle_index.query(around)):
            strand = self._bundles[place]
            if strand.bounds.adjusted(-tolerance, -tolerance, tolerance, tolerance).contains(point):
                for number in strand.link_indices:
                    drawn = self._drawn_links[number]
                    lines = (*drawn.lines, *drawn.merging, *drawn.curves)
                    if any(links.passes_near(points, x, y, tolerance) for points in lines):
                        return self.diagram.links[number]
        return None

    def neighbours(self, id: str) -> tuple[list[str], list[str]]:
        """Return the cards that feed a card, and the cards it feeds."""
        own = [self.diagram.links[number] for number in self._links_of_card.get(id, ())]
        before = dict.fromkeys(link.source for link in own if link.target == id)
        after = dict.fromkeys(link.target for link in own if link.source == id)
        return list(before), list(after)

    def exit_point(self, id: str) -> QPointF | None:
        """Return where the first link leaves a card; None for one that none leaves."""
        own = self._links_of_card.get(id, ())
        first = next((number for number in own if self.diagram.links[number].source == id), None)
        return QPointF(*self.routes[first].points[0]) if first is not None else None

    def middle_of_link(self, link: Link) -> QPointF | None:
        """Return a point in the middle of the longest straight part of a link; None for one that is not shown."""
        if link not in self.diagram.links:
            return None
        points = [QPointF(*point) for point in self.routes[self.diagram.links.index(link)].points]
        parts = list(pairwise(points))
        start, end = max(parts, key=lambda part: (part[1] - part[0]).manhattanLength())
        return (start + end) / 2

    def items_in(self, region: QRectF) -> tuple[list[DiagramItem], list[int]]:
        """Return the frames and cards that intersect a region, and the indices of its links."""
        near = [self._frames[number] for number in self._frame_index.query(region)]
        near += self._cards_in(region)
        numbers = [n for place in self._bundle_index.query(region) for n in self._bundles[place].link_indices]
        return [self._build_item(placed) for placed in near], numbers

    def item(self, id: str, is_frame: bool) -> DiagramItem | None:
        """Return the card or, with `is_frame`, the frame of that id; None when there is none."""
        placed = self._placed.get(id)
        return self._build_item(placed) if placed is not None and placed.is_frame == is_frame else None

    def _build_item(self, placed: PlacedCard) -> DiagramItem:
        id, rect = placed.card.id, placed.rect
        text = self.side_texts.get(id)
        return DiagramItem(
            placed.card,
            placed.is_frame,
            placed.depth,
            self._ancestors(id),
            (rect.width(), rect.height()),
            text - rect.topLeft() if text is not None else None,
            rect,
        )

    def _ancestors(self, id: str) -> tuple[str, ...]:
        found: list[str] = []
        while (id := self._parent.get(id, "")) in self._placed:
            found.append(id)
        return tuple(found)

    @cached_property
    def _parent(self) -> dict[str, str]:
        return {child: group for group, inside in self.diagram.children.items() for child in inside}

    def _cards_in(self, exposed: QRectF, min_side: float = 0.0) -> Iterator[PlacedCard]:
        return (self._cards[number] for number in self._card_index.query(exposed, min_side))


def _depths(diagram: Diagram) -> dict[str, int]:
    depth: dict[str, int] = {}
    waiting = [(child, 1) for child in diagram.children[diagram.root]]
    while waiting:
        layer, waiting = waiting, []
        for id, level in layer:
            depth[id] = level
            waiting.extend((child, level + 1) for child in diagram.children.get(id, ()))
    return depth
