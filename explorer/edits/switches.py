"""The switches of the networks' own ideas: activation, channel shuffle, shortcut, linear bottleneck.

Each finds its places by structure (`graph.recognition`), so it works on any traced module. What
is switched off stays in the snapshot as the node's `was`, so it can be switched on again whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from explorer.analysis.analysis import analyse
from explorer.base.languages import tr
from explorer.edits.cardinality import find_shuffle_position, insert_shuffle
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.node_changes import change_node, restore_node
from explorer.edits.norm_act_style import activation_layer
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import offering_repairs
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.op_kinds import ACTIVATION_TITLES, ACTIVATIONS
from explorer.graph.ops import Bypass
from explorer.graph.recognition.linear_bottleneck import find_projection
from explorer.graph.recognition.shortcuts import find_shortcuts
from explorer.graph.recognition.squeeze_excitation import feeds_gate


@register_edit("swap_activation", formerly=("activation",))
@dataclass(frozen=True, slots=True)
class SwapActivation:
    """Put another activation in the place of one, or of all in a block or network. "linear" takes it out.

    Gates (the sigmoid of a squeeze-and-excitation) are swapped only when named themselves.
    """

    name: ClassVar[str]
    at: str
    to: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Activation GELU everywhere"."""
        activation = tr(ACTIVATION_TITLES.get(self.to, self.to))
        return tr("Activation {activation} {place}", activation=activation, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the activations of the place replaced. Raises EditError where there is none."""
        check_one_of(self.to, ACTIVATIONS, tr("activation"))
        found = list(swappable_activations(architecture, self.at))
        if not found:
            raise EditError(tr("there is no activation {place}", place=location_in_error(self.at)))
        changed = [swap_activation(node, self.to) for node in found if op_kinds.activation_name(node) != self.to]
        return architecture.with_replaced(changed) if changed else architecture


@register_edit("toggle_channel_shuffle", formerly=("channel_shuffle",), former_classes=("ChannelShuffle",))
@dataclass(frozen=True, slots=True)
class ToggleChannelShuffle:
    """Switch the channel shuffle off or on: without it, groups of channels never hear each other. Where there never
    was one, it is put behind the first group convolution of each block."""

    name: ClassVar[str]
    at: str
    on: bool

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Channel shuffle off in stage2"."""
        place = location_in_title(self.at)
        return (
            tr("Channel shuffle on {place}", place=place) if self.on else tr("Channel shuffle off {place}", place=place)
        )

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the shuffles of the place switched, or new ones put in. Raises EditError where there
        is none, or no group convolution that one could follow."""
        found = [node for node in nodes_at(architecture, self.at) if op_kinds.kind(node) == "shuffle"]
        if not found and self.on:
            return self._insert(architecture)
        if not found:
            raise EditError(tr("there is no channel shuffle {place}", place=location_in_error(self.at)))
        added = [node.name for node in found if node.added and not self.on]
        for name in added:  # nothing to come back to: it goes
            architecture = architecture.without(name)
        found = [node for node in found if node.name not in added]
        done = _switch_nodes(architecture, [(node, node.inputs[0]) for node in found], self.on)
        return propagate(done) if self.on and done is not architecture else done

    def _insert(self, architecture: Architecture) -> Architecture:
        places = [(at, block) for block in blocks_at(architecture, self.at) if (at := find_shuffle_position(block))]
        if not places:
            raise EditError(
                tr(
                    "no block {place} has a group convolution that a shuffle could follow",
                    place=location_in_error(self.at),
                )
            )
        for (after, groups), _ in places:
            architecture = insert_shuffle(architecture, after, groups)
        return propagate(architecture)


@register_edit("toggle_shortcut", formerly=("shortcut",), former_classes=("Shortcut",))
@dataclass(frozen=True, slots=True)
class ToggleShortcut:
    """Take a residual block's shortcut out, or put it back: the addition goes, the main path stays."""

    name: ClassVar[str]
    at: str
    on: bool
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Shortcut removed in layer3.2"."""
        place = location_in_title(self.at)
        return tr("Shortcut restored {place}", place=place) if self.on else tr("Shortcut removed {place}", place=place)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the additions of the place switched. Raises EditError where there is no shortcut, or
        its ends no longer meet."""
        known = find_shortcuts(architecture)
        found = [known[node.name] for node in nodes_at(architecture, self.at) if node.name in known]
        if not found:
            raise EditError(
                tr(
                    "there is no shortcut {place}: no addition joins a path with a connection around it",
                    place=location_in_error(self.at),
                )
            )
        done = _switch_nodes(architecture, [(architecture.nodes[s.add], s.main) for s in found], self.on)
        if done is architecture or not self.on:
            return done
        with offering_repairs(self, architecture):  # widths may have changed since it was taken out
            return propagate(done, repair=self.mend)


@register_edit("set_bottleneck_activation", formerly=("linear_bottleneck",), former_classes=("LinearBottleneck",))
@dataclass(frozen=True, slots=True)
class SetBottleneckActivation:
    """Put an activation behind the 1×1 projection of a bottleneck, or ("linear") take it away again."""

    name: ClassVar[str]
    at: str
    activation: str = "linear"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "ReLU6 after the projection in features.3"."""
        if self.activation == "linear":
            return tr("Linear bottleneck {place}", place=location_in_title(self.at))
        return tr(
            "{activation} after the projection {place}",
            activation=tr(ACTIVATION_TITLES.get(self.activation, self.activation)),
            place=location_in_title(self.at),
        )

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with that activation behind every projection of the place. Raises EditError where there
        is no linear bottleneck."""
        check_one_of(self.activation, ACTIVATIONS, tr("activation"))
        found = [end for _, end in projections_at(architecture, self.at)]
        if not found:
            raise EditError(
                tr(
                    "there is no linear bottleneck {place}: it needs a depthwise convolution, and after it a 1×1 "
                    "without an activation",
                    place=location_in_error(self.at),
                )
            )
        for end, inserted in found:
            architecture = self._at_one(architecture, end, inserted)
        return architecture

    def _at_one(self, architecture: Architecture, end: str, inserted: str | None) -> Architecture:
        if inserted is not None:
            if self.activation == "linear":
                return architecture.without(inserted)
            old = architecture.nodes[inserted]
            if op_kinds.activation_name(old) == self.activation:
                return architecture
            return architecture.with_replaced([old.replace(op=activation_layer(self.activation))])
        if self.activation == "linear":
            return architecture
        name = architecture.unused_name(f"{end}_activation")
        scope = architecture.nodes[end].scope
        node = Node(name, activation_layer(self.activation), (Ref(end),), scope=scope, path=name, added=True)
        return architecture.with_inserted(end, node)


def projections_at(architecture: Architecture, at: str) -> list[tuple[Subgraph, tuple[str, str | None]]]:
    """The blocks of a place with a projection that is, or was, linear, and what `projection` says of it."""
    groups = analyse(architecture).hierarchy.groups
    return [
        (block, found)
        for block in blocks_at(architecture, at)
        if (found := find_projection(groups[block.id], architecture)) is not None
    ]


def swappable_activations(architecture: Architecture, at: str) -> Iterable[Node]:
    """The activations an edit at this place means."""
    nodes = list(nodes_at(architecture, at))
    for node in nodes:
        if op_kinds.activation_name(node) is not None and not (len(nodes) > 1 and feeds_gate(node, architecture)):
            yield node


def swap_activation(node: Node, to: str) -> Node:
    """The node with another activation; the one it had at first comes back as it was."""
    origin = node.original or node
    if not node.added and op_kinds.activation_name(origin) == to:
        return restore_node(node)
    if to == "linear":
        return node.replace(op=Bypass(), args=node.args[:1], kwargs={}, original=None if node.added else origin)
    return change_node(node, op=activation_layer(to), args=node.args[:1], kwargs={}, path=node.name)


def _switch_nodes(architecture: Architecture, places: Iterable[tuple[Node, str]], on: bool) -> Architecture:
    """Switch nodes off, so that each passes one of its inputs on, or on again."""
    changed: list[Node] = []
    for node, passed in places:
        off = isinstance(node.op, Bypass)
        if on and off and node.original is not None:
            changed.append(node.original)
        elif not on and not off:
            changed.append(node.replace(op=Bypass(), args=(Ref(passed),), kwargs={}, original=node))
    return architecture.with_replaced(changed) if changed else architecture
