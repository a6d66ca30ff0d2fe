"""What differs between two networks: nothing where they are the same, everything that was done, sums that agree."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from explorer.edits import (
    RepeatBlock,
    SetConvForm,
    SwapActivation,
    SwapJoin,
    ToggleAuxiliaryHead,
    ToggleShortcut,
    ToggleSqueezeExcitation,
)
from explorer.network import Network
from explorer.presenters.difference_text import difference_headline, differences_as_csv, differences_as_text
from explorer.presenters.differences import Differences, compare_networks, compare_with_baseline

Open = Callable[[str], Network]


def sums(found: Differences) -> tuple[int, int]:
    return sum(row.params for row in found.rows), sum(row.macs for row in found.rows)


@pytest.mark.parametrize("compare", [compare_networks, compare_with_baseline])
@pytest.mark.parametrize("key", ["resnet18", "googlenet_2014", "mobilenet_v3_small", "vit_b_16"])
def test_a_network_does_not_differ_from_itself(opened: Open, key: str, compare: Callable[..., Differences]) -> None:
    study = opened(key).analysis
    found = compare(study, study)
    assert found.rows == ()
    assert (found.params, found.macs) == (0, 0)
    assert all(found.pairs[name] == name for name in study.hierarchy.root.nodes)
    assert difference_headline(found) == "No differences"


def test_resnext_is_resnet_with_wider_grouped_blocks(opened: Open) -> None:
    found = compare_networks(opened("resnet50").analysis, opened("resnext50_32x4d").analysis)
    assert {row.change for row in found.rows} == {"changed"}
    grouped = [row for row in found.rows if "groups 1 → 32" in row.details]
    assert [row.left_card for row in grouped] == [row.right_card for row in grouped]
    assert len(grouped) == 16
    first = grouped[0]
    assert first.left_text == "Conv 3×3 · 64 → 64"
    assert first.right_text == "Group conv 3×3 · 128 → 128 · g32"
    assert "in 64 → 128" in first.details
    assert "output 64×56×56 → 128×56×56" in first.details
    assert sums(found) == (found.params, found.macs)


@pytest.mark.parametrize(("left", "right"), [("vgg16", "alexnet"), ("resnet18", "resnet50"), ("alexnet", "vit_b_16")])
def test_figures_of_the_rows_add_up_and_both_ways_agree(opened: Open, left: str, right: str) -> None:
    a, b = opened(left).analysis, opened(right).analysis
    there, back = compare_networks(a, b), compare_networks(b, a)
    assert sums(there) == (there.params, there.macs)
    assert sums(back) == (-there.params, -there.macs)
    assert there.count("added") == sum(row.right_card != "" and row.left_card == "" for row in there.rows)


def test_every_op_of_both_is_paired_or_in_a_row(opened: Open) -> None:
    a, b = opened("vgg16").analysis, opened("alexnet").analysis
    found = compare_networks(a, b)
    left = {n for row in found.rows if row.change == "removed" for n in a.hierarchy.nodes_of(row.left_card)}
    right = {n for row in found.rows if row.change == "added" for n in b.hierarchy.nodes_of(row.right_card)}
    paired = {x: y for x, y in found.pairs.items() if x in a.architecture.nodes}
    assert paired.keys() | left >= set(a.hierarchy.root.nodes)
    assert set(paired.values()) | right >= set(b.hierarchy.root.nodes)
    assert not paired.keys() & left


def test_vgg_and_alexnet_share_their_head_and_not_their_depth(opened: Open) -> None:
    found = compare_networks(opened("vgg16").analysis, opened("alexnet").analysis)
    assert found.count("removed") > found.count("added")
    last = found.pairs[opened("vgg16").analysis.hierarchy.root.nodes[-2]]
    assert last == opened("alexnet").analysis.hierarchy.root.nodes[-2]


def test_edits_are_told_one_by_one(opened: Open) -> None:
    network = opened("resnet50").edit(SwapActivation("layer1.0", "gelu"), ToggleShortcut("layer2.1", on=False))
    found = compare_with_baseline(network.baseline.analysis, network.analysis)
    rows = {row.right_card or row.left_card: row for row in found.rows}
    assert rows["layer1.0.relu"].left_text == "ReLU"
    assert rows["layer1.0.relu"].right_text == "GELU"
    off = [row for row in found.rows if row.right_text == "Addition off"]
    assert len(off) == 1
    assert sums(found) == (found.params, found.macs)
    assert len(found.rows) == 4
    back = compare_with_baseline(network.analysis, network.baseline.analysis)
    assert {row.left_text for row in back.rows} == {row.right_text for row in found.rows}


def test_a_block_that_was_added_is_one_row(opened: Open) -> None:
    network = opened("resnet18")
    edited = network.edit(RepeatBlock("layer3.1", 1))
    found = compare_with_baseline(network.analysis, edited.analysis)
    assert [row.change for row in found.rows] == ["added"]
    assert "Residual block" in found.rows[0].right_text
    assert sums(found) == (found.params, found.macs)


@pytest.mark.parametrize(
    "edit",
    [
        SwapJoin("features.3", "concat"),
        SetConvForm("features.3", "1xn_nx1"),
        ToggleAuxiliaryHead("features.2", on=True),
        ToggleSqueezeExcitation("features.2", on=True),
    ],
    ids=lambda edit: type(edit).__name__,
)
def test_an_edited_block_beside_its_own_network_is_changed_and_not_another_one(opened: Open, edit: Any) -> None:
    """Two tabs of one network: nothing that both have is called added or removed."""
    base = opened("mobilenet_v2")
    edited = base.edit(edit)
    found = compare_networks(base.analysis, edited.analysis)
    both = base.analysis.architecture.nodes.keys() & edited.analysis.architecture.nodes.keys()
    alone = {
        n for row in found.rows if row.change == "added" for n in edited.analysis.hierarchy.nodes_of(row.right_card)
    }
    alone |= {
        n for row in found.rows if row.change == "removed" for n in base.analysis.hierarchy.nodes_of(row.left_card)
    }
    assert not both & alone
    assert sums(found) == (found.params, found.macs)
    assert found.rows


def test_names_that_are_numbers_in_a_row_mean_nothing(opened: Open) -> None:
    """`features.2` of VGG-11 is a pooling, that of VGG-16 a convolution."""
    found = compare_networks(opened("vgg11").analysis, opened("vgg16").analysis)
    assert found.count("changed") == 0
    assert found.pairs["features.2"] == "features.4"


def test_the_list_can_be_read_and_put_into_a_table(opened: Open) -> None:
    network = opened("resnet18").edit(SwapActivation("layer1.0", "gelu"))
    found = compare_with_baseline(network.baseline.analysis, network.analysis)
    text = differences_as_text(found, "ResNet-18", "ResNet-18 (edited)")
    assert text.startswith("ResNet-18 → ResNet-18 (edited): 2 changed")
    assert "~ layer1.0.relu: GELU (was ReLU)" in text
    lines = list(csv.reader(io.StringIO(differences_as_csv(found))))
    assert lines[0][:4] == ["what", "left", "right", "was"]
    assert lines[1][:5] == ["changed", "layer1.0.relu", "layer1.0.relu", "ReLU", "GELU"]
    assert len(lines) == 3
