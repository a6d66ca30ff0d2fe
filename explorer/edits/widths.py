"""Edits of width. Each names the layers that should change; `propagate` makes all others follow. Where a layer gets
narrower, `keep` says which channels stay: see `kept_channels`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from explorer.base.languages import tr, tr_n
from explorer.base.memo import memoise
from explorer.edits.channel_groups import ChannelGroups, WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, EditError, Repair, location_in_error, location_in_title, nodes_at
from explorer.edits.kept_channels import KEPT_CHANNELS
from explorer.edits.propagation import WidthTarget, make_divisible, propagate
from explorer.edits.registry import register_edit
from explorer.edits.shufflenet_widths import shufflenet_targets
from explorer.edits.subgraph import Subgraph, blocks_at, get_subgraph, subgraphs_at
from explorer.edits.validation import check_integer, check_number, check_one_of
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture

#: More channels than any network has, and few enough that no layer fills the memory.
MAX_WIDTH = 65_536


@register_edit("set_width", formerly=("width",), former_classes=("Width",))
@dataclass(frozen=True, slots=True)
class SetWidth:
    """Set how many channels leave a layer, a block or a stage. What is coupled with them follows."""

    name: ClassVar[str]
    at: str
    to: int
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "128 channels in layer2"."""
        change = tr_n("{n} channel {place}", "{n} channels {place}", self.to, place=location_in_title(self.at))
        return _with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with that many channels leaving the place. Raises EditError where the width is fixed or
        groups do not divide it; its repairs are the nearest widths that can be."""
        check_integer(self.to, 1, MAX_WIDTH, tr("a width"))
        check_one_of(self.keep, KEPT_CHANNELS, tr("choice of channels"))
        targets = self.compute_targets(architecture)
        if not targets:
            return architecture
        return propagate(architecture, targets, channel_groups=find_channel_groups(architecture), keep=self.keep)

    def compute_targets(self, architecture: Architecture) -> dict[int, WidthTarget]:
        """The new sizes, by segment of `find_channel_groups`. Raises EditError for widths that cannot be."""
        channel_groups = find_channel_groups(architecture)
        targets: dict[int, int] = {}
        rows: dict[str, tuple[int, ...]] = {}
        for target in subgraphs_at(architecture, self.at):
            row = next(
                (channel_groups.rows[name] for name in reversed(target.exits) if name in channel_groups.rows), None
            )
            if row is None:
                raise EditError(tr("{name} has no output channels of its own", name=target.label), node=target.id)
            rows[target.label] = row
            if channel_groups.size(row) == self.to:
                continue
            inside = {channel_groups.order[name] for name in target.nodes}
            try:
                targets |= channel_groups.solve_width(row, self.to, inside)
            except WidthError as failure:
                near = [
                    Repair(tr_n("{n} channel", "{n} channels", width), replace(self, to=width))
                    for width in failure.nearest
                ]
                raise EditError(f"{target.id}: {failure}", node=target.exits[-1], repairs=near) from failure
        if len(rows) > 1:
            self._check_agreement(channel_groups, rows, targets)
        return dict(targets)

    def _check_agreement(
        self, channel_groups: ChannelGroups, rows: Mapping[str, tuple[int, ...]], targets: Mapping[int, int]
    ) -> None:
        """Have several places this width together? One may hold the other, or feed it."""
        for words, row in rows.items():
            counts = channel_groups.linear_form(row)
            total = sum(
                n * targets.get(segment, channel_groups.segments[segment].size) for segment, n in counts.items()
            )
            if total != self.to or not channel_groups.is_divisible(targets):
                others = ", ".join(other for other in rows if other != words)
                raise EditError(
                    tr(
                        "{name} cannot have {count} channels together with {others}",
                        name=words,
                        count=self.to,
                        others=others,
                    ),
                    node=words,
                )


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
        return _with_kept_channels(change, self.keep)

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
        return _with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the hidden widths that part of what leaves. Raises EditError where no layer's
        channels stay inside its block."""
        return _set_hidden_width(architecture, self.at, self.to, "leaving", self.keep)


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
        return _with_kept_channels(change, self.keep)

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
            targets |= _solve_width(channel_groups, row, self.to, layer)
            for name in layer.hidden_layers:
                hidden = channel_groups.producers[name]
                targets |= _solve_width(
                    channel_groups, hidden, round(channel_groups.size(hidden) * self.to / old), layer
                )
        targets |= transition_targets(architecture, excluded={layer.id for layer in layers})
        return propagate(architecture, targets, channel_groups=channel_groups, keep=self.keep)


#: Widths of MobileNets and EfficientNets are multiples of it.
_DIVISOR = 8


