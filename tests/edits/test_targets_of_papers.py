"""Networks of papers, reached by composing from another one or from nothing: each is counted and computes what an
independent module computes with the same weights."""

from __future__ import annotations

from collections.abc import Iterable

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models

import explorer
from explorer.base.id_text import join_ids
from explorer.edits import (
    CopyRun,
    InsertPart,
    RemoveBlock,
    RepeatBlock,
    ReplaceByPart,
    SetConvForm,
    SetDepths,
    SetGrowthRate,
    SetLayer,
    SetWidth,
    SwapHead,
    TakeOut,
)
from explorer.network import Network
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import small
from tests.edits.test_reached_by_composing import check_equal


def check_reached(network: Network, reference: nn.Module, params: int = 0) -> None:
    """It is what the reference is, which has so many parameters where they are published."""
    check_count(network)
    check_replay(network)
    check_equal(network, reference, params or sum(parameter.numel() for parameter in reference.parameters()))


def unit(entering: int, leaving: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(entering, leaving, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(leaving), nn.ReLU()]


def test_efficientnet_v2_s_from_b0() -> None:
    """Tan and Le, "EfficientNetV2", 2021, table 4: the first block of each stage put in, and repeated."""
    table = [("fused_mbconv", 24, 1, 2, 1), ("fused_mbconv", 48, 4, 4, 2), ("fused_mbconv", 64, 4, 4, 2),
             ("mbconv", 128, 4, 6, 2), ("mbconv", 160, 6, 9, 1), ("mbconv", 256, 6, 15, 2)]  # fmt: skip
    network = small("efficientnet_b0").edit(TakeOut("features.7"), SetWidth("features.0", 24))
    for number, (part, width, expansion, repeats, stride) in enumerate(table, 1):
        known = network.architecture.live.keys()
        settings = f"channels={width}, kernel=3, stride={stride}, expansion={expansion}"
        network = network.edit(ReplaceByPart(f"features.{number}", part, settings, mend="project"))
        (block,) = {".".join(name.split(".")[:2]) for name in network.architecture.live.keys() - known}
        network = network.edit(RepeatBlock(block, repeats - 1))
    check_reached(network.edit(SetWidth("features.8", 1280)), models.efficientnet_v2_s(), 21_458_488)


def test_mnasnet_a1_from_mobilenet_v2() -> None:
    """Tan et al., "MnasNet", 2019, figure 7, as timm has it: kernel, channels, expansion, blocks, SE, stride."""
    table = [(3, 24, 6, 2, False, 2), (5, 40, 3, 3, True, 2), (3, 80, 6, 4, False, 2), (3, 112, 6, 2, True, 1),
             (5, 160, 6, 3, True, 2), (3, 320, 6, 1, False, 1)]  # fmt: skip
    rows = [(row, number) for row in table for number in range(row[3])]
    network = small("mobilenet_v2").edit(
        TakeOut("features.17"),
        ReplaceByPart("features.0", "conv_norm_act", "channels=32, stride=2"),
        ReplaceByPart("features.1", "inverted_residual", "channels=16, expansion=1, activation='relu'"),
    )
    for at, ((kernel, width, expansion, _, squeezes, stride), number) in enumerate(rows, 2):
        settings = f"channels={width}, kernel={kernel}, stride={1 if number else stride}, expansion={expansion}"
        part = "mbconv" if squeezes else "inverted_residual"
        edit = ReplaceByPart(f"features.{at}", part, f"{settings}, activation='relu'", mend="project")
        network = network.edit(edit)
    network = network.edit(ReplaceByPart("features.18", "conv_norm_act", "channels=1280, kernel=1"))
    check_reached(network, timm.create_model("semnasnet_100"), 3_887_038)


def test_mobilenet_v1_from_vgg_16() -> None:
    """Howard et al., "MobileNets", 2017, table 1: strides for poolings, one convolution more, all but the first of them
    depthwise separable, a pooled head."""
    table = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]

    def layers(kind: type[nn.Module]) -> list[str]:
        return [node.name for node in network.architecture.live.values() if isinstance(node.layer, kind)]

    network = small("vgg16_bn")
    network = network.edit(SwapHead("pool"), TakeOut(join_ids(layers(nn.MaxPool2d))))
    network = network.edit(CopyRun("features.40,features.41,features.42"))
    first, *others = layers(nn.Conv2d)
    network = network.edit(SetWidth(first, 32), SetLayer(first, "stride", 2))
    for name, (width, stride) in zip(others, table, strict=True):
        network = network.edit(SetWidth(name, width), SetLayer(name, "stride", stride))
    everywhere = SetLayer(join_ids([first, *others]), "bias", False)
    network = network.edit(everywhere, SetConvForm(join_ids(others), "separable"))
    modules, entering = unit(3, 32, 3, 2), 32
    for width, stride in table:
        modules += [*unit(entering, entering, 3, stride, entering), *unit(entering, width, 1)]
        entering = width
    reference = nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1024, 1000))
    check_reached(network, reference, 4_231_976)


