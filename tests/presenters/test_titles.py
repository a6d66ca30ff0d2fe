"""Titles of groups: what modules are called in code, in the language in force where it is a word of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from explorer.base.languages import translator
from explorer.edits import RepeatBlock, WrapAsBlock
from explorer.network import Network, open_network
from explorer.presenters.titles import _title_of_name, group_title


@pytest.fixture
def chinese() -> Iterator[None]:
    translator.set_language("zh")
    yield
    translator.set_language("en")


def titles_of(network: Network, *ids: str) -> list[str]:
    analysis = network.analysis
    return [group_title(analysis, analysis.hierarchy.groups[id]) for id in ids]


def test_names_of_modules_are_titles(opened: Callable[[str], Network]) -> None:
    assert titles_of(opened("googlenet_2014"), "inception3a.branch2", "inception3a.branch4") == ["Branch 2", "Branch 4"]


@pytest.mark.usefixtures("chinese")
def test_known_names_follow_the_language(opened: Callable[[str], Network]) -> None:
    assert titles_of(opened("googlenet_2014"), "inception3a.branch2") == ["分支 2"]


@pytest.mark.parametrize(
    ("name", "english", "chinese_title"),
    [
        ("branch2", "Branch 2", "分支 2"),
        ("stage_3", "Stage 3", "段 3"),
        ("stem", "Stem", "起始层"),
        ("branch3x3dbl", "Branch 3x3dbl", "Branch 3x3dbl"),
        ("my_part2", "My part 2", "My part 2"),
        ("c2f", "C2f", "C2f"),
    ],
)
def test_other_names_stay_as_they_are(
    name: str, english: str, chinese_title: str, request: pytest.FixtureRequest
) -> None:
    assert _title_of_name(name) == english
    request.getfixturevalue("chinese")
    assert _title_of_name(name) == chinese_title


class CSPBlock(nn.Module):
    """Half of the channels go through layers, all are concatenated: a structure without a common name."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 1)
        self.f = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.f(self.first(x)), self.second(x)], 1)


def test_a_block_in_a_list_is_called_as_its_author_called_the_class() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sequential(CSPBlock(), nn.ReLU()), nn.AdaptiveAvgPool2d(1))
    analysis = open_network(model, input_shape=(3, 32, 32)).analysis
    titles = {group.path: group_title(analysis, group) for group in analysis.hierarchy.groups.values()}
    assert titles["1.0"] == "CSPBlock"


def test_a_letter_says_less_than_the_class(opened: Callable[[str], Network]) -> None:
    analysis = opened("regnet_x_400mf").analysis
    assert group_title(analysis, analysis.hierarchy.groups["trunk_output.block1.block1-0.f"]) == "BottleneckTransform"


def test_a_block_that_the_user_named_keeps_its_name(opened: Callable[[str], Network]) -> None:
    """Also where it is a known pattern; its copies have the same one."""
    pair = "layer1.1.conv1,layer1.1.bn1,layer1.1.relu,layer1.1.conv2,layer1.1.bn2"
    network = opened("resnet18").edit(WrapAsBlock(pair, "My pair"), RepeatBlock("layer1.1.my_pair"))
    assert titles_of(network, "layer1.1.my_pair", "layer1.1.my_pair~2") == ["My pair", "My pair"]
