"""A node with another op that remembers the one it had when the network was opened."""

from __future__ import annotations

from typing import Any

from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Layer


def change_node(node: Node, **changes: Any) -> Node:
    """Return a node with another op or arguments that remembers the one as opened: that one where nothing differs, in
    the block that was made around it since."""
    origin = None if node.added else (node.original or node)
    new = node.replace(**changes, original=origin)
    if origin is None or isinstance(new.op, Bypass) or new.signature != origin.signature:
        return new
    same = (new.args, new.kwargs, new.path) == (origin.args, origin.kwargs, origin.path)
    if not same:
        return new
    if new.own_blocks == origin.own_blocks:
        return origin
    return origin.replace(scope=new.scope, home=new.home, own_blocks=new.own_blocks)


def restore_node(node: Node) -> Node:
    """Return a replaced node with the op it had when the network was opened, reading its present input."""
    origin = node.original or node
    args = (*node.args[:1], *origin.args[1:])
    return change_node(
        node, op=origin.op, args=args, kwargs=origin.kwargs, path=origin.path, identity_init=origin.identity_init
    )


def layer_op(node: Node) -> Layer:
    """Return the op of a node that is known to be a layer."""
    assert isinstance(node.op, Layer)
    return node.op
