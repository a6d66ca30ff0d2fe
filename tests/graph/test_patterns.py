"""Blocks are called what they are, by structure: on torchvision's, timm's and our own modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from explorer.graph.patterns import shortcuts
from explorer.network import Network, open_network


def names(network: Network) -> Counter[str]:
    """Names of the outermost blocks."""
    study = network.study
    blocks = [b for b in study.hierarchy.blocks if study.hierarchy.block_of(b.id) is b]
    return Counter(study.pattern(block).name for block in blocks)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("resnet18", {"Residual block": 8}),
        ("resnet50", {"Residual bottleneck": 16}),
        ("resnet50_v1", {"Residual bottleneck": 16}),
        ("se_resnet50", {"Residual bottleneck + SE": 16}),
        ("plain18", {"Plain block": 8}),
        ("resnext50_32x4d", {"Residual bottleneck, cardinality 32": 16}),
        ("densenet121", {"Dense layer": 58, "Transition": 3}),
        ("mobilenet_v1", {"Depthwise separable": 13}),
        ("mobilenet_v2", {"Inverted residual": 17}),
        ("mobilenet_v3_large", {"Inverted residual": 7, "Inverted residual + SE": 8}),
        ("mnasnet1_0", {"Inverted residual": 16}),
        ("shufflenet_v1_g3", {"Shuffle unit": 16}),
        ("shufflenet_v2_x1_0", {"Shuffle unit (v2)": 16}),
        ("googlenet", {"Inception module": 9}),
        ("googlenet_2014", {"Inception module": 9}),
        ("inception_v3", {"Inception module": 11}),
        ("inception_v2_bn", {"Inception module": 10}),
        ("squeezenet1_1", {"Fire module": 8}),
        ("efficientnet_b0", {"Inverted residual + SE": 16}),
        ("vit_b_16", {"Transformer block": 12}),
        ("swin_t", {"Transformer block": 12, "Block": 3}),  # patch merging has no common name
    ],
)
def test_names_on_the_catalogue(key: str, expected: dict[str, int], opened: Callable[[str], Network]) -> None:
    assert names(opened(key)) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("mobilenetv1_100", {"Depthwise separable": 13}),
        ("resnet18", {"Residual block": 8}),
        ("resnet50", {"Residual bottleneck": 16}),
        ("seresnet50", {"Residual bottleneck + SE": 16}),
    ],
)
def test_names_on_timm(model: str, expected: dict[str, int]) -> None:
    timm = pytest.importorskip("timm")
    assert names(open_network(timm.create_model(model))) == expected


def test_a_shortcut_is_told_from_the_main_path(opened: Callable[[str], Network]) -> None:
    found = shortcuts(opened("resnet18").architecture)
    assert len(found) == 8
    assert found["layer1.0.add"].main == "layer1.0.bn2"
    assert found["layer1.0.add"].around == "maxpool"
    assert found["layer2.0.add"].around == "layer2.0.downsample.1"  # a projection is a way around too


def test_adding_a_constant_is_no_shortcut(opened: Callable[[str], Network]) -> None:
    found = shortcuts(opened("vit_b_16").architecture)  # position embeddings are added first
    assert len(found) == 24
    assert all(".encoder_layer_" in name for name in found)
