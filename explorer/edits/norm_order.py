"""The edit that turns residual blocks of post-activation into blocks of pre-activation."""

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
from explorer.graph.recognition.shortcuts import Shortcut, find_shortcuts


@dataclass(frozen=True)
class _Residual:
    """A residual block of post-activation: its convolutions with the norm and the activation behind each; the last
    activation comes behind the addition."""

    known: Shortcut
    convs: tuple[str, ...]
    norms: tuple[str, ...]
    activations: tuple[str, ...]
    projection: tuple[str, ...]  # of the shortcut: a convolution and its norm; empty for the identity


@register_edit("set_pre_activation")
@dataclass(frozen=True, slots=True)
class SetPreActivation:
    """Put the norm and the activation of residual blocks before each convolution, as in ResNet v2: nothing is left on
    the way of the shortcut. A projection reads what is activated and loses its norm; behind the last of the blocks
    comes a norm with an activation, where none follows.

    Source: He et al., "Identity mappings in deep residual networks", 2016, figure 1(b) and §3.
    """

    name: ClassVar[str]
    at: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Pre-activation everywhere"."""
        return tr("Pre-activation {place}", place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every such block of the place turned. Raises EditError where there is none."""
        names = {node.name for node in nodes_at(architecture, self.at)}
        found = [block for block in find_residuals(architecture) if block.known.add in names]
        if not found:
            raise EditError(
                tr(
                    "no block {place} adds to what comes in after convolutions that each have a norm",
                    place=location_in_error(self.at),
                )
            )
        done = architecture
        for block in found:
            done = _turn(done, block)
        ends = [block.known.add for block in found]
        for block in found:
            if not _is_normalised(done, block.known.add, set(ends)):
                done = _append_norm(done, architecture, block)
        return propagate(sorted_by_flow(done))


def find_residuals(architecture: Architecture) -> Iterator[_Residual]:
    """The blocks of post-activation that can be turned, in execution order."""
    for known in find_shortcuts(architecture).values():
        found = _read_block(architecture, known) if known.enabled else None
        if found is not None:
            yield found


def _read_block(architecture: Architecture, known: Shortcut) -> _Residual | None:
    users = architecture.users[known.add]
    last = architecture.nodes[users[0]] if len(users) == 1 else None
    if last is None or op_kinds.kind(last) != "activation":
        return None
    way = _walk_back(architecture, known.main, known.fork)
    kinds = [op_kinds.kind(architecture.nodes[name]) for name in way]
    count = sum(kind in ("conv", "depthwise") for kind in kinds)
    expected = ["conv", "norm", "activation"] * count
    if not count or [("conv" if kind == "depthwise" else kind) for kind in kinds] != expected[:-1]:
        return None
    skip = _walk_back(architecture, known.skip, known.fork)
    if [op_kinds.kind(architecture.nodes[name]) for name in skip] not in ([], ["conv", "norm"]):
        return None
    return _Residual(known, tuple(way[0::3]), tuple(way[1::3]), (*way[2::3], last.name), tuple(skip))


def _walk_back(architecture: Architecture, end: str, start: str) -> list[str]:
    """The nodes from behind `start` to `end`, each of which reads the one before only; empty where they are no such
    way."""
    found: list[str] = []
    while end != start:
        node = architecture.nodes[end]
        if len(node.inputs) != 1 or len(found) > 64:
            return []
        found.append(end)
        end = node.inputs[0]
    return found[::-1]


def _turn(architecture: Architecture, block: _Residual) -> Architecture:
    """The snapshot with norm, activation, convolution in this order; widths follow later."""
    nodes, fork, add = architecture.nodes, block.known.fork, block.known.add
    changed: dict[str, Node] = {}
    read = fork = nodes[block.convs[0]].inputs[0]
    for conv, norm, activation in zip(block.convs, block.norms, block.activations, strict=True):
        for name in (norm, activation, conv):
            changed[name] = change_node(nodes[name], args=(Ref(read), *nodes[name].args[1:]))
            read = name
    around, first = fork, block.activations[0]
    if block.projection:
        around = block.projection[0]
        changed[around] = change_node(nodes[around], args=(Ref(first), *nodes[around].args[1:]))
    changed[add] = change_node(nodes[add], args=(Ref(read), Ref(around)))
    last = block.activations[-1]
    for reader in readers_of(architecture, last):
        if reader.name not in changed:
            changed[reader.name] = rename_inputs(reader, {last: add})
        else:  # the block that comes behind begins with it
            changed[reader.name] = rename_inputs(changed[reader.name], {last: add})
    done = architecture.with_replaced(changed.values())
    return done.with_changes(removed=block.projection[1:])


def _is_normalised(architecture: Architecture, add: str, ends: set[str]) -> bool:
    """Whether all that reads a sum is a norm, or the sum of a block that begins with one."""
    return all(op_kinds.kind(architecture.nodes[user]) == "norm" or user in ends for user in architecture.users[add])


def _append_norm(architecture: Architecture, before: Architecture, block: _Residual) -> Architecture:
    """The snapshot with a norm and an activation behind a block, like its own."""
    add, scope = block.known.add, before.nodes[block.known.add].scope
    parent = scope[:-1]
    made = add
    for title, like in (("norm", block.norms[-1]), ("act", block.activations[-1])):
        name = architecture.unused_name(".".join((*parent[-1:], f"pre_{title}")))
        op = before.nodes[like].op
        path = name if isinstance(before.nodes[like].layer, nn.Module) else ""
        node = Node(name, op, (Ref(made),), scope=parent, path=path, added=True, identity_init=title == "norm")
        architecture = architecture.with_inserted(made, node)
        made = name
    return architecture
