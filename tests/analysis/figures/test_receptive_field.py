"""The receptive field grows by kernel, stride and dilation."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.network import open_network


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([nn.Conv2d(3, 4, 3)], 3),
        ([nn.Conv2d(3, 4, 3, dilation=2)], 5),
        ([nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 4, 3)], 7),  # 3, then two steps of 2
        ([nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 4, 3, dilation=3)], 15),  # 3, then two steps of 2 × 3
        ([nn.MaxPool2d(2), nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, dilation=2)], 10),
    ],
)
def test_a_window_sees_as_far_as_its_taps_reach(layers: list[nn.Module], expected: int) -> None:
    network = open_network(nn.Sequential(*layers), input_shape=(1, 3, 32, 32))
    assert network.figures.receptive_field == expected


class _Joined(nn.Module):
    """A 3×3 window, what `way` makes of the whole map behind it, and another 3×3 window."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way, self.first, self.last = way, nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.wide = nn.Conv2d(8, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        pooled = x.mean((2, 3), keepdim=True)
        if self.way == "gate":
            x = x * pooled.sigmoid()
        elif self.way == "spread gate":
            x = x * pooled.sigmoid().expand_as(x)
        elif self.way == "gates of rows and columns":
            x = x * x.mean(2, keepdim=True).sigmoid() * x.mean(3, keepdim=True).sigmoid()
        elif self.way == "context added":
            x = x + pooled
        else:
            x = self.wide(torch.cat([x, F.interpolate(pooled, size=x.shape[2:])], 1))
        return self.last(x).mean((2, 3))


@pytest.mark.parametrize("way", ["gate", "spread gate", "gates of rows and columns"])
def test_what_only_scales_a_map_sees_no_more_of_the_image(way: str) -> None:
    assert open_network(_Joined(way), input_shape=(1, 3, 32, 32)).figures.receptive_field == 5


@pytest.mark.parametrize("way", ["context added", "context joined"])
def test_a_map_that_the_whole_image_was_joined_to_sees_it_all(way: str) -> None:
    assert open_network(_Joined(way), input_shape=(1, 3, 32, 32)).figures.receptive_field == math.inf
