"""The blocks of a network as parts: one of each kind, as a row of the stage table has them."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.analysis.analysis import Analysis
from explorer.base.cancellation import check_cancelled
from explorer.base.languages import tr
from explorer.edits.edit import EditError, place_of
from explorer.edits.subgraph import Subgraph
from explorer.edits.transplants import describe_block
from explorer.presenters.editable_cells import COLUMN_OF_KEY
from explorer.presenters.editable_rows import TableRow, find_table_rows
from explorer.viewmodels.parts import PartRow


def build_block_rows(analysis: Analysis) -> tuple[PartRow, ...]:
    """Return a row for each kind of block: of every run the first, and the next where its shapes are others.

    Of a network without blocks, its convolutions with what follows them. What cannot be carried out of its network is
    left out.
    """
    rows = find_table_rows(analysis)
    blocks = [row for row in rows if row.is_block]
    found = (_row_of(row, block) for row in blocks or rows for block in _kinds_of(row))
    return tuple(row for row in found if row is not None)


def _kinds_of(row: TableRow) -> Iterator[Subgraph]:
    known: set[tuple[tuple[int, ...], ...]] = set()
    for block in row.subgraphs[:2]:
        if block.is_single_entry_exit and len(block.nodes) > 1:
            shapes = (block.shape(block.entry), block.shape(block.exit))
            if shapes not in known:
                known.add(shapes)
                yield block


def _row_of(row: TableRow, block: Subgraph) -> PartRow | None:
    check_cancelled()
    architecture = row.analysis.architecture
    try:
        description = describe_block(architecture, place_of(block.id))
    except EditError:
        return None
    before, after = ("×".join(map(str, block.shape(name)[1:])) for name in (block.entry, block.exit))
    sentence = tr("{origin}: {before} → {after}", origin=block.label, before=before, after=after)
    title, family = COLUMN_OF_KEY["block"].read(row), tr("Blocks of {network}", network=architecture.shown_title)
    key = f"block:{architecture.title}:{block.id}"
    origin = (place_of(block.id), architecture.title)
    return PartRow(key, title, sentence, family, "block", description=description, origin=origin)
