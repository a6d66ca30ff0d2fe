"""Edits of the widths inside blocks: expansion, bottleneck ratio, growth rate.

Each names the hidden layers that should change; `propagate` makes all others follow.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from explorer.base.languages import tr, with_label
from explorer.edits.channel_groups import ChannelGroups, Row, WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, EditError, location_in_error, location_in_title
from explorer.edits.kept_channels import KEPT_CHANNELS, title_with_kept_channels
from explorer.edits.propagation import WidthTarget, make_divisible, propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.edits.validation import check_integer, check_number, check_one_of
from explorer.edits.widths import MAX_WIDTH
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture


@register_edit("set_expansion", formerly=("expansion",), former_classes=("Expansion",))
@dataclass(frozen=True, slots=True)
class SetExpansion:
    """Set the hidden width of blocks as a multiple of what enters them (inverted residual: 6)."""

    name: ClassVar[str]
    at: str
    to: float
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Expansion ×3 everywhere"."""
        change = tr("Expansion ×{factor:g} {place}", factor=self.to, place=location_in_title(self.at))
        return title_with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the hidden widths that many times what enters. Raises EditError where no layer's
        channels stay inside its block."""
        return _set_hidden_width(architecture, self.at, self.to, "entering", self.keep)


@register_edit("set_bottleneck_ratio", formerly=("bottleneck_ratio",), former_classes=("BottleneckRatio",))
@dataclass(frozen=True, slots=True)
class SetBottleneckRatio:
    """Set the hidden width of blocks as a part of what leaves them (ResNet's bottleneck: 1/4)."""

    name: ClassVar[str]
    at: str
    to: float
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Bottleneck ratio 0.5 everywhere"."""
        change = tr("Bottleneck ratio {ratio:g} {place}", ratio=self.to, place=location_in_title(self.at))
        return title_with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the hidden widths that part of what leaves. Raises EditError where no layer's
        channels stay inside its block."""
        return _set_hidden_width(architecture, self.at, self.to, "leaving", self.keep)


@register_edit("multiply_expansion")
@dataclass(frozen=True, slots=True)
class MultiplyExpansion:
    """Multiply the hidden width of every block: of an inverted residual its expansion, of a bottleneck its ratio."""

    name: ClassVar[str]
    at: str
    by: float
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Hidden widths ×0.5 everywhere"."""
        change = tr("Hidden widths ×{factor:g} {place}", factor=self.by, place=location_in_title(self.at))
        return title_with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with these hidden widths. Raises EditError where no block has one."""
        check_number(self.by, 0.01, 64, tr("an expansion"))
        check_one_of(self.keep, KEPT_CHANNELS, tr("choice of channels"))
        channel_groups = find_channel_groups(architecture)
        blocks = list(blocks_with_hidden_width(architecture, self.at))
        if not blocks:
            raise EditError(
                tr(
                    "there is no hidden width {place}: no layer has channels that are used only inside its block",
                    place=location_in_error(self.at),
                )
            )
        targets: dict[int, WidthTarget] = {}
        for block in blocks:
            for row in block.hidden_rows:
                width = round_hidden_width(channel_groups, row, channel_groups.size(row) * self.by)
                targets |= solve_hidden_width(channel_groups, row, width, block)
        return propagate(architecture, targets, channel_groups=channel_groups, keep=self.keep)


@register_edit("set_growth_rate", formerly=("growth_rate",), former_classes=("GrowthRate",))
@dataclass(frozen=True, slots=True)
class SetGrowthRate:
    """Set how many channels each layer of a dense block adds. Bottlenecks inside keep their ratio to it, and
    transitions keep their compression."""

    name: ClassVar[str]
    at: str
    to: int
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Growth rate 24 everywhere"."""
        change = tr("Growth rate {rate} {place}", rate=self.to, place=location_in_title(self.at))
        return title_with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with that many channels from every dense layer of the place. Raises EditError where there
        is no dense layer."""
        check_integer(self.to, 1, MAX_WIDTH, tr("a growth rate"))
        check_one_of(self.keep, KEPT_CHANNELS, tr("choice of channels"))
        layers = dense_layers(architecture, self.at)
        if not layers:
            raise EditError(
                tr(
                    "there is no dense layer {place}: no block whose output is concatenated with its input",
                    place=location_in_error(self.at),
                )
            )
        channel_groups = find_channel_groups(architecture)
        targets: dict[int, WidthTarget] = {}
        for layer in layers:
            row = channel_groups.rows[layer.exits[-1]]
            old = channel_groups.size(row)
            targets |= solve_hidden_width(channel_groups, row, self.to, layer)
            for name in layer.hidden_layers:
                hidden = channel_groups.producers[name]
                targets |= solve_hidden_width(
                    channel_groups, hidden, round(channel_groups.size(hidden) * self.to / old), layer
                )
        targets |= transition_targets(architecture, excluded={layer.id for layer in layers})
        return propagate(architecture, targets, channel_groups=channel_groups, keep=self.keep)


def hidden_width_ratio(target: Subgraph, relative_to: str) -> float | None:
    """The hidden width of a block as a multiple of what enters, or a part of what leaves it; None when it has none."""
    channel_groups = find_channel_groups(target.architecture)
    inner = _inner_rows(target)
    ends = target.entries[:1] if relative_to == "entering" else target.exits[-1:]
    if not inner or not ends or ends[0] not in channel_groups.rows:
        return None
    return channel_groups.size(inner[0]) / channel_groups.size(channel_groups.rows[ends[0]])


def _inner_rows(block: Subgraph) -> list[Row]:
    """What is set where a block is asked for: its hidden width, or that of the first of ways side by side, with which
    the others keep their proportion."""
    producers = find_channel_groups(block.architecture).producers
    return block.hidden_rows or [producers[name] for name in block.hidden_layers]


def blocks_with_hidden_width(architecture: Architecture, at: str) -> Iterator[Subgraph]:
    """The blocks of a place whose hidden width is one: not ways side by side (Inception)."""
    for block in blocks_at(architecture, at):
        if block.hidden_rows:
            yield block


def dense_layers(architecture: Architecture, at: str) -> list[Subgraph]:
    """The blocks whose output is concatenated with their input."""
    return [block for block in blocks_at(architecture, at) if block.is_dense_layer]


def transition_targets(architecture: Architecture, excluded: Collection[str] = ()) -> dict[int, WidthTarget]:
    """The widths of the transitions between dense blocks: the same part of what they read, whatever that will be.

    By segment of `find_channel_groups`; empty where there are no dense blocks. `excluded` are ids of blocks.
    """
    if not dense_layers(architecture, EVERYWHERE):
        return {}
    channel_groups, targets = find_channel_groups(architecture), dict[int, WidthTarget]()
    for block in blocks_at(architecture, EVERYWHERE):
        if block.id in excluded or len(block.entries) != 1 or not _is_dense_transition(block):
            continue
        before = channel_groups.size(channel_groups.rows[block.entry])
        for name in block.nodes:
            if name in channel_groups.producers:
                ratio = Fraction(channel_groups.size(channel_groups.producers[name]), before)
                targets |= dict.fromkeys(channel_groups.linear_form(channel_groups.producers[name]), ratio)
    return targets


def _set_hidden_width(architecture: Architecture, at: str, ratio: float, relative_to: str, keep: str) -> Architecture:
    check_number(ratio, 0.001, 64, tr("an expansion") if relative_to == "entering" else tr("a bottleneck ratio"))
    check_one_of(keep, KEPT_CHANNELS, tr("choice of channels"))
    channel_groups = find_channel_groups(architecture)
    targets: dict[int, WidthTarget] = {}
    for block in blocks_at(architecture, at):
        present = hidden_width_ratio(block, relative_to)
        if present is None:
            continue
        ends = block.entries[:1] if relative_to == "entering" else block.exits[-1:]
        width = ratio * channel_groups.size(channel_groups.rows[ends[0]])
        rows = _inner_rows(block)
        first = channel_groups.size(rows[0])
        for row in rows:
            wanted = round_hidden_width(channel_groups, row, width * channel_groups.size(row) / first)
            targets |= solve_hidden_width(channel_groups, row, wanted, block)
    if not targets:
        raise EditError(
            tr(
                "there is no hidden width {place}: no layer has channels that are used only inside its block",
                place=location_in_error(at),
            )
        )
    return propagate(architecture, targets, channel_groups=channel_groups, keep=keep)


def round_hidden_width(channel_groups: ChannelGroups, row: Row, width: float) -> int:
    """Return a width near `width` that the groups of a row divide."""
    steps = [channel_groups.segments[n].multiple for n in channel_groups.resolve(row)]
    counts = channel_groups.linear_form(row)
    if len(counts) == 1:  # a join of what was made of one layer is so many times its width
        ((segment, count),) = counts.items()
        steps = [math.ceil(channel_groups.segments[segment].multiple * count)]
    return make_divisible(width, math.lcm(*steps))


def solve_hidden_width(channel_groups: ChannelGroups, row: Row, width: int, target: Subgraph) -> dict[int, int]:
    """Return the sizes, by segment, that give a row inside of a block a width. Raises EditError."""
    try:
        return channel_groups.solve_width(row, max(width, 1), {channel_groups.order[name] for name in target.nodes})
    except WidthError as failure:
        raise EditError(with_label(target.id, failure), node=target.id) from failure


def _is_dense_transition(block: Subgraph) -> bool:
    kinds = [op_kinds.kind(node) for node in block.layers]
    return kinds.count("conv") == 1 and "pool" in kinds
