"""The diagram of every network at every level: complete and connected."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.edits import SetBottleneckActivation, ToggleChannelShuffle, ToggleShortcut
from explorer.graph.ops import Constant
from explorer.network import Network, open_network
from explorer.presenters import build_diagram, expanded_at_level
from explorer.viewmodels.diagram import LEVELS, Level
from tests.conftest import KEYS


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("key", KEYS)
def test_every_network(key: str, level: Level, opened: Callable[[str], Network]) -> None:
    study = opened(key).analysis
    found = build_diagram(study, expanded_at_level(study, level))
    visible = found.cards.keys() - found.children.keys()
    assert all({link.source, link.target} <= visible for link in found.links)
    fed = {link.target for link in found.links}
    assert not [name for name in visible - fed if not starts(study, name)]


def starts(study: Analysis, id: str) -> bool:
    """The input, and what only reads constants and sizes: ViT's class token, Swin v2's table of positions."""
    inside = set(study.hierarchy.nodes_of(id))
    nodes = study.architecture.nodes
    read = {source for name in inside for source in nodes[name].inputs} - inside
    return all(isinstance(nodes[name].op, Constant) or study.figures.shape(name) is None for name in read)


@pytest.mark.parametrize(
    ("key", "id", "title"),
    [
        ("googlenet_2014", "inception3a.branch2", "Branch 2"),
        ("resnet18", "layer2.0", "Residual block"),
        ("efficientnet_b0", "features.1.0.block.1", "Squeeze-and-excitation"),
    ],
)
def test_groups_are_called_what_they_are(opened: Callable[[str], Network], key: str, id: str, title: str) -> None:
    study = opened(key).analysis
    assert build_diagram(study, expanded_at_level(study, "ops")).cards[id].title == title


def test_what_is_switched_off_stays_as_a_ghost(opened: Callable[[str], Network]) -> None:
    network = opened("shufflenet_v1_g3").edit(
        ToggleChannelShuffle("stage2.1", on=False), ToggleShortcut("stage2.1", on=False)
    )
    study = network.analysis
    found = build_diagram(study, expanded_at_level(study, "units"), network.history.baseline)
    shuffle = next(card for id, card in found.cards.items() if id == "stage2.1.channel_shuffle")
    assert (shuffle.change, shuffle.title) == ("off", "Channel shuffle off")
    assert found.cards["stage2.1.add"].change == "off"
    assert found.cards["stage2.1"].change == "changed"
    assert found.cards["stage2.2"].change == "same"


def test_what_is_new_is_marked(opened: Callable[[str], Network]) -> None:
    network = opened("mobilenet_v2").edit(SetBottleneckActivation("features.3", "relu6"))
    study = network.analysis
    found = build_diagram(study, expanded_at_level(study, "ops"), network.history.baseline)
    assert found.cards["features.3.conv.3_activation"].change == "added"


def test_a_group_that_an_edit_took_away_may_still_be_open(opened: Callable[[str], Network]) -> None:
    study = opened("resnet18").analysis
    assert build_diagram(study, frozenset({"layer1", "layer9"})).children.keys() == {"", "layer1"}


def test_the_same_source_twice_is_two_links() -> None:
    from torch import Tensor, nn

    from explorer.network import open_network

    class Twice(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + x

    study = open_network(Twice(), input_shape=(1, 3, 8, 8)).analysis
    links = build_diagram(study, expanded_at_level(study, "ops")).links
    assert [(link.source, link.target, link.slot) for link in links if link.target == "add"] == [
        ("input", "add", 0),
        ("input", "add", 1),
    ]


def test_a_join_of_one_map_is_a_card_with_a_name(opened: Callable[[str], Network]) -> None:
    study = opened("densenet121").analysis
    found = build_diagram(study, expanded_at_level(study, "ops")).cards
    first, second = (found[f"features.denseblock1.denselayer{n}.cat"] for n in (1, 2))
    assert (first.title, first.is_round) == ("Concatenate", False)
    assert second.is_round


class _Pair(nn.Module):
    """A block with two results."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
        self.right = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.left(x), self.right(x)


class _Join(nn.Module):
    """A block that reads two values."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, pair: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return self.left(pair[0]) + self.right(pair[1])


def test_two_values_between_folded_blocks_are_one_link() -> None:
    analysis = open_network(nn.Sequential(_Pair(), _Join()), input_shape=(1, 3, 8, 8)).analysis
    folded = build_diagram(analysis, expanded_at_level(analysis, "blocks"))
    assert [(link.source, link.target) for link in folded.links] == [("input", "0"), ("0", "1"), ("1", "output")]
    unfolded = build_diagram(analysis, expanded_at_level(analysis, "ops"))
    assert {("0.left.1", "1.left"), ("0.right.1", "1.right")} <= {(link.source, link.target) for link in unfolded.links}
