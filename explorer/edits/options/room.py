"""Is there room for a smaller map? Quick answers that never promise too much."""

from __future__ import annotations

import math
from typing import Any

from explorer.analysis.shapes import Shape
from explorer.analysis.study import Study
from explorer.edits.attributes import pooling_of
from explorer.edits.options.sides import meets
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Constant, Node


def is_trunk(architecture: Architecture, name: str) -> bool:
    """Does every way from the image to the output lead through this node? Then nothing beside it must keep its size."""
    known: frozenset[str] | None = architecture.__dict__.get("_trunk")
    if known is None:
        known = architecture.__dict__["_trunk"] = _trunk(architecture)
    return name in known


def _trunk(architecture: Architecture) -> frozenset[str]:
    waiting: dict[str, int] = {}
    found: list[str] = []
    for node in architecture.live.values():
        if isinstance(node.op, Constant):
            continue
        for source in node.inputs:
            if source in waiting:
                waiting[source] -= 1
                if not waiting[source]:
                    del waiting[source]
        waiting[node.name] = len(architecture.users[node.name])
        if len(waiting) == 1:
            found.append(node.name)
    return frozenset(found)


def has_room(study: Study, name: str, ratio: float) -> bool:
    """May the map that `name` makes be `ratio` times its side, for all that comes behind? An unsure answer is no."""
    known: dict[str, float] = study.architecture.__dict__.setdefault("_least", {})
    if name not in known:
        known[name] = _least(study, name)
    return ratio >= known[name]


def _least(study: Study, name: str) -> float:
    """The least part of its side that the map of a node may have; infinity when it must stay as it is."""
    nodes = study.architecture.nodes
    behind = _behind(study.architecture, name)
    if any(vocabulary.kind(nodes[other]) in ("attention", "constant") or _is_written(nodes[other]) for other in behind):
        return math.inf
    own = _side(study, name)
    least = max((_needs(study, nodes[other]) for other in behind), default=0.0)
    return min(max(least, 1 / own if own else 1.0), 1.0)


def takes_side(study: Study, side: int) -> bool:
    """May the image have this side?"""
    name, present = study.architecture.input.name, study.architecture.input_shape[-1]
    return has_room(study, name, side / present) and meets(study, name, side)


def _behind(architecture: Architecture, name: str) -> list[str]:
    reached = {name}
    found: list[str] = []
    for node in architecture.live.values():
        if not reached.isdisjoint(node.inputs):
            reached.add(node.name)
            found.append(node.name)
    return found


def _is_written(node: Node) -> bool:
    """A reshape with sizes written into the code."""
    op: Any = node.op
    return getattr(op, "name", "") in ("view", "reshape", "getitem") and not _flattens(node)


def _flattens(node: Node) -> bool:
    return getattr(node.op, "name", "") == "getitem" and isinstance(node.args[1], int)


def _needs(study: Study, node: Node) -> float:
    """The part of its side that the map a window looks at must have, with two places to spare where it is not padded
    to its full size."""
    reach, padding = _window(node)
    side = _side(study, node.inputs[0]) if reach > 1 else 0
    if not side:
        return 0.0
    spare = 2 if 2 * padding < reach - 1 else 1
    return (reach - 2 * padding + spare) / side


_WINDOWS: dict[int, tuple[int, int]] = {}


def _window(node: Node) -> tuple[int, int]:
    """(places a window reaches over, padding on each side); 1 for anything without a window. Like layers have like
    windows, so it is found once for each."""
    known = _WINDOWS.get(node.signature)
    if known is None:
        known = _WINDOWS[node.signature] = _found_window(node)
    return known


def _found_window(node: Node) -> tuple[int, int]:
    layer: Any = node.layer
    kernel, padding = getattr(layer, "kernel_size", None), getattr(layer, "padding", 0)
    if kernel is None:
        pool = pooling_of(node)
        if pool is None or "kernel_size" not in pool[1]:
            return 1, 0
        kernel, padding = pool[1]["kernel_size"], pool[1]["padding"]
    reach = (_most(kernel) - 1) * _most(getattr(layer, "dilation", 1)) + 1
    if isinstance(padding, str):
        return (reach, (reach - 1) // 2) if padding == "same" else (reach, 0)
    return reach, min(padding) if isinstance(padding, tuple) else int(padding)


def _side(study: Study, name: str) -> int:
    value = study.figures.measures[name].value
    return min(value.dims[2:]) if isinstance(value, Shape) and len(value.dims) == 4 else 0


def _most(value: Any) -> int:
    return max(value) if isinstance(value, (tuple, list)) else int(value)
