"""A page as the window shows it: its words with the numbers of a live network filled in.

In a text, `{…}` is a number of the network: `{params}`, `{macs}`, `{flops}`, `{field}` (receptive field), `{peak}`
(memory of activations), `{count Inverted residual}` (blocks of that name); of a part, `{params classifier}`,
`{macs features.3}`, `{shape layer4}` (of its output), and `{share params classifier}` in per cent of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.base import number_format
from explorer.guide.page import ExperimentLink, GuidePage, Idea, load_page
from explorer.networks.catalogue import get_entry

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
MISSING_FIGURE = "–"  # a number of a part that this network has not


@dataclass(frozen=True)
class FilledIdea:
    """Idea of a page with the figures of a live network in its text."""

    name: str
    title: str
    text: str
    locations: tuple[str, ...]  # groups and nodes of the network, those that are there
    tries: tuple[tuple[str, str], ...]  # (name, words)
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
        return _PLACEHOLDER.sub(lambda hole: _fill_placeholder(analysis, hole.group(1)), text)

    ideas = tuple(
        FilledIdea(
            name,
            words.ideas[name].title,
            fill(words.ideas[name].text),
            tuple(find_locations(analysis, idea)),
            tuple((tried, words.ideas[name].tries[tried]) for tried in idea.tries),
            idea.experiments,
        )
        for name, idea in facts.ideas.items()
    )
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


def catalogue_facts(analysis: Analysis) -> CatalogueFacts:
    """Return the facts of the catalogue about a network."""
    entry = get_entry(analysis.architecture.key)
    return CatalogueFacts(entry.title, entry.paper, tuple(_published_figures(analysis)), entry.note)


def find_locations(analysis: Analysis, idea: Idea) -> Iterator[str]:
    """Yield the ids of the groups and nodes of this network that an idea refers to."""
    hierarchy = analysis.hierarchy
    for place in idea.where:
        if place.startswith("~"):
            yield from (group.id for group in hierarchy.blocks if _has_pattern(analysis, group.id, place[1:]))
        elif place in hierarchy.groups or place in analysis.architecture.live:
            yield place


def _has_pattern(analysis: Analysis, id: str, name: str) -> bool:
    return analysis.pattern(analysis.hierarchy.groups[id]).name.startswith(name)


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


# what stands in a hole


def _fill_placeholder(analysis: Analysis, placeholder: str) -> str:
    word, _, place = placeholder.partition(" ")
    if word == "share":
        word, _, place = place.partition(" ")
        part, whole = (
            _PART_FIGURES[word](analysis, names)
            for names in (_node_names(analysis, place), tuple(analysis.figures.measures))
        )
        return MISSING_FIGURE if not part else f"{100 * part / whole:.1f} %"
    if word == "count":
        return str(sum(_has_pattern(analysis, group.id, place) for group in analysis.hierarchy.blocks))
    if word == "shape":
        nodes = _node_names(analysis, place)
        shape = analysis.figures.shape(nodes[-1]) if nodes else None
        return str(shape) if shape else MISSING_FIGURE
    if word in _NETWORK_FIGURES and not place:
        return _NETWORK_FIGURES[word](analysis)
    nodes = _node_names(analysis, place)
    return number_format.format_short(_PART_FIGURES[word](analysis, nodes)) if nodes else MISSING_FIGURE


def _node_names(analysis: Analysis, place: str) -> tuple[str, ...]:
    """The nodes of a part: a group, a node, or all below a module's path."""
    try:
        return analysis.hierarchy.nodes_of(place)
    except KeyError:
        return tuple(name for name, node in analysis.architecture.live.items() if place in node.scope)


_PART_FIGURES: dict[str, Callable[[Analysis, tuple[str, ...]], int]] = {
    "params": lambda study, names: study.figures.sum(names).params,
    "macs": lambda study, names: study.figures.sum(names).macs,
    "flops": lambda study, names: study.figures.sum(names).flops,
    "activations": lambda study, names: study.figures.sum(names).activation_elements,
}

_NETWORK_FIGURES: dict[str, Callable[[Analysis], str]] = {
    "params": lambda study: number_format.format_short(study.figures.total.params),
    "macs": lambda study: number_format.format_short(study.figures.total.macs),
    "flops": lambda study: number_format.format_short(study.figures.total.flops),
    "field": lambda study: f"{study.figures.receptive_field:.0f}",
    "peak": lambda study: number_format.format_bytes(study.figures.activations.peak_bytes),
    "activations": lambda study: number_format.format_short(study.figures.activations.elements),
}
