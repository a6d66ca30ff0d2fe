"""Known networks, reached from others by edits alone, to the last parameter and multiply-add."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from torch import nn
from torchvision import models

from explorer.edits import (
    AddShortcut,
    AuxiliaryHead,
    BottleneckRatio,
    Cardinality,
    Classes,
    ConvForm,
    DepthMultiplier,
    Edit,
    GrowthRate,
    Head,
    InputSize,
    Norm,
    RemoveBlock,
    Repeat,
    SetLayer,
    Shortcut,
    SqueezeExcitation,
    SwapActivation,
    Width,
    WidthMultiplier,
)
from explorer.edits.attributes import is_of_kind
from explorer.network import Network, open_network

Opened = Callable[[str], Network]


def counted(network: Network) -> tuple[int, int]:
    return network.figures.total.params, network.figures.total.macs


def counted_module(make: Callable[[], nn.Module]) -> tuple[int, int]:
    return counted(open_network(make()))


def test_mobilenet_v1_with_full_convolutions(opened: Opened) -> None:
    """MobileNet, 2017, table 4: 4866 M multiply-adds, 29.3 M parameters."""
    assert counted(opened("mobilenet_v1").edit(ConvForm("*", "full"))) == (29_294_088, 4_867_293_184)


def test_shallow_mobilenet_v1(opened: Opened) -> None:
    """MobileNet, 2017, table 5: without the five 14 × 14 × 512 pairs, 307 M and 2.9 M."""
    gone = ", ".join(f"features.{number}" for number in range(7, 12))
    assert counted(opened("mobilenet_v1").edit(RemoveBlock(gone))) == (2_887_976, 307_323_392)


def test_resnet_34_without_shortcuts_is_plain_34(opened: Opened) -> None:
    edited = opened("resnet34").edit(Shortcut("*", on=False))
    assert counted(edited) == counted(opened("plain34"))
    assert edited.figures.total.params == 21_623_848


def test_plain_34_with_shortcuts_is_resnet_34(opened: Opened) -> None:
    """Option A adds no parameters, option B is torchvision's (ResNet, 2015, §3.3)."""
    plain = opened("plain34")
    assert plain.edit(AddShortcut("*", "pad")).figures.total.params == 21_623_848
    assert counted(plain.edit(AddShortcut("*", "project"))) == counted(opened("resnet34"))


def test_resnet_50_with_squeeze_and_excitation(opened: Opened) -> None:
    edited = opened("resnet50").edit(SqueezeExcitation("*", on=True, ratio=16))
    assert edited.figures.total.params == 28_088_024


def test_resnext_50_from_resnet_50(opened: Opened) -> None:
    edited = opened("resnet50").edit(BottleneckRatio("*", 1 / 2), Cardinality("*", 32))
    assert counted(edited) == counted(opened("resnext50_32x4d"))
    assert edited.figures.total.params == 25_028_904


def test_wide_resnet_50_from_resnet_50(opened: Opened) -> None:
    assert counted(opened("resnet50").edit(BottleneckRatio("*", 1 / 2))) == counted(opened("wide_resnet50_2"))


@pytest.mark.parametrize(("deeper", "edits"), [("resnet101", [Repeat("layer3.5", 17)]), ("resnet152", [])])
def test_deeper_resnets_from_resnet_50(deeper: str, edits: Sequence[Edit], opened: Opened) -> None:
    edits = edits or [Repeat("layer2.3", 4), Repeat("layer3.5", 30)]
    assert counted(opened("resnet50").edit(*edits)) == counted(opened(deeper))


@pytest.mark.parametrize(
    ("groups", "widths"), [(1, (144, 288, 576)), (2, (200, 400, 800)), (4, (272, 544, 1088)), (8, (384, 768, 1536))]
)
def test_shufflenets_of_other_groups(groups: int, widths: Sequence[int], opened: Opened) -> None:
    network = opened("shufflenet_v1_g3")
    grouped = ",".join(name for name, node in network.architecture.live.items() if is_of_kind(node, "grouped"))
    edited = network.edit(
        SetLayer(grouped, "groups", 1),
        *(Width(f"stage{number}", width) for number, width in enumerate(widths, 2)),
        BottleneckRatio("*", 1 / 4),
        SetLayer(grouped, "groups", groups),
    )
    assert counted(edited) == counted(opened(f"shufflenet_v1_g{groups}"))


