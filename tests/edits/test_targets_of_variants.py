"""Variants that others published of the networks of the catalogue, reached from these by composing alone: counted and
equal to an independent module (timm's, torchvision's, or written here) with the same weights."""

from __future__ import annotations

from functools import partial

import timm
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.ops import SqueezeExcitation

from explorer.base.id_text import join_ids
from explorer.edits import (
    Connect,
    InsertPart,
    MultiplyWidth,
    SetWidth,
    SwapActivation,
    TakeOut,
    ToggleSqueezeExcitation,
)
from explorer.networks.googlenet import googlenet_2014
from explorer.presenters.pasted_table import parse_pasted_table, plan_paste
from tests.edits.test_random_outputs import small
from tests.edits.test_targets_of_many_ways import joins, new_since, put, way_before_projection
from tests.edits.test_targets_of_papers import check_reached, unit


class ChannelAttention(nn.Module):
    """Wang et al., "ECA-Net", 2020, §3.3."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.conv(x.mean((2, 3)).unsqueeze(1)).sigmoid()
        return x * weights.transpose(1, 2).unsqueeze(3)


def test_mobilenet_v2_with_channel_attention() -> None:
    """Wang et al., "ECA-Net", 2020, §4.1: in every inverted residual, behind its depthwise convolution."""
    network = small("mobilenet_v2")
    places = [f"features.{number}.conv.{0 if number == 1 else 1}.2" for number in range(1, 18)]
    network = network.edit(InsertPart(join_ids(places), "eca", "kernel=3"))
    reference = models.mobilenet_v2()
    for number in range(1, 18):
        body = reference.features[number].conv
        at = 0 if number == 1 else 1
        body[at] = nn.Sequential(body[at], ChannelAttention(3))
    check_reached(network, reference, 3_504_872 + 17 * 3)


def test_efficientnet_lite_0_from_b0() -> None:
    """Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020: no gates, and ReLU6."""
    network = small("efficientnet_b0").edit(ToggleSqueezeExcitation("*", on=False), SwapActivation("*", "relu6"))
    check_reached(network, timm.create_model("efficientnet_lite0"), 4_652_008)


def test_wide_resnet_50_from_resnet_50() -> None:
    """Zagoruyko and Komodakis, "Wide residual networks", 2016: the inner widths of the bottlenecks twice as large."""
    network = small("resnet50")
    for stage, (count, width) in enumerate(((3, 128), (4, 256), (6, 512), (3, 1024)), 1):
        inner = [f"layer{stage}.{block}.conv{place}" for block in range(count) for place in (1, 2)]
        network = network.edit(*(SetWidth(layer, width) for layer in inner))
    check_reached(network, models.wide_resnet50_2(), 68_883_240)


def test_mobilenet_v2_1_4() -> None:
    """Sandler et al., "MobileNetV2", 2018, table 4: all widths times 1.4, and those of the head too."""
    network = small("mobilenet_v2").edit(MultiplyWidth("*", 1.4))
    check_reached(network, models.mobilenet_v2(width_mult=1.4), 6_108_776)


def test_mnasnet_b1_from_mobilenet_v2() -> None:
    """Tan et al., "MnasNet", 2019, without gates: kernel, expansion, width, blocks and stride of each stage."""
    table = [(3, 1, 16, 1, 1), (3, 3, 24, 3, 2), (5, 3, 40, 3, 2), (5, 6, 80, 3, 2), (3, 6, 96, 2, 1),
             (5, 6, 192, 4, 2), (3, 6, 320, 1, 1)]  # fmt: skip
    text = "k\te\tc\tn\ts\n3\t\t32\t1\t2\n" + "\n".join("\t".join(map(str, row)) for row in table)
    plan = plan_paste(small("mobilenet_v2").architecture, parse_pasted_table(text))
    assert not plan.refusals
    network = small("mobilenet_v2").edit(*plan.edits, SwapActivation("*", "relu"))
    reference = models.mnasnet1_0()
    check_reached(network, reference, 4_383_312)


def test_regnet_y_from_resnet_50() -> None:
    """Radosavovic et al., "Designing network design spaces", 2020, RegNetY-400MF: gates of a quarter of the width that
    enters a block, behind its grouped convolution."""
    stages = ((48, 1), (104, 3), (208, 6), (440, 6))
    table = "k\te\tc\tn\ts\tg\n3\t\t32\t1\t2\t\n" + "\n".join(
        f"3\t1\t{width}\t{count}\t2\t{width // 8}" for width, count in stages
    )
    network = small("resnet50").edit(TakeOut("maxpool"))
    plan = plan_paste(network.architecture, parse_pasted_table(table))
    assert not plan.refusals
    network, entering = network.edit(*plan.edits), 32
    blocks = [block.id for block in network.analysis.hierarchy.blocks]
    for stage, (width, _) in enumerate(stages, 1):
        for block in (block for block in blocks if block.startswith(f"layer{stage}.")):
            relus = [name for name in network.architecture.live if name.startswith(f"{block}.relu")]
            network = network.edit(InsertPart(relus[1], "squeeze_excitation", f"squeeze={round(entering / 4)}"))
            entering = width
    reference = models.regnet_y_400mf()
    for module in reference.modules():
        if getattr(module, "proj", None) is not None:
            module.forward = partial(way_before_projection, module)  # in the order that layers are paired in
    check_reached(network, reference, 4_344_144)


def test_network_in_network_from_alexnet() -> None:
    """Lin et al., "Network in network", 2014: two 1×1 behind every convolution, and maps of scores averaged."""
    network = small("alexnet")
    live = list(network.architecture.live)
    head = [name for name in live if name.startswith(("avgpool", "flatten", "classifier"))]
    network = network.edit(TakeOut(join_ids([*head, "features.8", "features.9"])))
    for at, width in (("features.1", 64), ("features.4", 192), ("features.7", 384), ("features.11", 256)):
        mlp = [f"pointwise channels={width}", "activation"] * 2
        network, _ = put(network, at, *mlp)
    network, _ = put(
        network, "features.12", "dropout", "convolution channels=1000", "activation", "global_pool", "flatten"
    )

    def mlpconv(entering: int, width: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
        first = nn.Conv2d(entering, width, kernel, stride, padding)
        more = [layer for _ in range(2) for layer in (nn.Conv2d(width, width, 1), nn.ReLU())]
        return [first, nn.ReLU(), *more]

    reference = nn.Sequential(
        *mlpconv(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), *mlpconv(64, 192, 5, 1, 2), nn.MaxPool2d(3, 2),
        *mlpconv(192, 384, 3, 1, 1), *mlpconv(384, 256, 3, 1, 1), nn.MaxPool2d(3, 2), nn.Dropout(),
        nn.Conv2d(256, 1000, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    check_reached(network, reference)


def test_inception_resnet_from_inception_v1() -> None:
    """Szegedy et al., "Inception-v4", 2017, figure 10: a 1×1 behind the branches, and a way around them all."""

    class Around(nn.Module):
        def __init__(self, inside: nn.Module, width: int) -> None:
            super().__init__()
            self.inside, self.scale = inside, nn.Conv2d(width, width, 1)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.scale(self.inside(x))

    network = small("googlenet_2014")
    reference = googlenet_2014()
    for block in ("inception4b", "inception4c"):  # those that keep their width
        network = network.edit(InsertPart(f"{block}.cat", "pointwise", "channels=512"), InsertPart(block, "add"))
        setattr(reference, block, Around(getattr(reference, block), 512))
    check_reached(network, reference)


def test_one_shot_aggregation() -> None:
    """Lee et al., "An energy and GPU-computation efficient backbone", 2019, figure 1(b): the maps of a row of
    convolutions are put side by side once, and a 1×1 brings them back."""

    class OneShot(nn.Module):
        def __init__(self, row: nn.Sequential, last: nn.Module) -> None:
            super().__init__()
            self.row, self.last = row, last

        def forward(self, x: Tensor) -> Tensor:
            maps = [x]
            for place in range(0, len(self.row), 3):
                maps.append(self.row[place : place + 3](maps[-1]))
            return self.last(torch.cat([maps[-1], *maps[:-1]], 1))

    network = small("vgg11_bn")
    known = network.architecture.live.keys()
    network, end = put(network, "features.3", *["conv_norm_act channels=32"] * 3)
    rows = [name for name in new_since(network, known) if name.endswith(".act")]
    network, _ = put(network, end, "pointwise channels=64, bias=False", "norm", "activation")
    (before,) = (name for name in new_since(network, known) if name.endswith("pointwise"))
    network = network.edit(Connect(before, "features.3", "concat"))
    (concat,) = (name for name in joins(network, "concat"))
    network = network.edit(*(Connect(concat, row, "concat") for row in rows[:-1]))
    reference = models.vgg11_bn()
    row = [layer for entering in (64, 32, 32) for layer in unit(entering, 32, 3)]
    reference.features[3] = nn.Sequential(
        nn.MaxPool2d(2), OneShot(nn.Sequential(*row), nn.Sequential(*unit(160, 64, 1)))
    )
    check_reached(network, reference)


def test_se_resnet_18() -> None:
    """Hu et al., "Squeeze-and-excitation networks", 2018, in basic blocks."""
    places = [f"layer{stage}.{block}.bn2" for stage in (1, 2, 3, 4) for block in (0, 1)]
    network = small("resnet18").edit(InsertPart(join_ids(places), "squeeze_excitation"))
    reference = models.resnet18()
    for stage in (reference.layer1, reference.layer2, reference.layer3, reference.layer4):
        for block in stage:
            width = block.bn2.num_features
            block.bn2 = nn.Sequential(block.bn2, SqueezeExcitation(width, width // 16))
    check_reached(network, reference, 11_778_592)