@register_edit("multiply_width", formerly=("width_multiplier",), former_classes=("WidthMultiplier",))
@dataclass(frozen=True, slots=True)
class MultiplyWidth:
    """Multiply the width of a stage or of the whole network, rounded to a multiple of `divisor`.

    Hidden widths keep their ratio to what enters their block. As in MobileNetV2, layers behind the last block are only
    ever widened; the classes and the image stay as they are. A whole ShuffleNet gets the widths of its paper (see
    `shufflenet_widths`), unless another divisor is asked for.
    """

    name: ClassVar[str]
    at: str
    by: float
    divisor: int = _DIVISOR
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Width ×0.5 everywhere"."""
        change = tr("Width ×{factor:g} {place}", factor=self.by, place=location_in_title(self.at))
        return _with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the widths of the place multiplied. Raises EditError where a group cannot follow."""
        check_number(self.by, 0.01, 16, tr("a width multiplier"))
        check_integer(self.divisor, 1, 256, tr("the divisor of widths"))
        check_one_of(self.keep, KEPT_CHANNELS, tr("choice of channels"))
        targets, channel_groups = self.compute_targets(architecture), find_channel_groups(architecture)
        return propagate(architecture, targets, channel_groups=channel_groups, divisor=self.divisor, keep=self.keep)

    def compute_targets(self, architecture: Architecture) -> dict[int, WidthTarget]:
        """The sizes to be, by segment of `find_channel_groups`: about so many, or such a part of what enters."""
        published = self._published_widths(architecture)
        if published is not None:
            return dict(published)
        wider = max(self.by, 1.0)
        return {
            segment: size if isinstance(size, Fraction) else size * (wider if in_head else self.by)
            for segment, size, in_head in _scalable_segments(architecture, self.at)
        }

    def _published_widths(self, architecture: Architecture) -> dict[int, int] | None:
        if self.at != EVERYWHERE or self.divisor != _DIVISOR or self.by == 1:
            return None
        by = self.by
        return memoise(architecture, ("shufflenet", by), lambda: shufflenet_targets(architecture, by))

    def has_effect(self, architecture: Architecture) -> bool:
        """Does any width of the place round to another than it has?"""
        segments = find_channel_groups(architecture).segments
        published = self._published_widths(architecture)
        if published is not None:
            return any(segments[segment].size != width for segment, width in published.items())
        return any(
            make_divisible(wish, math.lcm(self.divisor, segments[segment].multiple)) != segments[segment].size
            for segment, wish in self.compute_targets(architecture).items()
            if isinstance(wish, float)
        )


def _with_kept_channels(change: str, keep: str) -> str:
    """The title of an edit of widths, with which channels stay."""
    if keep == "first":
        return change
    return tr("{change}, keeping {channels}", change=change, channels=tr(KEPT_CHANNELS.get(keep, keep)))


_ScalableSegment = tuple[int, int | Fraction, bool]


def _scalable_segments(architecture: Architecture, at: str) -> list[_ScalableSegment]:
    """The segments that a multiplier changes, whatever its number: (segment, its size, is it behind the last block), or
    for a hidden width (segment, its part of what enters, …). Memoised by place: every step of a slider asks."""
    return memoise(architecture, ("scaled", at), lambda: list(_find_scalable_segments(architecture, at)))


def _find_scalable_segments(architecture: Architecture, at: str) -> Iterator[_ScalableSegment]:
    channel_groups = find_channel_groups(architecture)
    blocks = blocks_at(architecture, at)
    hidden = {name for block in blocks for name in (*block.hidden_layers, *block.squeeze_layers)}
    head = set(get_subgraph(architecture, "@head").nodes) if _has_head(architecture) else set[str]()
    classes = _output_layers(architecture, channel_groups)
    done: set[int] = set()
    for node in nodes_at(architecture, at):
        if node.name not in channel_groups.producers or node.name in classes:
            continue
        for segment in channel_groups.resolve(channel_groups.producers[node.name]):
            known = channel_groups.segments[segment]
            if segment in done or known.lock_reason or known.derived:
                continue
            done.add(segment)
            inside = node.name in hidden
            entering = channel_groups.size(channel_groups.rows[node.inputs[0]]) if inside else 1
            yield segment, Fraction(known.size, entering) if inside else known.size, node.name in head


def hidden_width_ratio(target: Subgraph, relative_to: str) -> float | None:
    """The hidden width of a block as a multiple of what enters, or a part of what leaves it; None when it has none."""
    channel_groups = find_channel_groups(target.architecture)
    inner = target.hidden_layers
    ends = target.entries[:1] if relative_to == "entering" else target.exits[-1:]
    if not inner or not ends or ends[0] not in channel_groups.rows:
        return None
    return channel_groups.size(channel_groups.producers[inner[0]]) / channel_groups.size(channel_groups.rows[ends[0]])


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
        first = channel_groups.size(channel_groups.producers[block.hidden_layers[0]])
        for name in block.hidden_layers:
            row = channel_groups.producers[name]
            step = math.lcm(*(channel_groups.segments[segment].multiple for segment in channel_groups.resolve(row)))
            targets |= _solve_width(
                channel_groups, row, make_divisible(width * channel_groups.size(row) / first, step), block
            )
    if not targets:
        raise EditError(
            tr(
                "there is no hidden width {place}: no layer has channels that are used only inside its block",
                place=location_in_error(at),
            )
        )
    return propagate(architecture, targets, channel_groups=channel_groups, keep=keep)


def _solve_width(channel_groups: ChannelGroups, row: tuple[int, ...], width: int, target: Subgraph) -> dict[int, int]:
    try:
        return channel_groups.solve_width(row, max(width, 1), {channel_groups.order[name] for name in target.nodes})
    except WidthError as failure:
        raise EditError(f"{target.id}: {failure}", node=target.id) from failure


def _is_dense_transition(block: Subgraph) -> bool:
    kinds = [op_kinds.kind(node) for node in block.layers]
    return kinds.count("conv") == 1 and "pool" in kinds


def _has_head(architecture: Architecture) -> bool:
    from explorer.analysis.analysis import analyse

    return "@head" in analyse(architecture).hierarchy.groups


def _output_layers(architecture: Architecture, channel_groups: ChannelGroups) -> set[str]:
    """The layers that make what the network returns."""
    returned = {
        segment
        for name in architecture.output.inputs
        if name in channel_groups.rows
        for segment in channel_groups.linear_form(channel_groups.rows[name])
    }
    return {
        name
        for name, row in channel_groups.producers.items()
        if not returned.isdisjoint(channel_groups.linear_form(row))
    }
