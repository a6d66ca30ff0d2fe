"""The query language: what holds for any query over any items."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.base.query import QueryError, QueryFigure, QueryVocabulary, describe_syntax, parse_query
from explorer.viewmodels.card_query import CARD_VOCABULARY

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "≤": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "≥": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "≠": operator.ne,
}
UNITS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "m": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}


@dataclass(frozen=True)
class Item:
    kind: str = "conv"
    title: str = "Conv 3×3"
    path: str = "layer1.0.conv1"
    parent_path: str = "layer1.0"
    search_text: str = "conv 3×3 conv2d conv1"
    figures: Mapping[str, QueryFigure] = field(default_factory=dict)


VOCABULARY = QueryVocabulary({"params": "params", "k": "k"}, ("conv", "norm"), kind_words={"conv": frozenset({"conv"})})
ITEMS = (
    Item(figures={"params": 1000.0, "k": (1.0, 7.0)}),
    Item("norm", "BN", "layer1.0.bn1", "layer1.0", "bn batchnorm2d bn1", {"params": 128.0}),
    Item("conv", "Conv 1×1", "fc", "", "conv 1×1 conv2d fc", {"params": 5e6, "k": 1.0}),
)
TERMS = st.sampled_from(
    (
        "conv",
        "norm",
        "kind:conv",
        "kind:nor",
        '"conv 3×3"',
        "fc",
        "layer1",
        "params>500",
        "params < 1K",
        "k=1x7",
        "/^fc$/",
    )
)
SPACES = st.text(alphabet=" ", max_size=3)


def matches(text: str, item: Item) -> bool:
    return parse_query(text, VOCABULARY).matches(item)


@given(st.text(alphabet='conv k>3<=!/"-:.x×≥,% 1MéKGB\\[(', max_size=40))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    for vocabulary in (VOCABULARY, CARD_VOCABULARY):
        with contextlib.suppress(QueryError):
            parse_query(text, vocabulary).matches(ITEMS[0])


@given(
    st.integers(0, 10**13),
    st.sampled_from(sorted(OPERATORS)),
    st.integers(0, 9999),
    st.sampled_from(sorted(UNITS)),
    SPACES,
    SPACES,
)
def test_a_comparison_is_what_python_says(
    value: int, sign: str, number: int, unit: str, before: str, after: str
) -> None:
    found = matches(f"params{before}{sign}{after}{number}{unit}", Item(figures={"params": float(value)}))
    assert found == OPERATORS[sign](value, number * UNITS[unit])


@given(st.lists(TERMS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_terms_narrow_whatever_their_order(terms: list[str], random: object) -> None:
    shuffled = sorted(terms, key=lambda _: random.random())  # type: ignore[attr-defined]
    for item in ITEMS:
        together = matches(" ".join(terms), item)
        assert together == matches("  ".join(shuffled), item)
        assert not together or any(matches(term, item) for term in terms)
        assert not together or not matches(" ".join((*terms, f"-{terms[0]}")), item)


@given(TERMS)
def test_what_is_excluded_is_not_found(term: str) -> None:
    for item in ITEMS:
        assert not (matches(term, item) and matches(f"-{term}", item))


@pytest.mark.parametrize("text", ["params > 4,999,999", "params>4.9 M", "params≥5M", "params:5M", "PARAMS==5m"])
def test_figures_can_be_written_as_they_are_shown(text: str) -> None:
    assert [item.path for item in ITEMS if matches(text, item)] == ["fc"]


@given(st.text(alphabet="abckpx", min_size=1, max_size=6), st.sampled_from(sorted(OPERATORS)))
def test_a_refusal_names_what_was_not_understood(name: str, sign: str) -> None:
    if name not in VOCABULARY.figures:
        with pytest.raises(QueryError, match=name):
            parse_query(f"conv {name}{sign}3", VOCABULARY)


def test_the_tip_names_figures_and_operators() -> None:
    tip = describe_syntax(CARD_VOCABULARY)
    assert "params < 5M" in tip
    assert all(key in tip for key in set(CARD_VOCABULARY.figures.values()))
