"""Tours and guide pages as handouts: whole, offline, with their answers apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from explorer.cli import main
from explorer.export.documents.handout import build_page_handout, build_tour_handout, export_handout, handout_as_html
from explorer.network import Network
from explorer.tours.tour import load_tour

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
    slides = list(Presentation(str(path)).slides)
    assert len(slides) == 1 + len(tour.steps)
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
    assert main(["handout", "--tour", "nowhere.tour", "--out", str(tmp_path / "x.html")]) == 2
    assert main(["handout", "resnet18", "--out", str(tmp_path / "x.docx")]) == 2
    assert ".html" in capsys.readouterr().err
