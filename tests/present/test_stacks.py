"""Equal neighbours are one card: found by structure, opened and folded, and true to edits."""

from __future__ import annotations

from collections.abc import Callable

from explorer.edits import SwapActivation
from explorer.network import Network
from explorer.present import at_level, diagram, revealed, shown_on, toggled

Open = Callable[[str], Network]
FIVE = "layer3.1,layer3.2,layer3.3,layer3.4,layer3.5"


def test_equal_blocks_are_one_card_with_their_sum(opened: Open) -> None:
    study = opened("resnet50").study
    found = diagram(study, at_level(study, "blocks"))
    assert found.children["layer3"] == ("layer3.0", FIVE)
    card = found.cards[FIVE]
    assert (card.title, card.times, card.shape, card.foldable) == ("Residual bottleneck", 5, "1024×14×14", True)
    members = [name for id in FIVE.split(",") for name in study.hierarchy.nodes_of(id)]
    total = study.figures.sum(members)
    assert f"{total.params:,} parameters" in card.tip


def test_what_differs_in_a_width_alone_is_not_equal(opened: Open) -> None:
    study = opened("densenet121").study  # each dense layer takes more channels than the one before
    assert not any("," in id for id in diagram(study, at_level(study, "blocks")).cards)


def test_a_stack_opens_into_a_frame_and_folds_again(opened: Open) -> None:
    study = opened("resnet50").study
    folded = at_level(study, "blocks")
    unfolded = toggled(study, folded, FIVE)
    found = diagram(study, unfolded)
    assert found.children[FIVE] == tuple(FIVE.split(","))
    assert shown_on(study, unfolded, "layer3.2.conv1") == "layer3.2"
    assert shown_on(study, folded, "layer3.2.conv1") == FIVE
    assert toggled(study, unfolded, FIVE) == folded


def test_an_edited_block_leaves_the_stack_and_undo_brings_it_back(opened: Open) -> None:
    network = opened("resnet50")
    groups = at_level(network.study, "blocks")
    edited = network.edit(SwapActivation("layer3.3", "gelu"))
    rows = diagram(edited.study, groups).children["layer3"]
    assert rows == ("layer3.0", "layer3.1,layer3.2", "layer3.3", "layer3.4,layer3.5")
    assert diagram(edited.undo().study, groups).children["layer3"] == ("layer3.0", FIVE)


def test_what_was_opened_stays_open_through_edits_and_undo(opened: Open) -> None:
    network = opened("resnet50")
    groups = toggled(network.study, at_level(network.study, "blocks"), FIVE)
    edited = network.edit(SwapActivation("layer3.1", "gelu"))
    rest = "layer3.2,layer3.3,layer3.4,layer3.5"
    assert diagram(edited.study, groups).children[rest] == tuple(rest.split(","))
    assert FIVE in diagram(edited.undo().study, groups).children
    folded = toggled(edited.study, groups, rest)
    assert rest not in diagram(edited.study, folded).children
    assert "layer3.1" in diagram(edited.study, folded).cards


def test_what_a_stack_hides_can_be_revealed(opened: Open) -> None:
    study = opened("resnet50").study
    groups = revealed(study, frozenset(), "layer3.4.conv2")
    assert {"layer3.4.conv2", "unit:layer3.4.conv2"} & diagram(study, groups).cards.keys()
    assert shown_on(study, groups, "layer3.4.conv2") == "layer3.4.conv2"


def test_at_the_finer_levels_every_card_is_seen_alone(opened: Open) -> None:
    study = opened("resnet50").study
    found = diagram(study, at_level(study, "units"))
    assert not any("," in id for id in found.cards.keys() - found.children.keys())
