"""Networks that are reached from others by composing alone: counted exactly, and equal in output to a module that was
written independently (timm's, torchvision's, or here), with the same weights."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.shufflenetv2 import InvertedResidual as ShuffleUnit

from explorer.base.id_text import join_ids
from explorer.edits import (
    Connect,
    Edit,
    InsertPart,
    ReplaceByPart,
    SetPreActivation,
    SwapJoin,
    TakeOut,
)
from explorer.graph.ops import Constant, Layer
from explorer.graph.to_module import build_module
from explorer.network import Network
from explorer.networks.googlenet import Inception, googlenet_2014
from explorer.weights import SeededWeights
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import small


def composed(key: str, *edits: Edit) -> Network:
    network = small(key).edit(*edits)
    check_count(network)
    check_replay(network)
    return network


def called(module: nn.Module, image: Tensor) -> tuple[list[nn.Module], Tensor]:
    """The layers with tensors in the order in which they are called, and what the module returns."""
    found: list[nn.Module] = []
    kept = [part for part in module.modules() if list(part.parameters(recurse=False))]
    handles = [part.register_forward_hook(lambda layer, *_: found.append(layer)) for part in kept]
    with torch.inference_mode():
        returned = module(image)
    for handle in handles:
        handle.remove()
    return found, returned


def shape(layer: nn.Module) -> tuple[int, ...]:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return tuple(
        weight.flatten(2).squeeze(2).shape if weight.dim() == 4 and weight.shape[2:] == (1, 1) else weight.shape
    )


def check_equal(network: Network, reference: nn.Module, params: int) -> None:
    """Both hold so many parameters and make the same of an image, the reference with the weights of the network."""
    assert network.figures.total.params == params
    assert sum(parameter.numel() for parameter in reference.parameters()) == params
    live, weights = network.architecture.live.items(), SeededWeights()
    held = {name: weights.tensors(node) for name, node in live if isinstance(node.op, (Layer, Constant))}
    module = build_module(network.architecture, held)
    image = torch.randn(network.architecture.input_shape, generator=torch.Generator().manual_seed(1))
    reference = reference.eval()
    mine, expected = called(module, image)
    theirs, _ = called(reference, image)
    for one, other in zip(sorted(mine, key=shape), sorted(theirs, key=shape), strict=True):  # ways may run in any order
        state = {name: value.reshape(other.state_dict()[name].shape) for name, value in one.state_dict().items()}
        other.load_state_dict(state)  # a linear layer is a 1×1 convolution elsewhere
        if isinstance(one, nn.BatchNorm2d):
            other.eps = one.eps  # type: ignore[assignment]
    _, returned = called(reference, image)
    assert returned.shape == expected.shape
    assert torch.allclose(returned, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


def test_squeezenet_with_bypass() -> None:
    """Iandola et al., "SqueezeNet", 2016, figure 2, middle: around the modules that keep the width."""

    class WithBypass(models.SqueezeNet):
        def forward(self, x: Tensor) -> Tensor:
            for number, layer in enumerate(self.features):
                x = x + layer(x) if number in (4, 7, 10, 12) else layer(x)
            return torch.flatten(self.classifier(x), 1)

    network = composed("squeezenet1_1", InsertPart("features.4,features.7,features.10,features.12", "add"))
    check_equal(network, WithBypass("1_1"), 1_235_496)


def test_se_resnext_50() -> None:
    """Hu et al., "Squeeze-and-excitation networks", 2018, §4 and table 2: behind the last norm of each block, r = 16.

    ResNeXt-50 holds 25,028,904. A gate on C channels adds two layers with biases, C·C/16 + C/16 and C/16·C + C: 8,464
    on 256, 33,312 on 512, 132,160 on 1024, 526,464 on 2048; in 3, 4, 6 and 3 blocks 2,530,992, and so 27,559,896.
    Without the biases it is 16,048 fewer, the figure of implementations that leave them out.
    """
    gates = {width: 2 * width * width // 16 + width // 16 + width for width in (256, 512, 1024, 2048)}
    added = sum(count * gates[width] for width, count in zip(gates, (3, 4, 6, 3), strict=True))
    assert 25_028_904 + added == 27_559_896
    places = [f"layer{stage}.{block}.bn3" for stage, count in enumerate((3, 4, 6, 3), 1) for block in range(count)]
    network = composed("resnext50_32x4d", InsertPart(join_ids(places), "squeeze_excitation"))
    check_equal(network, timm.create_model("seresnext50_32x4d"), 27_559_896)


def test_resnet_50_v2() -> None:
    """timm's begins without norm and activation, which its first block has."""
    network = composed("resnet50", SetPreActivation("*"), TakeOut("bn1,relu"))
    check_equal(network, timm.create_model("resnetv2_50"), 25_549_352)


