"""Ops that differ between two snapshots, with the parameters and multiply-adds each gained or lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explorer.analysis.analysis import Analysis
from explorer.graph.node import Node


@dataclass(frozen=True, slots=True)
class OpChange:
    """One op that differs. `before` is None for an added op, `after` for a removed one."""

    name: str
    kind: Literal["changed", "added", "removed"]
    before: Node | None
    after: Node | None
    params: int  # gained, or lost when negative
    macs: int


def diff_ops(before: Analysis, after: Analysis) -> tuple[OpChange, ...]:
    """Return the ops that differ, in execution order, removed ones last.

    An op that only reads another op now, or whose map has another size, is none of them unless its cost changed.
    """
    old, new = before.architecture.live, after.architecture.live
    found: list[OpChange] = []
    for name, now in new.items():
        was = old.get(name)
        if was is None:
            found.append(OpChange(name, "added", None, now, *_costs(after, name)))
            continue
        (params, macs), (p, m) = _costs(after, name), _costs(before, name)
        other_op = now is not was and (now.op.key != was.op.key or now.signature != was.signature)
        if other_op or (params, macs) != (p, m):
            found.append(OpChange(name, "changed", was, now, params - p, macs - m))
    for name, was in old.items():
        if name not in new:
            params, macs = _costs(before, name)
            found.append(OpChange(name, "removed", was, None, -params, -macs))
    return tuple(found)


def _costs(analysis: Analysis, name: str) -> tuple[int, int]:
    cost = analysis.figures.measures[name].cost
    return cost.params, cost.macs
