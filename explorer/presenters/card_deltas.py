"""What edits cost or saved, on the cards: parameters and MACs against the network as it was opened."""

from __future__ import annotations

from dataclasses import replace

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.figures import Total
from explorer.base import number_format
from explorer.base.languages import tr
from explorer.presenters.counterparts import find_former_nodes
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.diagram import Card, Diagram


def add_deltas(diagram: Diagram, now: Analysis, baseline: Analysis) -> Diagram:
    """Return the diagram with a line on each card whose figures differ from those of the same part before the edits."""
    cards = {
        id: _with_delta(card, now, baseline) if id in diagram.children or _is_touched(card) else card
        for id, card in diagram.cards.items()
    }
    return replace(diagram, cards=cards)


def _is_touched(card: Card) -> bool:
    """Whether edits changed a card that has room for a line, or took something out of it."""
    return not card.is_round and (card.change != "same" or card.tint_label not in ("", "unchanged"))


def _with_delta(card: Card, now: Analysis, baseline: Analysis) -> Card:
    is_gone = card.change == "removed"
    ids = members_of(card.id)
    present = Total() if is_gone else now.figures.sum(_nodes(now, ids))
    former = baseline.figures.sum(_nodes(baseline, ids) if is_gone else find_former_nodes(baseline, now, ids))
    params, macs = present.params - former.params, present.macs - former.macs
    if not params and not macs:
        return card
    text = tr(
        "Δ {params} params · {macs} MACs",
        params=number_format.format_signed(params),
        macs=number_format.format_signed(macs),
    )
    return replace(card, lines=(*card.lines, text))


def _nodes(analysis: Analysis, ids: tuple[str, ...]) -> tuple[str, ...]:
    groups = analysis.hierarchy.groups
    return tuple(name for id in ids for name in (groups[id].all_nodes if id in groups else (id,)))
