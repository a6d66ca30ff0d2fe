"""Memory inside ops of several steps: counted as if the steps were written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from explorer.graph.call_op import call_op
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry, instantiate
from tests.conftest import KEYS


class ResponseNorm(nn.Module):
    """torch's local_response_norm, step by step."""

    def __init__(self, like: nn.LocalResponseNorm) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = like.size, like.alpha, like.beta, like.k

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        squares = F.pad((x * x).unsqueeze(1), (0, 0, 0, 0, self.size // 2, (self.size - 1) // 2))
        means = F.avg_pool3d(squares, (self.size, 1, 1), stride=1).squeeze(1)
        return x / torch.pow(means * self.alpha + self.k, self.beta)


class Attention(nn.Module):
    """Attention of a vision transformer, step by step: scores are scaled as torch does, on queries and keys."""

    def __init__(self, like: nn.MultiheadAttention) -> None:
        super().__init__()
        self.dims = (like.num_heads, like.embed_dim // like.num_heads)
        self.project = nn.Linear(like.embed_dim, 3 * like.embed_dim)
        self.out = nn.Linear(like.embed_dim, like.embed_dim)

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, self.dims).transpose(1, 2)

    def forward(self, query: torch.Tensor, key: Any = None, value: Any = None, need_weights: bool = False) -> Any:
        queries, keys, values = self.project(query).chunk(3, -1)
        scale = self.dims[1] ** -0.25
        scores = torch.softmax((self.split(queries) * scale) @ (self.split(keys) * scale).transpose(2, 3), -1)
        return self.out((scores @ self.split(values)).transpose(1, 2).flatten(2)), None


_WRITTEN: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
    nn.LocalResponseNorm: ResponseNorm,
    nn.MultiheadAttention: Attention,
}


@pytest.mark.parametrize("key", ["alexnet_2012", "googlenet_2014", "vit_b_16", "vit_b_32"])
def test_a_network_takes_the_memory_of_the_same_network_written_out(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    module = instantiate(get_entry(key)).eval()
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if type(child) in _WRITTEN:
                with torch.device("meta"):
                    setattr(parent, name, _WRITTEN[type(child)](child))
    written = open_network(module.to_empty(device="cpu"), input_shape=network.architecture.input_shape)
    assert len(written.architecture.live) > len(network.architecture.live)
    one, other = network.figures.activations, written.figures.activations
    assert (one.elements, one.bytes, one.peak_bytes) == (other.elements, other.bytes, other.peak_bytes)
    assert network.figures.total.macs == written.figures.total.macs


class _Allocations(TorchDispatchMode):
    """Counts the results of all aten ops that are neither views nor copies into another layout."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, (tuple, list)) else result
        is_view = any(out.alias_info is not None and not out.alias_info.is_write for out in func._schema.returns)
        if not is_view and func.overloadpacket.__name__ not in ("clone", "copy_", "_unsafe_view", "scalar_tensor"):
            self.elements += first.numel()
        return result


@pytest.mark.parametrize("key", KEYS)
def test_what_an_op_makes_is_what_torch_dispatches(key: str, opened: Callable[[str], Network]) -> None:
    """Each op that is more than one step, against a plain count; all other ops make their result and no more."""
    figures = opened(key).figures
    seen: set[Any] = set()
    for name, node in figures.architecture.live.items():
        measure = figures.measures[name]
        known = (node.signature, tuple(figures.measures[read].value for read in node.inputs))
        if not measure.inner.elements or known in seen:
            continue
        seen.add(known)
        tensors = {
            read: torch.empty(shape.dims, dtype=shape.dtype, device="meta")
            for read in node.inputs
            if (shape := figures.measures[read].shape) is not None
        }
        args, kwargs = node.bind_arguments(tensors)
        with torch.no_grad(), _Allocations() as counter:
            call_op(node, args, kwargs)
        assert measure.inner.elements + measure.elements == counter.elements, name
        assert measure.bytes <= max(measure.inner.alive) <= measure.inner.bytes + measure.bytes


def test_the_peak_inside_is_counted_by_hand() -> None:
    """While x·x is padded, three maps are there: the input, the squares and the padded squares."""
    norm = nn.LocalResponseNorm(5)
    found = open_network(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), norm), input_shape=(1, 3, 4, 4))
    one = 8 * 4 * 4
    assert found.figures.measures["1"].inner.elements == one + 12 * 4 * 4 + 4 * one
    assert found.figures.activations.peak_bytes == 4 * (2 * one + 12 * 4 * 4)
    assert found.figures.activations.peak_at == "1"
