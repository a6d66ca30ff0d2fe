"""The cards and links that a page of a network shows, of a selection or of all, without where they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from explorer.base.languages import tr
from explorer.export.page import ExportError, Page, check_choice
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, reveal
from explorer.presenters.card_deltas import add_deltas
from explorer.viewmodels.card_parts import limit_card_parts
from explorer.viewmodels.diagram import COLOUR_MODES, Card, Colouring, Diagram


def build_page_diagram(
    network: Network,
    page: Page,
    select: Collection[str] = (),
    colouring: Colouring | None = None,
    expanded: frozenset[str] | None = None,
) -> Diagram:
    """Return the cards and links that a page shows, with what it wants cards to say. Raises ExportError."""
    study = network.analysis
    opened = expanded_at_level(study, page.level or "blocks")
    if page.level is None and expanded is not None:
        opened = expanded
    by: str | Colouring = (
        "change" if page.deltas else colouring if colouring is not None and colouring.title == page.by else page.by
    )
    if isinstance(by, str):
        check_choice(tr("colouring"), by, tuple(COLOUR_MODES))
    if select:
        names = resolve_selection(network, select)
        groups = study.hierarchy.groups
        for name in names:
            opened = reveal(study, opened, name)
        opened |= {name for name in names if name in groups and groups[name].role != "unit"}
        diagram = filter_diagram(build_diagram(study, opened, network.history.baseline, by), names)
    else:
        diagram = build_diagram(study, opened, network.history.baseline, by)
    return finish_diagram(network, page, diagram)


def finish_diagram(network: Network, page: Page, diagram: Diagram) -> Diagram:
    """Return a diagram with what the page wants cards to say."""
    limited = limit_card_parts(diagram, page.parts)
    return add_deltas(limited, network.analysis, network.baseline.analysis) if page.deltas else limited


def resolve_selection(network: Network, select: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the cards that a picture of these layers, blocks or stages has: a layer is shown with its norm
    and activation. Raises ExportError for one that is not in the network."""
    known = network.analysis.hierarchy.parent
    found: list[str] = []
    for name in select:
        id = next((id for id in (f"unit:{name}", name) if id in known), None)
        if id is None:
            raise ExportError(
                tr("there is no layer, block or stage {name!r} in {title}", name=name, title=network.title)
            )
        found.append(id)
    return tuple(found)


def filter_diagram(diagram: Diagram, ids: Collection[str]) -> Diagram:
    """Return the part of a diagram with these cards and groups and the links between them. A map from outside that
    several of them read gets an input card, to show that their branches begin together: it has an id of its own, as the
    layer that gives the map is not in the picture."""
    kept: set[str] = set()
    for id in ids:
        kept.update(_descendants(diagram, id))
    inner = {child for group, children in diagram.children.items() if group in kept for child in children}
    entering = Counter(link.source for link in diagram.links if link.target in kept and link.source not in kept)
    given = {id: f"@input {id}" for id, readers in entering.items() if readers > 1}
    order = [*given.values(), *(id for id in _descendants(diagram, diagram.root) if id in kept and id not in inner)]
    children = {diagram.root: tuple(order)} | {
        group: diagram.children[group] for group in diagram.children if group in kept
    }
    cards = {own: Card(own, "input", tr("Input"), shape=diagram.cards[id].shape) for id, own in given.items()}
    cards |= {id: card for id, card in diagram.cards.items() if id in kept}
    links = tuple(
        replace(link, source=given.get(link.source, link.source))
        for link in diagram.links
        if link.target in kept and (link.source in kept or link.source in given)
    )
    return replace(diagram, children=children, cards=cards, links=links)


def _descendants(diagram: Diagram, id: str) -> list[str]:
    """A card or group and everything in it, in execution order."""
    found = [id]
    for child in diagram.children.get(id, ()):
        found += _descendants(diagram, child)
    return found
