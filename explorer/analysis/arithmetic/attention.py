"""Attention: scores → weights → mix (Vaswani et al., "Attention is all you need", NIPS 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from explorer.analysis.arithmetic.explanation import AttentionMix, Explanation, Numbers, Terms
from explorer.analysis.arithmetic.operands import OpCall, Operand
from explorer.analysis.arithmetic.settings import function_name
from explorer.analysis.arithmetic.sums import Explainer
from explorer.graph.arguments import Ref


def explain_multihead_attention(call: OpCall) -> Explainer | None:
    """Explain a layer of attention with several heads over one sequence: the head that adds the most to the number, and
    what each head adds through the projection after it."""
    layer: Any = call.node.layer
    if not isinstance(layer, nn.MultiheadAttention) or len(call.inputs) != 1 or layer.in_proj_weight is None:
        return None
    if call.node.kwargs.get("attn_mask") is not None or call.node.kwargs.get("key_padding_mask") is not None:
        return None
    if layer.bias_k is not None or layer.add_zero_attn or call.input.values.ndim != 3:
        return None
    tokens = call.input.values.astype(np.float64)
    tokens = tokens if layer.batch_first else tokens.swapaxes(0, 1)
    weight, bias = call.parameter("in_proj_weight"), call.parameter("in_proj_bias")
    project, shift = call.parameter("out_proj.weight"), call.parameter("out_proj.bias")
    assert weight is not None
    assert project is not None
    added = shift if shift is not None else np.zeros(len(project))
    queries, keys, values = np.split(
        tokens @ weight.T.astype(np.float64) + (bias if bias is not None else 0.0), 3, axis=2
    )
    heads, each = layer.num_heads, layer.head_dim

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        batch, token = (index[0], index[1]) if layer.batch_first else (index[1], index[0])
        asked = queries[batch, token].reshape(heads, each)
        scores = np.einsum("he,she->hs", asked, keys[batch].reshape(-1, heads, each)) / np.sqrt(each)
        weights = _softmax(scores)
        row = project[index[2]].astype(np.float64).reshape(heads, each)
        mixed = np.einsum("she,he->hs", values[batch].reshape(-1, heads, each), row)
        sums = (weights * mixed).sum(1)
        head = int(np.argmax(np.abs(sums)))
        return AttentionMix(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=float(sums.sum() + added[index[2]]),
            scale=float(np.abs(weights * mixed).sum() + np.abs(added[index[2]])) + 1.0,
            terms=_token_terms(call.input, index, weights, mixed, layer.batch_first),
            scores=scores[head],
            weights=weights[head],
            mixed=mixed[head],
            head=head,
            mix=float(sums[head]),
            head_sums=sums,
            bias=float(added[index[2]]),
        )

    return explain


def explain_dot_product_attention(call: OpCall) -> Explainer | None:
    """Explain scaled dot-product attention of queries, keys and values that the network computes."""
    if function_name(call.node) != "scaled_dot_product_attention" or len(call.node.args) < 3:
        return None
    rest = [*call.node.args[3:], *call.node.kwargs.values()]
    operands = [call.operand(arg.name) for arg in call.node.args[:3] if isinstance(arg, Ref)]
    if any(value not in (None, 0, 0.0, False) for value in rest) or len(operands) != 3 or None in operands:
        return None
    query, key, value = (operand for operand in operands if operand is not None)
    if not query.values.shape[:-2] == key.values.shape[:-2] == value.values.shape[:-2]:
        return None

    def explain(index: tuple[int, ...], part: int = 0) -> Explanation:
        lead = index[:-2]
        width = query.values.shape[-1]
        scores = key.values[lead].astype(np.float64) @ query.values[index[:-1]] / np.sqrt(width)
        weights = _softmax(scores)
        mixed = value.values[lead][:, index[-1]].astype(np.float64)
        count = np.arange(len(weights))
        indices = np.stack([*(np.full_like(count, at) for at in lead), count, np.full_like(count, index[-1])], axis=1)
        return AttentionMix(
            place=call.output.place(index),
            value=float(call.output.values[index]),
            explained=float(weights @ mixed),
            scale=float(np.abs(weights * mixed).sum()),
            terms=(value.terms(indices, weights),),
            scores=scores,
            weights=weights,
            mixed=mixed,
            head=lead[-1] if lead else 0,
            mix=float(weights @ mixed),
            head_sums=np.empty(0),
        )

    return explain


def _token_terms(
    read: Operand, index: tuple[int, ...], weights: Numbers, mixed: Numbers, batch_first: bool
) -> tuple[Terms, ...]:
    """The same channel of every token, by what the token adds through all heads: attention mixes whole tokens."""
    adds = (weights * mixed).sum(0)
    count = np.arange(len(adds))
    own = np.full_like(count, index[0] if batch_first else index[1])
    axes = (own, count) if batch_first else (count, own)
    indices = np.stack([*axes, np.full_like(count, index[2])], axis=1)
    values = np.asarray(read.values[tuple(indices.T)], np.float64)
    factors = np.divide(adds, values, out=np.zeros_like(adds), where=values != 0)
    return (Terms(read.node, indices, values, factors, read.part),)


def _softmax(scores: Numbers) -> Numbers:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    found: Numbers = powers / powers.sum(-1, keepdims=True)
    return found
