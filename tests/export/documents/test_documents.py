"""What is special in each format, and that odd names and failures do no harm in any."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest
from PIL import Image
from torch import nn

import explorer
from explorer.base.languages import translator
from explorer.export.documents.connectors import ends_down, fit_connector, starts_down
from explorer.export.documents.drawio import write_drawio
from explorer.export.documents.files import export_document
from explorer.export.documents.mermaid import write_mermaid
from explorer.export.documents.scene import SheetScene
from explorer.export.documents.scene_of_sheet import build_scene
from explorer.export.documents.tikz import escape_tex, write_tikz
from explorer.export.network_sheet import build_network_sheet
from explorer.export.page import DOCUMENT_SUFFIXES, ExportError, Page
from explorer.export.sheet import Sheet
from explorer.layout import Point
from explorer.network import Network
from tests.export.documents.conftest import ODD
from tests.export.documents.readers import parse_page, read_drawio, read_html, read_mermaid, read_pptx, read_tikz
from tests.export.documents.tikz_reader import printed

CLEAN = ODD.replace("\x01", "\ufffd")
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


# names with odd signs


def test_odd_names_in_powerpoint(odd_network: Network, odd_sheet: Sheet, tmp_path: Path) -> None:
    from pptx import Presentation

    export_document([odd_sheet], tmp_path / "a.pptx", odd_network)
    cards, links = read_pptx(tmp_path / "a.pptx")
    assert f"{CLEAN}2.{CLEAN}" in cards
    assert len(links) == 4
    slide = Presentation(str(tmp_path / "a.pptx")).slides[0]
    assert slide.shapes.title.text_frame.text == CLEAN
    assert f"</script>{CLEAN}" in [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def test_odd_names_in_drawio(odd_scene: SheetScene, tmp_path: Path) -> None:
    (tmp_path / "a.drawio").write_bytes(write_drawio([odd_scene]))
    cards, links = read_drawio(tmp_path / "a.drawio")
    assert f"{CLEAN}2.{CLEAN}" in cards
    assert len(links) == 4
    root = ElementTree.parse(tmp_path / "a.drawio").getroot()
    assert any(CLEAN in "".join(parse_page(cell.get("label") or "").words) for cell in root.iter())
    for cell in root.iter():
        label = cell.get("label") or cell.get("value") or ""
        assert {tag for tag, _ in parse_page(label).tags} <= {"b", "br", "div", "font"}  # labels are HTML of ours alone


def test_odd_names_in_mermaid(odd_scene: SheetScene) -> None:
    _, links, texts = read_mermaid(write_mermaid(odd_scene))
    assert len(links) == 4
    assert not set('%{}"<') & set(write_mermaid(replace(odd_scene, title="%%{init: {}}%%")).splitlines()[0][3:])
    for text in texts.values():
        assert CLEAN in [re.sub(r"#(\d+);", lambda found: chr(int(found[1])), row) for row in text.split("<br/>")]


def test_odd_names_in_a_web_page(odd_network: Network, odd_sheet: Sheet, tmp_path: Path) -> None:
    export_document([odd_sheet], tmp_path / "a.html", odd_network)
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    page = parse_page(text)
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert CLEAN in page.words
    assert f"</script>{CLEAN}" in page.words
    assert any(CLEAN in card["tip"] for card in read_html(text)["cards"].values())
    (body,) = [body for attributes, body in page.scripts if attributes.get("id") == "data"]
    assert not set("<>&") & set(body)


def test_every_sign_of_tex_is_escaped() -> None:
    assert escape_tex("a_b & 50 % {$#}") == r"a\_b \& 50 \% \{\$\#\}"
    assert escape_tex("\\") == r"\textbackslash{}"
    assert escape_tex("深度 3，中") == r"\han{深度} 3\han{，中}"
    assert escape_tex("機한😀") == "".join(rf"\ifdefined\pdftexversion ?\else {sign}\fi{{}}" for sign in "機한😀")


@pytest.mark.parametrize("text", ["a--b", "--->", "a''b", "``", "?`!`", "“–—”", "-'-`"])
def test_signs_do_not_become_one_in_tex(text: str) -> None:
    assert printed(escape_tex(text)) == text
    assert not re.search(r"--|''|[`?!]`", escape_tex(re.sub("[“–—”]", "", text)))


def test_dot_is_read_back_whatever_the_names(odd_network: Network, tmp_path: Path) -> None:
    explorer.save_graph(odd_network, tmp_path / "a.dot")
    graph = explorer.to_networkx(odd_network)
    text = (tmp_path / "a.dot").read_text(encoding="utf-8")
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    assert not set('"') & set(re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL))
    names = {string.replace('\\"', '"').replace("\\\\", "\\") for string in strings}
    assert {id.replace("\x01", "\ufffd") for id in graph} <= names


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_draws_what_is_said(tmp_path: Path) -> None:
    names = ["end\\", 'a"b', "\\N", "&amp;", "<b>", "a\\\\", "中文"]
    network = explorer.open(
        nn.Sequential(OrderedDict((name, nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())) for name in names)),
        input_shape=(1, 3, 8, 8),
    )
    explorer.save_graph(network, tmp_path / "a.dot", "units")
    drawn = subprocess.run(["dot", "-Tsvg", "a.dot"], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    svg = ElementTree.fromstring(drawn.stdout)
    graph = explorer.to_networkx(network, "units")
    titles = Counter(text.text for text in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert not drawn.stderr
    assert Counter(node["title"] for node in graph.nodes.values()) <= titles
    kinds = Counter(group.get("class") for group in svg.iter("{http://www.w3.org/2000/svg}g"))
    assert (kinds["node"], kinds["edge"]) == (graph.number_of_nodes(), graph.number_of_edges())


def test_graphml_is_read_back_whatever_the_names(odd_network: Network, tmp_path: Path) -> None:
    explorer.save_graph(odd_network, tmp_path / "a.graphml")
    read, graph = nx.read_graphml(tmp_path / "a.graphml"), explorer.to_networkx(odd_network)
    assert set(read) == {id.replace("\x01", "\ufffd") for id in graph}
    assert read.number_of_edges() == graph.number_of_edges()


# failures


@pytest.mark.parametrize("suffix", DOCUMENT_SUFFIXES)
def test_a_write_that_fails_leaves_the_old_file(
    odd_network: Network, odd_sheet: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ExportError, match="No space left"):
        export_document([odd_sheet], path, odd_network)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_without_python_pptx_it_is_said_how_to_get_it(
    odd_network: Network, odd_sheet: Sheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"pip install 'cnn-explorer\[pptx\]'"):
        export_document([odd_sheet], tmp_path / "a.pptx", odd_network)


# connectors of PowerPoint


def preset_points(connector: ElementTree.Element) -> list[Point]:
    """Where a connector runs, as ECMA-376 defines its preset, in units of 9,525 EMU: read from the XML alone."""
    frame = connector.find(f"{_P}spPr/{_A}xfrm")
    shape = connector.find(f"{_P}spPr/{_A}prstGeom")
    assert frame is not None
    assert shape is not None
    offset, extent = frame.find(f"{_A}off"), frame.find(f"{_A}ext")
    assert offset is not None
    assert extent is not None
    x, y = (int(offset.attrib[name]) for name in ("x", "y"))
    w, h = (int(extent.attrib[name]) for name in ("cx", "cy"))
    adjusted = [int(gd.attrib["fmla"].split()[1]) / 100_000 for gd in shape.iter(f"{_A}gd")]
    a = [*adjusted, 0, 0, 0][:3]
    presets: dict[str, list[Point]] = {
        "straightConnector1": [(0, 0), (w, h)],
        "bentConnector2": [(0, 0), (w, 0), (w, h)],
        "bentConnector3": [(0, 0), (a[0] * w, 0), (a[0] * w, h), (w, h)],
        "bentConnector4": [(0, 0), (a[0] * w, 0), (a[0] * w, a[1] * h), (w, a[1] * h), (w, h)],
        "bentConnector5": [(0, 0), (a[0] * w, 0), (a[0] * w, a[1] * h), (a[2] * w, a[1] * h), (a[2] * w, h), (w, h)],
    }
    found = []
    for px, py in presets[shape.attrib["prst"]]:
        dx, dy = px - w / 2, py - h / 2
        dx, dy = (-dx if frame.get("flipH") == "1" else dx), (-dy if frame.get("flipV") == "1" else dy)
        if frame.get("rot") == "5400000":
            dx, dy = -dy, dx
        found.append(((x + w / 2 + dx) / 9525, (y + h / 2 + dy) / 9525))
    return found


def near(one: Sequence[Point], two: Sequence[Point]) -> bool:
    return len(one) == len(two) and all(
        abs(a - b) < 0.6 for p, q in zip(one, two, strict=True) for a, b in zip(p, q, strict=True)
    )


@pytest.mark.parametrize(
    ("key", "direction"), [("resnet18", "columns"), ("googlenet_2014", "right"), ("mobilenet_v2", "down")]
)
def test_connectors_run_where_links_run_and_are_glued_where_they_end(
    opened: Callable[[str], Network], tmp_path: Path, key: str, direction: str
) -> None:
    from pptx import Presentation

    network = opened(key)
    page = Page(level="units", direction=direction, paper="a4-landscape")  # type: ignore[arg-type]
    sheet = build_network_sheet(network, page)
    export_document([sheet], tmp_path / "a.pptx", network)
    scene = build_scene(sheet)
    slide = Presentation(str(tmp_path / "a.pptx")).slides[0]
    shapes = {shape.shape_id: shape for shape in slide.shapes}
    connectors = [shape.element for shape in slide.shapes if shape.element.tag.endswith("cxnSp")]
    alike = 0
    for link, connector in zip(scene.links, connectors, strict=True):
        points = preset_points(connector)
        assert near([points[0], points[-1]], [link.points[0], link.points[-1]])
        alike += near(points, link.points)
        if len(link.points) <= 4:
            assert near(points, link.points)
        for end, place in (("stCxn", link.points[0]), ("endCxn", link.points[-1])):
            glued = next(connector.iter(f"{_A}{end}"))
            shape = shapes[int(glued.get("id"))]
            round_ = 2 if "ellipse" in shape.element.xpath("string(.//a:prstGeom/@prst)") else 1
            x, y, w, h = (side / 9525 for side in (shape.left, shape.top, shape.width, shape.height))
            site = [(x + w / 2, y), (x, y + h / 2), (x + w / 2, y + h), (x + w, y + h / 2)][
                int(glued.get("idx")) // round_
            ]
            assert (
                abs(site[0] - place[0]) + abs(site[1] - place[1]) <= 12
            )  # two links to one card end beside each other
    assert alike > 0.6 * len(scene.links)


def test_a_long_way_is_shortened_to_what_a_preset_has() -> None:
    way = [(0, 0), (0, 10), (50, 10), (50, -90), (80, -90), (80, -60), (120, -60), (120, -40)]
    assert starts_down(way)
    assert ends_down(way)
    assert fit_connector(way).preset == "bentConnector5"
    across = [(y, x) for x, y in way]
    assert fit_connector(across).preset == "bentConnector5"
    assert fit_connector([(0, 0), (0, 10), (30, 10), (30, -9), (50, -9), (50, 4), (60, 4)]).preset == "bentConnector4"


# several pictures in one document


def test_a_slide_for_each_level(opened: Callable[[str], Network], tmp_path: Path) -> None:
    from pptx import Presentation

    network = opened("resnet18")
    explorer.save_diagram(network, tmp_path / "a.pptx", slides="levels", text_points=1.0)
    deck = Presentation(str(tmp_path / "a.pptx"))
    assert (deck.slide_width, deck.slide_height) == (12_192_000, 6_858_000)  # 16:9 as PowerPoint has it
    counts = [len(read_pptx(tmp_path / "a.pptx", number)[0]) for number in range(len(deck.slides))]
    assert len(counts) == 4
    assert counts == sorted(set(counts))
    explorer.save_diagram(network, tmp_path / "a.drawio", slides="levels", text_points=1.0, paper="a4")
    assert [len(read_drawio(tmp_path / "a.drawio", number)[0]) for number in range(4)] == counts


@pytest.fixture(scope="module")
def edited(opened: Callable[[str], Network]) -> Network:
    return opened("resnet18").edit(
        explorer.ToggleShortcut("layer2.0", on=False), explorer.SwapActivation("layer1", "gelu")
    )


def test_a_slide_for_each_edit(edited: Network, tmp_path: Path) -> None:
    from pptx import Presentation

    explorer.save_diagram(edited, tmp_path / "a.pptx", slides="edits", text_points=1.0)
    slides = Presentation(str(tmp_path / "a.pptx")).slides
    said = [{shape.text_frame.text for shape in slide.shapes if shape.has_text_frame} for slide in slides]
    assert len(said) == 3
    assert "As opened" in said[0]
    for texts, edit in zip(said[1:], edited.history.applied_edits, strict=True):
        assert edit.title in texts


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_the_edits_as_a_film(edited: Network, tmp_path: Path, suffix: str) -> None:
    explorer.save_diagram(edited, tmp_path / f"a{suffix}", width=480)
    with Image.open(tmp_path / f"a{suffix}") as film:
        assert film.n_frames == 3  # type: ignore[attr-defined]
        assert film.size == (480, 270)
        assert film.info["loop"] == 0
        frames = []
        for number in range(3):
            film.seek(number)
            frames.append(film.convert("RGB").tobytes())
    assert len(set(frames)) == 3


def test_what_changed_is_said_on_the_cards(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18").edit(explorer.ToggleShortcut("layer2.0", on=False), explorer.RemoveBlock("layer3.1"))
    scene = build_scene(build_network_sheet(network, Page(deltas=True)))
    said = {card.id: card for card in scene.cards}
    gone = [card for card in scene.cards if card.change == "removed"]
    assert gone
    assert all(card.is_dashed for card in gone)
    whole = network.figures.total.params - network.baseline.figures.total.params
    assert whole < 0
    lines = [row for card in said.values() for row in card.rows if row.startswith("Δ")]
    assert lines
    assert all(re.fullmatch(r"Δ [+−±][\d.]+( [KMG])? params · [+−±][\d.]+( [KMG])? MACs", line) for line in lines)
    plain = build_scene(build_network_sheet(opened("resnet18"), Page(deltas=True)))
    assert not [row for card in plain.cards for row in card.rows if row.startswith("Δ")]


# TeX


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("key", ["googlenet_2014", "odd", "zh"])
def test_pdflatex_compiles_it(
    opened: Callable[[str], Network], odd_scene: SheetScene, tmp_path: Path, key: str
) -> None:
    page = Page(level="units", by="macs")
    translator.set_language("zh" if key == "zh" else "en")
    scene = odd_scene if key == "odd" else build_scene(build_network_sheet(opened("googlenet_2014"), page))
    translator.set_language("en")
    assert ("\\han{卷积}" in write_tikz([scene])) == (key == "zh")
    (tmp_path / "a.tex").write_text(write_tikz([scene, scene]), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
    assert b"2 pages" in done.stdout


def test_other_tex_looks_for_a_chinese_font_where_there_are_chinese_letters(
    opened: Callable[[str], Network],
) -> None:
    def written() -> str:
        return write_tikz([build_scene(build_network_sheet(opened("resnet18"), Page()))])

    assert "tryfont" not in written()
    translator.set_language("zh")
    try:
        text, fonts = written(), translator.about.fonts
    finally:
        translator.set_language("en")
    tried = re.findall(r"^\\tryfont\{(.*)\}$", text, re.MULTILINE)
    assert tried == list(fonts)
    assert text.index(r"\newcommand{\han}") < text.index(r"\tryfont{") < text.index(r"\begin{document}")
    assert text.count(r"\ifdefined") + text.count(r"\ifx") == text.count(r"\fi") - text.count(r"\fi{}")


def test_tikz_is_balanced_and_has_no_bare_sign(odd_scene: SheetScene) -> None:
    text = write_tikz([odd_scene])
    _, links = read_tikz(text)
    assert len(links) == 4
    code = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    bare = re.sub(r"\\[\\{}$&#%_]", "", code)
    assert bare.count("{") == bare.count("}")
    assert not set("$&%") & set(bare)
    assert text.count(r"\begin{tikzpicture}") == text.count(r"\end{tikzpicture}") == 1


def test_a_card_of_one_line_in_powerpoint_keeps_its_margin(opened: Callable[[str], Network], tmp_path: Path) -> None:
    from pptx import Presentation

    explorer.save_diagram(opened("resnet18"), tmp_path / "a.pptx", parts=())
    shapes = {shape.name: shape for shape in Presentation(str(tmp_path / "a.pptx")).slides[0].shapes}
    assert "\n" not in shapes["output"].text_frame.text
    assert shapes["output"].text_frame.margin_left == shapes["layer1"].text_frame.margin_left > 0
