"""The pictures of five networks as they should be, in `tests/export/golden/`: `python -m tests.export.golden_pictures`
makes them anew. Open them in a browser before they are committed.

A golden picture is the exported SVG, reduced to what is seen: one element a line with its colours, in coordinates of
the page with one digit after the point.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from explorer.drawing.theme import text_width
from explorer.export.network_sheet import build_network_sheet, ensure_application
from explorer.export.page import Page
from explorer.export.sheet_files import render_svg
from explorer.network import Network, open_network

FOLDER = Path(__file__).parent / "golden"

PAGES = {
    "alexnet_2012": Page(level="ops", scale=1),
    "googlenet_2014": Page(level="blocks", scale=1),
    "resnet18": Page(level="units", scale=1, theme="dark"),
    "mobilenet_v2": Page(level="blocks", scale=1, figures=True),
    "shufflenet_v1_g3": Page(level="units", scale=1, theme="print"),
}

_SVG = "{http://www.w3.org/2000/svg}"
_LINE, _TYPE = ("stroke-width", "stroke-dasharray", "stroke-opacity"), ("font-size", "font-weight")
_PLAIN = {"stroke": "none", "stroke-width": "1", "stroke-opacity": "1", "fill-opacity": "1", "font-weight": "400"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def drawn(network: Network, page: Page) -> str:
    """What is to be kept of a network's picture."""
    root = ElementTree.fromstring(render_svg(build_network_sheet(network, page)))
    lines = [line for group in root.iter(_SVG + "g") for line in _elements(group)]
    box = " ".join(_short(float(side)) for side in root.attrib["viewBox"].split())
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="DejaVu Sans">'
    return "\n".join([head, f"<!-- {type_of_text()} -->", *lines, "</svg>", ""])


def type_of_text() -> str:
    """Says whether two machines set text alike: cards are as wide as their text."""
    widths = (text_width("Inverted residual 3×3 s2", 12), text_width("Inverted residual 3×3 s2", 12, True))
    return "text is " + " and ".join(f"{width:.1f}" for width in widths)


def _elements(group: ElementTree.Element) -> list[str]:
    matrix = [float(number) for number in _NUMBER.findall(group.attrib.get("transform", "1 0 0 1 0 0"))]
    scale, _, _, _, left, top = matrix
    assert matrix == [scale, 0, 0, scale, left, top], "nothing is turned or sheared"
    found = []
    for leaf in group:
        text = leaf.text if leaf.tag == _SVG + "text" else None
        if text is not None:
            x, y = left + scale * float(leaf.attrib["x"]), top + scale * float(leaf.attrib["y"])
            found.append(f'<text x="{_short(x)}" y="{_short(y)}"{_look(group, leaf, _TYPE)}>{escape(text)}</text>')
        elif leaf.tag != _SVG + "g":
            found.append(f'<path d="{_moved(_outline(leaf), scale, left, top)}"{_look(group, leaf, _LINE)}/>')
    return found


def _look(group: ElementTree.Element, leaf: ElementTree.Element, more: tuple[str, ...]) -> str:
    style = {**group.attrib, **leaf.attrib}
    names = ("fill", "fill-opacity", "stroke", *(more if style["stroke"] != "none" or more is _TYPE else ()))
    said = [name for name in names if name in style and style[name] != _PLAIN.get(name)]
    return "".join(f" {name}={quoteattr(style[name])}" for name in said)


def _outline(leaf: ElementTree.Element) -> str:
    """Any shape as a path."""
    of = leaf.attrib
    match leaf.tag.removeprefix(_SVG):
        case "path":
            return of["d"]
        case "polyline" | "polygon":
            return "M" + " L".join(of["points"].split())
        case "line":
            return f"M{of['x1']},{of['y1']} L{of['x2']},{of['y2']}"
        case "rect":
            x, y, width, height = (float(of[name]) for name in ("x", "y", "width", "height"))
            return f"M{x},{y} L{x + width},{y} L{x + width},{y + height} L{x},{y + height} Z"
        case "circle" | "ellipse":
            x, y = float(of["cx"]), float(of["cy"])
            across, down = float(of.get("rx", of.get("r", 0))), float(of.get("ry", of.get("r", 0)))
            return f"M{x - across},{y} L{x},{y - down} L{x + across},{y} L{x},{y + down} Z"
        case other:
            raise ValueError(f"golden pictures know no <{other}>")


def _moved(path: str, scale: float, left: float, top: float) -> str:
    """A path in coordinates of the page: absolute commands only, x and y in turn."""
    turn = iter([left, top] * len(path))
    return _NUMBER.sub(lambda found: _short(next(turn) + scale * float(found[0])), path).strip()


def _short(number: float) -> str:
    return f"{round(number, 1) or 0.0:.1f}".removesuffix(".0")


def make() -> int:
    ensure_application()
    FOLDER.mkdir(exist_ok=True)
    for key, page in PAGES.items():
        (FOLDER / f"{key}.svg").write_text(drawn(open_network(key), page), encoding="utf-8")
        print(FOLDER / f"{key}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(make())
