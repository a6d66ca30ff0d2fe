"""From a sheet, which paints itself, to the same as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from PySide6.QtCore import QPointF, QRectF

from explorer.base.languages import tr
from explorer.drawing.card_text import SIDE_TEXT_PX, is_inactive, read_card, read_header
from explorer.drawing.cards import border_colour
from explorer.drawing.legend import LegendEntry, LegendMark, LegendText, place_entries
from explorer.drawing.picture import Picture
from explorer.drawing.placed_diagram import DiagramItem
from explorer.drawing.theme import Theme
from explorer.drawing.towers import tower_card, tower_rects, tower_routes
from explorer.export.documents.scene import SceneCard, SceneLink, SceneSwatch, SceneText, SheetScene, clean_text
from explorer.export.page import ExportError
from explorer.export.sheet import CroppedPicture, Sheet
from explorer.export.surroundings import PlacedText
from explorer.layout import Box, Point, Route
from explorer.viewmodels.diagram import Card, Kind, Link

_LEGEND_PX = 11.0


def build_scene(sheet: Sheet) -> SheetScene:
    """Return what is on a sheet. Raises ExportError where it holds no diagram."""
    content = sheet.content
    region = content.region if isinstance(content, CroppedPicture) else None
    picture = content.picture if isinstance(content, CroppedPicture) else content
    if not isinstance(picture, Picture):
        raise ExportError(tr("only diagrams can be written in this format: choose PNG, SVG or PDF"))
    return _SceneBuilder(sheet, picture, region if region is not None else picture.bounds).build()


class _SceneBuilder:
    def __init__(self, sheet: Sheet, picture: Picture, region: QRectF) -> None:
        self.sheet, self.picture, self.region = sheet, picture, region
        self.theme: Theme = sheet.theme
        self.origin = sheet.content_place - region.topLeft() * sheet.zoom
        self.numbers: dict[str, int] = {}  # of cards, by id: that of the first tower where it has some

    def build(self) -> SheetScene:
        sheet, theme = self.sheet, self.theme
        order = self.order()
        self.numbers, count = {}, 0
        for item in order:
            self.numbers[item.card.id] = count
            count += item.card.towers.count if item.card.towers is not None else 1
        ground = None if sheet.page.transparent else theme.named_colour("canvas").name()
        return SheetScene(
            title=clean_text(sheet.title),
            width=sheet.width,
            height=sheet.height,
            zoom=sheet.zoom,
            text_scale=sheet.text_scale,
            margin=sheet.margin,
            flows_right=sheet.page.direction == "right",
            background=ground,
            text_colour=theme.named_colour("text").name(),
            muted_colour=theme.named_colour("muted").name(),
            link_colour=theme.named_colour("link").name(),
            skip_colour=theme.named_colour("skip").name(),
            cards=tuple(self.cards(order)),
            links=tuple(self.links()),
            heads=tuple(self.written(sheet.around.above, QPointF(sheet.margin, sheet.margin))),
            texts=(*self.side_texts(), *self.written(sheet.around.below, sheet.below_place), *self.legend_texts()),
            swatches=tuple(self.swatches()),
        )

    def place(self, x: float, y: float) -> tuple[float, float]:
        """From units of the picture to those of the sheet."""
        return self.origin.x() + x * self.sheet.zoom, self.origin.y() + y * self.sheet.zoom

    def order(self) -> list[DiagramItem]:
        """Frames, outer ones first, then cards."""
        found, _ = self.picture.items_in(self.picture.bounds)
        near = [item for item in found if self.region.intersects(item.rect)]
        frames = sorted((item for item in near if item.is_frame), key=lambda item: item.depth)
        return [*frames, *(item for item in near if not item.is_frame)]

    def cards(self, order: Sequence[DiagramItem]) -> Iterator[SceneCard]:
        for item in order:
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
            clean_text(card.id),
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

    def written(self, texts: Iterable[PlacedText], corner: QPointF) -> Iterator[SceneText]:
        """Texts around the picture, from their corner on the sheet."""
        scale = self.sheet.text_scale
        for text in texts:
            colour = self.theme.named_colour(text.colour).name()
            x, y = corner.x() + text.x * scale, corner.y() + text.y * scale
            yield SceneText(x, y, clean_text(text.text), text.pixels * scale, colour, text.is_bold)

    def legend_texts(self) -> Iterator[SceneText]:
        scale, muted = self.sheet.text_scale, self.theme.named_colour("muted").name()
        for entry, x, y, inset, text in self.placed_entries():
            if isinstance(entry, LegendText) and entry.symbol == "heat":
                yield SceneText(x, y + 14 * scale, clean_text(entry.low), _LEGEND_PX * scale, muted)
            yield SceneText(x + inset, y + 14 * scale, clean_text(text), _LEGEND_PX * scale, muted)

    def placed_entries(self) -> Iterator[tuple[LegendEntry, float, float, float, str]]:
        """Entries of the legend with the place of each on the sheet."""
        around, scale = self.sheet.around, self.sheet.text_scale
        corner = self.sheet.below_place + QPointF(0, around.legend_top) * scale
        entries = tuple(entry for entry in around.entries if self.occurs(entry))
        for entry, x, y, inset, text in place_entries(entries, around.width):
            yield entry, corner.x() + x * scale, corner.y() + y * scale, inset * scale, text

    def occurs(self, entry: LegendEntry) -> bool:
        """Whether a document shows what an entry explains: it has no bars on cards, and layers on a card as words."""
        if isinstance(entry, LegendText):
            return entry.symbol != "bar"
        return entry not in get_args(Kind) or any(card.kind == entry for card in self.picture.diagram.cards.values())

    def swatches(self) -> Iterator[SceneSwatch]:
        scale = self.sheet.text_scale
        for entry, x, y, inset, _ in self.placed_entries():
            box = Box(x + scale, y + 5 * scale, 12 * scale, 10 * scale)
            if not isinstance(entry, LegendText):
                yield self.kind_swatch(entry, box)
            elif entry.symbol == "heat":
                colours = tuple(self.theme.heat_colour(place / 6).name() for place in range(7))
                yield SceneSwatch(Box(x + inset - 70 * scale, box.y, 64 * scale, 9 * scale), colours)
            elif entry.symbol == "word":
                yield SceneSwatch(box, (self.theme.label_colour(entry.text).name(),))

    def kind_swatch(self, entry: Kind | LegendMark, box: Box) -> SceneSwatch:
        theme = self.theme
        if entry == "skip":
            return SceneSwatch(box, (theme.named_colour("skip").name(),), is_line=True, is_dashed=theme.dashed_skips)
        if entry == "changed" or entry == "added":
            return SceneSwatch(box, (theme.named_colour(entry).name(),))
        if entry == "off" or entry == "removed":
            return SceneSwatch(box, (theme.named_colour("off").name(),), is_dashed=True)
        return SceneSwatch(box, (theme.kind_colour(entry).name(),))
