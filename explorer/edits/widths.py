"""Edits of what leaves layers, blocks and stages: a width, or a multiple of all (those inside blocks: `hidden_widths`).

Each names the layers that should change; `propagate` makes all others follow. Where a layer gets narrower, `keep` says
which channels stay: see `kept_channels`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from explorer.base.languages import join_list, tr, tr_n, with_label
from explorer.base.memo import memoise
from explorer.edits.channel_groups import ChannelGroups, Row, WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, EditError, Repair, location_in_title, nodes_at
from explorer.edits.kept_channels import KEPT_CHANNELS, title_with_kept_channels
from explorer.edits.propagation import WidthTarget, make_divisible, propagate
from explorer.edits.registry import register_edit
from explorer.edits.shufflenet_widths import shufflenet_targets
from explorer.edits.subgraph import Subgraph, blocks_at, get_subgraph, subgraphs_at
from explorer.edits.validation import check_integer, check_number, check_one_of
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
        return title_with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with that many channels leaving the place. Raises EditError where the width is fixed or
        groups do not divide it; its repairs are the nearest widths that can be."""
        targets = self.compute_targets(architecture)
        if not targets:
            return architecture
        return propagate(architecture, targets, channel_groups=find_channel_groups(architecture), keep=self.keep)

    def compute_targets(self, architecture: Architecture) -> dict[int, WidthTarget]:
        """The new sizes, by segment of `find_channel_groups`. Raises EditError for widths that cannot be."""
        check_integer(self.to, 1, MAX_WIDTH, tr("a width"))
        check_one_of(self.keep, KEPT_CHANNELS, tr("choice of channels"))
        channel_groups, places = find_channel_groups(architecture), list(subgraphs_at(architecture, self.at))
        rows: dict[str, Row] = {}
        for place in places:
            row = next(
                (channel_groups.rows[name] for name in reversed(place.exits) if name in channel_groups.rows), None
            )
            if row is None:
                raise EditError(tr("{name} has no output channels of its own", name=place.label), node=place.id)
            rows[place.label] = row
        try:
            targets = self._solve_each(channel_groups, places, rows)
        except EditError:
            together = self._solve_together(channel_groups, places, rows) if len(places) > 1 else None
            if together is None:
                raise
            targets = together
        return dict(targets)

    def _solve_each(
        self, channel_groups: ChannelGroups, places: Sequence[Subgraph], rows: Mapping[str, Row]
    ) -> dict[int, int]:
        """The sizes that give each place the width by what it makes itself."""
        targets: dict[int, int] = {}
        for place in places:
            row = rows[place.label]
            if channel_groups.size(row) == self.to:
                continue
            inside = {channel_groups.order[name] for name in place.nodes}
            try:
                targets |= channel_groups.solve_width(row, self.to, inside)
            except WidthError as failure:
                near = [
                    Repair(tr_n("{n} channel", "{n} channels", width), replace(self, to=width))
                    for width in failure.nearest
                ]
                raise EditError(with_label(place.id, failure), node=place.exits[-1], repairs=near) from failure
        if len(rows) > 1:
            self._check_agreement(channel_groups, rows, targets)
        return targets

    def _solve_together(
        self, channel_groups: ChannelGroups, places: Sequence[Subgraph], rows: Mapping[str, Row]
    ) -> dict[int, int] | None:
        """The sizes that give the last place the width by what all of them make, where all have it then: units that
        pass half of what comes to the next one (ShuffleNet v2) have one width together only. None where they do not."""
        inside = {channel_groups.order[name] for place in places for name in place.nodes}
        try:
            targets = channel_groups.solve_width(rows[places[-1].label], self.to, inside)
            self._check_agreement(channel_groups, rows, targets)
        except (WidthError, EditError):
            return None
        return targets

    def _check_agreement(
        self, channel_groups: ChannelGroups, rows: Mapping[str, Row], targets: Mapping[int, int]
    ) -> None:
        """Have several places this width together? One may hold the other, or feed it."""
        for words, row in rows.items():
            if channel_groups.size_with(row, targets) != self.to or not channel_groups.is_divisible(targets):
                others = join_list(other for other in rows if other != words)
                raise EditError(
                    tr(
                        "{name} cannot have {count} channels together with {others}",
                        name=words,
                        count=self.to,
                        others=others,
                    ),
                    node=words,
                )


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
        return title_with_kept_channels(change, self.keep)

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
