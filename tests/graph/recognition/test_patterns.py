"""Blocks are called what they are, by structure: on every network of the catalogue, on timm's, on modules made to
mislead, and after edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn

from explorer.edits import InvertBottleneck, SetBottleneckActivation, ToggleChannelShuffle, ToggleSqueezeExcitation
from explorer.edits import ToggleShortcut as ShortcutSwitch
from explorer.graph.recognition.patterns import Pattern
from explorer.graph.recognition.shortcuts import find_shortcuts
from explorer.network import Network, open_network


def named(network: Network) -> list[Pattern]:
    """What the outermost blocks are, in order."""
    study = network.analysis
    return [study.pattern(b) for b in study.hierarchy.blocks if study.hierarchy.block_of(b.id) is b]


def names(network: Network) -> dict[str, int]:
    return dict(Counter(pattern.name for pattern in named(network)))


def inner(network: Network) -> dict[str, int]:
    """What the blocks within blocks are."""
    study = network.analysis
    found = (b for b in study.hierarchy.blocks if study.hierarchy.block_of(b.id) is not b)
    return dict(Counter(study.pattern(b).name for b in found))


#: Depths as the papers' tables give them. VGG and AlexNet are layers in stages, with no blocks.
CATALOGUE: dict[str, dict[str, int]] = {
    "alexnet": {},
    "alexnet_2012": {},
    **{f"vgg{n}{norm}": {} for n in (11, 13, 16, 19) for norm in ("", "_bn")},
    "googlenet_2014": {"Inception module": 9},
    "googlenet": {"Inception module": 9},
    "inception_v2_bn": {"Inception module": 10},
    "inception_v2": {"Inception module": 11},
    "inception_v3": {"Inception module": 11},
    "resnet18": {"Residual block": 8},
    "resnet34": {"Residual block": 16},
    "resnet50": {"Residual bottleneck": 16},
    "resnet50_v1": {"Residual bottleneck": 16},
    "resnet101": {"Residual bottleneck": 33},
    "resnet152": {"Residual bottleneck": 50},
    "wide_resnet50_2": {"Residual bottleneck": 16},
    "wide_resnet101_2": {"Residual bottleneck": 33},
    "se_resnet50": {"Residual bottleneck + SE": 16},
    "plain18": {"Plain block": 8},
    "plain34": {"Plain block": 16},
    "resnext50_32x4d": {"Residual bottleneck, cardinality 32": 16},
    "resnext101_32x8d": {"Residual bottleneck, cardinality 32": 33},
    "resnext101_64x4d": {"Residual bottleneck, cardinality 64": 33},
    "densenet121": {"Dense layer": 6 + 12 + 24 + 16, "Transition": 3},
    "densenet161": {"Dense layer": 6 + 12 + 36 + 24, "Transition": 3},
    "densenet169": {"Dense layer": 6 + 12 + 32 + 32, "Transition": 3},
    "densenet201": {"Dense layer": 6 + 12 + 48 + 32, "Transition": 3},
    "squeezenet1_0": {"Fire module": 8},
    "squeezenet1_1": {"Fire module": 8},
    "mobilenet_v1": {"Depthwise separable": 13},
    **{f"mobilenet_v1_x0_{width}": {"Depthwise separable": 13} for width in ("75", "5", "25")},
    "mobilenet_v2": {"Inverted residual": 17},
    "mobilenet_v3_large": {"Inverted residual": 7, "Inverted residual + SE": 8},
    "mobilenet_v3_small": {"Inverted residual": 2, "Inverted residual + SE": 9},
    **{f"mnasnet{width}": {"Inverted residual": 16} for width in ("0_5", "0_75", "1_0", "1_3")},
    # With one group there is nothing to shuffle; the units that halve the map concatenate the pooled input.
    "shufflenet_v1_g1": {"Residual bottleneck, depthwise": 13, "Block": 3},
    **{f"shufflenet_v1_{v}": {"Shuffle unit": 16} for v in ("g2", "g3", "g4", "g8", "x0_25", "x0_5", "x1_5", "x2_0")},
    **{f"shufflenet_v2_x{width}": {"Shuffle unit (v2)": 16} for width in ("0_5", "1_0", "1_5", "2_0")},
    **{
        f"efficientnet_b{number}": {"Inverted residual + SE": depth}
        for number, depth in enumerate((16, 23, 23, 26, 32, 39, 45, 55))
    },
    "efficientnet_v2_s": {"Residual block": 2, "Fused inverted residual": 4 + 4, "Inverted residual + SE": 6 + 9 + 15},
    "efficientnet_v2_m": {"Residual block": 3, "Fused inverted residual": 5 + 5, "Inverted residual + SE": 44},
    "efficientnet_v2_l": {"Residual block": 4, "Fused inverted residual": 7 + 7, "Inverted residual + SE": 61},
    "vit_b_16": {"Transformer block": 12},
    "vit_b_32": {"Transformer block": 12},
    "vit_l_16": {"Transformer block": 24},
    "vit_l_32": {"Transformer block": 24},
    "vit_h_14": {"Transformer block": 32},
    # The three that merge patches have no common name.
    **{f"swin_{size}": {"Transformer block": 12 if size.endswith("t") else 24, "Block": 3} for size in ("t", "s", "b")},
    **{f"swin_v2_{size}": {"Transformer block": 12 if size == "t" else 24, "Block": 3} for size in ("t", "s", "b")},
    "convnext_tiny": {"ConvNeXt block": 18},
    **{f"convnext_{size}": {"ConvNeXt block": 36} for size in ("small", "base", "large")},
    "maxvit_t": {"Inverted residual + SE": 11, "Transformer block": 22},
}

#: RegNets: blocks by stage, and the cardinality there (width / group width).
REGNETS: dict[str, list[tuple[int, int]]] = {
    "regnet_x_400mf": [(1, 2), (2, 4), (7, 10), (12, 25)],
    "regnet_x_800mf": [(1, 4), (3, 8), (7, 18), (5, 42)],
    "regnet_x_1_6gf": [(2, 3), (4, 7), (10, 17), (2, 38)],
    "regnet_x_3_2gf": [(2, 2), (6, 4), (15, 9), (2, 21)],
    "regnet_x_8gf": [(2, 1), (5, 2), (15, 6), (1, 16)],
    "regnet_x_16gf": [(2, 2), (6, 4), (13, 7), (1, 16)],
    "regnet_x_32gf": [(2, 2), (7, 4), (13, 8), (1, 15)],
    "regnet_y_400mf": [(1, 6), (3, 13), (6, 26), (6, 55)],
    "regnet_y_800mf": [(1, 4), (3, 9), (8, 20), (2, 49)],
    "regnet_y_1_6gf": [(2, 2), (6, 5), (17, 14), (2, 37)],
    "regnet_y_3_2gf": [(2, 3), (5, 9), (13, 24), (1, 63)],
    "regnet_y_8gf": [(2, 4), (4, 8), (10, 16), (1, 36)],
    "regnet_y_16gf": [(2, 2), (4, 4), (11, 11), (1, 27)],
    "regnet_y_32gf": [(2, 1), (5, 3), (12, 6), (1, 16)],
    "regnet_y_128gf": [(2, 2), (7, 4), (17, 11), (1, 28)],
}
for key, rows in REGNETS.items():
    suffix = " + SE" if "_y_" in key else ""
    CATALOGUE[key] = {
        f"Residual bottleneck{f', cardinality {groups}' if groups > 1 else ''}{suffix}": depth for depth, groups in rows
    }


@pytest.mark.parametrize("key", CATALOGUE)
def test_names_on_the_catalogue(key: str, opened: Callable[[str], Network]) -> None:
    assert names(opened(key)) == CATALOGUE[key]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("mobilenetv1_100", {"Depthwise separable": 13}),
        ("mobilenetv2_100", {"Inverted residual": 17}),
        ("mobilenetv3_large_100", {"Inverted residual": 7, "Inverted residual + SE": 8}),
        ("resnet18", {"Residual block": 8}),
        ("resnet50", {"Residual bottleneck": 16}),
        ("seresnet50", {"Residual bottleneck + SE": 16}),
        ("legacy_seresnet50", {"Residual bottleneck + SE": 16}),
        ("resnetv2_50", {"Pre-activation residual bottleneck": 16, "Classifier": 1}),
        ("ghostnet_100", {"Ghost bottleneck": 9, "Ghost bottleneck + SE": 7}),
        ("repvgg_a0", {"RepVGG block": 22, "Classifier": 1}),
        ("tf_efficientnet_lite0", {"Inverted residual": 16}),
        ("efficientnet_b0", {"Inverted residual + SE": 16}),
        ("densenet121", {"Dense layer": 58, "Transition": 3}),
        # The three of the stem that join two ways are no modules of the paper's figures 4 to 8.
        ("inception_v4", {"Inception module": 4 + 1 + 7 + 1 + 3, "Block": 3}),
        (
            "regnetx_002",
            {f"Residual bottleneck, cardinality {g}": n for g, n in ((3, 1), (7, 1), (19, 4), (46, 7))}
            | {"Classifier": 1},
        ),
    ],
)
def test_names_on_timm(model: str, expected: dict[str, int]) -> None:
    assert names(open_network(timm.create_model(model))) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("googlenet_2014", {"Branch": 27}),
        ("shufflenet_v2_x1_0", {"Branch": 13 + 2 * 3}),
        ("se_resnet50", {"Squeeze-and-excitation": 16}),
        ("vit_b_16", {"MLP": 12}),
        ("swin_t", {"Attention": 12, "MLP": 12}),
    ],
)
def test_names_within_blocks(key: str, expected: dict[str, int], opened: Callable[[str], Network]) -> None:
    assert inner(opened(key)) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("vgg16", ["Stage"] * 5 + ["Head"]),
        ("resnet50", ["Stem", *["Stage"] * 4, "Head"]),
        ("densenet121", ["Stem", *["Dense block", "Transition"] * 3, "Dense block", "Head"]),
    ],
)
def test_names_of_the_large_parts(key: str, expected: list[str], opened: Callable[[str], Network]) -> None:
    study = opened(key).analysis
    assert [study.pattern(group).name for group in study.hierarchy.root.groups] == expected


# --- modules that look like what they are not ------------------------------------------------------------------------


def conv(channels: int, out: int, side: int, act: bool = True, groups: int = 1, stride: int = 1) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(channels, out, side, stride, side // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
    ]
    return nn.Sequential(*layers, *([nn.ReLU()] if act else []))


class Given(nn.Module):
    """A block of named ways, put together as it is told."""

    def __init__(self, join: Callable[..., Tensor], **ways: Any) -> None:
        super().__init__()
        self.join = join
        for name, way in ways.items():
            self.add_module(name, way)

    def forward(self, x: Tensor) -> Tensor:
        return self.join(self, x)


def name_of(block: nn.Module) -> Pattern:
    """What a block of 16 channels is between a stem and a head."""
    module = nn.Sequential(
        conv(3, 16, 3, stride=2), block, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10)
    ).eval()
    module(torch.zeros(1, 3, 32, 32))
    found = named(open_network(module, input_shape=(1, 3, 32, 32)))
    assert len(found) == 1
    return found[0]


def cat(*values: Tensor) -> Tensor:
    return torch.cat(values, 1)


gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1), nn.Sigmoid())
no_pool = nn.Sequential(nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1), nn.Sigmoid())
two = nn.Sequential(conv(16, 16, 3), conv(16, 16, 3, act=False))
bottleneck = nn.Sequential(conv(16, 4, 1), conv(4, 4, 3), conv(4, 16, 1, act=False))
pre = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU())
pre_two = nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Given(lambda m, x: torch.relu(m.a(x) + x), a=two), "Residual block"),
        (Given(lambda m, x: torch.relu(0.5 * m.a(x) + x), a=two), "Residual block"),  # scaled, but a shortcut
        (Given(lambda m, x: torch.relu(m.a(x) + 1), a=two), "Plain block"),  # a number is no way around
        (Given(lambda m, x: m.a(x) + m.b(x), a=conv(16, 16, 3), b=conv(16, 16, 3)), "Block"),
        (Given(lambda m, x: m.a(x) + m.b(x), a=two, b=conv(16, 16, 3)), "Block"),  # the short way acts itself
        (Given(lambda m, x: m.a(x) + m.b(x), a=two, b=conv(16, 16, 1, act=False)), "Residual block"),
        (Given(lambda m, x: m.b(x + m.a(x)), a=two, b=conv(16, 16, 3)), "Block"),  # goes on behind the addition
        (Given(lambda m, x: (y := x + m.a(x)) + m.b(y), a=two, b=bottleneck), "Block"),  # two blocks in one
        (Given(lambda m, x: m.s(y := m.n(x)) + m.a(y), n=pre, a=pre_two, s=nn.Conv2d(16, 32, 1)),
         "Pre-activation residual block"),
        (Given(lambda m, x: x + m.a(m.n(x)), n=pre, a=nn.Conv2d(16, 16, 3, padding=1)),
         "Pre-activation residual block"),
        (Given(lambda m, x: m.a(m.n(x)), n=pre, a=nn.Sequential(nn.Conv2d(16, 8, 1), conv(8, 16, 3))), "Block"),
        (Given(lambda m, x: cat(x, m.a(x)), a=two), "Block"),
        (Given(lambda m, x: cat(m.a(x), m.b(x)), a=conv(16, 16, 3), b=nn.MaxPool2d(3, 1, 1)), "Block"),
        (Given(lambda m, x: cat(a := m.a(x), b := m.b(a), m.c(b)),
               a=conv(16, 8, 1), b=conv(8, 8, 3), c=conv(8, 8, 3)), "Block"),  # each reads the one before it
        (Given(lambda m, x: cat(m.a(x), m.b(x), m.c(x)),
               a=conv(16, 8, 1), b=nn.Sequential(conv(16, 4, 1), conv(4, 8, 3)), c=nn.MaxPool2d(3, 1, 1)),
         "Inception module"),
        (Given(lambda m, x: cat(m.a(x), m.b(x), m.c(x)),
               a=conv(16, 8, 3), b=conv(16, 8, 3), c=conv(16, 8, 3)), "Block"),  # all look equally far
        (Given(lambda m, x: x * m.a(x), a=gate), "Squeeze-and-excitation"),
        (Given(lambda m, x: x * m.a(x), a=no_pool), "Block"),
        (Given(lambda m, x: torch.relu((y := m.a(x)) * m.g(y) + x), a=two, g=gate), "Residual block + SE"),
        (Given(lambda m, x: torch.relu((y := m.a(x)) * m.g(y) + x), a=two, g=no_pool), "Residual block"),
        (Given(lambda m, x: torch.relu(m.a(x) * m.g(x) + x), a=two, g=gate), "Residual block"),  # of another map
        (Given(lambda m, x: m.b(m.a(x)), a=conv(16, 16, 3, groups=16), b=conv(16, 16, 3, groups=16)), "Block"),
        (Given(lambda m, x: m.b(m.a(x)), a=conv(16, 16, 3, groups=16), b=conv(16, 32, 1)), "Depthwise separable"),
        (Given(lambda m, x: x + m.b(m.a(x)), a=conv(16, 16, 3, groups=16), b=conv(16, 16, 1)),
         "Residual depthwise separable"),
        (Given(lambda m, x: m.c(m.b(m.a(x))), a=conv(16, 16, 1), b=conv(16, 16, 3, groups=16), c=conv(16, 16, 1)),
         "Block"),  # neither widens nor is linear
        (Given(lambda m, x: torch.relu(m.a(x) + x), a=bottleneck), "Residual bottleneck"),
        (Given(lambda m, x: m.a(x), a=bottleneck), "Bottleneck"),
        (Given(lambda m, x: x + m.a(x), a=nn.Sequential(conv(16, 64, 1), conv(64, 64, 3), conv(64, 16, 1, False))),
         "Inverted bottleneck"),  # a full convolution: no inverted residual
    ],
)  # fmt: skip
def test_names_of_modules_made_to_mislead(block: nn.Module, expected: str) -> None:
    assert name_of(block).name == expected


# --- after edits -----------------------------------------------------------------------------------------------------


def test_a_linear_bottleneck_and_one_that_is_activated(opened: Callable[[str], Network]) -> None:
    network = opened("mobilenet_v2")
    edited = network.edit(SetBottleneckActivation("*", "relu6"))
    assert names(edited) == names(network)
    assert all("bottleneck is linear" in pattern.description and not pattern.remarks for pattern in named(network))
    for pattern in named(edited):
        assert "bottleneck is activated" in pattern.description
        assert pattern.remarks == ("bottleneck activated",)


def test_a_shortcut_switched_off(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(ShortcutSwitch("*", on=False))
    assert names(edited) == {"Residual block": 8}  # what it is called stays, and that it is off is said
    assert {pattern.remarks for pattern in named(edited)} == {("shortcut off",)}
    assert all("shortcut is switched off" in pattern.description for pattern in named(edited))


def test_a_shuffle_switched_off(opened: Callable[[str], Network]) -> None:
    edited = opened("shufflenet_v1_g3").edit(ToggleChannelShuffle("*", on=False))
    assert {(p.name, p.remarks) for p in named(edited)} == {("Shuffle unit", ("shuffle off",))}


def test_squeeze_and_excitation_put_in_and_taken_out(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet50").edit(ToggleSqueezeExcitation("*", on=True))
    assert names(edited) == {"Residual bottleneck + SE": 16}
    assert names(edited.edit(ToggleSqueezeExcitation("*", on=False))) == {"Residual bottleneck": 16}


def test_a_bottleneck_inside_out_is_no_inverted_residual(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet50").edit(InvertBottleneck("layer2.1"))
    assert edited.analysis.pattern(edited.analysis.hierarchy.groups["layer2.1"]).name == "Inverted bottleneck"


# --- ways around -----------------------------------------------------------------------------------------------------


def test_a_shortcut_is_told_from_the_main_path(opened: Callable[[str], Network]) -> None:
    found = find_shortcuts(opened("resnet18").architecture)
    assert len(found) == 8
    assert found["layer1.0.add"].main == "layer1.0.bn2"
    assert found["layer1.0.add"].skip == found["layer1.0.add"].fork == "maxpool"
    assert found["layer2.0.add"].skip == "layer2.0.downsample.1"  # a projection is a way around too
    assert found["layer2.0.add"].fork == "layer1.1.relu:2"


def test_adding_a_constant_is_no_shortcut(opened: Callable[[str], Network]) -> None:
    found = find_shortcuts(opened("vit_b_16").architecture)  # position embeddings are added first
    assert len(found) == 24
    assert all(".encoder_layer_" in name for name in found)
