"""A gate squeezes over places and weighs channels; a gate that averages over channels is something else."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from explorer.graph.recognition.squeeze_excitation import find_gates
from explorer.network import open_network


class MeanGate(nn.Module):
    """A gate of two 1×1 convolutions behind a mean over the given axes."""

    def __init__(self, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.axes = axes
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        width = 1 if 1 in axes else 8
        self.squeeze = nn.Conv2d(width, 2, 1)
        self.excite = nn.Conv2d(2, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        weights = torch.relu(self.squeeze(x.mean(self.axes, keepdim=True)))
        return x * torch.sigmoid(self.excite(weights))


class OneLayerGate(nn.Module):
    """As in ECA or effective SE: a single layer between pooling and sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.layer = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return x * torch.sigmoid(self.layer(x.mean((2, 3), keepdim=True)))


@pytest.mark.parametrize(
    ("module", "layers"),
    [
        (MeanGate((2, 3)), [("squeeze", "excite")]),
        (MeanGate((-2, -1)), [("squeeze", "excite")]),
        (MeanGate((1, 2, 3)), []),
        (OneLayerGate(), []),
    ],
)
def test_what_a_gate_is(module: nn.Module, layers: list[tuple[str, str]]) -> None:
    architecture = open_network(module, input_shape=(1, 3, 8, 8)).architecture
    assert [gate.layers for gate in find_gates(architecture.live.values(), architecture)] == layers
