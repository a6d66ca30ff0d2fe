"""Provenance of weights: what a layer keeps of its weights after an edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.base.languages import join_clauses, join_list, tr, tr_noop
from explorer.base.memo import per_object
from explorer.graph.channel_map import ChannelSelection
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Layer
from explorer.weights.weight_transfer import count_connections, is_regrouped, strip_unit_kernel

#: kept: the very numbers it had; sliced: a part of them; extended: some, and new ones beside; new: none of them.
Provenance = Literal["kept", "sliced", "extended", "new"]

#: Says where the weights of a node come from; None for an op without any.
ProvenanceOf = Callable[["Node"], Provenance | None]

_PROVENANCE_TEXTS: dict[Provenance, str] = {
    "kept": tr_noop("kept"),
    "sliced": tr_noop("sliced: a part of what it had"),
    "extended": tr_noop("extended: what it had, and new ones beside"),
    "new": tr_noop("new"),
}

TensorShapes = Mapping[str, tuple[int, ...]]


@per_object
def infer_provenance(node: Node) -> Provenance | None:
    """Return how a layer's weights relate to those in the opened network; None for an op without weights."""
    if not tensor_shapes(node):
        return None
    if node.added:
        return "new"
    if node.original is None:
        return "kept"
    now, then = tensor_shapes(node), tensor_shapes(node.original)
    if not _is_same_layer_type(node, node.original):
        return "new"
    if is_regrouped(node):
        shared, _, connections = count_connections(node)
        return "new" if not shared else "extended" if shared < connections or now.keys() - then.keys() else "sliced"
    if node.channel_map is not None:
        return _infer_from_channels(node.channel_map.sides, has_new_tensors=not now.keys() <= then.keys())
    longer = any(
        name not in then or _is_larger_in_any_dim(strip_unit_kernel(size), strip_unit_kernel(then[name]))
        for name, size in now.items()
    )
    if longer:
        return "extended"
    return (
        "kept"
        if all(strip_unit_kernel(then[name]) == strip_unit_kernel(size) for name, size in now.items())
        else "sliced"
    )


def _infer_from_channels(sides: Sequence[ChannelSelection], has_new_tensors: bool) -> Provenance:
    if any(not side.kept_size for side in sides):
        return "new"
    grown = has_new_tensors or any(side.kept_size < side.size or side.size > side.original_size for side in sides)
    return "extended" if grown else "sliced"


def describe_provenance(node: Node, provenance: Provenance) -> str:
    """Say where a layer's weights come from, in channels where these are not all that it had.

    "sliced: kept 240 of 256 inputs", "extended: kept 128 of 128 inputs, 64 new".
    """
    if provenance in ("sliced", "extended") and is_regrouped(node):
        shared, before, connections = count_connections(node)
        text = tr("kept {kept:,} of {all:,} connections of channels in other groups", kept=shared, all=before)
        if connections > shared:
            text = tr("{kept}, {count:,} new", kept=text, count=connections - shared)
        return tr("{provenance}: {kept}", provenance=tr(_PROVENANCE_NAMES[provenance]), kept=text)
    if provenance not in ("sliced", "extended") or node.channel_map is None:
        return tr(_PROVENANCE_TEXTS[provenance])
    inputs, outputs = node.channel_map.inputs, node.channel_map.outputs
    makes_its_own = isinstance(node.layer, (_ConvNd, nn.Linear)) and not is_depthwise(node.layer)
    sides = [(inputs, _KEPT_INPUTS if makes_its_own else _KEPT_CHANNELS), (outputs, _KEPT_OUTPUTS)]
    text = join_clauses(_describe_side(side, template) for side, template in sides if side is not None)
    if node.channel_map.is_around_centre:
        text = tr("{kept}, around the centre of the map", kept=text)
    if provenance == "extended" and _infer_from_channels(node.channel_map.sides, has_new_tensors=False) == "sliced":
        text = tr("{kept}, and new tensors", kept=text)  # that it did not have, or that a file lacks
    return tr("{provenance}: {kept}", provenance=tr(_PROVENANCE_NAMES[provenance]), kept=text)


_KEPT_INPUTS = tr_noop("kept {kept:,} of {all:,} inputs")
_KEPT_OUTPUTS = tr_noop("kept {kept:,} of {all:,} outputs")
_KEPT_CHANNELS = tr_noop("kept {kept:,} of {all:,} channels")
_PROVENANCE_NAMES: dict[Provenance, str] = {
    "kept": tr_noop("kept"),
    "sliced": tr_noop("sliced"),
    "extended": tr_noop("extended"),
    "new": tr_noop("new"),
}


def _describe_side(side: ChannelSelection, text: str) -> str:
    new = side.size - side.kept_size
    kept = tr(text, kept=side.distinct_size, all=side.original_size)
    return tr("{kept}, {count:,} new", kept=kept, count=new) if new else kept


def summarise_provenance(nodes: Iterable[Node], provenance_of: ProvenanceOf = infer_provenance) -> str:
    """Return the provenance of several nodes as text, empty when all are kept: "2 kept, 1 new"."""
    known = [(node, kind) for node in nodes if (kind := provenance_of(node)) is not None]
    found = [kind for _, kind in known]
    if all(kind == "kept" for kind in found):
        return ""
    if len(known) == 1:
        return describe_provenance(*known[0])
    return join_list(
        f"{found.count(kind)} {tr(_PROVENANCE_NAMES[kind])}" for kind in _PROVENANCE_TEXTS if kind in found
    )


def like_tensors(node: Node) -> Mapping[str, torch.Tensor]:
    """Return meta tensors like the weights a node holds, by name; a constant's is called "". Numbers that belong to the
    code are no weights."""
    if isinstance(node.op, Constant):
        return {"": node.op.tensor} if node.op.value is None else {}
    return node.op.named_tensors if isinstance(node.op, Layer) else {}


def tensor_shapes(node: Node) -> TensorShapes:
    """Return the shapes of the weights a node holds, by name."""
    if isinstance(node.op, Layer):
        return node.op.tensor_shapes
    return {name: tuple(tensor.shape) for name, tensor in like_tensors(node).items()}


def _is_same_layer_type(node: Node, original: Node) -> bool:
    """Return whether two layers differ in width and groups only: not in class or window."""
    now, then = tensor_shapes(node), tensor_shapes(original)
    if not then or any(
        len(strip_unit_kernel(then[name])) != len(strip_unit_kernel(size)) for name, size in now.items() if name in then
    ):
        return False
    a, b = node.layer, original.layer
    if isinstance(node.op, Constant):
        return isinstance(original.op, Constant)
    if _is_pointwise(a) and _is_pointwise(b):
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, _ConvNd) and isinstance(b, _ConvNd):
        is_transposed = a.transposed or b.transposed  # whose rows are the channels that it reads
        depthwise = is_depthwise(a) and is_depthwise(b)
        return a.kernel_size == b.kernel_size and (depthwise or a.groups == b.groups or not is_transposed)
    return True


def _is_pointwise(layer: nn.Module | None) -> bool:
    """Return whether a layer has one weight per pair of channels: a linear layer, or a 1×1 convolution."""
    if isinstance(layer, nn.Conv2d):
        return layer.kernel_size == (1, 1) and layer.groups == 1
    return isinstance(layer, nn.Linear)


def _is_larger_in_any_dim(size: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return any(a > b for a, b in zip(size, other, strict=True))


def prefixed_modules(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield a layer and the modules inside it, each with its prefix of names."""
    return ((f"{path}." if path else "", part) for path, part in module.named_modules())
