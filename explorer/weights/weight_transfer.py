"""The numbers of a layer as opened, put where its channels are after edits.

A row of a weight goes with the channel that it makes, a column with the channel that it reads, as `Node.channel_map`
says; biases and the statistics of norms likewise. In a grouped convolution a row keeps the columns of those channels
that are in its group now and were before, also where the number of groups is another one: seen as a matrix that is zero
outside of blocks on its diagonal, what lies in a block both now and then is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.graph.channel_map import NEW, ChannelIndex, ChannelRanking, Importance
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Layer


def transfer_weights(
    node: Node,
    name: str,
    shape: Sequence[int],
    source: torch.Tensor,
    importance: Importance,
    *,
    draw_new: Callable[[], torch.Tensor],
    scale: float = 1.0,
) -> torch.Tensor:
    """Return a tensor with the numbers of the layer as opened wherever a channel is one that it had.

    Args:
        node: the edited layer or constant.
        name: of the tensor in it: "weight", "running_mean"; "" for a constant.
        shape: of the tensor at present.
        source: the numbers of `node.original`.
        importance: of the channels of layers that were cut by it: see `ChannelRanking`.
        draw_new: gives numbers of the present shape for channels that the layer did not have; called only where there
            are such. What it returns is not changed.
        scale: a factor of the source's numbers.
    """
    if len(shape) != source.dim():  # a 1×1 convolution that was a linear layer, or the other way
        source = source.reshape(*strip_unit_kernel(source.shape), *shape[2:])
    if name == "weight" and (is_regrouped(node) or (node.channel_map is not None and _is_grouped(node.layer))):
        return _transfer_grouped(node, draw_new(), source * scale, importance)
    indices = _channel_indices(node, name, shape, importance)
    if not indices and tuple(shape) == tuple(source.shape):
        return source if scale == 1 else source * scale
    return _copy_channels(shape, source, indices, draw_new, scale)


def strip_unit_kernel(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without the window of 1×1: such a convolution holds the numbers of a linear layer, and the other way."""
    return tuple(shape[:2] if tuple(shape[2:]) == (1, 1) else shape)


def _channel_indices(node: Node, name: str, shape: Sequence[int], importance: Importance) -> dict[int, ChannelIndex]:
    """Where the channels come from along the dimensions of a tensor where they are not those it had."""
    channels, layer = node.channel_map, node.layer
    if isinstance(layer, _ConvNd) and is_depthwise(layer):
        made = _depthwise_rows(node, importance)
        return {0: made} if made is not None and shape and made.size == shape[0] else {}
    if channels is None or not shape:
        return {}
    inputs = None if channels.inputs is None else channels.inputs.index(importance)
    outputs = None if channels.outputs is None else channels.outputs.index(importance)
    found: dict[int, ChannelIndex | None] = {0: inputs}  # a norm
    if isinstance(node.op, Constant):
        fits = [dim for dim, size in enumerate(shape) if inputs is not None and size == inputs.size]
        found = {fits[-1]: inputs} if fits else {}
    elif isinstance(layer, (_ConvNd, nn.Linear)):
        rows, columns = (1, 0) if isinstance(layer, _ConvNd) and layer.transposed else (0, 1)
        found = {rows: outputs, columns: inputs} if name == "weight" else {0: outputs}
    return {dim: index for dim, index in found.items() if index is not None and index.size == shape[dim]}


def _depthwise_rows(node: Node, importance: Importance) -> ChannelIndex | None:
    """The rows of a depthwise convolution, which has some filters for each channel, from its channels; None where they
    are those it had. Of a channel that has more filters now, the first are those it had."""
    layer, then, channels = node.layer, node.original.layer if node.original is not None else None, node.channel_map
    assert isinstance(layer, _ConvNd)
    filters = former = layer.out_channels // layer.in_channels
    if isinstance(then, _ConvNd) and is_depthwise(then):
        former = then.out_channels // then.in_channels
    inputs = channels.inputs.index(importance) if channels is not None and channels.inputs is not None else None
    if filters == former == 1 or (filters == former and inputs is None):
        return inputs
    read = torch.arange(layer.in_channels) if inputs is None else inputs.indices
    each = torch.arange(filters)
    rows = torch.where((read[:, None] == NEW) | (each >= former), NEW, read[:, None] * former + each)
    return ChannelIndex(rows.reshape(-1))


def _copy_channels(
    shape: Sequence[int],
    source: torch.Tensor,
    indices: Mapping[int, ChannelIndex],
    draw_new: Callable[[], torch.Tensor],
    scale: float,
) -> torch.Tensor:
    """Copy by channel along some dimensions, and along the others what overlaps, from the first on."""
    for dim, size in enumerate(shape):
        if (index := indices.get(dim)) is not None:
            source = index.select(source, dim)
        elif size < source.shape[dim]:
            source = source.narrow(dim, 0, size)
    is_whole = source.shape == tuple(shape)
    if scale != 1:
        source = (source * scale).contiguous()
    if is_whole and source.dim() == 1:
        return source  # a view of a few numbers: a copy would take as long as all the rest
    if is_whole:
        return source.clone(memory_format=torch.contiguous_format) if scale == 1 else source
    places = [
        torch.arange(length) if (index := indices.get(dim)) is None or index.places is None else index.places
        for dim, length in enumerate(source.shape)
    ]
    return _write(draw_new().clone(), source, places, 0)


