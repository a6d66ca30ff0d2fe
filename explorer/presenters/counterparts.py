"""Which part of a network before its edits a part of it now is.

Invariant: parts of two states of one network correspond by the nodes that they hold, never by a number: `stage:3` is
the third stage of whatever is there, and another one once a stage before it is gone or new. Every part has at most one
counterpart, and all of them are in the order of execution. What a window keeps by id (which groups are open, selected
or bookmarked) therefore goes from one state to the next through `find_renamed_parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from explorer.analysis.analysis import Analysis
from explorer.graph.groups import Group
from explorer.graph.hierarchy.hierarchy import Hierarchy
from explorer.presenters.sequence_alignment import align_sequences
from explorer.viewmodels.card_ids import rename_ids

_SAME_ID = 0.5  # less than a node in common: decides only where a part was replaced as a whole


def match_parts(before: Sequence[Group], now: Sequence[Group]) -> Iterator[tuple[Group | None, Group | None]]:
    """Yield the parts of both states in order, as pairs in which the most nodes are in both; None for what is new or
    gone."""
    held = {part.id: set(part.all_nodes) for part in before}

    def similarity(was: Group, part: Group) -> float:
        return len(held[was.id].intersection(part.all_nodes)) + (_SAME_ID if was.id == part.id else 0)

    return align_sequences(before, now, similarity, _SAME_ID)


def match_main_parts(before: Analysis, now: Analysis) -> Iterator[tuple[Group | None, Group | None]]:
    """Yield stem, stages and head of both states as pairs (before, now), as `match_parts` does."""
    return match_parts(tuple(before.hierarchy.root.groups), tuple(now.hierarchy.root.groups))


def match_groups(before: Analysis, now: Analysis) -> dict[str, str]:
    """Return the ids of the groups before, with those that they are now: modules have kept their names."""
    pairs = {was.id: part.id for was, part in match_main_parts(before, now) if was is not None and part is not None}
    taken = set(pairs.values())
    numbered = {part.id for part in before.hierarchy.root.groups if part.role == "stage" and not part.path}
    named = (id for id in before.hierarchy.groups if id in now.hierarchy.groups and id not in numbered)
    return {id: id for id in named if id not in taken} | pairs


def find_renamed_parts(before: Analysis, now: Analysis) -> dict[str, tuple[str, ...]]:
    """Return the ids of stem, stages and head that are called otherwise now, each with what it is now: its counterpart
    and what was split off from it, or what took it in; nothing where its nodes are gone."""
    parts, parts_now = tuple(before.hierarchy.root.groups), tuple(now.hierarchy.root.groups)
    found: dict[str, list[str]] = {was.id: [] for was in parts}
    for was, part in match_parts(parts, parts_now):
        if part is not None:
            was = was or max(parts, key=lambda other: _count_shared(other, part), default=None)
            if was is not None and (_count_shared(was, part) or was.id == part.id):
                found[was.id].append(part.id)
    for was in parts:
        taker = max(parts_now, key=lambda part: _count_shared(was, part), default=None)
        if not found[was.id] and taker is not None and _count_shared(was, taker):
            found[was.id].append(taker.id)
    return {id: tuple(ids) for id, ids in found.items() if ids != [id]}


def follow_selection(
    before: Analysis, now: Analysis, selection: Sequence[str], renamed: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return what is selected after an edit: what is still there (`renamed` as `find_renamed_parts` says), or, where
    nothing is, what stands in its place now: the block that replaced it, else what came behind it."""
    was, hierarchy = before.hierarchy, now.hierarchy
    kept = tuple(id for id in rename_ids(selection, renamed) if id not in was.parent or id in hierarchy.parent)
    if kept or not selection:
        return kept
    place = _find_place(was, hierarchy, selection[0])
    return (place,) if place is not None else ()


def _find_place(was: Hierarchy, now: Hierarchy, gone: str) -> str | None:
    """Return what is now behind the last node before `gone`: an op for an op, for a group one of its role."""
    if gone not in was.parent:
        return None
    order, order_now = was.root.nodes, now.root.nodes
    inside = set(was.groups[gone].nodes if gone in was.groups else (gone,))
    ahead = order[: next((at for at, name in enumerate(order) if name in inside), 0)]
    held = set(order_now)
    last = next((name for name in reversed(ahead) if name in held), None)
    at = order_now.index(last) + 1 if last is not None else 0
    if at >= len(order_now):
        return last
    node = order_now[at]
    role = was.groups[gone].role if gone in was.groups else None
    around = [id for id in now.ancestors(node) if now.groups[id].role == role and last not in now.groups[id].nodes]
    return around[-1] if around else node


def _count_shared(one: Group, other: Group) -> int:
    return len(set(one.all_nodes).intersection(other.all_nodes))


def find_former_nodes(before: Analysis, now: Analysis, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the nodes before that some nodes or groups of now were; empty for what is new."""
    former = {part: was for was, part in match_groups(before, now).items()}
    names: dict[str, None] = {}
    for id in ids:
        group = before.hierarchy.groups.get(former.get(id, id if id not in now.hierarchy.groups else "\0"))
        if group is None:
            inside = now.hierarchy.groups[id].all_nodes if id in now.hierarchy.groups else (id,)
            names |= dict.fromkeys(name for name in inside if name in before.architecture.live)
        else:
            names |= dict.fromkeys(group.all_nodes)
    return tuple(names)
