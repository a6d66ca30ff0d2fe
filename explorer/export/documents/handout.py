"""Handouts: one web page that works offline, or slides with notes.

Both are written from one `Handout`: sections with a picture, paragraphs, a table, code, and questions whose answers are
folded away (in the notes of a slide). A web page holds the diagram itself as well, folded away, to be unfolded, zoomed
and searched: the page of `explorer.export.documents.html_page`, in a frame that can do nothing else.

What must always hold: nothing in a handout asks for anything outside it, and its policy allows one script alone.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from explorer.base.languages import tr, translator
from explorer.export.documents.html_page import script_digest
from explorer.export.documents.pptx_slides import check_pptx
from explorer.export.page import check_suffix
from explorer.export.sheet_files import write_export

#: File types of handouts.
HANDOUT_SUFFIXES = (".html", ".pptx")

_MAX_LINES = 22  # of code on a slide; the rest is in its notes


@dataclass(frozen=True)
class HandoutSection:
    """A step of a tour, an idea of a page, or a part of an experiment."""

    title: str
    paragraphs: tuple[str, ...] = ()
    picture: bytes = b""  # PNG; empty for none
    question: str = ""
    answer: tuple[str, ...] = ()
    diagram: str = ""  # a web page of its own; empty for none
    rows: tuple[tuple[str, ...], ...] = ()  # a table, its heads first
    code: str = ""


@dataclass(frozen=True)
class Handout:
    """What is written, whatever the format."""

    title: str
    about: str
    sections: tuple[HandoutSection, ...]


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
    """Return one web page without addresses; answers and diagrams are folded away, and only these have a script."""
    sections = "".join(_section_html(number, section) for number, section in enumerate(handout.sections, 1))
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {script_digest()}"
    return (
        f"<!doctype html><html lang='{escape(translator.language)}'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{escape(handout.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(handout.title)}</h1><p class='about'>{escape(handout.about)}</p>{sections}</body></html>\n"
    )


def _section_html(number: int, section: HandoutSection) -> str:
    data = base64.b64encode(section.picture).decode() if section.picture else ""
    shape = "upright" if _is_upright(section.picture) else "wide"
    image = f"<img class='{shape}' alt='{escape(section.title)}' src='data:image/png;base64,{data}'>" if data else ""
    texts = "".join(f"<p>{escape(text)}</p>" for text in section.paragraphs)
    question = f"<p class='question'>{escape(section.question)}</p>" if section.question else ""
    answer = "".join(f"<p>{escape(text)}</p>" for text in section.answer)
    folded = f"<details><summary>{escape(tr('Answer'))}</summary>{answer}</details>" if answer else ""
    code = f"<pre>{escape(section.code)}</pre>" if section.code else ""
    parts = image, _diagram_html(section), texts, _table_html(section.rows), code, question, folded
    return f"<section><h2>{number}. {escape(section.title)}</h2>{''.join(parts)}</section>"


def _is_upright(picture: bytes) -> bool:
    """Whether a PNG is higher than wide; both stand in its first chunk."""
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    return height > width


def _diagram_html(section: HandoutSection) -> str:
    """The diagram's page in a frame that runs its own script and reaches nothing around it."""
    if not section.diagram:
        return ""
    page = escape(section.diagram, quote=False).replace("'", "&#39;")
    words = escape(tr("The diagram, to be unfolded, zoomed and searched"))
    frame = f"<iframe sandbox='allow-scripts' loading='lazy' title='{words}' srcdoc='{page}'></iframe>"
    return f"<details class='diagram'><summary>{words}</summary>{frame}</details>"


