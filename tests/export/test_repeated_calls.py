"""Modules that are called several times are written as their authors write them: one class, called as often."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
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


class Attending(nn.Module):
    """Attention that einops arranges."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.to_qkv, self.to_out = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.to_qkv(self.norm(x)).chunk(3, -1)
        q, k, v = (rearrange(part, "b n (h d) -> b h n d", h=4) for part in parts)
        weights = (q @ k.transpose(-1, -2)).softmax(-1)
        return self.to_out(rearrange(weights @ v, "b h n d -> b n (h d)"))


class Layers(nn.Module):
    """Pairs of parts in lists in a list, as transformers are often written."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.ModuleList([Attending(), Unit1d(16)]) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        pairs: Any = self.layers
        for attention, feed in pairs:
            x = attention(x) + x
            x = feed(x) + x
        return x


class Unit1d(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(features, 32), nn.GELU(), nn.Linear(32, features))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def test_lists_in_a_list_are_read_by_their_places_and_take_any_batch() -> None:
    network = explorer.open(Layers(), inputs="[1x10x16]")
    source = check(network)
    assert "self.layers = nn.ModuleList([nn.ModuleList([Attending(), Unit1d()]) for _ in range(3)])" in source
    assert "self.layers[2][1](x)" in source
    assert "1 * " not in source
    written, own = run(source), network.module()
    written.load_state_dict(own.state_dict())
    several = torch.randn(3, 7, 16)
    with torch.no_grad():
        torch.testing.assert_close(written(several), own(several))


class Borrowing(nn.Module):
    """Blocks that use a layer of the module around them, so that they are no classes."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Linear(16, 16)
        self.blocks = nn.ModuleList([nn.ModuleDict({"norm": nn.LayerNorm(16), "feed": Unit1d(16)}) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = x + block["feed"](block["norm"](self.place(x)))  # type: ignore[index]
        return x


def test_parts_of_a_list_that_are_no_classes_are_read_by_their_places() -> None:
    source = check(explorer.open(Borrowing(), inputs="10x16"))
    assert "self.blocks = nn.ModuleList([nn.Module() for _ in range(2)])" in source
    assert "self.blocks[1].norm = nn.LayerNorm(16)" in source
    assert "getattr" not in source


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


class Weighted(nn.Module):
    """A part with a weight of its own, followed or, where it checks what it is given, closed."""

    def __init__(self, checks: bool) -> None:
        super().__init__()
        self.weight, self.checks = nn.Parameter(torch.ones(4, 1, 1)), checks

    def forward(self, x: Tensor) -> Tensor:
        if self.checks and x.shape[2] > 1000:
            raise ValueError("too large")
        return F.relu(x * self.weight)


def test_a_class_that_is_brought_keeps_its_name_from_those_that_are_written() -> None:
    network = explorer.open(nn.Sequential(Weighted(False), Weighted(True)), input_shape=(1, 4, 8, 8))
    assert [type(node.layer) for node in network.architecture.live.values() if node.layer is not None] == [Weighted]
    source = check(network)
    assert "Weighted2" in source
