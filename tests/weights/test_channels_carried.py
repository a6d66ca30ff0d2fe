"""Weights follow their channels: each edit against a surgery with explicit indices, written without the product."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.edits import (
    EDIT_KINDS,
    AddShortcut,
    Edit,
    InvertBottleneck,
    MultiplyDepth,
    MultiplyExpansion,
    MultiplyWidth,
    RemoveBlock,
    RemoveBranch,
    ReorderLastStage,
    RepeatBlock,
    SetBottleneckRatio,
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
    SwapHead,
    SwapJoin,
    SwapNorm,
    ToggleAuxiliaryHead,
    ToggleChannelShuffle,
    ToggleShortcut,
    ToggleSqueezeExcitation,
)
from explorer.edits.channel_carrying import carry_channels
from explorer.edits.channel_labels import label_channels
from explorer.edits.history import replay
from explorer.network import Network, open_network
from explorer.weights.provenance import infer_provenance, summarise_provenance
from tests.edits.test_refusals import kinds_tested_apart

Opened = Callable[[str], Network]


def r(*bounds: int) -> list[int]:
    """Indices from one bound to the next, in pairs: r(0, 2, 5, 7) is 0, 1, 5, 6."""
    return [i for first, last in zip(bounds[::2], bounds[1::2], strict=True) for i in range(first, last)]


class Model(nn.Module):
    """A network that knows an input shape."""

    side = 8

    def conv(self, entering: int, width: int, kernel: int = 1, groups: int = 1, bias: bool = True) -> nn.Conv2d:
        return nn.Conv2d(entering, width, kernel, padding=kernel // 2, groups=groups, bias=bias)


class Concat(Model):
    """Three branches side by side, a norm over them, two readers, and a flattened map."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = self.conv(3, 4), self.conv(3, 6, 3), self.conv(3, 8, 5)
        self.norm, self.read, self.fc = nn.BatchNorm2d(18), self.conv(18, 5, 3), nn.Linear(18 * 4, 10)
        self.pool = nn.AdaptiveAvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(torch.cat([self.a(x), self.b(x), self.c(x)], 1))
        y: Tensor = self.fc(torch.flatten(self.pool(x), 1)) + self.read(x).mean()
        return y


class Residual(Model):
    """A stream of two blocks behind a stem, one of which has a bottleneck with groups."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.one, self.two = self.conv(3, 8, 3), self.conv(8, 8, 3), self.conv(8, 8, 3)
        self.reduce, self.middle, self.expand = self.conv(8, 12), self.conv(12, 12, 3, groups=3), self.conv(12, 8)
        self.norm, self.fc = nn.BatchNorm2d(8), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = torch.relu(self.norm(x + self.two(torch.relu(self.one(x)))))
        x = torch.relu(x + self.expand(torch.relu(self.middle(torch.relu(self.reduce(x))))))
        y: Tensor = self.fc(x.mean((2, 3)))
        return y


class Split(Model):
    """Halves with ways of their own, joined and shuffled, a gate on the concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.left, self.right = self.conv(3, 12, 3), self.conv(6, 6), self.conv(6, 10, 3)
        self.squeeze, self.widen = self.conv(16, 4), self.conv(4, 16)
        self.depthwise, self.read = self.conv(16, 32, 3, groups=16), self.conv(32, 6)
        self.fc = nn.Linear(6 * self.side**2, 10)

    def forward(self, x: Tensor) -> Tensor:
        a, b = torch.relu(self.stem(x)).chunk(2, 1)
        x = torch.cat([self.left(a), self.right(b)], 1)
        gate = torch.sigmoid(self.widen(torch.relu(self.squeeze(nn.functional.adaptive_avg_pool2d(x, 1)))))
        x = channel_shuffle(x * gate, 2)
        y: Tensor = self.fc(torch.flatten(self.read(torch.relu(self.depthwise(x))), 1))
        return y


