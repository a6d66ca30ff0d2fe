"""Scenes as a draw.io file: uncompressed mxGraph XML, a page for each scene.

Frames are containers that draw.io can fold; every link is attached to its cards. Format:
https://www.drawio.com/doc/faq/diagram-source-edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from explorer.export.documents.scene import SceneCard, SceneLink, SceneSwatch, SceneText, SheetScene
from explorer.layout import Box

_FONT = "fontFamily=Helvetica;"
_TITLE, _LINE = 13.0, 11.0  # pixels of type on cards at zoom 1


def write_drawio(scenes: Sequence[SheetScene]) -> bytes:
    """Return the file as UTF-8."""
    root = Element("mxfile", host="CNN Explorer", pages=str(len(scenes)))
    for number, scene in enumerate(scenes, 1):
        page = SubElement(root, "diagram", id=f"page-{number}", name=f"{number} · {scene.title}")
        page.append(_model(scene))
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _model(scene: SheetScene) -> Element:
    model = Element("mxGraphModel", grid="0", page="1", pageWidth=_n(scene.width), pageHeight=_n(scene.height))
    if scene.background is not None:
        model.set("background", scene.background)
    cells = SubElement(model, "root")
    SubElement(cells, "mxCell", id="0")
    SubElement(cells, "mxCell", attrib={"id": "1", "parent": "0"})
    for card in scene.cards:
        _add_card(cells, scene, card)
    for number, link in enumerate(scene.links):
        _add_link(cells, scene, link, number)
    for number, swatch in enumerate(scene.swatches):
        _add_swatch(cells, swatch, number)
    for number, text in enumerate((*scene.heads, *scene.texts)):
        _add_text(cells, text, number)
    return model


def _add_card(cells: Element, scene: SheetScene, card: SceneCard) -> None:
    size = _TITLE * scene.zoom
    look = f"fillColor={card.fill};strokeColor={card.line};fontColor={card.ink};fontSize={_n(size)};{_FONT}"
    look += f"strokeWidth={_n((2 if card.change != 'same' else 1) * scene.zoom)};html=1;"
    look += "dashed=1;" if card.is_dashed else ""
    title, *rest = map(escape, card.rows or ("",))
    value = f"<b>{title}</b>" if not card.is_round else title
    if card.is_frame:
        style = f"rounded=1;absoluteArcSize=1;arcSize={_n(12 * scene.zoom)};container=1;collapsible=1;expand=1;"
        style += f"verticalAlign=top;align=left;spacingLeft={_n(10 * scene.zoom)};spacingTop={_n(3 * scene.zoom)};"
        value += f' <font style="font-size: {_n(_LINE * scene.zoom)}px">{rest[0]}</font>' if rest else ""
    elif card.is_round:
        style = "ellipse;align=center;verticalAlign=middle;"
    else:
        style = f"rounded=1;absoluteArcSize=1;arcSize={_n(10 * scene.zoom)};align=left;verticalAlign=middle;"
        style += f"spacingLeft={_n(8 * scene.zoom)};"
        if rest:
            value += f'<div style="font-size: {_n(_LINE * scene.zoom)}px">{"<br>".join(rest)}</div>'
    wrapper = SubElement(cells, "UserObject", id=f"n{card.number}", label=value, tooltip=card.tip, node=card.id)
    parent = "1" if card.parent is None else f"n{card.parent}"
    cell = SubElement(wrapper, "mxCell", attrib={"style": style + look, "vertex": "1", "parent": parent})
    box, outer = card.box, scene.cards[card.parent].box if card.parent is not None else Box(0, 0, 0, 0)
    _add_geometry(cell, Box(box.x - outer.x, box.y - outer.y, box.width, box.height))


def _add_link(cells: Element, scene: SheetScene, link: SceneLink, number: int) -> None:
    colour = scene.skip_colour if link.is_skip else scene.link_colour
    style = f"edgeStyle=orthogonalEdgeStyle;rounded=1;html=1;endArrow=block;endSize={_n(5 * scene.zoom)};"
    style += f"strokeColor={colour};strokeWidth={_n(1.4 * scene.zoom)};"
    for name, card, point in (("exit", link.source, link.points[0]), ("entry", link.target, link.points[-1])):
        box = scene.cards[card].box
        x, y = (point[0] - box.x) / box.width, (point[1] - box.y) / box.height
        style += f"{name}X={x:.4g};{name}Y={y:.4g};{name}Dx=0;{name}Dy=0;{name}Perimeter=0;"
    ends = {"source": f"n{link.source}", "target": f"n{link.target}"}
    cell = SubElement(cells, "mxCell", attrib={"id": f"e{number}", "style": style, "edge": "1", "parent": "1", **ends})
    geometry = SubElement(cell, "mxGeometry", relative="1", attrib={"as": "geometry"})
    if len(link.points) > 2:
        points = SubElement(geometry, "Array", attrib={"as": "points"})
        for x, y in link.points[1:-1]:
            SubElement(points, "mxPoint", x=_n(x), y=_n(y))


def _add_swatch(cells: Element, swatch: SceneSwatch, number: int) -> None:
    box, count = swatch.box, len(swatch.colours)
    for part, colour in enumerate(swatch.colours):
        style = f"strokeColor=none;fillColor={colour};"
        height = 2.0 if swatch.is_line else box.height
        if swatch.is_dashed and not swatch.is_line:
            style = f"dashed=1;fillColor=none;strokeColor={colour};"
        cell = _add_vertex(cells, f"s{number}-{part}", style)
        width = box.width / count
        _add_geometry(cell, Box(box.x + part * width, box.y + (box.height - height) / 2, width, height))


def _add_text(cells: Element, text: SceneText, number: int) -> None:
    style = f"text;html=1;align=left;verticalAlign=middle;spacing=0;fontSize={_n(text.size)};fontColor={text.colour};"
    style += _FONT + ("fontStyle=1;" if text.is_bold else "")
    cell = _add_vertex(cells, f"t{number}", style)
    cell.set("value", escape(text.text))
    height = 1.5 * text.size
    _add_geometry(cell, Box(text.x, text.y - 0.35 * text.size - height / 2, text.roomy_width, height))


def _add_vertex(cells: Element, id: str, style: str) -> Element:
    return SubElement(cells, "mxCell", attrib={"id": id, "style": style, "vertex": "1", "parent": "1"})


def _add_geometry(cell: Element, box: Box) -> None:
    size = {"x": _n(box.x), "y": _n(box.y), "width": _n(box.width), "height": _n(box.height), "as": "geometry"}
    SubElement(cell, "mxGeometry", attrib=size)


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
