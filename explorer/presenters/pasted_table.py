"""A table from a paper or a spreadsheet, read and applied to the rows of a network.

Columns are separated by tabs, "|", "&" (LaTeX) or spaces. A first line of symbols or titles (t c n s, k, SE, "Width" …)
says which column is which; without one, columns go to the table's own from the current cell on. Lines go to rows from
the current row on. Widths are set first and repeats last, so that rows stay the ones they were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.languages import tr, with_label
from explorer.edits.edit import Edit, EditError
from explorer.edits.history import apply_edit
from explorer.graph.architecture import Architecture
from explorer.presenters.cell_values import TableEntryError
from explorer.presenters.editable_cells import COLUMN_OF_KEY, COLUMNS
from explorer.presenters.editable_rows import TableRow, find_table_rows

#: Other names of columns in papers and spreadsheets, in lower case.
_COLUMN_NAMES = {
    "k": "kernel",
    "kernel size": "kernel",
    "t": "expansion",
    "e": "expansion",
    "exp": "expansion",
    "exp size": "expansion",
    "c": "width",
    "channels": "width",
    "#channels": "width",
    "#out": "width",
    "out": "width",
    "n": "repeats",
    "layers": "repeats",
    "#layers": "repeats",
    "repeat": "repeats",
    "s": "stride",
    "g": "groups",
    "se": "gate",
    "nl": "activation",
    "act": "activation",
    "σ": "activation",
    "operator": "",
    "input": "",
    "resolution": "",
    "stage": "",
}

#: The order in which columns are set: what a later one counts in must stand before it.
_SETTING_ORDER = ("width", "expansion", "kernel", "groups", "gate", "activation", "stride", "block", "repeats")

_MARKS = {"", "-", "–", "—", "mixed", "·"}

#: What columns are separated by, but for spaces.
_MARKS_BETWEEN = ("\t", "|", "&", ";")


@dataclass(frozen=True, slots=True)
class PastedCell:
    """Value for a cell: row and key of the column, as typed."""

    row: int
    column: str
    text: str


@dataclass(frozen=True)
class PastePlan:
    """The edits for what can be set, one after the other, and a sentence for each value that cannot."""

    edits: tuple[Edit, ...]
    refusals: tuple[str, ...]
    count: int  # values that the network has then


def parse_pasted_table(text: str, row: int = 0, column: str = "block") -> tuple[PastedCell, ...]:
    """Return the cells that a pasted text is for, from a current cell on.

    Raises TableEntryError where no line holds values, or lines have more columns than are left.
    """
    written = _rows_of(text.replace("\\\\", ""))
    lines = [_split(line) for line in written]
    keys = _find_header(lines[0]) if lines else None
    if not lines or (keys is None and _is_prose(written)):
        raise TableEntryError(tr("There is no table on the clipboard."))
    if keys is not None:
        below = [_below_names(line, keys) for line in lines[1:]]
        is_page = not any(mark in line for line in written for mark in _MARKS_BETWEEN)
        lines = list(takewhile(partial(_holds_values, keys), below)) if is_page else below
    else:
        shown = [known.key for known in COLUMNS]
        keys = shown[shown.index(column) :]
    if any(len(line) > len(keys) for line in lines):
        raise TableEntryError(
            tr("The table has {count} columns, more than there are from here on.", count=max(map(len, lines)))
        )
    return tuple(
        PastedCell(row + n, key, value)
        for n, line in enumerate(lines)
        for key, value in zip(keys, line, strict=False)
        if key and (value not in _MARKS or (key == "gate" and value))
    )


def _below_names(line: list[str], keys: list[str]) -> list[str]:
    """The cells of a line that stand below the names of a header. What is copied from a page has no columns: "112² × 32
    bottleneck 6 24 2 2" has more words than there are names; they are of the first columns, which nothing reads."""
    surplus = len(line) - len(keys)
    return line[surplus:] if surplus > 0 and not keys[0] else line


def _holds_values(keys: list[str], line: list[str]) -> bool:
    """Whether a line of a page below a header is a row; a caption is none, which follows the table."""
    return len(line) <= 1 or any(key and _is_value(cell) for key, cell in zip(keys, line, strict=False))


def _is_prose(lines: list[str]) -> bool:
    """Whether lines are sentences: words apart by spaces, of which few are numbers."""
    if any(mark in line for line in lines for mark in _MARKS_BETWEEN):
        return False
    words = [word for line in lines if len(_split(line)) > 1 for word in _split(line)]
    return bool(words) and 2 * sum(map(_is_value, words)) < len(words)


def _is_value(cell: str) -> bool:
    return cell[:1].isdigit() or cell in _MARKS


def _rows_of(text: str) -> list[str]:
    """The lines that stand for rows. An empty one is a row that is left as it is where it comes from a spreadsheet: it
    has tabs, or the table is one column; else it only parts the lines, as rules do."""
    lines = [line for line in text.strip("\r\n").splitlines() if not ("--" in line and not line.strip(" |-+=:"))]
    while lines and not lines[-1].strip():
        lines.pop()
    is_column = all(len(_split(line)) < 2 for line in lines)
    return [line for line in lines if line.strip(" \t|&-+=:") or is_column or "\t" in line]


def _split(line: str) -> list[str]:
    line = line.strip(" ").strip("|")
    for mark in _MARKS_BETWEEN:
        if mark in line:
            return [part.strip() for part in line.split(mark)]
    wide = re.split(r"\s{2,}", line.strip())
    return wide if len(wide) > 1 and any(" " in part for part in wide) else line.split()


def _find_header(cells: list[str]) -> list[str] | None:
    """The columns that a first line names; None where it is none."""
    names = {known.key: known.key for known in COLUMNS} | {known.title.lower(): known.key for known in COLUMNS}
    names |= {tr(known.title).lower(): known.key for known in COLUMNS} | _COLUMN_NAMES
    found = [names.get(cell.strip(" $").lower()) for cell in cells]
    known = [key for key in found if key]
    if not known or any(cell.strip().isdigit() for cell in cells) or 2 * found.count(None) > len(found):
        return None
    return [key or "" for key in found]


def plan_paste(architecture: Architecture, cells: tuple[PastedCell, ...]) -> PastePlan:
    """Return the edits that give a network these values; each was tried on top of those before it."""
    firsts = [row.ids[0] for row in find_table_rows(analyse(architecture))]
    order = sorted(cells, key=lambda cell: (_SETTING_ORDER.index(cell.column), cell.row))
    edits, refusals, count = list[Edit](), list[str](), 0
    for cell in order:
        column = COLUMN_OF_KEY[cell.column]
        try:
            if cell.row >= len(firsts):
                raise TableEntryError(tr("There is no row {number}: add one first.", number=cell.row + 1))
            edit = column.find_edit(require_row(analyse(architecture), firsts[cell.row]), cell.text)
            made = architecture if edit is None else apply_edit(edit, architecture)
            analyse(made)
        except (TableEntryError, EditError, ShapeError) as failure:
            place = tr("Row {number}, {quantity}", number=cell.row + 1, quantity=tr(column.title))
            refusals.append(with_label(place, failure))
            continue
        count += 1
        if edit is not None and made is not architecture:
            edits.append(edit)
            architecture = made
    return PastePlan(tuple(edits), tuple(refusals), count)


def require_row(analysis: Analysis, id: str) -> TableRow:
    """Return the row that holds a block or layer. Raises TableEntryError where none does."""
    row = next((row for row in find_table_rows(analysis) if id in row.ids), None)
    if row is None:
        raise TableEntryError(tr("This row is gone."))
    return row