#: By dimension of a tensor: places now, and those where their numbers were.
Cuts = dict[int, tuple[list[int], list[int]]]


@dataclass(frozen=True)
class Surgery:
    """What an edit does to tensors; those that are not named stay as they are."""

    edit: Edit
    network: type[Model] | str
    cuts: dict[str, Cuts]  # by pattern of names of tensors
    new: tuple[str, ...] = ()  # layers none of whose numbers are left


def same(indices: list[int]) -> tuple[list[int], list[int]]:
    """Indices that stand one behind the other from the first place on."""
    return list(range(len(indices))), indices


A_CUT = r(0, 2, 4, 18)  # of 4 + 6 + 8 channels when the first branch keeps two
NO_B = r(0, 4, 10, 18)
FIRST_OF_GROUPS = r(0, 2, 4, 6, 8, 10)  # the first two of each group of four
FOUR_OF_SIX = (r(0, 4, 6, 10, 12, 16), r(0, 12))
# 14 channels are dealt out 0 7 1 8 …; as 16 they were dealt out 0 8 1 9 …, and two of them are gone.
DEALT = [0, 3, 2, 5, 4, 7, 6, 9, 12, 11, 14, 13, 1, 15]
# 18 channels are dealt out 0 9 1 10 …, of which 6 and 7 are new.
DEALT_WIDER = (r(0, 12, 13, 14, 15, 18), [0, 14, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 11, 13, 12, 15])


def filters_of(channels: list[int]) -> list[int]:
    """Two filters of a depthwise convolution for each of these channels."""
    return [2 * channel + filter for channel in channels for filter in (0, 1)]


TWO_OF_THREE = [3 * channel + filter for channel in range(16) for filter in (0, 1)]


def dense_inputs(block: int, layers: int, stream: list[int], width: int, growth: int) -> dict[str, Cuts]:
    """What the layers of a dense block read: `stream` of the `width` channels that came in, and of each layer before
    the first `growth` of its 32."""
    found: dict[str, Cuts] = {}
    for layer in range(layers):
        row = [*stream, *(width + 32 * before + i for before in range(layer) for i in range(growth))]
        name = f"features.denseblock{block}.denselayer{layer + 1}"
        found |= {f"{name}.norm1.*": {0: same(row)}, f"{name}.conv1.weight": {1: same(row)}}
        if growth != 32:  # the bottleneck keeps its ratio
            found[f"{name}.conv1.weight"][0] = same(r(0, 4 * growth))
    return found


def transition(number: int, row: list[int], width: int) -> dict[str, Cuts]:
    name = f"features.transition{number}"
    return {f"{name}.norm.*": {0: same(row)}, f"{name}.conv.weight": {0: same(r(0, width)), 1: same(row)}}


