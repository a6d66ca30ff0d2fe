"""What an edit changed: the ops that differ between two snapshots, with what each gained or lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.graph.architecture import Node


@dataclass(frozen=True, slots=True)
class Changed:
    """One op that is not what it was. `was` is None for an added one, `now` for a removed one."""

    name: str
    what: Literal["changed", "added", "removed"]
    was: Node | None
    now: Node | None
    params: int  # gained, or lost when negative
    macs: int


def changes(before: Study, after: Study) -> tuple[Changed, ...]:
    """The ops that differ, in execution order; removed ones last.

    An op that only reads another op now, or whose map has another size, is none of them unless its cost changed.
    """
    old, new = before.architecture.live, after.architecture.live
    found: list[Changed] = []
    for name, now in new.items():
        was = old.get(name)
        if was is None:
            found.append(Changed(name, "added", None, now, *_costs(after, name)))
            continue
        (params, macs), (p, m) = _costs(after, name), _costs(before, name)
        other_op = now is not was and (now.op.key != was.op.key or now.signature != was.signature)
        if other_op or (params, macs) != (p, m):
            found.append(Changed(name, "changed", was, now, params - p, macs - m))
    for name, was in old.items():
        if name not in new:
            params, macs = _costs(before, name)
            found.append(Changed(name, "removed", was, None, -params, -macs))
    return tuple(found)


def words(change: Changed) -> str:
    """What changed about one op, in a few marks: "16 → 48 (was 16 → 96)"."""
    if change.now is None:
        return "removed"
    if change.was is None:
        return f"new: {vocabulary.title(change.now)}"
    now, was = _attributes(change.now), _attributes(change.was)
    title, before = vocabulary.title(change.now), vocabulary.title(change.was)
    if title == before:
        return f"{title} · {now} (was {was})" if now != was else f"{title}, on a map of another size"
    return f"{_joined(title, now)} (was {_joined(before, was) if was != now else before})"


def _attributes(node: Node) -> str:
    count = getattr(node.layer, "num_features", None) or getattr(node.layer, "num_channels", None)
    return vocabulary.attributes(node) or (f"{count} channels" if count else "")


def _joined(title: str, attributes: str) -> str:
    return f"{title} · {attributes}" if attributes else title


def _costs(study: Study, name: str) -> tuple[int, int]:
    cost = study.figures.measures[name].cost
    return cost.params, cost.macs
