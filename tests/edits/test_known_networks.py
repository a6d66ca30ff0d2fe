"""Known networks, reached from others by edits alone, to the last parameter and multiply-add."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models

from explorer.edits import (
    AddShortcut,
    ApplyCompoundScaling,
    Edit,
    MultiplyDepth,
    MultiplyWidth,
    RemoveBlock,
    RemoveBranch,
    RepeatBlock,
    SetBottleneckRatio,
    SetCardinality,
    SetClasses,
    SetConvForm,
    SetExpansion,
    SetGrowthRate,
    SetInputSize,
    SetLayer,
    SetWidth,
    SwapActivation,
    SwapHead,
    SwapNorm,
    ToggleAuxiliaryHead,
    ToggleShortcut,
    ToggleSqueezeExcitation,
)
from explorer.edits.heads import find_head_structure
from explorer.graph import op_kinds
from explorer.network import Network, open_network
from tests.conftest import KEYS

Opened = Callable[[str], Network]


def counted(network: Network) -> tuple[int, int]:
    return network.figures.total.params, network.figures.total.macs


def counted_module(make: Callable[[], nn.Module]) -> tuple[int, int]:
    return counted(open_network(make()))


def test_mobilenet_v1_with_full_convolutions(opened: Opened) -> None:
    """MobileNet, 2017, table 4: 4866 M multiply-adds, 29.3 M parameters."""
    assert counted(opened("mobilenet_v1").edit(SetConvForm("*", "full"))) == (29_294_088, 4_867_293_184)


def test_shallow_mobilenet_v1(opened: Opened) -> None:
    """MobileNet, 2017, table 5: without the five 14 × 14 × 512 pairs, 307 M and 2.9 M."""
    gone = ", ".join(f"features.{number}" for number in range(7, 12))
    assert counted(opened("mobilenet_v1").edit(RemoveBlock(gone))) == (2_887_976, 307_323_392)


def test_resnet_34_without_shortcuts_is_plain_34(opened: Opened) -> None:
    edited = opened("resnet34").edit(ToggleShortcut("*", on=False))
    assert counted(edited) == counted(opened("plain34"))
    assert edited.figures.total.params == 21_623_848


def test_plain_34_with_shortcuts_is_resnet_34(opened: Opened) -> None:
    """Option A adds no parameters, option B is torchvision's (ResNet, 2015, §3.3)."""
    plain = opened("plain34")
    assert plain.edit(AddShortcut("*", "pad")).figures.total.params == 21_623_848
    assert counted(plain.edit(AddShortcut("*", "project"))) == counted(opened("resnet34"))


def test_resnet_50_with_squeeze_and_excitation(opened: Opened) -> None:
    edited = opened("resnet50").edit(ToggleSqueezeExcitation("*", on=True, ratio=16))
    assert edited.figures.total.params == 28_088_024


def test_resnext_50_from_resnet_50(opened: Opened) -> None:
    edited = opened("resnet50").edit(SetBottleneckRatio("*", 1 / 2), SetCardinality("*", 32))
    assert counted(edited) == counted(opened("resnext50_32x4d"))
    assert edited.figures.total.params == 25_028_904


def test_wide_resnet_50_from_resnet_50(opened: Opened) -> None:
    assert counted(opened("resnet50").edit(SetBottleneckRatio("*", 1 / 2))) == counted(opened("wide_resnet50_2"))


@pytest.mark.parametrize(("deeper", "edits"), [("resnet101", [RepeatBlock("layer3.5", 17)]), ("resnet152", [])])
def test_deeper_resnets_from_resnet_50(deeper: str, edits: Sequence[Edit], opened: Opened) -> None:
    edits = edits or [RepeatBlock("layer2.3", 4), RepeatBlock("layer3.5", 30)]
    assert counted(opened("resnet50").edit(*edits)) == counted(opened(deeper))


@pytest.mark.parametrize(
    ("groups", "widths"), [(1, (144, 288, 576)), (2, (200, 400, 800)), (4, (272, 544, 1088)), (8, (384, 768, 1536))]
)
def test_shufflenets_of_other_groups(groups: int, widths: Sequence[int], opened: Opened) -> None:
    network = opened("shufflenet_v1_g3")
    edited = network.edit(
        SetLayer("*", "groups", 1, kind="grouped"),
        *(SetWidth(f"stage{number}", width) for number, width in enumerate(widths, 2)),
        SetBottleneckRatio("*", 1 / 4),
        SetLayer("*", "groups", groups, kind="grouped"),
    )
    assert counted(edited) == counted(opened(f"shufflenet_v1_g{groups}"))


