"""Receptive field: the side, in input pixels, of the square one unit of a feature map can see.

Along a path, an op with kernel k, stride s and dilation d turns (field r, jump j) into (r + (k − 1)·d·j, j·s); where
paths meet the largest counts (Araujo et al., "Computing receptive fields of convolutional neural networks", Distill
2019). What looks at the whole map at once (global pooling, flatten, linear layers, attention) sees the whole image;
squeeze-and-excitation gates are such, and as they only scale, the field of the gated map is that of the map itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import nn

from explorer.analysis.figures.shape_inference import Measure
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture, Function, Input, Method, Node

#: Side of the square that one unit sees, and distance between neighbours, in input pixels. Infinite: everything.
Field = tuple[float, float]

#: (kernel, stride, dilation).
_Window = tuple[float, float, float]

_EVERYTHING: Field = (math.inf, math.inf)


def compute_receptive_fields(architecture: Architecture, measures: Mapping[str, Measure]) -> dict[str, float]:
    """Side of the receptive field of every live node, in input pixels; infinite where it sees the whole image."""
    fields: dict[str, Field] = {}
    for node in architecture.live.values():
        fields[node.name] = _field(node, [fields[name] for name in node.inputs], measures)
    return {name: field[0] for name, field in fields.items()}


def network_receptive_field(fields: Mapping[str, float]) -> float:
    """The field of the network: that of its last feature map before everything is pooled or flattened."""
    finite = [field for field in fields.values() if math.isfinite(field)]
    return max(finite, default=math.inf)


def _field(node: Node, inputs: list[Field], measures: Mapping[str, Measure]) -> Field:
    if isinstance(node.op, Input):
        return (1.0, 1.0)
    if not inputs:
        return (1.0, 0.0)  # a constant sees nothing; a jump of 0 marks it as no map
    local = [field for field in inputs if math.isfinite(field[0]) and field[1] > 0]
    if not local:
        return inputs[0] if all(field[1] == 0 for field in inputs) else _EVERYTHING
    field = max(local)
    window = _reach(node, measures)
    if window is None:
        return _EVERYTHING
    kernel, stride, dilation = window
    return field[0] + (kernel - 1) * dilation * field[1], field[1] * stride


def _reach(node: Node, measures: Mapping[str, Measure]) -> _Window | None:
    """What an op looks at: a window, or (None) everything. Kept with the node for the shapes it was asked for."""
    measure = measures[node.name]
    known: tuple[Measure, _Window | None] | None = node.__dict__.get("_reach")
    if known is None or known[0] is not measure:
        known = node.__dict__["_reach"] = (measure, _found_reach(node, measures))
    return known[1]


def _found_reach(node: Node, measures: Mapping[str, Measure]) -> _Window | None:
    kind = op_kinds.kind(node)
    if isinstance(node.layer, nn.Linear) or kind == "attention":
        return _linear(node, measures)
    if kind == "reshape" and _flattens(node, measures):
        return None
    return _window(node, measures)


def _linear(node: Node, measures: Mapping[str, Measure]) -> _Window | None:
    """A linear layer over the last axis of a map with places left to itself (as in ConvNeXt) looks at one place."""
    shape = measures[node.inputs[0]].shape
    if isinstance(node.layer, nn.Linear) and shape is not None and len(shape.dims) == 4:
        return 1, 1, 1
    return None


def _flattens(node: Node, measures: Mapping[str, Measure]) -> bool:
    before, after = measures[node.inputs[0]].shape, measures[node.name].shape
    return before is not None and after is not None and len(before.dims) == 4 and len(after.dims) < 4


def _window(node: Node, measures: Mapping[str, Measure]) -> _Window | None:
    """(kernel, stride, dilation) of an op over places; None when it looks at all of them."""
    layer = node.layer
    if isinstance(layer, nn.modules.conv._ConvNd):
        stride = 1 / max(layer.stride) if layer.transposed else max(layer.stride)
        return max(layer.kernel_size), stride, max(layer.dilation)
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        dilation = _largest(getattr(layer, "dilation", 1))
        return _largest(layer.kernel_size), _largest(layer.stride), dilation
    if op_kinds.kind(node) == "pool":
        return _pool(node, measures)
    return 1, 1, 1


def _pool(node: Node, measures: Mapping[str, Measure]) -> _Window | None:
    before, after = measures[node.inputs[0]].shape, measures[node.name].shape
    if isinstance(node.op, (Function, Method)) and node.op.name in (
        "avg_pool2d",
        "max_pool2d",
        "boolean_dispatch",
        "fn",
    ):
        kernel = node.args[1] if len(node.args) > 1 else node.kwargs.get("kernel_size", 1)
        stride = node.args[2] if len(node.args) > 2 else node.kwargs.get("stride") or kernel
        return _largest(kernel), _largest(stride), 1
    if before is None or after is None or len(after.dims) < 4 or max(after.dims[2:]) == 1:
        return None
    side, cells = before.dims[2], after.dims[2]
    stride = max(side // cells, 1)
    return side - (cells - 1) * stride, stride, 1  # an adaptive pool that divides evenly is a plain one


def _largest(value: Any) -> float:
    return float(max(value) if isinstance(value, (tuple, list)) else value)
