"""Images are written whole or not at all, and show what the screen shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication

import explorer
from explorer.drawing import LIGHT, Picture, compose_picture, get_theme
from explorer.drawing.theme import diagram_font
from explorer.export.network_sheet import build_content, build_network_sheet
from explorer.export.page import THEMES, ExportError, Page, ThemeName
from explorer.export.paper import PAPERS
from explorer.export.sheet import Sheet, SheetText
from explorer.export.sheet_files import export_image, render_svg
from explorer.export.sheet_text import sheet_text
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.viewmodels.diagram import Level


@pytest.fixture
def picture(qapp: QApplication, opened: Callable[[str], Network]) -> Picture:
    study = opened("resnet18").analysis
    return compose_picture(build_diagram(study, expanded_at_level(study, "blocks")))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_formats(picture: Picture, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net{suffix}"
    export_image(Sheet(picture, Page(), SheetText("ResNet-18", "11,689,512 parameters")), path)
    start = path.read_bytes()[:300]
    assert {".png": b"PNG", ".svg": b"<svg", ".pdf": b"%PDF"}[suffix.lower()] in start
    assert list(tmp_path.iterdir()) == [path]


def test_text_in_an_svg_stays_text(picture: Picture, tmp_path: Path) -> None:
    export_image(Sheet(picture, Page(), SheetText("ResNet-18")), tmp_path / "net.svg")
    assert "Residual block" in (tmp_path / "net.svg").read_text()


@pytest.mark.parametrize(("key", "level"), [("googlenet_2014", "blocks"), ("shufflenet_v1_g3", "units")])
def test_an_svg_has_a_group_for_each_card(opened: Callable[[str], Network], key: str, level: Level) -> None:
    sheet = build_network_sheet(opened(key), Page(level=level))
    assert isinstance(sheet.content, Picture)
    diagram = sheet.content.diagram
    root = ElementTree.fromstring(render_svg(sheet))
    groups = [group for group in root.iter("{http://www.w3.org/2000/svg}g") if group.get("id")]
    ids = [group.attrib["id"] for group in groups]
    assert len(ids) == len(set(ids))
    kinds = Counter(group.attrib["class"] for group in groups)
    assert kinds["card"] == len(diagram.cards.keys() - diagram.children.keys())
    assert kinds["frame"] == kinds["title"] == len(diagram.children) - 1
    assert {f"card-{id}" for id in ("conv1", "input", "output") if id in diagram.cards} <= set(ids)
    said = {group.attrib["id"]: "".join(group.itertext()) for group in groups}
    assert "Output" in said["card-output"]
    assert not re.search(r"[0-9a-f]{16}-\d", "".join(root.itertext()))  # no mark is left


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_png_shows_what_the_screen_shows(picture: Picture, tmp_path: Path, scale: float) -> None:
    """The same pixels as painting the picture on an image of the screen's kind."""
    export_image(Sheet(picture, Page(scale=scale)), tmp_path / "net.png")
    written = QImage(str(tmp_path / "net.png")).convertToFormat(QImage.Format.Format_RGB32)
    painted = QImage(written.size(), QImage.Format.Format_RGB32)
    painted.fill(LIGHT.named_colour("canvas"))
    painter = QPainter(painted)
    painter.scale(scale, scale)
    painter.translate(Page().margin, Page().margin)
    picture.paint(painter, LIGHT, picture.bounds, scale)
    painter.end()
    rows = int((Page().margin + picture.height) * scale)
    size = written.bytesPerLine() * rows
    assert bytes(written.constBits())[:size] == bytes(painted.constBits())[:size]


@pytest.mark.parametrize("theme", THEMES)
def test_themes(picture: Picture, tmp_path: Path, theme: ThemeName) -> None:
    export_image(Sheet(picture, Page(theme=theme, scale=1)), tmp_path / "net.png")
    assert QImage(str(tmp_path / "net.png")).pixelColor(1, 1).name() == get_theme(theme).canvas


