"""Max pooling: the largest number of a window."""

from __future__ import annotations

import numpy as np
from torch import nn

from explorer.analysis.arithmetic.explanation import Explanation, TapWindow, WindowMaximum
from explorer.analysis.arithmetic.operands import OpCall
from explorer.analysis.arithmetic.settings import bind_settings, repeat
from explorer.analysis.arithmetic.sums import Explainer, pooled_axes
from explorer.analysis.arithmetic.window_places import adaptive_window_at, window_at, window_indices


def explain_max_pool(call: OpCall) -> Explainer | None:
    """Explain max pooling over windows; what is padded never wins."""
    axes = pooled_axes(call, "max_pool", (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d))
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    found = bind_settings(call.node, names, {"padding": 0, "dilation": 1}) if axes else None
    if found is None:
        return None
    kernel = repeat(found["kernel_size"], axes)
    stride = repeat(found["stride"], axes) if found["stride"] not in (None, ()) else kernel
    before, dilation = repeat(found["padding"], axes), repeat(found["dilation"], axes)

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        sizes = call.input.values.shape[-axes:]
        return _maximum(call, index, axes, window_at(index[-axes:], sizes, kernel, stride, before, dilation))

    return explain


def explain_adaptive_max_pool(call: OpCall) -> Explainer | None:
    """Explain max pooling to a given size."""
    classes = (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
    axes = pooled_axes(call, "adaptive_max_pool", classes)
    if not axes:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        sizes, outputs = call.input.values.shape[-axes:], call.output.values.shape[-axes:]
        return _maximum(call, index, axes, adaptive_window_at(index[-axes:], sizes, outputs))

    return explain


def _maximum(call: OpCall, index: tuple[int, ...], axes: int, window: TapWindow) -> WindowMaximum:
    inside = window.mask
    indices = window_indices(window, index[: -axes - 1], np.array([index[-axes - 1]]))
    patch = np.full(inside.size, -np.inf)
    patch[inside.ravel()] = call.input.terms(indices[inside.ravel()], np.ones(int(inside.sum()))).values
    winner = int(np.argmax(patch))  # a NaN wins, as in torch
    return WindowMaximum(
        place=call.output.place(index),
        value=float(call.output.values[index]),
        explained=float(patch[winner]),
        terms=(call.input.terms(indices[winner : winner + 1], np.ones(1)),),
        patch=patch.reshape(inside.shape),
        window=window,
        winner=tuple(int(at) for at in np.unravel_index(winner, inside.shape)),
    )
