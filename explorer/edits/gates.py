"""Edits of squeeze-and-excitation: put in, taken out, its ratio, its gate."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.base.languages import tr, tr_noop
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.node_changes import change_node, restore_node
from explorer.edits.norm_act_style import activation_layer
from explorer.edits.propagation import WidthTarget, propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.edits.validation import check_integer, check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_conv, build_layer
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function, Layer
from explorer.graph.recognition.shortcuts import find_shortcuts
from explorer.graph.recognition.squeeze_excitation import feeds_gate, find_gate, find_gates

_GATE_NODES = ("pool", "reduce", "activation", "expand", "gate", "mul")

#: What the last activation of a gate can be.
GATE_TITLES: dict[str, str] = {"sigmoid": tr_noop("sigmoid"), "hardsigmoid": tr_noop("hard sigmoid")}


@register_edit("toggle_squeeze_excitation", formerly=("squeeze_excitation",), former_classes=("SqueezeExcitation",))
@dataclass(frozen=True, slots=True)
class ToggleSqueezeExcitation:
    """Put a squeeze-and-excitation gate into every block of a place, or switch those there are off and on.

    In a block with a depthwise convolution it sits behind that (MobileNetV3), in a residual block before the addition
    (SE-ResNet), else at the end. It squeezes to 1/`ratio` of the channels, at least 1.

    Source: Hu et al., "Squeeze-and-excitation networks", 2017, §3 and fig. 3.
    """

    name: ClassVar[str]
    at: str
    on: bool
    ratio: int = 16
    gate: str = "sigmoid"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Squeeze-and-excitation (1/16) added everywhere"."""
        place = location_in_title(self.at)
        if not self.on:
            return tr("Squeeze-and-excitation removed {place}", place=place)
        return tr("Squeeze-and-excitation (1/{ratio}) added {place}", ratio=self.ratio, place=place)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the gates of the place switched, or new ones put in. Raises EditError where there is
        none to switch off, or no map that could be weighed."""
        check_integer(self.ratio, 1, 1024, tr("a squeeze ratio"))
        check_one_of(self.gate, GATE_TITLES, tr("gate"))
        present = gate_products_at(architecture, self.at)
        if not self.on:
            live = [node for node in present if not isinstance(node.op, Bypass)]
            if not live:
                raise EditError(tr("there is no squeeze-and-excitation {place}", place=location_in_error(self.at)))
            return architecture.with_replaced(_switch_off(architecture, node) for node in live)
        restored = [node.original for node in present if isinstance(node.op, Bypass) and node.original is not None]
        if restored:
            return propagate(architecture.with_replaced(restored))
        targets = [target for target in blocks_at(architecture, self.at) if find_gate_position(target) is not None]
        if not targets:
            raise EditError(
                tr("no block {place} has a map to weight and no gate yet", place=location_in_error(self.at))
            )
        for target in targets:
            architecture = self._insert(architecture, target)
        return propagate(architecture)

    def _insert(self, architecture: Architecture, target: Subgraph) -> Architecture:
        weighed = find_gate_position(target)
        assert weighed is not None
        node = architecture.nodes[weighed]
        width = target.shape(weighed)[1]
        home = architecture.unused_name(f"{target.id.removeprefix('unit:')}.se", *(f".{name}" for name in _GATE_NODES))
        scope = (*(path for path in node.scope if target.id.startswith(path)), home)
        squeezed = max(width // self.ratio, 1)
        chain: list[tuple[str, Layer]] = [
            ("pool", build_layer(lambda: nn.AdaptiveAvgPool2d(1))),
            ("reduce", build_conv(width, squeezed)),
            ("activation", activation_layer("relu")),
            ("expand", build_conv(squeezed, width)),
            ("gate", activation_layer(self.gate)),
        ]
        nodes, reads = list[Node](), weighed
        for name, op in chain:
            path = f"{home}.{name}"
            nodes.append(Node(path, op, (Ref(reads),), scope=scope, path=path, added=True))
            reads = path
        product = Node(f"{home}.mul", Function(operator.mul), (Ref(weighed), Ref(reads)), scope=scope, added=True)
        readers = architecture.with_inserted(weighed, product)
        return readers.with_changes(inserted_after={weighed: nodes}, module_classes={home: "SqueezeExcitation"})


@register_edit("set_squeeze_ratio", formerly=("squeeze_ratio",), former_classes=("SqueezeRatio",))
@dataclass(frozen=True, slots=True)
class SetSqueezeRatio:
    """Set how far gates squeeze: to 1/`to` of the channels they weigh, at least 1."""

    name: ClassVar[str]
    at: str
    to: int

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Squeeze ratio 4 everywhere"."""
        return tr("Squeeze ratio {ratio} {place}", ratio=self.to, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every gate that narrow inside. Raises EditError where there is no gate."""
        check_integer(self.to, 1, 1024, tr("a squeeze ratio"))
        channel_groups = find_channel_groups(architecture)
        targets: dict[int, WidthTarget] = {}
        for squeeze, weighed in squeezes_at(architecture, self.at):
            width = max(channel_groups.size(channel_groups.rows[weighed]) // self.to, 1)
            targets |= channel_groups.solve_width(
                channel_groups.producers[squeeze], width, {channel_groups.order[squeeze]}
            )
        if not targets:
            raise EditError(tr("there is no squeeze-and-excitation {place}", place=location_in_error(self.at)))
        return propagate(architecture, targets, channel_groups=channel_groups)


@register_edit("swap_gate", formerly=("gate",), former_classes=("Gate",))
@dataclass(frozen=True, slots=True)
class SwapGate:
    """Set what squashes the gates: "sigmoid" or "hardsigmoid"."""

    name: ClassVar[str]
    at: str
    to: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Gate hard sigmoid everywhere"."""
        gate = tr(GATE_TITLES.get(self.to, self.to))
        return tr("Gate {gate} {place}", gate=gate, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the last activation of every gate replaced. Raises EditError where there is none."""
        check_one_of(self.to, GATE_TITLES, tr("gate"))
        found = [node for node in nodes_at(architecture, self.at) if is_gate_activation(node, architecture)]
        if not found:
            raise EditError(tr("there is no gate {place}", place=location_in_error(self.at)))
        changed = [swap_gate_activation(node, self.to) for node in found if gate_kind(node) != self.to]
        return architecture.with_replaced(changed) if changed else architecture


def gate_products_at(architecture: Architecture, at: str) -> list[Node]:
    """The products by which gates weigh a map, those switched off included."""
    return [node for node in nodes_at(architecture, at) if find_gate(node, architecture) is not None]


def squeezes_at(architecture: Architecture, at: str) -> Iterator[tuple[str, str]]:
    """(the layer that squeezes, the map that is weighed) for every gate in force."""
    for known in find_gates(nodes_at(architecture, at), architecture):
        yield known.layers[0], known.feature_map


def is_gate_activation(node: Node, architecture: Architecture) -> bool:
    """Is this the activation at the end of a gate?"""
    return gate_kind(node) is not None and feeds_gate(node, architecture)


def gate_kind(node: Node) -> str | None:
    """The key of `GATE_TITLES` of an activation; None for any other node."""
    title = op_kinds.title(node)
    return {"Sigmoid": "sigmoid", "Hard sigmoid": "hardsigmoid"}.get(title)


def swap_gate_activation(node: Node, to: str) -> Node:
    """The activation of a gate replaced; as opened where that is what it was."""
    origin = node.original or node
    if not node.added and gate_kind(origin) == to:
        return restore_node(node)
    return change_node(node, op=activation_layer(to), args=node.args[:1], kwargs={}, path=node.name)


def find_gate_position(target: Subgraph) -> str | None:
    """Find the map a gate in this block would weigh; None when the block has none, or a gate already."""
    architecture = target.architecture
    if not target.exits or any(find_gate(node, architecture) for node in target.layers):
        return None
    depthwise = next((node for node in target.layers if op_kinds.kind(node) == "depthwise"), None)
    if depthwise is not None:
        name = depthwise.name
        while (user := _only_user(architecture, name)) and op_kinds.kind(user) in ("norm", "activation"):
            name = user.name
        return name
    known = find_shortcuts(architecture)
    adds = [node.name for node in target.layers if node.name in known]
    name = known[adds[-1]].main if adds else target.exits[-1]
    is_map = len(target.shape(name)) == 4 and name in target.nodes
    return name if is_map and any(op_kinds.kind(n) == "conv" for n in target.layers) else None


def _only_user(architecture: Architecture, name: str) -> Node | None:
    users = architecture.users[name]
    return architecture.nodes[users[0]] if len(users) == 1 else None


def _switch_off(architecture: Architecture, product: Node) -> Node:
    known = find_gate(product, architecture)
    assert known is not None
    return product.replace(op=Bypass(), args=(Ref(known.feature_map),), kwargs={}, original=product)
