"""The picture of every network of the catalogue, at every level and in every direction, is sound.

Each run looks at every level in columns, and at one level a network in each other direction; `--long` at all in all.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from zlib import crc32

import pytest

from explorer.drawing import card_text
from explorer.edits import Edit, RemoveBlock, RepeatBlock, ToggleChannelShuffle, ToggleShortcut, ToggleSqueezeExcitation
from explorer.layout import Box, Geometry, arrange
from explorer.layout.arrange import solve_cached
from explorer.network import Network
from explorer.presenters import build_diagram, expanded_at_level, toggle_expanded
from explorer.viewmodels.diagram import DIRECTIONS, LEVELS, Diagram, Direction, Level
from tests.conftest import KEYS
from tests.layout.sound_pictures import check

Open = Callable[[str], Network]
Boxes = dict[str, Box]

#: At every level in every direction in every run: a chain, branches, shortcuts, dense links, split channels, gates.
VARIED = ("alexnet_2012", "googlenet_2014", "resnet18", "shufflenet_v1_g3", "mobilenet_v3_small", "vit_b_16")

EDITS: dict[str, Edit] = {
    "resnet18": ToggleShortcut("layer2.1", on=False),
    "resnet50": RepeatBlock("layer3.1"),
    "densenet121": RemoveBlock("features.denseblock2.denselayer3"),
    "shufflenet_v1_g3": ToggleChannelShuffle("stage2.1", on=False),
    "mobilenet_v2": RemoveBlock("features.5"),
    "mobilenet_v3_small": ToggleSqueezeExcitation("*", on=False),
    "googlenet_2014": RemoveBlock("inception4c"),
}


def placed(drawn: Diagram, direction: Direction) -> Geometry:
    """As `explorer.drawing.compose` asks for it, and checked."""
    sizes = {id: card_text.card_size(card) for id, card in drawn.cards.items() if id not in drawn.children}
    beside = {id: 60.0 for id, card in drawn.cards.items() if id in sizes and card.side_text}
    pairs = [(link.source, link.target) for link in drawn.links]
    geometry = arrange(drawn.root, drawn.children, pairs, sizes, direction=direction, text_widths=beside)
    check(geometry, drawn.children, pairs, sizes, drawn.root)
    return geometry


def level(network: Network, name: Level) -> Diagram:
    return build_diagram(network.analysis, expanded_at_level(network.analysis, name))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("key", KEYS)
def test_every_network_has_a_sound_picture_at_every_level(
    opened: Open, key: str, direction: Direction, request: pytest.FixtureRequest
) -> None:
    everything = direction == "columns" or key in VARIED or request.config.getoption("--long")
    one = LEVELS[crc32(f"{key} {direction}".encode()) % len(LEVELS)]
    for name in LEVELS if everything else (one,):
        placed(level(opened(key), name), direction)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("key", VARIED)
def test_the_same_picture_comes_out_each_time(opened: Open, key: str, direction: Direction) -> None:
    for name in LEVELS:
        once = placed(level(opened(key), name), direction)
        solve_cached.cache_clear()
        assert placed(level(opened(key), name), direction) == once


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("key", VARIED)
def test_unfolding_one_group_leaves_its_neighbours_in_order(opened: Open, key: str, direction: Direction) -> None:
    study = opened(key).analysis
    at = expanded_at_level(study, "blocks")
    before = build_diagram(study, at)
    group = next(id for id, card in before.cards.items() if card.is_expandable and id not in before.children)
    after = build_diagram(study, toggle_expanded(study, at, group))
    was, now = placed(before, direction).boxes, placed(after, direction).boxes
    assert_in_order(before, after, dict(was), dict(now), direction)
    for id in before.cards.keys() - before.children.keys() - {group, before.root}:
        assert (was[id].width, was[id].height) == (now[id].width, now[id].height)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("key", EDITS)
def test_a_small_edit_leaves_the_rest_in_order(opened: Open, key: str, direction: Direction) -> None:
    network = opened(key)
    before, after = (level(version, "units") for version in (network, network.edit(EDITS[key])))
    assert before.cards.keys() != after.cards.keys() or before.links != after.links
    assert_in_order(
        before, after, dict(placed(before, direction).boxes), dict(placed(after, direction).boxes), direction
    )


def assert_in_order(before: Diagram, after: Diagram, was: Boxes, now: Boxes, direction: Direction) -> None:
    """In each open group, what follows still lies farther on, and what lies beside still does so on the same side.

    In columns, stages may move into another row: only what is inside them is looked at.
    """
    for group in before.children.keys() & after.children.keys():
        if direction == "columns" and group == before.root:
            continue
        rest = [id for id in before.children[group] if id in after.children[group]]
        assert rest == [id for id in after.children[group] if id in rest]
        for one, two in pairwise(rest):
            assert flow(was[one], was[two], direction) == flow(now[one], now[two], direction), (group, one, two)


def flow(one: Box, two: Box, direction: Direction) -> int:
    """1 where the second lies wholly farther along the flow, −1 before it, 0 where they lie side by side."""
    if direction == "right":
        return (two.x >= one.x + one.width) - (one.x >= two.x + two.width)
    return (two.y >= one.y + one.height) - (one.y >= two.y + two.height)
