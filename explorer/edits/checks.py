"""What may stand in the fields of an edit. Each check says what it should have been."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

from explorer.edits.edit import EditError


def whole(value: Any, least: int, most: int, what: str) -> int:
    """A whole number in a range; `what` begins the sentence ("a cardinality"). Raises EditError."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise EditError(f"{what} is a whole number from {least:,} to {most:,}, not {_shown(value)}")
    return value


def number(value: Any, least: float, most: float, what: str) -> float:
    """A number in a range, both ends included. Raises EditError, for what is no number (NaN) as well."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise EditError(f"{what} lies between {least:g} and {most:g}, and {_shown(value)} does not")
    return value


def named(value: Any, names: Iterable[str], what: str) -> str:
    """One of these names; `what` says of what ("norm"). Raises EditError."""
    known = list(names)
    if not isinstance(value, str) or value not in known:
        raise EditError(f"{_shown(value)} is no {what}; there are {', '.join(known)}")
    return value


def _shown(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) < 10**12 else reprlib.repr(value)
    return reprlib.repr(value)
