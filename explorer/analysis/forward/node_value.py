"""The value of one node: its op with its weights, run on the values of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from explorer.analysis.example_inputs import input_value
from explorer.graph.call_op import call_op
from explorer.graph.module_copy import copy_module
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Input, Layer
from explorer.weights.weight_source import WeightSource


def compute_node_value(
    node: Node, inputs: Mapping[str, Any], weights: WeightSource, image: torch.Tensor, module: nn.Module | None = None
) -> Any:
    """Run one node on `inputs`: values by name, of the nodes it reads (and of any others).

    `image` is the value of the main input. `module` is its layer with weights, where that is at hand (see
    `with_weights`); else `weights` are asked for them.
    """
    if isinstance(node.op, Layer):
        args, kwargs = node.bind_arguments(inputs)
        return (module or with_weights(node.op.module, weights.tensors(node)))(*args, **kwargs)
    if isinstance(node.op, Input):
        return image if node.op.is_main else input_value(node.op).to(image.device)
    if isinstance(node.op, Constant):
        value = node.op.value if node.op.value is not None else weights.tensors(node)[""]
        return value.to(image.device)
    return call_op(node, *node.bind_arguments(inputs))


def with_weights(module: nn.Module, tensors: Mapping[str, torch.Tensor], prefix: str = "") -> nn.Module:
    """Return a copy of a storage-less module that holds these tensors, by name."""
    parameters: dict[str, nn.Parameter | None] = {}
    for name, like in module._parameters.items():
        parameters[name] = None if like is None else nn.Parameter(tensors[prefix + name], requires_grad=False)
    buffers = {n: None if like is None else tensors.get(prefix + n) for n, like in module._buffers.items()}
    children = {
        name: None if child is None else with_weights(child, tensors, f"{prefix}{name}.")
        for name, child in module._modules.items()
    }
    return copy_module(module, parameters, buffers, children)
