"""What cards say: parts of their text that can be left out of a picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Literal

from explorer.base.languages import tr_noop
from explorer.viewmodels.diagram import Card, Diagram

CardPart = Literal["attributes", "figures", "shapes", "ops"]

#: All parts beside the title, with what they are called.
CARD_PART_NAMES: Mapping[CardPart, str] = {
    "attributes": tr_noop("Attributes and paths"),
    "figures": tr_noop("Parameters and MACs"),
    "shapes": tr_noop("Output shapes"),
    "ops": tr_noop("Ops of a unit"),
}
CARD_PARTS: tuple[CardPart, ...] = tuple(CARD_PART_NAMES)

_GROUP_KINDS = frozenset({"network", "stage", "block", "branch", "gate", "head", "stem"})


def limit_card_parts(diagram: Diagram, parts: Collection[CardPart]) -> Diagram:
    """Return the diagram with these parts on its cards alone, and without the signs of folding that only a window has
    a use for."""
    cards = {id: _limit_card(card, frozenset(parts)) for id, card in diagram.cards.items()}
    return replace(diagram, cards=cards)


def _limit_card(card: Card, parts: frozenset[CardPart]) -> Card:
    cost = card.lines[-1:] if card.kind in _GROUP_KINDS and not card.chips else ()
    attributes = card.lines[: len(card.lines) - len(cost)]
    lines = (attributes if "attributes" in parts else ()) + (cost if "figures" in parts else ())
    with_shapes, towers = "shapes" in parts, card.towers
    if towers is not None:
        own = towers.lines if "attributes" in parts else ()
        towers = replace(towers, lines=own, shape=towers.shape if with_shapes else "")
    return replace(
        card,
        lines=lines,
        shape=card.shape if with_shapes else "",
        side_text=card.side_text if with_shapes else "",
        chips=card.chips if "ops" in parts else (),
        is_expandable=False,
        towers=towers,
    )