@pytest.mark.parametrize(
    ("name", "scale", "message"),
    [
        ("net.gif", 1, "must end in .png, .svg, .pdf"),
        ("net", 1, "must end in"),
        ("net.png", -1, "makes no image"),
        ("net.png", float("inf"), "makes no image"),
        ("net.png", 1e-6, "would have no pixels"),
        ("net.png", 1000, r"largest scale that works is \d"),
        ("folder/net.png", 1, "there is no folder"),
    ],
)
def test_what_cannot_be_written_is_refused(
    picture: Picture, tmp_path: Path, name: str, scale: float, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        export_image(Sheet(picture, Page(scale=scale)), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(
    picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.png"
    path.write_text("old")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ExportError, match="No space left"):
        export_image(Sheet(picture), path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_from_python(tmp_path: Path, opened: Callable[[str], Network]) -> None:
    network = opened("alexnet")
    explorer.save_diagram(network, tmp_path / "net.png", level="units", scale=1, theme="print")
    assert not QImage(str(tmp_path / "net.png")).isNull()
    explorer.save_diagram(network, tmp_path / "page.png", explorer.Page(level="units", theme="print"), scale=1)
    assert (tmp_path / "net.png").read_bytes() == (tmp_path / "page.png").read_bytes()
    with pytest.raises(ValueError, match="no level 'atoms'"):
        explorer.save_diagram(network, tmp_path / "net.png", level="atoms")
    with pytest.raises(ValueError, match="no theme 'pink'"):
        explorer.save_diagram(network, tmp_path / "net.png", theme="pink")
    with pytest.raises(ValueError, match="colour"):
        explorer.save_diagram(network, tmp_path / "net.png", colour="pink")


def test_a_selection_is_all_there_is(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")

    def cards(*select: str) -> set[str]:
        picture = build_content(network, Page(), select)
        assert isinstance(picture, Picture)
        return {id for id, card in picture.diagram.cards.items()}

    block = cards("layer2.0")
    assert "layer2.0" in block
    assert "layer2.0.add" in block
    assert cards("layer2.0", "layer2.0.conv1") == block
    two = cards("layer2.0", "layer2.1")
    assert block < two
    assert cards("layer2.0.conv1") == {"unit:layer2.0.conv1"}
    with pytest.raises(ExportError, match="no layer, block or stage 'layer9' in ResNet-18"):
        build_content(network, Page(), ["layer9"])


def test_ways_that_begin_together_do_so_in_the_picture_of_their_block(opened: Callable[[str], Network]) -> None:
    picture = build_content(opened("googlenet_2014"), Page(), ("inception3a",))
    assert isinstance(picture, Picture)
    (entry,) = (card for card in picture.diagram.cards.values() if card.kind == "input")
    assert (entry.title, entry.shape) == ("Input", "192×28×28")
    _, after = picture.neighbours(entry.id)
    assert len(after) == 4
    assert len({picture.rect(way).top() for way in after}) == 1  # side by side


def test_the_table_of_figures_says_what_an_edit_changed(opened: Callable[[str], Network]) -> None:
    network = opened("resnet50")
    assert dict(sheet_text(network).figures)["Parameters"] == "25,557,032"
    edited = network.edit(explorer.ToggleShortcut("layer2.0", on=False))
    assert dict(sheet_text(edited).figures)["Parameters"] == "25,424,936 (−0.5 %)"
    assert "1 edit" in sheet_text(edited).caption


def test_direction_and_colours(opened: Callable[[str], Network], tmp_path: Path, qapp: QApplication) -> None:
    network = opened("resnet18")
    across = build_content(network, Page(direction="right", by="params"))
    down = build_content(network, Page(direction="down"))
    assert isinstance(across, Picture)
    assert across.width > across.height
    assert across.diagram.scale is not None
    assert across.diagram.scale.title == "Parameters"
    assert down.height > down.width
    with pytest.raises(ExportError, match="no colouring 'taste'; there are kind, params"):
        explorer.save_diagram(network, tmp_path / "net.png", by="taste")
    with pytest.raises(ExportError, match="no direction 'up'"):
        explorer.save_diagram(network, tmp_path / "net.png", direction="up")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")
@pytest.mark.parametrize(("paper", "points"), [("16:9", 8.0), ("a4", 6.0), ("a4", 8.0), ("neurips", 6.0)])
def test_text_in_a_pdf_has_the_size_that_was_asked_for(
    opened: Callable[[str], Network], tmp_path: Path, paper: str, points: float
) -> None:
    """As another program measures it: a word is as high as its font is above and below the baseline."""
    explorer.save_diagram(opened("resnet18"), tmp_path / "a.pdf", paper=paper, text_points=points)
    command = ["pdftotext", "-bbox", str(tmp_path / "a.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    metrics = QFontMetricsF(diagram_font(100))
    words = re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">3×224×224</word>', found)
    heights = [(float(bottom) - float(top)) * 100 / (metrics.ascent() + metrics.descent()) for top, bottom in words]
    assert heights == pytest.approx([points, PAPERS[paper].text_points], abs=0.06)  # on the card, in the caption
