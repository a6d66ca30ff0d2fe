"""The cells of a stage table that is edited: what each shows, what it may become, and the edit that makes it so.

One `TableColumn` for each quantity of papers' tables. It reads the value of a row ("mixed" where the row is not
uniform), asks the options of the inspector what the value may be, and turns what is typed into one existing edit of the
whole row: what is offered works, and what is typed is tried by applying it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.base.languages import join_list, tr, tr_noop
from explorer.edits.edit import Edit
from explorer.presenters.cell_values import MIXED, TableEntryError, normalise_entry, parse_ratio
from explorer.presenters.editable_rows import TableRow
from explorer.presenters.layer_cells import (
    activation_edit,
    activation_option,
    gate_edit,
    gate_option,
    groups_edit,
    groups_option,
    kernel_edit,
    kernel_option,
    parse_activation,
    parse_gate,
    parse_groups,
    read_activation,
    read_gate,
    read_groups,
    read_kernel,
    read_stride,
    stride_edit,
    stride_option,
)
from explorer.presenters.width_cells import (
    block_option,
    expansion_edit,
    expansion_option,
    parse_nothing,
    read_block,
    read_expansion,
    read_repeats,
    read_width,
    repeats_edit,
    repeats_option,
    width_edit,
    width_option,
)
from explorer.viewmodels.panels import Option


@dataclass(frozen=True)
class TableColumn:
    """Quantity of a row: its symbol in papers' tables, its title, and how it is read, offered and set."""

    key: str
    symbol: str
    title: str
    read: Callable[[TableRow], str]  # the text of the cell; empty where the row has no such value
    option: Callable[[TableRow], Option]  # what it may become
    parse: Callable[[str], Any]  # a value from what was typed; raises ValueError
    edit: Callable[[TableRow, Any], Edit | None]  # None where the value is set already

    def find_edit(self, row: TableRow, text: str) -> Edit | None:
        """Return the edit that gives the row this value; None where it has it.

        Raises TableEntryError for what is no value of this cell, EditError where there is nothing to set.
        """
        words = normalise_entry(text)
        shown = self.read(row)
        if not shown and self.key == "expansion" and words == "1":
            return None  # papers write t = 1 where a block has no hidden width
        if not shown:
            raise TableEntryError(tr("This row has no {quantity} to set.", quantity=tr(self.title)))
        if words == normalise_entry(shown) or words in ("", normalise_entry(tr(MIXED))):
            return None
        try:
            value = self.parse(words)
        except ValueError:
            offered = next((c.edit for c in self.option(row).choices if normalise_entry(c.label) == words), None)
            if offered is None:
                raise TableEntryError(self._refusal(row, text)) from None
            edit: Edit = offered
            return edit
        return self.edit(row, value)

    def _refusal(self, row: TableRow, text: str) -> str:
        option = self.option(row)
        if option.reason:
            return option.reason
        labels = [choice.label for choice in option.choices]
        shown = join_list(labels[:12]) + (", …" if len(labels) > 12 else "")
        return tr("{text!r} is none of {values}.", text=text, values=shown)


COLUMNS: tuple[TableColumn, ...] = (
    TableColumn("block", "", tr_noop("Block"), read_block, block_option, parse_nothing, lambda row, value: None),
    TableColumn("kernel", "k", tr_noop("Kernel"), read_kernel, kernel_option, int, kernel_edit),
    TableColumn("expansion", "t", tr_noop("Expansion"), read_expansion, expansion_option, parse_ratio, expansion_edit),
    TableColumn("width", "c", tr_noop("Width"), read_width, width_option, int, width_edit),
    TableColumn("repeats", "n", tr_noop("Repeats"), read_repeats, repeats_option, int, repeats_edit),
    TableColumn("stride", "s", tr_noop("Stride"), read_stride, stride_option, int, stride_edit),
    TableColumn("groups", "g", tr_noop("Groups"), read_groups, groups_option, parse_groups, groups_edit),
    TableColumn("gate", "SE", tr_noop("Squeeze-and-excitation"), read_gate, gate_option, parse_gate, gate_edit),
    TableColumn(
        "activation", "σ", tr_noop("Activation"), read_activation, activation_option, parse_activation,
        activation_edit,
    ),
)  # fmt: skip

COLUMN_OF_KEY = {column.key: column for column in COLUMNS}
