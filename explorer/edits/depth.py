"""Edits of depth: blocks repeated, removed, or multiplied in number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from explorer.analysis.analysis import analyse
from explorer.base.languages import join_list, tr, tr_n
from explorer.base.memo import memoise
from explorer.edits.block_bounds import (
    can_repeat,
    describe_ends,
    has_known_shapes,
    nodes_within,
    reads_any,
)
from explorer.edits.block_copies import insert_copies
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, location_in_error, location_in_title, place_names, place_of
from explorer.edits.hidden_widths import transition_targets
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import REPAIR_TITLES, offering_repairs
from explorer.edits.subgraph import Subgraph, blocks_at, subgraphs_at
from explorer.edits.validation import check_integer, check_number
from explorer.edits.widths import SetWidth
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import rename_inputs
from explorer.weights.provenance import tensor_shapes

#: No network has more blocks in a row than this.
MAX_REPEATS = 512


@register_edit("repeat_block", formerly=("repeat",), former_classes=("Repeat",))
@dataclass(frozen=True, slots=True)
class RepeatBlock:
    """Put `times` copies of a block (or layer) behind it. A copy of a block that changes the shape keeps it: its
    strides are 1, its hidden width follows what enters, and it has a shortcut if its like have."""

    name: ClassVar[str]
    at: str
    times: int = 1

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Repeated 2 times: layer3.5"."""
        names = place_names(self.at)
        return tr_n("Repeated once: {place}", "Repeated {n} times: {place}", self.times, place=names)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the copies behind the block. Raises EditError where the place has no one input and
        output alike."""
        check_integer(self.times, 1, MAX_REPEATS, tr("the number of copies"))
        done = architecture
        for target in subgraphs_in_reverse(architecture, self.at):
            done = insert_copies(done, target, self.times)
        return propagate_depth(done, architecture)


@register_edit("remove_block", formerly=("remove",))
@dataclass(frozen=True, slots=True)
class RemoveBlock:
    """Take a block (or layer) out: what read its output reads its input."""

    name: ClassVar[str]
    at: str
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Removed: layer3.2"."""
        return tr("Removed: {place}", place=place_names(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot without the block. Raises EditError where shapes do not fit then; its repairs make them
        fit."""
        done, targets = architecture, outermost(subgraphs_in_reverse(architecture, self.at))
        if not all(target.id for target in targets):
            raise EditError(tr("nothing of {network} would remain", network=architecture.shown_title))
        if self.mend == "widths":
            done = _equalise_widths(architecture, targets)
            targets = outermost(subgraphs_in_reverse(done, self.at))
        for target in targets:
            done = remove_subgraph(done, target)
        if not any(tensor_shapes(node) for node in done.live.values()):
            raise EditError(
                tr("nothing of {network} would remain: no other layer has weights", network=architecture.shown_title)
            )
        with offering_repairs(self, architecture, [(tr(REPAIR_TITLES["widths"]), replace(self, mend="widths"))]):
            return propagate_depth(done, architecture, "" if self.mend == "widths" else self.mend)


@register_edit("multiply_depth", formerly=("depth_multiplier",), former_classes=("DepthMultiplier",))
@dataclass(frozen=True, slots=True)
class MultiplyDepth:
    """Multiply the number of blocks in every run of like blocks, rounded up; copies of the last are added, or the last
    removed. A run is a block that changes the shape with those behind it that keep it.

    Source: Tan and Le, "EfficientNet", 2019 (`round_repeats` of its reference code).
    """

    name: ClassVar[str]
    at: str
    by: float

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Depth ×1.2 everywhere"."""
        return tr("Depth ×{factor:g} {place}", factor=self.by, place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every run of like blocks of the place as long. Raises EditError where there are no
        blocks."""
        check_number(self.by, 0.01, 16, tr("a depth multiplier"))
        found = runs_at(architecture, self.at)
        if not found:
            raise EditError(tr("there are no blocks {place}", place=location_in_error(self.at)))
        return _with_lengths(architecture, found, [max(math.ceil(len(run) * self.by - 1e-9), 1) for run in found])


@register_edit("set_depths")
@dataclass(frozen=True, slots=True)
class SetDepths:
    """Set the number of blocks in every run of like blocks of a place, in execution order: 3, 4, 23, 3 makes ResNet-101
    of ResNet-50. Copies of the last are added, or the last removed.

    Source: He et al., "Deep residual learning", 2016, table 1.
    """

    name: ClassVar[str]
    at: str
    to: tuple[int, ...]

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Blocks 3, 4, 23, 3 everywhere"."""
        return tr("Blocks {counts} {place}", counts=join_list(map(str, self.to)), place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with runs of these lengths. Raises EditError where there are not as many runs as
        numbers."""
        found = runs_at(architecture, self.at)
        for count in self.to:
            check_integer(count, 1, MAX_REPEATS, tr("the number of blocks"))
        if not found or len(found) != len(self.to):
            raise EditError(
                tr(
                    "{given} numbers of blocks do not fit the {there} runs of like blocks {place}: {lengths}",
                    given=len(self.to),
                    there=len(found),
                    place=location_in_error(self.at),
                    lengths=join_list(str(len(run)) for run in found) or "–",
                )
            )
        return _with_lengths(architecture, found, self.to)


def _with_lengths(architecture: Architecture, runs: Sequence[list[Subgraph]], wanted: Sequence[int]) -> Architecture:
    """The snapshot with so many blocks in each of its runs."""
    done = architecture
    for run, count in reversed(list(zip(runs, wanted, strict=True))):
        if count > len(run):
            done = insert_copies(done, run[-1], count - len(run))
        for target in reversed(run[count:]):
            done = remove_subgraph(done, target)
    return architecture if done is architecture else propagate_depth(done, architecture)


def propagate_depth(changed: Architecture, before: Architecture, repair: str = "") -> Architecture:
    """Return the snapshot propagated with the transitions of a dense network going on to compress by what they did."""
    targets = transition_targets(before)
    return propagate(changed, targets, channel_groups=find_channel_groups(before) if targets else None, repair=repair)


def _equalise_widths(architecture: Architecture, targets: list[Subgraph]) -> Architecture:
    """Make what leaves each subgraph as wide as what enters it, so that it can be taken out."""
    for target in targets:
        if target.is_single_entry_exit and len(target.shape(target.entry)) > 1:
            architecture = SetWidth(place_of(target.id), target.shape(target.entry)[1]).apply(architecture)
    return architecture


def subgraphs_in_reverse(architecture: Architecture, at: str) -> list[Subgraph]:
    """The subgraphs of a place, last first: a change to one leaves the names that those before it read."""
    order = list(architecture.nodes)
    return sorted(
        subgraphs_at(architecture, at), key=lambda target: -min((order.index(name) for name in target.nodes), default=0)
    )


def outermost(targets: Iterable[Subgraph]) -> list[Subgraph]:
    """The subgraphs that lie in no other of them: what is inside of one goes with it."""
    found = list(targets)
    inside = [set(target.nodes) for target in found]
    return [
        target
        for number, (target, own) in enumerate(zip(found, inside, strict=True))
        if not any(own < other or (own == other and place < number) for place, other in enumerate(inside))
    ]


def runs_at(architecture: Architecture, at: str) -> list[list[Subgraph]]:
    """The blocks of a place in runs of like ones."""
    return memoise(architecture, ("runs", at), lambda: list(_find_runs(architecture, at)))


def _find_runs(architecture: Architecture, at: str) -> Iterator[list[Subgraph]]:
    run: list[Subgraph] = []
    before: Subgraph | None = None
    for block in blocks_at(architecture, at):
        if not can_repeat(block) or _is_transition(block):
            continue
        dense = block.is_dense_layer
        joined = any(op_kinds.kind(node) == "concat" for node in block.layers)
        follows = before is not None and _stage_id(block) == _stage_id(before)
        if run and follows and (dense or block.keeps_shape or (joined and _keeps_spatial_size(block))):
            run.append(block)
        else:
            if run:
                yield run
            run = [block]
        before = block
    if run:
        yield run


def remove_subgraph(architecture: Architecture, target: Subgraph) -> Architecture:
    """The snapshot without a subgraph, not yet propagated. Raises EditError where several values go in or come out."""
    gone = nodes_within(architecture, target)
    if target.is_dense_layer:
        readers = []
        for user in dict.fromkeys(architecture.users[target.exit]):
            values, *rest = architecture.nodes[user].args
            kept = [ref for ref in values if ref.name != target.exit]
            readers.append(architecture.nodes[user].replace(args=(type(values)(kept), *rest)))
        return architecture.with_changes(readers, removed=gone)
    if not (has_known_shapes(target) and target.is_single_entry_exit):
        raise EditError(
            tr("{name} cannot be removed: {ends}", name=target.label, ends=describe_ends(target)),
            node=target.id,
        )
    names = {target.exit: target.entry}
    readers = [
        rename_inputs(node, names)
        for node in architecture.nodes.values()
        if node.name not in gone and reads_any(node, names)
    ]
    return architecture.with_changes(readers, removed=gone)


def _is_transition(block: Subgraph) -> bool:
    """A transition: one convolution and a pooling, whatever way around it was added."""
    kinds = [op_kinds.kind(node) for node in block.layers if not node.added]
    return kinds.count("conv") == 1 and "pool" in kinds and "add" not in kinds


def _keeps_spatial_size(block: Subgraph) -> bool:
    return block.shape(block.entry)[2:] == block.shape(block.exit)[2:]


def _stage_id(block: Subgraph) -> str:
    hierarchy = analyse(block.architecture).hierarchy
    return next((id for id in hierarchy.ancestors(block.id) if hierarchy.groups[id].role == "stage"), "")


# copies
