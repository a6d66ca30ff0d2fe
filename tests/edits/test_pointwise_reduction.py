"""The 1×1 before a window: put in, changed, taken out; before a depthwise convolution it is an expansion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

import explorer
from explorer.edits import (
    AddShortcut,
    Edit,
    EditError,
    SetExpansion,
    SetReduction,
    SwapActivation,
    ToggleSqueezeExcitation,
)
from explorer.edits.options import find_options
from explorer.edits.pointwise_reduction import find_pointwise_before
from explorer.network import Network
from explorer.viewmodels.panels import Option
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]


def layer(network: Network, name: str) -> nn.Conv2d:
    found = network.architecture.nodes[name].layer
    assert isinstance(found, nn.Conv2d)
    return found


def expansions(network: Network, card: str) -> Option | None:
    return next((option for option in find_options(network.analysis, card) if option.title == "1×1 expansion"), None)


def test_an_expansion_before_a_depthwise_convolution(opened: Opened) -> None:
    """MobileNetV1's block opened up: the 1×1 before it ends the block before, and is another."""
    network = opened("mobilenet_v1")
    assert find_pointwise_before(network.architecture, "features.7.0.0") == []
    edited = network.edit(SetReduction("features.7.0.0", 1024))
    new = layer(edited, "features.7.0.0_expansion")
    assert (new.in_channels, new.out_channels, new.kernel_size) == (512, 1024, (1, 1))
    assert layer(edited, "features.7.0.0").groups == layer(edited, "features.7.1.0").in_channels == 1024
    assert layer(edited, "features.6.1.0").out_channels == 512
    hierarchy = edited.analysis.hierarchy
    assert edited.analysis.pattern(hierarchy.groups["features.7"]).name == "Inverted residual"
    assert "features.7.0.0_expansion" in hierarchy.groups["features.7"].nodes
    check_count(edited)


def test_it_is_changed_and_taken_out_again(opened: Opened) -> None:
    network = opened("mobilenet_v1")
    wide = network.edit(SetReduction("features.7", 1024))
    narrow = wide.edit(SetReduction("features.7.0.0_expansion", 256))
    assert layer(narrow, "features.7.0.0").groups == 256
    assert len(narrow.architecture.nodes) == len(wide.architecture.nodes)
    gone = narrow.edit(SetReduction("features.7.0.0", 0))
    assert gone.figures.total == network.figures.total
    assert gone.architecture.nodes.keys() == network.architecture.nodes.keys()


def test_the_expansion_of_an_inverted_residual_is_that_1x1(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    assert (
        network.edit(SetReduction("features.3", 72)).figures.total
        == network.edit(SetExpansion("features.3", 3)).figures.total
    )
    thin = network.edit(SetReduction("features.3", 0))  # filtered as it comes in
    assert layer(thin, "features.3.conv.1.0").groups == 24
    check_count(thin)


def test_several_at_once(opened: Opened) -> None:
    edited = opened("mobilenet_v1").edit(SetReduction("features.7, features.8, features.9", 768))
    assert [layer(edited, f"features.{n}.0.0").groups for n in range(6, 11)] == [256, 768, 768, 768, 512]
    check_count(edited)


def test_full_windows_come_first(opened: Opened) -> None:
    """Where a place has both, a reduction is meant: the stem of MobileNetV1 is its only full window."""
    edited = opened("mobilenet_v1").edit(SetReduction("*", 2))
    assert layer(edited, "features.0.0").in_channels == 2
    assert not any(name.endswith("_expansion") for name in edited.architecture.nodes)


def test_where_it_cannot_be(opened: Opened) -> None:
    with pytest.raises(EditError, match=r"no 1×1 before a window in features\.7\.0\.0 that could be removed"):
        opened("mobilenet_v1").edit(SetReduction("features.7.0.0", 0))
    with pytest.raises(EditError, match="groups do not divide"):  # the grouped 1×1 behind it takes what it makes
        opened("shufflenet_v1_g3").edit(SetReduction("stage2.1", 100))


@pytest.mark.parametrize(
    ("key", "card", "present"),
    [("mobilenet_v1", "features.7.0.0", "none"), ("mobilenet_v2", "features.3.conv.1.0", "144")],
)
def test_it_is_offered(key: str, card: str, present: str, opened: Opened) -> None:
    network = opened(key)
    option = expansions(network, card)
    assert option is not None
    assert option.choices[option.current].label == present
    for choice in option.choices:
        if choice.edit is not None:
            check_count(network.edit(choice.edit))


def test_it_is_not_offered_where_what_it_makes_is_tied(opened: Opened) -> None:
    assert expansions(opened("shufflenet_v1_g3"), "stage2.1.depthwise.0") is None


@pytest.mark.parametrize("edit", [AddShortcut("features.7"), ToggleSqueezeExcitation("features.7", on=True)])
def test_a_block_stays_one_block(edit: Edit, opened: Opened) -> None:
    """What is added stands beside the units of the block, not inside one."""
    network = opened("mobilenet_v1").edit(SetReduction("features.7", 1024), edit)
    hierarchy = network.analysis.hierarchy
    assert hierarchy.groups["features.7"].role == "block"
    assert {hierarchy.groups[f"features.7.{n}"].role for n in (0, 1)} == {"unit"}


def test_the_activation_of_the_map_a_gate_weighs_is_no_gate(opened: Opened) -> None:
    """Of MobileNetV3's block all three activations change; only the hard sigmoid, which is the gate, stays."""
    edited = opened("mobilenet_v3_large").edit(SwapActivation("features.12", "gelu"))
    inside = [node.layer for name, node in edited.architecture.live.items() if name.startswith("features.12.")]
    kinds = [type(layer).__name__ for layer in inside]
    assert kinds.count("GELU") == 3
    assert "Hardswish" not in kinds
    assert kinds.count("Hardsigmoid") == 1


def test_a_reduction_in_groups_takes_widths_that_they_divide() -> None:
    module = nn.Sequential(nn.Conv2d(8, 8, 1, groups=4), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1, groups=2))
    network = explorer.open(module, input_shape=(1, 8, 8, 8))
    with pytest.raises(EditError, match="0: its 4 groups do not divide 6") as refused:
        network.edit(SetReduction("2", 6))
    widths = [layer(network.edit(repair.edit), "0").out_channels for repair in refused.value.repairs]
    assert widths == [4, 8]
    assert all(find_options(network.analysis, card) for card in network.architecture.live)
