"""A laid-out diagram, ready to be painted at any scale on any QPaintDevice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from explorer.base.gc_pause import gc_paused
from explorer.drawing import cards, level_of_detail, links, towers
from explorer.drawing.legend import LegendEntry, LegendMark, LegendText, scale_entries
from explorer.drawing.marks import MarkOutline, Marks, paint_marks
from explorer.drawing.rect_index import RectIndex
from explorer.drawing.theme import Theme, text_width
from explorer.layout import Fit, Geometry, Route, arrange, arrange_to_fit
from explorer.viewmodels.card_ids import StackId
from explorer.viewmodels.diagram import Card, Diagram, Direction, Kind, Link, ProgressCallback

#: Told what is painted next, by its kind and id; "" where a thing ends.
Announce = Callable[[str, str], object]

DIMMED_OPACITY = 0.3
_MIN_VISIBLE_PX = 1.0  # screen pixels: what is smaller both ways is not painted
_NO_MARKS = Marks()
_MAX_SIDE_TEXT_WIDTH = 400.0  # a text that begins this far to the left may still be seen


def say_nothing(kind: str, id: str) -> None:
    """Announce nothing."""


@dataclass(frozen=True)
class DataFlow:
    """A card with its ancestors and descendants in the graph."""

    cards: frozenset[str]
    links: frozenset[int]  # numbers of the diagram's links


@dataclass(frozen=True)
class _PlacedCard:
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


class Picture:
    """Diagram with the geometry of its cards and links, made by `compose_picture`. Painting does not change it."""

    def __init__(self, diagram: Diagram, geometry: Geometry) -> None:
        self.diagram, self.geometry = diagram, geometry
        self.width, self.height = geometry.width, geometry.height
        depth = _depths(diagram)
        self._placed: dict[str, _PlacedCard] = {}
        for id in depth:  # outermost first: frames are painted below what is in them
            box = geometry.boxes[id]
            rect = QRectF(box.x, box.y, box.width, box.height)
            self._placed[id] = _PlacedCard(diagram.cards[id], rect, depth[id], id in diagram.children)
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

    @cached_property
    def legend(self) -> tuple[LegendEntry, ...]:
        """Entries for every kind, mark and colour scale that occurs."""
        return self._build_legend(self._placed.values(), self._bundles)

    def legend_in(self, region: QRectF) -> tuple[LegendEntry, ...]:
        """Return the entries for what occurs in a region of the drawing."""
        near = [self._frames[number] for number in self._frame_index.query(region)] + list(self._cards_in(region))
        return self._build_legend(near, [self._bundles[number] for number in self._bundle_index.query(region)])

    def _build_legend(
        self, placed: Iterable[_PlacedCard], strands: Iterable[links.LinkBundle]
    ) -> tuple[LegendEntry, ...]:
        near = list(placed)
        cards = [one.card for one in near if not one.is_frame]
        scale = self.diagram.scale
        if scale is not None and scale.labels:
            found = {one.card.tint_label for one in near}
            scale = replace(scale, labels=tuple(label for label in scale.labels if label in found))
        colours: tuple[LegendEntry, ...] = _kinds_on(cards) if scale is None else tuple(scale_entries(scale))
        marks: list[LegendMark] = ["skip"] if any(strand.is_skip for strand in strands) else []
        changes = {one.card.change for one in near}
        marks += [change for change in ("changed", "added", "off", "removed") if change in changes]
        bars = self.diagram.bars_label if any(card.bar_share > 0 for card in cards) else ""
        return (*colours, *marks, *((LegendText("bar", bars),) if bars else ()))

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

    def count_cards_in(self, region: QRectF) -> int:
        """Return how many cards intersect a region of the drawing."""
        return sum(1 for _ in self._cards_in(region))

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

    def _build_item(self, placed: _PlacedCard) -> DiagramItem:
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

    def marked_area(self, marks: Marks, scale: float) -> QRectF:
        """Return the region that the marks of selection and hover touch; the rest of a painting does not depend on
        them."""
        touched = QRectF()
        for id in (marks.selected or "", marks.hovered or "", *marks.also_selected):
            touched |= self._placed[id].rect if id in self._placed else QRectF()
            for number in self._links_of_card.get(id, ()):
                xs, ys = zip(*self.routes[number].points, strict=True)
                touched |= QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
        slack = 8 / min(scale, 1.0)
        return touched.adjusted(-slack, -slack, slack, slack) if not touched.isNull() else touched

    def paint(
        self,
        painter: QPainter,
        theme: Theme,
        exposed: QRectF,
        scale: float,
        marks: Marks = _NO_MARKS,
        announce: Announce = say_nothing,
    ) -> None:
        """Paint the exposed part, in drawing units; `scale` is screen pixels per unit. `announce` is told which frame,
        title, links or card is painted next."""
        self._paint_body(painter, theme, exposed, scale, marks, announce)
        if scale * cards.TITLE_PX < cards.MIN_CARD_TITLE_PX:
            self._paint_distant_titles(painter, theme, exposed, scale)
        found = (id for id in marks.search_hits if id in self._placed and self._placed[id].rect.intersects(exposed))
        self.paint_marks(painter, theme, scale, replace(marks, search_hits=frozenset(found)), {})

    def paint_minimap(self, painter: QPainter, theme: Theme, scale: float) -> None:
        """Paint everything as patches of colour, without text."""
        self._paint_body(painter, theme, self.bounds, min(scale, 0.99 * level_of_detail.OVERVIEW_SCALE), _NO_MARKS)

    def _paint_body(
        self,
        painter: QPainter,
        theme: Theme,
        exposed: QRectF,
        scale: float,
        marks: Marks,
        announce: Announce = say_nothing,
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, scale * cards.TITLE_PX >= cards.MIN_CARD_TITLE_PX)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
        frames = [self._frames[number] for number in self._frame_index.query(exposed, _MIN_VISIBLE_PX / scale)]
        for placed in frames:
            announce("frame", placed.card.id)
            cards.paint_frame(painter, placed.card, placed.rect, theme, scale, placed.depth)
        announce("", "")
        self._paint_links(painter, theme, exposed, scale, marks, announce)
        for placed in frames:
            announce("title", placed.card.id)
            cards.paint_header(painter, placed.card, placed.rect, theme, scale, placed.depth)
        flow = self.data_flow(marks.flow_card)
        for placed in self._cards_in(exposed, _MIN_VISIBLE_PX / scale):
            if flow is not None:
                painter.setOpacity(1.0 if placed.card.id in flow.cards else DIMMED_OPACITY)
            announce("card", placed.card.id)
            cards.paint_card(painter, placed.card, placed.rect, theme, scale)
        announce("", "")
        painter.setOpacity(1.0)

    def _paint_distant_titles(self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float) -> None:
        """What stages are and, from very far away, what they cost and where the network begins and ends."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        above = level_of_detail.FRAME_TITLE_HEIGHT_PX / scale
        for placed in self._outermost:
            if placed.rect.adjusted(0, -above, 0, 0).intersects(exposed):
                level_of_detail.paint_frame_title(painter, placed.card, placed.rect, theme, scale)
        for placed in self._end_cards:
            if placed.rect.adjusted(
                -level_of_detail.END_TITLE_MARGIN, -above, level_of_detail.END_TITLE_MARGIN, 0
            ).intersects(exposed):
                level_of_detail.paint_end_title(painter, placed.card, placed.rect, theme, scale)

    def paint_marks(
        self, painter: QPainter, theme: Theme, scale: float, marks: Marks, moved_rects: Mapping[str, QRectF]
    ) -> None:
        """Paint the marks around cards at `moved_rects`, or at their own place for ids that are not in it."""
        ids = {
            *marks.search_hits,
            *marks.highlighted,
            *marks.differing,
            *marks.also_selected,
            marks.hovered or "",
            marks.selected or "",
        } & self._placed.keys()
        places = {id: self._placed[id] for id in ids}
        outlines = {
            id: MarkOutline(moved_rects.get(id, p.rect), p.is_frame, p.card.is_round) for id, p in places.items()
        }
        paint_marks(painter, theme, scale, marks, outlines)

    def _cards_in(self, exposed: QRectF, min_side: float = 0.0) -> Iterator[_PlacedCard]:
        return (self._cards[number] for number in self._card_index.query(exposed, min_side))

    def _paint_links(
        self, painter: QPainter, theme: Theme, exposed: QRectF, scale: float, marks: Marks, announce: Announce
    ) -> None:
        seen = [
            self._bundles[number]
            for number in self._bundle_index.query(exposed, _MIN_VISIBLE_PX / scale + links.BUNDLE_MARGIN)
        ]
        main, skip = links.link_pens(theme, scale)
        flow = self.data_flow(marks.flow_card)
        for strand in seen:
            lit = flow is None or flow.links.issuperset(strand.link_indices)
            painter.setOpacity(1.0 if lit else DIMMED_OPACITY)
            announce("shortcuts" if strand.is_skip else "links", strand.source)
            links.paint_link_path(painter, strand.path, strand.arrow_heads, skip if strand.is_skip else main, scale)
        announce("", "")
        painter.setOpacity(1.0)
        if flow is not None:
            self._paint_flow_links(painter, seen, flow, theme, scale)
        focus = marks.selected if marks.selected in self._placed else marks.hovered
        for number in self._links_of_card.get(focus or "", ()):
            path, head = links.single_link_path(self._drawn_links[number])
            links.paint_link_path(
                painter,
                path,
                head,
                QPen(theme.named_colour("selection"), 2.2 / min(scale / links.FAINT_BELOW_SCALE, 1.0)),
                scale,
            )
        room = exposed.adjusted(-_MAX_SIDE_TEXT_WIDTH, -20, 0, 20)
        texts = (
            (point, self.diagram.cards[id].side_text) for id, point in self.side_texts.items() if room.contains(point)
        )
        cards.paint_side_texts(painter, theme, scale, texts)

    def _paint_flow_links(
        self, painter: QPainter, seen: list[links.LinkBundle], flow: DataFlow, theme: Theme, scale: float
    ) -> None:
        """Of what leaves a card together, the links that belong to a flow."""
        for strand in seen:
            own = flow.links.intersection(strand.link_indices)
            if own and len(own) < len(strand.link_indices):
                pen = theme.skip_pen(1.4) if strand.is_skip else QPen(theme.named_colour("link"), 1.4)
                for number in sorted(own):
                    path, head = links.single_link_path(self._drawn_links[number])
                    links.paint_link_path(painter, path, head, pen, scale)


