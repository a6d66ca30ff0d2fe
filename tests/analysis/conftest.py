"""A small residual network with weights of its own, whose insides plain torch can be asked for."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.network import Network, open_network


@pytest.fixture(scope="session")
def module() -> nn.Module:
    torch.manual_seed(0)
    module = models.resnet18(num_classes=10).eval()
    for part in module.modules():  # a signal as in a trained network, so that nothing is zero by accident
        if isinstance(part, nn.BatchNorm2d):
            part.running_var.fill_(4.0)
    return module


@pytest.fixture(scope="session")
def network(module: nn.Module) -> Network:
    return open_network(module, input_shape=(1, 3, 64, 64))


@pytest.fixture(scope="session")
def image() -> torch.Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
