"""Towers on the canvas: cards beside each other in the room of one, and links from tower to tower."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF

from explorer.drawing import compose_picture
from explorer.drawing.towers import CROSSING_ROOM, tower_card, tower_rects
from explorer.edits import SetLayer
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.viewmodels.diagram import DIRECTIONS, Direction

Open = Callable[[str], Network]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("key", ["alexnet_2012", "shufflenet_v1_g3"])
def test_links_run_from_tower_to_tower(key: str, direction: Direction, opened: Open) -> None:
    analysis = opened(key).analysis
    picture = compose_picture(build_diagram(analysis, expanded_at_level(analysis, "units")), direction)
    seen = 0
    for number, link in enumerate(picture.diagram.links):
        drawn, target, rect = picture._drawn_links[number], picture.card(link.target), picture.rect(link.target)
        assert target is not None
        assert rect is not None
        ends = {points[-1] for points in (*drawn.lines, *drawn.curves)}
        if target.towers is None:
            assert ends == {picture.routes[number].points[-1]}
            continue
        parts = tower_rects(target, rect)
        assert len(ends) == len(parts) == target.towers.count
        for part in parts:
            assert any(part.adjusted(-0.5, -0.5, 0.5, 0.5).contains(QPointF(*end)) for end in ends)
            assert rect.contains(part)
        seen += 1
    assert seen > 5


def test_towers_share_channels_or_hear_all(opened: Open) -> None:
    """Two towers into four: each of the four hears one; a layer that reads all hears both."""
    network = opened("vgg16").edit(SetLayer("features.12", "groups", 2)).edit(SetLayer("features.14", "groups", 4))
    picture = compose_picture(build_diagram(network.analysis, expanded_at_level(network.analysis, "units")), "down")
    count = {
        (link.source, link.target): len(picture._drawn_links[number].curves)
        for number, link in enumerate(picture.diagram.links)
    }
    assert count["unit:features.12", "unit:features.14"] == 4
    two = opened("alexnet_2012")
    picture = compose_picture(build_diagram(two.analysis, expanded_at_level(two.analysis, "units")), "down")
    (number,) = [n for n, link in enumerate(picture.diagram.links) if link.target == "unit:features.8"]
    assert len(picture._drawn_links[number].curves) == 4
    rect, source = picture.rect("unit:features.8"), picture.rect("features.7")
    assert rect is not None
    assert source is not None
    assert rect.top() - source.bottom() > CROSSING_ROOM


def test_the_card_of_a_tower_is_a_card(opened: Open) -> None:
    network = opened("alexnet_2012")
    card = build_diagram(network.analysis, expanded_at_level(network.analysis, "units")).cards["unit:features.4"]
    one = tower_card(card)
    assert (one.towers, one.title, one.lines, one.shape) == (None, card.title, ("48 → 128",), "128×27×27")
