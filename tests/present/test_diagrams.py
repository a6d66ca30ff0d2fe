"""The diagram of every network at every level: complete, connected, and laid out without overlap."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from PySide6.QtWidgets import QApplication

from explorer.analysis.study import Study
from explorer.diagram import LEVELS, Diagram, Level
from explorer.drawing import cards
from explorer.edits import ChannelShuffle, LinearBottleneck, Shortcut
from explorer.graph.architecture import Constant
from explorer.layout import Box, Geometry, arrange
from explorer.network import Network
from explorer.present import at_level, diagram
from tests.conftest import KEYS


def laid_out(found: Diagram) -> Geometry:
    sizes = {id: cards.size(card) for id, card in found.cards.items() if id not in found.children}
    return arrange(found.root, found.children, [(link.source, link.target) for link in found.links], sizes)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("key", KEYS)
def test_every_network(key: str, level: Level, qapp: QApplication, opened: Callable[[str], Network]) -> None:
    study = opened(key).study
    found = diagram(study, at_level(study, level))
    visible = found.cards.keys() - found.children.keys()
    assert all({link.source, link.target} <= visible for link in found.links)
    fed = {link.target for link in found.links}
    assert not [name for name in visible - fed if not starts(study, name)]
    geometry = laid_out(found)
    for group, children in found.children.items():
        boxes = [(child, geometry.boxes[child]) for child in children]
        assert_apart(boxes)
        if group != found.root:
            assert all(inside(box, geometry.boxes[group]) for _, box in boxes), group
    assert_no_route_through_a_card(found, geometry)


def starts(study: Study, id: str) -> bool:
    """The input, and what only reads constants and sizes: ViT's class token, Swin v2's table of positions."""
    inside = set(study.hierarchy.nodes_of(id))
    nodes = study.architecture.nodes
    read = {source for name in inside for source in nodes[name].inputs} - inside
    return all(isinstance(nodes[name].op, Constant) or study.figures.shape(name) is None for name in read)


def assert_apart(boxes: list[tuple[str, Box]]) -> None:
    boxes = sorted(boxes, key=lambda pair: pair[1].x)
    for at, (name, box) in enumerate(boxes):
        for other, next_box in boxes[at + 1 :]:
            if next_box.x >= box.x + box.width:
                break
            overlap = next_box.y < box.y + box.height and box.y < next_box.y + next_box.height
            assert not overlap, f"{name} overlaps {other}"


def inside(box: Box, around: Box) -> bool:
    return (
        around.x <= box.x
        and around.y <= box.y
        and box.x + box.width <= around.x + around.width
        and box.y + box.height <= around.y + around.height
    )


def assert_no_route_through_a_card(found: Diagram, geometry: Geometry) -> None:
    visible = [(id, geometry.boxes[id]) for id in found.cards if id not in found.children]
    columns: dict[int, list[tuple[str, Box]]] = {}
    for id, box in visible:
        for column in range(int(box.x // 200), int((box.x + box.width) // 200) + 1):
            columns.setdefault(column, []).append((id, box))
    stretches = {pair for route in geometry.routes for pair in pairwise(route.points)}
    for (x1, y1), (x2, y2) in stretches:
        left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        near = {pair for c in range(int(left // 200), int(right // 200) + 1) for pair in columns.get(c, ())}
        for id, box in near:
            crosses = (
                left < box.x + box.width - 0.5
                and right > box.x + 0.5
                and top < box.y + box.height - 0.5
                and bottom > box.y + 0.5
            )
            assert not crosses, f"a link runs through {id}"


def test_what_is_switched_off_stays_as_a_ghost(opened: Callable[[str], Network]) -> None:
    network = opened("shufflenet_v1_g3").edit(ChannelShuffle("stage2.1", on=False), Shortcut("stage2.1", on=False))
    study = network.study
    found = diagram(study, at_level(study, "units"), network.history.baseline)
    shuffle = next(card for id, card in found.cards.items() if id == "stage2.1.channel_shuffle")
    assert (shuffle.change, shuffle.title) == ("off", "Channel shuffle off")
    assert found.cards["stage2.1.add"].change == "off"
    assert found.cards["stage2.1"].change == "changed"
    assert found.cards["stage2.2"].change == "same"


def test_what_is_new_is_marked(opened: Callable[[str], Network]) -> None:
    network = opened("mobilenet_v2").edit(LinearBottleneck("features.3", "relu6"))
    study = network.study
    found = diagram(study, at_level(study, "ops"), network.history.baseline)
    assert found.cards["features.3.conv.3_activation"].change == "added"


def test_a_group_that_an_edit_took_away_may_still_be_open(opened: Callable[[str], Network]) -> None:
    study = opened("resnet18").study
    assert diagram(study, frozenset({"layer1", "layer9"})).children.keys() == {"", "layer1"}


def test_the_same_source_twice_is_two_links() -> None:
    from torch import Tensor, nn

    from explorer.network import open_network

    class Twice(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + x

    study = open_network(Twice(), input_shape=(1, 3, 8, 8)).study
    links = diagram(study, at_level(study, "ops")).links
    assert [(link.source, link.target, link.slot) for link in links if link.target == "add"] == [
        ("input", "add", 0),
        ("input", "add", 1),
    ]


def test_a_join_of_one_map_is_a_card_with_a_name(opened: Callable[[str], Network]) -> None:
    study = opened("densenet121").study
    found = diagram(study, at_level(study, "ops")).cards
    first, second = (found[f"features.denseblock1.denselayer{n}.cat"] for n in (1, 2))
    assert (first.title, first.round) == ("Concatenate", False)
    assert second.round
