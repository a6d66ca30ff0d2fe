"""Networks of papers that are more than a chain of blocks, or whose blocks are no part: put together by hand as on the
canvas, layer by layer, grouped and repeated. Each computes what an independent module does with the same weights."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models
from torchvision.models.regnet import ResBottleneckBlock

import explorer
from explorer.base.id_text import join_ids
from explorer.edits import (
    Connect,
    EditError,
    InsertPart,
    RepeatBlock,
    ReplaceByPart,
    SetDepths,
    SetLayer,
    SetWidth,
    SwapActivation,
    SwapNorm,
    TakeOut,
    WrapAsBlock,
)
from explorer.graph import op_kinds
from explorer.network import Network
from explorer.presenters.pasted_table import parse_pasted_table, plan_paste
from tests.edits.test_random_outputs import small
from tests.edits.test_targets_of_papers import check_reached, unit


def put(network: Network, at: str, *parts: str) -> tuple[Network, str]:
    """Parts one behind the other, each as "key settings"; and the name of the last layer."""
    for part in parts:
        known = network.architecture.live.keys()
        key, _, settings = part.partition(" ")
        network = network.edit(InsertPart(at, key, settings))
        at = new_since(network, known)[-1]
    return network, at


def new_since(network: Network, known: Collection[str]) -> list[str]:
    return [name for name in network.architecture.live if name not in known]


def grouped(network: Network, names: list[str]) -> tuple[Network, str]:
    """These layers as a block, and its place; what is one block already is left so."""
    for group in network.analysis.hierarchy.groups.values():
        if set(group.nodes) == set(names):
            return network, group.id
    known = network.architecture.own_blocks
    network = network.edit(WrapAsBlock(join_ids(names), "Way"))
    return network, min((block for block in network.architecture.own_blocks if block not in known), key=len)


def joins(network: Network, kind: str = "add") -> list[str]:
    return [name for name, node in network.architecture.live.items() if op_kinds.kind(node) == kind]


def way_before_projection(block: ResBottleneckBlock, x: Tensor) -> Tensor:
    assert block.proj is not None
    return torch.relu(block.f(x) + block.proj(x))


def test_regnet_from_resnet_50_by_a_pasted_table() -> None:
    """Radosavovic et al., "Designing network design spaces", 2020, RegNetX-400MF: table as one would type it."""
    table = "k\te\tc\tn\ts\tg\n3\t\t32\t1\t2\t\n" + "\n".join(
        f"3\t1\t{width}\t{count}\t2\t{width // 16}" for width, count in ((32, 1), (64, 2), (160, 7), (400, 12))
    )
    network = small("resnet50").edit(TakeOut("maxpool"))
    plan = plan_paste(network.architecture, parse_pasted_table(table))
    assert not plan.refusals
    reference = models.regnet_x_400mf()
    for block in reference.modules():
        if isinstance(block, ResBottleneckBlock) and block.proj is not None:
            block.forward = partial(way_before_projection, block)  # in the order that layers are paired in
    check_reached(network.edit(*plan.edits), reference, 5_495_976)


def test_xception_from_mobilenet_v1() -> None:
    """Chollet, "Xception", 2017, figure 5: each block by hand, that of the middle flow repeated."""
    separable = "depthwise bias=False|pointwise channels={}, bias=False|norm"

    def block(network: Network, end: str, *widths: int, starts: bool = True, pools: bool = True) -> tuple[Network, str]:
        known = network.architecture.live.keys()
        parts = [part for width in widths for part in ("activation", *separable.format(width).split("|"))]
        pooling = ["max_pool kernel=3, stride=2, padding=1"] if pools else []
        network, _ = put(network, end, *parts[0 if starts else 1 :], *pooling)
        network, place = grouped(network, new_since(network, known))
        before = joins(network)
        network = network.edit(InsertPart(place, "add", mend="project" if pools else ""))
        return network, next(join for join in joins(network) if join not in before)

    network = small("mobilenet_v1").edit(
        TakeOut(join_ids(f"features.{number}" for number in range(2, 14))),
        ReplaceByPart("features.1", "conv_norm_act", "channels=64"),
        SetLayer("*", "padding", 0),
    )
    end = next(name for name, users in network.architecture.users.items() if "avgpool" in users)
    network, end = block(network, end, 128, 128, starts=False)
    for width in (256, 728):
        network, end = block(network, end, width, width)
    known = network.architecture.live.keys()
    network, _ = block(network, end, 728, 728, 728, pools=False)
    network, middle = grouped(network, new_since(network, known))
    network = network.edit(RepeatBlock(middle, 7))
    network, end = block(network, joins(network)[-1], 728, 1024)
    last = [*separable.format(1536).split("|"), "activation", *separable.format(2048).split("|"), "activation"]
    network, _ = put(network, end, *last)
    check_reached(network, timm.create_model("legacy_xception"), 22_855_952)


def test_convnext_tiny_from_resnet_50() -> None:
    """Liu et al., "A ConvNet for the 2020s", 2022, figure 2: ratio of depths, patches, inverted depthwise blocks with
    7×7, LayerNorm, downsampling of its own; without layer scale."""
    network = small("resnet50").edit(
        TakeOut("maxpool,relu"),
        SetDepths("*", (3, 4, 10, 4)),
        SwapNorm("bn1", "layer"),
        *(SetWidth(f"layer{stage}", width) for stage, width in enumerate((96, 192, 384, 768), 1)),
        ReplaceByPart("conv1", "patches", "channels=96, size=4"),
    )
    for stage, width in enumerate((96, 192, 384, 768), 1):
        if stage > 1:
            first = f"layer{stage}.0"
            network = network.edit(
                InsertPart(first, "norm", "norm='layer'", where="before"),
                ReplaceByPart(first, "patches", f"channels={width}", mend="project"),
            )
        blocks = [block.id for block in network.analysis.hierarchy.blocks if block.id.startswith(f"layer{stage}")]
        network = network.edit(ReplaceByPart(join_ids(blocks), "convnext"))
    network = network.edit(InsertPart("avgpool", "norm", "norm='layer'"), SetLayer("*", "eps", 1e-6))
    reference = timm.create_model("convnext_tiny")
    for module in reference.modules():
        if hasattr(module, "gamma"):
            module.register_parameter("gamma", None)
    check_reached(network, reference, 28_582_504)


def test_u_net_with_attention_gates() -> None:
    """Oktay et al., "Attention U-Net", 2018, figure 2, at one scale: what is beside a way up weighs its places."""

    class Gate(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.beside, self.up = (nn.Sequential(*unit(width, width // 2, 1)[:2]) for _ in range(2))
            self.place = nn.Sequential(*unit(width // 2, 1, 1)[:2], nn.Sigmoid())

        def forward(self, x: Tensor, up: Tensor) -> Tensor:
            weighed: Tensor = x * self.place(torch.relu(self.beside(x) + self.up(up)))
            return weighed

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = (32, 64, 128, 256, 512)
            ends = list(zip((3, *widths), widths, strict=False))
            self.down = nn.ModuleList(nn.Sequential(*unit(a, b, 3), *unit(b, b, 3)) for a, b in ends)
            self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in ends[1:])
            self.both = nn.ModuleList(nn.Sequential(*unit(2 * a, a, 3), *unit(a, a, 3)) for a in widths[:-1])
            self.gates = nn.ModuleList(map(Gate, widths[:-1]))
            self.head = nn.Conv2d(32, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            kept: list[Tensor] = []
            for number, pair in enumerate(self.down):
                kept.append(x := pair(functional.max_pool2d(x, 2) if number else x))
            for level in (3, 2, 1, 0):
                up = self.up[level](x)
                x = self.both[level](torch.cat([self.gates[level](kept[level], up), up], 1))
            scores: Tensor = self.head(x)
            return scores

    network = explorer.open("design:u_net")
    skips = (("stages.3.0.6", 256), ("stages.2.0.6", 128), ("stages.1.0.6", 64), ("stages.0.0.5", 32))
    for number, (skip, width) in enumerate(skips, 5):
        known = network.architecture.live.keys()
        linear = f"channels={width // 2}, kernel=1, activation='linear'"
        network = network.edit(InsertPart(skip, "conv_norm_act", linear, reader=f"stages.{number}.cat"))
        first = new_since(network, known)[-1]
        parts = ("activation", "conv_norm_act channels=1, kernel=1, activation='sigmoid'")
        network, activation = put(network, first, parts[0])
        network, _ = put(network, activation, parts[1])
        network, gate = grouped(network, new_since(network, known))
        network = network.edit(InsertPart(gate, "multiply"), Connect(activation, f"stages.{number}.up", fit="project"))
    check_reached(network, UNet())


def test_a_value_for_each_place_weighs_a_map() -> None:
    """A map of one channel is led into another by a product, and the other into it."""
    network, one = put(explorer.open("design:resnet_20"), "stages.0.0", "pointwise channels=1")
    network, wide = put(network, one, "pointwise channels=16", "activation")
    for at, source in ((wide, one), (wide, "stages.0.0")):
        made = network.edit(Connect(at, source, "multiply"))
        assert made.figures.total.params == network.figures.total.params
    made = network.edit(Connect(f"{one.rsplit('.', 1)[0]}.pointwise_2", "stages.0.0", "multiply"))
    assert made.architecture.live[joins(made, "multiply")[0]].inputs == (one, "stages.0.0.act")


def test_ghostnet_from_mobilenet_v3() -> None:
    """Han et al., "GhostNet", 2020, table 1, as timm has it: kernel, expanded and output channels, SE, stride."""
    table = [(3, 16, 16, 0, 1), (3, 48, 24, 0, 2), (3, 72, 24, 0, 1), (5, 72, 40, 20, 2), (5, 120, 40, 32, 1),
             (3, 240, 80, 0, 2), (3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 120, 1),
             (3, 672, 112, 168, 1), (5, 672, 160, 168, 2), (5, 960, 160, 0, 1), (5, 960, 160, 240, 1),
             (5, 960, 160, 0, 1), (5, 960, 160, 240, 1)]  # fmt: skip
    gone = join_ids(f"features.{number}" for number in range(1, 16))
    network, end, entering = small("mobilenet_v3_large").edit(SwapActivation("features.0", "relu")), "features.0.2", 16
    network = network.edit(TakeOut(gone))
    for kernel, wide, width, squeezed, stride in table:
        known, before = network.architecture.live.keys(), joins(network)
        between = [f"depthwise kernel={kernel}, stride=2, bias=False", "norm"] if stride == 2 else []
        gate = [f"squeeze_excitation squeeze={squeezed}, gate='hardsigmoid'"] if squeezed else []
        parts = [f"ghost channels={wide}", *between, *gate, f"ghost channels={width}, activation='linear'"]
        network, _ = put(network, end, *parts)
        network, block = grouped(network, new_since(network, known))
        settings = f"channels={width}, kernel={kernel}, stride={stride}, activation='linear'"
        around = InsertPart(block, "depthwise_separable", settings, where="beside")
        network = network.edit(InsertPart(block, "add") if (stride, entering) == (1, width) else around)
        end, entering = next(join for join in joins(network) if join not in before), width
    check_reached(network, timm.create_model("ghostnet_100"), 5_182_508)


class Basic(nn.Module):
    """Two 3×3 and a shortcut around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.way = nn.Sequential(*unit(width, width, 3), *unit(width, width, 3)[:2])

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.way(x))


