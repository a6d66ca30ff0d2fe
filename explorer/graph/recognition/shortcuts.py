"""Shortcuts: the residual additions of a network (He et al., "Deep residual learning", 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.base.memo import per_object
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.op_kinds import WEIGHTED
from explorer.graph.ops import Bypass


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An addition that joins a main path with a skip path around it, by the names of the nodes."""

    add: str
    main: str  # the end of the main path
    skip: str  # the end of the skip path
    fork: str  # where the two part; the same as `skip` when the shortcut is the identity
    enabled: bool


@per_object
def find_shortcuts(architecture: Architecture) -> Mapping[str, Shortcut]:
    """Return every residual addition, by the name of its node, switched off ones included.

    Of the two inputs of an addition the main path is the one behind more weighted layers; two paths of equal depth are
    branches and no shortcut. A skip path passes on what it is given, brought into shape by a projection at most: a path
    with an activation is a branch too.
    """
    depth = compute_depths(architecture)
    place = {name: at for at, name in enumerate(architecture.nodes)}
    found: dict[str, Shortcut] = {}
    for node in architecture.live.values():
        original = node.original if isinstance(node.op, Bypass) and node.original is not None else node
        if op_kinds.kind(original) != "add" or len(original.inputs) != 2:
            continue
        a, b = original.inputs
        if a not in depth or b not in depth or depth[a] == depth[b]:
            continue
        main, skip = (a, b) if depth[a] > depth[b] else (b, a)
        fork = _find_fork(main, skip, architecture, place)
        if fork is not None:
            found[node.name] = Shortcut(node.name, main, skip, fork, enabled=node is original)
    return found


@per_object
def compute_depths(architecture: Architecture) -> Mapping[str, int]:
    """Return the most weighted layers on any path to each node that depends on the image; dead ends included."""
    depth: dict[str, int] = {architecture.input.name: 0}
    for node in architecture.nodes.values():
        known = [depth[name] for name in node.inputs if name in depth]
        if known:
            depth[node.name] = max(known) + (op_kinds.kind(node) in _COUNTED)
    return depth


#: Kinds of the layers that depths count.
_COUNTED = frozenset((*WEIGHTED, "attention"))


def find_single_source(node: Node, architecture: Architecture) -> str | None:
    """Return the one value that passes through a node; None where several meet. Only the first input of a reshape is a
    value, others are sizes."""
    if op_kinds.kind(node) == "reshape":
        return node.inputs[0] if node.inputs else None
    depth = compute_depths(architecture)
    reads = [name for name in node.inputs if name in depth]
    return reads[0] if len(reads) == 1 else None


#: Kinds of ops on a skip path: they keep the values, or bring them into shape.
_PROJECTION_KINDS = frozenset(
    {"conv", "depthwise", "linear", "norm", "pool", "reshape", "dropout", "multiply", "other"}
)


def _find_fork(main: str, skip: str, architecture: Architecture, place: Mapping[str, int]) -> str | None:
    """Return the last node of the skip path that dominates the main path; None when it is a branch."""
    fork, name, layers = main, skip, 0
    while fork != name:
        if place[fork] > place[name]:
            fork = architecture.immediate_dominators[fork]
            continue
        node = architecture.nodes[name]
        layers += op_kinds.kind(node) in ("conv", "linear")
        before = find_single_source(node, architecture)
        if before is None or op_kinds.kind(node) not in _PROJECTION_KINDS or layers > 1:
            return None
        name = before
    return fork
