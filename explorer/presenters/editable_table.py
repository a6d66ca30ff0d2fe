"""The editable stage table of a network: its view model, and the edits of whole rows."""

from __future__ import annotations

from typing import Literal

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr, tr_noop
from explorer.edits.depth import RemoveBlock
from explorer.edits.edit import Edit, place_of
from explorer.edits.rows import CopyRun, MoveRun
from explorer.presenters.cell_values import TableEntryError
from explorer.presenters.editable_cells import COLUMN_OF_KEY, COLUMNS
from explorer.presenters.editable_rows import TableRow, find_table_rows
from explorer.viewmodels.panels import Option
from explorer.viewmodels.stage_table import EditableRow, EditableTable, TableHeading

RowAction = Literal["add", "remove", "up", "down"]

_TIPS = {
    "block": tr_noop("What the row is made of"),
    "kernel": tr_noop("Side of the convolutions with a window"),
    "expansion": tr_noop("Hidden width: a multiple of the input of inverted residuals, else a part of the output"),
    "width": tr_noop("Output channels; of dense layers the growth rate"),
    "repeats": tr_noop("How many of them stand behind one another"),
    "stride": tr_noop("Stride of the first"),
    "groups": tr_noop("Groups of the convolutions with a window; dw: depthwise"),
    "gate": tr_noop("Squeeze-and-excitation, with the ratio by which it squeezes"),
    "activation": tr_noop("Activation"),
}  # fmt: skip


def build_editable_table(analysis: Analysis, before: Analysis) -> EditableTable:
    """Return the table of a network, with what differs from `before`, the network as it was opened."""
    rows, texts = find_table_rows(analysis), _texts(analysis)
    old_rows, old_texts = find_table_rows(before), _texts(before)
    known = {id: text for row, text in zip(old_rows, old_texts, strict=True) for id in row.ids}
    shown = [n for n in range(len(COLUMNS)) if any(text[n] not in ("", "–") for text in texts) or n < 2]
    made = []
    for row, text in zip(rows, texts, strict=True):
        total = analysis.figures.sum(row.nodes)
        old = known.get(row.ids[0], ("",) * len(COLUMNS))
        cells, changed = tuple(text[n] for n in shown), tuple(text[n] != old[n] for n in shown)
        made.append(EditableRow(row.ids, cells, changed, _output_size(row), total.params, total.macs))
    headings = (TableHeading(c.key, c.symbol, tr(c.title), tr(_TIPS[c.key])) for c in (COLUMNS[n] for n in shown))
    now, old_total = analysis.figures.total, before.figures.total
    return EditableTable(
        analysis.architecture.shown_title,
        tuple(headings),
        tuple(made),
        now.params,
        now.macs,
        old_total.params,
        old_total.macs,
    )


def _texts(analysis: Analysis) -> list[tuple[str, ...]]:
    return [tuple(column.read(row) for column in COLUMNS) for row in find_table_rows(analysis)]


def _output_size(row: TableRow) -> str:
    part = row.subgraphs[-1]
    dims = part.shape(part.exits[-1]) if part.exits else ()
    return "×".join(map(str, dims[2:])) if len(dims) > 2 else ""


def cell_option(analysis: Analysis, row: int, key: str) -> Option:
    """Return what a cell may become; with the reason where it cannot."""
    return COLUMN_OF_KEY[key].option(find_table_rows(analysis)[row])


def row_edit(analysis: Analysis, row: int, action: RowAction) -> Edit:
    """Return the edit of a whole row. Raises TableEntryError where there is none."""
    rows = find_table_rows(analysis)
    here = rows[row]
    if action == "remove":
        return RemoveBlock(here.place)
    if action == "add":
        return CopyRun(_template(rows, row).place, here.place)
    other = row + (1 if action == "down" else -1)
    if not 0 <= other < len(rows):
        raise TableEntryError(tr("There is no row to change places with."))
    first, second = (here, rows[other]) if action == "down" else (rows[other], here)
    return MoveRun(first.place, place_of(second.ids[-1]))


def _template(rows: tuple[TableRow, ...], row: int) -> TableRow:
    """What a new row behind this one is a copy of: a row that begins with a change of shape, so that it is one of its
    own; this one, else the nearest behind it, else before it. Layers are copied as they are."""
    here = rows[row]
    if not here.is_block:
        return here
    near = (here, *rows[row + 1 :], *reversed(rows[:row]))
    reshaping = (other for other in near if other.is_block and not other.subgraphs[0].keeps_shape)
    return next(reshaping, here)