def test_two_resolutions_that_exchange_what_they_see() -> None:
    """Wang et al., "Deep high-resolution representation learning", 2020, figure 3, with two resolutions: the second
    begins where a branch gets a stride, and is enlarged where it is joined."""

    class TwoResolutions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.down = nn.Sequential(*unit(3, 16, 3), Basic(16)), nn.Sequential(*unit(16, 32, 3, 2))
            self.high, self.low = (nn.ModuleList(Basic(width) for _ in range(2)) for width in (16, 32))
            self.to_low = nn.Sequential(nn.Conv2d(16, 32, 1, 2, bias=False), nn.BatchNorm2d(32))
            self.to_high = nn.Sequential(nn.Conv2d(32, 16, 1, bias=False), nn.BatchNorm2d(16))
            self.head = nn.Linear(48, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            high, low = self.high[0](x), self.low[0](self.down(x))
            up = functional.interpolate(self.to_high(low), scale_factor=2)
            high, low = self.high[1](high + up), self.low[1](low + self.to_low(high))
            scores: Tensor = self.head(torch.cat([high, functional.interpolate(low, scale_factor=2)], 1).mean((2, 3)))
            return scores

    network = explorer.open("design:resnet_20").edit(TakeOut("stages.0.1,stages.0.2,stages.1,stages.2"))
    known = network.architecture.live.keys()
    network = network.edit(*[InsertPart("stages.0.0", "basic_residual")] * 2)
    high, known = new_since(network, known), network.architecture.live.keys()
    network, way = grouped(network, high)
    network = network.edit(InsertPart(way, "conv_norm_act", "channels=32", where="beside", join="concat"))
    down = new_since(network, known)[0]
    with pytest.raises(EditError, match="different sizes") as refused:
        network.edit(SetLayer(down, "stride", 2))
    average, enlarge = refused.value.repairs
    assert average.edit == SetLayer(down, "stride", 2, mend="pool")
    network = network.edit(enlarge.edit)
    known = network.architecture.live.keys()
    network = network.edit(*[InsertPart(down.rpartition(".")[0], "basic_residual")] * 2)
    ways = (set(high), set(new_since(network, known)))
    groups = network.analysis.hierarchy.blocks
    blocks = [[group.id for group in groups if set(group.nodes) < way] for way in ways]
    network = network.edit(
        Connect(blocks[1][1], blocks[0][0], fit="project"), Connect(blocks[0][1], blocks[1][0], fit="upsample")
    )
    check_reached(network, TwoResolutions())


def test_dual_path_network() -> None:
    """Chen et al., "Dual path networks", 2017, figure 2(d): blocks add to some maps and put new ones beside others."""

    class Block(nn.Module):
        def __init__(self, beside: int) -> None:
            super().__init__()
            self.both = nn.Sequential(*unit(32 + beside, 24, 1), *unit(24, 24, 3, groups=4))
            self.added, self.new = nn.Sequential(*unit(24, 32, 1)[:2]), nn.Sequential(*unit(24, 8, 1))

        def forward(self, maps: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
            x = self.both(torch.cat(maps, 1))
            return torch.relu(maps[0] + self.added(x)), torch.cat([self.new(x), maps[1]], 1)

    class DualPath(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.added, self.beside = (
                nn.Sequential(*unit(*ends)) for ends in ((3, 16, 3), (16, 32, 1), (16, 8, 1))
            )
            self.blocks = nn.Sequential(*map(Block, (8, 16, 24)))
            self.head = nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            scores: Tensor = self.head(torch.cat(self.blocks((self.added(x), self.beside(x))), 1).mean((2, 3)))
            return scores

    def two_paths(network: Network, at: str, *parts: str) -> tuple[Network, str, str]:
        """The parts, and a branch beside them; and the last of the parts, and the join."""
        known, before = network.architecture.live.keys(), joins(network, "concat")
        network, last = put(network, at, *parts)
        network, way = grouped(network, new_since(network, known))
        branch = InsertPart(way, "conv_norm_act", "channels=8, kernel=1", where="beside", join="concat")
        network = network.edit(branch)
        return network, last, next(join for join in joins(network, "concat") if join not in before)

    network = explorer.open("design:resnet_20").edit(TakeOut("stages.0,stages.1,stages.2"))
    network, added, join = two_paths(network, "stem.0", "conv_norm_act channels=32, kernel=1")
    for _ in range(3):
        both = ("conv_norm_act channels=24, kernel=1", "conv_norm_act channels=24, groups=4")
        network, last = put(network, join, *both)
        parts = ("conv_norm_act channels=32, kernel=1, activation='linear'", "activation")
        network, sum_of, joined = two_paths(network, last, *parts)
        beside = [value for value in network.architecture.live[join].inputs if value != added]
        network = network.edit(Connect(sum_of, added), *(Connect(joined, value, "concat") for value in beside))
        added, join = sum_of, joined
    check_reached(network, DualPath())


def test_feature_pyramid_of_resnet_50() -> None:
    """Lin et al., "Feature pyramid networks", 2017, figure 3, down to its finest map."""

    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = models.resnet50()
            self.body.fc = nn.Identity()
            self.lateral = nn.ModuleList(nn.Conv2d(width, 256, 1) for width in (256, 512, 1024, 2048))
            self.smooth = nn.Conv2d(256, 256, 3, 1, 1)

        def forward(self, x: Tensor) -> Tensor:
            body = self.body
            x = body.maxpool(body.relu(body.bn1(body.conv1(x))))
            kept = [x := stage(x) for stage in (body.layer1, body.layer2, body.layer3, body.layer4)]
            x = self.lateral[3](kept[3])
            for level in (2, 1, 0):
                x = functional.interpolate(x, scale_factor=2) + self.lateral[level](kept[level])
            finest: Tensor = self.smooth(x)
            return finest

    network = small("resnet50")
    network = network.edit(TakeOut("avgpool,flatten,fc"))
    network, last = put(network, "layer4", "pointwise channels=256")
    for stage in ("layer3", "layer2", "layer1"):
        network, _ = put(network, last, "upsample")
        network = network.edit(Connect("output", stage, fit="project"))
        last = network.architecture.output.inputs[0]
        norms = [name for name in network.architecture.live if name.startswith("projection") and "norm" in name]
        for norm in norms:  # the paper has none there
            network = network.edit(TakeOut(norm), SetLayer(norm.removesuffix("_norm"), "bias", True))
    network = network.edit(InsertPart("layer1", "pointwise", "channels=256", reader=last))
    check_reached(put(network, last, "convolution channels=256")[0], Pyramid())
