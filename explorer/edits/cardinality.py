"""Edits of groups inside blocks: cardinality, and the channel shuffle that lets groups hear each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import nn
from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.edits.attributes import is_of_kind, with_shuffle_groups
from explorer.edits.checks import named, whole
from explorer.edits.edit import EditError, Repair, place, where
from explorer.edits.fitting import fitted, settled
from explorer.edits.parts import Part, blocks_at
from explorer.edits.styles import chain_behind
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Function, Layer, Node, Pass
from explorer.graph.arguments import Ref
from explorer.graph.gates import gates
from explorer.graph.layers import reconfigured

#: The convolutions inside blocks that groups are about, and how a sentence says them.
CONVOLUTIONS: dict[str, str] = {"windows": "convolutions with a window", "pointwise": "1×1 convolutions"}


@dataclass(frozen=True, slots=True)
class Cardinality:
    """Split the convolutions inside blocks into `to` groups, that many narrow ways in parallel: 1 is a standard
    convolution, "depthwise" as many as channels. `of` is "windows" or "pointwise" (1×1; where some of these are
    grouped, only those). A channel shuffle right behind follows.

    Source: Xie et al., "Aggregated residual transformations", 2016, §3 (fig. 3c); of 1×1: Zhang et al., "ShuffleNet",
    2017, §3.1.
    """

    name: ClassVar[str] = "cardinality"
    at: str
    to: int | str
    of: str = "windows"

    @property
    def title(self) -> str:
        if self.to == "depthwise":
            return f"Depthwise {CONVOLUTIONS.get(self.of, self.of)} {place(self.at)}"
        if self.of == "pointwise":
            return f"1×1 convolutions in {self.to} group{'s' * (self.to != 1)} {place(self.at)}"
        return f"Cardinality {self.to} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.of, CONVOLUTIONS, "kind of convolution")
        if self.to != "depthwise":
            whole(self.to, 1, 65_536, "a cardinality")
        blocks = blocks_at(architecture, self.at)
        found = grouped_at(blocks, self.of)
        if not found:
            raise EditError(f"no block {where(self.at)} has {CONVOLUTIONS[self.of]}")
        changed = [self._grouped(node, found) for node in found]
        if isinstance(self.to, int):
            changed += [
                with_shuffle_groups(shuffle, self.to)
                for node in _convolutions(blocks, self.of)
                for shuffle in _shuffles_behind(architecture, node)
                if conv_of(node).out_channels % self.to == 0 and vocabulary.shuffle_groups(shuffle) != self.to
            ]
        changed = [node for node in changed if node is not architecture.nodes[node.name]]
        return fitted(architecture.with_nodes(changed)) if changed else architecture

    def _grouped(self, node: Node, found: list[Node]) -> Node:
        layer = conv_of(node)
        groups = layer.in_channels if isinstance(self.to, str) else self.to
        if layer.groups == groups:
            return node
        if not (layer.in_channels % groups or layer.out_channels % groups):
            assert isinstance(node.op, Layer)
            return settled(node, op=reconfigured(node.op, groups=groups))
        near = sorted(common_groups(found), key=lambda g: abs(g - groups))[:2]
        raise EditError(
            f"{node.name}: {groups} groups do not divide {layer.in_channels} → {layer.out_channels} channels",
            node=node.name,
            repairs=[Repair(f"Cardinality {g}", replace(self, to=g)) for g in near],
        )


def grouped_at(blocks: Iterable[Part], of: str) -> list[Node]:
    """The convolutions inside blocks that `Cardinality` means."""
    found = list(_convolutions(blocks, of))
    return [node for node in found if of == "pointwise" and is_of_kind(node, "grouped")] or found


def _convolutions(blocks: Iterable[Part], of: str) -> Iterator[Node]:
    """Those with a window, or the 1×1s that are no gate's."""
    for block in blocks:
        known = gates(block.layers, block.architecture) if of == "pointwise" else []
        gated = {name for gate in known for name in gate.layers}
        for node in block.layers:
            if not isinstance(node.layer, nn.Conv2d) or node.name in gated:
                continue
            if (max(node.layer.kernel_size) > 1) == (of == "windows"):
                yield node


def common_groups(found: Iterable[Node], most: int = 128) -> list[int]:
    """The numbers of groups, up to `most`, that all of these convolutions could be split into."""
    widths = {width for node in found for width in (conv_of(node).in_channels, conv_of(node).out_channels)}
    common = math.gcd(*widths)
    return [groups for groups in range(1, most + 1) if common % groups == 0]


def conv_of(node: Node) -> nn.Conv2d:
    assert isinstance(node.layer, nn.Conv2d)
    return node.layer


def _shuffles_behind(architecture: Architecture, node: Node) -> list[Node]:
    """The channel shuffles in force that read a convolution, its norm or activation between."""
    last = [node, *chain_behind(architecture, node.name)][-1]
    users = (architecture.nodes[user] for user in architecture.users[last.name])
    return [user for user in users if vocabulary.kind(user) == "shuffle" and not isinstance(user.op, Pass)]


def shuffle_place(block: Part) -> tuple[str, int] | None:
    """Where a channel shuffle would go in a block without one: behind its first grouped convolution (with norm and
    activation), and the number of groups; None when it has no such convolution that something else reads."""
    architecture = block.architecture
    if any(vocabulary.kind(node) == "shuffle" for node in block.layers):
        return None
    for node in block.layers:
        layer = node.layer
        if isinstance(layer, nn.Conv2d) and 1 < layer.groups < layer.in_channels:
            chain = [node.name, *(after.name for after in chain_behind(architecture, node.name))]
            inside = [user for user in architecture.users[chain[-1]] if user in block.nodes]
            return (chain[-1], layer.groups) if inside else None
    return None


def with_shuffle(architecture: Architecture, after: str, groups: int) -> Architecture:
    """The snapshot with a channel shuffle behind a node, not yet fitted."""
    name = architecture.free(f"{after}.shuffle")
    scope = architecture.nodes[after].scope
    node = Node(name, Function(channel_shuffle), (Ref(after), groups), scope=scope, added=True)
    return architecture.with_inserted(after, node)
