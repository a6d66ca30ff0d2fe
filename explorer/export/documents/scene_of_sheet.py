"""From a sheet, which paints itself, to the same as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from PySide6.QtCore import QPointF

from explorer.base.languages import tr
from explorer.drawing.legend import LegendEntry, LegendMark, LegendText, place_entries
from explorer.drawing.picture import Picture
from explorer.drawing.theme import Theme
from explorer.export.documents.picture_scene import PictureScene
from explorer.export.documents.scene import SceneSwatch, SceneText, SheetScene, clean_text
from explorer.export.page import ExportError
from explorer.export.pair_sheet import NAME_PX, PairContent
from explorer.export.sheet import CroppedPicture, Sheet
from explorer.export.surroundings import PlacedText
from explorer.layout import Box
from explorer.viewmodels.diagram import Kind

_LEGEND_PX = 11.0


def build_scene(sheet: Sheet) -> SheetScene:
    """Return what is on a sheet, a diagram or a pair of them. Raises ExportError where it holds none."""
    content = sheet.content
    if isinstance(content, PairContent):
        return _SceneBuilder(sheet, content.pictures).build()
    picture = content.picture if isinstance(content, CroppedPicture) else content
    if not isinstance(picture, Picture):
        raise ExportError(tr("only diagrams can be written in this format: choose PNG, SVG or PDF"))
    return _SceneBuilder(sheet, (picture,)).build()


class _SceneBuilder:
    def __init__(self, sheet: Sheet, pictures: Sequence[Picture]) -> None:
        self.sheet, self.pictures = sheet, pictures
        self.theme: Theme = sheet.theme

    def build(self) -> SheetScene:
        sheet, theme = self.sheet, self.theme
        parts = tuple(self.parts())
        ground = None if sheet.page.transparent else theme.named_colour("canvas").name()
        beside = (text for part in parts for text in part.side_texts())
        below = self.written(sheet.around.below, sheet.below_place)
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
            cards=tuple(card for part in parts for card in part.cards()),
            links=tuple(link for part in parts for link in part.links()),
            heads=tuple(self.written(sheet.around.above, QPointF(sheet.margin, sheet.margin))),
            texts=(*self.names(), *beside, *below, *self.legend_texts()),
            swatches=tuple(self.swatches()),
        )

    def parts(self) -> Iterator[PictureScene]:
        """The pictures with their places; cards of a pair have the letter of their side before their ids."""
        sheet, content = self.sheet, self.sheet.content
        if isinstance(content, PairContent):
            first = 0
            for letter, picture, place in zip("AB", content.pictures, content.places, strict=True):
                origin = sheet.content_place + place * sheet.zoom
                part = PictureScene(sheet, picture, picture.bounds, origin, first, f"{letter}-")
                first += part.count
                yield part
        else:
            (picture,) = self.pictures
            region = content.region if isinstance(content, CroppedPicture) else picture.bounds
            yield PictureScene(sheet, picture, region, sheet.content_place - region.topLeft() * sheet.zoom)

    def names(self) -> Iterator[SceneText]:
        """The names of a pair, each above its picture."""
        sheet, content = self.sheet, self.sheet.content
        if isinstance(content, PairContent):
            colour = self.theme.named_colour("text").name()
            for name, place in zip(content.names, content.name_places, strict=True):
                at = sheet.content_place + place * sheet.zoom
                yield SceneText(at.x(), at.y(), clean_text(name), NAME_PX * sheet.zoom, colour, is_bold=True)

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
        return entry not in get_args(Kind) or any(
            card.kind == entry for picture in self.pictures for card in picture.diagram.cards.values()
        )

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
