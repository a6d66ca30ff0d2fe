"""What cannot be done is refused with the place, the shapes, the reason and a way out, and nothing is changed.

A row: the network, the edit, what the message says, and the titles of the repairs, cheapest first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor, nn

from explorer.analysis.figures import shape_inference
from explorer.analysis.figures.figures import Figures
from explorer.edits import (
    EDIT_KINDS,
    AddShortcut,
    ApplyCompoundScaling,
    Edit,
    EditError,
    FitSmallImages,
    InvertBottleneck,
    KeepChannels,
    MultiplyDepth,
    MultiplyExpansion,
    MultiplyWidth,
    RemoveBlock,
    RemoveBranch,
    ReorderLastStage,
    RepeatBlock,
    SetBottleneckActivation,
    SetBottleneckRatio,
    SetCardinality,
    SetClasses,
    SetConvForm,
    SetDepths,
    SetExpansion,
    SetGrowthRate,
    SetInputSize,
    SetLayer,
    SetReduction,
    SetSqueezeRatio,
    SetWidth,
    SwapActivation,
    SwapGate,
    SwapHead,
    SwapJoin,
    SwapNorm,
    ToggleAuxiliaryHead,
    ToggleChannelShuffle,
    ToggleShortcut,
    ToggleSqueezeExcitation,
    UnshareLayer,
)
from explorer.edits.edit import find_mismatch
from explorer.network import Network, open_network

PAD, FILL = "Subsample the shortcut and pad it with zeros", "Pad the smaller map with zeros"
PROJECT, SAME = "Project the shortcut with a 1×1 convolution", "Give both sides the same width"
BRANCHES = ",".join(f"inception3a.branch{number}" for number in (1, 2, 3, 4))
ANY: Any = object()

SHAPES: list[tuple[str, Edit, str, list[str]]] = [
    # groups that do not divide
    (
        "resnet18",
        SetLayer("layer1.0.conv1", "groups", 7),
        "layer1.0.conv1: 7 groups do not divide 64 → 64 channels",
        ["8 groups", "4 groups", "2 groups"],
    ),
    ("resnet18", SetLayer("conv1", "groups", 64), "64 groups do not divide 3 → 64", ["1 group (standard)"]),
    (
        "resnet50",
        SetCardinality("*", 7),
        "layer1.0.conv2: 7 groups do not divide 64 → 64 channels",
        ["Cardinality 8", "Cardinality 4"],
    ),
    (
        "shufflenet_v1_g3",
        SetLayer("stage2.1", "groups", 7, kind="shuffle"),
        "stage2.1.channel_shuffle cannot take 60×28×28: 7 groups do not divide 60 channels",
        ["6 groups"],
    ),
    (
        "resnext50_32x4d",
        SetReduction("layer1.0.conv2", 100),
        "layer1.0.conv2: its 32 groups do not divide 100 channels",
        ["Reduction to 96", "Reduction to 128"],
    ),
    (
        "resnext50_32x4d",
        SetWidth("layer1.0.conv2", 100),
        "layer1.0.conv2: 100 channels do not work: the width must be a multiple of 32",
        ["96 channels"],  # 128 is what it has
    ),
    (
        "shufflenet_v1_g3",
        SetWidth("stage2", 100),
        "100 channels do not work: beside the 24 channels of conv1.0 there must be a multiple of 3",
        ["99 channels", "102 channels"],
    ),
    ("shufflenet_v2_x0_5", SetWidth("stage2", 47), "must be a multiple of 2", ["46 channels"]),
    (
        "densenet121",
        SetWidth("features.denseblock1", 10),
        "10 channels do not work: beside the 64 channels of features.conv0 there must be a multiple of 6",
        ["70 channels"],
    ),
    (
        "squeezenet1_1",
        SetWidth("features.3.cat", 64),
        "64 channels do not work: beside the 64 channels of features.3.expand1x1 there must be one or more",
        ["65 channels"],
    ),
    # shapes that do not meet
    (
        "resnet18",
        SetLayer("layer1.0.conv1", "stride", 2),
        "layer1.0.add cannot add 64×28×28 to 64×56×56: the maps differ in size",
        [PAD, PROJECT],
    ),
    (
        "resnet50",
        SetLayer("layer2.0.conv1", "stride", 2),
        "layer2.0.add cannot add 512×14×14 to 512×28×28: the maps differ in size",
        [PAD, "Move the stride here from layer2.0.conv2", PROJECT],
    ),
    (
        "resnet18",
        SetLayer("layer1.0.conv1", "kernel", 2),
        "layer1.0.add cannot add 64×55×55 to 64×56×56: the maps differ in size",
        ["Kernel 1×1", FILL],
    ),
    ("resnet18", SetLayer("layer1.0.conv1", "padding", 0), "cannot add 64×54×54 to 64×56×56", [FILL]),
    ("resnet18", SetLayer("layer2.0.downsample.0", "stride", 1), "cannot add 128×28×28 to 128×56×56", [PAD, PROJECT]),
    (
        "resnet18",
        RemoveBlock("layer2.0"),
        "layer2.1.add cannot add 128×56×56 to 64×56×56: the widths differ",
        [SAME, PAD, PROJECT],
    ),
    (
        "resnet18",
        SwapJoin("layer1.0", "concat"),
        "layer1.1.add cannot add 64×56×56 to 128×56×56: the widths differ",
        [PROJECT],
    ),
    (
        "plain18",
        AddShortcut("layer2.0"),
        "layer2.0.shortcut cannot add 128×28×28 to 64×56×56: the maps differ in size",
        ["Shortcut (padded with zeros)", "Shortcut (projected)"],
    ),
    # windows larger than the map
    (
        "alexnet",
        SetLayer("features.0", "stride", 16),
        "features.12 cannot take 256×2×2: a window of 3×3 does not fit a map of 2×2",
        ["Stride 15"],
    ),
    ("vit_b_16", FitSmallImages(32), "reshape cannot take 768×497×497", []),
    ("alexnet", SetInputSize(resolution=32), "features.12 cannot take 256×1×1: a window of 3×3", ["Resolution 64"]),
    ("vgg16", SetInputSize(resolution=16), "a window of 2×2 does not fit a map of 1×1", ["Resolution 32"]),
    (
        "inception_v3",
        SetInputSize(resolution=32),
        "Mixed_6a.branch3x3.conv cannot take 288×1×1: a window of 3×3 does not fit a map of 1×1",
        ["Resolution 80"],
    ),
    (
        "resnet18",
        SetLayer("maxpool", "padding", 2),
        "maxpool: a pooling can be padded by at most half its window, 1",
        ["Padding 1"],
    ),
    (
        "efficientnet_b0",
        SwapNorm("features.1.0.block.1.fc1", "instance"),
        "a norm over positions needs more than one, and the map has 1×1",
        ["Norm BatchNorm", "Norm LayerNorm"],
    ),
    # widths that something fixes
    ("vit_b_16", SetWidth("conv_proj", 700), "conv_proj: its width is fixed: reshape is written for exactly", []),
    ("swin_t", SetWidth("features.1", 100), "shifted_window_attention is written for exactly this width", []),
    ("resnet18", SetWidth("input", 64), "input: its width is fixed: it is the number of channels of the image", []),
]

NOTHING_THERE: list[tuple[str, Edit, str, list[str]]] = [
    (
        "resnet18",
        SetWidth("layer9", 64),
        "ResNet-18 has no layer or block 'layer9'; nearest: layer4, layer3, layer2",
        [],
    ),
    ("resnet18", SwapNorm("nowhere", "batch"), "no layer or block 'nowhere'", []),
    ("resnet18", SetWidth("", 64), "an edit needs a place", []),
    ("resnet18", SwapActivation(" , ", "relu"), "an edit needs a place", []),
    ("resnet18", SwapActivation("fc", "relu"), "no activation in fc", []),
    ("resnet18", SwapNorm("fc", "batch"), "no norm in fc, and no convolution", []),
    ("resnet18", SetLayer("fc", "kernel", 3), "no layer in fc has a kernel to set", []),
    ("resnet18", SetLayer("conv1", "pooling", "max"), "no layer in conv1 has a kind of pooling", []),
    (
        "resnet18",
        SetExpansion("conv1", 6),
        "no hidden width in conv1: no layer has channels that are used only inside",
        [],
    ),
    ("vgg16", SetBottleneckRatio("*", 0.5), "no hidden width in the network", []),
    ("resnet18", SetGrowthRate("*", 12), "no dense layer in the network", []),
    ("vit_b_16", SetCardinality("*", 2), "no block in the network has convolutions with a window", []),
    ("vit_b_16", SetCardinality("*", 2, of="pointwise"), "no block in the network has 1×1 convolutions", []),
    (
        "resnet18",
        SetConvForm("conv1", "two_3x3"),
        "“5×5 as two 3×3” needs a 5×5 window, and there is none in conv1",
        [],
    ),
    ("resnet18", SetConvForm("*", "full"), "no depthwise convolution followed by a 1×1 in the network", []),
    ("vgg16", SetReduction("classifier", 8), "no convolution with a window in classifier", []),
    ("vgg16", SetReduction("features.2", 0), "no 1×1 before a window in features.2 that could be removed", []),
    ("resnet18", ToggleChannelShuffle("*", on=True), "no block in the network has a group convolution", []),
    ("vgg16", ToggleShortcut("*", on=False), "no shortcut in the network: no addition joins a path", []),
    (
        "resnet18",
        AddShortcut("layer1.0"),
        "no block in layer1.0 has a single input, a single output and no shortcut yet",
        [],
    ),
    ("googlenet", SwapJoin("inception3a", "add"), "no concatenation of branches in inception3a", []),
    ("resnet18", RemoveBranch("layer1.0"), "layer1.0 is not a branch: nothing else is concatenated with it", []),
    ("googlenet", RemoveBranch(BRANCHES), "inception3a.cat would join nothing: one branch has to stay", []),
    ("resnet18", SetBottleneckActivation("*", "relu"), "no linear bottleneck in the network", []),
    (
        "resnet18",
        InvertBottleneck("*"),
        "no block in the network has a hidden width that differs from the width of its ends",
        [],
    ),
    ("resnet18", UnshareLayer("*"), "no layer with weights is called at several places in the network", []),
    ("resnet18", KeepChannels("*", "l1"), "no layer in the network is narrower than when the network was opened", []),
    ("resnet18", ToggleSqueezeExcitation("*", on=False), "no squeeze-and-excitation in the network", []),
    ("resnet18", ToggleSqueezeExcitation("conv1", on=True), "no block in conv1 has a map to weight", []),
    ("resnet18", SetSqueezeRatio("*", 4), "no squeeze-and-excitation in the network", []),
    ("resnet18", SwapGate("*", "sigmoid"), "no gate in the network", []),
    ("resnet18", RepeatBlock("input"), "input cannot be repeated: 0 inputs and 1 output", []),
    ("resnet18", RepeatBlock("flatten"), "flatten cannot be repeated: input 512×1×1, output 512", []),
    ("resnet18", RemoveBlock("layer1.0.add"), "layer1.0.add cannot be removed: 2 inputs", []),
    ("resnet18", RemoveBlock("*"), "nothing of ResNet-18 would remain", []),
    ("vgg16", RemoveBlock("features,classifier"), "nothing of VGG-16 would remain", []),
    ("vgg16", MultiplyDepth("*", 2), "there are no blocks in the network", []),
    ("resnet18", SetDepths("*", (2, 2)), "2 numbers of blocks do not fit the 4 runs of like blocks", []),
    ("vgg16", MultiplyExpansion("*", 0.5), "no hidden width in the network", []),
    ("alexnet", ApplyCompoundScaling(1), "there are no blocks in the network", []),
    ("vit_b_16", SwapHead("pool"), "does not end with linear layers on a pooled or flattened map", []),
    ("resnet18", ReorderLastStage("pool_first"), "ResNet-18 has no 1×1 next to its global pooling", []),
    ("resnet18", ToggleAuxiliaryHead("*", on=False), "no auxiliary head in the network", []),
    ("resnet18", ToggleAuxiliaryHead("fc", on=True), "fc has no output map that a classifier could read", []),
]

BAD_VALUES: list[tuple[str, Edit, str, list[str]]] = [
    ("resnet18", edit, says, [])
    for edit, says in (
        (SwapActivation("*", "swoosh"), "'swoosh' is not a known activation; choose one of relu, relu6"),
        (SwapActivation("*", ANY), "is not a known activation"),
        (SwapNorm("*", "weight"), "'weight' is not a known norm; choose one of batch, group"),
        (SetLayer("conv1", "colour", 3), "'colour' is not a known setting; choose one of kernel, stride"),
        (SetLayer("conv1", "kernel", 0), "conv1: 0 must be a whole number from 1 to 512"),
        (SetLayer("conv1", "kernel", -3), "conv1: -3 must be a whole number"),
        (SetLayer("conv1", "kernel", 2.5), "conv1: 2.5 must be a whole number"),
        (SetLayer("conv1", "kernel", math.nan), "conv1: nan must be a whole number"),
        (SetLayer("conv1", "kernel", 10**9), "conv1: 1000000000 must be a whole number from 1 to 512"),
        (SetLayer("conv1", "kernel", "3×3×3"), "conv1: '3×3×3' must be a whole number from 1 to 512, or two"),
        (SetLayer("conv1", "groups", "many"), "conv1: the number of groups must be a whole number from 1 to 65,536"),
        (SetLayer("conv1", "groups", True), "conv1: the number of groups must be a whole number"),
        (SetLayer("conv1", "bias", "yes"), "conv1: a bias is on (true) or off (false), not 'yes'"),
        (SetLayer("maxpool", "pooling", "median"), "maxpool: 'median' is not a kind of pooling"),
        (SetLayer("conv1", "out_channels", 1.5), "a width must be a whole number from 1 to 65,536, not 1.5"),
        (SetWidth("layer1", 0), "a width must be a whole number from 1 to 65,536, not 0"),
        (SetWidth("layer1", 10**9), "not 1,000,000,000"),
        (SetExpansion("*", math.nan), "an expansion must lie between 0.001 and 64; nan does not"),
        (SetExpansion("*", math.inf), "an expansion must lie between 0.001 and 64; inf does not"),
        (SetBottleneckRatio("*", -1), "a bottleneck ratio must lie between 0.001 and 64; -1 does not"),
        (SetGrowthRate("*", 0), "a growth rate must be a whole number"),
        (MultiplyWidth("*", 0), "a width multiplier must lie between 0.01 and 16; 0 does not"),
        (MultiplyWidth("*", 0.5, divisor=0), "the divisor of widths must be a whole number from 1 to 256"),
        (SetCardinality("*", 0), "a cardinality must be a whole number"),
        (SetConvForm("*", "wavelet"), "'wavelet' is not a known form of convolution"),
        (SetReduction("conv1", -1), "the width of a reduction (0 removes it) must be a whole number"),
        (AddShortcut("*", "teleport"), "'teleport' is not a known kind of shortcut"),
        (SwapJoin("*", "multiply"), "'multiply' is not a known kind of join; choose one of add, concat"),
        (SetBottleneckActivation("*", "swoosh"), "'swoosh' is not a known activation"),
        (
            ToggleSqueezeExcitation("*", on=True, ratio=0),
            "a squeeze ratio must be a whole number from 1 to 1,024, not 0",
        ),
        (
            ToggleSqueezeExcitation("*", on=True, gate="tanh"),
            "'tanh' is not a known gate; choose one of sigmoid, hardsigmoid",
        ),
        (SetSqueezeRatio("*", 2**40), "a squeeze ratio must be a whole number"),
        (SwapGate("*", "relu"), "'relu' is not a known gate"),
        (RepeatBlock("layer1.0", 0), "the number of copies must be a whole number from 1 to 512, not 0"),
        (RepeatBlock("layer1.0", 10**6), "not 1,000,000"),
        (MultiplyDepth("*", math.nan), "a depth multiplier must lie between 0.01 and 16; nan does not"),
        (SwapHead("attention"), "'attention' is not a known head; choose one of pool, fully_connected"),
        (SwapHead("fully_connected", hidden=0), "the width of a hidden layer must be a whole number"),
        (ReorderLastStage("sideways"), "'sideways' is not a known order of the last stage"),
        (SetClasses(-3), "the number of classes must be a whole number from 1 to 1,000,000, not -3"),
        (SetInputSize(resolution=-1), "the side of the image (0 keeps it) must be a whole number"),
        (SetInputSize(batch=10**6), "the number of images at once (0 keeps it) must be a whole number from 0 to 4,096"),
        (FitSmallImages(2), "the side of the image must be a whole number from 4 to 8,192, not 2"),
        (ApplyCompoundScaling(math.nan), "the compound coefficient φ must lie between -4 and 8; nan does not"),
    )
]


@pytest.mark.parametrize(
    ("key", "edit", "says", "repairs"),
    [pytest.param(*row, id=f"{row[0]} {type(row[1]).__name__}") for row in (*SHAPES, *NOTHING_THERE, *BAD_VALUES)],
)
def test_it_is_refused_and_every_repair_works(
    key: str, edit: Edit, says: str, repairs: list[str], opened: Callable[[str], Network]
) -> None:
    network = opened(key)
    with pytest.raises(EditError) as refused:
        network.edit(edit)
    assert says in str(refused.value)
    assert [repair.title for repair in refused.value.repairs] == repairs
    for repair in refused.value.repairs:
        mended = network.edit(repair.edit)
        remembered = mended.figures.total
        shape_inference.clear_cache()
        assert Figures.of(mended.architecture).total == remembered
        assert mended.undo().architecture is network.architecture


def test_the_place_is_named_wherever_shapes_are(opened: Callable[[str], Network]) -> None:
    for key, edit, _, _ in SHAPES:
        with pytest.raises(EditError) as refused:
            opened(key).edit(edit)
        node = refused.value.node
        assert (
            node in opened(key).architecture.nodes or node.split(".")[0] in opened(key).architecture.module_classes
        ), edit


def kinds_tested_apart() -> set[str]:
    """Kinds of edits that put in, take out, move, wire, group and set rows: files of their own test them, refusals
    included."""
    names = ("composing", "rows", "layer_kinds", "grouping", "subsampling", "stage_widths")
    files = [Path(__file__).with_name(f"test_{name}.py") for name in names]
    text = "".join(file.read_text(encoding="utf-8") for file in files if file.exists())
    return {name for name, kind in EDIT_KINDS.items() if re.search(rf"\b{kind.__name__}\(", text)}


def test_the_table_covers_every_kind_of_edit() -> None:
    rows = (*SHAPES, *NOTHING_THERE, *BAD_VALUES)
    # No network of the catalogue refuses to be calibrated: see `tests.analysis.test_calibration`.
    assert {edit.name for _, edit, _, _ in rows} | kinds_tested_apart() == set(EDIT_KINDS) - {"recalibrate"}
    assert sum(bool(repairs) for *_, repairs in rows) >= 15


def test_repairs_come_cheapest_first(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    with pytest.raises(EditError) as refused:
        network.edit(RemoveBlock("layer2.0"))
    costs = [network.edit(repair.edit).figures.total.params for repair in refused.value.repairs]
    assert costs == sorted(costs) == [11_147_944, 11_385_640, 11_394_088]


def test_a_value_that_only_the_first_layer_takes_is_no_repair() -> None:
    """6 and 3 groups divide the channels of the first convolution, and not those of the second."""
    module = nn.Sequential(nn.Conv2d(6, 12, 3), nn.Conv2d(12, 8, 3))
    network = open_network(module, input_shape=(1, 6, 16, 16))
    with pytest.raises(EditError, match="5 groups do not divide 6 → 12") as refused:
        network.edit(SetLayer("*", "groups", 5))
    (repair,) = refused.value.repairs
    assert repair.title == "2 groups"
    assert repair.added_params == network.edit(repair.edit).figures.total.params - network.figures.total.params


class _Halves(nn.Module):
    """Two ways of unlike width, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.last = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 12, 3), nn.Conv2d(20, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        import torch

        y: Tensor = self.last(torch.cat([self.one(x), self.two(x)], 1))
        return y


def test_the_other_side_of_an_addition_can_be_changed() -> None:
    network = open_network(_Halves(), input_shape=(1, 3, 16, 16))
    with pytest.raises(EditError, match="cat cannot add 8×14×14 to 12×14×14: the widths differ") as refused:
        network.edit(SwapJoin("cat", "add"))
    titles = [repair.title for repair in refused.value.repairs]
    assert set(titles) == {SAME, PROJECT}
    same = next(repair for repair in refused.value.repairs if repair.title == SAME)
    made = network.edit(same.edit).architecture
    assert made.nodes["two"].layer.out_channels == 8
    assert made.nodes["last"].layer.in_channels == 8


def test_widths_that_changed_while_a_shortcut_was_out_are_projected(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18").edit(ToggleShortcut("layer1.1", on=False), SetWidth("layer1.1", 48))
    with pytest.raises(
        EditError, match=r"layer1\.1\.add cannot add 48×56×56 to 64×56×56: the widths differ"
    ) as refused:
        network.edit(ToggleShortcut("layer1.1", on=True))
    assert PROJECT in [repair.title for repair in refused.value.repairs]


def test_shapes_that_do_not_meet_are_named_with_where_they_come_from(opened: Callable[[str], Network]) -> None:
    """The mismatch is found behind whatever the edit made of the error, and each repair says what it costs."""
    network = opened("resnet18")
    for edit in (SetLayer("layer1.0.conv1", "stride", 2), SetLayer("layer1.0.conv1", "padding", 0)):
        with pytest.raises(EditError) as refused:
            network.edit(edit)
        found = find_mismatch(refused.value)
        assert found is not None
        assert found.node == "layer1.0.add"
        assert [name for name, _ in found.inputs] == list(network.architecture.nodes["layer1.0.add"].inputs)
        assert all(shape in str(refused.value) for _, shape in found.inputs)
        for repair in refused.value.repairs:
            total, before = network.edit(repair.edit).figures.total, network.figures.total
            assert repair.added_params == total.params - before.params
            assert repair.added_macs == total.macs - before.macs
