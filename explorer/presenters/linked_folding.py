"""How the folding of one diagram follows another one's, where two networks stand beside each other.

Invariant: after `follow_expanded`, two groups that answer to each other are open on both sides or on none, and so are
two stacks of which all members answer to each other. What answers to nothing stays as it was: nothing adds up, however
often one side follows the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from explorer.analysis.analysis import Analysis
from explorer.presenters.stacks import find_stack
from explorer.viewmodels.card_ids import StackId, card_id_of, members_of


def find_counterpart(card_id: str, pairs: Mapping[str, str]) -> str:
    """Return the id of the card that answers to a card or a stack of equal ones; empty where none does."""
    return card_id_of(tuple(pairs[part] for part in members_of(card_id) if part in pairs))


def follow_expanded(
    leader: frozenset[str], follower: frozenset[str], pairs: Mapping[str, str], analysis: Analysis
) -> frozenset[str]:
    """Return what is open in the following diagram.

    Args:
        leader: ids of the groups and stacks that are open in the diagram that leads.
        follower: those that were open in the one that follows.
        pairs: ops and groups of the leader, with those of the follower that answer to them.
        analysis: of the follower's network.
    """
    answering = set(pairs.values())
    expanded = {rest for id in follower if (rest := _unanswered(id, answering))}
    for id in leader:
        answers = tuple(pairs[part] for part in members_of(id) if part in pairs)
        if isinstance(id, StackId):
            expanded |= {stack.id for part in answers if (stack := find_stack(analysis, part)) is not None}
            expanded |= {StackId(answers)} if len(answers) > 1 else set()  # stays open through edits that part it
        else:
            expanded |= set(answers)
    return frozenset(expanded)


def _unanswered(card_id: str, answering: Set[str]) -> str:
    """What of a card answers to nothing; of a stack, none where one member is left."""
    rest = tuple(part for part in members_of(card_id) if part not in answering)
    return "" if isinstance(card_id, StackId) and len(rest) < 2 else card_id_of(rest)
