"""Poolings: layers and functions, with a window or over the whole map, read and written in the same terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import nn

from explorer.analysis.figures.windows import as_pair
from explorer.edits.node_changes import change_node, restore_node
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer, reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Function, Layer


def find_pooling(node: Node) -> tuple[str, dict[str, Any]] | None:
    """("max" or "average", settings) of a pooling with a window, or of a global one; None for anything else, among it a
    max pooling that also gives where the maxima were: what reads those places needs it as it is."""
    layer = node.layer
    if getattr(layer, "return_indices", False):
        return None
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        kind = "max" if isinstance(layer, nn.MaxPool2d) else "average"
        stride = layer.stride if layer.stride is not None else layer.kernel_size
        return kind, {
            "kernel_size": layer.kernel_size,
            "stride": stride,
            "padding": layer.padding,
            "ceil_mode": layer.ceil_mode,
        }
    if isinstance(layer, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        return "max" if isinstance(layer, nn.AdaptiveMaxPool2d) else "average", {"output_size": layer.output_size}
    if isinstance(node.op, Function) and node.op.call in _POOLING_FUNCTIONS:
        kind, names = _POOLING_FUNCTIONS[node.op.call]
        if len(set(node.inputs)) > 1:  # a window that the code computes from a size is not a setting
            return None
        settings = dict(zip(names, node.args[1:], strict=False)) | {k: v for k, v in node.kwargs.items() if k in names}
        if settings.pop("return_indices", False):
            return None
        settings.pop("dilation", None)
        settings.pop("count_include_pad", None)
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
        if "kernel_size" in settings:
            settings = {"padding": 0, "ceil_mode": False} | settings
            settings["stride"] = settings.get("stride") or settings["kernel_size"]
        return kind, settings
    return None


_WINDOW = ("kernel_size", "stride", "padding")
_POOLING_FUNCTIONS: dict[Any, tuple[str, tuple[str, ...]]] = {
    F.max_pool2d: ("max", (*_WINDOW, "dilation", "ceil_mode", "return_indices")),
    F.avg_pool2d: ("average", (*_WINDOW, "ceil_mode", "count_include_pad")),
    F.adaptive_avg_pool2d: ("average", ("output_size",)),
    F.adaptive_max_pool2d: ("max", ("output_size",)),
}


def is_windowed_pooling(node: Node) -> bool:
    """Does it pool with a window of its own, not the whole map at once?"""
    found = find_pooling(node)
    return found is not None and "kernel_size" in found[1]


def with_unit_stride(node: Node) -> Node:
    """The pooling with stride 1, padded so that the map keeps its size (windows of odd side)."""
    kind, settings = require_pooling(node)
    change = {"stride": 1, "padding": tuple(side // 2 for side in as_pair(settings["kernel_size"]))}
    if isinstance(node.op, Layer):  # with all that no edit speaks of: what it counts at the border, its dilation
        return node.replace(op=reconfigure(node.op, **change))
    return with_pooling(node, kind, settings | change)


def with_pooling(node: Node, kind: str, settings: dict[str, Any]) -> Node:
    """The node as a layer that pools so, in the terms of `pooling_of`; as it was where that is what it was."""
    windowed = "kernel_size" in settings
    cls: Callable[..., nn.Module]
    if kind == "max":
        cls = nn.MaxPool2d if windowed else nn.AdaptiveMaxPool2d
    else:
        cls = nn.AvgPool2d if windowed else nn.AdaptiveAvgPool2d
    origin = node.original or node
    if origin is not node and find_pooling(origin) == (kind, settings):
        return restore_node(node)
    return change_node(
        node, op=build_layer(lambda: cls(**settings)), args=(Ref(node.inputs[0]),), kwargs={}, path=node.name
    )


def require_pooling(node: Node) -> tuple[str, dict[str, Any]]:
    """As `pooling_of`, for a node that is known to pool."""
    found = find_pooling(node)
    assert found is not None
    return found
