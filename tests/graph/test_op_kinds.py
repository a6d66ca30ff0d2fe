"""What ops are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.base.languages import translator
from explorer.graph import op_kinds
from explorer.graph.ops import Function, Layer
from explorer.graph.trace import trace


class Both(nn.Module):
    """The same as a layer and as a function."""

    def __init__(self, layer: nn.Module, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.layer(x), self.function(x)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (nn.Flatten(), partial(torch.flatten, start_dim=1)),
        (nn.Softmax(1), partial(F.softmax, dim=1)),
        (nn.Upsample(scale_factor=2), partial(F.interpolate, scale_factor=2)),
        (nn.ChannelShuffle(2), partial(F.channel_shuffle, groups=2)),
    ],
)
def test_a_layer_is_called_as_the_function_is_in_every_language(
    layer: nn.Module, function: Callable[[Tensor], Tensor]
) -> None:
    """In Chinese a layer that flattens was “Flatten” beside a function that was “展平”."""
    architecture = trace(Both(layer, function).eval(), (1, 4, 8, 8))
    ops = [node for node in architecture.live.values() if isinstance(node.op, (Layer, Function))]
    translator.set_translations("words", {op_kinds.title(node): "展平" for node in ops})
    try:
        assert [op_kinds.label(node) for node in ops] == ["展平"] * 2
    finally:
        translator.set_translations("en", {})
