"""One diagram on a sheet as data: its cards, links and what stands beside them, numbered on from those before it."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF

from explorer.drawing.card_text import SIDE_TEXT_PX, is_inactive, read_card, read_header
from explorer.drawing.cards import border_colour
from explorer.drawing.picture import Picture
from explorer.drawing.placed_diagram import DiagramItem
from explorer.drawing.theme import Theme
from explorer.drawing.towers import tower_card, tower_rects, tower_routes
from explorer.export.documents.scene import SceneCard, SceneLink, SceneText, clean_text
from explorer.export.sheet import Sheet
from explorer.layout import Box, Point, Route
from explorer.viewmodels.diagram import Card, Link


class PictureScene:
    """A picture whose zero point is at `origin` on the sheet; what is outside of its region is left out."""

    def __init__(
        self, sheet: Sheet, picture: Picture, region: QRectF, origin: QPointF, first: int = 0, prefix: str = ""
    ) -> None:
        self.sheet, self.picture, self.region, self.origin, self.prefix = sheet, picture, region, origin, prefix
        self.theme: Theme = sheet.theme
        self._order = self.order()
        self.numbers: dict[str, int] = {}  # of cards, by id: that of the first tower where it has some
        self.count = 0
        for item in self._order:
            self.numbers[item.card.id] = first + self.count
            self.count += item.card.towers.count if item.card.towers is not None else 1

    def place(self, x: float, y: float) -> tuple[float, float]:
        """From units of the picture to those of the sheet."""
        return self.origin.x() + x * self.sheet.zoom, self.origin.y() + y * self.sheet.zoom

    def order(self) -> list[DiagramItem]:
        """Frames, outer ones first, then cards."""
        found, _ = self.picture.items_in(self.picture.bounds)
        near = [item for item in found if self.region.intersects(item.rect)]
        frames = sorted((item for item in near if item.is_frame), key=lambda item: item.depth)
        return [*frames, *(item for item in near if not item.is_frame)]

    def cards(self) -> Iterator[SceneCard]:
        for item in self._order:
            number = self.numbers[item.card.id]
            parent = next((self.numbers[id] for id in item.ancestors if id in self.numbers), None)
            if item.card.towers is None:
                yield self.card(item, item.card, item.rect, number, parent)
            else:
                for part, rect in enumerate(tower_rects(item.card, item.rect)):
                    yield self.card(item, tower_card(item.card), rect, number + part, parent)

    def card(self, item: DiagramItem, card: Card, rect: QRectF, number: int, parent: int | None) -> SceneCard:
        theme = self.theme
        gone = is_inactive(card)
        if item.is_frame:
            rows = tuple(filter(None, read_header(card, rect.width())))
            fill, line = theme.frame_fill(item.depth), border_colour(card, theme)
            ink = theme.heading_colour(card.kind)
        else:
            rows = read_card(card, rect.width())
            fill = theme.named_colour("canvas") if gone else theme.card_fill(card)
            line = border_colour(card, theme) if card.change != "same" else theme.card_colour(card)
            ink = theme.named_colour("muted" if gone else "text")
        x, y = self.place(rect.x(), rect.y())
        box = Box(x, y, rect.width() * self.sheet.zoom, rect.height() * self.sheet.zoom)
        texts = tuple(map(clean_text, rows))
        tip = clean_text(card.tip or card.title)
        colours = (fill.name(), line.name(), ink.name())
        return SceneCard(
            number,
            clean_text(f"{self.prefix}{card.id}"),
            parent,
            box,
            card.kind,
            texts,
            tip,
            card.change,
            item.is_frame,
            card.is_round,
            *colours,
        )

    def links(self) -> Iterator[SceneLink]:
        for link, route in zip(self.picture.diagram.links, self.picture.routes, strict=True):
            if link.source in self.numbers and link.target in self.numbers:
                begin, end, text = self.numbers[link.source], self.numbers[link.target], clean_text(link.text)
                for i, j, way in self.ways(link, route):
                    yield SceneLink(begin + i, end + j, tuple(self.place(x, y) for x, y in way), text, route.skip)

    def ways(self, link: Link, route: Route) -> list[tuple[int, int, tuple[Point, ...]]]:
        """The route of a link between each two towers that it joins; the one there is between other cards."""
        source, target = (self.picture.diagram.cards[id] for id in (link.source, link.target))
        begin, end = (self.picture.rect(id) for id in (link.source, link.target))
        if begin is None or end is None or (source.towers is None and target.towers is None):
            return [(0, 0, route.points)]
        return tower_routes(route, source, begin, target, end)

    def side_texts(self) -> Iterator[SceneText]:
        colour, size = self.theme.named_colour("muted").name(), SIDE_TEXT_PX * self.sheet.zoom
        for id, point in self.picture.side_texts.items():
            text = self.picture.diagram.cards[id].side_text
            if text and self.region.contains(point):
                yield SceneText(*self.place(point.x(), point.y()), clean_text(text), size, colour)
