"""The structure of a block, as recognition asks for it: its main path, its layers in order, its shortcut, gates and
joins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from torch import nn

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.graph.op_kinds import WEIGHTED
from explorer.graph.recognition.shortcuts import Shortcut, compute_depths, find_shortcuts, find_single_source
from explorer.graph.recognition.squeeze_excitation import find_gates


class BlockStructure:
    """The structure of one block. What does not depend on the image (a table of positions) is left out."""

    def __init__(self, group: Group, architecture: Architecture) -> None:
        self.architecture = architecture
        self.node_names = frozenset(group.all_nodes)
        self._depth = compute_depths(architecture)
        self.nodes = [architecture.nodes[name] for name in group.nodes if name in self._depth]
        self.kinds = [op_kinds.kind(node) for node in self.nodes]
        found = find_gates(self.nodes, architecture) if "multiply" in self.kinds else []
        self.gates = {gate.product: gate for gate in found}
        gated = {layer for gate in found for layer in gate.layers}
        self.weighted_layers = [
            node
            for node, kind in zip(self.nodes, self.kinds, strict=True)
            if kind in WEIGHTED and node.name not in gated
        ]

    def has_kind(self, *kinds: str) -> bool:
        """Whether one of its ops is of one of these kinds."""
        return not self._kinds.isdisjoint(kinds)

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset(self.kinds)

    @cached_property
    def external_inputs(self) -> frozenset[str]:
        """Names of the values from outside that it reads."""
        return frozenset(read for node in self.nodes for read in self.value_inputs(node) if read not in self.node_names)

    @cached_property
    def joins(self) -> list[Node]:
        """Additions and concatenations of several values, switched off shortcuts included."""
        known = self.shortcuts
        return [
            node
            for node, kind in zip(self.nodes, self.kinds, strict=True)
            if kind in ("add", "concat") and (node.name in known or len(self.value_inputs(node)) > 1)
        ]

    @cached_property
    def shortcuts(self) -> dict[str, Shortcut]:
        """The residual additions inside, by the name of their node, in order."""
        known = find_shortcuts(self.architecture) if self.has_kind("add") else {}
        return {node.name: known[node.name] for node in self.nodes if node.name in known}

    @cached_property
    def shortcut(self) -> Shortcut | None:
        """The shortcut around the whole block: its last join, from where it begins (in pre-activation blocks behind the
        first norm and activation). None when there is none."""
        known = self.shortcuts.get(self.joins[-1].name) if self.joins else None
        if known is None or len(self.external_inputs) != 1 or not self.ends_at(self.joins[-1]):
            return None
        name = known.fork
        while name in self.node_names:
            node = self.architecture.nodes[name]
            before = find_single_source(node, self.architecture)
            if before is None or op_kinds.kind(node) not in ("norm", "activation", "reshape"):
                return None
            name = before
        return known

    def ends_at(self, join: Node) -> bool:
        """Whether no layer with weights follows this node."""
        at = self.nodes.index(join)
        return all(kind not in WEIGHTED for kind in self.kinds[at:])

    # --- the straight way -------------------------------------------------------------------------------------------

    @cached_property
    def main_path(self) -> list[Node]:
        """The nodes from input to output, the shortcut left aside; empty when there is more than one path, or a layer
        that is not on it."""
        end = self.shortcut.main if self.shortcut is not None else self.nodes[-1].name if self.nodes else ""
        around = self.find_path(self.shortcut.skip, self.shortcut.fork) if self.shortcut is not None else []
        found = self.find_path(end)
        seen = {node.name for node in (*(found or ()), *(around or ()))} | self.ghost_layers.keys()
        return found if found and all(node.name in seen for node in self.weighted_layers) else []

    def find_path(self, end: str, start: str = "") -> list[Node] | None:
        """Return the nodes from `start`, or from outside, to `end`, in order; None where several values meet on the
        way."""
        found: list[Node] = []
        name: str | None = end
        while name is not None and name in self.node_names and name != start:
            node = self.architecture.nodes[name]
            found.append(node)
            if name in self.gates:
                name = self.gates[name].feature_map
            elif name in self._ghost_inputs:
                name = self._ghost_inputs[name]
            elif op_kinds.kind(node) == "split":
                return None
            elif op_kinds.kind(node) in ("add", "concat") and self.node_names.isdisjoint(node.inputs):
                break  # what goes in, put together
            else:
                name = find_single_source(node, self.architecture)
        return None if name is None else found[::-1]

    @cached_property
    def main_layers(self) -> list[Node]:
        """The layers with weights on the main path, in order."""
        return [
            node for node in self.main_path if op_kinds.kind(node) in WEIGHTED and node.name not in self.ghost_layers
        ]

    @cached_property
    def layer_codes(self) -> str:
        """The main layers in one letter each: d(epthwise), 1 (window of one place), k (larger window), 0 (unknown)."""
        return "".join(_layer_code(step) for step in self.main_layers)

    @property
    def kernel_sizes(self) -> list[int]:
        """Sides of the windows of the main layers."""
        return [kernel_size(step) for step in self.main_layers]

    @property
    def leading_kinds(self) -> list[str]:
        """Kinds of the norms, activations and poolings before the first main layer."""
        found = []
        for node in self.main_path:
            kind = op_kinds.kind(node)
            if kind in WEIGHTED:
                break
            if kind in ("norm", "activation", "pool"):
                found.append(str(kind))
        return found

    @property
    def is_pre_activation(self) -> bool:
        """Whether norm and activation come before the first layer (He et al., "Identity mappings in deep residual
        networks", 2016)."""
        return self.leading_kinds == ["norm", "activation"] and bool(self.main_layers)

    def ops_after(self, step: Node) -> Iterator[Node]:
        """Yield the ops on the main path up to the next layer; after the last layer, up to the end of the block."""
        at = self.main_path.index(step) + 1
        for node in self.main_path[at:]:
            if op_kinds.kind(node) in WEIGHTED:
                return
            yield node
        if self.shortcut is not None:
            yield from self.nodes[self.nodes.index(self.joins[-1]) :]

    def is_activated(self, step: Node) -> bool:
        """Whether an activation follows this layer, one that was switched to linear included."""
        return any(op_kinds.kind(node) == "activation" for node in self.ops_after(step))

    # --- several ways -----------------------------------------------------------------------------------------------

    @cached_property
    def branches(self) -> list[list[Node]]:
        """For each input of the last join, the nodes inside that lead to it; empty when one comes from outside as it
        is."""
        if not self.joins:
            return []
        ends = self.value_inputs(self.joins[-1])
        return [self._ancestors_inside(end) for end in ends] if all(end in self.node_names for end in ends) else []

    def _ancestors_inside(self, end: str) -> list[Node]:
        found = self.architecture.ancestors(end, within=self.node_names & self._depth.keys())
        return [node for node in self.nodes if node.name in found]

    @cached_property
    def ghost_layers(self) -> dict[str, str]:
        """Cheap layers whose maps stand beside those they are made from, with the concatenation that puts them there.

        Source: Han et al., "GhostNet: more features from cheap operations", 2020, fig. 1b.
        """
        found: dict[str, str] = {}
        if "concat" not in self.kinds or "depthwise" not in self.kinds:
            return found
        for node, kind in zip(self.nodes, self.kinds, strict=True):
            if kind != "concat" or len(node.inputs) != 2:
                continue
            real, cheap = node.inputs
            name: str | None = cheap
            while name is not None and name in self.node_names and name != real:
                step = self.architecture.nodes[name]
                if op_kinds.kind(step) not in ("depthwise", "norm", "activation"):
                    break
                if op_kinds.kind(step) == "depthwise":
                    found[name] = node.name
                name = find_single_source(step, self.architecture)
            if name != real:
                found = {layer: join for layer, join in found.items() if join != node.name}
        return found

    @cached_property
    def _ghost_inputs(self) -> dict[str, str]:
        return {join: self.architecture.nodes[join].inputs[0] for join in self.ghost_layers.values()}

    @property
    def users(self) -> list[Node]:
        """The nodes that read its last value."""
        users = self.architecture.users[self.nodes[-1].name] if self.nodes else ()
        return [self.architecture.nodes[user] for user in users]

    @property
    def is_dense_layer(self) -> bool:
        """Whether a reader concatenates its output with its input (Huang et al., "Densely connected convolutional
        networks", 2017)."""
        return any(
            op_kinds.kind(node) == "concat" and not self.external_inputs.isdisjoint(node.inputs) for node in self.users
        )

    @property
    def is_branch(self) -> bool:
        """Whether it is one of several branches that end in one concatenation, none of which reads another."""
        if len(self.users) != 1 or op_kinds.kind(self.users[0]) != "concat":
            return False
        reads = set(self.users[0].inputs)
        return len(reads) > 1 and self.external_inputs.isdisjoint(reads)

    def value_inputs(self, node: Node) -> list[str]:
        """Return the values a node works on, sizes and constants aside."""
        if op_kinds.kind(node) == "reshape":
            return list(node.inputs[:1])
        return [name for name in node.inputs if name in self._depth]


def kernel_size(node: Node) -> int:
    """Return the side of a layer's window: 1 for a linear layer, 0 where it is unknown."""
    if isinstance(node.layer, nn.modules.conv._ConvNd):
        return max(node.layer.kernel_size)
    return int(op_kinds.kind(node) == "linear")


def in_channels(node: Node) -> int:
    """Return the input channels of a convolution or linear layer; 0 where they are unknown."""
    return getattr(node.layer, "in_channels", 0) or getattr(node.layer, "in_features", 0)


def out_channels(node: Node) -> int:
    """Return its output channels; 0 where they are unknown."""
    return getattr(node.layer, "out_channels", 0) or getattr(node.layer, "out_features", 0)


def group_count(node: Node) -> int:
    """Return the groups of a convolution; 1 for any other op."""
    return getattr(node.layer, "groups", 1)


def _layer_code(step: Node) -> str:
    if op_kinds.kind(step) == "depthwise":
        return "d"
    return "k" if kernel_size(step) > 1 else str(kernel_size(step))
