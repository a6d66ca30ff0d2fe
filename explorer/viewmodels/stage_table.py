"""A stage table that is edited, as a view shows it: plain, frozen, free of torch and Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableHeading:
    """Column of an editable table: its key for whoever computes, its symbol in papers (may be empty), its title."""

    key: str
    symbol: str
    title: str
    tip: str


@dataclass(frozen=True, slots=True)
class EditableRow:
    """Row: which cards it stands for, the texts of its cells, and what it costs."""

    ids: tuple[str, ...]
    cells: tuple[str, ...]  # one for each heading; empty where there is nothing to set
    changed: tuple[bool, ...]  # whether a cell differs from the network as it was opened
    output: str  # "56×56"
    params: int
    macs: int


@dataclass(frozen=True, slots=True)
class EditableTable:
    """Table of a network; columns that no row has a value in are left out."""

    title: str
    headings: tuple[TableHeading, ...]
    rows: tuple[EditableRow, ...]
    params: int
    macs: int
    baseline_params: int
    baseline_macs: int

    def find_row(self, id: str) -> int:
        """Return the number of the row that a card belongs to, -1 for none."""
        return next((n for n, row in enumerate(self.rows) if id in row.ids), -1)

    def as_text(self) -> str:
        """Return the table with tabs, as spreadsheets take it and as it can be pasted here again."""
        header = [heading.symbol or heading.title for heading in self.headings]
        lines = [header, *(list(row.cells) for row in self.rows)]
        return "\n".join("\t".join(line) for line in lines)
