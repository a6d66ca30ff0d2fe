"""Edits of groups inside blocks: cardinality, and the channel shuffle that lets groups hear each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import nn
from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.edits.checks import whole
from explorer.edits.edit import EditError, Repair, place, where
from explorer.edits.fitting import fitted, settled
from explorer.edits.forms import is_windowed
from explorer.edits.parts import Part, blocks_at
from explorer.edits.styles import chain_behind
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Function, Layer, Node
from explorer.graph.arguments import Ref
from explorer.graph.layers import reconfigured


@dataclass(frozen=True, slots=True)
class Cardinality:
    """Split the convolutions with a window inside blocks into `to` groups: that many narrow ways in parallel.

    Source: Xie et al., "Aggregated residual transformations", 2016, §3 (fig. 3c).
    """

    name: ClassVar[str] = "cardinality"
    at: str
    to: int

    @property
    def title(self) -> str:
        return f"Cardinality {self.to} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        whole(self.to, 1, 65_536, "a cardinality")
        found = [node for block in blocks_at(architecture, self.at) for node in windowed(block)]
        if not found:
            raise EditError(f"no block {where(self.at)} has a convolution with a window that is not depthwise")
        for node in found:
            layer = node.layer
            assert isinstance(layer, nn.Conv2d)
            if layer.in_channels % self.to or layer.out_channels % self.to:
                common = {g for n in found for g in [_common(n)]}
                fits = [g for g in range(1, 129) if all(c % g == 0 for c in common)]
                near = sorted(fits, key=lambda g: abs(g - self.to))[:2]
                raise EditError(
                    f"{node.name}: {self.to} groups do not divide {layer.in_channels} → {layer.out_channels} channels",
                    node=node.name,
                    repairs=[Repair(f"Cardinality {g}", replace(self, to=g)) for g in near],
                )
        changed = [
            settled(node, op=reconfigured(node.op, groups=self.to))
            for node in found
            if isinstance(node.op, Layer) and node.op.module.groups != self.to
        ]
        return fitted(architecture.with_nodes(changed)) if changed else architecture


def windowed(block: Part) -> Iterator[Node]:
    """The convolutions inside a block that cardinality is about."""
    return (node for node in block.layers if is_windowed(node))


def _common(node: Node) -> int:
    layer = node.layer
    assert isinstance(layer, nn.Conv2d)
    return math.gcd(layer.in_channels, layer.out_channels)


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
