"""The numbers of a layer as opened, put where its channels are after edits.

A row of a weight goes with the channel that it makes, a column with the channel that it reads, as `Node.channel_map`
says; biases and the statistics of norms likewise. In a grouped convolution a row keeps the columns of those channels
that are in its group now and were before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.graph.channel_map import NEW, ChannelIndex, ChannelRanking, Importance
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.ops import Constant


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
    if node.channel_map is not None and _is_grouped(node.layer) and name == "weight":
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
    if channels is None or not shape:
        return {}
    inputs = None if channels.inputs is None else channels.inputs.index(importance)
    outputs = None if channels.outputs is None else channels.outputs.index(importance)
    found: dict[int, ChannelIndex | None] = {0: inputs}  # a norm
    if isinstance(node.op, Constant):
        fits = [dim for dim, size in enumerate(shape) if inputs is not None and size == len(inputs)]
        found = {fits[-1]: inputs} if fits else {}
    elif isinstance(layer, _ConvNd) and is_depthwise(layer):
        found = {0: _repeat(inputs, layer.out_channels // layer.in_channels)}
    elif isinstance(layer, (_ConvNd, nn.Linear)):
        found = {0: outputs, 1: inputs} if name == "weight" else {0: outputs}
    return {dim: index for dim, index in found.items() if index is not None}


def _repeat(channels: ChannelIndex | None, filters: int) -> ChannelIndex | None:
    """The rows of a depthwise convolution, which has so many filters for each channel, from its channels."""
    if channels is None or filters == 1:
        return channels
    rows = channels.indices[:, None] * filters + torch.arange(filters)
    return ChannelIndex(torch.where(channels.indices[:, None] == NEW, NEW, rows).reshape(-1))


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


def _transfer_grouped(node: Node, target: torch.Tensor, source: torch.Tensor, importance: Importance) -> torch.Tensor:
    """As `transfer_weights`, for a convolution whose groups each have columns for their own channels only."""
    layer, channels = node.layer, node.channel_map
    assert isinstance(layer, _ConvNd)
    assert channels is not None
    rows = torch.arange(len(target)) if channels.outputs is None else channels.outputs.indices(importance)
    columns = torch.arange(layer.in_channels) if channels.inputs is None else channels.inputs.indices(importance)
    result = target.clone()
    per_group, was_per_group = len(rows) // layer.groups, len(source) // layer.groups
    for group, inside in enumerate(columns.reshape(layer.groups, -1)):
        for row in range(group * per_group, (group + 1) * per_group):
            if rows[row] == NEW:
                continue
            local = inside - rows[row] // was_per_group * source.shape[1]
            known = (inside != NEW) & (local >= 0) & (local < source.shape[1])
            result[row, known] = source[rows[row], local[known]]
    return result


def measure_importance(ranking: ChannelRanking, tensors: Callable[[Node], Mapping[str, torch.Tensor]]) -> torch.Tensor:
    """Return the importance of each channel, summed over the coupled layers: the L1 norm of the filters that make it,
    or where the layers are batch norms, the size of its scale.

    Sources: Li et al., "Pruning filters for efficient ConvNets", 2017, §3.1; Liu et al., "Learning efficient
    convolutional networks through network slimming", 2017, §3.
    """
    weights = [tensors(layer)["weight"].abs() for layer in ranking.layers]
    return torch.stack([weight.reshape(len(weight), -1).sum(1) for weight in weights]).sum(0)