DENSE_BY_16 = [*range(512), *(512 + 32 * layer + i for layer in range(16) for i in range(16))]
TWO_OF_FOUR = [i for i in range(128) if i % 4 < 2]
SURGERIES = [
    Surgery(
        SetWidth("a", 2),
        Concat,
        {
            "a.*": {0: same(r(0, 2))},
            "norm.*": {0: same(A_CUT)},
            "read.weight": {1: same(A_CUT)},
            "fc.weight": {1: same([i * 4 + place for i in A_CUT for place in range(4)])},
        },
    ),
    Surgery(
        SetWidth("a", 7),  # three new ones between those of the branches
        Concat,
        {
            "a.*": {0: (r(0, 4), r(0, 4))},
            "norm.*": {0: (r(0, 4, 7, 21), r(0, 18))},
            "read.weight": {1: (r(0, 4, 7, 21), r(0, 18))},
            "fc.weight": {1: (r(0, 16, 28, 84), r(0, 72))},
        },
    ),
    Surgery(
        RemoveBranch("b"),
        Concat,
        {
            "norm.*": {0: same(NO_B)},
            "read.weight": {1: same(NO_B)},
            "fc.weight": {1: same(r(0, 16, 40, 72))},
        },
    ),
    Surgery(
        SetWidth("stem", 6),
        Residual,
        {
            "stem.*": {0: same(r(0, 6))},
            "one.weight": {1: same(r(0, 6))},
            "two.*": {0: same(r(0, 6))},
            "norm.*": {0: same(r(0, 6))},
            "reduce.weight": {1: same(r(0, 6))},
            "expand.*": {0: same(r(0, 6))},
            "fc.weight": {1: same(r(0, 6))},
        },
    ),
    Surgery(
        SetWidth("reduce", 6),
        Residual,
        {"reduce.*": {0: same(FIRST_OF_GROUPS)}, "middle.weight": {1: same(r(0, 2))}},
    ),
    Surgery(
        SetWidth("middle", 6),
        Residual,
        {"middle.*": {0: same(FIRST_OF_GROUPS)}, "expand.weight": {1: same(FIRST_OF_GROUPS)}},
    ),
    Surgery(SetWidth("middle", 18), Residual, {"middle.*": {0: FOUR_OF_SIX}, "expand.weight": {1: FOUR_OF_SIX}}),
    Surgery(
        SetWidth("stem", 8),
        Split,
        {  # of each half the first four
            "stem.*": {0: same(r(0, 4, 6, 10))},
            "left.weight": {1: same(r(0, 4))},
            "right.weight": {1: same(r(0, 4))},
        },
    ),
    Surgery(
        SetWidth("left", 4),
        Split,
        {
            "left.*": {0: same(r(0, 4))},
            "squeeze.weight": {1: same(r(0, 4, 6, 16))},
            "widen.*": {0: same(r(0, 4, 6, 16))},  # what weighs the channels that stay
            "depthwise.*": {0: same([2 * i + filter for i in DEALT for filter in (0, 1)])},
            "read.weight": {1: same([2 * i + filter for i in DEALT for filter in (0, 1)])},
        },
    ),
    Surgery(
        SetWidth("left", 8),
        Split,
        {
            "left.*": {0: (r(0, 6), r(0, 6))},
            "squeeze.weight": {1: (r(0, 6, 8, 18), r(0, 16))},
            "widen.*": {0: (r(0, 6, 8, 18), r(0, 16))},  # new where what it weighs is new
            "depthwise.*": {0: (filters_of(DEALT_WIDER[0]), filters_of(DEALT_WIDER[1]))},
            "read.weight": {1: (filters_of(DEALT_WIDER[0]), filters_of(DEALT_WIDER[1]))},
        },
    ),
    Surgery(  # the first of the two filters on each channel stays
        SetLayer("depthwise", "multiplier", 1),
        Split,
        {"depthwise.*": {0: same(r(0, 32)[::2])}, "read.weight": {1: same(r(0, 32)[::2])}},
    ),
    Surgery(
        SetLayer("depthwise", "multiplier", 3),
        Split,
        {"depthwise.*": {0: (TWO_OF_THREE, r(0, 32))}, "read.weight": {1: (TWO_OF_THREE, r(0, 32))}},
    ),
    Surgery(SetWidth("read", 3), Split, {"read.*": {0: same(r(0, 3))}, "fc.weight": {1: same(r(0, 3 * 64))}}),
    Surgery(SetSqueezeRatio("*", 8), Split, {"squeeze.*": {0: same(r(0, 2))}, "widen.weight": {1: same(r(0, 2))}}),
    Surgery(  # of 8 × 8 places, 6 × 6 around the centre
        SetInputSize(resolution=6),
        Split,
        {"fc.weight": {1: same([64 * i + 8 * y + x for i in range(6) for y in range(1, 7) for x in range(1, 7)])}},
    ),
    Surgery(
        SetInputSize(resolution=11),  # places -5 to 5 around the centre, of which -4 to 3 were there
        Split,
        {
            "fc.weight": {
                1: ([121 * i + 11 * y + x for i in range(6) for y in range(1, 9) for x in range(1, 9)], r(0, 384))
            }
        },
    ),
    Surgery(SetInputSize(channels=1), Residual, {"stem.weight": {1: same([0])}}),
    Surgery(ToggleShortcut("*", on=False), Residual, {}),
    Surgery(RemoveBlock("one"), Residual, {}),  # its reader reads as many channels, in its place
    Surgery(SetReduction("two", 4), Residual, {"two.*": {0: ([], []), 1: ([], [])}}),  # none of what it reads was there
    # W (a + b) is (W W) (a b)
    Surgery(SwapJoin("add:2", "concat"), Residual, {"fc.weight": {1: same(r(0, 8, 0, 8))}}),
    Surgery(
        SetExpansion("features.3", 3.0),
        "mobilenet_v2",
        {
            "features.3.conv.[01].*": {0: same(r(0, 72))},
            "features.3.conv.2.weight": {1: same(r(0, 72))},
        },
    ),
    Surgery(
        MultiplyExpansion("features.3", 0.5),
        "mobilenet_v2",
        {
            "features.3.conv.[01].*": {0: same(r(0, 72))},
            "features.3.conv.2.weight": {1: same(r(0, 72))},
        },
    ),
    Surgery(
        SetBottleneckRatio("layer1.1", 0.25),  # 32 groups of four become groups of two
        "resnext50_32x4d",
        {
            "layer1.1.conv1.*": {0: same(TWO_OF_FOUR)},
            "layer1.1.bn1.*": {0: same(TWO_OF_FOUR)},
            "layer1.1.conv2.*": {0: same(TWO_OF_FOUR), 1: same(r(0, 2))},
            "layer1.1.bn2.*": {0: same(TWO_OF_FOUR)},
            "layer1.1.conv3.weight": {1: same(TWO_OF_FOUR)},
        },
    ),
    Surgery(
        MultiplyWidth("inception3a", 0.5),  # of 64, 128, 32 and 32 channels half each; reductions stay
        "googlenet",
        {
            "inception3a.branch1.conv.*": {0: same(r(0, 32))},
            "inception3a.branch1.bn.*": {0: same(r(0, 32))},
            "inception3a.branch2.1.conv.*": {0: same(r(0, 64))},
            "inception3a.branch2.1.bn.*": {0: same(r(0, 64))},
            "inception3a.branch3.1.conv.*": {0: same(r(0, 16))},
            "inception3a.branch3.1.bn.*": {0: same(r(0, 16))},
            "inception3a.branch4.1.*": {0: same(r(0, 16))},
            "inception3b.branch1.conv.weight": {1: same(r(0, 32, 64, 128, 192, 208, 224, 240))},
            "inception3b.branch[23].0.conv.weight": {1: same(r(0, 32, 64, 128, 192, 208, 224, 240))},
            "inception3b.branch4.1.conv.weight": {1: same(r(0, 32, 64, 128, 192, 208, 224, 240))},
        },
    ),
    Surgery(SetClasses(10), "resnet18", {"fc.*": {0: same(r(0, 10))}}),
    Surgery(RemoveBlock("layer1.1"), "resnet18", {}),  # a residual stream is one, whichever block added to it last
    Surgery(ToggleChannelShuffle("*", on=False), "shufflenet_v1_g3", {}),
    Surgery(
        InvertBottleneck("layer1.1"),  # 256, 64, 256 becomes 64, 256, 64; the stream of the stage is tied
        "resnet50",
        {
            "layer1.[02].conv3.weight": {0: same(r(0, 64))},
            "layer1.1.conv3.weight": {0: same(r(0, 64)), 1: same(r(0, 64))},
            "layer1.*.bn3.*": {0: same(r(0, 64))},
            "layer1.0.downsample.*": {0: same(r(0, 64))},
            "layer1.1.conv1.weight": {0: same(r(0, 64)), 1: same(r(0, 64))},
            "layer1.1.conv2.weight": {0: same(r(0, 64)), 1: same(r(0, 64))},
            "layer1.1.bn[12].*": {0: same(r(0, 64))},
            "layer1.2.conv1.weight": {1: same(r(0, 64))},
            "layer2.0.conv1.weight": {1: same(r(0, 64))},
            "layer2.0.downsample.0.weight": {1: same(r(0, 64))},
        },
    ),
    Surgery(MultiplyDepth("layer1", 0.5), "resnet18", {}),
    Surgery(MultiplyDepth("layer1", 1.5), "resnet18", {}),
    Surgery(SetDepths("layer1", (1,)), "resnet18", {}),
    Surgery(  # three of six layers go, and the transition goes on halving
        MultiplyDepth("features.denseblock1", 0.5),
        "densenet121",
        {
            "features.transition1.norm.*": {0: same(r(0, 160))},
            "features.transition1.conv.weight": {0: same(r(0, 80)), 1: same(r(0, 160))},
            **dense_inputs(2, 12, [*r(0, 80)], 128, 32),
            **transition(2, [*r(0, 80, 128, 512)], 232),
            **dense_inputs(3, 24, [*r(0, 232)], 256, 32),
            **transition(3, [*r(0, 232, 256, 1024)], 500),
            **dense_inputs(4, 16, [*r(0, 500)], 512, 32),
            "features.norm5.*": {0: same(r(0, 500, 512, 1024))},
            "classifier.weight": {1: same(r(0, 500, 512, 1024))},
        },
    ),
    Surgery(
        SetGrowthRate("features.denseblock4", 16),  # of 32 new channels of each layer 16, of 128 inside 64
        "densenet121",
        {
            **dense_inputs(4, 16, [*r(0, 512)], 512, 16),
            "features.denseblock4.*.conv2.weight": {0: same(r(0, 16)), 1: same(r(0, 64))},
            "features.denseblock4.*.norm2.*": {0: same(r(0, 64))},
            "features.norm5.*": {0: same(DENSE_BY_16)},
            "classifier.weight": {1: same(DENSE_BY_16)},
        },
    ),
    # None of the 4,096 units that it read is there: the classifier is new.
    Surgery(SwapHead("pool"), "alexnet", {}, new=("classifier.6",)),
    Surgery(SwapHead("fully_connected", 64), "resnet18", {}, new=("fc",)),
    Surgery(ReorderLastStage("pool_first"), "mobilenet_v2", {}),
    Surgery(SetLayer("layer1.0.conv1", "kernel", 5), "resnet18", {}, new=("layer1.0.conv1",)),
    Surgery(SetLayer("layer1.0.conv1", "bias", True), "resnet18", {}),
    Surgery(SetConvForm("layer1.0.conv1", "separable"), "resnet18", {}, new=("layer1.0.conv1",)),
    Surgery(SwapNorm("layer1.0.bn1", "none"), "resnet18", {}),
    Surgery(AddShortcut("layer2.0", "project"), "plain18", {}),
    Surgery(ToggleAuxiliaryHead("layer2", on=True), "resnet18", {}),
    Surgery(ToggleSqueezeExcitation("layer1.0", on=True), "resnet18", {}),
    Surgery(ToggleChannelShuffle("layer1.0", on=True), "resnext50_32x4d", {}),
]


