"""What the inspector says of the network, a card, and several."""

from __future__ import annotations

from collections.abc import Callable

from explorer.network import Network
from explorer.presenters import build_inspection

Opened = Callable[[str], Network]


def test_with_nothing_selected_it_is_the_network_and_what_may_be_changed_everywhere(opened: Opened) -> None:
    found = build_inspection(opened("mobilenet_v2").analysis, ())
    assert found is not None
    assert (found.title, found.kind, found.path) == ("MobileNet v2", "network", "")
    assert dict(found.rows) == {
        "Class": "MobileNetV2",
        "Image": "3×224×224",
        "Output": "1000",
        "Blocks": "17",
        "Weights": "as opened",
    }
    assert found.cost_breakdown.endswith("= 300,774,272")
    assert {option.scope for option in found.options} == {"whole network"}


def test_a_network_with_two_answers_says_both(opened: Opened) -> None:
    network = opened("googlenet")
    with_heads = next(
        choice.edit
        for option in build_inspection(network.analysis, ("inception4a",)).options
        for choice in option.choices
        if option.title == "Auxiliary head" and choice.edit is not None
    )
    found = build_inspection(network.edit(with_heads).analysis, ())
    assert found is not None
    assert dict(found.rows)["Output"] == "1000 and 1000"


def test_a_card_says_its_path_and_its_share(opened: Opened) -> None:
    found = build_inspection(opened("mobilenet_v2").analysis, ("features.3",))
    assert found is not None
    assert (found.title, found.path) == ("Inverted residual", "features.3")
    assert dict(found.rows)["MACs"] == "25,740,288  (8.6 %)"


def test_several_cards_are_summed_up(opened: Opened) -> None:
    found = build_inspection(opened("mobilenet_v2").analysis, ("features.3", "features.4"))
    assert found is not None
    assert (found.title, found.kind) == ("2 cards", "selection")


def test_what_is_not_there_is_none(opened: Opened) -> None:
    assert build_inspection(opened("mobilenet_v2").analysis, ("features.99",)) is None
