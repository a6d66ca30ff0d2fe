"""A value of a cell while it is typed. It knows no Qt: its steps run in the edit queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from explorer.analysis.figures.shape_inference import ShapeError
from explorer.edits.edit import EditError
from explorer.network import Network
from explorer.presenters.cell_values import TableEntryError
from explorer.presenters.editable_cells import COLUMN_OF_KEY
from explorer.presenters.editable_rows import find_table_rows
from explorer.presenters.pasted_table import require_row


@dataclass
class LiveEntry:
    """A value of a cell while it is typed: each text is tried on the network as it was before the first one.

    Its steps run one after the other in the edit queue; a text that is no longer the last one changes nothing. Where
    the network was changed otherwise meanwhile, typing goes on from there.
    """

    row: int
    key: str
    refusal: str = ""  # why the last text could not be applied
    _number: int = 0
    _id: str = ""
    _base: Network | None = field(default=None, repr=False)
    _made: Network | None = field(default=None, repr=False)

    def step(self, text: str | None) -> partial[Network]:
        """Return the step from a network to the one with this text; None takes back what was typed."""
        self._number += 1
        return partial(self._apply, self._number, text)

    def _apply(self, number: int, text: str | None, network: Network) -> Network:
        if number != self._number:
            return network
        if self._base is None or (network is not self._made and network is not self._base):
            self._base = network
            self._id = find_table_rows(network.analysis)[self.row].ids[0]
        self.refusal = ""
        self._made = self._base if text is None else self._try(self._base, text)
        return self._made

    def _try(self, base: Network, text: str) -> Network:
        try:
            edit = COLUMN_OF_KEY[self.key].find_edit(require_row(base.analysis, self._id), text)
            return base if edit is None else base.edit(edit)
        except (TableEntryError, EditError, ShapeError) as failure:
            self.refusal = str(failure)
            return base
