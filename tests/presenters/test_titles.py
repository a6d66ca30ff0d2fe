"""Titles of groups: what modules are called in code, in the language in force where it is a word of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from explorer.base.languages import translator
from explorer.network import Network
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
