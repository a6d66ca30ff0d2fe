"""A page as the window shows it: its words with the numbers of a live network filled in.

In a text, `{…}` is a number of the network: `{params}`, `{macs}`, `{flops}`, `{field}` (receptive field), `{peak}`
(memory of activations), `{count Inverted residual}` (blocks of that name); of a part, `{params classifier}`,
`{macs features.3}`, `{shape layer4}` (of its output), and `{share params classifier}` in per cent of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer import numbers
from explorer.analysis.study import Study
from explorer.guide.page import Experiment, Idea, Page, page
from explorer.networks.catalogue import find

_HOLE = re.compile(r"\{([^{}]+)\}")
MISSING = "–"  # a number of a part that this network has not


@dataclass(frozen=True)
class ToldIdea:
    name: str
    title: str
    text: str
    places: tuple[str, ...]  # groups and nodes of the network, those that are there
    tries: tuple[tuple[str, str], ...]  # (name, words)
    experiments: tuple[Experiment, ...]


@dataclass(frozen=True)
class Number:
    """A figure as counted on the live network, beside one that was published."""

    figure: str  # "params", "macs", "top1"
    counted: str  # empty for what only training shows
    published: str
    source: str
    why: str  # the convention, or why the two differ


@dataclass(frozen=True)
class Known:
    """What the catalogue knows of a network that has no page."""

    title: str
    paper: str
    numbers: tuple[Number, ...]
    note: str


@dataclass(frozen=True)
class Told:
    page: Page
    network: str  # key of the network whose numbers these are
    network_title: str
    motto: str
    problem: str
    ideas: tuple[ToldIdea, ...]
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    numbers: tuple[Number, ...]
    note: str  # what cannot be reproduced
    before: tuple[tuple[str, str], ...]  # (network to open, title of its page)
    after: tuple[tuple[str, str], ...]
    next: str


def told(page_: Page, study: Study) -> Told:
    """Fill a page with the numbers of a network as it was opened: one of those the page is about."""
    words, facts = page_.words, page_.facts

    def fill(text: str) -> str:
        return _HOLE.sub(lambda hole: _number(study, hole.group(1)), text)

    ideas = tuple(
        ToldIdea(
            name,
            words.ideas[name].title,
            fill(words.ideas[name].text),
            tuple(places(study, idea)),
            tuple((tried, words.ideas[name].tries[tried]) for tried in idea.tries),
            idea.experiments,
        )
        for name, idea in facts.ideas.items()
    )
    entry = find(study.architecture.key)
    return Told(
        page_,
        entry.key,
        entry.title,
        fill(words.motto),
        fill(words.problem),
        ideas,
        tuple(map(fill, words.pros)),
        tuple(map(fill, words.cons)),
        tuple(_numbers(study)),
        entry.note,
        tuple(_title(page_, key) for key in facts.before),
        tuple(_title(page_, key) for key in facts.after),
        fill(words.after),
    )


def known(study: Study) -> Known:
    entry = find(study.architecture.key)
    return Known(entry.title, entry.paper, tuple(_numbers(study)), entry.note)


def places(study: Study, idea: Idea) -> Iterator[str]:
    """Ids of the groups and nodes an idea lives in, those that this network has."""
    hierarchy = study.hierarchy
    for place in idea.where:
        if place.startswith("~"):
            yield from (group.id for group in hierarchy.blocks if _is_called(study, group.id, place[1:]))
        elif place in hierarchy.groups or place in study.architecture.live:
            yield place


def _is_called(study: Study, id: str, name: str) -> bool:
    return study.pattern(study.hierarchy.groups[id]).name.startswith(name)


def _title(page_: Page, key: str) -> tuple[str, str]:
    other = page(key, page_.language)
    return other.facts.networks[0], other.words.title


def _numbers(study: Study) -> Iterator[Number]:
    total = study.figures.total
    counted = {"params": numbers.exact(total.params), "macs": numbers.exact(total.macs), "top1": ""}
    for item in find(study.architecture.key).published:
        value = f"{item.value:g} %" if item.figure == "top1" else numbers.short(item.value)
        yield Number(item.figure, counted[item.figure], value, item.source, item.note)


# what stands in a hole


def _number(study: Study, hole: str) -> str:
    word, _, place = hole.partition(" ")
    if word == "share":
        word, _, place = place.partition(" ")
        part, whole = (_COUNTS[word](study, names) for names in (_nodes(study, place), tuple(study.figures.measures)))
        return MISSING if not part else f"{100 * part / whole:.1f} %"
    if word == "count":
        return str(sum(_is_called(study, group.id, place) for group in study.hierarchy.blocks))
    if word == "shape":
        nodes = _nodes(study, place)
        shape = study.figures.shape(nodes[-1]) if nodes else None
        return str(shape) if shape else MISSING
    if word in _WHOLE and not place:
        return _WHOLE[word](study)
    nodes = _nodes(study, place)
    return numbers.short(_COUNTS[word](study, nodes)) if nodes else MISSING


def _nodes(study: Study, place: str) -> tuple[str, ...]:
    """The nodes of a part: a group, a node, or all below a module's path."""
    try:
        return study.hierarchy.nodes_of(place)
    except KeyError:
        return tuple(name for name, node in study.architecture.live.items() if place in node.scope)


_COUNTS: dict[str, Callable[[Study, tuple[str, ...]], int]] = {
    "params": lambda study, names: study.figures.sum(names).params,
    "macs": lambda study, names: study.figures.sum(names).macs,
    "flops": lambda study, names: study.figures.sum(names).flops,
    "activations": lambda study, names: study.figures.sum(names).activation_elements,
}

_WHOLE: dict[str, Callable[[Study], str]] = {
    "params": lambda study: numbers.short(study.figures.total.params),
    "macs": lambda study: numbers.short(study.figures.total.macs),
    "flops": lambda study: numbers.short(study.figures.total.flops),
    "field": lambda study: f"{study.figures.receptive_field:.0f}",
    "peak": lambda study: numbers.size(study.figures.activations.peak_bytes),
    "activations": lambda study: numbers.short(study.figures.activations.elements),
}