def test_resnet_50_d() -> None:
    """He et al., "Bag of tricks", 2018: the tweaks B (torchvision's strides are there already), C and D."""
    network = composed(
        "resnet50",
        TakeOut("bn1,relu"),
        ReplaceByPart("conv1", "resnet_d_stem"),
        ReplaceByPart("layer2.0,layer3.0,layer4.0", "resnet_d_downsampling"),
    )
    check_equal(network, timm.create_model("resnet50d"), 25_576_264)


def test_resnet_121_from_densenet_121() -> None:
    """Every dense layer becomes a residual one: a sum where maps were put side by side."""

    class Summed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = models.densenet121()
            for block, width in zip((1, 2, 3, 4), (64, 128, 256, 512), strict=True):
                layers = getattr(self.dense.features, f"denseblock{block}")
                for layer in layers.values():
                    layer.norm1, layer.conv1 = nn.BatchNorm2d(width), nn.Conv2d(width, 128, 1, bias=False)
                    layer.conv2 = nn.Conv2d(128, width, 3, padding=1, bias=False)
                if block < 4:
                    moved = getattr(self.dense.features, f"transition{block}")
                    moved.norm, moved.conv = nn.BatchNorm2d(width), nn.Conv2d(width, 2 * width, 1, bias=False)
            self.dense.features.norm5 = nn.BatchNorm2d(512)
            self.dense.classifier = nn.Linear(512, 1000)

        def forward(self, x: Tensor) -> Tensor:
            for name, part in self.dense.features.named_children():
                if name.startswith("denseblock"):
                    for layer in part.values():
                        made = layer.conv1(layer.relu1(layer.norm1(x)))
                        x = x + layer.conv2(layer.relu2(layer.norm2(made)))
                else:
                    x = part(x)
            x = torch.flatten(nn.functional.adaptive_avg_pool2d(torch.relu(x), 1), 1)
            scores: Tensor = self.dense.classifier(x)
            return scores

    network = composed("densenet121", SwapJoin("*", "add", mend="widths", every=True))
    check_equal(network, Summed(), network.figures.total.params)


def test_shufflenet_units_in_the_stages_of_mobilenet_v2() -> None:
    reference = models.mobilenet_v2()
    replaced = (3, 5, 6, 8, 9, 10, 12, 13, 15, 16)
    for number in replaced:
        width = reference.features[number].out_channels
        reference.features[number] = ShuffleUnit(width, width, 1)
    places = join_ids([f"features.{number}" for number in replaced])
    network = composed("mobilenet_v2", ReplaceByPart(places, "shuffle_v2"))
    check_equal(network, reference, sum(parameter.numel() for parameter in reference.parameters()))


