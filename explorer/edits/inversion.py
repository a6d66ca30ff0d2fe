"""Bottlenecks turned into inverted residuals, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from explorer.base.languages import tr, with_label
from explorer.edits.channel_groups import WidthError
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, location_in_error, location_in_title
from explorer.edits.propagation import WidthTarget, propagate
from explorer.edits.registry import register_edit
from explorer.edits.subgraph import Subgraph, blocks_at
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.ops import Bypass


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
                raise EditError(with_label(block.id, failure), node=block.id) from failure
        if not wanted:
            raise EditError(
                tr(
                    "no block {place} has a hidden width that differs from the width of its ends",
                    place=location_in_error(self.at),
                )
            )
        return propagate(architecture, wanted, channel_groups=channel_groups)


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
