"""Scenes as PowerPoint slides: cards are native shapes with text, connectors are glued to them.

Needs the package python-pptx, an extra of this one: it is imported when the first file is written.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.base.languages import tr
from explorer.export.documents.connectors import Connector, ends_down, fit_connector, starts_down
from explorer.export.documents.scene import SceneCard, SceneLink, SceneSwatch, SceneText, SheetScene
from explorer.export.page import ExportError

if TYPE_CHECKING:
    from pptx.slide import Slide

_EMU = 9525  # in a unit of the sheet: 914,400 to the inch
_POINTS = 0.75
_MAX_SIDE, _MIN_EMU = 56 * 96.0, 914_400  # of a slide, which may be 1 to 56 inches wide and high
_TITLE, _LINE = 13.0, 11.0  # units of type on cards at zoom 1
_FONT = "Arial"  # every Office has it
_TITLE_ONLY = 5  # layout of python-pptx's default template
#: Connection sites, counted against the clock from the top: four on a rectangle, eight on an ellipse.
_TOP, _LEFT, _BOTTOM, _RIGHT = range(4)


def check_pptx() -> None:
    """Raise ExportError where python-pptx is not installed."""
    if importlib.util.find_spec("pptx") is None:
        raise ExportError(tr("PowerPoint files need the package python-pptx: pip install 'cnn-explorer[pptx]'"))


def write_pptx(scenes: Sequence[SheetScene], path: Path) -> None:
    """Write a presentation with a slide for each scene, in the size of the first. Raises ExportError."""
    check_pptx()
    from pptx import Presentation
    from pptx.util import Emu

    deck, first = Presentation(), scenes[0]
    scale = min(1.0, _MAX_SIDE / max(first.width, first.height))
    deck.slide_width, deck.slide_height = (
        Emu(max(round(side * scale * _EMU), _MIN_EMU)) for side in (first.width, first.height)
    )
    deck.core_properties.title = first.title
    deck.core_properties.author = ""
    for scene in scenes:
        _Slide(deck.slides.add_slide(deck.slide_layouts[_TITLE_ONLY]), scene, scale).fill()
    deck.save(str(path))


class _Slide:
    """Puts one scene on one slide, in a scale."""

    def __init__(self, slide: Slide, scene: SheetScene, scale: float) -> None:
        self.slide, self.scene, self.scale = slide, scene, scale
        self.shapes: Any = slide.shapes
        self.shapes.turbo_add_enabled = True
        self.ids: list[int] = []  # of shapes, by the number of the card

    def fill(self) -> None:
        scene = self.scene
        if scene.background is not None:
            self.slide.background.fill.solid()
            self.slide.background.fill.fore_color.rgb = _rgb(scene.background)
        self.add_heads()
        for card in scene.cards:
            self.ids.append(self.add_card(card))
        for number, link in enumerate(scene.links):
            self.add_link(link, number)
        for swatch in scene.swatches:
            self.add_swatch(swatch)
        for text in scene.texts:
            self.add_text(text)

    def emu(self, length: float) -> int:
        """From units of the sheet to those of PowerPoint."""
        return round(length * self.scale * _EMU)

    def add_heads(self) -> None:
        """The title goes into the slide's own, so that the outline has it."""
        scene, title = self.scene, self.shapes.title
        lines = [text for text in scene.heads if text.is_bold]
        if not lines:
            title.element.getparent().remove(title.element)
        else:
            size = lines[0].size
            title.left, title.top = self.emu(scene.margin), self.emu(lines[0].y - size)
            title.width, title.height = self.emu(scene.width - 2 * scene.margin), self.emu(1.3 * size * len(lines))
            self.write(title.text_frame, [(" ".join(text.text for text in lines), size, True)], scene.text_colour)
        for text in scene.heads:
            if not text.is_bold:
                self.add_text(text)

    def add_card(self, card: SceneCard) -> int:
        from pptx.enum.dml import MSO_LINE
        from pptx.enum.shapes import MSO_SHAPE

        box, zoom = card.box, self.scene.zoom
        kind = MSO_SHAPE.OVAL if card.is_round else MSO_SHAPE.ROUNDED_RECTANGLE
        shape = self.shapes.add_shape(kind, *map(self.emu, (box.x, box.y, box.width, box.height)))
        if not card.is_round:
            shape.adjustments[0] = min(7 * zoom / min(box.width, box.height), 0.5)
        shape.name = card.id
        shape.element.nvSpPr.cNvPr.set("descr", card.tip)
        _remove_style(shape)
        shape.fill.solid()
        shape.fill.fore_color.rgb = _rgb(card.fill)
        shape.line.color.rgb = _rgb(card.line)
        shape.line.width = self.emu((2.0 if card.change != "same" else 1.0) * zoom)
        if card.is_dashed:
            shape.line.dash_style = MSO_LINE.DASH
        title, *rest = card.rows or ("",)
        if card.is_frame:
            rows = [(" · ".join(card.rows), _TITLE * zoom, True)]
        else:
            rows = [(title, _TITLE * zoom, not card.is_round), *((row, _LINE * zoom, False) for row in rest)]
        inset = 0 if card.is_round else self.emu(9 * zoom)
        self.write(shape.text_frame, rows, card.ink, at_top=card.is_frame, is_centred=card.is_round, inset=inset)
        return int(shape.shape_id)

    def write(
        self,
        frame: Any,
        rows: Sequence[tuple[str, float, bool]],
        colour: str,
        *,
        at_top: bool = False,
        is_centred: bool = False,
        inset: int = 0,
    ) -> None:
        """Write lines, each with its size in units of the sheet and whether it is bold; `inset` is in EMU."""
        from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
        from pptx.util import Pt

        frame.word_wrap, frame.auto_size = False, MSO_AUTO_SIZE.NONE
        frame.vertical_anchor = MSO_ANCHOR.TOP if at_top else MSO_ANCHOR.MIDDLE
        frame.margin_left, frame.margin_right, frame.margin_bottom = inset, 0, 0
        frame.margin_top = self.emu(6 * self.scene.zoom) if at_top else 0
        for number, (text, size, is_bold) in enumerate(rows):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.CENTER if is_centred else PP_ALIGN.LEFT
            run = paragraph.add_run()
            run.text, run.font.bold, run.font.name = text, is_bold, _FONT
            run.font.size = Pt(max(round(size * self.scale * _POINTS, 1), 1))
            run.font.color.rgb = _rgb(colour)

    def add_link(self, link: SceneLink, number: int) -> None:
        from pptx.oxml import parse_xml

        scene = self.scene
        begin = self.site(link.source, _BOTTOM if starts_down(link.points) else _RIGHT)
        end = self.site(link.target, _TOP if ends_down(link.points) else _LEFT)
        colour = (scene.skip_colour if link.is_skip else scene.link_colour)[1:]
        width = max(self.emu(1.3 * scene.zoom), 1)
        geometry = self.geometry(fit_connector(link.points))
        identity = {"id": self.shapes._next_shape_id, "number": number}
        text = _CONNECTOR.format(**identity, begin=begin, end=end, colour=colour, width=width, geometry=geometry)
        self.shapes._spTree.append(parse_xml(text))

    def geometry(self, connector: Connector) -> str:
        """The place and the preset of a connector, as XML."""
        flips = " flipH='1'" * connector.flips_across + " flipV='1'" * connector.flips_down
        turn = f" rot='{connector.rotation}'" if connector.rotation else ""
        bends = "".join(
            f'<a:gd name="adj{number}" fmla="val {bend}"/>' for number, bend in enumerate(connector.bends, 1)
        )
        return (
            f'<a:xfrm{turn}{flips}><a:off x="{self.emu(connector.x)}" y="{self.emu(connector.y)}"/>'
            f'<a:ext cx="{self.emu(connector.width)}" cy="{self.emu(connector.height)}"/></a:xfrm>'
            f'<a:prstGeom prst="{connector.preset}"><a:avLst>{bends}</a:avLst></a:prstGeom>'
        )

    def site(self, number: int, side: int) -> str:
        """The attributes that name a connection site of a card."""
        sites = 2 if self.scene.cards[number].is_round else 1
        return f'id="{self.ids[number]}" idx="{side * sites}"'

    def add_swatch(self, swatch: SceneSwatch) -> None:
        from pptx.enum.dml import MSO_LINE
        from pptx.enum.shapes import MSO_SHAPE

        box, count = swatch.box, len(swatch.colours)
        for part, colour in enumerate(swatch.colours):
            height = 2.0 if swatch.is_line else box.height
            left, top = box.x + box.width * part / count, box.y + (box.height - height) / 2
            shape = self.shapes.add_shape(MSO_SHAPE.RECTANGLE, *map(self.emu, (left, top, box.width / count, height)))
            _remove_style(shape)
            if swatch.is_dashed and not swatch.is_line:
                shape.fill.background()
                shape.line.color.rgb, shape.line.dash_style = _rgb(colour), MSO_LINE.DASH
            else:
                shape.fill.solid()
                shape.fill.fore_color.rgb = _rgb(colour)
                shape.line.fill.background()

    def add_text(self, text: SceneText) -> None:
        height = 1.5 * text.size
        box = (text.x, text.y - 0.35 * text.size - height / 2, text.roomy_width, height)
        shape = self.shapes.add_textbox(*map(self.emu, box))
        self.write(shape.text_frame, [(text.text, text.size, text.is_bold)], text.colour)


def _remove_style(shape: Any) -> None:
    """Take the theme's shadow and colours from a shape."""
    shape.element.remove(shape.element.find(_STYLE))


def _rgb(colour: str) -> Any:
    from pptx.dml import color

    make: Any = color.RGBColor
    return make(*bytes.fromhex(colour[1:]))


_STYLE = "{http://schemas.openxmlformats.org/presentationml/2006/main}style"
_CONNECTOR = (
    '<p:cxnSp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<p:nvCxnSpPr><p:cNvPr id="{id}" name="Link {number}"/>'
    "<p:cNvCxnSpPr><a:stCxn {begin}/><a:endCxn {end}/></p:cNvCxnSpPr><p:nvPr/></p:nvCxnSpPr>"
    '<p:spPr>{geometry}<a:ln w="{width}"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'
    '<a:tailEnd type="triangle" w="sm" len="sm"/></a:ln></p:spPr></p:cxnSp>'
)
