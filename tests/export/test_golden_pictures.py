"""Exported pictures of five networks are what they were: the same shapes, colours and texts in the same places.

After a change that is meant, `python -m tests.export.golden_pictures` makes them anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from difflib import unified_diff

import pytest

from explorer.network import Network
from tests.export.golden_pictures import FOLDER, PAGES, drawn, type_of_text

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_TEXT = re.compile(r"<text [^>]*>([^<]*)<")
_NEAR = 1.0  # units by which a place may differ: another version of a font


@pytest.mark.parametrize("key", PAGES)
def test_the_picture_is_what_it_was(opened: Callable[[str], Network], key: str) -> None:
    now = drawn(opened(key), PAGES[key])
    golden = (FOLDER / f"{key}.svg").read_text(encoding="utf-8")
    # Cards are as wide as their text: with another font they lie elsewhere, and say the same.
    assert Counter(_TEXT.findall(now)) == Counter(_TEXT.findall(golden))
    if f"<!-- {type_of_text()} -->" in golden:
        assert differences(golden, now) == [], "meant? Then: python -m tests.export.golden_pictures"


@pytest.mark.parametrize(
    ("now", "count"),
    [
        ('<path d="M1.4,2 L3,4" fill="#c44526"/>', 0),
        ('<path d="M3,2 L3,4" fill="#c44526"/>', 2),
        ('<path d="M1,2 L3,4" fill="#c44527"/>', 2),
        ('<path d="M1,2 C3,4" fill="#c44526"/>', 2),
        ("", 1),
    ],
)
def test_a_place_may_differ_a_little_and_nothing_else(now: str, count: int) -> None:
    assert len(differences('<path d="M1,2 L3,4" fill="#c44526"/>', now)) == count


def differences(golden: str, now: str) -> list[str]:
    """Lines that are gone (−) or new (+)."""
    before, after = golden.splitlines(), now.splitlines()
    if len(before) == len(after) and all(map(alike, before, after)):
        return []
    return [line for line in unified_diff(before, after, n=0, lineterm="") if re.match(r"[-+](?![-+])", line)]


def alike(one: str, two: str) -> bool:
    """The same but for small differences between places."""
    place = re.compile(r'(?<= )(?:d|x|y|viewBox)="[^"]*"')
    if place.sub("", one) != place.sub("", two):
        return False
    (a, b) = (" ".join(place.findall(line)) for line in (one, two))
    far = [abs(float(x) - float(y)) for x, y in zip(_NUMBER.findall(a), _NUMBER.findall(b), strict=False)]
    return _NUMBER.sub("", a) == _NUMBER.sub("", b) and max(far, default=0.0) <= _NEAR
