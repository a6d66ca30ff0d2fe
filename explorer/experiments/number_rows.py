"""The numbers of an outcome as rows of a table, for terminals and handouts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from explorer.base import number_format
from explorer.experiments.outcome import ComputedNumber, Label, Outcome


def number_rows(outcome: Outcome, say: Callable[[Label], str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield what each number is, as computed here, as published, and the source with any remark.

    Args:
        say: gives a label in the language of the table.
    """
    for number in outcome.numbers:
        published = "" if number.published is None else _quantity(number.published, number)
        source = ". ".join(filter(None, (say(number.source) if published else "", say(number.note))))
        yield say(number.label), _quantity(number.computed, number), published, source
    for quoted in outcome.quoted:
        yield say(quoted.label), "", quoted.value, say(quoted.source)


def _quantity(value: float, number: ComputedNumber) -> str:
    is_exact = float(value).is_integer() and abs(value) < 1e15
    text = number_format.format_exact(value) if is_exact else f"{value:.4g}"
    return f"{text} {number.unit}".strip()
