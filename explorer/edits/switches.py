"""The switches of the networks' own ideas: activation, channel shuffle, shortcut, linear bottleneck.

Each finds its places by structure (`graph.patterns`), so it works on any traced module. What is switched off stays in
the snapshot as the node's `was`, so it can be switched on again whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch

from explorer.analysis.study import study
from explorer.edits.edit import EVERYWHERE, EditError, nodes_at, place
from explorer.graph import patterns, vocabulary
from explorer.graph.architecture import Architecture, Layer, Node, Pass
from explorer.graph.arguments import Ref
from explorer.graph.groups import Group
from explorer.graph.vocabulary import ACTIVATION_TITLES, ACTIVATIONS


@dataclass(frozen=True, slots=True)
class SwapActivation:
    """Put another activation in the place of one, or of all in a block or network. "linear" takes it out.

    Gates (the sigmoid of a squeeze-and-excitation) are swapped only when named themselves.
    """

    name: ClassVar[str] = "activation"
    at: str
    to: str

    @property
    def title(self) -> str:
        return f"Activation {ACTIVATION_TITLES.get(self.to, self.to)} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        _known_activation(self.to)
        found = list(swappable(architecture, self.at))
        if not found:
            raise EditError(f"there is no activation {place(self.at)} that could become {self.to}")
        changed = [with_activation(node, self.to) for node in found if vocabulary.activation(node) != self.to]
        return architecture.with_nodes(changed) if changed else architecture


@dataclass(frozen=True, slots=True)
class ChannelShuffle:
    """Switch the channel shuffle off or on: without it, groups of channels never hear each other."""

    name: ClassVar[str] = "channel_shuffle"
    at: str
    on: bool

    @property
    def title(self) -> str:
        return f"Channel shuffle {'on' if self.on else 'off'} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        found = [node for node in nodes_at(architecture, self.at) if vocabulary.kind(node) == "shuffle"]
        if not found:
            raise EditError(f"there is no channel shuffle {place(self.at)}")
        return _switched(architecture, [(node, node.inputs[0]) for node in found], self.on)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Take a residual block's shortcut out, or put it back: the addition goes, the main path stays."""

    name: ClassVar[str] = "shortcut"
    at: str
    on: bool

    @property
    def title(self) -> str:
        return f"Shortcut {'restored' if self.on else 'removed'} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        known = patterns.shortcuts(architecture)
        found = [known[node.name] for node in nodes_at(architecture, self.at) if node.name in known]
        if not found:
            raise EditError(f"there is no shortcut {place(self.at)}: no addition joins a path with a way around it")
        return _switched(architecture, [(architecture.nodes[s.add], s.main) for s in found], self.on)


@dataclass(frozen=True, slots=True)
class LinearBottleneck:
    """Put an activation behind the 1×1 projection of a bottleneck, or ("linear") take it away again."""

    name: ClassVar[str] = "linear_bottleneck"
    at: str
    activation: str = "linear"

    @property
    def title(self) -> str:
        if self.activation == "linear":
            return f"Linear bottleneck {place(self.at)}"
        return f"{ACTIVATION_TITLES.get(self.activation, self.activation)} after the projection {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        _known_activation(self.activation)
        found = [p for block in blocks_at(architecture, self.at) if (p := patterns.projection(block, architecture))]
        if not found:
            raise EditError(
                f"there is no linear bottleneck {place(self.at)}: "
                "it takes a depthwise convolution and behind it a 1×1 with no activation of its own"
            )
        for end, inserted in found:
            architecture = self._at_one(architecture, end, inserted)
        return architecture

    def _at_one(self, architecture: Architecture, end: str, inserted: str | None) -> Architecture:
        if inserted is not None:
            if self.activation == "linear":
                return architecture.without(inserted)
            old = architecture.nodes[inserted]
            if vocabulary.activation(old) == self.activation:
                return architecture
            return architecture.with_nodes([old.replace(op=_activation_layer(self.activation))])
        if self.activation == "linear":
            return architecture
        name = f"{end}.activation"
        scope = architecture.nodes[end].scope
        node = Node(name, _activation_layer(self.activation), (Ref(end),), scope=scope, path=name, added=True)
        return architecture.with_inserted(end, node)


def swappable(architecture: Architecture, at: str) -> Iterable[Node]:
    """The activations an edit at this place means."""
    nodes = list(nodes_at(architecture, at))
    for node in nodes:
        gate = patterns.feeds_gate(node, architecture) and len(nodes) > 1
        if vocabulary.activation(node) is not None and not gate:
            yield node


def blocks_at(architecture: Architecture, at: str) -> Iterable[Group]:
    """The outermost blocks that hold, are, or lie in a place."""
    names = {node.name for node in nodes_at(architecture, at)}
    for block in study(architecture).hierarchy.blocks:
        outermost = study(architecture).hierarchy.block_of(block.id) is block
        if outermost and (at == EVERYWHERE or not names.isdisjoint(block.nodes)):
            yield block


def with_activation(node: Node, to: str) -> Node:
    """The node with another activation; the one it had at first comes back as it was."""
    original = node.was or node
    if not node.added and vocabulary.activation(original) == to:
        return original
    op = Pass() if to == "linear" else _activation_layer(to)
    return node.replace(
        op=op, args=(Ref(node.inputs[0]),), kwargs={}, path=node.name, was=None if node.added else original
    )


def _switched(architecture: Architecture, places: Iterable[tuple[Node, str]], on: bool) -> Architecture:
    """Switch nodes off, so that each passes one of its inputs on, or on again."""
    changed: list[Node] = []
    for node, passed in places:
        off = isinstance(node.op, Pass)
        if on and off and node.was is not None:
            changed.append(node.was)
        elif not on and not off:
            changed.append(node.replace(op=Pass(), args=(Ref(passed),), kwargs={}, was=node))
    return architecture.with_nodes(changed) if changed else architecture


@cache
def _activation_layer(name: str) -> Layer:
    """One layer serves all places: it is never mutated, and weights go by path."""
    with torch.device("meta"):
        return Layer.of(ACTIVATIONS[name]())


def _known_activation(name: str) -> None:
    if name not in ACTIVATIONS:
        raise EditError(f"{name!r} is no activation; there are {', '.join(ACTIVATIONS)}")