def _kinds_on(cards: Iterable[Card]) -> tuple[Kind, ...]:
    found: dict[Kind, None] = {}
    for card in cards:
        found[card.kind] = None
        found.update(dict.fromkeys(kind for kind, _ in card.chips))
    return tuple(found)


@gc_paused()
def compose_picture(
    diagram: Diagram,
    direction: Direction = "columns",
    report_progress: ProgressCallback = float,
    fit: Fit | None = None,
) -> Picture:
    """Measure the cards, lay out the graph and return the picture; wrapped to be as large as can be in the room of
    `fit`, where one is given.

    `report_progress` is called with the part that is done, 0 to 1, and may raise to cancel. Needs a QGuiApplication;
    runs on any thread.
    """
    report_progress(0.0)
    if direction == "right":
        diagram = towers.as_columns(diagram)
    visible = [card for id, card in diagram.cards.items() if id not in diagram.children]
    sizes = towers.tower_sizes(diagram, {card.id: cards.card_size(card) for card in visible})
    beside = {card.id: text_width(card.side_text, cards.SIDE_TEXT_PX) for card in visible if card.side_text}
    pairs = [(link.source, link.target) for link in diagram.links]

    def arranging(done: float) -> None:
        report_progress(0.1 + 0.7 * done)

    graph = (diagram.root, diagram.children, pairs, sizes)
    if fit is None:
        geometry = arrange(*graph, direction=direction, text_widths=beside, on_progress=arranging)
    else:
        geometry = arrange_to_fit(*graph, fit, direction=direction, text_widths=beside, on_progress=arranging)
    report_progress(0.8)
    return Picture(diagram, towers.take_room(diagram, geometry))


def _depths(diagram: Diagram) -> dict[str, int]:
    depth: dict[str, int] = {}
    waiting = [(child, 1) for child in diagram.children[diagram.root]]
    while waiting:
        layer, waiting = waiting, []
        for id, level in layer:
            depth[id] = level
            waiting.extend((child, level + 1) for child in diagram.children.get(id, ()))
    return depth


__all__ = ["Marks", "Picture", "compose_picture"]
