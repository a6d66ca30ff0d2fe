"""A page as the window shows it: its texts with the figures of a live network, and the tries that it allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.base import number_format
from explorer.base.languages import join_list
from explorer.edits import EditError
from explorer.guide.locations import find_locations
from explorer.guide.page import ExperimentLink, GuidePage, load_page, load_page_labels, load_try_edits
from explorer.guide.placeholders import fill_text
from explorer.networks.catalogue import get_entry


@dataclass(frozen=True)
class FilledIdea:
    """Idea of a page with the figures of a live network in its text."""

    name: str
    title: str
    text: str
    locations: tuple[str, ...]  # groups and nodes of the network, those that are there
    tries: tuple[tuple[str, str], ...]  # (name, text) of those that this network allows
    refused_tries: tuple[tuple[str, str], ...]  # (text, reason) of the others
    experiments: tuple[ExperimentLink, ...]


@dataclass(frozen=True)
class PublishedFigure:
    """Figure as counted on the live network, beside the one that was published."""

    figure: str  # "params", "macs", "top1"
    counted: str  # empty for what only training shows
    published: str
    source: str
    why: str  # the convention, or why the two differ


@dataclass(frozen=True)
class CatalogueFacts:
    """Facts of the catalogue about a network without a page."""

    title: str
    paper: str
    published: tuple[PublishedFigure, ...]
    note: str


@dataclass(frozen=True)
class FilledPage:
    """Page with the figures of a live network in its texts."""

    page: GuidePage
    network: str  # key of the network whose numbers these are
    network_title: str
    motto: str
    problem: str
    ideas: tuple[FilledIdea, ...]
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    published: tuple[PublishedFigure, ...]
    note: str  # what cannot be reproduced
    before: tuple[tuple[str, str], ...]  # (network to open, title of its page)
    after: tuple[tuple[str, str], ...]
    next: str


def fill_page(page_: GuidePage, analysis: Analysis) -> FilledPage:
    """Return a page with the figures of a network as it was opened, one of those that the page is about."""
    words, facts = page_.text, page_.facts

    def fill(text: str) -> str:
        return fill_text(text, analysis)

    ideas = tuple(_fill_idea(page_, name, analysis) for name in facts.ideas)
    entry = get_entry(analysis.architecture.key)
    return FilledPage(
        page_,
        entry.key,
        entry.title,
        fill(words.motto),
        fill(words.problem),
        ideas,
        tuple(map(fill, words.pros)),
        tuple(map(fill, words.cons)),
        tuple(_published_figures(analysis)),
        entry.note,
        tuple(_page_link(page_, key) for key in facts.before),
        tuple(_page_link(page_, key) for key in facts.after),
        fill(words.after),
    )


def _fill_idea(page_: GuidePage, name: str, analysis: Analysis) -> FilledIdea:
    idea, text = page_.facts.ideas[name], page_.text.ideas[name]
    reasons = {variant: _why_refused(page_, name, variant, analysis) for variant in idea.tries}
    return FilledIdea(
        name,
        text.title,
        fill_text(text.text, analysis),
        tuple(find_locations(analysis, idea.where)),
        tuple((variant, text.tries[variant]) for variant, reason in reasons.items() if not reason),
        tuple((text.tries[variant], reason) for variant, reason in reasons.items() if reason),
        idea.experiments,
    )


def _why_refused(page_: GuidePage, name: str, variant: str, analysis: Analysis) -> str:
    """Return why a try is not offered on this network; empty when it is."""
    labels = load_page_labels(page_.language)
    about = page_.facts.ideas[name].only.get(variant, ())
    if about and analysis.architecture.key not in about:
        return labels.about.format(networks=join_list(get_entry(key).title for key in about))
    architecture = analysis.architecture
    for edit in load_try_edits(page_.key, name, variant):
        try:
            edited = edit.apply(architecture)
        except EditError as refusal:
            return str(refusal)
        if edited is architecture:
            return labels.no_effect
        architecture = edited
    return ""


def catalogue_facts(analysis: Analysis) -> CatalogueFacts:
    """Return the facts of the catalogue about a network."""
    entry = get_entry(analysis.architecture.key)
    return CatalogueFacts(entry.title, entry.paper, tuple(_published_figures(analysis)), entry.note)


def _page_link(page_: GuidePage, key: str) -> tuple[str, str]:
    other = load_page(key, page_.language)
    return other.facts.networks[0], other.text.title


def _published_figures(analysis: Analysis) -> Iterator[PublishedFigure]:
    total = analysis.figures.total
    counted = {
        "params": number_format.format_exact(total.params),
        "macs": number_format.format_exact(total.macs),
        "top1": "",
    }
    for item in get_entry(analysis.architecture.key).published:
        value = f"{item.value:g} %" if item.figure == "top1" else number_format.format_short(item.value)
        yield PublishedFigure(item.figure, counted[item.figure], value, item.source, item.note)
