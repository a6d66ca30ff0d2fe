"""The field's word for each op: its kind, the title on its card and the attributes worth showing."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from explorer.base.languages import tr, tr_n, tr_noop
from explorer.base.memo import BoundedCache, Token, per_object
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Input, Layer, Method, Output
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
    "hardsigmoid": tr_noop("Hard sigmoid"),
    "tanh": "Tanh",
    "linear": tr_noop("linear (none)"),
}

_OTHER_ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.Softmax: "Softmax",
    nn.SELU: "SELU",
    nn.CELU: "CELU",
    nn.Mish: "Mish",
    nn.Hardtanh: "Hardtanh",
    nn.Softplus: "Softplus",
    nn.LogSoftmax: tr_noop("Log softmax"),
    nn.GLU: "GLU",
    nn.LogSigmoid: tr_noop("Log sigmoid"),
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

#: Layers that put a border around maps.
PADDINGS: tuple[type[nn.Module], ...] = (nn.ZeroPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, nn.ConstantPad2d)

_FUNCTION_KINDS: dict[str, tuple[Kind, str]] = {
    "add": ("add", "+"),
    "sub": ("add", "−"),
    "mul": ("multiply", "×"),
    "truediv": ("multiply", "÷"),
    "cat": ("concat", "⧺"),
    "concat": ("concat", "⧺"),
    "chunk": ("split", tr_noop("Split")),
    "split": ("split", tr_noop("Split")),
    "channel_shuffle": ("shuffle", tr_noop("Channel shuffle")),
    "matmul": ("attention", "MatMul"),
    "bmm": ("attention", "MatMul"),
    "einsum": ("attention", "Einsum"),
    "scaled_dot_product_attention": ("attention", tr_noop("Attention")),
    "shifted_window_attention": ("attention", tr_noop("Window attention")),
    "flatten": ("reshape", tr_noop("Flatten")),
    "view": ("reshape", tr_noop("Reshape")),
    "reshape": ("reshape", tr_noop("Reshape")),
    "permute": ("reshape", tr_noop("Permute")),
    "transpose": ("reshape", tr_noop("Transpose")),
    "contiguous": ("reshape", tr_noop("Contiguous")),
    "unsqueeze": ("reshape", tr_noop("Unsqueeze")),
    "squeeze": ("reshape", tr_noop("Squeeze")),
    "expand": ("reshape", tr_noop("Expand")),
    "getitem": ("reshape", tr_noop("Select")),
    "pad": ("reshape", tr_noop("Pad")),
    "roll": ("reshape", tr_noop("Roll")),
    "swapaxes": ("reshape", tr_noop("Swap axes")),
    "mean": ("pool", tr_noop("Mean")),
    "sum": ("pool", tr_noop("Sum")),
    "amax": ("pool", tr_noop("Maximum")),
    "amin": ("pool", tr_noop("Minimum")),
    "adaptive_avg_pool1d": ("pool", tr_noop("Adaptive avg pool")),
    "adaptive_avg_pool2d": ("pool", tr_noop("Adaptive avg pool")),
    "adaptive_max_pool2d": ("pool", tr_noop("Adaptive max pool")),
    "avg_pool1d": ("pool", tr_noop("Avg pool")),
    "avg_pool2d": ("pool", tr_noop("Avg pool")),
    "max_pool2d": ("pool", tr_noop("Max pool")),
    "boolean_dispatch": ("pool", tr_noop("Max pool")),
    "interpolate": ("pool", tr_noop("Upsample")),
    "dropout": ("dropout", tr_noop("Dropout")),
    "stochastic_depth": ("dropout", tr_noop("Stochastic depth")),
    "softmax": ("activation", tr_noop("Softmax")),
    "conv2d": ("conv", tr_noop("Conv")),
    "linear": ("linear", tr_noop("Linear")),
    "batch_norm": ("norm", "BN"),
    "layer_norm": ("norm", "LayerNorm"),
    "group_norm": ("norm", "GroupNorm"),
    "local_response_norm": ("norm", "LRN"),
    "normalize": ("norm", tr_noop("Normalise")),
}


def kind(node: Node) -> Kind:
    """Return the kind of an op; a convolution with one input channel per group is depthwise."""
    return _describe_cached(node)[0]


def layer_kind(layer: nn.Module) -> Kind:
    """Return the kind of a module that is part of an op."""
    return _describe_layer(layer)[0]


def title(node: Node) -> str:
    """Return the English name of an op, by which code, files and queries know it: "Conv 3×3", "BN", "ReLU6"."""
    return _describe_cached(node)[1]


def label(node: Node) -> str:
    """Return the name of an op as a user reads it on its card: its title in the language of the interface."""
    _, title, template, values = _describe_cached(node)
    return tr(template, **values) if template else title


def attributes(node: Node) -> str:
    """Return the settings worth showing: "32 → 64 · s2 · g32"; empty when there are none. Of an op that is switched
    off, those it had."""
    if isinstance(node.op, Bypass):
        return attributes(node.original) if node.original is not None else ""
    layer = node.layer
    if isinstance(layer, nn.modules.conv._ConvNd):
        grouped = [f"g{layer.groups}"] if layer.groups > 1 else []
        return " · ".join((*_conv_marks(layer, layer.in_channels, layer.out_channels), *grouped))
    if isinstance(layer, nn.Linear):
        return f"{layer.in_features} → {layer.out_features}"
    if isinstance(layer, (*_MAX_POOLS, *_AVG_POOLS)):
        return f"s{_first(layer.stride)}" if _first(layer.stride) > 1 else ""
    if isinstance(layer, nn.Dropout):
        return f"p {layer.p:g}"
    if kind(node) == "shuffle":
        groups = shuffle_groups(node)
        return tr_n("{n} group", "{n} groups", groups)
    return ""


def tower_attributes(node: Node, count: int) -> str:
    """Return the settings of one of `count` equal parts of a convolution's filters, "48 → 128 · s2"; of any other op
    what `attributes` says."""
    layer = node.layer
    if not isinstance(layer, nn.modules.conv._ConvNd):
        return attributes(node)
    parts = 1 if layer.groups == 1 else count
    return " · ".join(_conv_marks(layer, layer.in_channels // parts, layer.out_channels // count))


def _conv_marks(layer: Any, channels_in: int, channels_out: int) -> Iterator[str]:
    yield f"{channels_in} → {channels_out}"
    if max(layer.stride) > 1:
        yield f"s{layer.stride[0]}"
    if max(layer.dilation) > 1:
        yield f"d{layer.dilation[0]}"


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
def _describe_cached(node: Node) -> _Description:
    """Nodes that compute the same share one description, unless it depends on more than their op: the name of a
    constant, and what a bypass stands for."""
    if isinstance(node.op, (Constant, Bypass)):
        return _describe(node)
    return _DESCRIPTIONS.get_or_compute(node.signature, lambda: _describe(node))


class _Description(NamedTuple):
    kind: Kind
    title: str
    template: str = ""  # of the title, as it is translated; empty for names that are the same in all languages
    values: Mapping[str, str] = MappingProxyType({})


_DESCRIPTIONS: BoundedCache[Token, _Description] = BoundedCache(2**13)


def _translatable(kind: Kind, template: str, **values: str) -> _Description:
    return _Description(kind, template.format(**values), template, values)


def _describe(node: Node) -> _Description:
    op = node.op
    if isinstance(op, Layer):
        return _describe_layer(op.module)
    if isinstance(op, (Function, Method)):
        if op.name.startswith("adaptive_") and _pair(node.args[1] if len(node.args) > 1 else 0) == (1, 1):
            return _translatable("pool", _GLOBAL_POOLS["max" in op.name])
        return _describe_function(op.name, op)
    if isinstance(op, Input):
        if op.name:
            return _Description("input", op.name)
        return _translatable("input", tr_noop("Image") if len(op.shape) == 4 else tr_noop("Input"))
    if isinstance(op, Output):
        return _translatable("output", tr_noop("Output"))
    if isinstance(op, Constant):
        return _Description("constant", node.path.rsplit(".", 1)[-1].replace("_", " "))
    assert isinstance(op, Bypass)
    if node.original is None:
        return _translatable("other", tr_noop("Identity"))
    was = _describe_cached(node.original)
    return _translatable("activation", tr_noop("linear")) if was.kind == "activation" else was


def _describe_layer(layer: nn.Module) -> _Description:
    if isinstance(layer, nn.modules.conv._ConvNd):
        k = layer.kernel_size
        size = "×".join(map(str, k)) if len(k) > 1 else f"{k[0]}"
        if layer.transposed:
            return _translatable("conv", tr_noop("Transposed conv {size}"), size=size)
        if layer.groups > 1 and layer.groups == layer.in_channels:
            return _translatable("depthwise", tr_noop("Depthwise {size}"), size=size)
        conv = tr_noop("Group conv {size}") if layer.groups > 1 else tr_noop("Conv {size}")
        return _translatable("conv", conv, size=size)
    if isinstance(layer, nn.Linear):
        return _translatable("linear", tr_noop("Linear"))
    for norm, name in _NORMS.items():
        if isinstance(layer, norm):
            return _Description("norm", name)
    for name, cls in ACTIVATIONS.items():
        if type(layer) is cls and cls is not nn.Identity:
            return _translatable("activation", ACTIVATION_TITLES[name])
    if type(layer) in _OTHER_ACTIVATIONS:
        return _translatable("activation", _OTHER_ACTIVATIONS[type(layer)])
    if isinstance(layer, (*_MAX_POOLS, *_AVG_POOLS)):
        pool = tr_noop("Max pool {size}") if isinstance(layer, _MAX_POOLS) else tr_noop("Avg pool {size}")
        return _translatable("pool", pool, size="×".join(map(str, _sides(layer, layer.kernel_size))))
    if isinstance(layer, (*_ADAPTIVE_MAX_POOLS, *_ADAPTIVE_AVG_POOLS)):
        is_max, out = isinstance(layer, _ADAPTIVE_MAX_POOLS), _sides(layer, layer.output_size)
        if set(out) == {1}:
            return _translatable("pool", _GLOBAL_POOLS[is_max])
        pool = tr_noop("Adaptive max pool {size}") if is_max else tr_noop("Adaptive avg pool {size}")
        return _translatable("pool", pool, size="×".join(map(str, out)))
    if isinstance(layer, (nn.Dropout, nn.Dropout2d, nn.AlphaDropout)):
        return _translatable("dropout", tr_noop("Dropout"))
    if type(layer).__name__ == "StochasticDepth":
        return _translatable("dropout", tr_noop("Stochastic depth"))
    if isinstance(layer, (nn.Flatten, nn.Unflatten)):
        return _translatable("reshape", tr_noop("Flatten") if isinstance(layer, nn.Flatten) else tr_noop("Unflatten"))
    if isinstance(layer, nn.Upsample):
        return _translatable("pool", tr_noop("Upsample"))
    if isinstance(layer, PADDINGS):
        return _translatable("reshape", tr_noop("Pad"))
    if isinstance(layer, nn.ChannelShuffle):
        return _translatable("shuffle", tr_noop("Channel shuffle"))
    if isinstance(layer, nn.MultiheadAttention):
        return _translatable("attention", tr_noop("Attention · {count} heads"), count=str(layer.num_heads))
    if isinstance(layer, nn.Identity):
        return _translatable("other", tr_noop("Identity"))
    return _Description("other", type(layer).__name__)


#: Poolings along one axis, two and three.
_MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_AVG_POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ADAPTIVE_MAX_POOLS = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
_ADAPTIVE_AVG_POOLS = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)

_GLOBAL_POOLS = {False: tr_noop("Global avg pool"), True: tr_noop("Global max pool")}  # by whether it is a maximum


def _describe_function(name: str, op: Function | Method) -> _Description:
    name = name.removesuffix("_")
    if name in _FUNCTION_ACTIVATIONS:
        return _translatable("activation", ACTIVATION_TITLES[_FUNCTION_ACTIVATIONS[name]])
    if isinstance(op, Function) and op.call in (operator.add, torch.add):
        return _Description("add", "+")
    if name == "fn" and isinstance(op, Function) and op.call is F.max_pool2d:
        return _translatable("pool", tr_noop("Max pool"))
    known = _FUNCTION_KINDS.get(name)
    return _Description("other", name.replace("_", " ")) if known is None else _translatable(*known)


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)


def _sides(layer: nn.Module, value: Any) -> tuple[Any, ...]:
    """A setting of a pooling for each of its axes, which the name of torch's class ends with."""
    if isinstance(value, (tuple, list)):
        return tuple(value)
    cls = next(cls for cls in type(layer).__mro__ if cls.__module__ == nn.MaxPool2d.__module__)
    return (value,) * int(cls.__name__[-2])


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, (tuple, list)) else value)
