"""Towers are channels that know nothing of each other, found by structure and proven by gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.edits import SetConvForm, SetLayer
from explorer.network import Network, open_network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.presenters.towers import MOST_TOWERS, find_towers, tower_count
from explorer.viewmodels.diagram import Level
from tests.conftest import KEYS

Open = Callable[[str], Network]


def test_the_network_of_2012_has_two_towers_that_talk_at_the_third_convolution(opened: Open) -> None:
    architecture = opened("alexnet_2012").architecture
    towers = find_towers(architecture)
    assert all(found.count == 2 for found in towers.values())
    assert [name for name, found in towers.items() if found.reads_all] == ["features.0", "features.8"]
    assert set(architecture.live) - set(towers) == {
        *("input", "flatten", "classifier.0", "classifier.1", "classifier.2", "classifier.3", "classifier.4"),
        *("classifier.5", "classifier.6", "output"),
    } & set(architecture.live)
    assert not find_towers(opened("alexnet").architecture)


@pytest.mark.parametrize("key", KEYS)
def test_whoever_works_in_groups_is_drawn_so(key: str, opened: Open) -> None:
    """In up to four groups as towers, in more with a mark; a depthwise convolution alone in neither way."""
    network = opened(key)
    towers = find_towers(network.architecture)
    if all(tower_count(node) == 1 for node in network.architecture.live.values()):
        assert not towers
        return
    diagram = build_diagram(network.analysis, expanded_at_level(network.analysis, "ops"))
    for name, node in network.architecture.live.items():
        groups = tower_count(node)
        assert (name in towers and towers[name].count == groups) or groups == 1 or groups > MOST_TOWERS
        card = diagram.cards.get(name)
        if card is not None and name not in diagram.children:
            assert (card.towers.count if card.towers is not None else 1) == (
                towers[name].count if name in towers else 1
            )
            assert card.groups == (groups if groups > MOST_TOWERS else 1)


EDITS = (
    ("vgg16", SetLayer("features.12", "groups", 2)),
    ("vgg16", SetLayer("features.14", "groups", 4)),
    ("vgg16", SetLayer("features.21", "groups", 2)),
    ("resnet18", SetLayer("layer2.1.conv2", "groups", 2)),
    ("resnet50", SetLayer("layer2.1.conv2", "groups", 4)),
    ("googlenet_2014", SetLayer("inception3a.branch2.1.conv", "groups", 2)),
    ("densenet121", SetLayer("features.denseblock1.denselayer2.conv2", "groups", 2)),
    ("mobilenet_v2", SetLayer("features.3.conv.2", "groups", 2)),
    ("mobilenet_v2", SetConvForm("features.3", "full")),
    ("alexnet_2012", SetLayer("features.4", "groups", 1)),
)


@pytest.mark.parametrize("key", ["alexnet_2012", "shufflenet_v1_g2", "shufflenet_v1_g3", "shufflenet_v1_g4"])
def test_towers_do_not_hear_each_other(key: str, opened: Open) -> None:
    check_by_gradient(opened(key))


@pytest.mark.parametrize("number", range(len(EDITS)))
def test_nor_do_they_after_edits(number: int, opened: Open) -> None:
    key, edit = EDITS[number]
    network = opened(key).edit(edit)
    if find_towers(network.architecture):
        check_by_gradient(network)


def check_by_gradient(network: Network) -> None:
    """A tower of an op depends on its own part of the input only, or on all of it where it is said to read all."""
    architecture, checked = network.architecture, 0
    for name, found in list(find_towers(architecture).items())[:40]:
        node = architecture.nodes[name]
        layer = node.layer
        shape = network.figures.shape(node.inputs[0])
        if layer is None or isinstance(layer, nn.LocalResponseNorm) or shape is None or len(shape.dims) != 4:
            continue  # response normalisation is drawn as the paper has it
        made: nn.Module = nn.Sequential(type(layer)(**_settings(layer))) if hasattr(layer, "groups") else layer
        image = torch.rand(1, shape.dims[1], 13, 13, requires_grad=True)
        value = made.cpu().eval()(image) if not any(p.is_meta for p in made.parameters()) else None
        if value is None:
            continue
        part = value.shape[1] // found.count
        (gradient,) = torch.autograd.grad(value[:, :part].square().sum(), image)
        heard = gradient.abs().sum((0, 2, 3)) > 0
        own = shape.dims[1] // found.count
        checked += 1
        if found.reads_all:
            assert bool(heard[own:].any()), name
        else:
            assert not bool(heard[own:].any()), name
    assert checked


def _settings(layer: nn.Module) -> dict[str, object]:
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
    return {name: getattr(layer, name) for name in names}


@pytest.mark.parametrize("level", ["blocks", "units", "ops"])
def test_each_tower_says_what_is_its_own(level: Level, opened: Open) -> None:
    network = opened("alexnet_2012")
    cards = build_diagram(network.analysis, expanded_at_level(network.analysis, level)).cards
    second = cards["unit:features.4" if level != "ops" else "features.4"].towers
    third = cards["unit:features.8" if level != "ops" else "features.8"].towers
    assert second is not None
    assert third is not None
    assert (second.lines, second.shape, second.reads_all) == (("48 → 128",), "128×27×27", False)
    assert (third.lines, third.shape, third.reads_all) == (("256 → 192",), "192×13×13", True)


def test_a_network_of_ones_own_has_towers_by_structure() -> None:
    module = nn.Sequential(nn.Conv2d(3, 12, 3), nn.LayerNorm(30), nn.Conv2d(12, 12, 3, groups=3), nn.ReLU())
    towers = find_towers(open_network(module, input_shape=(1, 3, 32, 32)).architecture)
    assert {name: (found.count, found.reads_all) for name, found in towers.items()} == {
        "2": (3, False),
        "3": (3, False),
    }  # a layer norm hears all: what it reads is not apart
