"""The width of a row of the stage table: with it go the hidden widths that papers count as multiples of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from explorer.base.languages import tr_n
from explorer.edits.channel_groups import ChannelGroups
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, location_in_title
from explorer.edits.hidden_widths import blocks_with_hidden_width, round_hidden_width, solve_hidden_width
from explorer.edits.kept_channels import title_with_kept_channels
from explorer.edits.propagation import WidthTarget, propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import Subgraph
from explorer.edits.widths import SetWidth
from explorer.graph.architecture import Architecture


@register_edit("set_stage_width")
@dataclass(frozen=True, slots=True)
class SetStageWidth:
    """Set how many channels leave blocks, with expansions and bottleneck ratios as they are.

    In the tables of papers, "t c n s" of MobileNetV2 (2018, Table 2), a hidden width is a multiple t of the channels
    that enter an inverted residual; of a bottleneck it is a part of those that leave. Where c changes, so do the hidden
    widths that are counted in it, also of the block behind, and what squeezes between them.
    """

    name: ClassVar[str]
    at: str
    to: int
    keep: str = "first"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "48 channels in features.4, expansion kept"."""
        change = tr_n(
            "{n} channel {place}, expansion kept",
            "{n} channels {place}, expansion kept",
            self.to,
            place=location_in_title(self.at),
        )
        return title_with_kept_channels(change, self.keep)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with that many channels leaving the place. Raises EditError as `SetWidth` does."""
        sizes = SetWidth(self.at, self.to, self.keep).compute_targets(architecture)
        channel_groups = find_channel_groups(architecture)
        if not sizes:
            return architecture
        targets = sizes | self._hidden_targets(architecture, channel_groups, sizes)
        return propagate(architecture, targets, channel_groups=channel_groups, keep=self.keep)

    def has_hidden_widths(self, architecture: Architecture) -> bool:
        """Does any hidden width follow? Raises EditError as `apply` does."""
        sizes = SetWidth(self.at, self.to, self.keep).compute_targets(architecture)
        return bool(self._hidden_targets(architecture, find_channel_groups(architecture), sizes))

    def _hidden_targets(
        self, architecture: Architecture, channel_groups: ChannelGroups, sizes: dict[int, WidthTarget]
    ) -> dict[int, WidthTarget]:
        exact = {segment: size for segment, size in sizes.items() if isinstance(size, int)}
        found: dict[int, WidthTarget] = {}
        for block, end in _blocks_and_ends(architecture):
            row = channel_groups.rows.get(end)
            if row is None:
                continue
            ratio = channel_groups.size_with(row, exact) / channel_groups.size(row)
            for name in (*block.hidden_layers, *block.squeeze_layers) if ratio != 1 else ():
                hidden = channel_groups.producers[name]
                if exact.keys() & channel_groups.linear_form(hidden).keys():
                    continue  # it is the width itself: half of a unit that passes the other half on
                wanted = round_hidden_width(channel_groups, hidden, float(channel_groups.size(hidden) * ratio))
                found |= solve_hidden_width(channel_groups, hidden, wanted, block)
        return found


def _blocks_and_ends(architecture: Architecture) -> Iterator[tuple[Subgraph, str]]:
    """The blocks with a hidden width, and the node whose channels it is counted in."""
    for block in blocks_with_hidden_width(architecture, EVERYWHERE):
        ends = block.entries[:1] if block.is_inverted else block.exits[-1:]
        if ends and not block.is_dense_layer:
            yield block, ends[0]
