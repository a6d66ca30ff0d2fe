"""Rows of the list of networks, and the filter over them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.base import number_format
from explorer.base.languages import add_note, tr
from explorer.base.query import QueryVocabulary, parse_query

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
        return tr("{figures} top-1", figures=self.brief) if self.top1 is not None else self.brief

    @property
    def is_counted(self) -> bool:
        """Whether its figures are known: those of the catalogue are, those of a library are not before it is opened."""
        return self.params == self.params  # not NaN

    @property
    def brief(self) -> str:
        """Second line where there is less room."""
        if not self.is_counted:
            return self.key
        top1 = f" · {self.top1:.1f} %" if self.top1 is not None else ""
        params, macs = number_format.format_short(self.params), number_format.format_short(self.macs)
        return tr("{params} params · {macs} MACs", params=params, macs=macs) + top1


def build_network_rows(entries: Iterable[CatalogueEntry]) -> list[NetworkRow]:
    """Return the rows of catalogue entries."""
    return [
        NetworkRow(e.key, tr(e.title), e.family, e.year, e.params, e.macs, e.top1, _build_tooltip(e)) for e in entries
    ]


def build_library_rows(library: str, names: Iterable[str]) -> list[NetworkRow]:
    """Return the rows of networks of an installed library; their figures are NaN."""
    nothing = float("nan")
    return [NetworkRow(f"{library}:{name}", name, library, 0, nothing, nothing, None, name) for name in names]


def _build_tooltip(entry: CatalogueEntry) -> str:
    lines = [add_note(tr(entry.title), entry.year), str(entry.paper)]
    if entry.top1 is not None:
        lines.append(tr("Top-1 {percent:g} %: {source}", percent=entry.top1, source=tr(entry.top1_source)))
    if entry.note:
        lines.append(tr(entry.note))
    return "\n".join(_wrap(line) for line in lines)


def _wrap(text: str, width: int = 76) -> str:
    return "\n".join(textwrap.wrap(text, width)) or text


# the filter


@dataclass(frozen=True, slots=True)
class _NetworkItem:
    """A row as queries see it: its family is its kind."""

    kind: str
    title: str
    path: str
    search_text: str
    figures: Mapping[str, float]
    parent_path: str = ""


def filter_rows(rows: Sequence[NetworkRow], text: str) -> list[NetworkRow]:
    """Return the rows that match a query, such as "resnet params < 30M". Raises QueryError."""
    query = parse_query(text, network_vocabulary(rows))
    return [row for row in rows if query.matches(_network_item(row))]


def network_vocabulary(rows: Iterable[NetworkRow]) -> QueryVocabulary:
    """Return what queries about networks can ask for."""
    return QueryVocabulary(
        figures={"params": "params", "parameters": "params", "macs": "macs", "flops": "flops"}
        | {"top1": "top1", "top-1": "top1", "year": "year"},
        kinds=tuple(dict.fromkeys(row.family.casefold() for row in rows)),
        kind_fields=("family", "kind"),
        examples=("mobile params<5M · macs>1G top1>75 · family:resnet year>=2016 · -v1 · /^resnet\\d+$/",),
    )


def _network_item(row: NetworkRow) -> _NetworkItem:
    figures: dict[str, float] = {
        "params": row.params,
        "macs": row.macs,
        "flops": 2 * row.macs,
        "year": row.year,
        **({"top1": row.top1} if row.top1 is not None else {}),
    }
    text = f"{row.title} {row.family} {row.key} {row.year}".casefold()
    return _NetworkItem(row.family.casefold(), row.title, row.key, text, figures)
