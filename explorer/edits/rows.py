"""Edits of whole rows of a stage table: a run of blocks copied with the change of shape that it begins with, or moved.

`RepeatBlock` makes copies that keep the shape, which is what "more of the same" means; a new row of a table is a stage
of its own, with its stride, and later its own width.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from explorer.base.languages import tr
from explorer.edits.block_bounds import describe_ends, nodes_within, reads_any
from explorer.edits.block_copies import copy_behind
from explorer.edits.depth import subgraphs_in_reverse
from explorer.edits.edit import EVERYWHERE, EditError, place_names, place_of
from explorer.edits.hidden_widths import SetExpansion, hidden_width_ratio
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import REPAIR_TITLES, offering_repairs
from explorer.edits.size_limits import check_op_count
from explorer.edits.subgraph import Subgraph, blocks_at, get_subgraph
from explorer.graph.architecture import Architecture
from explorer.graph.node import rename_inputs


@register_edit("copy_run")
@dataclass(frozen=True, slots=True)
class CopyRun:
    """Put a copy of a run of blocks or layers behind a place (the run itself when `behind` is empty). Unlike the copies
    of `RepeatBlock` it is as the run is, with its stride and projection; the channels that enter follow."""

    name: ClassVar[str]
    at: str
    behind: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Copied behind layer2.1: layer2.0, layer2.1"."""
        copied, place = place_names(self.at), place_names(self.behind or self.at)
        return tr("Copied behind {place}: {copied}", place=place, copied=copied)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the copy. Raises EditError where the run or the place has no one way in and out,
        or maps do not fit then; its repairs make them fit."""
        run = _require_run(architecture, self.at)
        after = _require_run(architecture, self.behind)[-1].exit if self.behind else run[-1].exit
        check_op_count(architecture, sum(len(part.nodes) for part in run))
        with offering_repairs(self, architecture, _mended(self)):
            return _with_expansions(propagate(copy_behind(architecture, run, after), repair=self.mend), architecture)


@register_edit("move_run")
@dataclass(frozen=True, slots=True)
class MoveRun:
    """Move a run of blocks or layers behind another place on the same path."""

    name: ClassVar[str]
    at: str
    behind: str
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Moved behind layer3.1: layer2.0, layer2.1"."""
        moved, place = place_names(self.at), place_names(self.behind)
        return tr("Moved behind {place}: {moved}", place=place, moved=moved)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the run there. Raises EditError where the run or the place has no one way in and
        out, the one holds the other, or maps do not fit then; its repairs make them fit."""
        run, after = _require_run(architecture, self.at), _require_run(architecture, self.behind)[-1].exit
        inside = {name for part in run for name in part.nodes}
        if after in inside:
            raise EditError(tr("{place} cannot be moved behind a part of itself", place=place_names(self.at)))
        if after == run[0].entry:
            return architecture
        moved = _moved(architecture, run, after)
        if not _is_in_order(moved):
            texts = {"moved": place_names(self.at), "place": place_names(self.behind)}
            raise EditError(tr("{moved} and {place} are not on one path, one behind the other", **texts))
        with offering_repairs(self, architecture, _mended(self)):
            return _with_expansions(propagate(moved, repair=self.mend), architecture)


def _mended(edit: CopyRun | MoveRun) -> list[tuple[str, CopyRun | MoveRun]]:
    return [(tr(REPAIR_TITLES["project"]), replace(edit, mend="project"))]


def _with_expansions(done: Architecture, before: Architecture) -> Architecture:
    """The snapshot with the inverted residuals as many times wider inside than what enters them as they were: for
    these that is what the table calls t, whatever enters now."""
    known = {block.id: _expansion(block) for block in blocks_at(before, EVERYWHERE)}
    changed: dict[float, list[str]] = {}
    for block in blocks_at(done, EVERYWHERE):
        ratio = known.get(block.id) or known.get(_COPY_NUMBER.sub("", block.id))
        if ratio and _expansion(block) not in (None, ratio):
            changed.setdefault(ratio, []).append(block.id)
    for ratio, ids in changed.items():
        done = SetExpansion(place_of(*ids), ratio).apply(done)
    return done


def _expansion(block: Subgraph) -> float | None:
    return hidden_width_ratio(block, "entering") if block.is_inverted and block.is_single_entry_exit else None


_COPY_NUMBER = re.compile(r"~\d+$")


def _require_run(architecture: Architecture, at: str) -> list[Subgraph]:
    """The parts of a place, one behind the other. Raises EditError where they are not that."""
    parts = subgraphs_in_reverse(architecture, at)[::-1]
    uneven = next((part for part in parts if not part.is_single_entry_exit), None)
    if uneven is None:
        uneven = next((b for a, b in pairwise(parts) if b.entry != a.exit), None)
    ends = {architecture.input.name, architecture.output.name}
    if uneven is None and parts and ends.isdisjoint(name for part in parts for name in part.nodes):
        return parts
    found = uneven or get_subgraph(architecture, "")
    raise EditError(
        tr("{name} is no run with one way in and one way out: {ends}", name=found.label, ends=describe_ends(found)),
        node=found.id,
    )


def _is_in_order(architecture: Architecture) -> bool:
    """Whether every node stands behind what it reads."""
    seen: set[str] = set()
    for name, node in architecture.nodes.items():
        if not seen.issuperset(node.inputs):
            return False
        seen.add(name)
    return True


def _moved(architecture: Architecture, run: Sequence[Subgraph], after: str) -> Architecture:
    """The snapshot with a run read from, and read by, another place; not yet propagated."""
    entry, exit = run[0].entry, run[-1].exit
    own = set[str]().union(*(nodes_within(architecture, part) for part in run))
    moved, others = [], {}
    for name, node in architecture.nodes.items():
        if name in own:
            moved.append(rename_inputs(node, {entry: after}))
        elif reads_any(node, {exit, after}):
            others[name] = rename_inputs(node, {exit: entry, after: exit})
        else:
            others[name] = node
    nodes = {}
    for name, node in others.items():
        nodes[name] = node
        if name == after:
            nodes |= {new.name: new for new in moved}
    return architecture.with_nodes(nodes)
