"""Small models in every format, written once."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

SHAPE = (1, 3, 16, 16)


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU6()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(x + self.norm(self.conv(x)))


class Net(nn.Module):
    """A small network with groups, a concatenation, a linear layer on tokens and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.stage = nn.Sequential(Block(8), Block(8))
        self.mix = nn.Linear(16, 12)
        self.head = nn.Linear(12, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = torch.cat([x, self.stage(x)], 1)
        x = self.mix(x.flatten(2).transpose(1, 2))
        return self.head(x.mean(1))


@pytest.fixture(scope="session")
def net() -> nn.Module:
    torch.manual_seed(0)
    made = Net().eval()
    for part in made.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1)
    return made


@pytest.fixture(scope="session")
def files(net: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the network as net.onnx, old.onnx, net.pt2, script.pt, trace.pt and module.pt."""
    folder, image = tmp_path_factory.mktemp("models"), torch.zeros(SHAPE)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (image,), str(folder / "net.onnx"), dynamo=True, external_data=False, verbose=False)
        torch.onnx.export(net, (image,), str(folder / "old.onnx"), dynamo=False, opset_version=13)
        torch.export.save(torch.export.export(net, (image,)), folder / "net.pt2")
        script: Any = torch.jit
        script.save(script.script(net), folder / "script.pt")
        script.save(script.trace(net, image), folder / "trace.pt")
    torch.save(net, folder / "module.pt")
    return folder
