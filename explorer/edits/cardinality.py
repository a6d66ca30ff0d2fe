"""Edits of groups inside blocks: cardinality, and the channel shuffle that lets groups hear each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import nn
from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.edits.edit import EditError, Repair, location_in_error, location_in_title
from explorer.edits.layer_settings import CONVOLUTIONS, is_layer_kind
from explorer.edits.node_changes import change_node
from explorer.edits.norm_act_style import following_norm_act
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.setting_changes import set_shuffle_groups
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.edits.validation import check_integer, check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function, Layer
from explorer.graph.recognition.squeeze_excitation import find_gates

#: The convolutions inside blocks that groups are about, and how a sentence says them.
CONV_KINDS: dict[str, str] = {
    "windows": tr_noop("convolutions with a window"),
    "pointwise": tr_noop("1×1 convolutions"),
}


@register_edit("set_cardinality", formerly=("cardinality",), former_classes=("Cardinality",))
@dataclass(frozen=True, slots=True)
class SetCardinality:
    """Split the convolutions inside blocks into `to` groups, that many narrow ways in parallel: 1 is a standard
    convolution, "depthwise" as many as channels. `of` is "windows" or "pointwise" (1×1; where some of these are
    grouped, only those). A channel shuffle right behind follows.

    Source: Xie et al., "Aggregated residual transformations", 2016, §3 (fig. 3c); of 1×1: Zhang et al., "ShuffleNet",
    2017, §3.1.
    """

    name: ClassVar[str]
    at: str
    to: int | str
    of: str = "windows"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Cardinality 32 everywhere"."""
        if isinstance(self.to, str):
            layers = tr(CONV_KINDS.get(self.of, self.of))
            return tr("Depthwise {layers} {place}", layers=layers, place=location_in_title(self.at))
        if self.of == "pointwise":
            return tr_n(
                "1×1 convolutions in {n} group {place}",
                "1×1 convolutions in {n} groups {place}",
                self.to,
                place=location_in_title(self.at),
            )
        return tr("Cardinality {count} {place}", count=self.to, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with these convolutions, and shuffles right behind them, in so many groups. Raises
        EditError where there are none, or the groups do not divide a width."""
        check_one_of(self.of, CONV_KINDS, tr("kind of convolution"))
        if self.to != "depthwise":
            check_integer(self.to, 1, 65_536, tr("a cardinality"))
        blocks = blocks_at(architecture, self.at)
        found = group_candidates(blocks, self.of)
        if not found:
            raise EditError(
                tr("no block {place} has {layers}", place=location_in_error(self.at), layers=tr(CONV_KINDS[self.of]))
            )
        changed = [self._with_groups(node, found) for node in found]
        if isinstance(self.to, int):
            changed += [
                set_shuffle_groups(shuffle, self.to)
                for node in _convs_of_kind(blocks, self.of)
                for shuffle in _shuffles_behind(architecture, node)
                if require_conv(node).out_channels % self.to == 0 and op_kinds.shuffle_groups(shuffle) != self.to
            ]
        changed = [node for node in changed if node is not architecture.nodes[node.name]]
        return propagate(architecture.with_replaced(changed)) if changed else architecture

    def _with_groups(self, node: Node, found: list[Node]) -> Node:
        layer = require_conv(node)
        groups = layer.in_channels if isinstance(self.to, str) else self.to
        if layer.groups == groups:
            return node
        if not (layer.in_channels % groups or layer.out_channels % groups):
            assert isinstance(node.op, Layer)
            return change_node(node, op=reconfigure(node.op, groups=groups))
        near = sorted(common_groups(found), key=lambda g: abs(g - groups))[:2]
        raise EditError(
            tr(
                "{name}: {groups} groups do not divide {inputs} → {outputs} channels",
                name=node.name,
                groups=groups,
                inputs=layer.in_channels,
                outputs=layer.out_channels,
            ),
            node=node.name,
            repairs=[Repair(tr("Cardinality {count}", count=g), replace(self, to=g)) for g in near],
        )


def group_candidates(blocks: Iterable[Subgraph], of: str) -> list[Node]:
    """The convolutions inside blocks that `Cardinality` means."""
    found = list(_convs_of_kind(blocks, of))
    return [node for node in found if of == "pointwise" and is_layer_kind(node, "grouped")] or found


def _convs_of_kind(blocks: Iterable[Subgraph], of: str) -> Iterator[Node]:
    """Those with a window, or the 1×1s that are no gate's."""
    for block in blocks:
        known = find_gates(block.layers, block.architecture) if of == "pointwise" else []
        gated = {name for gate in known for name in gate.layers}
        for node in block.layers:
            if not isinstance(node.layer, CONVOLUTIONS) or node.name in gated:
                continue
            if (max(node.layer.kernel_size) > 1) == (of == "windows"):
                yield node


def common_groups(convs: Iterable[Node], maximum: int = 128) -> list[int]:
    """The numbers of groups, up to `most`, that all of these convolutions could be split into."""
    widths = {width for node in convs for width in (require_conv(node).in_channels, require_conv(node).out_channels)}
    common = math.gcd(*widths)
    return [groups for groups in range(1, maximum + 1) if common % groups == 0]


def require_conv(node: Node) -> nn.Conv1d | nn.Conv2d:
    """Return the convolution of a node that is known to be one."""
    assert isinstance(node.layer, CONVOLUTIONS)
    return node.layer


def _shuffles_behind(architecture: Architecture, node: Node) -> list[Node]:
    """The channel shuffles in force that read a convolution, its norm or activation between."""
    last = [node, *following_norm_act(architecture, node.name)][-1]
    users = (architecture.nodes[user] for user in architecture.users[last.name])
    return [user for user in users if op_kinds.kind(user) == "shuffle" and not isinstance(user.op, Bypass)]


def find_shuffle_position(block: Subgraph) -> tuple[str, int] | None:
    """Find the place of a channel shuffle in a block without one: (node it would follow, number of groups). It is
    behind the first grouped convolution with its norm and activation; None when there is none that something else in
    the block reads."""
    architecture = block.architecture
    if any(op_kinds.kind(node) == "shuffle" for node in block.layers):
        return None
    for node in block.layers:
        layer = node.layer
        if isinstance(layer, nn.Conv2d) and 1 < layer.groups < layer.in_channels:
            chain = [node.name, *(after.name for after in following_norm_act(architecture, node.name))]
            inside = [user for user in architecture.users[chain[-1]] if user in block.nodes]
            return (chain[-1], layer.groups) if inside else None
    return None


def insert_shuffle(architecture: Architecture, after: str, groups: int) -> Architecture:
    """The snapshot with a channel shuffle behind a node, not yet propagated."""
    name = architecture.unused_name(f"{after}.shuffle")
    scope = architecture.nodes[after].scope
    node = Node(name, Function(channel_shuffle), (Ref(after), groups), scope=scope, added=True)
    return architecture.with_inserted(after, node)
