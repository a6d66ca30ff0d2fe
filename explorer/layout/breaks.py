"""Where a way of children of a group can be broken, and into which parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

from explorer.layout.nesting import GroupGraph


def may_end(group: GroupGraph, most: int = 1, *, beside_shortcuts: bool = False) -> list[bool]:
    """Whether a single link, or at most that many, leads on behind each child; what runs on as one counts as one, and
    so may a link with a shortcut beside it."""
    first = group.input_count
    reads: dict[tuple[int, int], set[tuple[int, int]]] = {}  # of each value that a node gives
    for source, out, target, into in group.edges:
        reads.setdefault((source, out), set()).add((target, into))
    found = []
    for place in range(first, first + len(group.children)):
        known = (targets for (source, _), targets in reads.items() if source <= place)
        crossing = [later for targets in known if (later := {read for read in targets if read[0] > place})]
        is_one = _run_on_as_one(crossing) or (beside_shortcuts and [len(later) for later in crossing] == [1, 1])
        found.append(1 <= (1 if is_one else len(crossing)) <= most)
    return found


def _run_on_as_one(crossing: list[set[tuple[int, int]]]) -> bool:
    """Whether values are read as in a dense block: one by several nodes, each other one by some of the same. A single
    rail serves them, where branches that only meet at one node would be torn apart."""
    nested = sorted(crossing, key=len)
    return bool(nested) and len(nested[-1]) > 1 and all(one <= two for one, two in pairwise(nested))


def break_evenly(
    names: Sequence[str], lengths: Sequence[float], can_end: Sequence[bool], limit: float
) -> list[list[str]]:
    """As many parts as the limit asks for, about equally long."""
    whole = sum(lengths)
    count = 1 if limit == inf else max(1, round(whole / limit + 0.3))
    parts: list[list[str]] = [[]]
    done = 0.0
    for number, name in enumerate(names):
        parts[-1].append(name)
        done += lengths[number]
        following = lengths[number + 1] / 2 if number + 1 < len(names) else inf
        if len(parts) < count and can_end[number] and done + following > whole * len(parts) / count:
            parts.append([])
    return [part for part in parts if part]
