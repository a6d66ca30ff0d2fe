"""Weights follow their channels: which channels of the network as opened every layer of an edited one reads and makes.

The invariant: a column of a weight stays with the channel it reads and a row with the channel it makes, through
concatenation, `chunk`, flattening, groups, shuffles, depthwise convolutions, gates and additions. What a layer reads or
makes and did not when the network was opened gets new weights.

The map of a layer follows from two snapshots, the network as opened and the present one: the same edits in another
order, or there and back, give the same weights. It is worked out when weights are asked for, not when an edit is made:
`carry_channels` gives the snapshot whose nodes have it (`Node.channel_map`), which is that of `Network.architecture`;
figures and further edits are of the snapshot without, as no count depends on it but that of tied parameters.

Which channel is which is told, in this order,

1. by its label (`channel_labels`);
2. by what it is added to, then or now: of a residual stream any summand will do;
3. by its place, where a layer that made as many channels as it read was taken out: its readers now read those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.memo import memoise, per_object
from explorer.edits.channel_labels import (
    ChannelClasses,
    ChannelLabels,
    Labels,
    count_places,
    group_count_of,
    label_channels,
    own_labels,
)
from explorer.edits.channel_ties import label_edited, positions
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.kept_channels import find_batch_norm
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.channel_map import NEW, ChannelMap, ChannelRanking, ChannelSelection, Runs, compress_runs
from explorer.graph.layers import norm_channels
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Input


@per_object
def carry_channels(architecture: Architecture) -> Architecture:
    """Return the snapshot with the channel map of every live layer, for weights of the network as opened.

    The same object each time; the snapshot itself where every layer reads and makes the channels that it had.
    """
    if _has_channels_as_opened(architecture, architecture.opened):
        return architecture
    baseline = _opened_for_images_of(architecture)
    changed = [new for node, new in _recorded(architecture, baseline) if new is not node]
    return architecture.with_replaced(changed) if changed else architecture


def _opened_for_images_of(architecture: Architecture) -> Architecture:
    """The network as opened, for images as large and as many as now where it takes them: of tokens there are others
    then, which are no channels."""
    opened, op, then = architecture.opened, architecture.input.op, architecture.opened.input.op
    if not isinstance(op, Input) or not isinstance(then, Input) or len(op.shape) != 4 or len(then.shape) != 4:
        return opened
    shape = (op.shape[0], then.shape[1], *op.shape[2:])
    if shape == then.shape:
        return opened

    def resize() -> Architecture:
        resized = opened.with_replaced([opened.input.replace(op=replace(then, shape=shape))])
        try:
            analyse(resized)
        except ShapeError:  # a linear layer that reads all places has others then
            return opened
        return resized

    return memoise(opened, ("for images of", shape), resize)


def _has_channels_as_opened(architecture: Architecture, baseline: Architecture) -> bool:
    """Whether nothing but activations and the size of the image was exchanged: then no channel can have moved, and none
    has to be looked for."""
    live, before = architecture.live, baseline.live
    return live.keys() == before.keys() and all(
        node is before[name] or _is_other_activation(node, before[name]) or _is_other_size(node, before[name])
        for name, node in live.items()
    )


def _is_other_size(node: Node, original: Node) -> bool:
    """Whether both are images with the same channels."""
    one, other = node.op, original.op
    return isinstance(one, Input) and isinstance(other, Input) and one.shape[1:2] == other.shape[1:2]


def _is_other_activation(node: Node, original: Node) -> bool:
    both = op_kinds.is_activation(node) and op_kinds.is_activation(original)
    return both and node.args == original.args and not _has_channels(node)


def _recorded(architecture: Architecture, baseline: Architecture) -> Iterator[tuple[Node, Node]]:
    matching = _ChannelMatching(architecture, baseline)
    for node in architecture.live.values():
        if node.added or isinstance(node.op, Bypass) or node.name not in baseline.nodes:
            continue
        calls = architecture.shared_layers.get(node.path)  # one layer has the channels of its first call
        known = matching.map_of(node if calls is None else architecture.nodes[calls[0]])
        if known != node.channel_map:
            yield node, _with_map(node, known)


def _with_map(node: Node, channel_map: ChannelMap | None) -> Node:
    """The node with a map; the one as opened where nothing is different from it."""
    original = node.original or node
    same = (node.signature, node.args, node.kwargs, node.path) == (
        *(original.signature, original.args, original.kwargs, original.path),
    )
    if channel_map is None and same and node.own_blocks == original.own_blocks:
        return original
    return node.replace(channel_map=channel_map, original=original)


class _ChannelMatching:
    """The channels of a snapshot beside those of the network as opened."""

    def __init__(self, architecture: Architecture, baseline: Architecture) -> None:
        self.architecture, self.baseline = architecture, baseline
        self.before: ChannelLabels = memoise(baseline, ("channel labels", ""), lambda: label_channels(baseline))
        self.after = label_edited(architecture, self.before)
        self.selected: dict[tuple[int, int], ChannelSelection | None] = {}  # by the identity of two rows

    def map_of(self, node: Node) -> ChannelMap | None:
        """The channel map of a layer or constant; None when its channels are those it had, in their order."""
        original = self.baseline.nodes[node.name]
        if isinstance(node.op, Constant):
            now, then = (labels.constants.get(node.name) for labels in (self.after, self.before))
            found = self.select(now[0], then[0]) if now is not None and then is not None else None
            return ChannelMap(inputs=found) if found is not None else None
        if not _has_channels(node) or not _has_channels(original):
            return None
        inputs = outputs = now_row = then_row = None
        if node.inputs and original.inputs:
            now_row, then_row = self.after.rows.get(node.inputs[0]), self.before.rows.get(original.inputs[0])
            inputs = self.select(now_row, then_row) if now_row is not None and then_row is not None else None
        if node.name in self.after.produced and node.name in self.before.produced:
            outputs = self.select(self.after.produced[node.name], self.before.produced[node.name])
        keep = self.pruned.get(node.name, "first")
        if inputs is None and outputs is None:
            return None
        resized = inputs is not None and count_places(now_row) != count_places(then_row)
        return ChannelMap(inputs, outputs, keep, resized)

    def select(self, now: Labels, then: Labels) -> ChannelSelection | None:
        """The channels of one row among those of another; None when both are the same."""
        key = id(now), id(then)  # of a convolution, its norm and its reader they are one
        if key not in self.selected:
            self.selected[key] = None if np.array_equal(now, then) else self.match(now, then)
        return self.selected[key]

    def match(self, now: Labels, then: Labels) -> ChannelSelection | None:
        if len(now) < len(then) and np.array_equal(now, then[: len(now)]):  # what most cuts of a width leave
            return ChannelSelection(((0, len(now)),), len(then), tuple(self.rank(then)))
        found = positions(now, then)
        missing = found == NEW
        if missing.any():
            found[missing] = positions(self.classes.of(now[missing]), self.classes.of(then))
            self.hand_on(now, then, found)
        if len(now) == len(then) and np.array_equal(found, np.arange(len(then))):
            return None
        return ChannelSelection.from_indices(found, len(then), tuple(self.rank(then)))

    def rank(self, then: Labels) -> Iterator[tuple[ChannelRanking, Runs]]:
        """The rankings that have channels of a row, and which these are."""
        classes = self.before.classes
        for ranking, channels in self.rankings:
            places = positions(classes.of(own_labels(then)), channels)
            if (places != NEW).any():
                yield ranking, compress_runs(places)

    @cached_property
    def pruned(self) -> Mapping[str, str]:
        """The layers that were cut by importance, and by which measure: a key of `KEPT_CHANNELS`.

        One that was made depthwise since makes no channels of its own: it has those that it reads.
        """
        before, after = self.before.produced, self.after.produced
        marks = {name: node.channel_map.keep for name, node in self.architecture.live.items() if node.channel_map}
        return {
            name: keep
            for name, keep in marks.items()
            if keep != "first" and name in before and name in after and len(after[name]) < len(before[name])
        }

    @cached_property
    def rankings(self) -> list[tuple[ChannelRanking, Labels]]:
        """The ranking of each group of coupled layers that were cut by importance, and the classes of its channels.

        Where some layer makes or reads only a part of the channels that are ranked (the stem of a ShuffleNet v1, whose
        map is joined with others; a half of a split map in v2), the first of them stay: it could not follow.
        """
        coupled: dict[tuple[str, bytes], list[str]] = {}
        for name, keep in self.pruned.items():
            coupled.setdefault((keep, self.before.classes.of(self.before.produced[name]).tobytes()), []).append(name)
        found = []
        for (keep, _), names in coupled.items():
            before, size = self.before.produced[names[0]], len(self.after.produced[names[0]])
            groups = group_count_of(find_channel_groups(self.architecture), names[0], len(before), size)
            layers = [self.baseline.nodes[name] for name in names]
            norms = [find_batch_norm(self.baseline, name) for name in names]
            measured = [n for n in norms if n is not None] if keep == "norm_scale" else layers
            found.append((ChannelRanking(tuple(measured), size, groups), self.before.classes.of(before)))
        if not found:
            return []
        rows = {id(row): row for row in (*self.before.rows.values(), *self.before.produced.values())}
        held = [np.unique(self.before.classes.of(own_labels(row))) for row in rows.values()]
        return [(ranking, channels) for ranking, channels in found if not _is_split(channels, held)]

    def hand_on(self, now: Labels, then: Labels, found: Labels) -> None:
        """Match by place where layers were taken out: as many old channels as are gone, between two that stayed."""
        missing = found == NEW
        free = np.ones(len(then), dtype=bool)
        free[found[~missing]] = False
        if not missing.any() or not free.any():
            return
        for begin, end in _stretches(missing):
            first = int(found[begin - 1]) + 1 if begin else 0
            last = int(found[end]) if end < len(now) else len(then)
            old = own_labels(now[begin:end]) < self.before.count
            gone = free[first:last] & ~np.isin(own_labels(then[first:last]), self.remaining)
            if last - first == end - begin and old.all() and gone.all():
                found[begin:end] = np.arange(first, last)

    @cached_property
    def classes(self) -> ChannelClasses:
        return ChannelClasses((*self.before.ties, *self.after.ties))

    @cached_property
    def remaining(self) -> Labels:
        """The labels that the edited network still makes."""
        return np.concatenate(list(self.after.produced.values()))


def _is_split(channels: Labels, rows: Iterable[Labels]) -> bool:
    """Whether a row holds some of these channels without the others."""
    shared = (np.isin(channels, row).sum() for row in rows)
    return any(0 < count < len(channels) for count in shared)


def _stretches(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[tuple[int, int]]:
    """Where a mask is true: the begin and end of each stretch."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _has_channels(node: Node) -> bool:
    """Is it a layer whose weights have a row or a column for each channel?"""
    layer = node.layer
    return isinstance(layer, (_ConvNd, nn.Linear)) or (layer is not None and norm_channels(layer) is not None)
