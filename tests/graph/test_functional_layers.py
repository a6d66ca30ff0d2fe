"""Functional calls on a module's own tensors become the layers they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.graph.ops import Constant
from explorer.graph.trace import trace
from explorer.network import open_network


class NormAct(nn.BatchNorm2d):
    """As timm writes it: a norm that goes on to the activation."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-3)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training, 0.1, self.eps)
        return self.act(x)


NormAct.__module__ = "somewhere.else"


class Scaled(nn.Module):
    """A convolution of its own tensors, but not one layer: the weight is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 3, 3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.weight * 2)


class Plain(nn.Module):
    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.bias = nn.Parameter(torch.randn(4))
        self.settings = settings

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.weight, self.bias, **self.settings)


def test_a_norm_and_activation_in_one_module() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), NormAct(4))
    network = open_network(module, input_shape=(1, 3, 8, 8))
    norm = network.architecture.nodes["1"]
    assert isinstance(norm.layer, nn.BatchNorm2d)
    assert norm.layer.eps == 1e-3
    assert network.figures.total.params == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"dilation": 2}])
def test_a_convolution(settings: dict[str, Any]) -> None:
    module = Plain(**settings).eval()
    network = open_network(nn.Sequential(module), input_shape=(1, 3, 16, 16))
    node = network.architecture.nodes["0"]
    assert isinstance(node.layer, nn.Conv2d)
    output = network.run("cat").result.main_output
    assert output.shape == module(torch.zeros(1, 3, 16, 16)).shape


def test_computed_weights_stay_a_function() -> None:
    architecture = trace(nn.Sequential(Scaled()), (1, 3, 8, 8))
    assert not any(isinstance(node.layer, nn.Conv2d) for node in architecture.nodes.values())
    assert any(isinstance(node.op, Constant) for node in architecture.nodes.values())
