"""Opening from Python: what is easily given wrong says what is right."""

from __future__ import annotations

import pytest
from torch import nn

import explorer
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.networks.input_spec import InputError


def head() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def answer(network: explorer.Network) -> str:
    return str(network.analysis.figures.measures[network.architecture.output.name].value)


def test_a_forgotten_batch_is_told() -> None:
    expected = r"\(3, 64, 64\) has no batch, which input_shape begins with: give \(1, 3, 64, 64\)"
    with pytest.raises(InputError, match=expected):
        explorer.open("resnet18", input_shape=(3, 64, 64))
    with pytest.raises(InputError, match=expected):
        explorer.open(head(), input_shape=(3, 64, 64))
    assert answer(explorer.open(head(), input_shape=(1, 3, 64, 64))) == "2"


def test_a_module_without_batch_opens_as_it_is() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    assert answer(explorer.open(module, input_shape=(3, 64, 64))) == "4×62×62"


def test_what_a_batch_does_not_mend_keeps_its_own_reason() -> None:
    with pytest.raises(ShapeError, match="0 cannot take 5×64×64: Invalid channel dimensions"):
        explorer.open(head(), input_shape=(5, 64, 64))
