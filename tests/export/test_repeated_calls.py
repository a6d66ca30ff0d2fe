"""Modules that are called several times are written as their authors write them: one class, called as often."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import explorer
from explorer.edits.switches import SwapActivation
from explorer.export.python_code import python_source
from explorer.graph.arguments import tensors_in
from explorer.graph.to_module import build_module
from explorer.network import Network
from tests.export.test_python_code import run


def check(network: Network) -> str:
    """The source, which computes what the network does."""
    source = python_source(network)
    written, own = run(source), build_module(network.architecture).to_empty(device="cpu")
    own.load_state_dict(written.state_dict())
    inputs = [torch.randn(node.op.shape) for node in network.architecture.inputs]
    with torch.no_grad():
        results = zip(tensors_in(written(*inputs)), tensors_in(own(*inputs)), strict=True)
        assert all(torch.equal(one, other) for one, other in results)
    return source


class Unit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(x))) + x


class Pyramid(nn.Module):
    """Looks at an image of three sizes with the same layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body = nn.Conv2d(3, 8, 3), nn.Sequential(Unit(8), Unit(8))
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        large = self.body(self.stem(x))
        medium = self.body(F.avg_pool2d(large, 2))
        small = self.body(F.avg_pool2d(medium, 2))
        means = (values.mean((2, 3)) for values in (large, medium, small))
        one, two, three = map(self.head, means)
        return one, two, three


def test_a_block_that_is_called_again_stays_a_block() -> None:
    network = explorer.open(Pyramid(), input_shape=(1, 3, 34, 34))
    source = check(network)
    assert "self.body = nn.Sequential(*(Unit() for _ in range(2)))" in source
    assert source.count("self.body(") == 3
    assert "getattr" not in source
    assert "-> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:" in source


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 8, 3), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = F.relu(self.conv(x)).mean((2, 3))
        return self.fc(features), features


class Siamese(nn.Module):
    """Two images through one tower, at once; of the first, one of its results is not looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.tower, self.out = Tower(), nn.Linear(4, 1)

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        (one, _), (two, features) = self.tower(left), self.tower(right)
        return self.out((one - two).abs()), features


def test_calls_that_follow_one_another_are_calls() -> None:
    source = check(explorer.open(Siamese(), inputs=["left=1x28x28", "right=1x28x28"]))
    assert "def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:" in source
    assert "_, x2 = self.tower(left)" in source
    assert "x1, x3 = self.tower(right)" in source
    assert "x2 = (x2 - x3).abs()" in source


class Recurrent(nn.Module):
    """One layer, three times in one call."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = F.relu(self.conv(x))
        return x


def test_a_layer_that_reads_what_it_made_is_one_call_of_its_block() -> None:
    source = check(explorer.open(nn.Sequential(Recurrent(), nn.Conv2d(3, 4, 1)), input_shape=(1, 3, 8, 8)))
    assert source.count("F.relu(self.conv(x))") == 3


def test_a_call_that_an_edit_changed_is_written_apart() -> None:
    network = explorer.open(Pyramid(), input_shape=(1, 3, 34, 34))
    second = next(
        name for name, node in network.architecture.live.items() if name.startswith("body.0.act") and ":" in name
    )
    edited = network.edit(SwapActivation(second, "silu"))
    source = check(edited)
    assert source.count("nn.SiLU") == 1
    assert source.count("self.body(") < 3
