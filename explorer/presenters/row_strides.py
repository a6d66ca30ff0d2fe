"""The stride of a row of a stage table, and the edits that change it.

It is that of the row's first block or layer; those behind keep the map. In a block several layers stride together: the
way through and the projection beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from explorer.edits.edit import Edit, place_of
from explorer.edits.layer_settings import get_layer_settings
from explorer.edits.repairs import is_applicable
from explorer.edits.set_layer import SetLayer
from explorer.edits.subgraph import Subgraph
from explorer.presenters.editable_rows import TableRow

#: The strides that are offered.
STRIDES = (1, 2, 4)


def find_row_stride(row: TableRow) -> int | None:
    """Return how many times smaller the map becomes along its last side; None where the row is not about maps."""
    if not row.is_block:
        stride = get_layer_settings(row.analysis.architecture.nodes[row.layer]).get("stride")
        return stride if isinstance(stride, int) else None
    first = row.subgraphs[0]
    if len(first.entries) < 1 or len(first.exits) < 1:
        return None
    before, after = first.shape(first.entries[0]), first.shape(first.exits[-1])
    if len(before) < 3 or len(after) < 3 or not after[-1]:
        return None
    return max(round(before[-1] / after[-1]), 1)


def stride_edits(row: TableRow, values: Iterable[int] = STRIDES) -> dict[int, Edit]:
    """Return the edit for each of these strides that the row can have, the present one among them; each was tried."""
    present, architecture = find_row_stride(row), row.analysis.architecture
    found: dict[int, Edit] = {}
    for value in values:
        tried = (SetLayer(at, "stride", value, mend=mend) for at in _stride_places(row, value) for mend in _MENDS)
        edits = tried if value != present else iter((SetLayer(next(_stride_places(row, value)), "stride", value),))
        edit = next((edit for edit in edits if value == present or is_applicable(edit, architecture)), None)
        if edit is not None:
            found[value] = edit
    return found


_MENDS = ("", "project")


def _stride_places(row: TableRow, value: int) -> Iterator[str]:
    """The layers that may stride, likeliest first: those that do, or the first window with the layers beside it."""
    if not row.is_block:
        yield place_of(row.layer)
        return
    first = row.subgraphs[0]
    striding = [node.name for node in first.layers if _get_stride(first, node.name) > 1]
    if striding:
        yield place_of(*striding)
        if value == 1:
            return
    able = [node.name for node in first.layers if _get_stride(first, node.name)]
    windowed = [name for name in able if _get_window(first, name) > 1]
    main = windowed[:1] or able[:1]
    beside = [name for name in able if name not in main and first.entries[0] in first.architecture.nodes[name].inputs]
    beside = [name for name in beside if not _reaches(first, name, main)]
    if main and beside:
        yield place_of(*main, *beside)
    if main:
        yield place_of(*main)
    if not main and not striding:
        yield place_of(row.ids[0])


def _get_stride(part: Subgraph, name: str) -> int:
    stride = get_layer_settings(part.architecture.nodes[name]).get("stride", 0)
    return stride if isinstance(stride, int) else 0


def _get_window(part: Subgraph, name: str) -> int:
    kernel = get_layer_settings(part.architecture.nodes[name]).get("kernel", 1)
    return kernel if isinstance(kernel, int) else 1


def _reaches(part: Subgraph, name: str, goals: list[str]) -> bool:
    """Whether the value of a node flows into one of these, inside the part."""
    inside, seen, todo = set(part.nodes), set[str](), [name]
    while todo:
        now = todo.pop()
        if now in goals:
            return True
        new = [user for user in part.architecture.users[now] if user in inside and user not in seen]
        seen.update(new)
        todo.extend(new)
    return False
