"""What an op looks at: the window of a convolution or a pooling, or the whole map."""

from __future__ import annotations

from typing import Any

from torch import nn

from explorer.analysis.figures.shape import Shape
from explorer.graph import op_kinds
from explorer.graph.architecture import Bypass, Function, Method, Node

#: (kernel, stride, dilation).
Window = tuple[float, float, float]


def find_window(node: Node, before: Shape | None, after: Shape | None) -> Window | None:
    """Return the window through which an op reads a map of shape `before`; None when it looks at all of it."""
    if isinstance(node.op, Bypass):
        return 1, 1, 1
    kind = op_kinds.kind(node)
    if isinstance(node.layer, nn.Linear) or kind == "attention":
        return _linear(node, before, after)
    if kind == "reshape" and _flattens(node, before, after):
        return None
    return _window(node, before, after)


def _linear(node: Node, before: Shape | None, after: Shape | None) -> Window | None:
    """A linear layer over the last axis of a map with places left to itself (as in ConvNeXt) looks at one place."""
    if isinstance(node.layer, nn.Linear) and before is not None and len(before.dims) == 4:
        return 1, 1, 1
    return None


def _flattens(node: Node, before: Shape | None, after: Shape | None) -> bool:
    return before is not None and after is not None and len(before.dims) == 4 and len(after.dims) < 4


def _window(node: Node, before: Shape | None, after: Shape | None) -> Window | None:
    """(kernel, stride, dilation) of an op over places; None when it looks at all of them."""
    layer = node.layer
    if isinstance(layer, nn.modules.conv._ConvNd):
        stride = 1 / max(layer.stride) if layer.transposed else max(layer.stride)
        return max(layer.kernel_size), stride, max(layer.dilation)
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        dilation = _largest(getattr(layer, "dilation", 1))
        return _largest(layer.kernel_size), _largest(layer.stride), dilation
    if op_kinds.kind(node) == "pool":
        return _pool(node, before, after)
    return 1, 1, 1


def _pool(node: Node, before: Shape | None, after: Shape | None) -> Window | None:
    if isinstance(node.op, (Function, Method)) and node.op.name in (
        "avg_pool2d",
        "max_pool2d",
        "boolean_dispatch",
        "fn",
    ):
        kernel = node.args[1] if len(node.args) > 1 else node.kwargs.get("kernel_size", 1)
        stride = node.args[2] if len(node.args) > 2 else node.kwargs.get("stride")
        return _largest(kernel), _largest(stride or kernel), 1
    if before is None or after is None or len(after.dims) < 4 or max(after.dims[2:]) == 1:
        return None
    side, cells = before.dims[2], after.dims[2]
    stride = max(side // cells, 1)
    return side - (cells - 1) * stride, stride, 1  # an adaptive pool that divides evenly is a plain one


def _largest(value: Any) -> float:
    return float(max(value) if isinstance(value, (tuple, list)) else value)
