"""Which nodes and paths belong to a block, what goes in and out, and whether it can be repeated or removed."""

from __future__ import annotations

from collections.abc import Collection

from explorer.base.languages import tr, tr_n
from explorer.edits.subgraph import Subgraph, is_under
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Bypass


def can_repeat(target: Subgraph) -> bool:
    """Is there one place for a copy: one input and one output of the same rank, or a dense layer?"""
    if not target.entries or not has_known_shapes(target):  # another input than the image has no entries
        return False
    if not (target.is_single_entry_exit or target.is_dense_layer):
        return False
    return len(target.shape(target.entries[0])) == len(target.shape(target.exit))  # no head, nothing that flattens


def can_remove(target: Subgraph) -> bool:
    """Does the network hold together without it, whatever follows?"""
    if target.is_dense_layer:
        users = set(target.architecture.users[target.exit])
        return all(len(set(target.architecture.nodes[user].inputs)) > 1 for user in users)
    return has_known_shapes(target) and target.keeps_shape


def describe_ends(target: Subgraph) -> str:
    """Say the shapes of input and output: "input 64×56×56, output 128×28×28"."""
    shapes = ["×".join(map(str, target.shape(name)[1:])) for name in (*target.entries[:1], *target.exits[:1])]
    if target.is_single_entry_exit and all(shapes):
        return tr("input {before}, output {after}", before=shapes[0], after=shapes[1])
    inputs = tr_n("{n} input", "{n} inputs", len(target.entries))
    outputs = tr_n("{n} output", "{n} outputs", len(target.exits))
    return tr("{inputs} and {outputs}", inputs=inputs, outputs=outputs)


def reads_any(node: Node, names: Collection[str]) -> bool:
    """Whether the node reads one of these values, or will once it is switched on again."""
    was = node.original.inputs if isinstance(node.op, Bypass) and node.original is not None else ()
    return not set(names).isdisjoint((*node.inputs, *was))


def has_known_shapes(target: Subgraph) -> bool:
    """A part with layers in it: the image, the output and what only reads sizes are none."""
    ends = {target.architecture.input.name, target.architecture.output.name}
    return bool(target.nodes) and ends.isdisjoint(target.nodes) and all(target.shape(name) for name in target.exits)


def nodes_within(architecture: Architecture, target: Subgraph) -> set[str]:
    """The nodes of a part in a snapshot of its network, with the dead ones that lie in the module that it is."""
    base, found = target.base_path, {name for name in target.nodes if name in architecture.nodes}
    if base:
        found.update(n for n in architecture.nodes if n not in architecture.live and is_under(base, n))
    return found
