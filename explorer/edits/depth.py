"""Edits of depth: blocks repeated or removed, and bottlenecks turned inside out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.analysis import analyse
from explorer.base.cancellation import check_cancelled
from explorer.base.languages import tr, tr_n
from explorer.base.memo import memoise
from explorer.edits.branches import insert_shortcut, lacks_shortcut
from explorer.edits.channel_groups import WidthError, find_channel_groups
from explorer.edits.edit import EVERYWHERE, EditError, location_in_error, location_in_title, place_names, place_of
from explorer.edits.pooling import is_windowed_pooling, with_unit_stride
from explorer.edits.propagation import WidthTarget, propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import REPAIR_TITLES, offering_repairs
from explorer.edits.size_limits import check_op_count
from explorer.edits.subgraph import Subgraph, blocks_at, subgraphs_at
from explorer.edits.validation import check_integer, check_number
from explorer.edits.widths import SetWidth, transition_targets
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import reconfigure
from explorer.graph.node import Node, rename_inputs
from explorer.graph.ops import Bypass, Layer
from explorer.graph.recognition.shortcuts import find_shortcuts
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
        return _propagate_depth(done, architecture)


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
        done, targets = architecture, subgraphs_in_reverse(architecture, self.at)
        if not all(target.id for target in targets):
            raise EditError(tr("nothing of {network} would remain", network=architecture.title))
        if self.mend == "widths":
            done = _equalise_widths(architecture, targets)
            targets = subgraphs_in_reverse(done, self.at)
        for target in targets:
            done = remove_subgraph(done, target)
        if not any(tensor_shapes(node) for node in done.live.values()):
            raise EditError(
                tr("nothing of {network} would remain: no other layer has weights", network=architecture.title)
            )
        with offering_repairs(self, architecture, [(tr(REPAIR_TITLES["widths"]), replace(self, mend="widths"))]):
            return _propagate_depth(done, architecture, "" if self.mend == "widths" else self.mend)


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
        done = architecture
        for run in reversed(found):
            wanted = max(math.ceil(len(run) * self.by - 1e-9), 1)
            if wanted > len(run):
                done = insert_copies(done, run[-1], wanted - len(run))
            for target in reversed(run[wanted:]):
                done = remove_subgraph(done, target)
        return _propagate_depth(done, architecture)


@register_edit("invert_bottleneck", formerly=("invert",), former_classes=("Invert",))
@dataclass(frozen=True, slots=True)
class InvertBottleneck:
    """Turn bottlenecks inside out: the hidden width and the width of the ends change places, so that a bottleneck
    (wide, narrow, wide) becomes an inverted residual (narrow, wide, narrow) and back.

    Source: Sandler et al., "MobileNetV2", 2018, §3.3.
    """

    name: ClassVar[str]
    at: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Bottleneck inverted in layer1.1"."""
        return tr("Bottleneck inverted {place}", place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the hidden widths and end widths of the blocks exchanged. Raises EditError where no
        block has both, or a width is fixed."""
        channel_groups = find_channel_groups(architecture)
        wanted: dict[int, WidthTarget] = {}
        for block in blocks_at(architecture, self.at):
            if not can_invert(block):
                continue
            inner = block.hidden_layers
            ends, hidden = channel_groups.rows[block.exit], channel_groups.producers[inner[0]]
            narrow, wide = channel_groups.size(hidden), channel_groups.size(ends)
            inside = {channel_groups.order[name] for name in block.nodes}
            try:
                for name in inner:
                    row = channel_groups.producers[name]
                    wanted |= channel_groups.solve_width(row, channel_groups.size(row) * wide // narrow, inside)
                for segment, size in channel_groups.solve_width(ends, narrow, inside).items():
                    wanted.setdefault(segment, size)  # blocks tied to one another have one width at their ends
            except WidthError as failure:
                raise EditError(f"{block.id}: {failure}", node=block.id) from failure
        if not wanted:
            raise EditError(
                tr(
                    "no block {place} has a hidden width that differs from the width of its ends",
                    place=location_in_error(self.at),
                )
            )
        return propagate(architecture, wanted, channel_groups=channel_groups)


def _propagate_depth(changed: Architecture, before: Architecture, repair: str = "") -> Architecture:
    """Propagate with the transitions of a dense network going on to compress by what they did."""
    targets = transition_targets(before)
    return propagate(changed, targets, channel_groups=find_channel_groups(before) if targets else None, repair=repair)


def _equalise_widths(architecture: Architecture, targets: list[Subgraph]) -> Architecture:
    """Make what leaves each subgraph as wide as what enters it, so that it can be taken out."""
    for target in targets:
        if target.is_single_entry_exit and len(target.shape(target.entry)) > 1:
            architecture = SetWidth(place_of(target.id), target.shape(target.entry)[1]).apply(architecture)
    return architecture


def can_invert(block: Subgraph) -> bool:
    """One hidden width between two ends that are joined by an addition, and both may be what the other is."""
    if not block.is_single_entry_exit or len(block.hidden_layers) == 0:
        return False
    channel_groups = find_channel_groups(block.architecture)
    added = any(op_kinds.kind(node) == "add" and not isinstance(node.op, Bypass) for node in block.layers)
    if block.exit not in channel_groups.rows or not added:
        return False
    widths = {channel_groups.size(channel_groups.producers[name]) for name in block.hidden_layers}
    ends = channel_groups.size(channel_groups.rows[block.exit])
    if len(widths) != 1 or widths == {ends}:
        return False
    inside = {channel_groups.order[name] for name in block.nodes}
    try:
        channel_groups.solve_width(channel_groups.rows[block.exit], widths.pop(), inside)
        for name in block.hidden_layers:
            channel_groups.solve_width(channel_groups.producers[name], ends, inside)
    except WidthError:
        return False
    return True


def can_repeat(target: Subgraph) -> bool:
    """Is there one place for a copy: one input and one output of the same rank, or a dense layer?"""
    if not _has_known_shapes(target) or not (target.is_single_entry_exit or target.is_dense_layer):
        return False
    return len(target.shape(target.entries[0])) == len(target.shape(target.exit))  # no head, nothing that flattens


def can_remove(target: Subgraph) -> bool:
    """Does the network hold together without it, whatever follows?"""
    if target.is_dense_layer:
        users = set(target.architecture.users[target.exit])
        return all(len(set(target.architecture.nodes[user].inputs)) > 1 for user in users)
    return _has_known_shapes(target) and target.keeps_shape


def describe_ends(target: Subgraph) -> str:
    """Say the shapes of input and output: "input 64×56×56, output 128×28×28"."""
    shapes = ["×".join(map(str, target.shape(name)[1:])) for name in (*target.entries[:1], *target.exits[:1])]
    if target.is_single_entry_exit and all(shapes):
        return tr("input {before}, output {after}", before=shapes[0], after=shapes[1])
    inputs = tr_n("{n} input", "{n} inputs", len(target.entries))
    outputs = tr_n("{n} output", "{n} outputs", len(target.exits))
    return tr("{inputs} and {outputs}", inputs=inputs, outputs=outputs)


def subgraphs_in_reverse(architecture: Architecture, at: str) -> list[Subgraph]:
    """The subgraphs of a place, last first: a change to one leaves the names that those before it read."""
    order = list(architecture.nodes)
    return sorted(
        subgraphs_at(architecture, at), key=lambda target: -min((order.index(name) for name in target.nodes), default=0)
    )


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


def insert_copies(architecture: Architecture, target: Subgraph, times: int) -> Architecture:
    """The snapshot with copies behind a subgraph, not yet propagated. Raises EditError when there is no one place for
    them.

    `target` may be of an earlier snapshot, as long as its own nodes, and what they read, are still called the same.
    """
    if not can_repeat(target):
        raise EditError(
            tr(
                "{name} cannot be repeated: {ends}; repeating needs one input and one output of the same shape",
                name=target.label,
                ends=describe_ends(target),
            ),
            node=target.id,
        )
    check_op_count(architecture, times * len(target.nodes))
    reshapes = not target.keeps_shape and not target.is_dense_layer
    bridge = reshapes and lacks_shortcut(target) and _siblings_have_shortcuts(target)
    names = [_CopyNames(_base_path(target), number) for number in _free_numbers(architecture, target, times)]
    architecture = _insert_copies(architecture, target, names)
    if reshapes:
        architecture = _remove_strides(architecture, target, names)
    exits = [target.exit, *(name.of(target.exit) for name in names)]
    for number in range(times, 0, -1) if bridge else ():  # the last first, so that those behind follow
        name = names[number - 1]
        nodes = tuple(name.of(node) for node in target.nodes)
        copy = Subgraph(name.of(target.id), nodes, (exits[number - 1],), (exits[number],), architecture)
        architecture = insert_shortcut(architecture, copy)
    return architecture


def remove_subgraph(architecture: Architecture, target: Subgraph) -> Architecture:
    """The snapshot without a subgraph, not yet propagated. Raises EditError where several values go in or come out."""
    gone = set(target.nodes) | {n for n in architecture.nodes if n not in architecture.live and _is_within(n, target)}
    if target.is_dense_layer:
        readers = []
        for user in dict.fromkeys(architecture.users[target.exit]):
            values, *rest = architecture.nodes[user].args
            kept = [ref for ref in values if ref.name != target.exit]
            readers.append(architecture.nodes[user].replace(args=(type(values)(kept), *rest)))
        return architecture.with_changes(readers, removed=gone)
    if not (_has_known_shapes(target) and target.is_single_entry_exit):
        raise EditError(
            tr("{name} cannot be removed: {ends}", name=target.label, ends=describe_ends(target)),
            node=target.id,
        )
    names = {target.exit: target.entry}
    readers = [
        rename_inputs(node, names)
        for node in architecture.nodes.values()
        if node.name not in gone and _reads(node, names)
    ]
    return architecture.with_changes(readers, removed=gone)


def _reads(node: Node, names: dict[str, str]) -> bool:
    was = node.original.inputs if isinstance(node.op, Bypass) and node.original is not None else ()
    return not names.keys().isdisjoint((*node.inputs, *was))


def _has_known_shapes(target: Subgraph) -> bool:
    """A part with layers in it: the image, the output and what only reads sizes are none."""
    ends = {target.architecture.input.name, target.architecture.output.name}
    return bool(target.nodes) and ends.isdisjoint(target.nodes) and all(target.shape(name) for name in target.exits)


def _is_transition(block: Subgraph) -> bool:
    """A transition: one convolution and a pooling, whatever way around it was added."""
    kinds = [op_kinds.kind(node) for node in block.layers if not node.added]
    return kinds.count("conv") == 1 and "pool" in kinds and "add" not in kinds


def _keeps_spatial_size(block: Subgraph) -> bool:
    return block.shape(block.entry)[2:] == block.shape(block.exit)[2:]


def _stage_id(block: Subgraph) -> str:
    hierarchy = analyse(block.architecture).hierarchy
    return next((id for id in hierarchy.ancestors(block.id) if hierarchy.groups[id].role == "stage"), "")


def _siblings_have_shortcuts(target: Subgraph) -> bool:
    """Do most blocks of its network that keep their shape have an addition?"""
    keeping = [b for b in blocks_at(target.architecture, EVERYWHERE) if b.keeps_shape and b.id != target.id]
    added = [b for b in keeping if any(op_kinds.kind(node) == "add" for node in b.layers)]
    return bool(keeping) and 2 * len(added) > len(keeping)


# copies


def _base_path(target: Subgraph) -> str:
    """The module path whose name a copy varies; empty when the part is no module of its own."""
    group = analyse(target.architecture).hierarchy.groups.get(target.id)
    path = group.path if group is not None else ""
    return (
        path if path and all(_is_under(path, name) or path in node.scope for name, node in _named_nodes(target)) else ""
    )


def _named_nodes(target: Subgraph) -> Iterator[tuple[str, Node]]:
    return ((name, target.architecture.nodes[name]) for name in target.nodes)


def _is_under(path: str, name: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _is_within(name: str, target: Subgraph) -> bool:
    base = _base_path(target)
    return bool(base) and _is_under(base, name)


@dataclass(frozen=True)
class _CopyNames:
    """The names of the nodes and modules of a copy: layer1.2 → layer1.2~2."""

    base: str
    number: int

    def of(self, path: str) -> str:
        if self.base and _is_under(self.base, path):
            return f"{self.base}~{self.number}{path[len(self.base) :]}"
        return f"{path}~{self.number}"

    def scope(self, scope: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.of(path) if self.base and _is_under(self.base, path) else path for path in scope)


def _free_numbers(architecture: Architecture, target: Subgraph, count: int) -> list[int]:
    """Numbers by which copies can be told from what is there: 2, 3, …"""
    base, found, number = _base_path(target), list[int](), 2
    while len(found) < count:
        if not any(_CopyNames(base, number).of(name) in architecture.nodes for name in target.nodes):
            found.append(number)
        number += 1
    return found


def _insert_copies(architecture: Architecture, target: Subgraph, names: Sequence[_CopyNames]) -> Architecture:
    """The snapshot with copies behind the part, each behind the one before; all in one pass over the nodes."""
    originals = [
        node
        for node in architecture.nodes.values()
        if node.name in target.nodes or (node.name not in architecture.live and _is_within(node.name, target))
    ]
    exits = [target.exit, *(name.of(target.exit) for name in names)]
    nodes: list[Node] = []
    for number, name in enumerate(names):
        check_cancelled()
        moved = {node.name: name.of(node.name) for node in originals}
        if target.is_dense_layer:
            before = exits[: number + 1]
            copies = (_copy_node(node, name, moved) for node in originals)
            nodes += [_add_dense_inputs(node, set(target.entries), before) for node in copies]
        else:
            nodes += [_copy_node(node, name, moved | {target.entry: exits[number]}) for node in originals]
    readers = []
    for reader in architecture.nodes.values():
        if reader.name in target.nodes or not _reads(reader, {target.exit: ""}):
            continue
        if target.is_dense_layer:
            readers.append(_insert_concat_inputs(reader, target.exit, exits[1:]))
        else:
            readers.append(rename_inputs(reader, {target.exit: exits[-1]}))
    classes = {path: c for path, c in architecture.module_classes.items() if _is_under(_base_path(target), path)}
    copied_classes = {name.of(path): c for name in names if name.base for path, c in classes.items()}
    return architecture.with_changes(readers, {target.exit: nodes}, module_classes=copied_classes)


def _copy_node(node: Node, names: _CopyNames, moved: dict[str, str]) -> Node:
    new = rename_inputs(node, moved)
    was = (
        new.original.replace(name=names.of(node.name))
        if isinstance(node.op, Bypass) and new.original is not None
        else None
    )
    return new.replace(
        name=names.of(node.name),
        path=names.of(node.path) if node.path else "",
        scope=names.scope(node.scope),
        original=was,
        added=True,
    )


def _add_dense_inputs(node: Node, entries: set[str], before: list[str]) -> Node:
    """The concatenation at the entry of a dense layer's copy reads the layers before it as well."""
    if op_kinds.kind(node) != "concat" or not entries <= set(node.inputs):
        return node
    values, *rest = node.args
    return node.replace(args=(type(values)([*values, *map(Ref, before)]), *rest))


def _insert_concat_inputs(reader: Node, after: str, new: list[str]) -> Node:
    values, *rest = reader.args
    at = [ref.name for ref in values].index(after) + 1
    return reader.replace(args=(type(values)([*values[:at], *map(Ref, new), *values[at:]]), *rest))


def _remove_strides(architecture: Architecture, target: Subgraph, names: Sequence[_CopyNames]) -> Architecture:
    """The copies of a block that changes the shape, as ones that keep it."""
    # The hidden width of an inverted residual goes with what enters, that of a bottleneck with what leaves.
    inverted = any(op_kinds.kind(node) == "depthwise" for node in target.layers)
    ratio = target.shape(target.exit)[1] / target.shape(target.entry)[1] if inverted else 1.0
    scaled = {*target.hidden_layers, *target.squeeze_layers}
    shortcuts = [known for known in find_shortcuts(target.architecture).values() if known.add in target.nodes]
    changed: dict[str, Node] = {}
    entry = target.exit
    for name in names:
        for old in target.nodes:
            node = architecture.nodes[name.of(old)]
            settings = _stride_free_settings(node, ratio if old in scaled else 1.0)
            if is_windowed_pooling(node):
                changed[node.name] = with_unit_stride(node)
            elif settings and isinstance(node.op, Layer):
                changed[node.name] = node.replace(op=reconfigure(node.op, **settings))
        for known in shortcuts:  # the shape is kept, so nothing need be done to what goes around
            add = architecture.nodes[name.of(known.add)]
            changed[add.name] = rename_inputs(add, {name.of(known.skip): entry})
        entry = name.of(target.exit)
    return architecture.with_replaced(changed.values())


def _stride_free_settings(node: Node, ratio: float) -> dict[str, Any]:
    layer, found = node.layer, dict[str, Any]()
    if isinstance(layer, _ConvNd):
        same = tuple(d * (k - 1) // 2 for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
        if max(layer.stride) > 1 or layer.padding != same:
            found |= {"stride": (1,) * len(layer.stride), "padding": same}
        if ratio != 1:
            step = layer.groups
            found["out_channels"] = max(round(layer.out_channels * ratio / step), 1) * step
    elif isinstance(layer, nn.Linear) and ratio != 1:
        found["out_features"] = max(round(layer.out_features * ratio), 1)
    return found
