"""What cells of an editable stage table share: values as texts, and options of the inspector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from explorer.base.full_width import to_half_width
from explorer.base.languages import tr, tr_noop
from explorer.edits.options.scope import common_value
from explorer.presenters.editable_rows import TableRow
from explorer.viewmodels.panels import Option

#: A column's value of a row that is not uniform.
MIXED = tr_noop("mixed")


class TableEntryError(ValueError):
    """What was typed or pasted is no value of the cell; the message says what is."""


def normalise_entry(text: str) -> str:
    """Return a typed value without case, spaces, full-width digits and multiplication signs: "×6" and "6" are one,
    "3 x 3" and "3×3"."""
    words = to_half_width(text).strip().lower().replace("x", "×").replace(" ", "")
    same = re.fullmatch(r"(\d+)×(\d+)", words)
    return same[1] if same and same[1] == same[2] else words.removeprefix("×")


def join_values(values: Iterable[object], format_value: Callable[[Any], str] = str) -> str:
    """Return the one value that all have as a text; "mixed" where they differ, empty where there are none."""
    found = list(values)
    if not found:
        return ""
    value = common_value(found)
    return tr(MIXED) if value is None else format_value(value)


def first_option(options: Iterator[Option]) -> Option:
    """Return the first of these options; one that says so where there is none."""
    return next(options, None) or Option("", "", (), -1, "choice", tr("There is nothing to set here."))


def find_setting_option(options: Iterator[Option], setting: str) -> Option | None:
    """Return the option of a setting of layers; None where there is none."""
    return next((o for o in options if any(getattr(c.edit, "setting", "") == setting for c in o.choices)), None)


def nothing_option(row: TableRow) -> Option:
    """Return an option that says that there is nothing to set."""
    return row.scope().disabled_option("", tr("There is nothing to set here."))


def parse_ratio(words: str) -> float:
    """Return a number or a fraction. Raises ValueError."""
    above, _, below = words.partition("/")
    return float(above) / float(below) if below else float(above)
