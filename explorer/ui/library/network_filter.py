"""Rows of the list of networks, and the filter over them."""

from __future__ import annotations

import operator
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.base import number_format

if TYPE_CHECKING:
    from explorer.networks.catalogue import CatalogueEntry


@dataclass(frozen=True)
class NetworkRow:
    """What the list shows of one network; `macs` and `params` are counts, `top1` is in percent."""

    key: str
    title: str
    family: str
    year: int
    params: float
    macs: float
    top1: float | None
    tip: str

    @property
    def figures(self) -> str:
        """Second line of the row."""
        return f"{self.brief} top-1" if self.top1 is not None else self.brief

    @property
    def brief(self) -> str:
        """Second line where there is less room."""
        top1 = f" · {self.top1:.1f} %" if self.top1 is not None else ""
        return f"{number_format.format_short(self.params)} params · {number_format.format_short(self.macs)} MACs{top1}"


def build_network_rows(entries: Iterable[CatalogueEntry]) -> list[NetworkRow]:
    """Return the rows of catalogue entries."""
    return [NetworkRow(e.key, e.title, e.family, e.year, e.params, e.macs, e.top1, _build_tooltip(e)) for e in entries]


def _build_tooltip(entry: CatalogueEntry) -> str:
    lines = [f"{entry.title} ({entry.year})", str(entry.paper)]
    if entry.top1 is not None:
        lines.append(f"Top-1 {entry.top1:g} %: {entry.top1_source}")
    if entry.note:
        lines.append(entry.note)
    return "\n".join(_wrap(line) for line in lines)


def _wrap(text: str, width: int = 76) -> str:
    return "\n".join(textwrap.wrap(text, width)) or text


_COMPARISON = re.compile(r"(params|macs|flops|top1|year)(<=|>=|<|>|=)([\d.]+)([kmg]?)", re.IGNORECASE)
_COMPARATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
}
_FACTOR = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}


def matches_filter(row: NetworkRow, text: str) -> bool:
    """Return whether a row matches every word of a filter; a word may be a comparison: "params<5M", "year>=2017"."""
    said = f"{row.title} {row.family} {row.key} {row.year}".casefold()
    return all(_matches_word(row, said, word) for word in text.casefold().split())


def _matches_word(row: NetworkRow, haystack: str, word: str) -> bool:
    found = _COMPARISON.fullmatch(word)
    if found is None:
        return word in haystack
    name, sign, digits, unit = found.groups()
    try:
        wanted = float(digits) * _FACTOR[unit]
    except ValueError:
        return False
    value = {"params": row.params, "macs": row.macs, "flops": 2 * row.macs, "top1": row.top1, "year": row.year}[name]
    return value is not None and _COMPARATORS[sign](value, wanted)
