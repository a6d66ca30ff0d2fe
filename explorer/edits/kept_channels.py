"""Which channels stay where a layer gets narrower, and the edit that chooses them afterwards.

The "first" of each group; those whose filters have the largest "l1" norm (Li et al., "Pruning filters for efficient
ConvNets", 2017); or those with the largest scale in the batch norm behind the layer, "norm_scale" (Liu et al.,
"Learning efficient convolutional networks through network slimming", 2017). Which channels these are is found when
weights are carried over; channels of layers that are added to each other are one, and as important as all of them
together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from torch.nn.modules.batchnorm import _BatchNorm

from explorer.base.languages import tr, tr_noop
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.registry import register_edit
from explorer.edits.validation import check_one_of
from explorer.graph.architecture import Architecture
from explorer.graph.channel_map import ChannelMap
from explorer.graph.node import Node
from explorer.graph.recognition.squeeze_excitation import find_gates

#: The channels that can stay when a width is cut, and how a sentence says them.
KEPT_CHANNELS: dict[str, str] = {
    "first": tr_noop("the first ones"),
    "l1": tr_noop("those with the largest L1 norm"),
    "norm_scale": tr_noop("those with the largest batch-norm scale"),
}


def title_with_kept_channels(change: str, keep: str) -> str:
    """Return the title of an edit of widths, with which channels stay."""
    if keep == "first":
        return change
    return tr("{change}, keeping {channels}", change=change, channels=tr(KEPT_CHANNELS.get(keep, keep)))


@register_edit("keep_channels")
@dataclass(frozen=True, slots=True)
class KeepChannels:
    """Choose which channels stay in layers that were made narrower, and in those coupled with them."""

    name: ClassVar[str]
    at: str
    keep: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Kept channels in layer1: those with the largest L1 norm"."""
        kept = tr(KEPT_CHANNELS.get(self.keep, self.keep))
        return tr("Kept channels {place}: {kept}", place=location_in_title(self.at), kept=kept)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with that choice at every layer of the place that is narrower than it was opened. Raises
        EditError where there is none, or where channels have no such measure."""
        check_one_of(self.keep, KEPT_CHANNELS, tr("choice of channels"))
        found = cut_layers(architecture, nodes_at(architecture, self.at))
        if not found:
            raise EditError(
                tr("no layer {place} is narrower than when the network was opened", place=location_in_error(self.at))
            )
        changed = [node for node in found if find_keep(node) != self.keep]
        marked = [node.replace(**mark_kept(architecture, node, self.keep)) for node in changed]
        return architecture.with_replaced(marked) if marked else architecture


def cut_layers(architecture: Architecture, nodes: Iterable[Node]) -> list[Node]:
    """Return those of some layers that make fewer channels than when the network was opened, and all that are coupled
    with them."""
    cut = [node for node in nodes if _is_cut(node)]
    if not cut:
        return []
    groups = find_channel_groups(architecture)
    gates = {gate.layers[1] for gate in find_gates(architecture.live.values(), architecture)}  # these follow their map
    segments = {
        segment
        for node in cut
        if node.name in groups.producers
        for segment in groups.linear_form(groups.producers[node.name])
    }
    names = dict.fromkeys(name for segment in sorted(segments) for name in groups.producers_of(segment))
    return [architecture.nodes[name] for name in names if name not in gates and _is_cut(architecture.nodes[name])]


def find_keep(node: Node) -> str:
    """Return which channels stay in a layer that was made narrower: a key of `KEPT_CHANNELS`."""
    return node.channel_map.keep if node.channel_map is not None else "first"


def _is_cut(node: Node) -> bool:
    now, then = (_output_width(known) for known in (node, node.original))
    return now is not None and then is not None and now < then


def _output_width(node: Node | None) -> int | None:
    layer = node.layer if node is not None else None
    found = getattr(layer, "out_channels", None) or getattr(layer, "out_features", None)
    return int(found) if found is not None else None


def mark_kept(architecture: Architecture, node: Node, keep: str) -> dict[str, Any]:
    """Return what a node says of the channels that stay where its width was cut. Raises EditError where its channels
    have no such measure."""
    if node.added:  # its weights are new, whatever its width
        return {}
    if keep == "norm_scale" and find_batch_norm(architecture, node.name) is None:
        raise EditError(
            tr("{name} is not followed by a batch norm with scales: keep='l1' goes by its filters", name=node.name),
            node=node.name,
        )
    return {"channel_map": ChannelMap(keep=keep)}


def find_batch_norm(architecture: Architecture, name: str) -> Node | None:
    """Return the batch norm with a scale for each channel that read a layer when the network was opened; None where
    there was none."""
    opened = architecture.opened
    readers = (opened.nodes[reader] for reader in opened.users.get(name, ()))
    return next((r for r in readers if isinstance(r.layer, _BatchNorm) and r.layer.affine), None)
