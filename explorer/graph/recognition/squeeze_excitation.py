"""Squeeze-and-excitation, found by structure: a map times what two layers and a sigmoid made of that map, pooled.

Source: Hu et al., "Squeeze-and-excitation networks", 2017, fig. 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant


@dataclass(frozen=True, slots=True)
class Gate:
    """A product that weighs the channels of a map, by the names of the nodes."""

    product: str
    scale: str  # what the map is multiplied with
    feature_map: str  # the map
    layers: tuple[str, str]  # the one that squeezes, and the one that widens again


def find_gate(product: Node, architecture: Architecture) -> Gate | None:
    """Return the gate that this product applies (or applied, when an edit switched it off), or None."""
    product = product.original if isinstance(product.op, Bypass) and product.original is not None else product
    if op_kinds.kind(product) != "multiply" or len(product.inputs) != 2:
        return None
    for squashed, weighed in (product.inputs, product.inputs[::-1]):
        layers = _find_squeeze_layers(squashed, weighed, architecture)
        if len(layers) == 2:
            return Gate(product.name, squashed, weighed, (layers[1], layers[0]))
    return None


def find_gates(nodes: Iterable[Node], architecture: Architecture) -> list[Gate]:
    """Return the gates in force among these nodes."""
    found = (
        find_gate(n, architecture) for n in nodes if op_kinds.kind(n) == "multiply" and not isinstance(n.op, Bypass)
    )
    return [known for known in found if known is not None]


def is_gate_module(group: Group, architecture: Architecture) -> bool:
    """Whether this module is a gate and nothing else: it ends in the product and holds only what leads to it."""
    nodes = [architecture.nodes[name] for name in group.nodes]
    weighted = {node.name for node in nodes if op_kinds.kind(node) in op_kinds.WEIGHTED}
    if len(weighted) != 2 or not any(op_kinds.kind(node) == "multiply" for node in nodes):
        return False
    known = find_gate(nodes[-1], architecture)
    return known is not None and weighted == set(known.layers) and known.feature_map not in group.nodes


def feeds_gate(node: Node, architecture: Architecture) -> bool:
    """Whether this activation is the gate of a product, and does not make the map that is weighed."""
    products = [user for name in architecture.users[node.name] if _is_product(user := architecture.nodes[name])]
    known = [find_gate(product, architecture) for product in products]
    return any(found is None or found.feature_map != node.name for found in known)


def _is_product(node: Node) -> bool:
    return op_kinds.kind(node) == "multiply"


def _find_squeeze_layers(squashed: str, weighed: str, architecture: Architecture) -> list[str]:
    """Return the layers between a gate and the pooling of the map it weighs, last first; empty when it is no gate."""
    layers: list[str] = []
    bent = False  # past the sigmoid
    name = squashed
    while name != weighed:
        node = architecture.nodes[name]
        kind = op_kinds.kind(node)
        reads = [read for read in node.inputs if not isinstance(architecture.nodes[read].op, Constant)]
        if not reads or (len(reads) > 1 and kind != "reshape"):  # a reshape may read sizes too
            return []
        if kind == "pool":
            return layers if bent and _is_spatial_pool(node) and _is_same_map(reads[0], weighed, architecture) else []
        if kind == "activation":
            if not bent and not _is_sigmoid(node):
                return []
            bent = True
        elif kind in ("conv", "linear") and bent:
            if max(getattr(node.layer, "kernel_size", (1,))) > 1:  # it looks at neighbours, as ECA's, and not at all
                return []
            layers.append(name)
        elif kind not in ("reshape", "norm", "dropout"):
            return []
        name = reads[0]
    return []


def _is_same_map(name: str, weighed: str, architecture: Architecture) -> bool:
    """Whether this is the weighed map, reshaped or not."""
    while name != weighed and op_kinds.kind(architecture.nodes[name]) == "reshape":
        name = architecture.nodes[name].inputs[0]
    return name == weighed


def _is_spatial_pool(pool: Node) -> bool:
    """Whether it pools over height and width, to one number per channel, and not over channels."""
    if op_kinds.title(pool) not in ("Mean", "Sum"):
        return True
    over = pool.args[1] if len(pool.args) > 1 else pool.kwargs.get("dim")
    axes = set(over) if isinstance(over, (tuple, list)) else {over}
    return axes <= {2, 3, -1, -2}


def _is_sigmoid(node: Node) -> bool:
    """Whether it is a sigmoid, or was one before an edit."""
    original = node.original if node.original is not None and op_kinds.kind(node.original) == "activation" else node
    return op_kinds.title(original) in ("Sigmoid", "Hard sigmoid")