@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.3, 1.4])
def test_widths_of_mobilenet_v2(width: float, opened: Opened) -> None:
    edited = opened("mobilenet_v2").edit(MultiplyWidth("*", width))
    assert counted(edited) == counted_module(lambda: models.mobilenet_v2(width_mult=width))


@pytest.mark.parametrize("key", ["mobilenet_v1_x0_75", "mobilenet_v1_x0_5", "mobilenet_v1_x0_25"])
def test_widths_of_mobilenet_v1(key: str, opened: Opened) -> None:
    width = float(key.removeprefix("mobilenet_v1_x").replace("_", "."))
    assert counted(opened("mobilenet_v1").edit(MultiplyWidth("*", width))) == counted(opened(key))


@pytest.mark.parametrize(
    ("key", "depth", "width", "side"),
    [("efficientnet_b1", 1.1, 1.0, 240), ("efficientnet_b2", 1.2, 1.1, 288), ("efficientnet_b4", 1.8, 1.4, 380)],
)
def test_scaled_efficientnets(key: str, depth: float, width: float, side: int, opened: Opened) -> None:
    edited = opened("efficientnet_b0").edit(
        MultiplyDepth("*", depth), MultiplyWidth("*", width), SetInputSize(resolution=side)
    )
    wanted = open_network(key, input_shape=(1, 3, side, side))
    assert counted(edited) == counted(wanted)


@pytest.mark.parametrize("growth", [12, 24, 48])
def test_growth_of_densenet_121(growth: int, opened: Opened) -> None:
    edited = opened("densenet121").edit(SetGrowthRate("*", growth))
    assert counted(edited) == counted_module(lambda: models.DenseNet(growth, (6, 12, 24, 16), 64))


def test_densenet_169_from_densenet_121(opened: Opened) -> None:
    edited = opened("densenet121").edit(
        RepeatBlock("features.denseblock3.denselayer24", 8),
        RepeatBlock("features.denseblock4.denselayer16", 16),
        SetWidth("features.transition3.conv", 640),
    )
    assert counted(edited) == counted(opened("densenet169"))


@pytest.mark.parametrize("depth", [11, 16])
def test_batch_norm_in_vgg(depth: int, opened: Opened) -> None:
    assert counted(opened(f"vgg{depth}").edit(SwapNorm("*", "batch"))) == counted(opened(f"vgg{depth}_bn"))


def test_vgg_with_a_pooled_head_and_back(opened: Opened) -> None:
    network = opened("vgg16")
    pooled = network.edit(SwapHead("pool"))
    assert pooled.figures.total.params == 138_357_544 - 123_642_856 + 513_000
    assert counted(pooled.edit(SwapHead("fully_connected"))) == counted(network)


def test_vgg_from_vgg(opened: Opened) -> None:
    """VGG-13 is VGG-11 with two layers more."""
    shallow = opened("vgg11")
    assert counted(shallow.edit(RepeatBlock("features.0"), RepeatBlock("features.3")))[0] > counted(shallow)[0]
    seen = shallow.edit(RepeatBlock("features.0,features.1"), RepeatBlock("features.3,features.4"))
    assert counted(seen) == counted(opened("vgg13"))


def test_other_classes_and_images(opened: Opened) -> None:
    edited = opened("resnet18").edit(SetClasses(10), SetInputSize(resolution=128, channels=1))
    assert counted(edited)[0] == sum(p.numel() for p in models.resnet18(num_classes=10).parameters()) - 2 * 49 * 64
    assert edited.run("cat").result.main_output.shape == (1, 10)


def test_auxiliary_heads_come_and_go(opened: Opened) -> None:
    network = opened("googlenet")
    grown = network.edit(ToggleAuxiliaryHead("inception4a", on=True))
    assert len(grown.run("cat").result.value) == 2
    assert counted(grown.edit(ToggleAuxiliaryHead("*", on=False))) == counted(network)


def test_activations_cost_nothing(opened: Opened) -> None:
    network = opened("mobilenet_v3_small")
    assert counted(network.edit(SwapActivation("*", "relu"))) == counted(network)


def test_resnet_34_from_resnet_18(opened: Opened) -> None:
    edits = RepeatBlock("layer1.1"), RepeatBlock("layer2.1", 2), RepeatBlock("layer3.1", 4), RepeatBlock("layer4.1")
    assert counted(opened("resnet18").edit(*edits)) == counted(opened("resnet34"))


