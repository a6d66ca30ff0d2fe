"""What makes one map meet another at an addition: a 1×1 projection, zeros for new channels, zeros around."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from explorer.analysis.figures.shape_inference import Shape
from explorer.graph.ops import Layer


class PaddedShortcut(nn.Module):
    """Shortcut without parameters where the shape changes: every `stride`-th place, zero padding.

    Source: option A of He et al., "Deep residual learning for image recognition", 2015, §3.3.
    Maps (batch, channels, height, width) to (batch, channels + extra, ⌈height / stride⌉, ⌈width /
    stride⌉). Exported files contain this source as it is.
    """

    def __init__(self, stride: int, extra: int) -> None:
        super().__init__()
        self.stride, self.extra = stride, extra

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Subsample, and pad with zero channels."""
        x = x[:, :, :: self.stride, :: self.stride]
        return nn.functional.pad(x, (0, 0, 0, 0, 0, self.extra))


def zero_padding(smaller: Shape, larger: Shape) -> Layer:
    """Zeros around a map, as evenly as can be."""
    (top, bottom), (left, right) = (
        ((b - a) // 2, (b - a) - (b - a) // 2) for a, b in zip(smaller.dims[2:], larger.dims[2:], strict=True)
    )
    return Layer.from_module(nn.ZeroPad2d((left, right, top, bottom)))


def projection_stride(larger: int, smaller: int) -> int:
    """The stride of a 1×1 that makes one map of another; 0 when none does."""
    stride = -(-larger // smaller) if smaller else 0
    return stride if stride and -(-larger // stride) == smaller else 0


def possible_bridges(larger: Shape, smaller: Shape, are_signals: bool = False) -> Sequence[str]:
    """Repairs that make the larger map meet the other, cheapest first. Signals (batch, channels, length) can be
    projected."""
    if are_signals and len(larger.dims) == len(smaller.dims) == 3:
        return ("project",) if projection_stride(larger.dims[2], smaller.dims[2]) else ()
    if len(larger.dims) != 4 or len(smaller.dims) != 4:
        return ()
    strides = {projection_stride(a, b) for a, b in zip(larger.dims[2:], smaller.dims[2:], strict=True)}
    if len(strides) != 1 or 0 in strides:
        at_least_as_large = all(a >= b for a, b in zip(larger.dims[2:], smaller.dims[2:], strict=True))
        return ("fill",) if at_least_as_large and larger.dims[1] == smaller.dims[1] else ()
    return ("pad", "project") if larger.dims[1] <= smaller.dims[1] else ("project",)