def test_u_net_from_vgg_11() -> None:
    """Ronneberger et al., "U-Net", 2015, figure 1, in the widths of VGG: mirrored, with four concatenations."""
    network = small("vgg11")
    encoder = ("features.1", "features.4", "features.9", "features.14")  # what is kept before each pooling
    head = [name for name in network.architecture.live if name.startswith(("avgpool", "flatten", "classifier"))]
    network = network.edit(TakeOut(join_ids([*head, "features.20"])))
    last = "features.19"
    for kept, width in zip(reversed(encoder), (512, 256, 128, 64), strict=True):
        known = set(network.architecture.live)
        network = network.edit(InsertPart(last, "transposed", f"channels={width}"))
        (up,) = network.architecture.live.keys() - known
        network = network.edit(InsertPart(up, "vgg_pair", f"channels={width}"))
        pair = [name for name in network.architecture.live if name not in known and name != up]
        network = network.edit(Connect(pair[0], kept, "concat"))
        last = pair[-1]
    network = network.edit(InsertPart(last, "pointwise", "channels=2"))
    check_count(network)
    check_replay(network)

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = models.vgg11().features[:20]
            widths = (512, 512, 256, 128, 64)
            self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairwise(widths))
            kept = (512, 256, 128, 64)
            self.pairs = nn.ModuleList(
                nn.Sequential(nn.Conv2d(2 * w, w, 3, padding=1), nn.ReLU(), nn.Conv2d(w, w, 3, padding=1), nn.ReLU())
                for w in kept
            )
            self.head = nn.Conv2d(64, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            kept: list[Tensor] = []
            for number, layer in enumerate(self.down):
                x = layer(x)
                if number in (1, 4, 9, 14):
                    kept.append(x)
            for up, pair in zip(self.up, self.pairs, strict=True):
                x = pair(torch.cat([up(x), kept.pop()], 1))
            scores: Tensor = self.head(x)
            return scores

    reference = UNet()
    check_equal(network, reference, sum(parameter.numel() for parameter in reference.parameters()))


def test_mobilenet_v3_large_from_v2() -> None:
    """Howard et al., "Searching for MobileNetV3", 2019, table 1: kernel, hidden width, channels, squeezed channels,
    activation and stride of each block."""
    table = [
        (3, 16, 16, 0, "relu", 1), (3, 64, 24, 0, "relu", 2), (3, 72, 24, 0, "relu", 1), (5, 72, 40, 24, "relu", 2),
        (5, 120, 40, 32, "relu", 1), (5, 120, 40, 32, "relu", 1), (3, 240, 80, 0, "hardswish", 2),
        (3, 200, 80, 0, "hardswish", 1), (3, 184, 80, 0, "hardswish", 1), (3, 184, 80, 0, "hardswish", 1),
        (3, 480, 112, 120, "hardswish", 1), (3, 672, 112, 168, "hardswish", 1), (5, 672, 160, 168, "hardswish", 2),
        (5, 960, 160, 240, "hardswish", 1), (5, 960, 160, 240, "hardswish", 1),
    ]  # fmt: skip
    network = small("mobilenet_v2").edit(TakeOut("features.16,features.17"))
    stem = "channels=16, stride=2, activation='hardswish'"
    network = network.edit(ReplaceByPart("features.0", "conv_norm_act", stem))
    for number, (kernel, hidden, width, squeezed, act, stride) in enumerate(table, 1):
        settings = f"channels={width}, kernel={kernel}, stride={stride}, hidden={hidden}, activation={act!r}"
        part = "inverted_residual"
        if squeezed:
            part, settings = "mobilenet_v3", f"{settings}, squeeze={squeezed}"
        network = network.edit(ReplaceByPart(f"features.{number}", part, settings, mend="project"))
    network = network.edit(
        ReplaceByPart("features.18", "conv_norm_act", "channels=960, kernel=1, activation='hardswish'"),
        InsertPart("flatten", "linear", "channels=1280"),
        InsertPart("linear", "activation", "activation='hardswish'"),
    )
    check_count(network)
    check_replay(network)
    check_equal(network, models.mobilenet_v3_large(), 5_483_032)


def test_inception_v1_with_one_more_branch() -> None:
    class OneMore(nn.Module):
        def __init__(self, inside: nn.Module) -> None:
            super().__init__()
            self.inside = inside
            self.more = nn.Conv2d(192, 24, 7, padding=3)

        def forward(self, x: Tensor) -> Tensor:
            parts = self.inside
            first, more = parts.branch1(x), self.more(x)
            return torch.cat([first, more, parts.branch2(x), parts.branch3(x), parts.branch4(x)], 1)

    reference: Any = googlenet_2014()
    wider = Inception(256 + 24, 128, 128, 192, 32, 96, 64)
    reference.inception3a, reference.inception3b = OneMore(reference.inception3a), wider
    edit = InsertPart("inception3a.branch1", "convolution", "channels=24, kernel=7", "beside", "concat")
    network = composed("googlenet_2014", edit)
    check_equal(network, reference, sum(parameter.numel() for parameter in reference.parameters()))