def weights(network: Network) -> dict[str, Tensor]:
    """Every tensor of a network by its path."""
    source = network.context.weights
    return {
        f"{node.path}.{name}": value
        for node in network.architecture.live.values()
        if getattr(node.op, "has_tensors", False)
        for name, value in source.tensors(node).items()
        if value.dim()
    }


def opened_model(model: type[Model]) -> Network:
    torch.manual_seed(0)
    module = model().eval()
    for value in module.state_dict().values():
        if value.is_floating_point():
            nn.init.normal_(value)
    return open_network(module, input_shape=(1, 3, model.side, model.side))


@pytest.mark.parametrize("surgery", SURGERIES, ids=lambda surgery: f"{surgery.network} {surgery.edit}")
def test_an_edit_is_a_surgery_with_explicit_indices(surgery: Surgery, opened: Opened) -> None:
    network = opened(surgery.network) if isinstance(surgery.network, str) else opened_model(surgery.network)
    edited = network.edit(surgery.edit)
    assert edited.history.position == 1
    before = weights(network)
    assert all(infer_provenance(edited.architecture.nodes[name]) == "new" for name in surgery.new)
    for name, now in weights(edited).items():
        if name in before and name.rpartition(".")[0] not in surgery.new:
            cuts = next((cuts for pattern, cuts in surgery.cuts.items() if fnmatchcase(name, pattern)), {})
            check_tensor(name, now, before[name], cuts, seeded=isinstance(surgery.network, str))


