"""The yardstick: edits that break the signal are told from those that do not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import explorer
from explorer.analysis.photo_distance import PhotoDistance, find_signal_fault
from explorer.edits import (
    Edit,
    MultiplyDepth,
    Recalibrate,
    SetClasses,
    SetInputSize,
    SwapActivation,
    SwapNorm,
    ToggleSqueezeExcitation,
)
from explorer.network import open_network


class Decoder(nn.Module):
    """Three channels come out."""

    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 3, 3, padding=1), last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.last(self.conv(x))
        return out


def test_a_picture_is_no_map_of_classes() -> None:
    """Three channels of a sigmoid are colours; of a convolution they are scores of three classes at each place."""
    shape = (1, 3, 32, 32)
    assert explorer.open(Decoder(nn.Sigmoid()), input_shape=shape).measure_photo_distance() is None
    assert explorer.open(Decoder(nn.Identity()), input_shape=shape).measure_photo_distance() is not None
    assert explorer.open("design:autoencoder").measure_photo_distance() is None


BROKEN: tuple[tuple[str, Edit], ...] = (
    ("alexnet_2012", SwapActivation("*", "sigmoid")),
    ("resnet18", SwapActivation("*", "sigmoid")),
    ("resnet18", SwapNorm("*", "none")),
    ("resnet18", MultiplyDepth("*", 2.0)),
    ("mobilenet_v3_small", ToggleSqueezeExcitation("*", on=False)),
)
HARMLESS: tuple[tuple[str, Edit], ...] = (
    ("resnet18", SwapActivation("layer3.0", "gelu")),
    ("resnet18", SetClasses(500)),
    ("resnet18", SetInputSize(resolution=256)),
    ("alexnet_2012", SwapActivation("*", "prelu")),
    ("mobilenet_v3_small", SwapActivation("features.5", "silu")),
    ("shufflenet_v2_x0_5", SwapActivation("stage3", "gelu")),
)


def _name(value: object) -> str:
    return value if isinstance(value, str) else str(getattr(value, "title", value))


def fault_after(key: str, *edits: Edit) -> str:
    network = open_network(key)
    now, before = network.edit(*edits).measure_photo_distance(), network.measure_photo_distance()
    assert now is not None
    assert before is not None
    return find_signal_fault(now, before)


@pytest.mark.parametrize(("key", "edit"), BROKEN, ids=_name)
def test_an_edit_that_breaks_the_signal_is_told(key: str, edit: Edit) -> None:
    assert fault_after(key, edit)


@pytest.mark.parametrize(("key", "edit"), BROKEN[2:], ids=_name)
def test_calibrating_anew_mends_it(key: str, edit: Edit) -> None:
    assert fault_after(key, edit, Recalibrate()) == ""


@pytest.mark.parametrize(("key", "edit"), HARMLESS, ids=_name)
def test_of_a_harmless_edit_nothing_is_said(key: str, edit: Edit) -> None:
    assert fault_after(key, edit) == ""


def test_it_is_measured_once_for_each_version_and_its_weights() -> None:
    network = open_network("shufflenet_v2_x0_5")
    first = network.measure_photo_distance()
    assert network.measure_photo_distance() is first
    edited = network.edit(SwapActivation("stage3", "gelu"))
    assert edited.measure_photo_distance() != first
    assert edited.undo().measure_photo_distance() is first


def test_a_level_that_was_low_before_is_not_blamed_on_edits() -> None:
    blind = PhotoDistance(bits=0.001, deviation=1.0)
    assert find_signal_fault(PhotoDistance(bits=0.0, deviation=1.0), blind) == ""
    assert find_signal_fault(PhotoDistance(bits=0.5, deviation=0.1), PhotoDistance(bits=0.5, deviation=2.0)) == "faded"


def test_without_images_or_classes_there_is_none() -> None:
    torch.manual_seed(0)
    vector = open_network(nn.Sequential(nn.Linear(8, 4)), input_shape=(1, 8))
    assert vector.measure_photo_distance() is None
    score = open_network(nn.Sequential(nn.Conv2d(3, 1, 8), nn.Flatten()).eval(), input_shape=(1, 3, 8, 8))
    assert score.measure_photo_distance() is None
