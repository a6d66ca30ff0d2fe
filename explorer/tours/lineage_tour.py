"""Lineages as tours: each step asks what it does to a figure, then is made, with the reason and the live numbers.

What must always hold: such a tour is made from the lineage's data alone, in every language that the lineage has; it
plays as any other, and its last step is the network that the lineage arrives at.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from explorer.base.languages import LANGUAGES, Language
from explorer.base.memo import bounded
from explorer.base.resources import resource_path
from explorer.base.safe_json import read_json
from explorer.exercises.predictions import MovesQuestion
from explorer.guide.lineages import Lineage, load_lineages
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry
from explorer.tours.draft import DraftStep, TourDraft, draft_as_tour
from explorer.tours.listing import LINEAGE_PREFIX
from explorer.tours.tour import Tour, load_tour
from explorer.tours.walk import Station

_MAX_SHOWN = 8  # cards of a step

_Words = dict[Language, str]


def find_tour(id: str) -> Tour:
    """Return a tour of the app by its id of `explorer.tours.listing.list_tours`, or that of a lineage. Raises
    KeyError."""
    return load_lineage_tour(id.removeprefix(LINEAGE_PREFIX)) if id.startswith(LINEAGE_PREFIX) else load_tour(id)


@bounded(16)
def load_lineage_tour(id: str) -> Tour:
    """Return the tour of a lineage by its id. Raises KeyError."""
    found = {lineage.id: lineage for lineage in load_lineages()}
    return build_lineage_tour(found[id])


def build_lineage_tour(lineage: Lineage) -> Tour:
    """Return a lineage as a tour: its start, each of its steps with a question, and what became of it."""
    texts, entry = _load_texts(), get_entry(lineage.start)
    networks = [open_network(lineage.start)]
    networks.extend(networks[0].with_edits(*lineage.edits_up_to(n)) for n in range(1, len(lineage.steps) + 1))
    shown = [_changed_cards(before, after) for before, after in pairwise(networks)]
    every = tuple(dict.fromkeys(id for ids in shown for id in ids))
    start = {
        language: texts["start"][language].format(about=lineage.about[language], title=entry.title)
        for language in LANGUAGES
    }
    steps = [DraftStep(_station(lineage, 0, 0), lineage.title, start, show=_in(networks[0], every))]
    for number, step in enumerate(lineage.steps):
        figure = "macs" if number % 2 == 0 else "params"
        steps.append(
            DraftStep(
                _station(lineage, number, number + 1),
                step.title,
                texts["so_far"],
                texts[f"question_{figure}"],
                {language: texts["then"][language].format(why=step.why[language]) for language in LANGUAGES},
                MovesQuestion(figure="macs" if figure == "macs" else "params"),
                shown[number],
            )
        )
    last = len(lineage.steps)
    words = texts["arrived" if lineage.arrives_at else "changed"]
    arrived = get_entry(lineage.arrives_at) if lineage.arrives_at else entry
    end = {language: words[language].format(title=arrived.title, key=arrived.key) for language in LANGUAGES}
    steps.append(DraftStep(_station(lineage, last, last), texts["end"], end, show=_in(networks[-1], every)))
    return draft_as_tour(TourDraft(lineage.title, lineage.about, len(lineage.steps), tuple(steps)))


def _station(lineage: Lineage, before: int, after: int) -> Station:
    return Station(lineage.start, {}, lineage.edits_up_to(before), lineage.edits_up_to(after))


def _changed_cards(before: Network, after: Network) -> tuple[str, ...]:
    """Blocks that an edit changes, or layers where no block is recognised; those that both networks have."""
    old, new = before.architecture.live, after.architecture.live
    kept = {name for name in old if name in new and old[name] == new[name]}
    for network in (before, after):
        hierarchy = network.analysis.hierarchy
        changed = set(network.architecture.live) - kept
        blocks = [block.id for block in hierarchy.blocks if not changed.isdisjoint(hierarchy.nodes_of(block.id))]
        for ids in (blocks, [name for name in network.architecture.live if name in changed]):
            if found := _in(after, _in(before, tuple(ids))):
                return found
    return _in(after, tuple(group.id for group in before.analysis.hierarchy.blocks))


def _in(network: Network, ids: tuple[str, ...]) -> tuple[str, ...]:
    parents = network.analysis.hierarchy.parent
    return tuple(id for id in ids if id in parents)[:_MAX_SHOWN]


@bounded(1)
def _load_texts() -> Mapping[str, _Words]:
    found: Mapping[str, _Words] = read_json(resource_path("guide/lineage_tour.json"))
    return found
