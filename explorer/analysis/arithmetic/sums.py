"""Weighted sums: convolutions of every kind, linear layers, average pooling, means and sums over axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from explorer.analysis.arithmetic.explanation import (
    Explanation,
    Numbers,
    Positions,
    TapWindow,
    WeightedSum,
)
from explorer.analysis.arithmetic.operands import OpCall, Operand
from explorer.analysis.arithmetic.settings import bind_settings, function_name, repeat
from explorer.analysis.arithmetic.window_places import (
    adaptive_window_at,
    transposed_window_at,
    whole_window,
    window_at,
    window_indices,
)

#: From the index of a number, and the part of the output it is in, to what it is made of.
Explainer = Callable[[tuple[int, ...], int], Explanation]


def explain_convolution(call: OpCall) -> Explainer | None:
    """Explain a convolution of any number of axes: stride, padding, dilation, groups, transposed."""
    layer, weight = call.node.layer, call.parameter("weight")
    if not isinstance(layer, nn.modules.conv._ConvNd) or weight is None or len(call.inputs) != 1:
        return None
    settings: Any = layer
    axes, bias = weight.ndim - 2, call.parameter("bias")
    pads = settings._reversed_padding_repeated_twice[::-1] if not settings.transposed else ()
    before = tuple(pads[1::2]) if pads else settings.padding
    width = settings.in_channels // settings.groups

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        lead, channel, unit = index[: -axes - 1], index[-axes - 1], index[-axes:]
        sizes = call.input.values.shape[-axes:]
        geometry = (unit, sizes, settings.kernel_size, settings.stride, before, settings.dilation)
        if settings.transposed:
            window = transposed_window_at(*geometry)
            group, filter = divmod(channel, settings.out_channels // settings.groups)
            kernel = weight[group * width : (group + 1) * width, filter]
        else:
            window = window_at(*geometry, settings.padding_mode)
            group, kernel = channel // (settings.out_channels // settings.groups), weight[channel]
        channels = np.arange(group * width, (group + 1) * width)
        added = float(bias[channel]) if bias is not None else None
        return weighted_sum(call, index, lead, channels, window, kernel.astype(np.float64), bias=added)

    return explain


def explain_linear(call: OpCall) -> Explainer | None:
    """Explain a linear layer: every number of the last axis by its weight."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    if not isinstance(call.node.layer, nn.Linear) or weight is None or len(call.inputs) != 1:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        channels = np.arange(weight.shape[1])
        indices = np.concatenate([np.tile(index[:-1], (len(channels), 1)), channels[:, None]], axis=1)
        terms = call.input.terms(indices.astype(np.int64), weight[index[-1]])
        added = float(bias[index[-1]]) if bias is not None else None
        return _sum_of(call, index, terms.values, terms.factors, channels, None, (terms,), bias=added)

    return explain


def explain_average_pool(call: OpCall) -> Explainer | None:
    """Explain average pooling over windows; padding may count or not."""
    axes = pooled_axes(call, "avg_pool", (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d))
    names = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
    found = bind_settings(call.node, names, {"padding": 0, "count_include_pad": True}) if axes else None
    if found is None or not axes:
        return None
    kernel = repeat(found["kernel_size"], axes)
    stride = repeat(found["stride"], axes) if found["stride"] not in (None, ()) else kernel
    before = repeat(found["padding"], axes)

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        sizes = call.input.values.shape[-axes:]
        window = window_at(index[-axes:], sizes, kernel, stride, before, (1,) * axes)
        reached = [places < size + pad for places, size, pad in zip(window.positions, sizes, before, strict=True)]
        counted = reached if found["count_include_pad"] else window.is_inside
        count = found["divisor_override"] or int(np.prod([axis.sum() for axis in counted]))
        factors = np.full((1, *kernel), 1 / count)
        return weighted_sum(call, index, index[: -axes - 1], np.array([index[-axes - 1]]), window, factors, True)

    return explain


def explain_adaptive_average_pool(call: OpCall) -> Explainer | None:
    """Explain average pooling to a given size: the mean over windows that may overlap."""
    classes = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
    axes = pooled_axes(call, "adaptive_avg_pool", classes)
    if not axes:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        window = adaptive_window_at(index[-axes:], call.input.values.shape[-axes:], call.output.values.shape[-axes:])
        sizes = tuple(map(len, window.positions))
        factors = np.full((1, *sizes), 1 / np.prod(sizes))
        return weighted_sum(call, index, index[: -axes - 1], np.array([index[-axes - 1]]), window, factors, True)

    return explain