@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.3, 1.4])
def test_widths_of_mobilenet_v2(width: float, opened: Opened) -> None:
    edited = opened("mobilenet_v2").edit(WidthMultiplier("*", width))
    assert counted(edited) == counted_module(lambda: models.mobilenet_v2(width_mult=width))


@pytest.mark.parametrize("key", ["mobilenet_v1_x0_75", "mobilenet_v1_x0_5", "mobilenet_v1_x0_25"])
def test_widths_of_mobilenet_v1(key: str, opened: Opened) -> None:
    width = float(key.removeprefix("mobilenet_v1_x").replace("_", "."))
    assert counted(opened("mobilenet_v1").edit(WidthMultiplier("*", width))) == counted(opened(key))


@pytest.mark.parametrize(
    ("key", "depth", "width", "side"),
    [("efficientnet_b1", 1.1, 1.0, 240), ("efficientnet_b2", 1.2, 1.1, 288), ("efficientnet_b4", 1.8, 1.4, 380)],
)
def test_scaled_efficientnets(key: str, depth: float, width: float, side: int, opened: Opened) -> None:
    edited = opened("efficientnet_b0").edit(
        DepthMultiplier("*", depth), WidthMultiplier("*", width), InputSize(resolution=side)
    )
    wanted = open_network(key, input_shape=(1, 3, side, side))
    assert counted(edited) == counted(wanted)


@pytest.mark.parametrize("growth", [12, 24, 48])
def test_growth_of_densenet_121(growth: int, opened: Opened) -> None:
    edited = opened("densenet121").edit(GrowthRate("*", growth))
    assert counted(edited) == counted_module(lambda: models.DenseNet(growth, (6, 12, 24, 16), 64))


def test_densenet_169_from_densenet_121(opened: Opened) -> None:
    edited = opened("densenet121").edit(
        Repeat("features.denseblock3.denselayer24", 8),
        Repeat("features.denseblock4.denselayer16", 16),
        Width("features.transition3.conv", 640),
    )
    assert counted(edited) == counted(opened("densenet169"))


@pytest.mark.parametrize("depth", [11, 16])
def test_batch_norm_in_vgg(depth: int, opened: Opened) -> None:
    assert counted(opened(f"vgg{depth}").edit(Norm("*", "batch"))) == counted(opened(f"vgg{depth}_bn"))


def test_vgg_with_a_pooled_head_and_back(opened: Opened) -> None:
    network = opened("vgg16")
    pooled = network.edit(Head("pool"))
    assert pooled.figures.total.params == 138_357_544 - 123_642_856 + 513_000
    assert counted(pooled.edit(Head("fully_connected"))) == counted(network)


def test_vgg_from_vgg(opened: Opened) -> None:
    """VGG-13 is VGG-11 with two layers more."""
    shallow = opened("vgg11")
    assert counted(shallow.edit(Repeat("features.0"), Repeat("features.3")))[0] > counted(shallow)[0]
    seen = shallow.edit(Repeat("features.0,features.1"), Repeat("features.3,features.4"))
    assert counted(seen) == counted(opened("vgg13"))


def test_other_classes_and_images(opened: Opened) -> None:
    edited = opened("resnet18").edit(Classes(10), InputSize(resolution=128, channels=1))
    assert counted(edited)[0] == sum(p.numel() for p in models.resnet18(num_classes=10).parameters()) - 2 * 49 * 64
    assert edited.run("cat").result.main.shape == (1, 10)


def test_auxiliary_heads_come_and_go(opened: Opened) -> None:
    network = opened("googlenet")
    grown = network.edit(AuxiliaryHead("inception4a", on=True))
    assert len(grown.run("cat").result.value) == 2
    assert counted(grown.edit(AuxiliaryHead("*", on=False))) == counted(network)


def test_activations_cost_nothing(opened: Opened) -> None:
    network = opened("mobilenet_v3_small")
    assert counted(network.edit(SwapActivation("*", "relu"))) == counted(network)
