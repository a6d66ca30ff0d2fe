"""Cards of what edits removed, for diagrams that are coloured by change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.graph.groups import Group
from explorer.viewmodels.card_ids import members_of


@dataclass(frozen=True)
class RemovedCard:
    """Node or group of the baseline that no longer exists, and its position among the cards of an expanded group."""

    item: str | Group
    parent_id: str  # the open group it was in
    index: int  # how many cards of it come first


def find_removed_cards(
    now: Analysis, baseline: Analysis, cards_of_group: Mapping[str, tuple[str, ...]]
) -> Iterator[RemovedCard]:
    """Yield the largest parts that were removed as a whole, of those that an expanded group held.

    `cards_of_group` are the visible cards of each expanded group; insert each removed card before asking for the next
    one.
    """
    live, groups = now.architecture.live, now.hierarchy.groups
    shown = {member: id for ids in cards_of_group.values() for id in ids for member in (id, *members_of(id))}
    waiting = [baseline.hierarchy.root]
    while waiting:
        home = waiting.pop()
        before: list[str] = []
        # A stage that lost all blocks but one is no stage any more: what was in it stands in what is around it.
        there = next((id for id in (home.id, *baseline.hierarchy.ancestors(home.id)) if id in groups), home.id)
        for child in home.children:
            id = child.id if isinstance(child, Group) else child
            names = child.nodes if isinstance(child, Group) else (child,)
            if not any(name in live for name in names):
                if there in cards_of_group:
                    yield RemovedCard(
                        child, there, _index_after(cards_of_group[there], [shown.get(b, b) for b in before])
                    )
                    shown[id] = id
            elif isinstance(child, Group):
                waiting.append(child)
            before.append(next((_card_within(now, name, there) for name in reversed(names) if name in live), id))


def groups_with_removals(now: Analysis, baseline: Analysis) -> frozenset[str]:
    """Return the ids of the groups from which something was removed."""
    live, groups = now.architecture.live, now.hierarchy.groups
    gone = (name for name in baseline.architecture.live if name not in live)
    return frozenset(id for name in gone for id in baseline.hierarchy.ancestors(name) if id in groups)


def _card_within(now: Analysis, name: str, parent_id: str) -> str:
    """The card or group of `home` that a node is in."""
    parent = now.hierarchy.parent
    return next((id for id in (name, *now.hierarchy.ancestors(name)) if parent.get(id) == parent_id), name)


def _index_after(cards: tuple[str, ...], before: list[str]) -> int:
    """The place behind the last of those before that is still there."""
    return next((cards.index(id) + 1 for id in reversed(before) if id in cards), 0)
