"""Fuzzy search: what is found, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.base.fuzzy_search import match_rank, rank_matches


@pytest.mark.parametrize(
    ("query", "text", "rank"),
    [
        ("exp", "Export diagram…", 0),
        ("  EXPORT  d", "Export diagram…", 0),
        ("dia", "Export diagram…", 1),
        ("port", "Export diagram…", 2),
        ("dia exp", "Export diagram…", 3),
        ("exdg", "Export diagram…", 4),
        ("xdg", "Export diagram…", None),
        ("zzz", "Export diagram…", None),
        ("2d", "Conv2d 2d", 1),
        ("图", "导出图形", 2),
        ("导图", "导出图形", 4),
    ],
)
def test_ranks(query: str, text: str, rank: int | None) -> None:
    assert match_rank(query, text) == rank


def test_order_is_rank_then_length_then_as_before() -> None:
    titles = ["Best fit", "Fit selection", "Fit", "Fixed input titles", "Outfit", "Zoom", "Fat"]
    assert rank_matches("fit", titles, str, lambda _: "") == [
        "Fit",
        "Fit selection",
        "Best fit",
        "Outfit",
        "Fixed input titles",
    ]


def test_of_equally_good_ones_the_first_tier_stands_first() -> None:
    items = [("Output", 2), ("Output on the image", 0), ("The output", 0)]
    found = rank_matches("output", items, lambda item: item[0], lambda _: "", lambda item: item[1])
    assert [title for title, _ in found] == ["Output on the image", "Output", "The output"]


def test_what_stands_beside_a_title_finds_it_last() -> None:
    items = [("Light", "View › Theme"), ("Theme of exports", "File")]
    found = rank_matches("theme", items, lambda item: item[0], lambda item: item[1])
    assert [title for title, _ in found] == ["Theme of exports", "Light"]


@given(st.lists(st.text(max_size=12), max_size=8), st.text(max_size=4))
def test_only_items_are_found_each_once(titles: list[str], query: str) -> None:
    numbered = list(enumerate(titles))
    found = rank_matches(query, numbered, lambda item: item[1], lambda _: "")
    assert set(found) <= set(numbered)
    assert len(set(found)) == len(found)
    if not query.strip():
        assert found == numbered


@given(st.text(min_size=1, max_size=20))
def test_a_title_finds_itself(title: str) -> None:
    shown = " ".join(title.split())
    assert match_rank(title, shown) == 0
