"""Who learned from whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.base.languages import LANGUAGES
from explorer.guide import family_tree as module
from explorer.guide.errors import PageError
from explorer.guide.family_tree import load_family_tree
from explorer.networks.catalogue import FAMILY_ORDER, get_entry


def test_every_family_of_the_history_is_in_the_tree() -> None:
    families = {get_entry(ancestor.key).family for ancestor in load_family_tree()}
    assert families >= set(FAMILY_ORDER)


def test_nobody_learns_from_the_future() -> None:
    years = {ancestor.key: ancestor.year for ancestor in load_family_tree()}
    for ancestor in load_family_tree():
        assert abs(get_entry(ancestor.key).year - ancestor.year) <= 1
        assert all(years[parent] <= ancestor.year for parent in ancestor.learned_from)


def test_places_are_apart_and_words_in_every_language() -> None:
    assert all(set(ancestor.brought) == set(LANGUAGES) for ancestor in load_family_tree())
    assert [ancestor.year for ancestor in load_family_tree()] == sorted(
        ancestor.year for ancestor in load_family_tree()
    )


@pytest.mark.parametrize(
    ("altered", "message"),
    [
        (
            [
                {
                    "key": "a",
                    "title": "A",
                    "year": 2015,
                    "row": 0,
                    "learned_from": ["b"],
                    "brought": {"en": "x", "zh": "x"},
                }
            ],
            "learned from b",
        ),
        ([{"key": "a", "title": "A", "year": 1066, "row": 0, "brought": {}}], "year"),
        ([{"key": "a", "title": "A", "year": 2015, "row": 0, "brought": {"tlh": "x"}}], "brought"),
        ([{"key": "a", "title": "A", "year": 2015, "row": 0, "brought": {"en": "x"}}], "brought is said in en"),
        ([{"key": "a", "title": "A", "year": 2015}], "missing"),
        ({}, "list"),
    ],
)
def test_a_broken_tree_is_refused(
    altered: object, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree.json").write_text(json.dumps(altered), encoding="utf-8")
    monkeypatch.setattr(module, "resource_path", lambda name: tmp_path / "tree.json")
    with pytest.raises(PageError, match=message):
        load_family_tree.__wrapped__()
