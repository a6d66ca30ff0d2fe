"""The field's word for each op: its kind, the title on its card and the attributes worth showing."""

from __future__ import annotations

import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from explorer.base.memo import BoundedCache, Token, per_object
from explorer.graph.architecture import Bypass, Constant, Function, Input, Layer, Method, Node, Output
from explorer.viewmodels.diagram import Kind

#: Kinds of the layers that have weights and count as steps of a block; norms go with them.
WEIGHTED: tuple[Kind, ...] = ("conv", "depthwise", "linear")

#: Activations by the name the edits use. Linear is no activation at all.
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
    "sigmoid": nn.Sigmoid,
    "hardsigmoid": nn.Hardsigmoid,
    "tanh": nn.Tanh,
    "linear": nn.Identity,
}
_ACTIVATION_NAMES = {cls: name for name, cls in ACTIVATIONS.items()}

#: How each is written for people.
ACTIVATION_TITLES: dict[str, str] = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "hardswish": "Hardswish",
    "sigmoid": "Sigmoid",
    "hardsigmoid": "Hard sigmoid",
    "tanh": "Tanh",
    "linear": "linear (none)",
}

_OTHER_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.Softmax: "Softmax",
    nn.SELU: "SELU",
    nn.CELU: "CELU",
    nn.Mish: "Mish",
    nn.Hardtanh: "Hardtanh",
    nn.Softplus: "Softplus",
    nn.LogSoftmax: "Log softmax",
    nn.GLU: "GLU",
    nn.LogSigmoid: "Log sigmoid",
    nn.Softsign: "Softsign",
}

_FUNCTION_ACTIVATIONS: dict[str, str] = {
    "relu": "relu",
    "relu6": "relu6",
    "leaky_relu": "leaky_relu",
    "prelu": "prelu",
    "elu": "elu",
    "gelu": "gelu",
    "silu": "silu",
    "hardswish": "hardswish",
    "sigmoid": "sigmoid",
    "hardsigmoid": "hardsigmoid",
    "tanh": "tanh",
}

_NORMS: dict[type[nn.Module], str] = {
    nn.modules.batchnorm._BatchNorm: "BN",
    nn.LayerNorm: "LayerNorm",
    nn.GroupNorm: "GroupNorm",
    nn.modules.instancenorm._InstanceNorm: "InstanceNorm",
    nn.LocalResponseNorm: "LRN",
}

_FUNCTION_KINDS: dict[str, tuple[Kind, str]] = {
    "add": ("add", "+"),
    "sub": ("add", "−"),
    "mul": ("multiply", "×"),
    "truediv": ("multiply", "÷"),
    "cat": ("concat", "⧺"),
    "concat": ("concat", "⧺"),
    "chunk": ("split", "Split"),
    "split": ("split", "Split"),
    "channel_shuffle": ("shuffle", "Channel shuffle"),
    "matmul": ("attention", "MatMul"),
    "bmm": ("attention", "MatMul"),
    "einsum": ("attention", "Einsum"),
    "scaled_dot_product_attention": ("attention", "Attention"),
    "shifted_window_attention": ("attention", "Window attention"),
    "flatten": ("reshape", "Flatten"),
    "view": ("reshape", "Reshape"),
    "reshape": ("reshape", "Reshape"),
    "permute": ("reshape", "Permute"),
    "transpose": ("reshape", "Transpose"),
    "contiguous": ("reshape", "Contiguous"),
    "unsqueeze": ("reshape", "Unsqueeze"),
    "squeeze": ("reshape", "Squeeze"),
    "expand": ("reshape", "Expand"),
    "getitem": ("reshape", "Select"),
    "pad": ("reshape", "Pad"),
    "roll": ("reshape", "Roll"),
    "swapaxes": ("reshape", "Swap axes"),
    "mean": ("pool", "Mean"),
    "sum": ("pool", "Sum"),
    "adaptive_avg_pool2d": ("pool", "Adaptive avg pool"),
    "adaptive_max_pool2d": ("pool", "Adaptive max pool"),
    "avg_pool2d": ("pool", "Avg pool"),
    "max_pool2d": ("pool", "Max pool"),
    "boolean_dispatch": ("pool", "Max pool"),
    "dropout": ("dropout", "Dropout"),
    "stochastic_depth": ("dropout", "Stochastic depth"),
    "softmax": ("activation", "Softmax"),
    "conv2d": ("conv", "Conv"),
    "linear": ("linear", "Linear"),
    "batch_norm": ("norm", "BN"),
    "layer_norm": ("norm", "LayerNorm"),
    "group_norm": ("norm", "GroupNorm"),
    "local_response_norm": ("norm", "LRN"),
    "normalize": ("norm", "Normalise"),
}


