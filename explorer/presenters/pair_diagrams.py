"""Diagrams of two networks that stand beside each other, with what differs marked on the cards.

On the left what the right one lacks is marked as removed, on the right what the left one lacks as added, and on both
what is otherwise as changed: the marks that edits have. What stays as it was edited, but alike in both, is not marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from explorer.analysis.analysis import Analysis
from explorer.presenters.diagrams import build_diagram
from explorer.presenters.differences import Differences
from explorer.presenters.stacks import find_stack
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.card_parts import CARD_PARTS, limit_card_parts
from explorer.viewmodels.diagram import Card, Change, Diagram

Side = Literal["left", "right"]


def build_pair_diagram(
    analysis: Analysis, expanded: frozenset[str], differences: Differences, side: Side, colour_by: str = "kind"
) -> Diagram:
    """Return the diagram of one side as it is unfolded, without signs to fold, with the differences as marks.

    A stack of which some differ is shown card by card. Cards have no bars: those of two networks have two scales.
    """
    marks = _Marks(analysis, dict(_differing_parts(differences, side)))
    diagram = build_diagram(analysis, expanded | set(_parted_stacks(analysis, marks)), None, colour_by)
    changes = _changes_of_cards(diagram, marks)
    cards = {
        id: replace(card, change=changes.get(id, _own_change(card)), bar_share=0.0)
        for id, card in diagram.cards.items()
    }
    return limit_card_parts(replace(diagram, cards=cards, bars_label=""), CARD_PARTS)


def _differing_parts(differences: Differences, side: Side) -> Iterable[tuple[str, Change]]:
    for row in differences.rows:
        id = row.left_card if side == "left" else row.right_card
        if id:
            yield id, row.change


def _parted_stacks(analysis: Analysis, marks: _Marks) -> Iterable[str]:
    """Stacks of which some members differ and others do not."""
    for part in marks.own:
        for around in (part, *analysis.hierarchy.ancestors(part)):
            stack = find_stack(analysis, around)
            if stack is not None and len({marks.of(member) for member in stack.ids}) > 1:
                yield stack.id


def _own_change(card: Card) -> Change:
    """A layer that is switched off is shown so, on whichever side."""
    return "off" if card.change == "off" else "same"


def _changes_of_cards(diagram: Diagram, marks: _Marks) -> dict[str, Change]:
    """The mark of each card that differs, or in which something does; what is in an open one is marked itself."""
    found: dict[str, Change] = {}
    for id in diagram.cards:
        shared = {marks.of(part, whole=id in diagram.children) for part in members_of(id)}
        is_mixed = len(shared) > 1
        change = shared.pop() if not is_mixed else "changed" if id not in diagram.children else None
        if change is not None:
            found[id] = change
    return found


class _Marks:
    """Which parts of a network differ from the other one."""

    def __init__(self, analysis: Analysis, own: Mapping[str, Change]) -> None:
        self.own, self._hierarchy = own, analysis.hierarchy
        self._around = frozenset(around for part in own for around in analysis.hierarchy.ancestors(part))

    def of(self, part: str, *, whole: bool = False) -> Change | None:
        """The mark of a part: its own, that of what it is in, or, unless it is asked for as a `whole`, "changed" where
        something in it differs. None where nothing does."""
        mark = next((self.own[at] for at in (part, *self._hierarchy.ancestors(part)) if at in self.own), None)
        return mark or ("changed" if part in self._around and not whole else None)
