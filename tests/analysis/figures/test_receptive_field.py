"""The receptive field grows by kernel, stride and dilation."""

from __future__ import annotations

import pytest
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
