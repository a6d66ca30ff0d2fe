"""Tours and guide pages as handouts: one web page that works offline, or slides with notes.

Both are written from one `Handout`: sections with a picture, paragraphs, and questions whose answers are folded away
(in the notes of a slide). Pictures are drawn by the drawing of the window, from the live network.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QImage, QImageWriter, QPainter

from explorer.base.languages import Language, tr, translator
from explorer.drawing import LIGHT, Marks, compose_picture
from explorer.exercises.predictions import PredictionQuestion
from explorer.export.documents.pptx_slides import check_pptx
from explorer.export.network_sheet import ensure_application
from explorer.export.page import check_suffix
from explorer.export.sheet_files import write_export
from explorer.guide.filled_page import FilledPage, fill_page
from explorer.guide.page import load_page, load_page_labels
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, reveal
from explorer.tours.listing import in_language
from explorer.tours.tour import Tour
from explorer.tours.walk import TourScene, View, build_tour_scene

#: File types of handouts.
HANDOUT_SUFFIXES = (".html", ".pptx")

_AROUND, _MAX_SIDE, _SCALE = 150.0, 1500, 1.6  # units kept around what is shown; pixels of a side; pixels of a unit


@dataclass(frozen=True)
class HandoutSection:
    """A step of a tour, or an idea of a page."""

    title: str
    paragraphs: tuple[str, ...]
    picture: bytes = b""  # PNG; empty for none
    question: str = ""
    answer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handout:
    """What is written, whatever the format."""

    title: str
    about: str
    sections: tuple[HandoutSection, ...]


def build_tour_handout(tour: Tour, language: Language = "en") -> Handout:
    """Return a tour with its live numbers and a picture of each step. Raises TourError."""
    ensure_application()
    sections: list[HandoutSection] = []
    opened: Network | None = None
    for number in range(len(tour.steps)):
        scene = build_tour_scene(tour, number, language, opened)
        opened = scene.after.network
        sections.append(_step_section(scene))
    return Handout(in_language(tour.title, language), in_language(tour.about, language), tuple(sections))


def build_page_handout(key: str, network: Network, language: Language = "en") -> Handout:
    """Return a page of the guide on a network as it was opened, one of those that the page is about."""
    ensure_application()
    filled = fill_page(load_page(key, language), network.baseline.analysis)
    labels = load_page_labels(language)
    paper = filled.page.facts.paper
    source = f"{paper.authors}: {paper.title}, {paper.venue}. {paper.link}"
    sections = [HandoutSection(labels.problem, (filled.problem,), _whole_picture(network.baseline))]
    sections.extend(_idea_sections(filled, network.baseline))
    sections.append(HandoutSection(labels.pros, tuple(f"+ {text}" for text in filled.pros)))
    sections.append(HandoutSection(labels.cons, tuple(f"− {text}" for text in filled.cons)))
    sections.append(HandoutSection(labels.next, (filled.next, source)))
    return Handout(f"{filled.page.text.title}: {filled.network_title}", filled.motto, tuple(sections))


def _step_section(scene: TourScene) -> HandoutSection:
    picture = draw_view(scene.before)
    if scene.prediction is None:
        return HandoutSection(scene.title, tuple(filter(None, (scene.say, scene.then))), picture)
    answer = tuple(filter(None, (_truth_text(scene.prediction), scene.then, *scene.prediction.lines)))
    return HandoutSection(scene.title, (scene.say,), picture, scene.question, answer)


def _truth_text(prediction: PredictionQuestion) -> str:
    chosen = dict(prediction.choices).get(str(prediction.truth), "")
    texts = (chosen, prediction.truth_text if prediction.truth_text != chosen else "")
    return tr("Truth: {truth}", truth=": ".join(filter(None, texts)))


def _idea_sections(filled: FilledPage, network: Network) -> list[HandoutSection]:
    analysis, sections = network.analysis, []
    for idea in filled.ideas:
        expanded = expanded_at_level(analysis, "blocks")
        for target in idea.locations[:12]:
            expanded = reveal(analysis, expanded, target)
        picture = draw_view(View(network, idea.locations[:12], expanded))
        sections.append(HandoutSection(idea.title, (idea.text,), picture))
    return sections


def _whole_picture(network: Network) -> bytes:
    return draw_view(View(network, (), expanded_at_level(network.analysis, "stages")))


def draw_view(view: View) -> bytes:
    """Return a picture of the cards that a view looks at, with what is around them, as PNG; all without any."""
    diagram = build_diagram(view.network.analysis, view.expanded, view.network.history.baseline)
    picture = compose_picture(diagram, "columns")
    shown = frozenset(picture.visible_card(id) for id in view.targets)
    area = QRectF()
    for id in shown:
        rect = picture.rect(id)
        area = area.united(rect) if rect is not None else area
    area = area.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND) if not area.isEmpty() else QRectF(picture.bounds)
    area = area.intersected(picture.bounds.adjusted(-10, -10, 10, 10))
    scale = min(_SCALE, _MAX_SIDE / max(area.width(), area.height(), 1.0))
    image = QImage(
        max(1, round(area.width() * scale)), max(1, round(area.height() * scale)), QImage.Format.Format_RGB32
    )
    image.fill(LIGHT.named_colour("canvas"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    picture.paint(painter, LIGHT, area, scale, Marks(highlighted=shown))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(image)
    return bytes(buffer.data().data())


def export_handout(handout: Handout, path: str | Path) -> None:
    """Write a handout as its suffix says. Raises ExportError; then nothing is written."""
    path = Path(path)
    if check_suffix(path, HANDOUT_SUFFIXES) == ".pptx":
        check_pptx()
        write_export(path, lambda beside: _write_slides(handout, beside))
        return
    page = handout_as_html(handout)
    write_export(path, lambda beside: beside.write_text(page, encoding="utf-8"))


def handout_as_html(handout: Handout) -> str:
    """Return one web page without scripts and without addresses; answers are folded away."""
    sections = "".join(_section_html(number, section) for number, section in enumerate(handout.sections, 1))
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f"<!doctype html><html lang='{escape(translator.language)}'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{escape(handout.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(handout.title)}</h1><p class='about'>{escape(handout.about)}</p>{sections}</body></html>\n"
    )


def _section_html(number: int, section: HandoutSection) -> str:
    data = base64.b64encode(section.picture).decode() if section.picture else ""
    image = f"<img alt='{escape(section.title)}' src='data:image/png;base64,{data}'>" if data else ""
    texts = "".join(f"<p>{escape(text)}</p>" for text in section.paragraphs)
    question = f"<p class='question'>{escape(section.question)}</p>" if section.question else ""
    answer = "".join(f"<p>{escape(text)}</p>" for text in section.answer)
    folded = f"<details><summary>{escape(tr('Answer'))}</summary>{answer}</details>" if answer else ""
    return f"<section><h2>{number}. {escape(section.title)}</h2>{image}{texts}{question}{folded}</section>"


_STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b2230}"
    "h1{font-size:1.7rem;margin-bottom:.2rem}.about{color:#626d7f}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}"
    "img{max-width:100%;max-height:32rem;display:block;border:1px solid #d5dbe4;border-radius:8px}"
    ".question{font-weight:600}details{background:#f3f5f8;border-radius:8px;padding:.5rem .9rem}"
    "summary{cursor:pointer;color:#2f6fdb}@media print{section{break-inside:avoid}}"
)


def _write_slides(handout: Handout, path: Path) -> None:
    """A slide for each section: title, picture and text; question and answer are in the notes."""
    from pptx import Presentation
    from pptx.util import Emu, Pt

    deck = Presentation()
    deck.slide_width, deck.slide_height = Emu(12_192_000), Emu(6_858_000)
    deck.core_properties.title, deck.core_properties.author = handout.title, ""
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = handout.title
    first.placeholders[1].text = handout.about
    for section in handout.sections:
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = section.title
        left, top, width, height = 500_000, 1_500_000, 6_600_000, 5_000_000
        if section.picture:
            _place_picture(slide, section.picture, (left, top, width, height))
        column = (7_400_000, 4_300_000) if section.picture else (left, 11_200_000)
        frame = slide.shapes.add_textbox(Emu(column[0]), Emu(top), Emu(column[1]), Emu(height)).text_frame
        frame.word_wrap = True
        texts = [*section.paragraphs, *([section.question] if section.question else [])]
        for number, text in enumerate(texts):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.text = text
            paragraph.font.size = Pt(16)
            paragraph.font.bold = bool(section.question) and number == len(texts) - 1
            paragraph.space_after = Pt(8)
        notes = [*section.paragraphs, section.question, *section.answer]
        slide.notes_slide.notes_text_frame.text = "\n".join(filter(None, notes))
    deck.save(str(path))


def _place_picture(slide: object, picture: bytes, room: Sequence[int]) -> None:
    """Put a picture into a room of a slide (left, top, width, height in EMU), as large as fits."""
    from pptx.util import Emu

    left, top, width, height = room
    shape = slide.shapes.add_picture(BytesIO(picture), Emu(left), Emu(top))  # type: ignore[attr-defined]
    scale = min(width / shape.width, height / shape.height)
    shape.width, shape.height = Emu(round(shape.width * scale)), Emu(round(shape.height * scale))
