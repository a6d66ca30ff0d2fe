"""Norms: which a node is, and the edit that puts in another kind, puts one where there is none, or takes it out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import nn
from torchvision.models.convnext import LayerNorm2d

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr, tr_noop
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.node_changes import change_node, restore_node
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import find_working_repairs
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.channel_norms import CHANNEL_LAYER_NORMS, LayerNorm1d
from explorer.graph.layers import build_layer
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Method

#: Norms by the name the edits use, and how each is written for people.
NORM_TITLES: dict[str, str] = {
    "batch": "BatchNorm",
    "group": "GroupNorm",
    "instance": "InstanceNorm",
    "layer": "LayerNorm",
    "local_response": tr_noop("Local response norm"),
    "none": tr_noop("none"),
}


@register_edit("swap_norm", formerly=("norm",), former_classes=("Norm",))
@dataclass(frozen=True, slots=True)
class SwapNorm:
    """Put another kind of norm in the place of those there are, or one behind every convolution where there is none:
    before its activation, but local response normalisation behind it (AlexNet, 2012, §3.3). "none" takes them out."""

    name: ClassVar[str]
    at: str
    to: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Norm GroupNorm everywhere"."""
        norm = tr(NORM_TITLES.get(self.to, self.to))
        return tr("Norm {norm} {place}", norm=norm, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the norms of the place replaced, or new ones behind convolutions. Raises EditError
        where there is neither a norm nor a convolution."""
        check_one_of(self.to, NORM_TITLES, tr("norm"))
        norms, bare = norms_at(architecture, nodes_at(architecture, self.at))
        if not norms and not bare:
            raise EditError(
                tr("there is no norm {place}, and no convolution that could have one", place=location_in_error(self.at))
            )
        if norms:
            done = self._swap(architecture, norms)
        else:
            done = architecture if self.to == "none" else self._insert(architecture, bare)
        done = _reshape_strided_maps(done) if self.to == "layer" else done
        try:
            return done if done is architecture else propagate(done)
        except EditError as failure:
            others = [
                (tr("Norm {norm}", norm=tr(NORM_TITLES[to])), replace(self, to=to))
                for to in ("batch", "layer")
                if to != self.to
            ]
            raise EditError(
                str(failure), node=failure.node, repairs=find_working_repairs(architecture, others)
            ) from failure

    def _swap(self, architecture: Architecture, norms: list[Node]) -> Architecture:
        measures = analyse(architecture).figures.measures
        changed = [
            _swap_norm(node, self.to, measures[node.inputs[0]].value.dims)
            for node in norms
            if norm_kind(node) != self.to
        ]
        return architecture.with_replaced(changed) if changed else architecture

    def _insert(self, architecture: Architecture, bare: list[Node]) -> Architecture:
        measures = analyse(architecture).figures.measures
        for node in bare:
            name = architecture.unused_name(f"{node.name}_norm")
            op = build_layer(lambda node=node: _build_norm(self.to, measures[node.name].value.dims))  # type: ignore[misc]
            activation = _find_activation_behind(architecture, node) if self.to == "local_response" else None
            read = (activation or node).name
            new = Node(name, op, (Ref(read),), scope=node.scope, path=name, added=True, identity_init=True)
            architecture = architecture.with_inserted(read, new)
        return architecture


def _reshape_strided_maps(architecture: Architecture) -> Architecture:
    """The snapshot with `reshape` in place of `view` behind layer norms over channels: these leave a map whose channels
    lie last in memory, which torch refuses to view in another shape."""
    strided: set[str] = set()
    changed: list[Node] = []
    for node in architecture.live.values():
        if isinstance(node.layer, CHANNEL_LAYER_NORMS):
            strided.add(node.name)
        elif node.inputs and node.inputs[0] in strided:
            if node.op == Method("view"):
                changed.append(change_node(node, op=Method("reshape")))
            elif op_kinds.kind(node) in ("activation", "dropout", "add", "multiply"):
                strided.add(node.name)
    return architecture.with_replaced(changed) if changed else architecture


def norms_at(architecture: Architecture, nodes: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """The norms over channels among these nodes; where there are none, those right behind their convolutions. And the
    convolutions that have none behind them."""
    found = list(nodes)
    norms = [node for node in found if norm_kind(node) is not None and is_over_channels(architecture, node)]
    convs = [node for node in found if isinstance(node.layer, nn.Conv2d) or _is_conv_of_signal(architecture, node)]
    behind = {node.name: _find_norm_behind(architecture, node) for node in convs}
    bare = [architecture.nodes[name] for name, norm in behind.items() if norm is None]
    return norms or [norm for norm in behind.values() if norm is not None], bare


def _is_conv_of_signal(architecture: Architecture, node: Node) -> bool:
    """Not one along the channels, as that of ECA."""
    return isinstance(node.layer, nn.Conv1d) and find_channel_groups(architecture).axes.get(node.name) == -2


def _find_norm_behind(architecture: Architecture, node: Node) -> Node | None:
    norm = _only_reader(architecture, node)
    activation = _find_activation_behind(architecture, node)
    if activation is not None:
        behind = _only_reader(architecture, activation)
        norm = behind if behind is not None and behind.added else None  # one that was put in here
    return norm if norm is not None and norm_kind(norm) is not None else None


def _find_activation_behind(architecture: Architecture, node: Node) -> Node | None:
    reader = _only_reader(architecture, node)
    return reader if reader is not None and op_kinds.is_activation(reader) else None


def _only_reader(architecture: Architecture, node: Node) -> Node | None:
    users = architecture.users[node.name]
    return architecture.nodes[users[0]] if len(users) == 1 else None


def norm_kind(node: Node) -> str | None:
    """The key of `NORM_TITLES` of a norm ("none" when an edit took it out); None for any other node."""
    if isinstance(node.op, Bypass):
        return "none" if node.original is not None and norm_kind(node.original) is not None else None
    layer = node.layer
    if isinstance(layer, nn.GroupNorm):
        return "group"
    for kind, cls in _NORM_CLASSES.items():
        if isinstance(layer, cls):
            return kind
    return None


def is_over_channels(architecture: Architecture, node: Node) -> bool:
    """Does the norm work on the channels of a map (batch, channels, height, width) or of a signal (…, length)?"""
    name = node.inputs[0]
    value = analyse(architecture).figures.measures[name].value
    if not isinstance(value, Shape) or len(value.dims) not in (3, 4):
        return False
    return find_channel_groups(architecture).axes.get(name) == 1 - len(value.dims)


_NORM_CLASSES: dict[str, type[nn.Module]] = {
    "batch": nn.modules.batchnorm._BatchNorm,
    "instance": nn.modules.instancenorm._InstanceNorm,
    "layer": nn.LayerNorm,
    "local_response": nn.LocalResponseNorm,
}


def _swap_norm(node: Node, to: str, entering: tuple[int, ...]) -> Node:
    origin = node.original or node
    if not node.added and norm_kind(origin) == to:
        return restore_node(node)
    if to == "none":
        return node.replace(op=Bypass(), args=node.args[:1], kwargs={}, original=origin)
    return change_node(node, op=build_layer(lambda: _build_norm(to, entering)), identity_init=True)


def _build_norm(to: str, entering: tuple[int, ...]) -> nn.Module:
    """A norm of maps (batch, channels, height, width), or of signals (batch, channels, length)."""
    width, is_signal = entering[1], len(entering) == 3
    if to == "batch":
        return nn.BatchNorm1d(width) if is_signal else nn.BatchNorm2d(width)
    if to == "group":
        return nn.GroupNorm(math.gcd(width, 32), width)
    if to == "instance":
        return nn.InstanceNorm1d(width, affine=True) if is_signal else nn.InstanceNorm2d(width, affine=True)
    if to == "layer":
        over_each_place: nn.Module = LayerNorm1d(width) if is_signal else LayerNorm2d(width)
        return over_each_place
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)  # AlexNet's, in torch's terms
