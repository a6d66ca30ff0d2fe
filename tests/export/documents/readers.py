"""Independent readers of the documents: what each says of cards and links, by ids of cards.

Each returns the cards' ids (frames too, but for TikZ all are named nodes) and the links as pairs, as lists, so that
what is there twice is seen twice.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

Graph = tuple[list[str], list[tuple[str, str]]]

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read_pptx(path: Path, slide: int = 0) -> Graph:
    from pptx import Presentation
    from pptx.enum.shapes import MSO_SHAPE_TYPE

    shapes = list(Presentation(str(path)).slides[slide].shapes)
    names = {shape.shape_id: shape.name for shape in shapes}
    assert len(names) == len(shapes), "ids of shapes are not unique"
    cards = [shape.name for shape in shapes if shape.element.xpath("./p:nvSpPr/p:cNvPr[@descr]")]
    links = []
    for shape in shapes:
        if shape.element.tag.endswith("cxnSp"):
            assert shape.shape_type == MSO_SHAPE_TYPE.LINE
            ends = [int(next(shape.element.iter(f"{_A}{end}")).get("id")) for end in ("stCxn", "endCxn")]
            links.append((names[ends[0]], names[ends[1]]))
    return cards, links


def read_drawio(path: Path, page: int = 0) -> Graph:
    root = ElementTree.parse(path).getroot()
    assert root.tag == "mxfile"
    cells = root.findall("diagram")[page].find("mxGraphModel/root")
    assert cells is not None
    ids = [cell.attrib["id"] for cell in cells]
    assert len(ids) == len(set(ids))
    nodes = {cell.attrib["id"]: cell.attrib["node"] for cell in cells if cell.tag == "UserObject"}
    for cell in cells.iter("mxCell"):
        assert cell.get("parent", "0") in ids
    edges = [cell for cell in cells if cell.get("edge") == "1"]
    return list(nodes.values()), [(nodes[e.attrib["source"]], nodes[e.attrib["target"]]) for e in edges]


def read_tikz(text: str) -> Graph:
    """Named nodes with the comment above each, and what is drawn between anchors of nodes."""
    names: dict[str, str] = {}
    comment = ""
    for line in text.splitlines():
        if line.startswith("% "):
            comment = line[2:]
        if found := re.match(r"\\node\[.*\] \((n\d+)\) at ", line):
            assert found[1] not in names
            names[found[1]] = comment
    links = re.findall(r"^\\draw\[link.*\] \((n\d+)\.\w+\).* -- \((?:\[.*\])?(n\d+)\.\w+\);$", text, re.MULTILINE)
    assert text.count(r"\draw[link") == len(links)
    return list(names.values()), [(names[a], names[b]) for a, b in links]


def read_mermaid(text: str) -> tuple[list[str], list[tuple[str, str]], dict[str, str]]:
    """A parser of the part of the grammar that is written: nodes and links by their names, and the nodes' texts."""
    lines = text.splitlines()
    assert lines[0].startswith("%% ")
    assert lines[1] in ("flowchart TD", "flowchart LR")
    texts: dict[str, str] = {}
    links: list[tuple[str, str]] = []
    depth = 0
    quoted = r'"([^"]*)"'
    for line in map(str.strip, lines[2:]):
        if found := re.fullmatch(rf"subgraph (n\d+)\[{quoted}\]", line):
            texts[found[1]] = found[2]
            depth += 1
        elif line == "end":
            depth -= 1
        elif found := re.fullmatch(rf"(n\d+)(?:\({quoted}\)|\(\({quoted}\)\))", line):
            assert found[1] not in texts
            texts[found[1]] = found[2] or found[3]
        elif found := re.fullmatch(r"(n\d+) (?:-->|-\.->) (n\d+)", line):
            links.append((found[1], found[2]))
        else:
            assert re.fullmatch(r"classDef look\d+ [\w:#, -]+|class [\w,]+ look\d+", line), line
        assert depth >= 0
    assert depth == 0
    assert all(end in texts for link in links for end in link)
    return list(texts), links, texts


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._script: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = dict(attrs) if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.append((self._script, data))
        else:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = None


def parse_page(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    return page


def read_html(text: str) -> dict[str, Any]:
    """The data of the page."""
    (found,) = [body for attributes, body in parse_page(text).scripts if attributes.get("id") == "data"]
    data: dict[str, Any] = json.loads(found)
    return data


def shown_at(data: dict[str, Any], level: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The cards and frames that the page shows at a level, and the links, as its script folds them."""
    opened, cards = set(data["levels"][level]), data["cards"]
    shown: list[str] = []
    waiting = list(data["top"])
    while waiting:
        id = waiting.pop(0)
        shown.append(id)
        if id in opened:
            waiting += cards[id]["children"]

    def visible(id: str) -> str:
        seen = id
        at = cards[id]["parent"]
        while at != "root":
            if at not in opened:
                seen = at
            at = cards[at]["parent"]
        return seen

    links = {(visible(a), visible(b)): None for a, b, *_ in data["links"]}
    return shown, [link for link in links if link[0] != link[1]]
