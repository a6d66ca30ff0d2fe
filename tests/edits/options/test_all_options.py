"""What is offered works, also where an edit before made the network an unusual one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from torch import nn

from explorer.edits import (
    AddShortcut,
    Edit,
    MultiplyDepth,
    RepeatBlock,
    SetClasses,
    SetConvForm,
    SetInputSize,
    SetWidth,
    ToggleAuxiliaryHead,
    ToggleShortcut,
    ToggleSqueezeExcitation,
)
from explorer.edits.options import find_options
from explorer.network import Network, open_network
from explorer.viewmodels.panels import Option
from tests.conftest import KEYS
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]


def offered(network: Network, selected: str, title: str) -> Option:
    """The option of that title for a card, from the narrowest scope."""
    return next(option for option in find_options(network.analysis, selected) if option.title == title)


def edits_of(option: Option) -> dict[str, Edit]:
    return {choice.label: choice.edit for choice in option.choices if choice.edit is not None}


@pytest.mark.parametrize(
    ("key", "before", "card", "title"),
    [
        ("inception_v2_bn", (), "conv1", "Resolution"),
        ("inception_v2_bn", (), "conv1", "Compound scaling φ"),
        ("inception_v2_bn", (), "conv1", "Padding"),
        ("densenet121", (AddShortcut("features.transition1", "project"),), "", "Compound scaling φ"),
        ("densenet121", (AddShortcut("features.transition1", "project"),), "", "Depth multiplier"),
        ("alexnet", (SetClasses(21_841),), "@head", "Width"),  # four times as wide is wider than any width may be
        ("shufflenet_v2_x0_5", (SetWidth("stage2.1", 80),), "", "Depth multiplier"),
        ("swin_t", (ToggleShortcut("features.7.1", on=False), SetWidth("features.7.1", 1024)), "", "Depth multiplier"),
        (
            "shufflenet_v2_x1_5",
            (SetWidth("stage2.1", 384), SetConvForm("stage2", "1xn_nx1"), ToggleSqueezeExcitation("*", on=True)),
            "",
            "Compound scaling φ",
        ),
    ],
)
def test_what_is_offered_can_be_made(key: str, before: tuple[Edit, ...], card: str, title: str, opened: Opened) -> None:
    network = opened(key).edit(*before)
    found = edits_of(offered(network, card, title))
    assert found
    for edit in found.values():
        assert network.edit(edit).architecture is not network.architecture


def test_ways_that_round_odd_sides_differently_must_meet(opened: Opened) -> None:
    """BN-Inception pools 3×3 with stride 2, rounding up, beside convolutions that round down."""
    sides = edits_of(offered(opened("inception_v2_bn"), "", "Resolution"))
    assert "512" in sides
    assert "600" not in sides  # 38 × 38 beside 37 × 37
    assert "600" in edits_of(offered(opened("googlenet"), "", "Resolution"))


def test_a_gate_follows_the_map_it_weighs(opened: Opened) -> None:
    """Behind a shuffle of unlike halves, a copy is given another width than the block it is a copy of."""
    uneven = opened("shufflenet_v2_x1_5").edit(
        SetWidth("stage2.1", 384), SetConvForm("stage2", "1xn_nx1"), ToggleSqueezeExcitation("*", on=True)
    )
    deeper = uneven.edit(MultiplyDepth("*", 1.2), SetInputSize(resolution=255))
    gate, weighed = (deeper.figures.measures[name].value for name in ("stage3.0.se.gate", "stage3.0.branch1.1"))
    assert gate.dims[1] == weighed.dims[1] == 202
    check_count(deeper)


def test_an_auxiliary_head_can_come_and_go(opened: Opened) -> None:
    network = opened("resnet18")
    with_head = network.edit(ToggleAuxiliaryHead("layer3", on=True))
    without = with_head.edit(ToggleAuxiliaryHead("layer3", on=False))
    assert without.figures.total == network.figures.total
    assert without.edit(ToggleAuxiliaryHead("layer3", on=True)).figures.total == with_head.figures.total


def test_a_repeated_pooling_keeps_what_no_edit_speaks_of() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AvgPool2d(3, 2, 1, count_include_pad=False))
    repeated = open_network(module).edit(RepeatBlock("1"))
    averages = [node.layer for node in repeated.architecture.live.values() if isinstance(node.layer, nn.AvgPool2d)]
    assert [layer.count_include_pad for layer in averages] == [False, False]
    check_count(repeated)


@pytest.mark.parametrize("key", KEYS)
def test_every_offer_stands(key: str, opened: Opened, request: pytest.FixtureRequest) -> None:
    """With `--long` all offers of a network, tens of thousands; else one of each option of three cards."""
    network, dice = opened(key), random.Random(key)
    hierarchy = network.analysis.hierarchy
    cards = [*hierarchy.groups, *network.architecture.live]
    if request.config.getoption("--long"):
        edits = dict.fromkeys(edit for card in cards for found in offers(network, card) for edit in found)
    else:
        shown = [hierarchy.root.id, *dice.sample(cards, 2)]
        edits = dict.fromkeys(dice.choice(found) for card in shown for found in offers(network, card))
    for edit in edits:
        network.edit(edit)


def offers(network: Network, card: str) -> Iterable[list[Edit]]:
    """The edits of each option of a card that has any."""
    found = (list(edits_of(option).values()) for option in find_options(network.analysis, card) if not option.reason)
    return (edits for edits in found if edits)
