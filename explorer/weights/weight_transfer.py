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

from explorer.graph.channel_map import NEW, ChannelRanking, Importance
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


def _channel_indices(node: Node, name: str, shape: Sequence[int], importance: Importance) -> dict[int, torch.Tensor]:
    """The original index of each channel along the dimensions of a tensor where the channels are not those it had."""
    channels, layer = node.channel_map, node.layer
    if channels is None or not shape:
        return {}
    inputs, outputs = (
        None if side is None else side.indices(importance) for side in (channels.inputs, channels.outputs)
    )
    found: dict[int, torch.Tensor | None] = {0: inputs}  # a norm
    if isinstance(node.op, Constant):
        fits = [dim for dim, size in enumerate(shape) if inputs is not None and size == len(inputs)]
        found = {fits[-1]: inputs} if fits else {}
    elif isinstance(layer, _ConvNd) and is_depthwise(layer):
        found = {0: None if inputs is None else _repeat(inputs, layer.out_channels // layer.in_channels)}
    elif isinstance(layer, (_ConvNd, nn.Linear)):
        found = {0: outputs, 1: inputs} if name == "weight" else {0: outputs}
    return {dim: index for dim, index in found.items() if index is not None}


def _repeat(indices: torch.Tensor, filters: int) -> torch.Tensor:
    """The rows of a depthwise convolution, which has so many filters for each channel, from its channels."""
    rows = indices[:, None] * filters + torch.arange(filters)
    return torch.where(indices[:, None] == NEW, NEW, rows).reshape(-1)


def _copy_channels(
    shape: Sequence[int],
    source: torch.Tensor,
    indices: Mapping[int, torch.Tensor],
    draw_new: Callable[[], torch.Tensor],
    scale: float,
) -> torch.Tensor:
    """Copy by channel along some dimensions, and along the others what overlaps, from the first on."""
    present: list[torch.Tensor | None] = []
    for dim, (size, original_size) in enumerate(zip(shape, source.shape, strict=True)):
        index = indices.get(dim)
        if index is None:
            present.append(None)
            source = source.narrow(dim, 0, min(size, original_size))
        else:
            present.append(torch.nonzero(index != NEW).flatten())
            source = _select(source, dim, index[present[-1]])
    source = source * scale if scale != 1 else source.clone(memory_format=torch.contiguous_format)
    if tuple(source.shape) == tuple(shape):
        return source.contiguous()
    places = [torch.arange(length) if at is None else at for at, length in zip(present, source.shape, strict=True)]
    return _write(draw_new().clone(), source, places, 0)


def _select(source: torch.Tensor, dim: int, index: torch.Tensor) -> torch.Tensor:
    """The entries of an index along a dimension; a view where they stand side by side."""
    if len(index) and torch.equal(index, torch.arange(int(index[0]), int(index[0]) + len(index))):
        return source.narrow(dim, int(index[0]), len(index))
    return source.index_select(dim, index)


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