def kind(node: Node) -> Kind:
    """Return the kind of an op; a convolution with one input channel per group is depthwise."""
    return _describe_cached(node)[0]


def layer_kind(layer: nn.Module) -> Kind:
    """Return the kind of a module that is part of an op."""
    return _describe_layer(layer)[0]


def title(node: Node) -> str:
    """Return the op as it stands on its card: "Conv 3×3", "BN", "ReLU6"."""
    return _describe_cached(node)[1]


def attributes(node: Node) -> str:
    """Return the settings worth showing: "32 → 64 · s2 · g32"; empty when there are none. Of an op that is switched
    off, those it had."""
    if isinstance(node.op, Bypass):
        return attributes(node.original) if node.original is not None else ""
    layer = node.layer
    if isinstance(layer, nn.modules.conv._ConvNd):
        marks = [f"{layer.in_channels} → {layer.out_channels}"]
        if max(layer.stride) > 1:
            marks.append(f"s{layer.stride[0]}")
        if max(layer.dilation) > 1:
            marks.append(f"d{layer.dilation[0]}")
        if layer.groups > 1:
            marks.append(f"g{layer.groups}")
        return " · ".join(marks)
    if isinstance(layer, nn.Linear):
        return f"{layer.in_features} → {layer.out_features}"
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        return f"s{_first(layer.stride)}" if _first(layer.stride) > 1 else ""
    if isinstance(layer, nn.Dropout):
        return f"p {layer.p:g}"
    if kind(node) == "shuffle":
        groups = shuffle_groups(node)
        return f"{groups} group{'s' * (groups != 1)}"
    return ""


def activation_name(node: Node) -> str | None:
    """Return the key in `ACTIVATIONS` of an activation, or None for any other op.

    A node from which an edit took the activation is still one: "linear".
    """
    if isinstance(node.op, Bypass):
        return "linear" if node.original is not None and activation_name(node.original) else None
    if node.layer is not None:
        if isinstance(node.layer, nn.Identity):
            return "linear" if node.original is not None and activation_name(node.original) else None
        return _ACTIVATION_NAMES.get(type(node.layer))
    if isinstance(node.op, (Function, Method)):
        return _FUNCTION_ACTIVATIONS.get(node.op.name)
    return None


def is_activation(node: Node) -> bool:
    """Whether the op is an activation, one that was switched to linear included."""
    return kind(node) == "activation"


def shuffle_groups(node: Node) -> int:
    """Return the number of groups of a channel shuffle."""
    if isinstance(node.layer, nn.ChannelShuffle):
        return int(node.layer.groups)
    value = node.args[1] if len(node.args) > 1 else node.kwargs.get("groups", 1)
    return value if isinstance(value, int) else 1


@per_object
def _describe_cached(node: Node) -> tuple[Kind, str]:
    """Nodes that compute the same share one description, unless it depends on more than their op: the name of a
    constant, and what a bypass stands for."""
    if isinstance(node.op, (Constant, Bypass)):
        return _describe(node)
    return _DESCRIPTIONS.get_or_compute(node.signature, lambda: _describe(node))