def check_tensor(name: str, now: Tensor, then: Tensor, cuts: Cuts, *, seeded: bool) -> None:
    places_now = [cuts[dim][0] if dim in cuts else range(size) for dim, size in enumerate(now.shape)]
    places_then = [cuts[dim][1] if dim in cuts else range(size) for dim, size in enumerate(then.shape)]
    grid, then_grid = (
        torch.meshgrid(*(torch.tensor(list(at), dtype=torch.int64) for at in places), indexing="ij")
        for places in (places_now, places_then)
    )
    fan_in = math.prod(now.shape[1:]), math.prod(then.shape[1:])
    share = math.sqrt(fan_in[1] / fan_in[0]) if seeded else 1.0  # He's deviation at the fan-in there is now
    assert torch.allclose(now[grid], then[then_grid] * share), name
    rest = torch.ones_like(now, dtype=torch.bool)
    rest[grid] = False
    if name.endswith("weight") and now.dim() > 1 and rest.any():  # the rest is new; equal numbers are chance
        assert torch.isin(now[rest], then * share).float().mean() < 0.02, name


#: Edits that change no width of a layer that was there, and what is left of weights.
OTHERS = {
    "set_cardinality": "blocks of whole matrices: tests/weights/test_regrouped.py",
    "repeat_block": "copies are new, their readers as below: a dense layer's, and a residual stream's",
    "apply_compound_scaling": "depth, width and resolution one after the other, each as above",
    "fit_small_images": "strides and windows change, no width: tests/edits/test_small_images.py",
    "recalibrate": "drawn numbers stay: tests/analysis/test_calibration.py",
    "keep_channels": "which channels stay: test_kept_channels.py",
    "unshare_layer": "the same numbers twice: test_shared_layers.py",
    "swap_activation": "none has weights but PReLU, whose slopes are new",
    "set_bottleneck_activation": "as above",
    "swap_gate": "no weights",
}


