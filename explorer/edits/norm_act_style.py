"""The norm and activation that follow convolutions, so that new ones are followed by what those around them are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from explorer.base.memo import bounded
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer, norm_channels, reconfigure
from explorer.graph.node import Node
from explorer.graph.op_kinds import ACTIVATIONS
from explorer.graph.ops import Layer


@dataclass(frozen=True, slots=True)
class NormActStyle:
    """The norm and activation behind a convolution; None where there is none."""

    norm: Layer | None
    activation: Layer | None


def following_norm_act(architecture: Architecture, name: str) -> list[Node]:
    """The norm and activation that read a node's value and nothing else does, in order."""
    found: list[Node] = []
    while True:
        users = architecture.users[name]
        node = architecture.nodes[users[0]] if len(users) == 1 else None
        wanted = ("norm", "activation") if not found else ("activation",)
        if node is None or op_kinds.kind(node) not in wanted or len(node.inputs) != 1:
            return found
        found.append(node)
        if op_kinds.kind(node) == "activation":
            return found
        name = node.name


def find_style(architecture: Architecture, name: str) -> NormActStyle:
    """Find how the convolution `name` is followed; what is not there is None."""
    norm: Layer | None = None
    activation: Layer | None = None
    for node in following_norm_act(architecture, name):
        if op_kinds.kind(node) == "norm" and isinstance(node.op, Layer):
            norm = node.op
        elif op_kinds.activation_name(node) not in (None, "linear"):
            activation = activation_layer(str(op_kinds.activation_name(node)))
    return NormActStyle(norm, activation)


def most_common_style(architecture: Architecture) -> NormActStyle:
    """The commonest norm and activation of the network."""
    norms: dict[object, list[Layer]] = {}
    names: dict[str, int] = {}
    for node in architecture.live.values():
        if op_kinds.kind(node) == "norm" and isinstance(node.op, Layer):
            norms.setdefault(type(node.op.module), []).append(node.op)
        name = op_kinds.activation_name(node)
        if name not in (None, "linear", "sigmoid"):
            names[str(name)] = names.get(str(name), 0) + 1
    norm = max(norms.values(), key=len)[0] if norms else None
    return NormActStyle(norm, activation_layer(max(names, key=lambda n: names[n]) if names else "relu"))


@bounded(64)
def activation_layer(name: str) -> Layer:
    """An activation (a key of `ACTIVATIONS`). One serves all places: it is never mutated, and weights go by path."""
    return build_layer(ACTIVATIONS[name])


#: What the names of the norm and the activation behind a new layer end with.
NORM_ACT_SUFFIXES = ("_norm", "_activation")


def build_conv_norm_act(
    base: str, op: Layer, source: str, width: int, style: NormActStyle, scope: tuple[str, ...]
) -> list[Node]:
    """A new layer with its norm and activation, as nodes: `base`, `base_norm`, `base_activation`; not inside it: a
    layer with weights has no modules of its own in it."""
    nodes = [Node(base, op, (Ref(source),), scope=scope, path=base, added=True)]
    if style.norm is not None:
        norm = style.norm
        if norm_channels(norm.module) is not None:
            norm = reconfigure(norm, channels=width, **_divisible_groups(norm.module, width))
        path = f"{base}_norm"
        nodes.append(Node(path, norm, (Ref(nodes[-1].name),), scope=scope, path=path, added=True, identity_init=True))
    if style.activation is not None:
        path = f"{base}_activation"
        nodes.append(Node(path, style.activation, (Ref(nodes[-1].name),), scope=scope, path=path, added=True))
    return nodes


def _divisible_groups(norm: nn.Module, width: int) -> dict[str, int]:
    if isinstance(norm, nn.GroupNorm) and width % norm.num_groups:
        return {"num_groups": 1}
    return {}