#: Where the 2015 paper has the strides: in the first 1×1 of a stage.
STRIDES_OF_V1 = [SetLayer(f"layer{n}.0.conv1", "stride", 2, mend=f"from layer{n}.0.conv2") for n in (2, 3, 4)]


def test_resnet_50_as_of_2015(opened: Opened) -> None:
    network = opened("resnet50")
    assert counted(network.edit(*STRIDES_OF_V1)) == counted(opened("resnet50_v1"))
    edited = network.edit(*STRIDES_OF_V1, ToggleSqueezeExcitation("*", on=True))
    assert counted(edited) == counted(opened("se_resnet50"))
    assert counted(edited.edit(ToggleSqueezeExcitation("*", on=False))) == counted(opened("resnet50_v1"))


@pytest.mark.parametrize(("cardinality", "deeper"), [(64, "resnext101_64x4d"), (32, "resnext101_32x8d")])
def test_deeper_resnexts(cardinality: int, deeper: str, opened: Opened) -> None:
    edits = SetBottleneckRatio("*", 1), SetCardinality("*", cardinality), RepeatBlock("layer3.5", 17)
    assert counted(opened("resnext50_32x4d").edit(*edits)) == counted(opened(deeper))


def _inverted(expansion: int) -> Callable[[], nn.Module]:
    rows = [(16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)]
    settings = [[expansion if number else 1, *row] for number, row in enumerate(rows)]
    return lambda: models.MobileNetV2(inverted_residual_setting=settings)


