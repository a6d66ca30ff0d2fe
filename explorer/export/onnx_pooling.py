"""Adaptive pooling in ops that ONNX has: it knows the mean over a map of two dims, no largest value and no volume."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

_REDUCTIONS: dict[Any, Callable[..., Tensor]] = {
    nn.AdaptiveMaxPool1d: torch.amax,
    nn.AdaptiveMaxPool2d: torch.amax,
    nn.AdaptiveMaxPool3d: torch.amax,
    nn.AdaptiveAvgPool3d: torch.mean,
    F.adaptive_max_pool1d: torch.amax,
    F.adaptive_max_pool2d: torch.amax,
    F.adaptive_max_pool3d: torch.amax,
    F.adaptive_avg_pool3d: torch.mean,
}
_DIMS = {call: int(call.__name__[-2]) for call in _REDUCTIONS}


class _WindowPool(nn.Module):
    """An adaptive pooling, window by window."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.kind, self.sizes = type(layer), layer.output_size

    def forward(self, x: Tensor) -> Tensor:
        return pool_windows(self.kind, x, self.sizes)


def write_out_adaptive_pooling(module: fx.GraphModule) -> None:
    """Replace the adaptive poolings of a traced module that ONNX lacks; those that give places as well stay."""
    for part in list(module.modules()):
        for name, child in part._modules.items():
            if type(child) in _REDUCTIONS and not getattr(child, "return_indices", False):
                part._modules[name] = _WindowPool(child)
    for node in module.graph.nodes:
        gives_places = len(node.args) > 2 or "return_indices" in node.kwargs
        if node.op == "call_function" and node.target in _REDUCTIONS and not gives_places:
            node.target = partial(pool_windows, node.target)
    module.recompile()


def pool_windows(kind: Any, x: Tensor, output_size: Any) -> Tensor:
    """Return what the adaptive pooling `kind`, a layer's class or a function, makes of `x`: one dim after the other, as
    windows are boxes."""
    count = _DIMS[kind]
    sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * count
    for dim, size in zip(range(-count, 0), sizes, strict=True):
        if size is not None:
            x = _pool_dim(_REDUCTIONS[kind], x, dim, size)
    return x


def _pool_dim(reduce: Callable[..., Tensor], x: Tensor, dim: int, size: int) -> Tensor:
    side = x.shape[dim]
    bounds = [(index * side // size, -(-(index + 1) * side // size)) for index in range(size)]
    windows = [reduce(x.narrow(dim, start, end - start), dim, keepdim=True) for start, end in bounds]
    return windows[0] if size == 1 else torch.cat(windows, dim)
