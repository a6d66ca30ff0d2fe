"""Rows beside each other: what is alike meets, in order, and nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.presenters import sequence_alignment
from explorer.presenters.sequence_alignment import align_sequences


def beside(left: str, right: str) -> list[tuple[str | None, str | None]]:
    return list(
        align_sequences(left, right, lambda a, b: float(a.casefold() == b.casefold()) * (1 if a == b else 0.5), 0.25)
    )


@pytest.mark.parametrize(
    ("left", "right", "lines"),
    [
        ("", "", ("", "")),
        ("abc", "abc", ("abc", "abc")),
        ("abc", "ac", ("abc", "a-c")),
        ("ac", "abc", ("a-c", "abc")),
        ("aaaa", "aa", ("aaaa", "aa--")),
        ("aA", "A", ("aA", "-A")),
        ("ab", "xy", ("ab--", "--xy")),
    ],
)
def test_what_is_alike_meets(left: str, right: str, lines: tuple[str, str]) -> None:
    found = beside(left, right)
    assert ("".join(a or "-" for a, _ in found), "".join(b or "-" for _, b in found)) == lines


@given(st.text("abA", max_size=12), st.text("abA", max_size=12))
def test_both_rows_stay_whole_and_in_order(left: str, right: str) -> None:
    found = beside(left, right)
    assert "".join(a for a, _ in found if a) == left
    assert "".join(b for _, b in found if b) == right


def test_very_long_rows_meet_place_by_place() -> None:
    long = "ab" * 300
    assert beside(long, long) == list(zip(long, long, strict=True))


@pytest.mark.parametrize(("left", "right"), [("abcd", "ax"), ("ax", "abcd"), ("ab", "ab")])
def test_long_rows_meet_place_by_place_and_nothing_is_lost(
    left: str, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence_alignment, "_MAX_PAIRS", 0)
    found = beside(left, right)
    assert [a for a, _ in found if a is not None] == list(left)
    assert [b for _, b in found if b is not None] == list(right)
