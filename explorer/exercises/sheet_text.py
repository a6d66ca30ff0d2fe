"""Work sheets as text: Markdown, and a web page that prints well, each with an answer key of its own."""

from __future__ import annotations

import re
from html import escape

from explorer.base.languages import tr, translator
from explorer.exercises.worksheet import Exercise, Worksheet

#: File types of work sheets.
SHEET_SUFFIXES = (".md", ".html")


def sheet_as_markdown(sheet: Worksheet, *, with_key: bool = True) -> str:
    """Return a work sheet as Markdown; the answers come last, under a heading of their own."""
    lines = [f"# {sheet.title}", "", sheet.introduction, ""]
    for number, exercise in enumerate(sheet.exercises, 1):
        lines += [f"{number}. {_indent(_with_choices(exercise))}", ""]
    if with_key:
        lines += [f"## {tr('Answers')}", ""]
        for number, exercise in enumerate(sheet.exercises, 1):
            worked = f"\n   {exercise.sum}" if exercise.sum and exercise.sum != exercise.answer else ""
            lines.append(f"{number}. **{exercise.answer}**{worked}")
        lines.append("")
    return "\n".join(lines)


def sheet_as_html(sheet: Worksheet, *, with_key: bool = True) -> str:
    """Return a work sheet as one web page without scripts; printed, the answers begin on a page of their own."""
    tasks = "".join(f"<li>{_as_html(_with_choices(exercise))}<p class='room'></p></li>" for exercise in sheet.exercises)
    answers = "".join(f"<li><b>{escape(exercise.answer)}</b>{_sum_html(exercise)}</li>" for exercise in sheet.exercises)
    key = f"<section><h2>{escape(tr('Answers'))}</h2><ol>{answers}</ol></section>" if with_key else ""
    return (
        f"<!doctype html><html lang='{escape(translator.language)}'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(sheet.title)}</h1><p>{escape(sheet.introduction)}</p><ol>{tasks}</ol>{key}</body></html>\n"
    )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b2230}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem}li{margin:.7rem 0}"
    "code{background:#eef1f6;padding:0 .25em;border-radius:3px}"
    ".room{height:2.6rem;border-bottom:1px dotted #b9c4d6;margin:0}.sum{color:#626d7f;font-size:.92em}"
    "@media print{section{break-before:page}li{break-inside:avoid}}"
)


def _with_choices(exercise: Exercise) -> str:
    if not exercise.choices:
        return exercise.question
    return f"{exercise.question}\n\n" + "\n".join(f"- [ ] {choice}" for choice in exercise.choices)


def _indent(text: str) -> str:
    return text.replace("\n", "\n   ").replace("\n   \n", "\n\n")


def _as_html(text: str) -> str:
    """Paragraphs, lists and code of the few marks that exercises use."""
    parts = []
    for block in text.split("\n\n"):
        rows = block.split("\n")
        if all(row.startswith("- ") for row in rows):
            items = "".join(f"<li>{_code(row[2:].replace('[ ] ', '☐ '))}</li>" for row in rows)
            parts.append(f"<ul>{items}</ul>")
        elif block.strip():
            parts.append(f"<p>{_code(block.strip())}</p>")
    return "".join(parts)


def _code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _sum_html(exercise: Exercise) -> str:
    if not exercise.sum or exercise.sum == exercise.answer:
        return ""
    return f"<div class='sum'>{escape(exercise.sum)}</div>"
