"""One HTML file in which others fold, zoom, search and read figures: no server, no network, nothing to install.

The page holds all cards and links as JSON and a script of ours that lays them out; a content security policy allows
that script and style alone, by their hashes, and no address at all. Texts reach the page as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from explorer.base.languages import tr, translator
from explorer.base.resources import resource_path
from explorer.drawing import Theme
from explorer.drawing.card_text import is_inactive
from explorer.drawing.legend import kind_label
from explorer.drawing.picture import Picture
from explorer.export.documents.scene import clean_text
from explorer.export.page import ExportError
from explorer.export.page_diagram import build_page_diagram, filter_diagram
from explorer.export.sheet import CroppedPicture, Sheet
from explorer.layout import arrange
from explorer.network import Network
from explorer.presenters import expanded_at_level
from explorer.viewmodels.diagram import COLOUR_MODES, LEVEL_NAMES, Card, Diagram

_COLOURS = (
    "canvas", "card", "text", "muted", "border", "frame", "link", "skip", "selection", "found", "changed", "added",
)  # fmt: skip


def write_html(network: Network, sheet: Sheet) -> str:
    """Return the page. It opens as the sheet shows the network, in its theme. Raises ExportError without a diagram."""
    content = sheet.content.picture if isinstance(sheet.content, CroppedPicture) else sheet.content
    if not isinstance(content, Picture):
        raise ExportError(tr("only diagrams can be written in this format: choose PNG, SVG or PDF"))
    style, script = _read("page.css"), _read("page.js")
    colours = "".join(f"--{name}:{sheet.theme.named_colour(name).name()};" for name in _COLOURS)
    style = f":root{{{colours}}}\n{style}"
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}"
    data = _as_json(_page_data(network, sheet, content))
    page = _read("page.html")
    return page.format(
        language=escape(translator.language),
        policy=escape(policy),
        title=escape(clean_text(sheet.title or network.shown_title)),
        subtitle=escape(clean_text(sheet.page.subtitle)),
        caption=escape(clean_text(sheet.words.caption)) if sheet.page.caption else "",
        style=style,
        script=script,
        data=data,
        figures="".join(_figure_rows(sheet)),
        levels="".join(
            f'<button type="button" data-level="{level}">{escape(tr(name))}</button>'
            for level, name in LEVEL_NAMES.items()
        ),
        **{name: escape(text) for name, text in _page_words().items()},
    )


def script_digest() -> str:
    """Return what a policy names the page's script by: "'sha256-…'"."""
    return _digest(_read("page.js"))


def _page_words() -> dict[str, str]:
    return {
        "search": tr("Search"),
        "zoom_in": tr("Zoom in"),
        "zoom_out": tr("Zoom out"),
        "fit": tr("Fit"),
        "diagram": tr("Diagram"),
        "hint": tr("Double-click or + unfolds · wheel zooms · drag moves · / searches, Enter goes on · 0 fits"),
    }


def _read(name: str) -> str:
    return resource_path(f"web_page/{name}").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _as_json(value: Any) -> str:
    """JSON that cannot end the element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _figure_rows(sheet: Sheet) -> Iterator[str]:
    for name, value in sheet.words.figures:
        whole = clean_text(value).replace(" %", "\N{NO-BREAK SPACE}%")
        yield f"<dt>{escape(clean_text(name))}</dt><dd>{escape(whole)}</dd>"


def _page_data(network: Network, sheet: Sheet, picture: Picture) -> dict[str, Any]:
    """All cards of the network, unfolded to its ops, and what is open at first."""
    whole = _whole_diagram(network, sheet, picture)
    levels = {level: expanded_at_level(network.analysis, level) for level in LEVEL_NAMES}
    known = _numbers(whole)
    opened = [known[id] for id in picture.diagram.children if id in known]
    level = next(
        (level for level, ids in levels.items() if {known[id] for id in ids if id in known} == set(opened)), ""
    )
    kinds = dict.fromkeys(card.kind for card in whole.cards.values())
    return {
        "root": "root",
        "top": [known[id] for id in whole.children[whole.root]],
        "open": opened,
        "level": level,
        "levels": {level: [known[id] for id in ids if id in known] for level, ids in levels.items()},
        "cards": dict(_cards(whole, known, sheet.theme)),
        "links": list(_links(whole, known)),
        "legend": {
            kind: (label, sheet.theme.kind_colour(kind).name()) for kind in kinds if (label := kind_label(kind))
        },
        "words": {"nothing": tr("Point at a card to read its figures."), "hits": tr("{n} found", n="{n}")},
    }


def _numbers(diagram: Diagram) -> dict[str, str]:
    """Short ids: those of stacks hold all their members'."""
    return {id: f"n{number}" for number, id in enumerate(diagram.cards)}


def _whole_diagram(network: Network, sheet: Sheet, picture: Picture) -> Diagram:
    """The diagram with everything unfolded; of a selection, with what is in it."""
    page = sheet.page
    every = expanded_at_level(network.analysis, "ops") | frozenset(picture.diagram.children)
    shown = picture.diagram
    tops = [
        id for id in shown.children[shown.root] if shown.cards[id].kind != "input" or id in network.architecture.live
    ]
    by = page.by if page.by in COLOUR_MODES else "kind"  # numbers of a tool are in the window alone
    whole = build_page_diagram(network, replace(page, level=None, by=by), (), None, every)
    if len(tops) < len(whole.children[whole.root]):
        whole = filter_diagram(whole, [id for id in tops if id in whole.cards])
    return whole


def _cards(diagram: Diagram, known: Mapping[str, str], theme: Theme) -> Iterator[tuple[str, dict[str, Any]]]:
    parents = {child: known.get(group, "root") for group, inside in diagram.children.items() for child in inside}
    for id, card in diagram.cards.items():
        yield (
            known[id],
            {
                "title": clean_text(_heading(card)),
                "lines": [clean_text(line) for line in _lines(card)],
                "tip": clean_text(card.tip),
                "kind": card.kind,
                "fill": (theme.named_colour("canvas") if is_inactive(card) else theme.card_fill(card)).name(),
                "line": theme.card_colour(card).name(),
                "change": card.change,
                "round": card.is_round,
                "parent": parents[id],
                "children": [known[child] for child in diagram.children.get(id, ())],
            },
        )


def _heading(card: Card) -> str:
    return f"{card.title} × {card.repeat_count}" if card.repeat_count > 1 else card.title


def _lines(card: Card) -> Iterator[str]:
    first, *rest = (*card.lines, "") if card.shape else card.lines or ("",)
    both = "   ".join(filter(None, (first, card.shape)))
    yield from filter(None, (both, *rest))
    chips = [text for _, text in card.chips if text != card.title]
    if chips:
        yield " · ".join(chips)


def _links(diagram: Diagram, known: Mapping[str, str]) -> Iterator[tuple[str, str, str, int]]:
    pairs = [(link.source, link.target) for link in diagram.links]
    sizes = {id: (100.0, 40.0) for id in diagram.cards if id not in diagram.children}
    routes = arrange(diagram.root, diagram.children, pairs, sizes, direction="down").routes
    for link, route in zip(diagram.links, routes, strict=True):
        yield known[link.source], known[link.target], clean_text(link.text), int(route.skip)