def test_every_kind_of_edit_has_its_surgery() -> None:
    known = {surgery.edit.name for surgery in SURGERIES} | OTHERS.keys()
    assert known | kinds_tested_apart() == EDIT_KINDS.keys()


def test_a_linear_layer_that_became_a_1x1_keeps_its_numbers(opened: Opened) -> None:
    network = opened("mobilenet_v3_small")
    then, now = weights(network), weights(network.edit(ReorderLastStage("conv_first")))
    assert now["classifier.0.weight"].shape == (*then["classifier.0.weight"].shape, 1, 1)
    assert all(
        torch.equal(
            value.flatten(1) if value.dim() == 4 else value, then[name].flatten(1) if value.dim() == 4 else then[name]
        )
        for name, value in now.items()
    )


def test_it_is_said_that_the_centre_of_a_flattened_map_is_kept() -> None:
    network = opened_model(Split)
    node = network.edit(SetInputSize(resolution=6)).architecture.nodes["fc"]
    assert summarise_provenance([node]) == "sliced: kept 216 of 384 inputs, around the centre of the map"
    node = network.edit(SetWidth("read", 3)).architecture.nodes["fc"]
    assert summarise_provenance([node]) == "sliced: kept 192 of 384 inputs"


KEPT = {"googlenet": r(0, 192, 224, 256)}  # of 64, 128, 32 and 32 channels without those of the third branch


