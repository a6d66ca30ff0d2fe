"""The 1×1 before a window: GoogLeNet's reduction before a full one, MobileNetV2's expansion before a depthwise one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import nn

from explorer.base.languages import tr
from explorer.edits.conv_forms import is_windowed_conv
from explorer.edits.edit import EditError, Repair, location_in_error, location_in_title, nodes_at, place_of
from explorer.edits.node_changes import change_node
from explorer.edits.norm_act_style import NORM_ACT_SUFFIXES, build_conv_norm_act, find_style, following_norm_act
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import blocks_at, scope_outside_unit
from explorer.edits.validation import check_integer
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.layers import build_conv, is_depthwise, reconfigure
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Layer


@register_edit("set_reduction", formerly=("reduction",), former_classes=("Reduction",))
@dataclass(frozen=True, slots=True)
class SetReduction:
    """Put a 1×1 convolution to `to` channels before convolutions with a window, change it, or (0) take it out.

    Depthwise ones, which have no width of their own, get as wide as the 1×1 makes them: it is an expansion then. They
    are meant where a place has no other windows.

    Sources: GoogLeNet, 2014, §3 and §5: "1×1 convolutions are used to compute reductions"; MobileNetV2, 2018, table 1.
    """

    name: ClassVar[str]
    at: str
    to: int

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "1×1 to 96 channels before the window in layer1"."""
        if not self.to:
            return tr("1×1 before the window removed {place}", place=location_in_title(self.at))
        return tr("1×1 to {count} channels before the window {place}", count=self.to, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with a 1×1 convolution before every convolution with a window, or without. Raises
        EditError where there is none, or groups do not divide the width."""
        check_integer(self.to, 0, 65_536, tr("the width of a reduction (0 removes it)"))
        found = _find_windowed_convs(architecture, [node.name for node in nodes_at(architecture, self.at)])
        if not found:
            raise EditError(tr("there is no convolution with a window {place}", place=location_in_error(self.at)))
        done = architecture
        for name in found:
            chain, scope = find_pointwise_before(architecture, name), scope_outside_unit(architecture, name)
            done = self._at_one(done, name, chain, scope)
        if done is architecture and not self.to:
            raise EditError(
                tr("there is no 1×1 before a window {place} that could be removed", place=location_in_error(self.at))
            )
        return propagate(done)

    def _at_one(self, architecture: Architecture, name: str, chain: list[str], scope: tuple[str, ...]) -> Architecture:
        node = architecture.nodes[name]
        layer = _conv_layer(node)
        groups = {name: 1 if is_depthwise(layer) else layer.groups}
        if chain:
            groups[chain[0]] = _conv_layer(architecture.nodes[chain[0]]).groups
        self._check_groups(groups)
        if chain and self.to:
            first = architecture.nodes[chain[0]]
            assert isinstance(first.op, Layer)
            return architecture.with_replaced([change_node(first, op=reconfigure(first.op, out_channels=self.to))])
        if chain:
            reads = architecture.nodes[chain[0]].inputs[0]
            node = rename_inputs(node, {chain[-1]: reads})
            return architecture.with_changes([node], removed=set(chain))
        if not self.to:
            return architecture
        reads, base = (
            node.inputs[0],
            architecture.unused_name(f"{name}_{_NAME_SUFFIX[is_depthwise(layer)]}", *NORM_ACT_SUFFIXES),
        )
        style = find_style(architecture, name)
        op = build_conv(layer.in_channels, self.to, bias=layer.bias is not None)
        new = build_conv_norm_act(base, op, reads, self.to, style, scope)
        last = new[-1].name
        # The layer's own input width follows in `propagate`; only this edge moves.
        return architecture.with_changes([rename_inputs(node, {reads: last})], {reads: new})

    def _check_groups(self, groups: Mapping[str, int]) -> None:
        step = math.lcm(*groups.values())
        for name, count in groups.items():
            if self.to % count:
                near = [width for width in (self.to // step * step, -(-self.to // step) * step) if width]
                raise EditError(
                    tr(
                        "{name}: its {groups} groups do not divide {count} channels",
                        name=name,
                        groups=count,
                        count=self.to,
                    ),
                    node=name,
                    repairs=[Repair(tr("Reduction to {count}", count=n), replace(self, to=n)) for n in near],
                )


_NAME_SUFFIX = {
    False: "reduction",
    True: "expansion",
}  # ends the name of the new layer, by whether a depthwise one reads it


def _find_windowed_convs(architecture: Architecture, names: list[str]) -> list[str]:
    """The convolutions that an edit of these nodes means: full ones with a window, else depthwise ones; else the node
    pointed at is itself the 1×1 before some."""
    nodes = architecture.nodes
    return (
        [name for name in names if is_windowed_conv(nodes[name])]
        or [name for name in names if is_windowed_depthwise(nodes[name])]
        or [user for name in names for user in _convs_fed_by(architecture, name)]
    )


def is_windowed_depthwise(node: Node) -> bool:
    """Is it a depthwise convolution with a window larger than 1×1?"""
    return isinstance(node.layer, nn.Conv2d) and is_depthwise(node.layer) and max(node.layer.kernel_size) > 1


def find_pointwise_before(architecture: Architecture, name: str) -> list[str]:
    """The 1×1 convolution (with norm and activation) that feeds a convolution with a window and nothing else; empty
    when there is none. Before a full one it narrows; before a depthwise one it is in the same block: the 1×1 that ends
    the block before makes what that block makes."""
    node = architecture.nodes[name]
    depthwise = is_windowed_depthwise(node)
    if not depthwise and not is_windowed_conv(node):
        return []
    for before in reversed(_chain_before(architecture, name)):
        layer = architecture.nodes[before].layer
        if isinstance(layer, nn.Conv2d):
            plain = layer.kernel_size == (1, 1) and layer.stride == (1, 1)
            meant = _in_one_block(architecture, before, name) if depthwise else layer.out_channels <= layer.in_channels
            chain = [before, *(after.name for after in following_norm_act(architecture, before))]
            return chain if plain and meant and architecture.users[chain[-1]] == (name,) else []
    return []


def _in_one_block(architecture: Architecture, one: str, other: str) -> bool:
    return any(one in block.nodes for block in blocks_at(architecture, place_of(other)))


def _chain_before(architecture: Architecture, name: str) -> list[str]:
    """The convolution before a node and what lies between, each read by the next only; nearest last."""
    found: list[str] = []
    while True:
        node = architecture.nodes[name]
        if len(node.inputs) != 1 or architecture.users[node.inputs[0]] != (name,):
            return []
        name = node.inputs[0]
        found.insert(0, name)
        kind = op_kinds.kind(architecture.nodes[name])
        if kind not in ("norm", "activation"):
            return found[::-1] if kind == "conv" else []


def _convs_fed_by(architecture: Architecture, name: str) -> list[str]:
    """The convolutions with a window that this node is the 1×1 for."""
    return [
        other
        for other, node in architecture.live.items()
        if (is_windowed_conv(node) or is_windowed_depthwise(node))
        and name in find_pointwise_before(architecture, other)
    ]


def _conv_layer(node: Node) -> nn.Conv2d:
    assert isinstance(node.layer, nn.Conv2d)
    return node.layer


__all__ = ["SetReduction", "find_pointwise_before", "is_windowed_depthwise"]
