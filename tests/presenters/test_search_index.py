"""Where a place is shown, what must be open for it, and the way to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.base.languages import translator
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.presenters.search_index import build_breadcrumb, expanded_to_show, find_card, search_index
from explorer.viewmodels.diagram import Level

Open = Callable[[str], Network]


@pytest.mark.parametrize("level", ["stages", "blocks", "units", "ops"])
@pytest.mark.parametrize("key", ["resnet18", "googlenet_2014", "mobilenet_v2"])
def test_every_place_has_a_card_at_every_level(opened: Open, key: str, level: Level) -> None:
    study = opened(key).analysis
    groups = expanded_at_level(study, level)
    cards = build_diagram(study, groups).cards
    for place in search_index(study):
        assert find_card(study, place.id, groups) in cards


def test_a_hidden_op_is_seen_on_its_unit_once_what_is_around_is_open(opened: Open) -> None:
    study = opened("resnet18").analysis
    groups = expanded_to_show(study, "layer3.0.bn1", frozenset())
    assert groups == {"layer3", "layer3.0"}
    assert find_card(study, "layer3.0.bn1", groups) == "unit:layer3.0.conv1"
    assert find_card(study, "layer3.0.bn1", frozenset()) == "layer3"


def test_a_trail_names_each_step_and_what_stands_beside_it(opened: Open) -> None:
    study = opened("resnet18").analysis
    way = build_breadcrumb(study, "layer3.1.conv2")
    assert [crumb.title for crumb in way] == ["Stage 3", "Residual block · 1", "Conv 3×3", "Conv 3×3"]
    assert [id for id, _ in way[1].siblings] == ["layer3.0", "layer3.1"]
    assert all(crumb.id in dict(crumb.siblings) for crumb in way)


def test_there_is_no_trail_to_nowhere_and_none_to_the_network_itself(opened: Open) -> None:
    study = opened("resnet18").analysis
    assert build_breadcrumb(study, "nowhere") == ()
    assert build_breadcrumb(study, study.hierarchy.root.id) == ()


def test_places_are_found_by_their_english_names_in_every_language(opened: Open) -> None:
    study = opened("mobilenet_v2").analysis
    english = {place.id: place.search_text for place in search_index(study)}
    translator.set_translations("words", {"Inverted residual": "倒残差", "Conv {size}": "卷积 {size}", "Stage": "阶段"})
    try:
        found = {place.id: place for place in search_index(study)}
    finally:
        translator.set_translations("en", {})
    block, conv = found["features.3"], found["features.0.0"]
    assert (block.title, conv.title) == ("倒残差", "卷积 3×3")
    assert block.search_text == "倒残差 inverted residual invertedresidual 3"
    assert conv.search_text == "卷积 3×3 conv 3×3 conv2d 0"
    assert all("stage" in place.search_text for place in found.values() if place.kind == "stage")
    assert {place.id: place.search_text for place in search_index(study)} == english