def test_readers_of_a_concatenation_keep_the_columns_of_the_branches_that_stay(opened: Opened) -> None:
    before = opened("googlenet")
    after = before.edit(RemoveBranch("inception3a.branch3"))
    then, now = weights(before), weights(after)
    for reader in ("branch1", "branch2.0", "branch3.0", "branch4.1"):
        name = f"inception3b.{reader}.conv.weight"
        share = (256 / 224) ** 0.5  # He's deviation at the fan-in there is now
        assert torch.allclose(now[name], then[name][:, KEPT["googlenet"]] * share)
    assert all(torch.equal(now[name], then[name]) for name in now if "inception3b" not in name)
    node = after.architecture.nodes["inception3b.branch1.conv"]
    assert infer_provenance(node) == "sliced"
    assert summarise_provenance([node]) == "sliced: kept 224 of 256 inputs"


def test_copies_of_a_dense_layer_leave_the_columns_of_the_maps_that_were_there(opened: Opened) -> None:
    before = opened("densenet121")
    after = before.edit(RepeatBlock("features.denseblock1.denselayer2", 2))
    then, now = weights(before), weights(after)
    for number in range(4, 7):  # 64 + 2 × 32 channels, those of two copies, then those of the layers behind
        name, size = f"features.denseblock1.denselayer{number}", 64 + 32 * (number - 1)
        places = r(0, 128, 192, size + 64)
        share = (size / (size + 64)) ** 0.5
        assert torch.allclose(now[f"{name}.conv1.weight"][:, places], then[f"{name}.conv1.weight"] * share)
        repeated = torch.isin(now[f"{name}.conv1.weight"][:, 128:192], then[f"{name}.conv1.weight"] * share)
        assert repeated.float().mean() < 0.01  # by chance
        assert torch.equal(now[f"{name}.norm1.running_var"][places], then[f"{name}.norm1.running_var"])
    transition = now["features.transition1.conv.weight"]
    assert transition.shape[:2] == (160, 320)  # it goes on halving
    share = (256 / 320) ** 0.5
    kept = transition[:128, r(0, 128, 192, 320)]
    assert torch.allclose(kept.flatten(1), then["features.transition1.conv.weight"].flatten(1) * share)
    node = after.architecture.nodes["features.transition1.conv"]
    assert summarise_provenance([node]) == "extended: kept 256 of 256 inputs, 64 new; kept 128 of 128 outputs, 32 new"


def test_a_transition_goes_on_compressing_by_what_it_does(opened: Opened) -> None:
    layer, transition = "features.denseblock1.denselayer2", "features.transition1.conv"
    network = opened("densenet121").edit(SetWidth(transition, 96), RepeatBlock(layer, 2))
    assert network.architecture.nodes[transition].layer.out_channels == 120  # 3/8 of 320, as of 256
    narrower = network.edit(RemoveBlock(layer))
    assert narrower.architecture.nodes[transition].layer.out_channels == 108


def test_what_is_added_goes_by_the_channel_that_was_there_first() -> None:
    rows = label_channels(opened_model(Residual).architecture).rows
    assert rows["add"].tolist() == rows["add:2"].tolist() == rows["stem"].tolist()
    assert rows["two"].tolist() != rows["stem"].tolist()


def test_a_layer_of_the_same_width_that_reads_other_channels_has_other_weights(tmp_path: Path) -> None:
    network = opened_model(Concat)
    edited = network.edit(RemoveBranch("b"), SetWidth("a", 10))  # 10 + 8 channels, as 4 + 6 + 8
    cuts = {1: (r(0, 4, 10, 18), r(0, 4, 10, 18))}
    then, now = weights(network)["read.weight"], weights(edited)["read.weight"]
    assert now.shape == then.shape
    check_tensor("read.weight", now, then, cuts, seeded=False)
    node, source = edited.architecture.nodes["read"], edited.context.weights
    assert infer_provenance(node) == "extended"
    assert source.cache_key(node) != source.cache_key(node.replace(channel_map=None))

    torch.save(network.module().state_dict(), tmp_path / "opened.pth")  # fits by shape, not by channels
    loaded = weights(edited.load_weights(tmp_path / "opened.pth"))["read.weight"]
    check_tensor("read.weight", loaded, then, cuts, seeded=False)