def test_cbam_resnet_34() -> None:
    """Woo et al., "CBAM", 2018, figure 3: in every block, before the addition."""

    class CBAM(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            down, up = nn.Conv2d(width, width // 16, 1, bias=False), nn.Conv2d(width // 16, width, 1, bias=False)
            self.mlp = nn.Sequential(down, nn.ReLU(), up)
            self.places = nn.Sequential(nn.Conv2d(2, 1, 7, padding=3, bias=False), nn.BatchNorm2d(1))

        def forward(self, x: Tensor) -> Tensor:
            x = x * torch.sigmoid(self.mlp(x.mean((2, 3), True)) + self.mlp(x.amax((2, 3), True)))
            return x * torch.sigmoid(self.places(torch.cat([x.mean(1, True), x.amax(1, True)], 1)))

    reference = models.resnet34()
    for stage in (reference.layer1, reference.layer2, reference.layer3, reference.layer4):
        for block in stage:
            block.bn2 = nn.Sequential(block.bn2, CBAM(block.bn2.num_features))
    places = [f"layer{stage}.{at}.bn2" for stage, count in enumerate((3, 4, 6, 3), 1) for at in range(count)]
    check_reached(small("resnet34").edit(InsertPart(join_ids(places), "cbam")), reference)


def test_anti_aliased_resnet_18() -> None:
    """Zhang, "Making convolutional networks shift-invariant again", 2019, as its code has it: the window of a pooling
    or a convolution at every place, and a blur before what follows."""

    class Blur(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            line = torch.tensor([1.0, 2.0, 1.0]) / 4
            weight = (line[:, None] * line).expand(x.shape[1], 1, 3, 3)
            return functional.conv2d(functional.pad(x, (1, 1, 1, 1), "reflect"), weight, stride=2, groups=x.shape[1])

    reference = models.resnet18()
    reference.maxpool = nn.Sequential(nn.MaxPool2d(3, 1, 1), Blur())
    for stage in (reference.layer2, reference.layer3, reference.layer4):
        block = stage[0]
        block.conv1.stride = block.downsample[0].stride = (1, 1)
        block.conv2, block.downsample = nn.Sequential(Blur(), block.conv2), nn.Sequential(Blur(), *block.downsample)
    around = [f"layer{stage}.0.downsample.0" for stage in (2, 3, 4)]
    strided, blurred = ([f"layer{stage}.0.{name}" for stage in (2, 3, 4)] for name in ("conv1", "conv2"))
    network = small("resnet18").edit(
        SetLayer("maxpool", "stride", 1),
        InsertPart("maxpool", "blur_pool"),
        SetLayer(join_ids([*strided, *around]), "stride", 1),
        InsertPart(join_ids([*blurred, *around]), "blur_pool", where="before"),
    )
    check_reached(network, reference)


def test_squeezenet_with_complex_bypass() -> None:
    """Iandola et al., "SqueezeNet", 2016, figure 2, right: a 1×1 around each module that changes the width."""

    class WithBypass(models.SqueezeNet):
        def __init__(self) -> None:
            super().__init__("1_0")
            widths = {"3": (96, 128), "5": (128, 256), "8": (256, 384), "10": (384, 512)}
            self.ways = nn.ModuleDict({at: nn.Conv2d(*ends, 1) for at, ends in widths.items()})

        def forward(self, x: Tensor) -> Tensor:
            for number, layer in enumerate(self.features):
                around = self.ways[str(number)](x) if str(number) in self.ways else x
                x = layer(x) + around if str(number) in self.ways or number in (4, 7, 9, 12) else layer(x)
            return torch.flatten(self.classifier(x), 1)

    network = small("squeezenet1_0").edit(
        InsertPart("features.4,features.7,features.9,features.12", "add"),
        InsertPart("features.3,features.5,features.8,features.10", "add", mend="project"),
    )
    check_reached(network, WithBypass())


def test_resnet_56_without_parameters_in_its_shortcuts() -> None:
    """He et al., "Deep residual learning", 2016, §4.2, n = 9, option A: 0.85 M, from the template of ResNet-20."""

    class Block(nn.Module):
        def __init__(self, entering: int, leaving: int, stride: int) -> None:
            super().__init__()
            self.way = nn.Sequential(*unit(entering, leaving, 3, stride), *unit(leaving, leaving, 3)[:2])
            self.stride, self.extra = stride, leaving - entering

        def forward(self, x: Tensor) -> Tensor:
            around = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))
            return torch.relu(self.way(x) + around)

    def blocks() -> Iterable[nn.Module]:
        for entering, leaving, stride in ((16, 16, 1), (16, 32, 2), (32, 64, 2)):
            yield Block(entering, leaving, stride)
            yield from (Block(leaving, leaving, 1) for _ in range(8))

    network = explorer.open("design:resnet_20").edit(
        SetDepths("*", (9, 9, 9)), RemoveBlock("stages.1.0.shortcut,stages.2.0.shortcut", mend="pad")
    )
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    check_reached(network, nn.Sequential(*unit(3, 16, 3), *blocks(), *head), 853_018)


def test_densenet_bc_100_with_twice_the_growth() -> None:
    """Huang et al., "Densely connected convolutional networks", 2017, table 2, L = 100 and k = 24, from the template
    with k = 12: transitions keep their compression."""

    class Dense(nn.Module):
        def __init__(self, entering: int) -> None:
            super().__init__()
            last = nn.Conv2d(96, 24, 3, padding=1, bias=False)
            self.way = nn.Sequential(nn.BatchNorm2d(entering), nn.ReLU(), *unit(entering, 96, 1), last)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([x, self.way(x)], 1)

    modules: list[nn.Module] = [nn.Conv2d(3, 24, 3, padding=1, bias=False)]
    width = 24
    for number in range(3):
        modules += [Dense(width + 24 * layer) for layer in range(16)]
        width += 24 * 16
        modules += [nn.BatchNorm2d(width), nn.ReLU()]
        if number < 2:
            modules += [nn.Conv2d(width, width // 2, 1, bias=False), nn.AvgPool2d(2)]
            width //= 2
    reference = nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))
    check_reached(explorer.open("design:densenet_like").edit(SetGrowthRate("*", 24)), reference)
