"""Norms: statistics → normalised → scaled, whatever the numbers are that are normalised together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from explorer.analysis.arithmetic.explanation import (
    Explanation,
    NormalisedValue,
    Numbers,
    ResponseNormalised,
    Terms,
)
from explorer.analysis.arithmetic.operands import OpCall
from explorer.analysis.arithmetic.sums import Explainer

_FindPlace = Callable[[Any, tuple[int, ...]], tuple[Any, ...]]
_MOST_PEERS = 65_536  # that are kept of the numbers normalised together: enough for a histogram


def explain_norm(call: OpCall) -> Explainer | None:
    """Explain batch, instance, layer and group norm. Batch norm takes the statistics it has learnt, the others those of
    the numbers they normalise together."""
    layer: Any = call.node.layer
    if len(call.inputs) != 1 or not isinstance(layer, (*_CHANNEL_NORMS, nn.LayerNorm, nn.GroupNorm)):
        return None
    return _explain_by_peers(call, layer, _peers, _affine_place)


def explain_norm_of_channels(call: OpCall) -> Explainer | None:
    """Explain a layer norm over the channels of each place, with the channels first (Liu et al., "A ConvNet for the
    2020s", CVPR 2022)."""
    layer: Any = call.node.layer
    if len(call.inputs) != 1 or not isinstance(layer, nn.LayerNorm) or call.input.values.ndim < 3:
        return None
    if tuple(layer.normalized_shape) != call.input.values.shape[1:2]:
        return None
    return _explain_by_peers(
        call, layer, lambda _, index: (index[0], slice(None), *index[2:]), lambda _, index: (index[1],)
    )


def _explain_by_peers(call: OpCall, layer: Any, find_peers: _FindPlace, find_affine: _FindPlace) -> Explainer:
    """Explain a norm, told which numbers are normalised together and where the weight of one is."""
    weight, bias = call.parameter("weight"), call.parameter("bias")
    stored = isinstance(layer, _CHANNEL_NORMS)
    mean, variance = (call.parameter(name) if stored else None for name in ("running_mean", "running_var"))

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        peers = find_peers(layer, index)
        values = call.input.values[peers]
        if mean is not None and variance is not None:
            middle, spread = float(mean[index[1]]), float(variance[index[1]])
        else:
            middle, spread = float(values.mean(dtype=np.float64)), float(values.var(dtype=np.float64))
        at = find_affine(layer, index)
        x = float(call.input.values[index])
        scale = 1.0 if weight is None else float(weight[at])
        shift = 0.0 if bias is None else float(bias[at])
        root = float(np.sqrt(spread + layer.eps))
        return NormalisedValue(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=(x - middle) / root * scale + shift,
            scale=(abs(x) + abs(middle)) / root * abs(scale) + abs(shift),
            terms=(Terms.single(call.input.place(index), x, scale / root),),
            x=x,
            mean=middle,
            variance=spread,
            epsilon=float(layer.eps),
            weight=scale,
            bias=shift,
            peers=_thin(values),
            are_stored=mean is not None,
        )

    return explain


def explain_response_norm(call: OpCall) -> Explainer | None:
    """Explain local response normalisation (Krizhevsky et al., NIPS 2012, section 3.3), as torch pads and divides."""
    layer = call.node.layer
    if not isinstance(layer, nn.LocalResponseNorm) or len(call.inputs) != 1:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        first, last = index[1] - layer.size // 2, index[1] + (layer.size - 1) // 2
        channels = np.arange(max(first, 0), min(last + 1, call.input.values.shape[1]))
        indices = np.tile(np.array(index, np.int64), (len(channels), 1))
        indices[:, 1] = channels
        terms = call.input.terms(indices, (channels == index[1]).astype(np.float64))
        x = float(call.input.values[index])
        base = layer.k + layer.alpha * float((terms.values**2).sum()) / layer.size
        return ResponseNormalised(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=x / base**layer.beta,
            scale=abs(x),
            terms=(terms,),
            x=x,
            neighbours=terms.values,
            channels=channels,
            size=layer.size,
            alpha=layer.alpha,
            beta=layer.beta,
            k=layer.k,
        )

    return explain


_CHANNEL_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def _peers(layer: Any, index: tuple[int, ...]) -> tuple[Any, ...]:
    """Which numbers are normalised together with this one: index of an array."""
    if isinstance(layer, nn.modules.batchnorm._BatchNorm):
        return (slice(None), index[1])
    if isinstance(layer, nn.modules.instancenorm._InstanceNorm):
        return (index[0], index[1])
    if isinstance(layer, nn.LayerNorm):
        return index[: len(index) - len(layer.normalized_shape)]
    each = layer.num_channels // layer.num_groups
    first = index[1] // each * each
    return (index[0], slice(first, first + each))


def _affine_place(layer: Any, index: tuple[int, ...]) -> tuple[int, ...]:
    """Where the weight and bias of a number are."""
    return index[-len(layer.normalized_shape) :] if isinstance(layer, nn.LayerNorm) else (index[1],)


def _thin(values: Numbers) -> Numbers:
    flat = np.asarray(values).ravel()
    return flat[:: max(-(-flat.size // _MOST_PEERS), 1)]
