"""Fuzzy search of titles by what is typed: the start of a title before the start of a word before letters in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from explorer.base.full_width import to_half_width

_Item = TypeVar("_Item")


def match_rank(query: str, text: str) -> int | None:
    """Return how well a text matches what was typed: 0 is best, None means not at all. Case, outer spaces and the width
    of digits and marks do not matter.

    0: the text begins with it; 1: a word does; 2: it is inside a word; 3: each of its words is somewhere in the text;
    4: its letters occur in this order, the first at the start of a word.
    """
    if not query.isascii():
        query, text = to_half_width(query), to_half_width(text)
    query, text = " ".join(query.casefold().split()), text.casefold()
    if text.startswith(query):
        return 0
    place = text.find(query)
    if place >= 0:
        starts = (at for at in _places(query, text) if not text[at - 1].isalnum())
        return 1 if next(starts, None) is not None else 2
    if all(word in text for word in query.split()):
        return 3
    return 4 if _is_subsequence(query.replace(" ", ""), text) else None


def rank_matches(
    query: str,
    items: Iterable[_Item],
    title: Callable[[_Item], str],
    detail: Callable[[_Item], str],
    tier: Callable[[_Item], int] = lambda _: 0,
) -> list[_Item]:
    """Return the items that match, the best first; equally good ones by their tier, then by the length of the title,
    then as they were.

    An item whose title does not match is found by its detail and title together, after all others. An empty query
    returns all items as they are.
    """
    if not query.strip():
        return list(items)
    found: list[tuple[int, int, int, int, _Item]] = []
    for number, item in enumerate(items):
        name = title(item)
        rank = match_rank(query, name)
        if rank is None:
            wider = match_rank(query, f"{detail(item)} {name}")
            rank = None if wider is None or wider > 3 else 5 + wider
        if rank is not None:
            found.append((rank, tier(item), len(name), number, item))
    return [item for *_, item in sorted(found, key=lambda match: match[:4])]


def _places(query: str, text: str) -> Iterable[int]:
    at = text.find(query)
    while at >= 0:
        yield at
        at = text.find(query, at + 1)


def _is_subsequence(query: str, text: str) -> bool:
    starts = [at for at, letter in enumerate(text) if letter == query[0] and (at == 0 or not text[at - 1].isalnum())]
    if not starts:
        return False
    letters = iter(text[starts[0] :])
    return all(letter in letters for letter in query)
