"""Limits that the wiring around a node puts on edits of it."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.layers import is_depthwise


def is_dominator(architecture: Architecture, name: str) -> bool:
    """Does every path from the input to the output pass through this node? Then nothing beside it must keep its
    size."""
    step = architecture.output.name
    while step != name and step in architecture.immediate_dominators:
        step = architecture.immediate_dominators[step]
    return step == name


def find_width_constraint(architecture: Architecture, name: str, changing: Collection[str] = ()) -> str:
    """Find the node that keeps a node's value from having another width; empty when nothing does. Layers with a width
    of their own read any, and so do those that are `changing`, too."""
    nodes, users = architecture.nodes, architecture.users
    waiting, seen = list(users[name]), {*changing}
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        layer, kind = nodes[name].layer, op_kinds.kind(nodes[name])
        if isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1):
            continue
        flattens = getattr(nodes[name].op, "name", "") == "flatten" or isinstance(layer, nn.Flatten)
        follows = kind in _WIDTH_FOLLOWERS or flattens or is_depthwise(layer)
        if kind != "concat" and not (follows and len(nodes[name].inputs) == 1):
            return name
        waiting.extend(users[name])
    return ""


_WIDTH_FOLLOWERS = ("activation", "norm", "pool", "dropout")
