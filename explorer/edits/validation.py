"""Checks of the values in the fields of an edit. Each error says which values are allowed."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

from explorer.base.languages import join_list, tr
from explorer.edits.edit import EditError


def check_integer(value: Any, minimum: int, maximum: int, subject: str) -> int:
    """A whole number in a range; `subject` begins the sentence ("a cardinality"). Raises EditError."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise EditError(
            tr(
                "{subject} must be a whole number from {minimum:,} to {maximum:,}, not {value}",
                subject=subject,
                minimum=minimum,
                maximum=maximum,
                value=_format_value(value),
            )
        )
    return value


def check_number(value: Any, minimum: float, maximum: float, subject: str) -> float:
    """A number in a range, both ends included. Raises EditError, for what is no number (NaN) as well."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not minimum <= value <= maximum:
        raise EditError(
            tr(
                "{subject} must lie between {minimum:g} and {maximum:g}; {value} does not",
                subject=subject,
                minimum=minimum,
                maximum=maximum,
                value=_format_value(value),
            )
        )
    return value


def check_one_of(value: Any, choices: Iterable[str], subject: str) -> str:
    """One of these names; `subject` says of what ("norm"). Raises EditError."""
    known = list(choices)
    if not isinstance(value, str) or value not in known:
        raise EditError(
            tr(
                "{value} is not a known {subject}; choose one of {choices}",
                subject=subject,
                value=_format_value(value),
                choices=join_list(filter(None, known)),
            )
        )
    return value


def _format_value(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) < 10**12 else reprlib.repr(value)
    return reprlib.repr(value)