def explain_mean(call: OpCall) -> Explainer | None:
    """Explain a mean or a sum over axes."""
    name = function_name(call.node)
    if name not in ("mean", "sum") or len(call.inputs) != 1:
        return None
    found = bind_settings(call.node, ("dim", "keepdim"), {"keepdim": False})
    if found is None:
        return None
    shape = call.input.values.shape
    chosen = found["dim"] if found["dim"] is not None else tuple(range(len(shape)))
    axes = sorted({int(axis) % len(shape) for axis in (chosen if isinstance(chosen, (tuple, list)) else (chosen,))})
    kept = [axis for axis in range(len(shape)) if axis not in axes]

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        at = [index[axis] for axis in kept] if found["keepdim"] else list(index)
        window = whole_window([np.arange(shape[axis]) for axis in axes])
        grid = np.meshgrid(*window.positions, indexing="ij")
        indices = np.empty((grid[0].size, len(shape)), np.int64)
        indices[:, kept] = at
        indices[:, axes] = np.stack([axis.ravel() for axis in grid], axis=1)
        factors = np.full(len(indices), 1 / len(indices) if name == "mean" else 1.0)
        terms = call.input.terms(indices, factors)
        sizes = (1, *grid[0].shape)
        channel = np.array([at[1] if len(at) > 1 else 0])
        patch, kernel = terms.values.reshape(sizes), factors.reshape(sizes)
        return _sum_of(call, index, patch, kernel, channel, window, (terms,), is_mean=name == "mean")

    return explain


def weighted_sum(
    call: OpCall,
    index: tuple[int, ...],
    lead: tuple[int, ...],
    channels: Positions,
    window: TapWindow,
    kernel: Numbers,
    is_mean: bool = False,
    bias: float | None = None,
) -> WeightedSum:
    """Return Σ patch × kernel + bias of a window over some channels of the input; `kernel` is of the patch's shape."""
    indices = window_indices(window, lead, channels)
    inside = np.broadcast_to(window.mask, kernel.shape).ravel()
    terms = call.input.terms(indices[inside], kernel.ravel()[inside])
    patch = np.zeros(kernel.size)
    patch[inside] = terms.values
    return _sum_of(
        call, index, patch.reshape(kernel.shape), kernel, channels, window, (terms,), is_mean=is_mean, bias=bias
    )


def _sum_of(
    call: OpCall,
    index: tuple[int, ...],
    patch: Numbers,
    kernel: Numbers,
    channels: Positions,
    window: TapWindow | None,
    terms: tuple[Any, ...],
    *,
    is_mean: bool = False,
    is_product: bool = False,
    bias: float | None = None,
) -> WeightedSum:
    products = patch * kernel
    return WeightedSum(
        place=call.output.place(index),
        value=float(call.output.values[index]),
        explained=float(products.sum()) + (bias or 0.0),
        scale=float(np.abs(products).sum()) + abs(bias or 0.0),
        terms=terms,
        patch=patch,
        kernel=kernel,
        channels=channels,
        window=window,
        bias=bias,
        is_mean=is_mean,
        is_product=is_product,
    )


def pooled_axes(call: OpCall, name: str, classes: tuple[type[nn.Module], ...]) -> int:
    """Return over how many axes a layer of these classes (for 1, 2, 3 axes), or the function, pools; 0 for others."""
    if len(call.inputs) != 1:
        return 0
    if call.node.layer is not None:
        return next((axes for axes, cls in enumerate(classes, 1) if isinstance(call.node.layer, cls)), 0)
    written = function_name(call.node)
    return int(written[-2]) if written.startswith(name) and written[-1] == "d" else 0


def explain_matrix_product(call: OpCall) -> Explainer | None:
    """Explain a product of matrices that the network computes both of: row by column."""
    if function_name(call.node) not in ("matmul", "bmm", "mm") or len(call.node.inputs) != 2 or len(call.inputs) > 2:
        return None
    left, right = (call.operand(name) for name in call.node.inputs)
    if left is None or right is None or min(left.values.ndim, right.values.ndim) < 2:
        return None
    one, other = left, right

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        count = np.arange(one.values.shape[-1])
        rows = _matrix_places(one, index[:-2], np.full_like(count, index[-2]), count)
        columns = _matrix_places(other, index[:-2], count, np.full_like(count, index[-1]))
        first = one.terms(rows, other.values[tuple(columns.T)])
        second = other.terms(columns, first.values)
        return _sum_of(call, index, first.values, first.factors, count, None, (first, second), is_product=True)

    return explain


def _matrix_places(operand: Operand, lead: tuple[int, ...], rows: Positions, columns: Positions) -> Positions:
    """Indices in a matrix of a batch that is broadcast along its leading axes."""
    own = operand.values.shape[:-2]
    used = [0 if size == 1 else at for size, at in zip(own, lead[len(lead) - len(own) :], strict=True)]
    return np.stack([*(np.full_like(rows, at) for at in used), rows, columns], axis=1)