_DESCRIPTIONS: BoundedCache[Token, tuple[Kind, str]] = BoundedCache(2**14)


def _describe(node: Node) -> tuple[Kind, str]:
    op = node.op
    if isinstance(op, Layer):
        return _describe_layer(op.module)
    if isinstance(op, (Function, Method)):
        if op.name.startswith("adaptive_") and _pair(node.args[1] if len(node.args) > 1 else 0) == (1, 1):
            return "pool", f"Global {op.name.split('_')[1]} pool"
        return _describe_function(op.name, op)
    if isinstance(op, Input):
        return "input", op.name or ("Image" if len(op.shape) == 4 else "Input")
    if isinstance(op, Output):
        return "output", "Output"
    if isinstance(op, Constant):
        return "constant", node.path.rsplit(".", 1)[-1].replace("_", " ")
    assert isinstance(op, Bypass)
    if node.original is None:
        return "other", "Identity"
    was_kind, was_title = _describe_cached(node.original)
    if was_kind == "activation":
        return "activation", "linear"
    return was_kind, was_title


def _describe_layer(layer: nn.Module) -> tuple[Kind, str]:
    if isinstance(layer, nn.modules.conv._ConvNd):
        k = layer.kernel_size
        size = "×".join(map(str, k)) if len(k) > 1 else f"{k[0]}"
        if layer.transposed:
            return "conv", f"Transposed conv {size}"
        if layer.groups > 1 and layer.groups == layer.in_channels:
            return "depthwise", f"Depthwise {size}"
        return "conv", f"{'Group conv' if layer.groups > 1 else 'Conv'} {size}"
    if isinstance(layer, nn.Linear):
        return "linear", "Linear"
    for norm, name in _NORMS.items():
        if isinstance(layer, norm):
            return "norm", name
    for name, cls in ACTIVATIONS.items():
        if type(layer) is cls and cls is not nn.Identity:
            return "activation", ACTIVATION_TITLES[name]
    if type(layer) in _OTHER_ACTIVATIONS:
        return "activation", _OTHER_ACTIVATIONS[type(layer)]
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        word = "Max" if isinstance(layer, nn.MaxPool2d) else "Avg"
        k = _pair(layer.kernel_size)
        return "pool", f"{word} pool {k[0]}×{k[1]}"
    if isinstance(layer, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        word = "avg" if isinstance(layer, nn.AdaptiveAvgPool2d) else "max"
        out = _pair(layer.output_size)
        return "pool", f"Global {word} pool" if out == (1, 1) else f"Adaptive {word} pool {out[0]}×{out[1]}"
    if isinstance(layer, (nn.Dropout, nn.Dropout2d, nn.AlphaDropout)):
        return "dropout", "Dropout"
    if type(layer).__name__ == "StochasticDepth":
        return "dropout", "Stochastic depth"
    if isinstance(layer, (nn.Flatten, nn.Unflatten)):
        return "reshape", type(layer).__name__
    if isinstance(layer, nn.ChannelShuffle):
        return "shuffle", "Channel shuffle"
    if isinstance(layer, nn.MultiheadAttention):
        return "attention", f"Attention · {layer.num_heads} heads"
    if isinstance(layer, nn.Identity):
        return "other", "Identity"
    return "other", type(layer).__name__


def _describe_function(name: str, op: Function | Method) -> tuple[Kind, str]:
    name = name.removesuffix("_")
    if name in _FUNCTION_ACTIVATIONS:
        return "activation", ACTIVATION_TITLES[_FUNCTION_ACTIVATIONS[name]]
    if isinstance(op, Function) and op.call in (operator.add, torch.add):
        return "add", "+"
    if name == "fn" and isinstance(op, Function) and op.call is F.max_pool2d:
        return "pool", "Max pool"
    return _FUNCTION_KINDS.get(name, ("other", name.replace("_", " ")))


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)


def _first(value: Any) -> int:
    return int(_pair(value)[0])
