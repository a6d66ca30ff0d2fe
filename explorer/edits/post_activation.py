"""The edit that turns residual blocks of pre-activation into blocks of post-activation: ResNet v2 into ResNet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.base.languages import tr
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.node_changes import change_node
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.splicing import readers_of, sorted_by_flow
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node, rename_inputs
from explorer.graph.recognition.shortcuts import find_shortcuts


@dataclass(frozen=True)
class PreActivated:
    """A residual block of pre-activation: a norm and an activation before each of its convolutions."""

    add: str
    entry: str
    norms: tuple[str, ...]
    activations: tuple[str, ...]
    convs: tuple[str, ...]
    projection: str  # a convolution on the shortcut; empty for the identity


@register_edit("set_post_activation")
@dataclass(frozen=True, slots=True)
class SetPostActivation:
    """Put the norm and the activation of residual blocks behind each convolution, as in the first ResNet: the last
    activation comes behind the addition. A projection gets a norm; the norm behind the last block goes.

    Source: He et al., "Deep residual learning", 2016, figure 2; "Identity mappings", 2016, figure 1(a).
    """

    name: ClassVar[str]
    at: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Post-activation everywhere"."""
        return tr("Post-activation {place}", place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every such block of the place turned. Raises EditError where there is none."""
        names = {node.name for node in nodes_at(architecture, self.at)}
        found = [block for block in find_pre_activated(architecture) if block.add in names]
        if not found:
            raise EditError(
                tr(
                    "no block {place} adds to what comes in after a norm and an activation before each convolution",
                    place=location_in_error(self.at),
                )
            )
        done = architecture
        for block in found:
            done = _turn_back(done, block)
        kept = {name for block in find_pre_activated(architecture) if block not in found for name in block.norms}
        for block in found:
            done = _without_end(done, block.activations[-1], kept)
        return propagate(sorted_by_flow(done))


def find_pre_activated(architecture: Architecture) -> Iterator[PreActivated]:
    """The blocks of pre-activation that can be turned, in execution order."""
    for known in find_shortcuts(architecture).values():
        found = _read_block(architecture, known.add, known.main, known.skip) if known.enabled else None
        if found is not None:
            yield found


def _read_block(architecture: Architecture, add: str, main: str, skip: str) -> PreActivated | None:
    nodes = architecture.nodes
    projection = skip if op_kinds.kind(nodes[skip]) == "conv" else ""
    way = _chain(architecture, main)
    kinds = ["conv" if (kind := op_kinds.kind(nodes[name])) == "depthwise" else kind for name in way]
    count = len(way) // 3
    if not count or kinds != ["norm", "activation", "conv"] * count:
        return None
    entry = nodes[way[0]].inputs[0]
    begins = {entry, way[1]} if projection else {entry}
    if (nodes[projection].inputs[0] if projection else skip) not in begins:
        return None
    return PreActivated(add, entry, tuple(way[0::3]), tuple(way[1::3]), tuple(way[2::3]), projection)


def _chain(architecture: Architecture, end: str) -> list[str]:
    """The norms, activations and convolutions in front of a node, as far as they are whole threes and nothing but the
    way around reads in between; the node itself is the last."""
    nodes, found, at = architecture.nodes, list[str](), end
    while len(nodes[at].inputs) == 1 and op_kinds.kind(nodes[at]) in ("conv", "depthwise", "norm", "activation"):
        expected = ("conv", "activation", "norm")[len(found) % 3]
        kind = "conv" if op_kinds.kind(nodes[at]) == "depthwise" else op_kinds.kind(nodes[at])
        if kind != expected or (found and len(architecture.users[at]) > 2):
            break
        found.append(at)
        branches = len(architecture.users[nodes[at].inputs[0]]) > 1
        at = nodes[at].inputs[0]
        if branches and kind == "norm":
            break
    return found[: len(found) // 3 * 3][::-1]


def _turn_back(architecture: Architecture, block: PreActivated) -> Architecture:
    """The snapshot with convolution, norm, activation in this order; widths follow later."""
    nodes, changed = architecture.nodes, dict[str, Node]()
    entry = nodes[block.norms[0]].inputs[0]
    read = entry
    for conv, norm, activation in zip(block.convs, block.norms, block.activations, strict=True):
        for name in (conv, norm, activation):
            changed[name] = change_node(nodes[name], args=(Ref(read), *nodes[name].args[1:]))
            read = name
    last, around = block.activations[-1], entry
    if block.projection:
        around = block.projection
        changed[around] = change_node(nodes[around], args=(Ref(entry), *nodes[around].args[1:]))
    changed[block.add] = change_node(nodes[block.add], args=(Ref(block.norms[-1]), Ref(around)))
    changed[last] = change_node(changed[last], args=(Ref(block.add), *nodes[last].args[1:]))
    for reader in readers_of(architecture, block.add):
        changed[reader.name] = rename_inputs(changed.get(reader.name, reader), {block.add: last})
    done = architecture.with_replaced(changed.values())
    return _with_norm(done, block, around) if block.projection else done


def _with_norm(architecture: Architecture, block: PreActivated, projection: str) -> Architecture:
    """The snapshot with a norm behind a projection, like those of its block."""
    like, conv = architecture.nodes[block.norms[-1]], architecture.nodes[projection]
    name = architecture.unused_name(f"{projection}_norm")
    path = name if isinstance(like.layer, nn.Module) else ""
    node = Node(name, like.op, (Ref(projection),), scope=conv.scope, path=path, added=True, identity_init=True)
    return architecture.with_inserted(projection, node)


def _without_end(architecture: Architecture, last: str, kept: set[str]) -> Architecture:
    """The snapshot without a norm and an activation that alone read the last activation of a block."""
    users = architecture.users[last]
    norm = architecture.nodes[users[0]] if len(users) == 1 else None
    if norm is None or norm.name in kept or op_kinds.kind(norm) != "norm":
        return architecture
    users = architecture.users[norm.name]
    done = architecture.without(norm.name)
    is_followed = len(users) == 1 and op_kinds.kind(architecture.nodes[users[0]]) == "activation"
    return done.without(users[0]) if is_followed else done
