"""Divergence of two class distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch


def probabilities(output: torch.Tensor) -> torch.Tensor:
    """Return the class probabilities of the first image: softmax of logits of shape (batch, classes), as float64."""
    flat = output.reshape(output.shape[0], -1)[0] if output.dim() > 1 else output
    return torch.softmax(flat.double(), dim=0)


def js_divergence(p: torch.Tensor, q: torch.Tensor) -> float:
    """Return the Jensen–Shannon divergence of two distributions over the same classes, in bits: 0 (equal) to 1
    (disjoint).

    Source: Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37(1), 1991. Raises
    ValueError when the two have different numbers of classes.
    """
    if p.shape != q.shape:
        raise ValueError(f"{tuple(p.shape)} and {tuple(q.shape)} are not distributions over the same classes")
    middle = (p + q) / 2
    value = (_kl_divergence(p, middle) + _kl_divergence(q, middle)) / 2
    return min(max(float(value), 0.0), 1.0)


def entropy(p: torch.Tensor) -> float:
    """Return the Shannon entropy of a distribution in bits: 0 when it is sure, log2(classes) when all are equally
    likely."""
    return -float(torch.special.xlogy(p, p).sum()) / math.log(2)


def top_classes(p: torch.Tensor, count: int = 5) -> Sequence[int]:
    """Return the indices of the most likely classes, most likely first."""
    return [int(index) for index in torch.topk(p, min(count, p.numel())).indices]


def _kl_divergence(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    nats: torch.Tensor = torch.special.xlogy(p, p / q).nan_to_num(0.0).sum()
    return nats / math.log(2)
