"""A laid-out diagram, painted at any scale on any QPaintDevice; where things lie in it is found by `placed_diagram`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from explorer.base.gc_pause import gc_paused
from explorer.drawing import card_text, cards, level_of_detail, links, towers
from explorer.drawing.legend import LegendEntry, LegendMark, LegendText, mark_label, scale_entries
from explorer.drawing.marks import MarkOutline, Marks, paint_marks
from explorer.drawing.placed_diagram import DataFlow, PlacedCard, PlacedDiagram
from explorer.drawing.theme import Theme, text_width
from explorer.layout import Fit, arrange, arrange_to_fit
from explorer.viewmodels.card_parts import CARD_PARTS, limit_card_parts
from explorer.viewmodels.diagram import Card, Diagram, Direction, Kind, Link, ProgressCallback

#: Told what is painted next, by its kind and id; "" where a thing ends.
Announce = Callable[[str, str], object]

DIMMED_OPACITY = 0.3
_MIN_VISIBLE_PX = 1.0  # screen pixels: what is smaller both ways is not painted
_NO_MARKS = Marks()
_MAX_SIDE_TEXT_WIDTH = 400.0  # a text that begins this far to the left may still be seen


def no_announcement(kind: str, id: str) -> None:
    """Announce nothing."""


class Picture(PlacedDiagram):
    """Placed diagram that can be painted, made by `compose_picture`. Painting does not change it."""

    @cached_property
    def legend(self) -> tuple[LegendEntry, ...]:
        """Entries for every kind, mark and colour scale that occurs."""
        return self._build_legend(self._placed.values(), self._bundles)

    def legend_in(self, region: QRectF) -> tuple[LegendEntry, ...]:
        """Return the entries for what occurs in a region of the drawing."""
        near = [self._frames[number] for number in self._frame_index.query(region)] + list(self._cards_in(region))
        return self._build_legend(near, [self._bundles[number] for number in self._bundle_index.query(region)])

    def _build_legend(
        self, placed: Iterable[PlacedCard], strands: Iterable[links.LinkBundle]
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
        said = scale.labels if scale is not None else ()  # colours of changes say the same as their marks
        marks += [
            mark for mark in ("changed", "added", "off", "removed") if mark in changes and mark_label(mark) not in said
        ]
        bars = self.diagram.bars_label if any(card.bar_share > 0 for card in cards) else ""
        return (*colours, *marks, *((LegendText("bar", bars),) if bars else ()))

    def without_fold_signs(self) -> Picture:
        """Return the same picture, with every card in its place, for those who have nothing to click on."""
        return Picture(limit_card_parts(self.diagram, CARD_PARTS), self.geometry)

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
        announce: Announce = no_announcement,
    ) -> None:
        """Paint the exposed part, in drawing units; `scale` is screen pixels per unit. `announce` is told which frame,
        title, links or card is painted next."""
        self._paint_body(painter, theme, exposed, scale, marks, announce)
        if scale * card_text.TITLE_PX < cards.MIN_CARD_TITLE_PX:
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
        announce: Announce = no_announcement,
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, scale * card_text.TITLE_PX >= cards.MIN_CARD_TITLE_PX)
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

    def paint_chosen_link(self, painter: QPainter, theme: Theme, scale: float, link: Link) -> None:
        """Paint a link as one that is chosen, over what is painted."""
        if link in self.diagram.links:
            path, head = links.single_link_path(self._drawn_links[self.diagram.links.index(link)])
            pen = QPen(theme.named_colour("selection"), 3.2 / min(scale / links.FAINT_BELOW_SCALE, 1.0))
            links.paint_link_path(painter, path, head, pen, scale)

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
    sizes = towers.tower_sizes(diagram, {card.id: card_text.card_size(card) for card in visible})
    beside = {card.id: text_width(card.side_text, card_text.SIDE_TEXT_PX) for card in visible if card.side_text}
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


__all__ = ["Marks", "Picture", "compose_picture"]
