"""Backbones that are reached by composing alone: of detectors and of segmentation, wide, dilated, with several ways.
Each is counted and computes what an independent module computes with the same weights."""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models

from explorer.base.id_text import join_ids
from explorer.design import DesignRow, NetworkDesign
from explorer.edits import (
    Connect,
    InsertPart,
    RepeatBlock,
    SetBottleneckRatio,
    SetCardinality,
    SetLayer,
    SetPreActivation,
    TakeOut,
    WrapAsBlock,
)
from explorer.network import Network
from explorer.project.opening import open_design
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import small
from tests.edits.test_reached_by_composing import check_equal, composed


def check(network: Network, reference: nn.Module, params: int) -> None:
    check_count(network)
    check_replay(network)
    check_equal(network, reference, params)


def conv_norm(entering: int, out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(entering, out, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(out),
    )


def test_vgg_16_with_norms() -> None:
    network = small("vgg16")
    convs = [name for name, node in network.architecture.live.items() if isinstance(node.layer, nn.Conv2d)]
    check(network.edit(InsertPart(join_ids(convs), "norm")), models.vgg16_bn(), 138_365_992)


def test_resnext_50_from_resnet_50() -> None:
    network = composed("resnet50", SetBottleneckRatio("*", 0.5), SetCardinality("*", 32))
    check(network, models.resnext50_32x4d(), 25_028_904)


def dilated_resnet_50() -> Network:
    """ResNet-50 whose last two stages keep the size of the map: Yu et al., "Dilated residual networks", 2017."""
    strided = [SetLayer(f"layer{stage}.0.conv2,layer{stage}.0.downsample.0", "stride", 1) for stage in (3, 4)]
    wide = {2: [f"layer3.{block}.conv2" for block in range(1, 6)] + ["layer4.0.conv2"]}
    wide[4] = [f"layer4.{block}.conv2" for block in (1, 2)]
    return small("resnet50").edit(*strided, *(SetLayer(join_ids(at), "dilation", by) for by, at in wide.items()))


def test_dilated_resnet_50() -> None:
    reference = models.resnet50(replace_stride_with_dilation=[False, True, True])
    check(dilated_resnet_50(), reference, 25_557_032)


class DeepLab(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        make = models.segmentation.deeplabv3_resnet50
        self.whole = make(weights=None, weights_backbone=None, aux_loss=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.whole(x)["out"]
        return out


def test_deeplab_v3_from_resnet_50() -> None:
    """Chen et al., "Rethinking atrous convolution", 2017, figure 5: five ways of different reach, side by side."""
    network = dilated_resnet_50().edit(TakeOut("avgpool,flatten,fc"))
    last = network.architecture.output.inputs[0]
    network = network.edit(InsertPart(last, "conv_norm_act", "channels=256, kernel=1"))
    first = network.architecture.output.inputs[0].rpartition(".")[0]
    network = network.edit(InsertPart(first, "conv_norm_act", "channels=256, kernel=1", "beside", "concat"))
    network = network.edit(InsertPart(f"{first}_2.conv", "global_pool", where="before", mend="upsample"))
    for rate in (36, 24, 12):
        known, settings = network.architecture.live, f"channels=256, dilation={rate}, bias=False"
        network = network.edit(InsertPart(first, "convolution", settings, "beside", "concat"))
        (conv,) = (
            name for name, node in network.architecture.live.items() if name not in known and node.layer is not None
        )
        network = network.edit(InsertPart(conv, "norm"))
        network = network.edit(InsertPart(network.architecture.users[conv][0], "activation"))
    for part, settings in (
        ("conv_norm_act", "channels=256, kernel=1"),
        ("dropout", ""),
        ("conv_norm_act", "channels=256"),
        ("pointwise", "channels=21"),
        ("upsample", "factor=8, mode='bilinear'"),
    ):
        network = network.edit(InsertPart(network.architecture.output.inputs[0], part, settings))
    check(network, DeepLab(), 39_638_869)


class DarkBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.narrow, self.wide = conv_norm(width, width // 2, 1), conv_norm(width // 2, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.leaky_relu(self.wide(F.leaky_relu(self.narrow(x), 0.1)), 0.1)


DARK = ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4))


class Darknet53(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(3, 32, 3), nn.LeakyReLU(0.1)]
        for (before, _), (width, depth) in pairwise(((32, 0), *DARK)):
            layers += [conv_norm(before, width, 3, 2), nn.LeakyReLU(0.1), *(DarkBlock(width) for _ in range(depth))]
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(x).mean((2, 3)))
        return out


def test_darknet_53_from_nothing() -> None:
    """Redmon and Farhadi, "YOLOv3", 2018, table 1: a block of the user's own, repeated."""
    act = "activation='leaky_relu'"
    rows = [
        DesignRow("conv_norm_act", f"{settings}, {act}")
        for width, _ in DARK
        for settings in (f"channels={width}, stride=2", f"channels={width // 2}, kernel=1", f"channels={width}")
    ]
    stem = (DesignRow("conv_norm_act", f"channels=32, {act}"),)
    network = open_design(NetworkDesign("Darknet-53", (3, 64, 64), 1000, stem, tuple(rows)))
    for number, (_, depth) in enumerate(DARK):
        end = f"_{number + 1}" if number else ""
        network = network.edit(WrapAsBlock(f"stages.{3 * number + 1},stages.{3 * number + 2}", "Pair"))
        network = network.edit(InsertPart(f"pair{end}", "add"), WrapAsBlock(f"pair{end},add{end}", "Dark residual"))
        if depth > 1:
            network = network.edit(RepeatBlock(f"dark_residual{end}", depth - 1))
    check(network.edit(SetLayer("*", "slope", 0.1)), Darknet53(), 41_609_928)


class RepVGGBlock(nn.Module):
    def __init__(self, entering: int, out: int, stride: int) -> None:
        super().__init__()
        self.window, self.point = conv_norm(entering, out, 3, stride), conv_norm(entering, out, 1, stride)
        self.same = nn.BatchNorm2d(out) if entering == out and stride == 1 else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.window(x) + self.point(x)
        return F.relu(out if self.same is None else out + self.same(x))


REPVGG = tuple(
    (width, 1 + (block == 0))
    for width, depth in ((48, 1), (48, 2), (96, 4), (192, 14), (1280, 1))
    for block in range(depth)
)


class RepVGG(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        pairs = pairwise(((3, 1), *REPVGG))
        self.layers = nn.Sequential(*(RepVGGBlock(before, width, stride) for (before, _), (width, stride) in pairs))
        self.last = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(x).mean((2, 3)))
        return out


def test_repvgg_a0_from_nothing() -> None:
    """Ding et al., "RepVGG", 2021, as it is trained: a 1×1 and a norm beside each 3×3."""
    rows = tuple(DesignRow("conv_norm_act", f"channels={width}, stride={stride}") for width, stride in REPVGG)
    network = open_design(NetworkDesign("RepVGG-A0", (3, 64, 64), 1000, (), rows))
    for number, ((before, _), (width, stride)) in enumerate(pairwise(((3, 1), *REPVGG))):
        name = f"stages.{number}.0"
        network = network.edit(WrapAsBlock(f"{name}.conv,{name}.norm", "Way"))
        (way,) = network.architecture.live[f"{name}.conv"].own_blocks
        network = network.edit(InsertPart(way, "conv_norm_act", "kernel=1, activation='linear'", "beside", "add"))
        if before == width and stride == 1:
            network = network.edit(InsertPart(way, "norm", where="beside", join="add"))
    check(network, RepVGG(), 9_108_968)


class WideBlock(nn.Module):
    def __init__(self, entering: int, out: int, stride: int) -> None:
        super().__init__()
        self.first, self.conv1 = nn.BatchNorm2d(entering), nn.Conv2d(entering, out, 3, stride, 1, bias=False)
        self.second, self.conv2 = nn.BatchNorm2d(out), nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.skip = nn.Conv2d(entering, out, 1, stride, bias=False) if entering != out else None

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.first(x))
        skip = x if self.skip is None else self.skip(out)
        return skip + self.conv2(F.relu(self.second(self.conv1(out))))


class WideResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = (16, 64, 64, 128, 128, 256, 256)
        blocks = (WideBlock(a, b, 2 if a != b and a > 16 else 1) for a, b in pairwise(widths))
        self.conv, self.blocks = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.Sequential(*blocks)
        self.norm, self.last = nn.BatchNorm2d(256), nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(F.relu(self.norm(self.blocks(self.conv(x)))).mean((2, 3)))
        return out


def test_wrn_16_4_from_nothing() -> None:
    """Zagoruyko and Komodakis, "Wide residual networks", 2016, table 1."""
    rows = tuple(
        DesignRow("basic_residual", f"channels={width}, stride={stride}", 2)
        for width, stride in ((64, 1), (128, 2), (256, 2))
    )
    stem = (DesignRow("convolution", "channels=16, bias=False"),)
    network = open_design(NetworkDesign("WRN-16-4", (3, 32, 32), 10, stem, rows))
    check(network.edit(SetPreActivation("*")), WideResNet(), 2_748_890)


class Bottleneck(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_norm(64, 16, 1), nn.ReLU(), conv_norm(16, 16, 3), nn.ReLU(), conv_norm(16, 64, 1)
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layers(x))


class Hourglass(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.last = conv_norm(3, 64, 7, 2), nn.Conv2d(64, 16, 1)
        self.down = nn.ModuleList(Bottleneck() for _ in range(2))
        self.beside = nn.ModuleList(Bottleneck() for _ in range(2))
        self.low, self.up = nn.Sequential(*(Bottleneck() for _ in range(3))), Bottleneck()

    def forward(self, x: Tensor) -> Tensor:
        x = self.down[0](F.relu(self.stem(x)))
        high, x = self.beside[0](x), self.down[1](F.max_pool2d(x, 2))
        middle, x = self.beside[1](x), self.low(F.max_pool2d(x, 2))
        x = self.up(F.interpolate(x, scale_factor=2.0) + middle)
        out: Tensor = self.last(F.interpolate(x, scale_factor=2.0) + high)
        return out


def test_hourglass_from_nothing() -> None:
    """Newell et al., "Stacked hourglass networks", 2016, figure 3, two sizes deep: a block on each way across."""
    parts = ("bottleneck", "max_pool", "bottleneck", "max_pool", "bottleneck", "upsample", "bottleneck", "upsample")
    settings = {"bottleneck": "channels=64", "max_pool": "kernel=2, stride=2", "upsample": ""}
    rows = tuple(DesignRow(part, settings[part], 3 if number == 4 else 1) for number, part in enumerate(parts))
    stem = (DesignRow("conv_norm_act", "channels=64, kernel=7, stride=2"),)
    network = open_design(NetworkDesign("Hourglass", (3, 64, 64), 16, stem, rows)).edit(
        TakeOut("head"), InsertPart("stages.7", "pointwise", "channels=16")
    )
    point = network.architecture.output.inputs[0]
    for target, source in (("stages.6", "stages.2"), (point, "stages.0")):
        known = network.architecture.live
        network = network.edit(Connect(target, source))
        (join,) = (name for name in network.architecture.live if name not in known)
        network = network.edit(InsertPart(source, "bottleneck", reader=join))
    reference = Hourglass()
    check(network, reference, sum(parameter.numel() for parameter in reference.parameters()))
