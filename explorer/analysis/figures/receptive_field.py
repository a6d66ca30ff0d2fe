"""Receptive field: the side, in input pixels, of the square one unit of a feature map can see.

Along a path, an op with kernel k, stride s and dilation d turns (field r, jump j) into (r + (k − 1)·d·j, j·s); where
paths meet the largest counts (Araujo et al., "Computing receptive fields of convolutional neural networks", Distill
2019). What looks at the whole map at once (global pooling, flatten, linear layers, attention) sees the whole image;
squeeze-and-excitation gates are such, and as they only scale, the field of the gated map is that of the map itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from explorer.analysis.figures.shape_inference import Measure
from explorer.graph.architecture import Architecture, Input, Node

#: Side of the square that one unit sees, and distance between neighbours, in input pixels. Infinite: everything.
Field = tuple[float, float]

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
    window = measures[node.name].window
    if window is None:
        return _EVERYTHING
    kernel, stride, dilation = window
    return field[0] + (kernel - 1) * dilation * field[1], field[1] * stride
