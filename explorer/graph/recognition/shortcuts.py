"""Ways around: the additions of a network that join a path of layers with its own beginning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.base.memo import per_object
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture, Bypass, Node
from explorer.graph.op_kinds import WEIGHTED


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An addition that joins a main path with a way around it, by the names of the nodes."""

    add: str
    main: str  # the end of the main path
    skip: str  # the end of the way around
    fork: str  # where the two part; the same as `around` when the shortcut is the identity
    enabled: bool


@per_object
def find_shortcuts(architecture: Architecture) -> Mapping[str, Shortcut]:
    """Every residual addition, by the name of its node, switched off ones included.

    Of the two inputs of an addition the main path is the one behind more weighted layers; two ways of equal depth are
    branches and no shortcut. A way around passes on what it is given, brought into shape by a projection at most: a
    way with an activation is a branch too.
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
        main, around = (a, b) if depth[a] > depth[b] else (b, a)
        fork = _find_fork(main, around, architecture, place)
        if fork is not None:
            found[node.name] = Shortcut(node.name, main, around, fork, enabled=node is original)
    return found


@per_object
def compute_depths(architecture: Architecture) -> Mapping[str, int]:
    """For each node that depends on the image, the most weighted layers on any way to it; dead ends included."""
    depth: dict[str, int] = {architecture.input.name: 0}
    for node in architecture.nodes.values():
        known = [depth[name] for name in node.inputs if name in depth]
        if known:
            depth[node.name] = max(known) + (op_kinds.kind(node) in (*WEIGHTED, "attention"))
    return depth


def find_single_source(node: Node, architecture: Architecture) -> str | None:
    """The one value that passes through a node; None where several meet. What a reshape reads besides are sizes."""
    if op_kinds.kind(node) == "reshape":
        return node.inputs[0] if node.inputs else None
    depth = compute_depths(architecture)
    reads = [name for name in node.inputs if name in depth]
    return reads[0] if len(reads) == 1 else None


#: What may stand on a way around: it keeps the values, or brings them into shape.
_PROJECTION_KINDS = frozenset(
    {"conv", "depthwise", "linear", "norm", "pool", "reshape", "dropout", "multiply", "other"}
)


def _find_fork(main: str, around: str, architecture: Architecture, place: Mapping[str, int]) -> str | None:
    """Where the way around leaves the main path; None when it is more than a way around."""
    fork, name, layers = main, around, 0
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
