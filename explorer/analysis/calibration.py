"""Seeded random weights, scaled so that the signal keeps a trained network's magnitude.

One pass over the network as opened, on a fixed photo at half resolution, measures by what each batch norm must divide
and the deviation of the logits (data-dependent initialisation: Krähenbühl et al., ICLR 2016; Mishkin & Matas, ICLR
2016). The scales are part of the seeded weights: no edit changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from explorer.analysis.forward.node_value import compute_node_value
from explorer.analysis.sample import load_sample, preprocess
from explorer.graph.architecture import Architecture, Input, Layer, Node, Output
from explorer.weights.seeded import SeededWeights

#: Deviation of the logits: loud enough that the top five differ, quiet enough that they are five.
LOGIT_DEVIATION = 2.0


def build_seeded_weights(
    architecture: Architecture, seed: int = 0, buffers: Mapping[str, torch.Tensor] | None = None
) -> SeededWeights:
    """Return calibrated seeded weights of a network as opened; one object serves all its edited versions.

    Falls back to the full resolution for a network of one input size, and to plain seeded weights where no pass runs.
    """
    plain = SeededWeights(seed, buffers=buffers)
    shape = architecture.input_shape
    if len(shape) != 4:
        return plain
    half = (1, shape[1], *(max(side // 2, 1) for side in shape[2:]))
    for size in (half, (1, *shape[1:])):
        try:
            scales = _measure_scales(architecture, plain, size)
        except Exception:
            continue  # a network that takes one size only
        return SeededWeights(seed, scales, buffers)
    return plain


def _measure_scales(architecture: Architecture, weights: SeededWeights, shape: tuple[int, ...]) -> dict[str, float]:
    image = preprocess(load_sample("astronaut"), shape)
    values: dict[str, Any] = {}
    scales: dict[str, float] = {}
    remaining = {name: len(users) for name, users in architecture.users.items()}
    loudest = find_classifier(architecture)
    with torch.inference_mode():
        for node in architecture.live.values():
            inputs = {name: values[name] for name in node.inputs}
            norm = isinstance(node.layer, nn.modules.batchnorm._BatchNorm)
            known = _with_norm_scale(node, inputs[node.inputs[0]], weights, scales) if norm else weights
            values[node.name] = compute_node_value(node, inputs, known, image)
            if node.name == loudest:
                scales[node.path] = _round_to_three_digits(LOGIT_DEVIATION / max(float(values[node.name].std()), 1e-6))
            for name in node.inputs:
                remaining[name] -= 1
                if not remaining[name]:
                    values.pop(name, None)
    return scales


def _with_norm_scale(
    node: Node, norm_input: torch.Tensor, weights: SeededWeights, scales: dict[str, float]
) -> SeededWeights:
    """The weights with the scale of a batch norm found: by what it must divide what enters it."""
    scales.setdefault(node.path, _round_to_three_digits(max(float(norm_input.square().mean()), 1e-6)))
    return SeededWeights(weights.seed, scales)


def find_classifier(architecture: Architecture) -> str:
    """Return the name of the last weighted layer before the output, "" when something other than reshaping follows
    it."""
    name = architecture.output.inputs[0] if architecture.output.inputs else ""
    while name:
        node = architecture.nodes[name]
        if isinstance(node.op, Layer) and isinstance(node.op.module, (nn.Linear, nn.Conv2d)):
            return name
        if isinstance(node.op, (Input, Output)):
            break
        name = node.inputs[0] if node.inputs else ""
    return ""


def _round_to_three_digits(value: float) -> float:
    """Three digits: the order in which a machine adds up must not show."""
    return float(f"{value:.3g}")
