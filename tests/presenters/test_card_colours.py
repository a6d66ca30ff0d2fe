"""What cards are coloured by: places on a scale that says its ends, or words for what edits did."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from explorer.edits import RemoveBlock, SetWidth, SwapActivation
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.presenters.card_colours import _node_figure
from explorer.viewmodels.card_ids import StackId
from explorer.viewmodels.diagram import COLOUR_MODES, UNKNOWN_LABEL, Colouring

Open = Callable[[str], Network]


@pytest.mark.parametrize("by", [key for key in COLOUR_MODES if key not in ("kind", "change")])
def test_figures_are_places_between_the_ends(opened: Open, by: str) -> None:
    study = opened("resnet18").analysis
    found = build_diagram(study, expanded_at_level(study, "blocks"), colour_by=by)
    cards = [found.cards[id] for id in found.cards.keys() - found.children.keys()]
    places = [card.tint for card in cards if card.tint is not None]
    assert found.scale is not None
    assert found.scale.title == COLOUR_MODES[by]
    assert (min(places), max(places)) == (0.0, 1.0)
    assert found.scale.low
    assert found.scale.high


def test_cards_have_the_colours_of_kinds_unless_asked(opened: Open) -> None:
    study = opened("resnet18").analysis
    found = build_diagram(study, expanded_at_level(study, "blocks"))
    assert found.scale is None
    assert all(card.tint is None and not card.tint_label for card in found.cards.values())


def test_bars_are_shares_beside_the_largest(opened: Open) -> None:
    study = opened("resnet18").analysis
    found = build_diagram(study, expanded_at_level(study, "stages"))
    stages = [found.cards[f"layer{n}"] for n in (1, 2, 3, 4)]
    macs = [study.figures.sum(study.hierarchy.nodes_of(card.id)).macs for card in stages]
    assert [card.bar_share for card in stages] == pytest.approx([value / max(macs) for value in macs])
    assert found.bars_label == f"share of MACs, up to {100 * max(macs) / study.figures.total.macs:.0f} %"


def test_a_tools_numbers_are_added_up_for_what_is_folded(opened: Open) -> None:
    study = opened("resnet18").analysis
    times = Colouring("Time", {"layer1.0.conv1": 2.0, "layer1.1.conv1": 1.0, "layer2.0.conv1": 6.0}, "ms")
    found = build_diagram(study, frozenset(), colour_by=times)
    assert [found.cards[id].tint for id in ("layer1", "layer2")] == pytest.approx([0.5, 1.0])
    assert found.cards["layer3"].tint_label == UNKNOWN_LABEL
    assert found.scale is not None
    assert (found.scale.low, found.scale.high) == ("0 ms", "6 ms")


def test_changes_are_words_and_what_is_gone_is_a_ghost(opened: Open) -> None:
    network = opened("resnet18").edit(SwapActivation("layer1.0", "gelu"), RemoveBlock("layer2.1"))
    study = network.analysis
    found = build_diagram(study, expanded_at_level(study, "blocks"), network.history.baseline, "change")
    assert found.cards["layer1.0"].tint_label == "changed"
    assert found.cards["layer3.0"].tint_label == "unchanged"
    ghost = found.cards["layer2.1"]
    assert (ghost.change, ghost.tint_label, ghost.is_expandable) == ("removed", "removed", False)
    row = found.children[found.root]
    assert row[row.index("layer2.1") - 1] == "stage:2"  # a stage of one block is named otherwise
    assert not any("layer2.1" in (link.source, link.target) for link in found.links)
    plain = build_diagram(study, expanded_at_level(study, "blocks"), network.history.baseline)
    assert "layer2.1" not in plain.cards


def test_a_ghost_stands_where_it_was(opened: Open) -> None:
    network = opened("resnet34").edit(RemoveBlock("layer2.3"))
    found = build_diagram(
        network.analysis, expanded_at_level(network.analysis, "blocks"), network.history.baseline, "change"
    )
    assert found.children["layer2"] == ("layer2.0", StackId(("layer2.1", "layer2.2")), "layer2.3")


def test_a_folded_stage_that_lost_a_block_is_changed(opened: Open) -> None:
    network = opened("resnet34").edit(RemoveBlock("layer2.2"))
    found = build_diagram(network.analysis, frozenset(), network.history.baseline, "change")
    assert (found.cards["layer2"].tint_label, found.cards["layer4"].tint_label) == ("changed", "unchanged")


def test_words_say_where_weights_come_from(opened: Open) -> None:
    network = opened("vgg11_bn").edit(SetWidth("features.0", 32))
    study = network.analysis
    found = build_diagram(study, expanded_at_level(study, "units"), network.history.baseline, "change")
    words = {card.tint_label for card in found.cards.values() if card.tint_label}
    assert {"unchanged", "weights sliced"} <= words
    assert found.scale is not None
    assert set(found.scale.labels) == words


def test_joins_and_splits_say_how_channels_add_up(opened: Open) -> None:
    inception, shuffle = opened("googlenet_2014").analysis, opened("shufflenet_v2_x0_5").analysis
    joins = {
        card.side_text
        for card in build_diagram(inception, expanded_at_level(inception, "ops")).cards.values()
        if card.side_text
    }
    assert "64 + 128 + 32 + 32 = 256" in joins
    lines = {
        line for card in build_diagram(shuffle, expanded_at_level(shuffle, "ops")).cards.values() for line in card.lines
    }
    assert "48 = 24 + 24" in lines


def test_an_unknown_figure_is_refused(opened: Open) -> None:
    with pytest.raises(KeyError):
        build_diagram(opened("resnet18").analysis, frozenset(), colour_by="beauty")


@pytest.mark.parametrize("by", ["params", "macs", "activations"])
@pytest.mark.parametrize("key", ["resnet18", "vgg16", "mobilenet_v2", "googlenet"])
def test_figures_are_on_a_logarithmic_scale_and_nothing_is_called_none(opened: Open, key: str, by: str) -> None:
    """Twice as far up the scale is the square of the ratio; a card that has nothing of it has no colour."""
    study = opened(key).analysis
    found = build_diagram(study, expanded_at_level(study, "ops"), colour_by=by)
    figures = {name: _node_figure(study, by, name) for name in study.architecture.live}
    leaves = {id: card for id, card in found.cards.items() if id in figures}
    for id, card in leaves.items():
        assert (card.tint is None) == (figures[id] == 0), id
        assert card.tint_label == ("none" if figures[id] == 0 else "")
    shown = {id: card.tint for id, card in leaves.items() if card.tint is not None}
    middle = sorted(shown, key=lambda id: figures[id])[len(shown) // 2]
    positive = [figures[id] for id in shown]
    low, high = min(positive), max(positive)
    assert shown[middle] == pytest.approx(math.log(figures[middle] / low) / math.log(high / low))
    assert found.scale is not None
    assert found.scale.has_none == any(value == 0 for value in figures.values())
