"""Ids as one text: whatever a module is called, it comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.base.id_text import join_ids, split_ids

NAMES = st.text(alphabet="ab1._:@*,\\ \t-é", min_size=1, max_size=8)


@given(st.lists(NAMES, max_size=5))
def test_what_is_joined_comes_back(ids: list[str]) -> None:
    assert split_ids(join_ids(ids)) == tuple(ids)


@given(st.text(max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    ids = split_ids(text)
    assert split_ids(join_ids(ids)) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("layer1.0", ("layer1.0",)),
        ("layer1.0,layer1.1", ("layer1.0", "layer1.1")),
        (" layer1.0 , layer1.1 ,", ("layer1.0", "layer1.1")),
        ("", ()),
        ("*", ("*",)),
        ("a\\,b", ("a,b",)),
        ("a\\b", ("a\\b",)),  # written before commas could be escaped
    ],
)
def test_files_of_before_are_read_as_they_were(text: str, ids: tuple[str, ...]) -> None:
    assert split_ids(text) == ids
