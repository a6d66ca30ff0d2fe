"""MobileNetV2's last stage or MobileNetV3's: the last 1×1 before the global pooling, or behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.base.languages import tr, tr_noop
from explorer.edits.conv_forms import is_pointwise
from explorer.edits.edit import EditError
from explorer.edits.heads import HEAD_KINDS
from explorer.edits.node_changes import change_node
from explorer.edits.norm_act_style import following_norm_act
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.validation import check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.layers import build_conv, reconfigure
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Layer

#: The orders, and how a sentence says them.
ORDER_TITLES: dict[str, str] = {
    "pool_first": tr_noop("Pooling before the last 1×1"),
    "conv_first": tr_noop("Pooling after the last 1×1"),
}


@register_edit("reorder_last_stage", formerly=("last_stage",), former_classes=("LastStage",))
@dataclass(frozen=True, slots=True)
class ReorderLastStage:
    """Pool before the last 1×1 convolution ("pool_first", MobileNetV3) or after it ("conv_first", MobileNetV2).

    Behind the pooling a linear layer does what a 1×1 does; before it, it becomes one, with the same weights.
    Source: Howard et al., "Searching for MobileNetV3", 2019, §5.1 and fig. 5.
    """

    name: ClassVar[str]
    to: str

    @property
    def at(self) -> str:
        """The head of the network."""
        return "@head"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Pooling before the last 1×1"."""
        return tr(ORDER_TITLES.get(self.to, self.to))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the pooling and the last 1×1 in that order. Raises EditError where there is no 1×1
        beside the global pooling."""
        check_one_of(self.to, ORDER_TITLES, tr("order of the last stage"))
        present = find_last_stage(architecture)
        if present is None:
            raise EditError(tr("{network} has no 1×1 next to its global pooling", network=architecture.shown_title))
        if present.order == self.to:
            return architecture
        if present.flatten:
            first = architecture.nodes[present.pointwise_chain[0]]
            architecture = architecture.with_replaced([change_node(first, op=_as_other_layer(first))])
        pooling = [present.pool, *([present.flatten] if present.flatten else [])]
        runs = (present.pointwise_chain, pooling) if self.to == "pool_first" else (pooling, present.pointwise_chain)
        return propagate(_swap_runs(architecture, *runs))


@dataclass(frozen=True)
class LastStageStructure:
    """The global pooling and the 1×1 beside it."""

    order: str  # a key of `ORDERS`
    pool: str
    flatten: str  # what makes a vector of the pooled map, where the 1×1 reads (or read) that: it moves along
    pointwise_chain: list[str]  # the 1×1 with its norm and activation


def find_last_stage(architecture: Architecture) -> LastStageStructure | None:
    """Find the order of the global pooling and the 1×1 beside it; None where there is none on the way to the output.

    The linear layer that makes the classes does not count: there has to be another behind it.
    """
    pool, behind = _find_global_pooling(architecture)
    if not pool:
        return None
    nodes = architecture.nodes
    if behind and is_pointwise(nodes[behind[0]]):
        chain = [behind[0], *(node.name for node in following_norm_act(architecture, behind[0]))]
        return LastStageStructure("pool_first", pool, "", chain)
    kinds = [op_kinds.kind(nodes[name]) for name in behind]
    if kinds[:3] == ["reshape", "linear", "activation"] and "linear" in kinds[3:]:
        return LastStageStructure("pool_first", pool, behind[0], behind[1:3])
    before = _find_pointwise_before(architecture, pool)
    if not before:
        return None
    was = nodes[before[0]].original
    was_linear = was is not None and isinstance(was.layer, nn.Linear)
    vector = was_linear and kinds[:1] == ["reshape"] and not any(op_kinds.kind(nodes[n]) == "norm" for n in before)
    return LastStageStructure("conv_first", pool, behind[0] if vector else "", before)


def _find_global_pooling(architecture: Architecture) -> tuple[str, list[str]]:
    """The global pooling the (first) output is read from, and what lies between; "" where there is none."""
    behind: list[str] = []
    name = architecture.output.inputs[0] if architecture.output.inputs else ""
    while name and len(architecture.users[name]) == 1:
        node = architecture.nodes[name]
        title = op_kinds.title(node)
        if title == "Global avg pool":
            return name, behind
        if len(set(node.inputs)) != 1 or not (op_kinds.kind(node) in HEAD_KINDS or title == "Identity"):
            break
        behind.insert(0, name)
        name = node.inputs[0]
    return "", []


def _find_pointwise_before(architecture: Architecture, pool: str) -> list[str]:
    """The 1×1 before a pooling, with its norm and activation, when nothing else reads them."""
    nodes = architecture.nodes
    name, found = nodes[pool].inputs[0], list[str]()
    while op_kinds.kind(nodes[name]) in ("norm", "activation"):
        found.insert(0, name)
        name = nodes[name].inputs[0]
    found.insert(0, name)
    alone = all(len(architecture.users[one]) == 1 for one in found)
    return found if alone and is_pointwise(nodes[name]) else []


def _swap_runs(architecture: Architecture, first: list[str], second: list[str]) -> Architecture:
    """Two runs of nodes, one behind the other, in the other order."""
    nodes = architecture.nodes
    enters = nodes[first[0]].inputs[0]
    changed = [rename_inputs(node, {second[-1]: first[-1]}) for node in nodes.values() if second[-1] in node.inputs]
    for name, names in ((second[0], {first[-1]: enters}), (first[0], {enters: second[-1]})):
        changed.append(change_node(nodes[name], args=rename_inputs(nodes[name], names).args))
    return _with_order(architecture.with_replaced(changed), [*second, *first])


def _as_other_layer(node: Node) -> Layer:
    """The linear layer as a 1×1 convolution, or the other way."""
    layer = node.layer
    if isinstance(layer, nn.Linear):
        return build_conv(layer.in_features, layer.out_features, bias=layer.bias is not None)
    assert isinstance(layer, nn.Conv2d)
    assert node.original is not None
    assert isinstance(node.original.op, Layer)
    settings = {"in_features": layer.in_channels, "out_features": layer.out_channels, "bias": layer.bias is not None}
    return reconfigure(node.original.op, **settings)


def _with_order(architecture: Architecture, order: list[str]) -> Architecture:
    """The nodes of a chain in their new order, at the place of its first."""
    before = list(architecture.nodes)
    names = [name for name in before if name not in order]
    at = min(before.index(name) for name in order)
    arranged = [*names[:at], *order, *names[at:]]
    return architecture.with_nodes({name: architecture.nodes[name] for name in arranged})
