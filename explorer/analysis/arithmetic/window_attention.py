"""Attention inside windows of a map (Liu et al., "Swin Transformer", ICCV 2021; v2, CVPR 2022), as torchvision computes
it: the map is padded to whole windows and shifted, and tokens that the shift brought together do not see each other."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.analysis.arithmetic.explanation import AttentionMix, Explanation, Numbers, Positions
from explorer.analysis.arithmetic.operands import OpCall
from explorer.analysis.arithmetic.settings import function_name
from explorer.analysis.arithmetic.sums import Explainer
from explorer.graph.arguments import Ref
from explorer.graph.ops import Function

_UNSEEN = -100.0  # added to the scores of tokens that lie apart in the map
_LARGEST_SCALE = np.log(100.0)


@dataclass(frozen=True)
class _Settings:
    """What the op was called with, in float64."""

    weight: Numbers  # of queries, keys and values, (3 · channels, channels)
    bias: Numbers
    project: Numbers
    shift: Numbers  # of the projection
    positions: Numbers  # (heads, tokens, tokens)
    scales: Numbers | None  # of cosine attention, (heads,)
    heads: int


def explain_window_attention(call: OpCall) -> Explainer | None:
    """Explain attention with several heads inside (shifted) windows: the head that adds the most to the number."""
    found = _bind(call) if function_name(call.node) == "shifted_window_attention" else None
    read = call.operand(call.node.args[0].name) if found and isinstance(call.node.args[0], Ref) else None
    if found is None or read is None or read.values.ndim != 4:
        return None
    settings = _settings(found, read.values.shape[3])
    places, apart = _windows(read.values.shape[1:3], found["window_size"], found["shift_size"])

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        number, token = (int(at[0]) for at in np.nonzero(places == index[1] * read.values.shape[2] + index[2]))
        own = places[number]
        tokens = np.zeros((len(own), read.values.shape[3]))
        flat = read.values[index[0]].reshape(-1, read.values.shape[3])
        tokens[own >= 0] = flat[own[own >= 0]]
        scores, values = _attend(tokens, token, settings)
        scores = scores + settings.positions[:, token] + np.where(apart[number] != apart[number, token], _UNSEEN, 0.0)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        weights = powers / powers.sum(1, keepdims=True)
        row = settings.project[index[3]].reshape(settings.heads, -1)
        mixed = np.einsum("hse,he->hs", values, row)
        sums = (weights * mixed).sum(1)
        head = int(np.argmax(np.abs(sums)))
        added = float(settings.shift[index[3]])
        adds = (weights * mixed).sum(0)[own >= 0]
        rows, columns = np.divmod(own[own >= 0], read.values.shape[2])
        same = np.full_like(rows, index[0]), np.full_like(rows, index[3])
        indices = np.stack([same[0], rows, columns, same[1]], axis=1)
        numbers = np.asarray(read.values[tuple(indices.T)], np.float64)
        factors = np.divide(adds, numbers, out=np.zeros_like(adds), where=numbers != 0)
        return AttentionMix(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=float(sums.sum()) + added,
            scale=float(np.abs(weights * mixed).sum()) + abs(added) + 1.0,
            terms=(read.terms(indices, factors),),
            scores=scores[head],
            weights=weights[head],
            mixed=mixed[head],
            head=head,
            mix=float(sums[head]),
            head_sums=sums,
            bias=added,
        )

    return explain


def _bind(call: OpCall) -> dict[str, Any] | None:
    """Return the arguments by name; of tensors their numbers."""
    if not isinstance(call.node.op, Function):
        return None
    args, kwargs = call.node.bind_arguments(call.arguments)
    try:
        bound = inspect.signature(call.node.op.call).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return None
    bound.apply_defaults()
    return {
        name: value.detach().double().cpu().numpy() if hasattr(value, "detach") else value
        for name, value in bound.arguments.items()
    }


def _settings(found: dict[str, Any], channels: int) -> _Settings:
    bias = found["qkv_bias"] if found["qkv_bias"] is not None else np.zeros(3 * channels)
    scales = found.get("logit_scale")
    if scales is not None:
        bias = bias.copy()
        bias[channels : 2 * channels] = 0.0  # cosine attention has no bias of the keys
    shift = found["proj_bias"] if found["proj_bias"] is not None else np.zeros(channels)
    positions = found["relative_position_bias"]
    return _Settings(
        found["qkv_weight"],
        bias,
        found["proj_weight"],
        shift,
        positions.reshape(positions.shape[-3:]),
        None if scales is None else np.exp(np.minimum(scales.reshape(-1), _LARGEST_SCALE)),
        int(found["num_heads"]),
    )


def _attend(tokens: Numbers, token: int, settings: _Settings) -> tuple[Numbers, Numbers]:
    """Scores of one token for all of its window, (heads, tokens), and the values of these, (heads, tokens, width)."""
    made = tokens @ settings.weight.T + settings.bias
    queries, keys, values = (
        part.reshape(len(tokens), settings.heads, -1).swapaxes(0, 1) for part in np.split(made, 3, axis=1)
    )
    asked = queries[:, token]
    if settings.scales is None:
        return np.einsum("he,hse->hs", asked, keys) / np.sqrt(asked.shape[1]), values
    asked = asked / np.maximum(np.linalg.norm(asked, axis=1, keepdims=True), 1e-12)
    keys = keys / np.maximum(np.linalg.norm(keys, axis=2, keepdims=True), 1e-12)
    return np.einsum("he,hse->hs", asked, keys) * settings.scales[:, None], values


def _windows(size: tuple[int, ...], window: list[int], shift: list[int]) -> tuple[Positions, Positions]:
    """Which places of the map are in each window, (windows, tokens), −1 for padding; and in which region of the shifted
    map each lies, where tokens of different regions do not see each other."""
    padded = [-(-side // wide) * wide for side, wide in zip(size, window, strict=True)]
    moved = [0 if wide >= side else by for side, wide, by in zip(padded, window, shift, strict=True)]
    places = np.full(padded, -1, np.int64)
    places[: size[0], : size[1]] = np.arange(size[0] * size[1]).reshape(size)
    places = np.roll(places, (-moved[0], -moved[1]), (0, 1))
    regions = np.zeros(padded, np.int64)
    if sum(moved):
        bands = [
            np.digitize(np.arange(side), [side - wide, side - by])
            for side, wide, by in zip(padded, window, moved, strict=True)
        ]
        regions = bands[0][:, None] * 3 + bands[1][None]
    return _partition(places, window), _partition(regions, window)


def _partition(grid: Positions, window: list[int]) -> Positions:
    high, wide = grid.shape[0] // window[0], grid.shape[1] // window[1]
    parts = grid.reshape(high, window[0], wide, window[1]).swapaxes(1, 2)
    return parts.reshape(high * wide, window[0] * window[1])
