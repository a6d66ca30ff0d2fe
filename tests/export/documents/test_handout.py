"""Tours and guide pages as handouts: whole, offline, with their answers apart."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage

from explorer.base.languages import translator
from explorer.cli import main
from explorer.experiments import get_experiment
from explorer.experiments.texts import load_texts
from explorer.export.documents.handout import export_handout, handout_as_html
from explorer.export.documents.handout_sources import (
    build_experiment_handout,
    build_page_handout,
    build_tour_handout,
)
from explorer.network import Network
from explorer.tours.lineage_tour import find_tour
from explorer.tours.tour import load_tour
from tests.export.documents.test_html_page import BROWSER, needs_browser

Opened = Callable[[str], Network]


def test_a_tour_as_a_page(tmp_path: Path) -> None:
    tour = load_tour("resnet")
    handout = build_tour_handout(tour)
    assert len(handout.sections) == len(tour.steps)
    page = handout_as_html(handout)
    assert page.count("data:image/png;base64,") == len(tour.steps)
    assert page.count("<details>") == sum(step.ask is not None for step in tour.steps)
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)='(?!data:)", page)
    assert "64 × 128 = 8,192" in page
    assert "21.6 M" in page


def test_a_tour_as_slides_with_notes(tmp_path: Path) -> None:
    from pptx import Presentation

    tour, path = load_tour("convolution"), tmp_path / "tour.pptx"
    export_handout(build_tour_handout(tour), path)
    deck = Presentation(str(path))
    slides = list(deck.slides)
    assert len(slides) == 1 + len(tour.steps)
    for slide in slides:  # over the whole slide, and nothing beside it
        assert slide.shapes.title.width > 0.9 * deck.slide_width
        assert all(shape.left + shape.width <= deck.slide_width for shape in slide.shapes)
    for slide in slides[1:]:  # the text begins beside its picture, and has the room that is left
        pictures = [shape for shape in slide.shapes if "PICTURE" in str(shape.shape_type)]
        column = next(shape for shape in slide.shapes if "TEXT_BOX" in str(shape.shape_type))
        end = max((shape.left + shape.width for shape in pictures), default=0)
        assert end <= column.left < max(end, 500_000) + 400_000
        assert column.left + column.width > 0.94 * deck.slide_width
    notes = slides[3].notes_slide.notes_text_frame.text
    assert "3 × 3 × 3 × 64 + 64 = 1,792" in notes
    assert "1,792" not in slides[3].shapes.title.text
    assert any(shape.shape_type is not None and "PICTURE" in str(shape.shape_type) for shape in slides[3].shapes)


def test_a_page_of_the_guide(opened: Opened) -> None:
    handout = build_page_handout("mobilenet_v2", opened("mobilenet_v2"), "zh")
    assert any("倒残差" in section.title for section in handout.sections)
    assert sum(bool(section.picture) for section in handout.sections) >= 4


def test_pictures_show_something(opened: Opened) -> None:
    from io import BytesIO

    for section in build_page_handout("resnet", opened("resnet18")).sections:
        if section.picture:
            image = Image.open(BytesIO(section.picture)).convert("RGB")
            assert max(image.size) <= 1600
            assert len(image.getcolors(1 << 24) or ()) > 20


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handout", "squeezenet1_1", "--out", str(tmp_path / "page.html")]) == 0
    assert "Fire" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert main(["handout", "--tour", "nowhere", "--out", str(tmp_path / "x.html")]) == 2
    assert "there is no tour 'nowhere'; there are convolution, alexnet" in capsys.readouterr().err
    assert main(["handout", "--tour", "nowhere.tour", "--out", str(tmp_path / "x.html")]) == 2
    assert main(["handout", "resnet18", "--out", str(tmp_path / "x.docx")]) == 2
    assert ".html" in capsys.readouterr().err


def test_a_command_s_language_is_that_of_every_word(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert main(["handout", "--tour", "shufflenet", "--language", "zh", "--out", str(path)]) == 0
    page = path.read_text(encoding="utf-8")
    assert "<html lang='zh'>" in page
    assert "<summary>" in page
    assert "<summary>Answer" not in page
    assert translator.language == "en"


def test_text_stands_beside_an_upright_picture_on_paper() -> None:
    page = handout_as_html(build_tour_handout(find_tour("convolution")))
    pictures = re.findall(r"<img class='(\w+)'[^>]*base64,([^']+)'", page)
    assert {shape for shape, _ in pictures} <= {"upright", "wide"}
    for shape, data in pictures:
        image = QImage.fromData(base64.b64decode(data))
        assert (shape == "upright") == (image.height() > image.width())


@pytest.fixture(scope="module")
def lineage_page() -> str:
    return handout_as_html(build_tour_handout(find_tour("lineage-resnet_unit_to_shuffle_unit")))


def test_a_lineage_with_its_diagrams(lineage_page: str) -> None:
    tour = find_tour("lineage-resnet_unit_to_shuffle_unit")
    assert lineage_page.count("<details class='diagram'>") == len(tour.steps) - 1  # the last shows no other network
    assert len(lineage_page) < 12_000_000
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', lineage_page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; ")
    assert "http" not in policy[1]
    assert policy[1].count("script-src 'sha256-") == 1
    outside = re.sub(r"srcdoc='[^']*'", "", lineage_page)
    assert "<script" not in outside
    assert not re.findall(r"(?:src|href)='(?!data:)", outside)


@needs_browser
def test_a_diagram_in_a_handout_is_alive(lineage_page: str, tmp_path: Path) -> None:
    """In a browser, offline: the frame runs its script under both policies, and its cards are there."""
    opened = lineage_page.replace("<details class='diagram'>", "<details class='diagram' open>", 1)
    opened = opened.replace("loading='lazy'", "", 1)
    path, shot = tmp_path / "a.html", tmp_path / "a.png"
    path.write_text(opened, encoding="utf-8")
    picture = screenshot(path, shot)
    frame = picture.crop((0, 250, picture.width, picture.height))
    colours = frame.getcolors(1 << 24) or []
    assert len(colours) > 300, "nothing is drawn in the frame"
    path.write_text(opened.replace("&lt;script&gt;", "&lt;script type=none&gt;", 1), encoding="utf-8")
    dead = screenshot(path, shot)
    assert dead.tobytes() != picture.tobytes(), "the script makes no difference"


def screenshot(path: Path, shot: Path) -> Image.Image:
    assert BROWSER is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    window = ["--window-size=1000,1500", "--virtual-time-budget=4000", f"--user-data-dir={path.parent / 'profile'}"]
    command = [BROWSER, *options, *window, f"--screenshot={shot}", path.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return Image.open(shot).convert("RGB")


def test_an_experiment(tmp_path: Path) -> None:
    experiment = get_experiment("depthwise_separable")
    outcome = experiment.run()
    made = build_experiment_handout(
        experiment, experiment.defaults, outcome, QImage(64, 48, QImage.Format.Format_RGB32), "zh"
    )
    page = handout_as_html(made)
    for number in outcome.numbers:
        assert load_texts("zh").translate(experiment.id, number.label) in page.replace("&#x27;", "'")
    assert "<pre>" in page
    assert "计时: 开" in page, "a switch is on or off, in the language of the handout"
    assert page.count(load_texts("zh").experiments[experiment.id].question) == 1, "asked once"
    assert page.count("<details class='diagram'>") == 1
    export_handout(made, tmp_path / "a.pptx")
    from pptx import Presentation

    slides = list(Presentation(str(tmp_path / "a.pptx")).slides)
    assert len(slides) == 1 + len(made.sections)
    assert "import explorer" in slides[-1].notes_slide.notes_text_frame.text