def test_widths_there_and_back_give_the_network_as_opened() -> None:
    network = opened_model(Concat)
    back = network.edit(SetWidth("a", 2), SetWidth("a", 4))
    assert all(back.architecture.nodes[name] is node for name, node in network.architecture.nodes.items())


def test_channels_are_worked_out_when_weights_are_asked_for() -> None:
    edited = opened_model(Concat).edit(RemoveBranch("b"), SetWidth("a", 10))
    counted = edited.history.current
    assert edited.figures.architecture is counted
    assert counted.nodes["read"].channel_map is None
    assert edited.architecture is carry_channels(counted) is edited.architecture
    assert edited.architecture.nodes["read"].channel_map is not None
    again = edited.edit(SetWidth("a", 4))
    replayed = replay(edited.history.baseline, again.history.applied_edits).current
    assert [n.channel_map for n in carry_channels(replayed).live.values()] == [
        n.channel_map for n in again.architecture.live.values()
    ]


def test_layers_that_read_other_channels_no_longer_share_a_weight() -> None:
    class Tied(Concat):
        def __init__(self) -> None:
            super().__init__()
            self.twin = self.conv(18, 5, 3)
            self.twin.weight = self.read.weight

        def forward(self, x: Tensor) -> Tensor:
            a, b, c = self.a(x), self.b(x), self.c(x)
            return self.read(torch.cat([a, b, c], 1)).mean() + self.twin(torch.cat([c, a, b], 1)).mean()

    network = opened_model(Tied).edit(SetWidth("a", 2), SetWidth("b", 8))  # 18 channels again, others
    held = sum(parameter.numel() for parameter in network.module().parameters())
    assert held == network.figures.total.params - network.figures.unused_params


class Regrouped(Model):
    """Two groups across three branches, and the same map twice."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = self.conv(3, 4), self.conv(3, 6), self.conv(3, 8)
        self.groups, self.twice = self.conv(18, 4, groups=2), self.conv(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        y: Tensor = self.groups(torch.cat([a, self.b(x), self.c(x)], 1)).mean() + self.twice(torch.cat([a, a], 1))
        return y


def test_a_row_keeps_the_columns_of_channels_that_stay_in_its_group() -> None:
    network = opened_model(Regrouped)
    then, now = weights(network)["groups.weight"], weights(network.edit(RemoveBranch("b")))["groups.weight"]
    # Of 4 + 8 channels the first group has a and two of c, which were in the second group.
    check_tensor("groups.weight", now[:2], then[:2], {1: same(r(0, 4))}, seeded=False)
    check_tensor("groups.weight", now[2:], then[2:], {1: same(r(3, 9))}, seeded=False)

    wider = weights(network.edit(SetWidth("a", 10)))["groups.weight"]
    # Of 10 + 6 + 8 channels the first group has two of b; the second has three of b that were in the first.
    check_tensor("groups.weight", wider[:2], then[:2], {1: (r(0, 4, 10, 12), r(0, 6))}, seeded=False)
    check_tensor("groups.weight", wider[2:], then[2:], {1: (r(3, 12), r(0, 9))}, seeded=False)


def test_of_a_map_that_is_read_twice_each_column_stays_with_its_own() -> None:
    network = opened_model(Regrouped)
    then, now = weights(network)["twice.weight"], weights(network.edit(SetWidth("a", 2)))["twice.weight"]
    check_tensor("twice.weight", now, then, {1: same(r(0, 2, 4, 6))}, seeded=False)
