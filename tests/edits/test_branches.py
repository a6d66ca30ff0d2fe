"""The ways of a block: added or put side by side, and which of them there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits import RemoveBranch, SetReduction
from explorer.edits.options import find_options
from explorer.network import Network
from explorer.presenters.titles import group_title
from explorer.viewmodels.panels import Option
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]


def shown(network: Network, selected: str, scope: str) -> dict[str, Option]:
    return {option.title: option for option in find_options(network.analysis, selected) if option.scope == scope}


def test_a_resnet_whose_ways_are_put_side_by_side(opened: Opened) -> None:
    """Every block then adds its channels to what there is, as in a DenseNet; and back it is the very same network."""
    network = opened("resnet18")
    side_by_side = network.edit(shown(network, "", "whole network")["Join"].choices[1].edit)
    assert side_by_side.history.edits[0].title == "Concatenation everywhere"
    assert side_by_side.figures.shape("layer1.1.relu:2").dims == (1, 64 + 64 + 64, 56, 56)
    assert group_title(side_by_side.analysis, side_by_side.analysis.hierarchy.groups["layer1.0"]) == "BasicBlock"
    assert side_by_side.figures.shape("layer4.1.relu:2").dims == (1, 3 * 512, 7, 7)
    check_count(side_by_side)
    back = side_by_side.edit(shown(side_by_side, "", "whole network")["Join"].choices[0].edit)
    assert back.figures.total == network.figures.total


@pytest.mark.parametrize(
    ("key", "card", "scope"),
    [
        ("resnet18", "layer1.0", "this stage"),
        ("resnet18", "layer1.1", "this block"),  # what follows has a projection
        ("mobilenet_v2", "features.3", "this block"),  # what follows does not add to it
        ("inception_v3", "Mixed_7b", "this block"),  # 1×3 beside 3×1
    ],
)
def test_blocks_and_stages_can_be_joined_otherwise(key: str, card: str, scope: str, opened: Opened) -> None:
    network = opened(key)
    option = shown(network, card, scope)["Join"]
    (edit,) = (choice.edit for choice in option.choices if choice.edit is not None)
    changed = network.edit(edit)
    check_count(changed)
    other = shown(changed, card, scope)["Join"]
    assert other.current == 1 - option.current
    back = changed.edit(other.choices[option.current].edit)
    assert back.figures.total == network.figures.total


@pytest.mark.parametrize(
    ("key", "card", "scope", "says"),
    [
        ("resnet18", "layer1.0", "this block", "layer1.1.add adds another map to it"),
        ("shufflenet_v2_x0_5", "stage2.1", "this block", "stage2.1.channel_shuffle depends on the width of"),
        ("densenet121", "features.denseblock1.denselayer2", "this block", "joins 64×56×56 and 32×56×56: only maps"),
    ],
)
def test_why_a_join_stays(key: str, card: str, scope: str, says: str, opened: Opened) -> None:
    assert says in shown(opened(key), card, scope)["Join"].reason


def test_the_branches_of_an_inception_module(opened: Opened) -> None:
    network = opened("googlenet")
    found = {
        title: option for title, option in shown(network, "inception3a", "this block").items() if "Branch" in title
    }
    assert list(found) == [
        "Branch 1 · 1×1",
        "Branch 2 · 1×1 → 3×3",
        "Branch 2 · reduction",
        "Branch 3 · 1×1 → 3×3",  # the paper's 5×5: torchvision's has 3×3 by mistake
        "Branch 3 · reduction",
        "Branch 4 · max pool → 1×1",
    ]
    assert [o.choices[0].edit for name, o in found.items() if "reduction" not in name] == [
        RemoveBranch(f"inception3a.branch{number}") for number in (1, 2, 3, 4)
    ]
    without = network.edit(found["Branch 2 · 1×1 → 3×3"].choices[0].edit)
    assert without.history.edits[0].title == "Branch removed: inception3a.branch2"
    assert without.figures.shape("inception3a.cat").dims[1] == 256 - 128
    check_count(without)
    assert [name for name in shown(without, "inception3a", "this block") if "Branch" in name] == [
        "Branch 1 · 1×1",
        "Branch 2 · 1×1 → 3×3",
        "Branch 2 · reduction",
        "Branch 3 · max pool → 1×1",
    ]


def test_the_reduction_of_a_branch_goes_and_comes(opened: Opened) -> None:
    network = opened("googlenet")
    option = shown(network, "inception3a", "this block")["Branch 2 · reduction"]
    assert option.choices[option.current].label == "96"
    without = network.edit(option.choices[0].edit)
    assert without.history.edits[0] == SetReduction("inception3a.branch2.1.conv", 0)
    check_count(without)
    again = shown(without, "inception3a", "this block")["Branch 2 · reduction"]
    assert again.choices[again.current].label == "none"
    back = without.edit(next(choice.edit for choice in again.choices if choice.label == "96"))
    assert back.figures.total.macs == network.figures.total.macs


def test_the_last_branch_stays(opened: Opened) -> None:
    network = opened("googlenet")
    for number in (1, 2, 3):
        network = network.edit(RemoveBranch(f"inception3a.branch{number}"))
    assert not [name for name in shown(network, "inception3a", "this block") if "Branch" in name]


def test_dense_layers_and_shuffled_halves_are_no_branches(opened: Opened) -> None:
    for key, card in (("densenet121", "features.denseblock1.denselayer2"), ("shufflenet_v2_x0_5", "stage2.1")):
        assert not [name for name in shown(opened(key), card, "this block") if "Branch" in name]


@pytest.mark.parametrize(("key", "card"), [("googlenet", "inception3a"), ("inception_v3", "Mixed_7a")])
def test_an_inception_module_can_be_repeated(key: str, card: str, opened: Opened) -> None:
    """A copy reads its 256 channels where the module reads 192, and where maps get smaller it keeps them."""
    network = opened(key)
    copied = network.edit(shown(network, card, "this block")["Depth"].choices[0].edit)
    assert copied.figures.total.params > network.figures.total.params
    check_count(copied)
