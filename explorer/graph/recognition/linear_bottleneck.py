"""The linear bottleneck, found by structure: a 1×1 projection behind a depthwise convolution, with no activation.

Source: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", 2018, §3.2.
"""

from __future__ import annotations

from torch import nn

from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.node import Node


def find_projection(group: Group, architecture: Architecture) -> tuple[str, str | None] | None:
    """Return the linear bottleneck of a block with a depthwise convolution: the last node of its 1×1 projection, and
    the activation an edit put behind it or None. None when the block has no projection that is, or was, linear."""
    nodes = [architecture.nodes[name] for name in group.nodes]
    depthwise = next((at for at, node in enumerate(nodes) if op_kinds.kind(node) == "depthwise"), None)
    if depthwise is None or _activated_after_join(group, architecture):
        return None
    last = next((node for node in reversed(nodes) if _is_pointwise(node)), None)
    if last is None or nodes.index(last) < depthwise:
        return None
    end, follower = last, _only_user(last, architecture)
    if follower is not None and op_kinds.kind(follower) == "norm":
        end, follower = follower, _only_user(follower, architecture)
    if follower is not None and op_kinds.is_activation(follower):
        return (end.name, follower.name) if follower.added else None
    return end.name, None


def _activated_after_join(group: Group, architecture: Architecture) -> bool:
    """Whether an activation follows the addition or concatenation, as in ResNet and ShuffleNet."""
    joins = [n for n in group.nodes if op_kinds.kind(architecture.nodes[n]) in ("add", "concat")]
    return bool(joins) and any(
        op_kinds.is_activation(architecture.nodes[user])
        for user in architecture.users[joins[-1]]
        if user in group.nodes
    )


def _only_user(node: Node, architecture: Architecture) -> Node | None:
    users = architecture.users[node.name]
    return architecture.nodes[users[0]] if len(users) == 1 else None


def _is_pointwise(node: Node) -> bool:
    return isinstance(node.layer, nn.Conv2d) and max(node.layer.kernel_size) == 1
