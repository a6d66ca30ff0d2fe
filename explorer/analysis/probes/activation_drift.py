"""Drift of activations under an edit: ‖after − before‖ / ‖before‖ of each layer, along the depth.

Layers are the same if they have the same name, which edits keep; so nodes that an edit added or removed shift nothing.
Two layers with the same Merkle key have the same value, and nothing has to run to know it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from explorer.analysis.probes.probe import Probe, computing_nodes, first_tensor
from explorer.base.cancellation import Cancelled, KeepGoing, always

#: same: untouched; moved: by `distance`; resized: other width or map, so that no difference can be taken; new; removed;
#: broken: NaN or infinity in it, or nothing but zeros before.
DriftStatus = Literal["same", "moved", "resized", "new", "removed", "broken"]


@dataclass(frozen=True, slots=True)
class LayerDrift:
    """Drift of one layer; `distance` is relative, None where it is undefined."""

    name: str
    status: DriftStatus
    distance: float | None = None  # relative; 0 when nothing changed, None when it cannot be said
    shape_before: tuple[int, ...] | None = None  # shapes, without the batch
    shape_after: tuple[int, ...] | None = None


def measure_drift(before: Probe, now: Probe, keep_going: KeepGoing = always) -> tuple[LayerDrift, ...]:
    """Return the drift of every layer of both networks, in execution order. `before` and `now` share cached values.

    Raises PassError, Cancelled.
    """
    old, new = before.keys(), now.keys()
    order = merge_orders(tuple(before.architecture.live), tuple(now.architecture.live))
    shown = {*computing_nodes(before.architecture), *computing_nodes(now.architecture)}
    differing = {name for name in order if name in shown and name in old and name in new and old[name] != new[name]}
    found = _measure_differences(before, now, differing, keep_going)
    shapes = [{n: m.shape.dims[1:] for n, m in s.analysis.figures.measures.items() if m.shape} for s in (before, now)]
    for name in shown - differing:
        what: DriftStatus = "same" if name in old and name in new else "new" if name in new else "removed"
        found[name] = LayerDrift(name, what, 0.0 if what == "same" else None, shapes[0].get(name), shapes[1].get(name))
    return tuple(found[name] for name in order if name in found)


def removed_by_predecessor(before: Sequence[str], remaining: Collection[str]) -> dict[str, list[str]]:
    """Return the names that are gone, by the last name before them that is not; "" for those in front of all."""
    found: dict[str, list[str]] = {}
    predecessor = ""
    for name in before:
        if name in remaining:
            predecessor = name
        else:
            found.setdefault(predecessor, []).append(name)
    return found


def merge_orders(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """Merge two execution orders: that of `now`, each removed name behind the one it followed."""
    known = set(before)
    behind = removed_by_predecessor(before, set(now))
    order = list(behind.get("", ()))
    for name in now:
        order.append(name)
        if name in known:
            order.extend(behind.get(name, ()))
    return tuple(order)


def _measure_differences(before: Probe, now: Probe, names: set[str], keep_going: KeepGoing) -> dict[str, LayerDrift]:
    """Two passes side by side, so that few values have to wait for their counterparts."""
    found: dict[str, LayerDrift] = {}
    olds: dict[str, Any] = {}
    news: dict[str, Any] = {}

    def still(done: float) -> bool:
        return keep_going(len(found) / len(names))

    with before.lock:
        for (a, then), (b, after) in zip(before.values(names, still), now.values(names, still), strict=True):
            olds[a], news[b] = then, after
            for name in {a, b}:
                if name in olds and name in news:
                    found[name] = _compare_values(name, olds.pop(name), news.pop(name))
            if not still(0.0):
                raise Cancelled
    return found


def _compare_values(name: str, before: Any, now: Any) -> LayerDrift:
    was, is_ = first_tensor(before), first_tensor(now)
    if was is None or is_ is None:
        return LayerDrift(name, "broken")
    shapes = tuple(was.shape[1:]), tuple(is_.shape[1:])
    if was.shape != is_.shape:
        return LayerDrift(name, "resized", None, *shapes)
    whole, apart = _l2_norm(was), _l2_norm(is_ - was)
    distance = apart / whole if whole else math.inf if apart else 0.0
    if not math.isfinite(distance):
        return LayerDrift(name, "broken", None, *shapes)
    return LayerDrift(name, "moved" if distance else "same", distance, *shapes)


def _l2_norm(tensor: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))
