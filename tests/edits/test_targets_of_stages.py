"""Ways to join the blocks of a stage that papers are named after, and an encoder mirrored: put together as on the
canvas, counted and equal to an independent module with the same weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision import models

import explorer
from explorer.edits import Connect, InsertPart, RepeatBlock, TakeOut
from explorer.network import Network
from tests.edits.test_random_outputs import small
from tests.edits.test_targets_of_many_ways import Basic, grouped, joins, new_since, put
from tests.edits.test_targets_of_papers import check_reached, unit


class Classifier(nn.Module):
    """A stem of 16 channels, a stage, means and scores."""

    def __init__(self, stage: nn.Module, width: int) -> None:
        super().__init__()
        self.stem, self.stage, self.head = nn.Sequential(*unit(3, 16, 3)), stage, nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(self.stage(self.stem(x)).mean((2, 3)))
        return scores


def stem_and_head() -> Network:
    """The same without a stage."""
    return explorer.open("design:resnet_20").edit(TakeOut("stages.0,stages.1,stages.2"))


def test_cross_stage_partial_stage() -> None:
    """Wang et al., "CSPNet", 2020, figure 3(b): one half goes through the blocks and a transition, one passes by."""

    class CrossStage(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Sequential(*unit(16, 32, 3, 2))
            self.through = nn.Sequential(*unit(32, 16, 1), *(Basic(16) for _ in range(3)), *unit(16, 16, 1))
            self.by, self.last = nn.Sequential(*unit(32, 16, 1)), nn.Sequential(*unit(32, 32, 1))

        def forward(self, x: Tensor) -> Tensor:
            x = self.down(x)
            joined: Tensor = self.last(torch.cat([self.through(x), self.by(x)], 1))
            return joined

    network, end = put(stem_and_head(), "stem.0", "conv_norm_act channels=32, stride=2")
    known = network.architecture.live.keys()
    narrow = "conv_norm_act channels=16, kernel=1"
    network, _ = put(network, end, narrow, "basic_residual")
    (block,) = (block.id for block in network.analysis.hierarchy.blocks if "residual" in block.id)
    network, _ = put(network, block, narrow)
    network = network.edit(RepeatBlock(block, 2))
    network, way = grouped(network, new_since(network, known))
    network = network.edit(InsertPart(way, "conv_norm_act", "channels=16, kernel=1", where="beside", join="concat"))
    network, _ = put(network, joins(network, "concat")[0], "conv_norm_act channels=32, kernel=1")
    check_reached(network, Classifier(CrossStage(), 32))


def test_deep_layer_aggregation() -> None:
    """Yu et al., "Deep layer aggregation", 2018, figure 3(f), two levels: a node joins what its blocks made, and the
    node of the level below."""

    class Tree(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.widen = nn.Sequential(*unit(16, 24, 1))
            self.blocks = nn.ModuleList(Basic(24) for _ in range(4))
            self.inner, self.outer = nn.Sequential(*unit(48, 24, 1)), nn.Sequential(*unit(72, 24, 1))

        def forward(self, x: Tensor) -> Tensor:
            one = self.blocks[0](self.widen(x))
            two = self.blocks[1](one)
            node = self.inner(torch.cat([two, one], 1))
            three = self.blocks[2](node)
            four = self.blocks[3](three)
            joined: Tensor = self.outer(torch.cat([four, three, node], 1))
            return joined

    widened = "conv_norm_act channels=24, kernel=1"
    network, end = put(stem_and_head(), "stem.0", widened)
    node = ""
    for _ in range(2):
        network, one = put(network, end, "basic_residual")
        network, two = put(network, one, "basic_residual")
        known = network.architecture.live.keys()
        network, end = put(network, two, widened)
        network = network.edit(Connect(new_since(network, known)[0], one, "concat"))
        if node:
            network = network.edit(Connect(joins(network, "concat")[-1], node, "concat"))
        node = end
    check_reached(network, Classifier(Tree(), 24))


def test_u_net_from_the_encoder_resnet_18() -> None:
    """Ronneberger et al., "U-Net", 2015, on the stages of He et al., "Deep residual learning", 2016."""

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            body = models.resnet18()
            self.stem = nn.Sequential(body.conv1, body.bn1, body.relu)
            self.pool = body.maxpool
            self.stages = nn.ModuleList([body.layer1, body.layer2, body.layer3, body.layer4])
            ends = ((512, 256, 256), (256, 128, 128), (128, 64, 64), (64, 32, 64))
            self.up = nn.ModuleList(nn.ConvTranspose2d(wide, width, 2, 2) for wide, width, _ in ends)
            self.both = nn.ModuleList(
                nn.Sequential(*unit(width + beside, width, 3), *unit(width, width, 3)) for _, width, beside in ends
            )
            self.last, self.head = nn.ConvTranspose2d(32, 16, 2, 2), nn.Conv2d(16, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            kept, x = [x], self.pool(x)
            for stage in self.stages:
                kept.append(x := stage(x))
            for level, beside in enumerate(kept[-2::-1]):
                x = self.both[level](torch.cat([self.up[level](x), beside], 1))
            scores: Tensor = self.head(self.last(x))
            return scores

    network, end = small("resnet18").edit(TakeOut("avgpool,flatten,fc")), "layer4"
    for width, beside in ((256, "layer3"), (128, "layer2"), (64, "layer1"), (32, "relu")):
        network, up = put(network, end, f"transposed channels={width}")
        known = network.architecture.live.keys()
        network, end = put(network, up, *[f"conv_norm_act channels={width}"] * 2)
        network = network.edit(Connect(new_since(network, known)[0], beside, "concat"))
    network, _ = put(network, end, "transposed channels=16", "pointwise channels=2")
    check_reached(network, UNet())
