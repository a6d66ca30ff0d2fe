"""MobileNetV2's last stage or MobileNetV3's: the last 1×1 before the global pooling, or behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.edits.checks import named
from explorer.edits.edit import EditError
from explorer.edits.fitting import fitted, settled
from explorer.edits.forms import is_pointwise
from explorer.edits.heads import HEAD_KINDS
from explorer.edits.styles import chain_behind
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Layer, Node, rewired
from explorer.graph.layers import conv, reconfigured

#: The orders, and how a sentence says them.
ORDERS: dict[str, str] = {
    "pool_first": "Pooling before the last 1×1",
    "conv_first": "Pooling after the last 1×1",
}


@dataclass(frozen=True, slots=True)
class LastStage:
    """Pool before the last 1×1 convolution ("pool_first", MobileNetV3) or after it ("conv_first", MobileNetV2).

    Behind the pooling a linear layer does what a 1×1 does; before it, it becomes one, with the same weights.
    Source: Howard et al., "Searching for MobileNetV3", 2019, §5.1 and fig. 5.
    """

    name: ClassVar[str] = "last_stage"
    to: str

    @property
    def at(self) -> str:
        return "@head"

    @property
    def title(self) -> str:
        return ORDERS.get(self.to, self.to)

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.to, ORDERS, "order of the last stage")
        present = last_stage(architecture)
        if present is None:
            raise EditError(f"{architecture.title} has no 1×1 beside its global pooling")
        if present.order == self.to:
            return architecture
        if present.flatten:
            first = architecture.nodes[present.chain[0]]
            architecture = architecture.with_nodes([settled(first, op=_other_form(first))])
        pooling = [present.pool, *([present.flatten] if present.flatten else [])]
        runs = (present.chain, pooling) if self.to == "pool_first" else (pooling, present.chain)
        return fitted(_swapped(architecture, *runs))


@dataclass(frozen=True)
class Ending:
    """The global pooling and the 1×1 beside it."""

    order: str  # a key of `ORDERS`
    pool: str
    flatten: str  # what makes a vector of the pooled map, where the 1×1 reads (or read) that: it moves along
    chain: list[str]  # the 1×1 with its norm and activation


def last_stage(architecture: Architecture) -> Ending | None:
    """How the network pools its last map; None where no 1×1 stands beside a global pooling on the way to the output.

    The linear layer that makes the classes is none: there has to be another behind it.
    """
    pool, behind = _pooling(architecture)
    if not pool:
        return None
    nodes = architecture.nodes
    if behind and is_pointwise(nodes[behind[0]]):
        chain = [behind[0], *(node.name for node in chain_behind(architecture, behind[0]))]
        return Ending("pool_first", pool, "", chain)
    kinds = [vocabulary.kind(nodes[name]) for name in behind]
    if kinds[:3] == ["reshape", "linear", "activation"] and "linear" in kinds[3:]:
        return Ending("pool_first", pool, behind[0], behind[1:3])
    before = _chain_before(architecture, pool)
    if not before:
        return None
    was = nodes[before[0]].was
    was_linear = was is not None and isinstance(was.layer, nn.Linear)
    vector = was_linear and kinds[:1] == ["reshape"] and not any(vocabulary.kind(nodes[n]) == "norm" for n in before)
    return Ending("conv_first", pool, behind[0] if vector else "", before)


def _pooling(architecture: Architecture) -> tuple[str, list[str]]:
    """The global pooling the (first) output is read from, and what lies between; "" where there is none."""
    behind: list[str] = []
    name = architecture.output.inputs[0] if architecture.output.inputs else ""
    while name and len(architecture.users[name]) == 1:
        node = architecture.nodes[name]
        title = vocabulary.title(node)
        if title == "Global avg pool":
            return name, behind
        if len(set(node.inputs)) != 1 or not (vocabulary.kind(node) in HEAD_KINDS or title == "Identity"):
            break
        behind.insert(0, name)
        name = node.inputs[0]
    return "", []


def _chain_before(architecture: Architecture, pool: str) -> list[str]:
    """The 1×1 before a pooling, with its norm and activation, when nothing else reads them."""
    nodes = architecture.nodes
    name, found = nodes[pool].inputs[0], list[str]()
    while vocabulary.kind(nodes[name]) in ("norm", "activation"):
        found.insert(0, name)
        name = nodes[name].inputs[0]
    found.insert(0, name)
    alone = all(len(architecture.users[one]) == 1 for one in found)
    return found if alone and is_pointwise(nodes[name]) else []


def _swapped(architecture: Architecture, first: list[str], second: list[str]) -> Architecture:
    """Two runs of nodes, one behind the other, in the other order."""
    nodes = architecture.nodes
    enters = nodes[first[0]].inputs[0]
    changed = [rewired(node, {second[-1]: first[-1]}) for node in nodes.values() if second[-1] in node.inputs]
    for name, names in ((second[0], {first[-1]: enters}), (first[0], {enters: second[-1]})):
        changed.append(settled(nodes[name], args=rewired(nodes[name], names).args))
    return _reordered(architecture.with_nodes(changed), [*second, *first])


def _other_form(node: Node) -> Layer:
    """The linear layer as a 1×1 convolution, or the other way."""
    layer = node.layer
    if isinstance(layer, nn.Linear):
        return conv(layer.in_features, layer.out_features, bias=layer.bias is not None)
    assert isinstance(layer, nn.Conv2d)
    assert node.was is not None
    assert isinstance(node.was.op, Layer)
    settings = {"in_features": layer.in_channels, "out_features": layer.out_channels, "bias": layer.bias is not None}
    return reconfigured(node.was.op, **settings)


def _reordered(architecture: Architecture, order: list[str]) -> Architecture:
    """The nodes of a chain in their new order, at the place of its first."""
    before = list(architecture.nodes)
    names = [name for name in before if name not in order]
    at = min(before.index(name) for name in order)
    arranged = [*names[:at], *order, *names[at:]]
    nodes = {name: architecture.nodes[name] for name in arranged}
    return Architecture(architecture.title, nodes, architecture.classes, architecture.unused, architecture.key)
