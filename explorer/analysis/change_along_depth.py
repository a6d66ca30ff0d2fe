"""How far an edit moved what each layer makes of the image: ‖after − before‖ / ‖before‖, along the depth.

Layers are the same if they have the same name, which edits keep; so what an edit put in or took out shifts nothing.
Where two layers have the same Merkle key they were not touched, and nothing has to run to know it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from explorer.analysis.showing import Showing, first_tensor, worth_seeing
from explorer.wanted import Cancelled, Wanted, always

#: same: untouched; moved: by `distance`; resized: other width or map, so that no difference can be taken; new; removed;
#: broken: NaN or infinity in it, or nothing but zeros before.
What = Literal["same", "moved", "resized", "new", "removed", "broken"]


@dataclass(frozen=True, slots=True)
class Moved:
    name: str
    what: What
    distance: float | None = None  # relative; 0 when nothing changed, None when it cannot be said
    before: tuple[int, ...] | None = None  # shapes, without the batch
    now: tuple[int, ...] | None = None


def change_along_depth(before: Showing, now: Showing, wanted: Wanted = always) -> tuple[Moved, ...]:
    """Every layer of both, in the order of execution. `before` and `now` share remembered values.

    Raises PassError, Cancelled.
    """
    old, new = before.keys(), now.keys()
    order = aligned(tuple(before.architecture.live), tuple(now.architecture.live))
    shown = {*worth_seeing(before.architecture), *worth_seeing(now.architecture)}
    differing = {name for name in order if name in shown and name in old and name in new and old[name] != new[name]}
    found = _differences(before, now, differing, wanted)
    shapes = [{n: m.shape.dims[1:] for n, m in s.study.figures.measures.items() if m.shape} for s in (before, now)]
    for name in shown - differing:
        what: What = "same" if name in old and name in new else "new" if name in new else "removed"
        found[name] = Moved(name, what, 0.0 if what == "same" else None, shapes[0].get(name), shapes[1].get(name))
    return tuple(found[name] for name in order if name in found)


def aligned(before: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """Both orders as one: that of `now`, what was removed standing behind what it stood behind."""
    kept, known = set(now), set(before)
    behind: dict[str, list[str]] = {}
    anchor = ""
    for name in before:
        if name in kept:
            anchor = name
        else:
            behind.setdefault(anchor, []).append(name)
    order = list(behind.get("", ()))
    for name in now:
        order.append(name)
        if name in known:
            order.extend(behind.get(name, ()))
    return tuple(order)


def _differences(before: Showing, now: Showing, names: set[str], wanted: Wanted) -> dict[str, Moved]:
    """Two passes side by side, so that few values have to wait for their counterparts."""
    found: dict[str, Moved] = {}
    olds: dict[str, Any] = {}
    news: dict[str, Any] = {}

    def still(done: float) -> bool:
        return wanted(len(found) / len(names))

    with before.lock:
        for (a, then), (b, after) in zip(before.values(names, still), now.values(names, still), strict=True):
            olds[a], news[b] = then, after
            for name in {a, b}:
                if name in olds and name in news:
                    found[name] = _moved(name, olds.pop(name), news.pop(name))
            if not still(0.0):
                raise Cancelled
    return found


def _moved(name: str, before: Any, now: Any) -> Moved:
    was, is_ = first_tensor(before), first_tensor(now)
    if was is None or is_ is None:
        return Moved(name, "broken")
    shapes = tuple(was.shape[1:]), tuple(is_.shape[1:])
    if was.shape != is_.shape:
        return Moved(name, "resized", None, *shapes)
    whole, apart = _norm(was), _norm(is_ - was)
    distance = apart / whole if whole else math.inf if apart else 0.0
    if not math.isfinite(distance):
        return Moved(name, "broken", None, *shapes)
    return Moved(name, "moved" if distance else "same", distance, *shapes)


def _norm(tensor: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor, dtype=torch.float64))