def _table_html(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    cells = [
        "".join(f"<{tag}>{escape(text)}</{tag}>" for text in row)
        for tag, row in (("th" if number == 0 else "td", row) for number, row in enumerate(rows))
    ]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


_STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b2230}"
    "h1{font-size:1.7rem;margin-bottom:.2rem}.about{color:#626d7f}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}"
    "img{max-width:100%;max-height:32rem;display:block;border:1px solid #d5dbe4;border-radius:8px}"
    ".question{font-weight:600}details{background:#f3f5f8;border-radius:8px;padding:.5rem .9rem;margin:.6rem 0}"
    "iframe{width:100%;height:34rem;border:1px solid #d5dbe4;border-radius:8px;margin-top:.5rem;background:#fff}"
    "table{border-collapse:collapse;font-size:.92rem;margin:.6rem 0}th,td{padding:.25rem .8rem .25rem 0;"
    "text-align:left;border-bottom:1px solid #e3e7ed;vertical-align:top}th{color:#626d7f;font-weight:500}"
    "pre{background:#f3f5f8;border-radius:8px;padding:.7rem .9rem;font-size:.85rem;"
    "white-space:pre-wrap;overflow-wrap:anywhere}"
    "summary{cursor:pointer;color:#2f6fdb}"
    # On paper two sections share a page: the text stands beside an upright picture.
    "@media print{body{font-size:13px;margin:0 auto}h2{margin:1.2rem 0 .5rem}"
    "section{break-inside:avoid;display:flow-root}"
    "img.upright{float:left;max-width:50%;max-height:10.4cm;margin:0 1.2rem .5rem 0}img.wide{max-height:7.6cm}"
    "table,pre{clear:left}details{overflow:hidden}iframe,.diagram{display:none}}"
)


_LEFT, _ROOM = 500_000, 11_200_000  # of slides, in EMU: the margin, and the width inside
_GAP = 300_000  # between a picture and the text beside it


def _write_slides(handout: Handout, path: Path) -> None:
    """A slide for each section: title, picture and text; question and answer are in the notes."""
    from pptx import Presentation
    from pptx.util import Emu

    deck = Presentation()
    deck.slide_width, deck.slide_height = Emu(12_192_000), Emu(6_858_000)
    deck.core_properties.title, deck.core_properties.author = handout.title, ""
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = handout.title
    first.placeholders[1].text = handout.about
    _place(first.shapes.title, (_LEFT, 2_000_000, _ROOM, 1_300_000))  # the template's own places are for 4:3
    _place(first.placeholders[1], (_LEFT, 3_500_000, _ROOM, 1_500_000))
    for section in handout.sections:
        _fill_slide(deck.slides.add_slide(deck.slide_layouts[5]), section)
    deck.save(str(path))


def _place(shape: Any, room: Sequence[int]) -> None:
    from pptx.util import Emu

    shape.left, shape.top, shape.width, shape.height = map(Emu, room)


def _fill_slide(slide: Any, section: HandoutSection) -> None:
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Emu, Pt

    slide.shapes.title.text = section.title
    _place(slide.shapes.title, (_LEFT, 350_000, _ROOM, 900_000))
    paragraph = slide.shapes.title.text_frame.paragraphs[0]
    paragraph.alignment, paragraph.font.size = PP_ALIGN.LEFT, Pt(32)
    top, width, height = 1_400_000, 6_600_000, 5_100_000
    taken = _place_picture(slide, section.picture, (_LEFT, top, width, height)) + _GAP if section.picture else 0
    column = (_LEFT + taken, _ROOM - taken)
    lines = [(text, False) for text in (*section.paragraphs, *(" · ".join(row) for row in section.rows))]
    lines.extend((line, False) for line in section.code.splitlines()[:_MAX_LINES])
    if section.question:
        lines.append((section.question, True))
    frame = slide.shapes.add_textbox(Emu(column[0]), Emu(top), Emu(column[1]), Emu(height)).text_frame
    _write_lines(frame, lines, "Consolas" if section.code else "")
    notes = [*section.paragraphs, *(" · ".join(row) for row in section.rows), section.code, section.question]
    slide.notes_slide.notes_text_frame.text = "\n".join(filter(None, (*notes, *section.answer)))


def _write_lines(frame: Any, lines: Sequence[tuple[str, bool]], font: str) -> None:
    """Write paragraphs, each bold or not, in a size that a slide has room for."""
    from pptx.util import Pt

    frame.word_wrap = True
    is_long = len(lines) > 8 or sum(len(text) for text, _ in lines) > 700
    for number, (text, is_bold) in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = text
        paragraph.font.size = Pt(11 if is_long else 18)
        paragraph.font.bold = is_bold
        paragraph.space_after = Pt(2 if is_long else 8)
        if font:
            paragraph.font.name = font


def _place_picture(slide: Any, picture: bytes, room: Sequence[int]) -> int:
    """Put a picture into a room of a slide (left, top, width, height in EMU), as large as fits; return its width."""
    from pptx.util import Emu

    left, top, width, height = room
    shape = slide.shapes.add_picture(BytesIO(picture), Emu(left), Emu(top))
    scale = min(width / shape.width, height / shape.height)
    shape.width, shape.height = Emu(round(shape.width * scale)), Emu(round(shape.height * scale))
    return int(shape.width)
