"""Output shapes of the common layers in closed form: the formulas of torch's documentation.

A rule takes a layer of exactly its class and the dims of a float32 tensor without empty axes, and gives the dims of the
result, or None when anything is out of the ordinary: then the meta device decides, and says what the matter is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import nn
from torchvision.ops import StochasticDepth

Dims = tuple[int, ...]
LayerRule = Callable[[Any, Dims], Dims | None]


def infer_layer_shape(module: nn.Module, dims: Dims) -> Dims | None:
    """Return the output dims of a layer, None when no rule applies (subclass, training mode, hooks, own forward)."""
    rule = _RULES.get(type(module))  # exactly: a subclass may do anything in its forward
    if rule is None or module.training or module._modules or "forward" in module.__dict__:
        return None
    if module._forward_hooks or module._forward_pre_hooks:
        return None
    return rule(module, dims)


def infer_pool(window: tuple[Any, Any, Any, Any], ceil: bool, dims: Dims) -> Dims | None:
    """Return the output dims of a pooling with a window of (kernel, stride, padding, dilation); None when it does not
    fit.

    Source: torch's documentation of MaxPool2d and AvgPool2d.
    """
    kernel, stride, padding, dilation = map(_pair, window)
    if len(dims) != 4 or type(ceil) is not bool or not _all_pairs(kernel, stride, padding, dilation):
        return None
    if 2 * padding[0] > kernel[0] or 2 * padding[1] > kernel[1]:
        return None
    high = _output_size(dims[2], kernel[0], stride[0], padding[0], dilation[0], ceil)
    wide = _output_size(dims[3], kernel[1], stride[1], padding[1], dilation[1], ceil)
    return (*dims[:2], high, wide) if high > 0 and wide > 0 else None


def infer_adaptive_pool(size: Any, dims: Dims) -> Dims | None:
    """Return the output dims of an adaptive pooling to `size`, where None keeps a side."""
    high, wide = _pair(size)
    high, wide = dims[2] if high is None else high, dims[3] if wide is None else wide
    return (*dims[:2], high, wide) if len(dims) == 4 and _all_ints(high, wide) and min(high, wide) > 0 else None


def infer_flatten(start: Any, end: Any, dims: Dims) -> Dims | None:
    """Return the dims with the axes `start` … `end` merged; None when they are not axes of the tensor."""
    rank = len(dims)
    if not _all_ints(start, end) or not -rank <= start < rank or not -rank <= end < rank:
        return None
    start, end = start % rank, end % rank
    return (*dims[:start], prod(dims[start : end + 1]), *dims[end + 1 :]) if start <= end else None


def infer_shuffle(groups: Any, dims: Dims) -> Dims | None:
    """Return the dims, unchanged, when `groups` divide the channels; None otherwise."""
    return dims if len(dims) == 4 and _all_ints(groups) and groups > 1 and dims[1] % groups == 0 else None


def _same(_: nn.Module, dims: Dims) -> Dims:
    return dims


def _out_of_place(module: Any, dims: Dims) -> Dims | None:
    return None if getattr(module, "inplace", False) else dims


def _gelu(module: nn.GELU, dims: Dims) -> Dims | None:
    return dims if module.approximate in ("none", "tanh") else None


def _prelu(module: nn.PReLU, dims: Dims) -> Dims | None:
    slopes = module._parameters["weight"]
    return (
        dims if len(dims) > 1 and (_is_float_of_shape(slopes, (1,)) or _is_float_of_shape(slopes, dims[1:2])) else None
    )


def _dropout(module: Any, dims: Dims) -> Dims | None:
    return dims if 0 <= module.p <= 1 and not getattr(module, "inplace", False) else None


def _stochastic_depth(module: Any, dims: Dims) -> Dims | None:
    return dims if 0 <= module.p <= 1 and module.mode in ("batch", "row") else None


def _conv2d(module: nn.Conv2d, dims: Dims) -> Dims | None:
    weight, groups, padding = module._parameters["weight"], module.groups, module.padding
    if weight is None or module.padding_mode != "zeros" or isinstance(padding, str) or len(dims) != 4:
        return None
    width, fed, *kernel = weight.shape
    if weight.dtype is not torch.float32 or dims[1] != fed * groups or width % groups:
        return None
    high = _output_size(dims[2], kernel[0], module.stride[0], padding[0], module.dilation[0])
    wide = _output_size(dims[3], kernel[1], module.stride[1], padding[1], module.dilation[1])
    if high < 1 or wide < 1 or not _is_none_or_float_of_shape(module._parameters["bias"], (width,)):
        return None
    return (dims[0], width, high, wide) if _all_pairs(module.stride, padding, module.dilation) else None


def _linear(module: nn.Linear, dims: Dims) -> Dims | None:
    weight = module._parameters["weight"]
    if weight is None or weight.dtype is not torch.float32:
        return None
    width, fed = weight.shape
    fits = dims[-1] == fed and _is_none_or_float_of_shape(module._parameters["bias"], (width,))
    return (*dims[:-1], width) if fits else None


def _batch_norm(module: Any, dims: Dims) -> Dims | None:
    count, buffers = dims[1:2], module._buffers
    measured = _is_float_of_shape(buffers["running_mean"], count) and _is_float_of_shape(buffers["running_var"], count)
    return dims if measured and _is_affine_of_shape(module, count) and module.eps >= 0 else None


def _batch_norm_2d(module: nn.BatchNorm2d, dims: Dims) -> Dims | None:
    return _batch_norm(module, dims) if len(dims) == 4 else None


def _batch_norm_1d(module: nn.BatchNorm1d, dims: Dims) -> Dims | None:
    return _batch_norm(module, dims) if len(dims) in (2, 3) else None


def _group_norm(module: nn.GroupNorm, dims: Dims) -> Dims | None:
    groups = module.num_groups
    if len(dims) < 2 or not _all_ints(groups) or groups < 1 or dims[1] % groups:
        return None
    several = prod(dims) > groups  # of one number alone torch takes no mean
    return dims if several and dims[1] == module.num_channels and _is_affine_of_shape(module, dims[1:2]) else None


def _instance_norm(module: nn.InstanceNorm2d, dims: Dims) -> Dims | None:
    if len(dims) != 4 or module.track_running_stats or module._buffers["running_mean"] is not None:
        return None
    return (
        dims
        if prod(dims[2:]) > 1 and dims[1] == module.num_features and _is_affine_of_shape(module, dims[1:2])
        else None
    )


def _layer_norm(module: nn.LayerNorm, dims: Dims) -> Dims | None:
    normed = tuple(module.normalized_shape)
    return dims if normed and dims[-len(normed) :] == normed and _is_affine_of_shape(module, normed) else None


def _max_pool(module: nn.MaxPool2d, dims: Dims) -> Dims | None:
    window = (module.kernel_size, module.stride, module.padding, module.dilation)
    return None if module.return_indices else infer_pool(window, module.ceil_mode, dims)


def _avg_pool(module: nn.AvgPool2d, dims: Dims) -> Dims | None:
    window = (module.kernel_size, module.stride, module.padding, 1)
    return infer_pool(window, module.ceil_mode, dims) if module.divisor_override is None else None


def _adaptive(module: Any, dims: Dims) -> Dims | None:
    return None if getattr(module, "return_indices", False) else infer_adaptive_pool(module.output_size, dims)


def _output_size(side: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool = False) -> int:
    """How many places a window takes along one side; 0 or less where it does not fit or is no window.

    Source: torch's documentation of Conv2d and MaxPool2d. With `ceil`, a last window may hang over the end, but must
    not begin in the padding behind it.
    """
    room = side + 2 * padding - dilation * (kernel - 1) - 1
    if kernel < 1 or stride < 1 or padding < 0 or dilation < 1:
        return 0
    places = (room + (stride - 1 if ceil else 0)) // stride + 1
    return places - 1 if ceil and (places - 1) * stride >= side + padding else places


def _pair(value: Any) -> tuple[Any, Any]:
    if isinstance(value, (tuple, list)):
        first, second = value
        return first, second
    return value, value


def _all_pairs(*pairs: Any) -> bool:
    return all(len(pair) == 2 and type(pair[0]) is int and type(pair[1]) is int for pair in pairs)


def _all_ints(*values: Any) -> bool:
    return all(type(value) is int for value in values)  # True is an int to Python, and no size


def _is_float_of_shape(tensor: torch.Tensor | None, shape: Dims) -> bool:
    return tensor is not None and tensor.shape == shape and tensor.dtype is torch.float32


def _is_none_or_float_of_shape(tensor: torch.Tensor | None, shape: Dims) -> bool:
    return tensor is None or (tensor.shape == shape and tensor.dtype is torch.float32)


def _is_affine_of_shape(module: nn.Module, shape: Dims) -> bool:
    """Are gain and shift, where there are such, of this shape?"""
    held = module._parameters
    return _is_none_or_float_of_shape(held["weight"], shape) and _is_none_or_float_of_shape(held["bias"], shape)


_ELEMENTWISE: tuple[type[nn.Module], ...] = (
    *(nn.ReLU, nn.ReLU6, nn.SiLU, nn.Mish, nn.ELU, nn.CELU, nn.SELU, nn.LeakyReLU, nn.Hardtanh, nn.Threshold),
    *(nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Softplus),
    *(nn.Hardshrink, nn.Softshrink),
)

_RULES: dict[type[nn.Module], LayerRule] = {
    **dict.fromkeys(_ELEMENTWISE, _out_of_place),
    nn.GELU: _gelu,
    nn.PReLU: _prelu,
    nn.Identity: _same,
    nn.Dropout: _dropout,
    StochasticDepth: _stochastic_depth,
    nn.Conv2d: _conv2d,
    nn.Linear: _linear,
    nn.BatchNorm2d: _batch_norm_2d,
    nn.BatchNorm1d: _batch_norm_1d,
    nn.GroupNorm: _group_norm,
    nn.InstanceNorm2d: _instance_norm,
    nn.LayerNorm: _layer_norm,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _avg_pool,
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.AdaptiveMaxPool2d: _adaptive,
    nn.Flatten: lambda module, dims: infer_flatten(module.start_dim, module.end_dim, dims),
    nn.ChannelShuffle: lambda module, dims: infer_shuffle(module.groups, dims),
}