def _write(target: torch.Tensor, values: torch.Tensor, present: Sequence[torch.Tensor], dim: int) -> torch.Tensor:
    """Put values at the crossings of some indices along every dimension, from `dim` on."""
    if dim == target.dim():
        return values
    if len(present[dim]) == target.shape[dim]:  # all of them, in order
        return _write(target, values, present, dim + 1)
    inner = _write(target.index_select(dim, present[dim]), values, present, dim + 1)
    return target.index_copy(dim, present[dim], inner)


def _is_grouped(layer: nn.Module | None) -> bool:
    return isinstance(layer, _ConvNd) and layer.groups > 1 and not layer.transposed and not is_depthwise(layer)


def is_regrouped(node: Node) -> bool:
    """Return whether a convolution had another number of groups when it was opened. One that was and is depthwise has
    as many as channels: those follow their channels alone."""
    now, then = node.layer, node.original.layer if node.original is not None else None
    if not isinstance(now, _ConvNd) or not isinstance(then, _ConvNd) or now.groups == then.groups:
        return False
    both_depthwise = is_depthwise(now) and is_depthwise(then)
    return not both_depthwise or now.out_channels * then.groups != then.out_channels * now.groups


def count_connections(node: Node) -> tuple[int, int, int]:
    """Return how many pairs of a channel that is read and one that is made a convolution connects: those that it did
    when it was opened too, all at opening, and all at present."""
    now, then = node.layer, node.original.layer if node.original is not None else None
    assert isinstance(now, _ConvNd)
    assert isinstance(then, _ConvNd)
    rows, columns = _original_channels(node, _first_ones)
    pairs = now.groups * then.groups
    made, read = (
        torch.bincount(_group_pairs(side, now.groups, size // then.groups, then.groups), minlength=pairs + 1)[:pairs]
        for side, size in ((rows, then.out_channels), (columns, then.in_channels))
    )
    everything = [layer.in_channels * layer.out_channels // layer.groups for layer in (then, now)]
    return int((made * read).sum()), everything[0], everything[1]


def _first_ones(ranking: ChannelRanking) -> torch.Tensor:
    """As if all channels were as important: how many are connected does not depend on which."""
    rows = next(iter(ranking.layers[0].op.tensor_shapes.values()))[0] if isinstance(ranking.layers[0].op, Layer) else 0
    return torch.zeros(rows)


def _group_pairs(original: torch.Tensor, groups: int, was_per_group: int, was_groups: int) -> torch.Tensor:
    """The group of each present channel, and that which it was in, as one number; the last for those that are new."""
    now = torch.arange(len(original)) // (len(original) // groups)
    return torch.where(original == NEW, groups * was_groups, now * was_groups + original // was_per_group)


def _original_channels(node: Node, importance: Importance) -> tuple[torch.Tensor, torch.Tensor]:
    """Of a convolution: the original index of each channel that it makes, and of each that it reads."""
    layer, channels = node.layer, node.channel_map
    assert isinstance(layer, _ConvNd)
    rows, columns = torch.arange(layer.out_channels), torch.arange(layer.in_channels)
    if channels is not None and channels.inputs is not None:
        columns = channels.inputs.indices(importance)
    if channels is not None and channels.outputs is not None:
        rows = channels.outputs.indices(importance)
    elif is_depthwise(layer) and (repeated := _depthwise_rows(node, importance)) is not None:
        rows = repeated.indices
    return rows, columns


def _transfer_grouped(node: Node, target: torch.Tensor, source: torch.Tensor, importance: Importance) -> torch.Tensor:
    """As `transfer_weights`, for a convolution whose groups each have columns for their own channels only."""
    layer, then = node.layer, node.original.layer if node.original is not None else None
    assert isinstance(layer, _ConvNd)
    rows, columns = _original_channels(node, importance)
    was_groups = then.groups if isinstance(then, _ConvNd) else layer.groups
    result = target.clone()
    per_group, was_per_group = len(rows) // layer.groups, len(source) // was_groups
    inside = columns.reshape(layer.groups, -1).repeat_interleave(per_group, dim=0)  # what each row reads
    local = inside - (rows // was_per_group * source.shape[1])[:, None]
    known = (rows != NEW)[:, None] & (inside != NEW) & (local >= 0) & (local < source.shape[1])
    row, column = known.nonzero(as_tuple=True)
    result[row, column] = source[rows[row], local[row, column]]
    return result


def measure_importance(ranking: ChannelRanking, tensors: Callable[[Node], Mapping[str, torch.Tensor]]) -> torch.Tensor:
    """Return the importance of each channel, summed over the coupled layers: the L1 norm of the filters that make it,
    or where the layers are batch norms, the size of its scale.

    Sources: Li et al., "Pruning filters for efficient ConvNets", 2017, §3.1; Liu et al., "Learning efficient
    convolutional networks through network slimming", 2017, §3.
    """
    weights = [tensors(layer)["weight"].abs() for layer in ranking.layers]
    weights = [
        weight.transpose(0, 1) if getattr(layer.layer, "transposed", False) else weight
        for weight, layer in zip(weights, ranking.layers, strict=True)
    ]
    return torch.stack([weight.reshape(len(weight), -1).sum(1) for weight in weights]).sum(0)
