"""Equal neighbours are one card: found by structure, opened and folded, and true to edits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits import SwapActivation
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, find_visible_card, reveal, toggle_expanded
from explorer.presenters.stacks import find_stack
from explorer.viewmodels.card_ids import StackId

Open = Callable[[str], Network]
FIVE = StackId(f"layer3.{number}" for number in range(1, 6))


def test_equal_blocks_are_one_card_with_their_sum(opened: Open) -> None:
    study = opened("resnet50").analysis
    found = build_diagram(study, expanded_at_level(study, "blocks"))
    assert found.children["layer3"] == ("layer3.0", FIVE)
    card = found.cards[FIVE]
    assert (card.title, card.repeat_count, card.shape, card.is_expandable) == (
        "Residual bottleneck",
        5,
        "1024×14×14",
        True,
    )
    members = [name for id in FIVE.members for name in study.hierarchy.nodes_of(id)]
    total = study.figures.sum(members)
    assert f"{total.params:,} parameters" in card.tip


def test_what_differs_in_a_width_alone_is_not_equal(opened: Open) -> None:
    study = opened("densenet121").analysis  # each dense layer takes more channels than the one before
    assert not any(isinstance(id, StackId) for id in build_diagram(study, expanded_at_level(study, "blocks")).cards)


def test_a_stack_opens_into_a_frame_and_folds_again(opened: Open) -> None:
    study = opened("resnet50").analysis
    folded = expanded_at_level(study, "blocks")
    unfolded = toggle_expanded(study, folded, FIVE)
    found = build_diagram(study, unfolded)
    assert found.children[FIVE] == FIVE.members
    assert find_visible_card(study, unfolded, "layer3.2.conv1") == "layer3.2"
    assert find_visible_card(study, folded, "layer3.2.conv1") == FIVE
    assert toggle_expanded(study, unfolded, FIVE) == folded


def test_an_edited_block_leaves_the_stack_and_undo_brings_it_back(opened: Open) -> None:
    network = opened("resnet50")
    groups = expanded_at_level(network.analysis, "blocks")
    edited = network.edit(SwapActivation("layer3.3", "gelu"))
    rows = build_diagram(edited.analysis, groups).children["layer3"]
    assert rows == ("layer3.0", StackId(("layer3.1", "layer3.2")), "layer3.3", StackId(("layer3.4", "layer3.5")))
    assert build_diagram(edited.undo().analysis, groups).children["layer3"] == ("layer3.0", FIVE)


def test_what_was_opened_stays_open_through_edits_and_undo(opened: Open) -> None:
    network = opened("resnet50")
    groups = toggle_expanded(network.analysis, expanded_at_level(network.analysis, "blocks"), FIVE)
    edited = network.edit(SwapActivation("layer3.1", "gelu"))
    rest = StackId(("layer3.2", "layer3.3", "layer3.4", "layer3.5"))
    assert build_diagram(edited.analysis, groups).children[rest] == rest.members
    assert FIVE in build_diagram(edited.undo().analysis, groups).children
    folded = toggle_expanded(edited.analysis, groups, rest)
    assert rest not in build_diagram(edited.analysis, folded).children
    assert "layer3.1" in build_diagram(edited.analysis, folded).cards


def test_what_a_stack_hides_can_be_revealed(opened: Open) -> None:
    study = opened("resnet50").analysis
    groups = reveal(study, frozenset(), "layer3.4.conv2")
    assert {"layer3.4.conv2", "unit:layer3.4.conv2"} & build_diagram(study, groups).cards.keys()
    assert find_visible_card(study, groups, "layer3.4.conv2") == "layer3.4.conv2"


def test_at_the_finer_levels_every_card_is_seen_alone(opened: Open) -> None:
    study = opened("resnet50").analysis
    found = build_diagram(study, expanded_at_level(study, "units"))
    assert not any(isinstance(id, StackId) for id in found.cards.keys() - found.children.keys())


@pytest.mark.parametrize(("key", "ids"), [("efficientnet_b0", ("features.4.1", "features.4.2"))])
def test_blocks_that_differ_in_a_rate_of_dropout_are_stacked(
    key: str, ids: tuple[str, ...], opened: Callable[[str], Network]
) -> None:
    """EfficientNet drops deeper blocks more often; at inference they are the same."""
    stack = find_stack(opened(key).analysis, ids[0])
    assert stack is not None
    assert stack.ids == ids
