"""What a search finds, and what it says of one that means nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.base.query import QueryError
from explorer.network import Network
from explorer.presenters.search import search_cards
from explorer.presenters.search_index import search_index

Open = Callable[[str], Network]


@pytest.mark.parametrize(
    ("key", "query", "count"),
    [
        ("resnet18", "conv", 20),
        ("resnet18", "conv k>3", 1),
        ("resnet18", "s=2 conv", 7),
        ("resnet18", "kind:norm", 20),
        ("resnet18", "basicblock", 8),
        ("resnet18", "stage", 4),
        ("resnet18", "fc", 1),
        ("resnet18", "params > 2M", 3),
        ("resnet18", "params>2M -layer4.1", 1),
        ("resnet18", "kind:stage params>2M", 2),
        ("resnet18", "out≥512 conv", 5),
        ("resnet18", "size=7x7 kind:add", 2),
        ("resnet18", r"/layer[34]\.0$/", 2),
        ("resnet18", '"max pool"', 1),
        ("resnext50_32x4d", "groups>1", 16),
        ("resnext50_32x4d", "g=32", 16),
        ("mobilenet_v2", "kind:depthwise", 17),
        ("mobilenet_v2", "conv", 52),
        ("mobilenet_v2", "depthwise s=2", 4),
        ("inception_v3", "conv k=1x7", 13),
        ("inception_v3", "conv k=7x1", 13),
        ("inception_v3", "k=7", 0),
        ("resnet18", "", 0),
        ("resnet18", "   ", 0),
        ("resnet18", "no such thing", 0),
    ],
)
def test_queries_find_what_one_would_count_by_hand(opened: Open, key: str, query: str, count: int) -> None:
    assert len(search_cards(opened(key).analysis, query)) == count


def test_what_is_only_inside_of_a_find_is_not_found_with_it(opened: Open) -> None:
    study = opened("resnet18").analysis
    assert search_cards(study, "layer3.0") == ("layer3.0",)
    assert search_cards(study, "layer3.0 conv") == ("layer3.0.conv1", "layer3.0.conv2", "layer3.0.downsample.0")


def test_a_number_at_the_end_of_a_word_is_the_whole_number(opened: Open) -> None:
    assert search_cards(opened("mobilenet_v2").analysis, "features.1") == ("features.1",)


def test_hits_come_in_execution_order_each_group_before_its_inside(opened: Open) -> None:
    study = opened("googlenet_2014").analysis
    order = {place.id: number for number, place in enumerate(search_index(study))}
    hits = search_cards(study, "/inception4/")
    numbers = [order[hit] for hit in hits]
    assert numbers == sorted(numbers)
    assert hits.index("inception4a") < hits.index("inception4a.branch1.conv")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("foo>3", "no figure foo"),
        ("parms>1M", "did you mean params?"),
        ("params>", "nothing is no number"),
        ("params>many", "many is no number"),
        (">3", "before the sign"),
        ("k>1x7", "can only be equal or not"),
        ("kind:konv", "did you mean kind:conv?"),
        ("kind:", "there are activation"),
        ('"max pool', "no closing quotation mark"),
        ('""', "nothing between"),
        ("/layer", "no closing slash"),
        ("//", "nothing between"),
        ("/[a/", "missing ]"),
        ("/(?=a)/", "invalid perl operator"),
        ("/(a{1000}){1000}/", "invalid repetition size"),
        ("x" * 501, "too long"),
    ],
)
def test_what_means_nothing_says_why(opened: Open, query: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        search_cards(opened("resnet18").analysis, query)
    assert said in str(refused.value)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(.*)*!", "(l|la|lay)*!", "((((.?){9}){9}){9})!"])
def test_no_regular_expression_runs_away(opened: Open, pattern: str) -> None:
    """Each of them would take a backtracking matcher years."""
    study = opened("densenet121").analysis
    assert search_cards(study, f"/{pattern}/") == ()


def test_every_op_that_is_drawn_is_a_place(opened: Open) -> None:
    for key in ("shufflenet_v1_g3", "vit_b_16", "efficientnet_b0"):
        study = opened(key).analysis
        found = {place.id for place in search_index(study)}
        assert set(study.hierarchy.root.nodes) <= found
        assert not any(id.startswith("unit:") for id in found)
