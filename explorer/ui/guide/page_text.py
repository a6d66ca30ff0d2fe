"""Pages of the guide as rich text. Links begin with their action: `card`, `try`, `undo`, `experiment`, `panel`,
`network`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from explorer.base.languages import as_sentence, tr, with_label
from explorer.ui.base.appearance import Colours
from explorer.ui.base.fonts import scaled
from explorer.viewmodels.panel_ids import PANEL_IDS

if TYPE_CHECKING:
    from explorer.guide.filled_page import CatalogueFacts, FilledIdea, FilledPage, PublishedFigure
    from explorer.guide.output_notes import OutputNote
    from explorer.guide.page import PageLabels


def render_page(
    filled: FilledPage,
    labels: PageLabels,
    titles: Mapping[str, str],
    tried: Collection[tuple[str, str]],
    notes: Collection[OutputNote],
    c: Colours,
    drawn: Collection[str] = (),
) -> str:
    """Return the page of a network. `titles` maps ids of experiments, `tried` holds the (idea, edit) pairs in force,
    `notes` what to look at in the output, `drawn` the ideas that there are pictures of ("picture:<idea>")."""
    words, facts = filled.page.text, filled.page.facts
    paper = facts.paper
    parts = [
        f"<h1>{escape(words.title)} <span class='muted'>{facts.year}</span></h1>",
        f"<p class='motto'>{escape(filled.motto)}</p>",
        f"<p class='muted'>{escape(paper.authors)}: <i>{escape(paper.title)}</i>, {escape(paper.venue)}. "
        f"<a href='{escape(paper.link)}'>{escape(paper.link.removeprefix('https://'))}</a></p>",
        _render_links(labels.builds_on, filled.before),
        f"<h2>{escape(labels.problem)}</h2><p>{escape(filled.problem)}</p>",
        f"<h2>{escape(labels.ideas)}</h2>",
        *(_render_idea(idea, labels, titles, tried, c, idea.name in drawn) for idea in filled.ideas),
        *_render_notes(notes, labels, c),
        _render_list(labels.pros, filled.pros, "+", c.decrease),
        _render_list(labels.cons, filled.cons, "−", c.increase),
        f"<h2>{escape(labels.next)}</h2><p>{escape(filled.next)}</p>",
        _render_links("→", filled.after),
        _render_numbers(with_label(labels.numbers, filled.network_title), filled.published, filled.note, labels),
    ]
    return _wrap_html("".join(parts), c)


def render_figures(found: CatalogueFacts, labels: PageLabels, c: Colours) -> str:
    """Return the page of a network that has only figures in the catalogue."""
    parts = [f"<h1>{escape(found.title)}</h1>", f"<p class='muted'>{escape(found.paper)}</p>"]
    parts.append(_render_numbers(labels.numbers, found.published, found.note, labels))
    return _wrap_html("".join(parts), c)


def render_placeholder(c: Colours) -> str:
    """Return the page shown while nothing is known of the network."""
    return _wrap_html(f"<p class='muted'>{escape(tr('Open a network of the catalogue to read about it.'))}</p>", c)


def _render_idea(
    idea: FilledIdea,
    labels: PageLabels,
    titles: Mapping[str, str],
    tried: Collection[tuple[str, str]],
    c: Colours,
    is_drawn: bool,
) -> str:
    links = []
    if idea.locations:
        links.append(f"<a href='card:{escape(idea.name)}'>◎ {escape(labels.show)}</a>")
    for name, words in idea.tries:
        target = f"{escape(idea.name)}/{escape(name)}"
        if (idea.name, name) in tried:
            said = f"✓ {escape(labels.tried)}{escape(words)}"
            links.append(f"<a href='undo:{target}' style='color:{c.decrease}'>{said}</a>")
        else:
            links.append(f"<a href='try:{target}'>▶ {escape(labels.tries)}{escape(words)}</a>")
    for text, reason in idea.refused_tries:
        links.append(
            f"<span class='muted'>{escape(as_sentence(text))} {escape(labels.not_here)}{escape(reason)}</span>"
        )
    for number, experiment in enumerate(idea.experiments):
        title = f"{labels.proof}{titles[experiment.id]}"
        links.append(f"<a href='experiment:{escape(idea.name)}/{number}'>△ {escape(title)}</a>")
    link = f"card:{escape(idea.name)}"
    image = f"<a href='{link}'><img src='picture:{escape(idea.name)}'></a>"
    picture = f"<p style='line-height: 100%'>{image}</p>" if is_drawn else ""  # else a picture's line is taller too
    return f"<h3>{escape(idea.title)}</h3><p>{escape(idea.text)}</p>{picture}<p class='links'>{'<br>'.join(links)}</p>"


def _render_notes(notes: Collection[OutputNote], labels: PageLabels, c: Colours) -> Iterable[str]:
    if notes:
        yield f"<h2>{escape(labels.look)}</h2>"
    for note in notes:
        yield f"<p>{escape(note.text)}</p>"
        if note.edited:
            yield f"<p style='color:{c.accent}'>{escape(labels.look_edited)}{escape(note.edited)}</p>"
        link = (
            f"<a href='panel:{escape(note.name)}'>◎ {escape(labels.look_show)}{escape(tr(PANEL_IDS[note.panel]))}</a>"
        )
        yield f"<p class='muted'>{escape(note.why)}</p><p class='links'>{link}</p>"


def _render_list(title: str, items: tuple[str, ...], bullet: str, colour: str) -> str:
    rows = "".join(
        f"<tr><td width='18' style='color:{colour}'><b>{bullet}</b></td><td>{escape(item)}</td></tr>" for item in items
    )
    return f"<h2>{escape(title)}</h2><table cellspacing='0' cellpadding='2'>{rows}</table>"


def _render_links(label: str, found: tuple[tuple[str, str], ...]) -> str:
    if not found:
        return ""
    links = " · ".join(f"<a href='network:{escape(key)}'>{escape(title)}</a>" for key, title in found)
    return f"<p class='muted'>{escape(label)} {links}</p>"


def _render_numbers(title: str, found: tuple[PublishedFigure, ...], note: str, labels: PageLabels) -> str:
    if not found:
        return ""
    figures = {"params": labels.params, "macs": labels.macs, "top1": labels.top1}
    rows = "".join(_render_number(figures[number.figure], number, labels) for number in found)
    notes = "".join(f"<p class='muted'>{escape(text)}</p>" for text in (tr(note), labels.convention) if text)
    return f"<h2>{escape(title)}</h2><table cellspacing='0' cellpadding='3'>{rows}</table>{notes}"


def _render_number(figure: str, number: PublishedFigure, labels: PageLabels) -> str:
    """Return the rows of a figure, counted above published: the panel is narrow."""
    source = escape(" – ".join(map(tr, filter(None, (number.source, number.why)))))
    rows = []
    if number.counted:
        rows.append((labels.counted, number.counted, ""))
    rows.append((labels.published, number.published, f"<br><span class='muted'>{source}</span>"))
    cells = [
        f"<tr><td class='muted'>{escape(words)}</td><td><b>{escape(value)}</b>{more}</td></tr>"
        for words, value, more in rows
    ]
    return f"<tr><td colspan='2'>{escape(figure)}</td></tr>{''.join(cells)}"


def _wrap_html(body: str, c: Colours) -> str:
    style = f"""
        body {{ color: {c.text}; }} a {{ color: {c.accent}; text-decoration: none; }}
        h1 {{ font-size: {scaled(19)}px; margin: 2px 0; }}
        h2 {{ font-size: {scaled(15)}px; margin: 16px 0 4px 0; color: {c.accent}; }}
        h3 {{ font-size: {scaled(14)}px; margin: 10px 0 2px 0; }} p {{ margin: 3px 0 5px 0; line-height: 130%; }}
        .muted {{ color: {c.muted}; font-size: {scaled(12)}px; font-weight: normal; }}
        .motto {{ font-size: {scaled(14)}px; }} .links {{ margin-bottom: 8px; }}
        th {{ color: {c.muted}; font-weight: normal; font-size: {scaled(12)}px; }}
    """
    return f"<html><head><style>{style}</style></head><body>{body}</body></html>"