def test_mobilenet_v2_with_less_and_without_expansion(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    assert counted(network.edit(SetExpansion("*", 3))) == counted_module(_inverted(3))
    expanding = ",".join(f"features.{number}.conv.0" for number in range(2, 18))
    assert counted(network.edit(SetExpansion("*", 1), RemoveBlock(expanding))) == counted_module(_inverted(1))


def test_mobilenet_v3_without_squeeze_and_excitation(opened: Opened) -> None:
    settings, last = models.mobilenetv3._mobilenet_v3_conf("mobilenet_v3_large")
    for setting in settings:
        setting.use_se = False
    edited = opened("mobilenet_v3_large").edit(ToggleSqueezeExcitation("*", on=False))
    assert counted(edited) == counted_module(lambda: models.MobileNetV3(settings, last))


@pytest.mark.parametrize(("key", "width"), [("mnasnet0_5", 0.5), ("mnasnet0_75", 0.75), ("mnasnet1_3", 1.3)])
def test_widths_of_mnasnet(key: str, width: float, opened: Opened) -> None:
    """Its last 1×1 has 1280 channels at any width."""
    edits: list[Edit] = [MultiplyWidth("*", width), SetWidth("layers.14", 1280)]
    assert counted(opened("mnasnet1_0").edit(*edits)) == counted(opened(key))


@pytest.mark.parametrize(
    ("key", "widths", "last"),
    [("0_5", (48, 96, 192), 1024), ("1_5", (176, 352, 704), 1024), ("2_0", (244, 488, 976), 2048)],
)
def test_widths_of_shufflenet_v2(key: str, widths: Sequence[int], last: int, opened: Opened) -> None:
    edits = [SetWidth(f"stage{number}", width) for number, width in enumerate(widths, 2)]
    edited = opened("shufflenet_v2_x1_0").edit(*edits, SetBottleneckRatio("*", 1 / 2), SetWidth("conv5", last))
    assert counted(edited) == counted(opened(f"shufflenet_v2_x{key}"))


@pytest.mark.parametrize(
    ("key", "widths", "depths", "group"),
    [
        ("regnet_x_800mf", (64, 128, 288, 672), (1, 3, 7, 5), 16),
        ("regnet_x_1_6gf", (72, 168, 408, 912), (2, 4, 10, 2), 24),
    ],
)
def test_regnets_from_the_smallest(
    key: str, widths: Sequence[int], depths: Sequence[int], group: int, opened: Opened
) -> None:
    network = opened("regnet_x_400mf")
    for stage, (depth, wanted) in enumerate(zip((1, 2, 7, 12), depths, strict=True), 1):
        names = [f"trunk_output.block{stage}.block{stage}-{number}" for number in range(depth)]
        if wanted > depth:
            network = network.edit(RepeatBlock(names[-1], wanted - depth))
        elif wanted < depth:
            network = network.edit(RemoveBlock(",".join(names[wanted:])))
    stages = [(f"trunk_output.block{number}", width) for number, width in enumerate(widths, 1)]
    network = network.edit(SetCardinality("*", 1), *(SetWidth(*stage) for stage in stages), SetBottleneckRatio("*", 1))
    network = network.edit(*(SetCardinality(stage, width // group) for stage, width in stages))
    assert counted(network) == counted(opened(key))


def test_densenets_from_densenet_121(opened: Opened) -> None:
    network = opened("densenet121")
    third, fourth = "features.denseblock3.denselayer24", "features.denseblock4.denselayer16"
    longest = network.edit(RepeatBlock(third, 24), RepeatBlock(fourth, 16), SetWidth("features.transition3.conv", 896))
    assert counted(longest) == counted(opened("densenet201"))
    widths = [SetWidth(f"features.transition{number}.conv", width) for number, width in ((1, 192), (2, 384), (3, 1056))]
    wide = network.edit(
        SetWidth("features.conv0", 96), RepeatBlock(third, 12), RepeatBlock(fourth, 8), SetGrowthRate("*", 48), *widths
    )
    assert counted(wide) == counted(opened("densenet161"))


@pytest.mark.parametrize(
    ("key", "depth", "width", "side"),
    [("efficientnet_b3", 1.4, 1.2, 300), ("efficientnet_b5", 2.2, 1.6, 456), ("efficientnet_b7", 3.1, 2.0, 600)],
)
def test_larger_efficientnets(key: str, depth: float, width: float, side: int, opened: Opened) -> None:
    edits = MultiplyDepth("*", depth), MultiplyWidth("*", width), SetInputSize(resolution=side)
    assert counted(opened("efficientnet_b0").edit(*edits)) == counted(open_network(key, input_shape=(1, 3, side, side)))


def test_one_step_of_compound_scaling(opened: Opened) -> None:
    """φ = 1 is EfficientNet-B2 but for its image: 1.15 × 224 = 258, and it takes 288."""
    wanted = open_network("efficientnet_b2", input_shape=(1, 3, 258, 258))
    assert counted(opened("efficientnet_b0").edit(ApplyCompoundScaling(1))) == counted(wanted)


@pytest.mark.parametrize(
    ("shallow", "deep", "at"), [("vgg13", "vgg16", (12, 17, 22)), ("vgg16", "vgg19", (14, 21, 28))]
)
def test_deeper_vggs(shallow: str, deep: str, at: Sequence[int], opened: Opened) -> None:
    edits = [RepeatBlock(f"features.{number},features.{number + 1}") for number in at]
    assert counted(opened(shallow).edit(*edits)) == counted(opened(deep))


def test_inception_v3_without_a_branch(opened: Opened) -> None:
    network = opened("inception_v3")
    module = models.inception_v3(init_weights=False, aux_logits=False).eval()
    first, second = module.Mixed_5b, module.Mixed_5c

    def forward(x: Tensor) -> Tensor:
        ways = [
            first.branch5x5_2(first.branch5x5_1(x)),
            first.branch3x3dbl_3(first.branch3x3dbl_2(first.branch3x3dbl_1(x))),
            first.branch_pool(F.avg_pool2d(x, 3, 1, 1)),
        ]
        return torch.cat(ways, 1)

    first.forward = forward
    del first.branch1x1
    for name in ("branch1x1", "branch5x5_1", "branch3x3dbl_1", "branch_pool"):
        way = getattr(second, name)
        way.conv = nn.Conv2d(way.conv.in_channels - 64, way.conv.out_channels, 1, bias=False)
    params, macs = counted(open_network(module, input_shape=(1, 3, 299, 299)))
    wanted = params + network.figures.unused_params, macs
    assert counted(network.edit(RemoveBranch("Mixed_5b.branch1x1"))) == wanted


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.one, self.two = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return (self.two(self.second(self.one(self.first(x)).relu())) + x).relu()


class _Own(nn.Module):
    """A small residual network, written by hand."""

    def __init__(self, width: int = 16, depth: int = 2) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1)
        self.blocks = nn.ModuleList([_Block(width) for _ in range(depth)])
        self.classifier = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(x.mean((2, 3)))


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (MultiplyWidth("*", 2), {"width": 32}),
        (MultiplyDepth("*", 2), {"depth": 4}),
        (RepeatBlock("blocks.1", 3), {"depth": 5}),
        (RemoveBlock("blocks.0"), {"depth": 1}),
    ],
)
def test_a_module_of_ones_own(edit: Edit, wanted: dict[str, int]) -> None:
    shape = (1, 3, 64, 64)
    edited = open_network(_Own(), input_shape=shape).edit(edit)
    assert counted(edited) == counted(open_network(_Own(**wanted), input_shape=shape))


@pytest.mark.parametrize(
    ("name", "edits", "wanted"),
    [
        ("resnet50", [RepeatBlock("layer3.5", 17)], "resnet101"),
        ("resnet50", [SetBottleneckRatio("*", 1 / 2), SetCardinality("*", 32)], "resnext50_32x4d"),
        ("resnet50", [ToggleSqueezeExcitation("*", on=True)], "seresnet50"),
        ("mobilenetv2_100", [MultiplyWidth("*", 1.4)], "mobilenetv2_140"),
    ],
)
def test_networks_of_timm(name: str, edits: list[Edit], wanted: str) -> None:
    timm = pytest.importorskip("timm")
    assert counted(open_network(timm.create_model(name)).edit(*edits)) == counted_module(
        lambda: timm.create_model(wanted)
    )


@pytest.mark.parametrize("key", KEYS)
def test_another_head_there_and_back_is_the_network(key: str, opened: Opened) -> None:
    """Also with an edit of the body in between; the pooling before the head stays where it stood."""
    architecture = opened(key).architecture
    known = find_head_structure(architecture)
    if known is None:
        return
    there = SwapHead("pool" if known.kind == "fully_connected" else "fully_connected").apply(architecture)
    assert set(architecture.ancestors(known.last_map)) <= set(there.live)
    back = SwapHead(known.kind).apply(there)
    assert dict(back.nodes) == dict(architecture.nodes)
    fewer = SetClasses(10)
    assert dict(SwapHead(known.kind).apply(fewer.apply(there)).nodes).keys() == architecture.nodes.keys()


@pytest.mark.parametrize("key", ["alexnet", "alexnet_2012", "vgg11", "vgg16_bn"])
def test_a_pooled_head_keeps_the_last_max_pooling(key: str, opened: Opened) -> None:
    pooled = opened(key).edit(SwapHead("pool"))
    pools = [op_kinds.title(node) for node in pooled.architecture.live.values() if op_kinds.kind(node) == "pool"]
    assert pools[-2:] == [f"Max pool {'3×3' if 'alex' in key else '2×2'}", "Global avg pool"]


SHUFFLENETS = (
    ("shufflenet_v1_g3", 0.25, "shufflenet_v1_x0_25"),
    ("shufflenet_v1_g3", 0.5, "shufflenet_v1_x0_5"),
    ("shufflenet_v1_g3", 1.5, "shufflenet_v1_x1_5"),
    ("shufflenet_v1_g3", 2.0, "shufflenet_v1_x2_0"),
    ("shufflenet_v2_x1_0", 0.5, "shufflenet_v2_x0_5"),
    ("shufflenet_v2_x1_0", 1.5, "shufflenet_v2_x1_5"),
    ("shufflenet_v2_x1_0", 2.0, "shufflenet_v2_x2_0"),
    ("shufflenet_v2_x2_0", 0.5, "shufflenet_v2_x1_0"),
)


@pytest.mark.parametrize(("key", "by", "other"), SHUFFLENETS)
def test_width_multipliers_of_shufflenets_are_the_papers(key: str, by: float, other: str, opened: Opened) -> None:
    assert counted(opened(key).edit(MultiplyWidth("*", by))) == counted(opened(other))


def test_densenet_169_from_densenet_121_by_depth_alone(opened: Opened) -> None:
    """The transitions go on halving what they read."""
    last, later = "features.denseblock3.denselayer24", "features.denseblock4.denselayer16"
    edited = opened("densenet121").edit(RepeatBlock(last, 8), RepeatBlock(later, 16))
    assert counted(edited) == counted(opened("densenet169"))
    assert edited.figures.total.params == 14_149_480


def test_the_title_of_a_moved_stride_says_where_it_was(opened: Opened) -> None:
    """ResNet v1 has the stride at the 1×1."""
    edit = SetLayer("layer2.0.conv1", "stride", 2, mend="from layer2.0.conv2")
    assert edit.title == "Stride 2 in layer2.0.conv1, from layer2.0.conv2"
    edited = opened("resnet50").edit(edit)
    assert edited.architecture.nodes["layer2.0.conv2"].layer.stride == (1, 1)
