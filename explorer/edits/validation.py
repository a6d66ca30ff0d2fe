"""Checks of the values in the fields of an edit. Each error says which values are allowed."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

from explorer.edits.edit import EditError


def check_integer(value: Any, minimum: int, maximum: int, subject: str) -> int:
    """A whole number in a range; `what` begins the sentence ("a cardinality"). Raises EditError."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise EditError(f"{subject} is a whole number from {minimum:,} to {maximum:,}, not {_format_value(value)}")
    return value


def check_number(value: Any, minimum: float, maximum: float, subject: str) -> float:
    """A number in a range, both ends included. Raises EditError, for what is no number (NaN) as well."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not minimum <= value <= maximum:
        raise EditError(f"{subject} lies between {minimum:g} and {maximum:g}, and {_format_value(value)} does not")
    return value


def check_one_of(value: Any, choices: Iterable[str], subject: str) -> str:
    """One of these names; `what` says of what ("norm"). Raises EditError."""
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise EditError(f"{_format_value(value)} is no {subject}; there are {', '.join(known)}")
    return value


def _format_value(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) < 10**12 else reprlib.repr(value)
    return reprlib.repr(value)
