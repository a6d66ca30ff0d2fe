"""Squeezes in ops that ONNX has: in torch a side that is not one stays, in ONNX it is an error."""

from __future__ import annotations

import torch
from torch import Tensor, fx

_SQUEEZES = (("call_function", torch.squeeze), ("call_method", "squeeze"))


def write_out_squeezes(module: fx.GraphModule) -> None:
    """Let the squeezes of a traced module name only sides that go."""
    for node in module.graph.nodes:
        if (node.op, node.target) in _SQUEEZES and (len(node.args) > 1 or "dim" in node.kwargs):
            node.op, node.target = "call_function", squeeze_ones
    module.recompile()


def squeeze_ones(input: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """`torch.squeeze` without the dims that are not one."""
    named = {index % input.ndim for index in ([dim] if isinstance(dim, int) else dim)} if input.ndim else set[int]()
    for index in sorted(named, reverse=True):
        if input.shape[index] == 1:
            input = input.squeeze(index)
    return input
