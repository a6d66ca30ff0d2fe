"""Attention in windows that is written out with reshapes sees its windows, as the gradient says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from explorer.analysis.figures.written_windows import follow_places
from explorer.analysis.probes.unit_receptive_field import compute_receptive_box
from explorer.network import Network, open_network
from explorer.networks.builder import call_builder

Cut = Callable[[torch.Tensor], torch.Tensor]


class _WindowAttention(nn.Module):
    """Single-head attention inside 4 × 4 windows of a 16 × 16 map, in one of the ways in which people write it."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.to_qkv = nn.Linear(8, 24)
        self.last = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.stem(image)
        if self.way == "channels last":
            rows = x.permute(0, 2, 3, 1).view(-1, 4, 4, 4, 4, 8).transpose(2, 3).reshape(-1, 16, 8)
        elif self.way == "grid":
            rows = x.reshape(-1, 8, 4, 4, 4, 4).permute(0, 3, 5, 2, 4, 1).reshape(-1, 16, 8)
        else:
            rows = x.reshape(-1, 8, 4, 4, 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, 8)
        query, key, value = self.to_qkv(rows).chunk(3, dim=-1)
        if self.way == "fused":
            mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        elif self.way == "einsum":
            mixed = torch.einsum("b i j, b j d -> b i d", torch.einsum("b i d, b j d -> b i j", query, key), value)
        else:
            mixed = (query @ key.transpose(-2, -1)).softmax(-1) @ value
        if self.way == "channels last":
            back = mixed.view(-1, 4, 4, 4, 4, 8).transpose(2, 3).reshape(-1, 16, 16, 8).permute(0, 3, 1, 2)
        elif self.way == "grid":
            back = mixed.reshape(-1, 4, 4, 4, 4, 8).permute(0, 5, 3, 1, 4, 2).reshape(-1, 8, 16, 16)
        else:
            back = mixed.reshape(-1, 4, 4, 4, 4, 8).permute(0, 5, 1, 3, 2, 4).reshape(-1, 8, 16, 16)
        return self.last(back)


def seen_pixels(value: torch.Tensor, image: torch.Tensor) -> tuple[int, int, int, int]:
    """First and last row and column on which a unit depends."""
    (gradient,) = torch.autograd.grad(value.square().sum(), image, retain_graph=True)
    depends = gradient[0].abs().sum(0) > 0
    rows, columns = (depends.any(axis).nonzero() for axis in (1, 0))
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


def box_of(network: Network, name: str, row: int, column: int) -> tuple[int, int, int, int]:
    box = compute_receptive_box(name, row, column, network.architecture, network.figures.measures)
    assert box is not None
    return box.top, box.bottom, box.left, box.right


@pytest.mark.parametrize("way", ["matmul", "channels last", "fused", "einsum", "grid"])
def test_a_unit_sees_the_windows_that_the_gradient_sees(way: str) -> None:
    torch.manual_seed(0)
    module = _WindowAttention(way).eval()
    network = open_network(module, input_shape=(1, 3, 16, 16))
    image = torch.randn(1, 3, 16, 16, requires_grad=True)
    value = module(image)
    largest = (0, 0)
    for row, column in ((0, 0), (1, 6), (4, 7), (8, 15), (10, 3)):
        seen = seen_pixels(value[0, :, row, column], image)
        box = box_of(network, "last", row, column)
        assert box == (seen if way != "grid" else (0, 15, 0, 15)), way  # of a grid, the places lie all over the map
        largest = max(largest[0], seen[1] - seen[0] + 1), max(largest[1], seen[3] - seen[2] + 1)
    if way != "grid":
        assert network.figures.receptive_field_sizes["last"] == largest == (10, 10)


def test_the_first_block_of_maxvit_sees_its_windows(opened: Callable[[str], Network]) -> None:
    network = opened("maxvit_t")
    module: Any = call_builder("torchvision.models:maxvit_t", {}, device="cpu", aux_heads=False)
    layers = module.blocks[0].layers[0].layers
    layers.MBconv.layers.squeeze_excitation = nn.Identity()  # a gate only scales: what it sees does not count
    image = torch.randn(network.architecture.input_shape, requires_grad=True)
    value = layers.window_attention(layers.MBconv(module.stem(image)))
    name = "blocks.0.layers.0.layers.window_attention.departition_op.reshape:2"
    for row, column in ((0, 0), (6, 7), (20, 41), (55, 55)):
        assert box_of(network, name, row, column) == seen_pixels(value[0, :, row, column], image)
    assert network.figures.receptive_field_sizes[name] == (35, 35)


def test_networks_without_attention_are_not_followed(opened: Callable[[str], Network]) -> None:
    for key in ("resnet18", "mobilenet_v3_small", "vit_b_32"):
        network = opened(key)
        assert not follow_places(network.architecture, network.figures.measures).followed_sizes
