"""Building layers, and the same layer with other settings, without storage.

`reconfigure` copies a layer and gives it other settings and tensors in about 20 µs; building it anew with torch.nn
would initialise weights nobody will read.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.utils import parametrize

from explorer.base.languages import tr
from explorer.base.memo import BoundedCache
from explorer.graph.module_copy import module_key
from explorer.graph.ops import Layer

#: The type of the numbers in layers that are built.
_NEW_DTYPE: ContextVar[torch.dtype] = ContextVar("new_layer_dtype", default=torch.float32)


@contextmanager
def building_as(dtype: torch.dtype) -> Iterator[None]:
    """Build layers with numbers of that type: what is put into a network of half precision has it too."""
    token = _NEW_DTYPE.set(dtype)
    try:
        yield
    finally:
        _NEW_DTYPE.reset(token)


def build_layer(factory: Callable[[], nn.Module]) -> Layer:
    """Return the layer that `factory` builds on the meta device."""
    dtype = _NEW_DTYPE.get()
    with torch.device("meta"):
        module = factory()
    return Layer.from_module(module if dtype is torch.float32 else module.to(dtype))


def build_conv(in_channels: int, out_channels: int, kernel: int | tuple[int, int] = 1, **settings: Any) -> Layer:
    """Return a 2-D convolution; padded so that the map keeps its size at stride 1, unless `padding` says otherwise."""
    sides = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    settings.setdefault("padding", tuple((side - 1) // 2 for side in sides))
    return build_layer(lambda: nn.Conv2d(in_channels, out_channels, sides, **settings))


def build_pointwise(in_channels: int, out_channels: int, axes: int, *, stride: int = 1, bias: bool = True) -> Layer:
    """Return a convolution with a window of one place, on a map (2 axes) or a signal (1)."""
    kind = nn.Conv2d if axes == 2 else nn.Conv1d
    return build_layer(lambda: kind(in_channels, out_channels, 1, stride, bias=bias))


class ComputedWeightsError(ValueError):
    """Raised for a layer whose weights are computed from others, by weight norm or another parametrization: other
    settings would need other weights."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(tr("its weights are computed from others, so its settings cannot be changed"))
        self.layer = layer


def has_computed_weights(module: nn.Module) -> bool:
    """Whether a weight of a layer is computed: by torch's parametrizations, weight norm, spectral norm or pruning."""
    parts = (name.rpartition("_")[0] for name in module._parameters)  # "weight" of weight_g
    return parametrize.is_parametrized(module) or any(part and part in module.__dict__ for part in parts)


def reconfigure(layer: Layer, **changes: Any) -> Layer:
    """The layer with other settings. Convolution: in_channels, out_channels, kernel_size, stride, padding, dilation,
    groups (pairs as tuples), bias (bool). Linear: in_features, out_features, bias. Norms: channels. Anything else is
    set as an attribute.

    Raises ValueError for a convolution whose groups do not divide its channels, and ComputedWeightsError.
    """
    if has_computed_weights(layer.module):
        raise ComputedWeightsError(layer)
    wanted = (layer.key, *sorted(changes.items()))
    return _RECONFIGURED.get_or_compute(wanted, lambda: _reconfigure(layer.module, changes))


#: By layer and settings: like blocks ask for the same, and a slider comes by again.
_RECONFIGURED: BoundedCache[Hashable, Layer] = BoundedCache(4096)


def _reconfigure(module: nn.Module, changes: dict[str, Any]) -> Layer:
    twin = copy.copy(module)
    twin.__dict__.update(_parameters=dict(module._parameters), _buffers=dict(module._buffers))
    if isinstance(module, _ConvNd):
        _set_conv(twin, changes)
    elif isinstance(module, nn.Linear):
        _set_linear(twin, changes)
    elif "channels" in changes:
        _set_channels(twin, changes.pop("channels"))
    twin.__dict__.update(changes)
    return Layer(twin, module_key(twin))


def _set_conv(twin: Any, changes: dict[str, Any]) -> None:
    bias = changes.pop("bias", twin.bias is not None)
    twin.__dict__.update(changes)
    if twin.in_channels % twin.groups or twin.out_channels % twin.groups:
        raise ValueError(f"{twin.groups} groups do not divide {twin.in_channels} and {twin.out_channels} channels")
    if isinstance(twin.padding, tuple):
        twin._reversed_padding_repeated_twice = tuple(side for side in reversed(twin.padding) for _ in range(2))
    fed = twin.in_channels // twin.groups
    lead = (twin.in_channels, twin.out_channels // twin.groups) if twin.transposed else (twin.out_channels, fed)
    dtype = _dtype(twin)
    twin._parameters["weight"] = _parameter((*lead, *twin.kernel_size), dtype)
    twin._parameters["bias"] = _parameter((twin.out_channels,), dtype) if bias else None
    changes.clear()


def _set_linear(twin: Any, changes: dict[str, Any]) -> None:
    bias = changes.pop("bias", twin.bias is not None)
    twin.__dict__.update(changes)
    dtype = _dtype(twin)
    twin._parameters["weight"] = _parameter((twin.out_features, twin.in_features), dtype)
    twin._parameters["bias"] = _parameter((twin.out_features,), dtype) if bias else None
    changes.clear()


#: The setting that holds the number of channels, by class of norm.
_CHANNEL_SETTINGS: tuple[tuple[type[nn.Module], str], ...] = (
    (_BatchNorm, "num_features"),
    (_InstanceNorm, "num_features"),
    (nn.GroupNorm, "num_channels"),
    (nn.PReLU, "num_parameters"),
)


def norm_channels(module: nn.Module) -> int | None:
    """Return the number of channels that a norm (or a PReLU) is for; None when it takes any."""
    if isinstance(module, nn.LayerNorm):
        return int(module.normalized_shape[0]) if len(module.normalized_shape) == 1 else None
    for cls, name in _CHANNEL_SETTINGS:
        if isinstance(module, cls):
            return int(getattr(module, name))
    return None


def _set_channels(twin: Any, count: int) -> None:
    if isinstance(twin, nn.LayerNorm):
        twin.normalized_shape = (count,)
    for cls, name in _CHANNEL_SETTINGS:
        if isinstance(twin, cls):
            twin.__dict__[name] = count
    for held, make in ((twin._parameters, _parameter), (twin._buffers, _buffer)):
        for name, tensor in held.items():
            if tensor is not None and tensor.dim() == 1:
                held[name] = make((count,), tensor.dtype)


def _dtype(module: nn.Module) -> torch.dtype:
    """The type of a layer's numbers, before it gets others."""
    return next((tensor.dtype for tensor in module._parameters.values() if tensor is not None), torch.float32)


def _parameter(shape: tuple[int, ...], dtype: torch.dtype) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape, device="meta", dtype=dtype))


def _buffer(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.empty(shape, device="meta", dtype=dtype)


def is_depthwise(module: nn.Module | None) -> bool:
    """Whether each filter reads one channel alone, so that the layer has no width of its own."""
    return (
        isinstance(module, _ConvNd)
        and not module.transposed
        and module.groups == module.in_channels > 1
        and module.out_channels % module.in_channels == 0
    )
