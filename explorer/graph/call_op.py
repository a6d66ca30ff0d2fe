"""Running one op: how each kind of op is called."""

from __future__ import annotations

from typing import Any

import torch

from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Input, Layer, Method, Output


def call_op(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the value of a node for these arguments. Inputs and constants give tensors on the meta device."""
    op = node.op
    if isinstance(op, Layer):
        return op.module(*args, **kwargs)
    if isinstance(op, Function):
        return op.call(*args, **kwargs)
    if isinstance(op, Method):
        return getattr(args[0], op.name)(*args[1:], **kwargs)
    if isinstance(op, Input):
        return torch.empty(op.shape, dtype=op.dtype, device="meta")
    if isinstance(op, Constant):
        return op.tensor
    assert isinstance(op, (Output, Bypass))
    return args[0]
