"""A label for every channel of every value, so that a channel can be told wherever it goes.

A convolution or linear layer makes channels with labels of their own; norms, activations, pooling and additions pass
labels on; concatenation, `chunk`, shuffles, flattening and reshapes move them as they move the numbers. The same
channel of the network as opened and of an edited one has the same label in both: which columns of a weight go with
which channels is then a matter of comparing two rows of labels.

- Of a layer that got narrower, the first channels stay: the first of each group where its channels are dealt out to
  groups or halves.
- A shuffle that an edit switches, puts in or changes deals labels out as when the network was opened: its readers keep
  their weights, and get other channels.
- A flattened map has a label for each channel and place. Places are counted from the centre of the map, so that with
  another resolution the centre keeps its weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.edits.bridges import PaddedShortcut
from explorer.edits.channel_groups import ChannelGroups
from explorer.edits.channel_parts import is_flattening
from explorer.edits.channel_walk import find_channel_groups
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.call_op import call_op
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Input, Output

Labels = npt.NDArray[np.int64]

# A label of its own is below 2²¹. One part of a channel (a place of a flattened map, one of several filters on it) has
# the label of the channel in its upper bits and which part in the lower ones.
_PART_BITS = 21
_FILTER = 1 << 20  # set in the lower bits for filters
_PLACE_LIMIT = 1024  # places along each side of a map that is flattened
_MAX_MOVED = 1 << 21  # elements of a map that is moved label by label

#: Labels below this and above all others are given to channels that turn out to be new.
RESERVED = (1 << _PART_BITS) - 1


@dataclass
class ChannelLabels:
    """The labels of the channels of a snapshot."""

    rows: dict[str, Labels] = field(default_factory=dict)  # by node
    pieces: dict[str, tuple[Labels, ...]] = field(default_factory=dict)  # by node whose value is a tuple
    produced: dict[str, Labels] = field(default_factory=dict)  # by node that makes channels: those of its own
    ties: list[tuple[Labels, Labels]] = field(default_factory=list)  # rows that are added or multiplied
    constants: dict[str, tuple[Labels, int]] = field(default_factory=dict)  # by constant: labels, and of which axis
    count: int = 1  # the next label of its own

    @cached_property
    def tie_contents(self) -> frozenset[tuple[bytes, bytes]]:
        """The ties, to be looked up."""
        return frozenset((one.tobytes(), other.tobytes()) for one, other in self.ties)

    @cached_property
    def classes(self) -> ChannelClasses:
        """The classes of labels that are added or multiplied in this snapshot."""
        return ChannelClasses(self.ties)


def own_labels(row: Labels) -> Labels:
    """The label of the channel that each is a part of: of a place of a flattened map, or of a filter on a channel."""
    while (row >> _PART_BITS > 0).any():
        row = np.where(row >> _PART_BITS > 0, row >> _PART_BITS, row)
    return row


class ChannelClasses:
    """Classes of labels that are one channel because they are added or multiplied."""

    def __init__(self, ties: Sequence[tuple[Labels, Labels]]) -> None:
        self.labels = np.unique(np.concatenate([row for tie in ties for row in tie])) if ties else np.empty(0, np.int64)
        self.first = np.arange(len(self.labels))  # place of the least label of the same class, as far as is known
        pairs = [tuple(np.searchsorted(self.labels, row) for row in tie) for tie in ties]
        united = bool(pairs)
        while united:
            united = max([self._unite(one, other) for one, other in pairs])

    def _unite(self, one: Labels, other: Labels) -> bool:
        """Give tied labels the lesser class of both. Was there anything to do?"""
        least = np.minimum(self.first[one], self.first[other])
        if np.array_equal(least, self.first[one]) and np.array_equal(least, self.first[other]):
            return False
        for row in (one, other):
            np.minimum.at(self.first, row, least)
        return True

    def of(self, row: Labels) -> Labels:
        """The least label of the class of each."""
        whole = np.where(row > 0, row >> _PART_BITS, 0)  # a channel that nothing made, such as padding, is below zero
        if not whole.any():
            return self._of_whole(row)
        part = row & ((1 << _PART_BITS) - 1)
        return np.where(whole > 0, (self.of(whole) << _PART_BITS) + part, self._of_whole(row))

    def _of_whole(self, row: Labels) -> Labels:
        if not len(self.labels):
            return row
        at = np.minimum(np.searchsorted(self.labels, row), len(self.labels) - 1)
        return np.where(self.labels[at] == row, self.labels[self.first[at]], row)


def label_channels(
    architecture: Architecture, baseline: ChannelLabels | None = None, fixed: Mapping[str, Labels] | None = None
) -> ChannelLabels:
    """Label the channels of a snapshot.

    Args:
        baseline: the labels of the network as opened, which those of an edited one go on from.
        fixed: the labels that some layers make, where these are known.
    """
    return _LabelWalk(architecture, baseline, fixed or {}).result


class _LabelWalk:
    """One walk over the live nodes in execution order."""

    def __init__(self, architecture: Architecture, baseline: ChannelLabels | None, fixed: Mapping[str, Labels]) -> None:
        self.groups = find_channel_groups(architecture)
        self.measures = analyse(architecture).figures.measures
        self.nodes = architecture.nodes
        self.baseline, self.fixed = baseline, fixed
        self.result = ChannelLabels(count=baseline.count if baseline is not None else 1)
        for node in architecture.live.values():
            row = self.label(node)
            if row is not None:
                self.result.rows[node.name] = row

    def shape(self, name: str) -> tuple[int, ...]:
        value = self.measures[name].value
        return value.dims if isinstance(value, Shape) else ()

    def label(self, node: Node) -> Labels | None:
        """Label the channels of a node's value; None when it has none."""
        layer, shape = node.layer, self.shape(node.name)
        if isinstance(node.op, (Constant, Output)):
            return None
        if isinstance(node.op, Input):
            return self.produce(node.name, shape[1]) if len(shape) > 1 else None
        if isinstance(layer, _ConvNd) and not is_depthwise(layer):
            filters = _former_filters(node)
            if filters and node.inputs[0] in self.result.rows:
                return _filters(self.result.rows[node.inputs[0]], filters)
            return self.produce(node.name, layer.out_channels)
        if isinstance(layer, nn.Linear):
            return self.produce(node.name, layer.out_features)
        if node.inputs and node.inputs[0] in self.result.pieces:
            return self.pick(node, self.result.pieces[node.inputs[0]])
        sources = [name for name in node.inputs if name in self.result.rows]
        return self.pass_on(node, sources, shape) if sources else None

    # channels of a layer's own

    def produce(self, name: str, size: int) -> Labels:
        """Label channels that a node makes: as in the network as opened, as far as it made as many there."""
        row = self.fixed.get(name)
        if row is None:
            known = self.baseline.produced.get(name) if self.baseline is not None else None
            row = self.new(size) if known is None else self.resize(name, known, size)
        self.result.produced[name] = row
        return row

    def new(self, size: int) -> Labels:
        start = self.result.count
        self.result.count += size
        return np.arange(start, start + size, dtype=np.int64)

    def resize(self, name: str, known: Labels, size: int) -> Labels:
        """Keep the first channels of each group, or put new ones behind those there were."""
        if len(known) == size:
            return known
        groups = group_count_of(self.groups, name, len(known), size)
        before, each = known.reshape(groups, -1), size // groups
        if each <= before.shape[1]:
            return before[:, :each].reshape(-1)
        more = self.new(size - len(known)).reshape(groups, -1)
        return np.concatenate([before, more], axis=1).reshape(-1)

    # channels of other layers

    def pass_on(self, node: Node, sources: list[str], shape: tuple[int, ...]) -> Labels | None:
        layer, kind, first = node.layer, op_kinds.kind(node), self.result.rows[sources[0]]
        axis = self.groups.axes.get(node.name)
        if isinstance(layer, _ConvNd):
            return _filters(first, layer.out_channels // layer.in_channels)
        if isinstance(layer, PaddedShortcut):
            return np.concatenate([first, self.produce(node.name, layer.extra)])
        if "shuffle" in (kind, op_kinds.kind(node.original or node)):
            return _shuffle(node, first)
        if isinstance(node.op, Bypass):
            return first
        if kind in ("add", "multiply"):
            return self.join(node, sources)
        if kind == "concat":
            return self.concatenate(node, sources, shape)
        if kind == "split":
            self.split(node, sources[0])
            return None
        if (cut := self.groups.parts.get(node.name)) is not None and cut.width == len(first):
            ((start, stop),) = cut.bounds
            return first[start:stop]
        if not shape or axis is None:
            return None
        if kind in ("norm", "activation", "pool", "dropout") and shape[axis] == len(first):
            return first
        if _is_padding(node) and shape[axis] == len(first):
            return first
        if kind == "reshape" and len(sources) == 1:
            return self.reshape(node, sources[0], shape, axis)
        return self.produce(node.name, shape[axis])

    def join(self, node: Node, sources: list[str]) -> Labels:
        """Tie what is added or multiplied: it is one channel from there on, and has the least of the labels."""
        rows = [self.result.rows[name] for name in dict.fromkeys(sources)]
        size = max(map(len, rows))
        first, *others = (row for row in rows if len(row) == size)
        for other in others:
            if not np.array_equal(first, other):
                self.result.ties.append((first, other))
                first = np.minimum(first, other)
        self.label_constants(node, first)
        return first

    def label_constants(self, node: Node, row: Labels) -> None:
        """A layer scale or a position embedding has the channels of what it is joined to."""
        axis = self.groups.axes.get(node.name)
        for name in node.inputs:
            dims = self.shape(name)
            if axis is None or not isinstance(self.nodes[name].op, Constant) or len(dims) < -axis:
                continue
            if dims[axis] == len(row):
                self.result.constants[name] = (row, len(dims) + axis)

    def concatenate(self, node: Node, sources: list[str], shape: tuple[int, ...]) -> Labels | None:
        axis, rows = self.groups.axes.get(node.name), list[Labels]()
        if axis is None:
            return None
        for name in node.inputs:
            row, dims = self.result.rows.get(name), self.shape(name)
            if row is None:  # a constant
                row = self.produce(f"{node.name}/{name}", dims[axis] if len(dims) >= -axis else 1)
            rows.append(row)
        return np.concatenate(rows) if sum(map(len, rows)) == shape[axis] else rows[0]

    def split(self, node: Node, source: str) -> None:
        value, row, axis = self.measures[node.name].value, self.result.rows[source], self.groups.axes.get(source)
        if axis is None:  # numbers without channels
            return
        sizes = [piece.dims[axis] for piece in value] if isinstance(value, tuple) else []
        if sum(sizes) == len(row):
            self.result.pieces[node.name] = tuple(np.split(row, np.cumsum(sizes)[:-1]))
        elif set(sizes) == {len(row)}:  # along another axis
            self.result.pieces[node.name] = (row,) * len(sizes)

    def pick(self, node: Node, pieces: tuple[Labels, ...]) -> Labels | None:
        item = node.args[1] if len(node.args) > 1 else None
        return pieces[item] if isinstance(item, int) and -len(pieces) <= item < len(pieces) else None

    # moved channels

    def reshape(self, node: Node, source: str, shape: tuple[int, ...], axis: int) -> Labels:
        row, before, old_axis = self.result.rows[source], self.shape(source), self.groups.axes.get(source)
        flattens = old_axis == 1 - len(before) and is_flattening(node, before, shape)
        if flattens and _has_places(row, before[2:]):
            return _places(row, before[2:])
        moved = self.move(node, row, before, old_axis, shape, axis) if old_axis is not None else None
        return self.produce(node.name, shape[axis]) if moved is None else moved

    def move(
        self, node: Node, row: Labels, before: tuple[int, ...], old_axis: int, shape: tuple[int, ...], axis: int
    ) -> Labels | None:
        """Let the op itself move the labels; None where channels and places are mixed by it."""
        if math.prod(before) > _MAX_MOVED or before[old_axis] != len(row):
            return None
        view = [1] * len(before)
        view[old_axis] = -1
        labels = torch.from_numpy(row.copy()).reshape(view).expand(before)
        values = {name: labels if name in self.result.rows else self.measures[name].value for name in node.inputs}
        try:
            moved = call_op(node, *node.bind_arguments(values))
        except (RuntimeError, TypeError, ValueError, LookupError):
            return None  # an argument that is a tensor itself, of which only the shape is known
        if not isinstance(moved, torch.Tensor) or tuple(moved.shape) != shape:
            return None
        lines = moved.movedim(axis, 0).reshape(shape[axis], -1)
        return lines[:, 0].numpy().copy() if bool((lines == lines[:, :1]).all()) else None


def _former_filters(node: Node) -> int:
    """Filters for each channel of a convolution that was depthwise when it was opened and is in fewer groups now: what
    reads it finds the channels that it made, in their order. 0 for others."""
    now, then = node.layer, node.original.layer if node.original is not None else None
    if not isinstance(now, _ConvNd) or not isinstance(then, _ConvNd) or not is_depthwise(then):
        return 0
    filters = then.out_channels // then.in_channels
    return filters if now.out_channels == filters * now.in_channels else 0


def group_count_of(groups: ChannelGroups, name: str, before: int, after: int) -> int:
    """The number of equal parts into which a layer's channels are split by what follows, at both of two widths."""
    row = groups.resolve(groups.producers.get(name, ()))
    multiple = groups.segments[row[0]].multiple if len(row) == 1 else 1
    return multiple if before % multiple == 0 and after % multiple == 0 else 1


def _shuffle(node: Node, row: Labels) -> Labels:
    """Deal the channels out as when the network was opened: what an edit of a shuffle changes is which channels its
    readers get, not their weights."""
    if node.added:
        return row
    groups = op_kinds.shuffle_groups(node.original or node)
    return row.reshape(groups, -1).T.reshape(-1) if len(row) % groups == 0 else row


def _filters(row: Labels, count: int) -> Labels:
    """Label what a depthwise convolution with several filters makes of each channel: the first goes by the channel's
    own label, as the only one does."""
    parts = (row[:, None] << _PART_BITS) + _FILTER + np.arange(count)
    return np.where(np.arange(count) == 0, row[:, None], parts).reshape(-1)


def _places(row: Labels, sides: tuple[int, ...]) -> Labels:
    """Label the places of a flattened map, counted from its centre, which goes by the channel's own label."""
    places, centre = np.zeros(1, dtype=np.int64), 0
    for side in sides:
        middle = _PLACE_LIMIT // 2
        places = (places[:, None] * _PLACE_LIMIT + (np.arange(side) - side // 2 + middle)).reshape(-1)
        centre = centre * _PLACE_LIMIT + middle
    return np.where(places == centre, row[:, None], (row[:, None] << _PART_BITS) + places).reshape(-1)


def count_places(row: Labels | None) -> int:
    """The number of places of a flattened map that a row of labels has; 1 where it has none."""
    if row is None or int(row.max(initial=0)) <= RESERVED:
        return 1
    places = np.where(row > RESERVED, row & RESERVED, 0)
    return len(np.unique(np.where(places & _FILTER, 0, places)))


def _has_places(row: Labels, sides: tuple[int, ...]) -> bool:
    """Is there a label for each place: a map of at most two sides, neither too long, of channels that are no parts?"""
    return len(sides) <= 2 and max(sides, default=0) <= _PLACE_LIMIT and int(row.max()) < 1 << 2 * _PART_BITS


def _is_padding(node: Node) -> bool:
    """Does it put places around a map?"""
    return isinstance(node.layer, nn.ZeroPad2d) or getattr(node.op, "name", "") == "pad"
