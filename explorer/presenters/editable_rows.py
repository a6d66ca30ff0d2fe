"""The rows of a stage table that is edited: runs of like blocks, and the layers between them.

A row of blocks is a run as depth edits see it (`explorer.edits.depth.runs_at`): a block that changes the shape with
those behind it that keep it, which is what a line of a paper's table (t, c, n, s) means. Where a network has no
blocks, equal convolutions on one map are a row, as in the VGG paper. Every node that counts is in exactly one row, so
that the figures of the rows add up to those of the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from explorer.analysis.analysis import Analysis
from explorer.base.languages import translator
from explorer.base.memo import memoise
from explorer.edits.depth import runs_at
from explorer.edits.edit import EVERYWHERE, place_of
from explorer.edits.options.scope import OptionScope
from explorer.edits.subgraph import Subgraph, get_subgraph
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.presenters.block_lines import layer_text
from explorer.presenters.stage_rows import is_identity_pool, main_items

_LAYER_KINDS = ("conv", "depthwise", "linear", "pool")


@dataclass(frozen=True, slots=True)
class TableRow:
    """Row of an editable stage table: the blocks or layers that it repeats, and all nodes whose cost it counts."""

    analysis: Analysis
    ids: tuple[str, ...]  # of the groups and nodes that are repeated, in execution order
    nodes: tuple[str, ...]
    is_block: bool
    layer: str = ""  # of a row that is no block: the node that the first unit is made for

    @property
    def place(self) -> str:
        """All of it, as edits name a place."""
        return place_of(*self.ids)

    @property
    def subgraphs(self) -> list[Subgraph]:
        """What is repeated."""
        return [get_subgraph(self.analysis.architecture, id) for id in self.ids]

    @property
    def layers(self) -> list[Node]:
        """The live nodes of what is repeated."""
        architecture = self.analysis.architecture
        return [architecture.nodes[name] for part in self.subgraphs for name in part.nodes]

    def scope(self, *ids: str) -> OptionScope:
        """The place that options are asked for: these ids, or all of the row."""
        chosen = ids or self.ids
        name = "these cards" if len(chosen) > 1 else "this block" if self.is_block else "this layer"
        return OptionScope(self.analysis, name, place_of(*chosen))


def find_table_rows(analysis: Analysis) -> tuple[TableRow, ...]:
    """Return the rows in execution order, memoised with the analysis."""
    return memoise(analysis, ("table rows", translator.language), lambda: tuple(_with_all_nodes(analysis)))


def _with_all_nodes(analysis: Analysis) -> Iterator[TableRow]:
    """The rows; the first counts what is on no path, such as the positions that a transformer adds."""
    rows = list(_find_rows(analysis))
    counted = {name for row in rows for name in row.nodes}
    rest = tuple(name for name in analysis.hierarchy.root.all_nodes if name not in counted)
    return (replace(row, nodes=row.nodes + rest) if row is rows[0] else row for row in rows)


def _find_rows(analysis: Analysis) -> Iterator[TableRow]:
    runs = {block.id: number for number, run in enumerate(runs_at(analysis.architecture, EVERYWHERE)) for block in run}
    row: TableRow | None = None
    silent: tuple[str, ...] = ()  # nodes before a row that make none themselves, such as a norm of their own
    for item in main_items(analysis):
        found = _single_row(analysis, item)
        if found is None:
            silent += (item,) if isinstance(item, str) else item.all_nodes
            continue
        if row is not None and _continues(row, found, runs):
            row = replace(row, ids=row.ids + found.ids, nodes=row.nodes + silent + found.nodes)
        else:
            if row is not None:
                yield row
            row = replace(found, nodes=silent + found.nodes)
        silent = ()
    if row is not None:
        yield replace(row, nodes=row.nodes + silent)


def _single_row(analysis: Analysis, item: str | Group) -> TableRow | None:
    """A row of this one item; None for what no table lists."""
    nodes = analysis.architecture.nodes
    if isinstance(item, Group) and item.role not in ("unit", "branch"):
        return TableRow(analysis, (item.id,), item.all_nodes, True)
    names = (item,) if isinstance(item, str) else item.nodes
    shown = (n for n in names if op_kinds.kind(nodes[n]) in _LAYER_KINDS and layer_text(nodes[n]))
    layer = next((name for name in shown if not is_identity_pool(analysis, name)), "")
    if not layer:
        return None
    id = item if isinstance(item, str) else item.id
    return TableRow(analysis, (id,), (item,) if isinstance(item, str) else item.all_nodes, False, layer)


def _continues(row: TableRow, found: TableRow, runs: dict[str, int]) -> bool:
    """Whether what was found is the same once more."""
    last, new = row.ids[-1], found.ids[0]
    if row.is_block or found.is_block:
        return last in runs and runs.get(new) == runs[last]
    nodes = row.analysis.architecture.nodes
    before, after = nodes[row.layer], nodes[found.layer]
    kinds = {op_kinds.kind(before), op_kinds.kind(after)}
    windows = {getattr(node.layer, "kernel_size", None) for node in (before, after)}
    part = found.subgraphs[0]
    return kinds == {"conv"} and len(windows) == 1 and part.entries == row.subgraphs[-1].exits and part.keeps_shape
