"""Spaces between Chinese and other scripts: one between a Han character and a Latin letter or digit, none between two
Han characters or beside full-width punctuation.

Texts are written so; these rules hold them where a placeholder is filled by a text that nobody could foresee.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Below it, no letter is as wide as it is high.
FIRST_IDEOGRAPH = "\u2e80"
HAN = r"\u3400-\u9fff\uf900-\ufaff"
FULL_WIDTH = r"，。：；、？！（）《》【】"
_CLOSED = re.compile(f"[{HAN}{FULL_WIDTH}]")
_HAN = re.compile(f"[{HAN}]")
_NARROW = re.compile(r"[^\W_]")


def join_spaced(parts: Iterable[str]) -> str:
    """Join parts of a Chinese text; only spaces at their seams are added or removed."""
    joined = ""
    for part in filter(None, parts):
        joined = _join(joined, part)
    return joined


def _join(left: str, right: str) -> str:
    before, after = left.rstrip(" "), right.lstrip(" ")
    if not before or not after:
        return left + right
    last, first = before[-1], after[0]
    if _CLOSED.match(last) and _CLOSED.match(first):
        return before + after
    is_mixed = (_HAN.match(last) and _is_narrow(first)) or (_HAN.match(first) and _is_narrow(last))
    return f"{before} {after}" if is_mixed else left + right


def _is_narrow(character: str) -> bool:
    return bool(_NARROW.match(character)) and not _HAN.match(character)
