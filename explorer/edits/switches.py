"""The switches of the networks' own ideas: activation, channel shuffle, shortcut, linear bottleneck.

Each finds its places by structure (`graph.shortcuts`, `bottlenecks`, `gates`), so it works on any traced module. What
is switched off stays in the snapshot as the node's `was`, so it can be switched on again whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from explorer.analysis.study import study
from explorer.edits.cardinality import shuffle_place, with_shuffle
from explorer.edits.checks import named
from explorer.edits.edit import EditError, nodes_at, place, where
from explorer.edits.fitting import as_it_was, fitted, settled
from explorer.edits.mending import mending
from explorer.edits.parts import Part, blocks_at
from explorer.edits.styles import activation_layer
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Node, Pass
from explorer.graph.arguments import Ref
from explorer.graph.bottlenecks import projection
from explorer.graph.gates import feeds_gate
from explorer.graph.shortcuts import shortcuts
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
        named(self.to, ACTIVATIONS, "activation")
        found = list(swappable(architecture, self.at))
        if not found:
            raise EditError(f"there is no activation {where(self.at)} that could become {self.to}")
        changed = [with_activation(node, self.to) for node in found if vocabulary.activation(node) != self.to]
        return architecture.with_nodes(changed) if changed else architecture


@dataclass(frozen=True, slots=True)
class ChannelShuffle:
    """Switch the channel shuffle off or on: without it, groups of channels never hear each other. Where there never
    was one, it is put behind the first group convolution of each block."""

    name: ClassVar[str] = "channel_shuffle"
    at: str
    on: bool

    @property
    def title(self) -> str:
        return f"Channel shuffle {'on' if self.on else 'off'} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        found = [node for node in nodes_at(architecture, self.at) if vocabulary.kind(node) == "shuffle"]
        if not found and self.on:
            return self._put_in(architecture)
        if not found:
            raise EditError(f"there is no channel shuffle {where(self.at)}")
        added = [node.name for node in found if node.added and not self.on]
        for name in added:  # nothing to come back to: it goes
            architecture = architecture.without(name)
        found = [node for node in found if node.name not in added]
        done = _switched(architecture, [(node, node.inputs[0]) for node in found], self.on)
        return fitted(done) if self.on and done is not architecture else done

    def _put_in(self, architecture: Architecture) -> Architecture:
        places = [(at, block) for block in blocks_at(architecture, self.at) if (at := shuffle_place(block))]
        if not places:
            raise EditError(f"no block {where(self.at)} has a group convolution that a shuffle could follow")
        for (after, groups), _ in places:
            architecture = with_shuffle(architecture, after, groups)
        return fitted(architecture)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Take a residual block's shortcut out, or put it back: the addition goes, the main path stays."""

    name: ClassVar[str] = "shortcut"
    at: str
    on: bool
    mend: str = ""

    @property
    def title(self) -> str:
        return f"Shortcut {'restored' if self.on else 'removed'} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        known = shortcuts(architecture)
        found = [known[node.name] for node in nodes_at(architecture, self.at) if node.name in known]
        if not found:
            raise EditError(f"there is no shortcut {where(self.at)}: no addition joins a path with a way around it")
        done = _switched(architecture, [(architecture.nodes[s.add], s.main) for s in found], self.on)
        if done is architecture or not self.on:
            return done
        with mending(self, architecture):  # widths may have changed since it was taken out
            return fitted(done, mend=self.mend)


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
        named(self.activation, ACTIVATIONS, "activation")
        found = [end for _, end in projections_at(architecture, self.at)]
        if not found:
            raise EditError(
                f"there is no linear bottleneck {where(self.at)}: "
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
            return architecture.with_nodes([old.replace(op=activation_layer(self.activation))])
        if self.activation == "linear":
            return architecture
        name = architecture.free(f"{end}_activation")
        scope = architecture.nodes[end].scope
        node = Node(name, activation_layer(self.activation), (Ref(end),), scope=scope, path=name, added=True)
        return architecture.with_inserted(end, node)


def projections_at(architecture: Architecture, at: str) -> list[tuple[Part, tuple[str, str | None]]]:
    """The blocks of a place with a projection that is, or was, linear, and what `projection` says of it."""
    groups = study(architecture).hierarchy.groups
    return [
        (block, found)
        for block in blocks_at(architecture, at)
        if (found := projection(groups[block.id], architecture)) is not None
    ]


def swappable(architecture: Architecture, at: str) -> Iterable[Node]:
    """The activations an edit at this place means."""
    nodes = list(nodes_at(architecture, at))
    for node in nodes:
        if vocabulary.activation(node) is not None and not (len(nodes) > 1 and feeds_gate(node, architecture)):
            yield node


def with_activation(node: Node, to: str) -> Node:
    """The node with another activation; the one it had at first comes back as it was."""
    origin = node.was or node
    if not node.added and vocabulary.activation(origin) == to:
        return as_it_was(node)
    if to == "linear":
        return node.replace(op=Pass(), args=node.args[:1], kwargs={}, was=None if node.added else origin)
    return settled(node, op=activation_layer(to), args=node.args[:1], kwargs={}, path=node.name)


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
