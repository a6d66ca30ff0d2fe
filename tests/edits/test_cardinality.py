"""Standard, grouped, depthwise: one switch for a block, a stage, the network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from explorer.edits import Edit, EditError, SetCardinality, ToggleChannelShuffle
from explorer.edits.options import find_options
from explorer.graph import op_kinds
from explorer.network import Network
from explorer.viewmodels.panels import Option
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]


def shown(network: Network, selected: str, scope: str, title: str) -> Option:
    return next(o for o in find_options(network.analysis, selected) if (o.title, o.scope) == (title, scope))


def present(option: Option) -> str:
    return option.choices[option.current].label if option.current >= 0 else "mixed"


def groups(network: Network, at: str) -> list[int]:
    live = network.architecture.live.values()
    return [node.layer.groups for node in live if node.name.startswith(at) and isinstance(node.layer, nn.Conv2d)]


def test_depthwise_standard_and_back(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    option = shown(network, "features.3", "this block", "Cardinality")
    assert present(option) == "depthwise"
    standard = network.edit(option.choices[0].edit)
    assert groups(standard, "features.3.") == [1, 1, 1]
    assert standard.history.edits[0].title == "Cardinality 1 in features.3"
    option = shown(standard, "features.3", "this block", "Cardinality")
    assert present(option) == "1 (standard)"
    back = standard.edit(next(choice.edit for choice in option.choices if choice.label == "depthwise"))
    assert back.figures.total == network.figures.total
    assert back.history.edits[1].title == "Depthwise convolutions with a window in features.3"


@pytest.mark.parametrize(
    ("key", "card", "scope", "title", "labels"),
    [
        ("resnet50", "layer2.1", "this stage", "Cardinality", ["1 (standard)", "2", "4", "depthwise"]),
        ("resnext50_32x4d", "layer1.1", "this block", "Cardinality", ["1 (standard)", "32", "depthwise"]),
        ("mobilenet_v2", "features.3", "whole network", "Cardinality", ["1 (standard)", "4", "depthwise"]),
        ("mobilenet_v2", "features.3", "this block", "1×1 groups", ["1 (standard)", "2", "8"]),
        ("shufflenet_v1_g3", "stage2.1", "this stage", "1×1 groups", ["1 (standard)", "2", "3"]),
        ("efficientnet_b0", "features.2.1", "this block", "1×1 groups", ["1 (standard)", "12"]),
    ],
)
def test_what_is_offered(key: str, card: str, scope: str, title: str, labels: list[str], opened: Opened) -> None:
    network = opened(key)
    option = shown(network, card, scope, title)
    found: dict[str, Edit | None] = {choice.label: choice.edit for choice in option.choices}
    assert set(labels) <= found.keys()
    for label in labels:
        if (edit := found[label]) is not None:
            edited = network.edit(edit)
            check_count(edited)
            assert present(shown(edited, card, scope, title)) == label


def test_gates_stay_as_they_are(opened: Opened) -> None:
    edited = opened("efficientnet_b0").edit(SetCardinality("features.2.1", 4, of="pointwise"))
    gate = ("features.2.1.block.2.fc1", "features.2.1.block.2.fc2")
    assert [groups(edited, name) for name in gate] == [[1], [1]]


def test_shuffles_follow_the_convolution_before_them(opened: Opened) -> None:
    network = opened("shufflenet_v1_g3")
    edited = network.edit(SetCardinality("stage2", 2, of="pointwise"))
    shuffles = [node for node in edited.architecture.live.values() if op_kinds.kind(node) == "shuffle"]
    assert {op_kinds.shuffle_groups(node) for node in shuffles if node.name.startswith("stage2")} == {2}
    assert {op_kinds.shuffle_groups(node) for node in shuffles if not node.name.startswith("stage2")} == {3}
    assert (
        edited.edit(SetCardinality("stage2", 3, of="pointwise")).architecture.nodes.keys()
        == network.architecture.nodes.keys()
    )


def test_the_halves_of_shufflenet_v2_are_shuffled_as_before(opened: Opened) -> None:
    edited = opened("shufflenet_v2_x0_5").edit(SetCardinality("stage2", 4, of="pointwise"))
    shuffles = [node for node in edited.architecture.live.values() if op_kinds.kind(node) == "shuffle"]
    assert {op_kinds.shuffle_groups(node) for node in shuffles} == {2}


def test_a_mobilenet_of_groups_and_shuffles(opened: Opened) -> None:
    """ShuffleNet's idea on MobileNetV2: group the 1×1s, and let groups hear each other."""
    network = opened("mobilenet_v2")
    grouped = network.edit(SetCardinality("*", 8, of="pointwise"))
    assert shown(grouped, "", "whole network", "Channel shuffle").current == 0
    shuffled = grouped.edit(ToggleChannelShuffle("*", on=True))
    assert shuffled.figures.total.macs == grouped.figures.total.macs < network.figures.total.macs / 2
    check_count(shuffled)
    four = shuffled.edit(SetCardinality("*", 4, of="pointwise"))
    found = [node for node in four.architecture.live.values() if op_kinds.kind(node) == "shuffle"]
    assert {op_kinds.shuffle_groups(node) for node in found} == {4}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (SetCardinality("layer1", 7, of="pointwise"), "7 groups do not divide"),
        (SetCardinality("layer1", "many"), "a cardinality must be a whole number"),
        (SetCardinality("layer1", 2, of="linear"), "'linear' is not a known kind of convolution"),
    ],
)
def test_refused(edit: SetCardinality, says: str, opened: Opened) -> None:
    with pytest.raises(EditError, match=says):
        opened("resnet50").edit(edit)
