"""Windows: which places of its input map each op reads, along the height and along the width.

Unit i of an op reads the places i·s − p … i·s − p + (k − 1)·d of its input, with kernel k, stride s, padding p before
the map and dilation d (Araujo et al., "Computing receptive fields of convolutional neural networks", Distill 2019).
Receptive fields and the boxes of single units both follow from these, and from which inputs count
(`map_inputs.image_inputs`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch.nn.functional as F
from torch import nn

from explorer.analysis.figures.shape import Shape
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function, Method

_Number = int | Fraction


@dataclass(frozen=True, slots=True)
class AxisWindow:
    """The places that unit i reads along one axis: from i·stride − padding on, at most `reach` further."""

    reach: int
    stride: _Number = 1
    padding: _Number = 0
    #: Last minus first place before rounding, where places lie between those of the map (adaptive pools, transposed
    #: convolutions); None where it is the reach.
    span: Fraction | None = None
    outward: bool = False  # such places are rounded away from each other: parts of a cell are read
    #: Places of an attention window: a unit reads the window that it lies in, not one around it; the first ends where
    #: the padding says. 0 where the window slides.
    cell: int = 0

    def read(self, low: int, high: int, side: int) -> tuple[int, int]:
        """Return the first and last place, of a map with `side` places, that the units low … high read."""
        if self.cell:
            first, last = ((at + self.padding) // self.cell * self.cell - self.padding for at in (low, high))
            return max(int(first), 0), min(int(last) + self.cell, side) - 1
        first = low * self.stride - self.padding
        last = high * self.stride - self.padding + (self.reach if self.span is None else self.span)
        ends = (math.floor(first), math.ceil(last)) if self.outward else (math.ceil(first), math.floor(last))
        return min(max(ends[0], 0), side - 1), min(max(ends[1], 0), side - 1)


#: Height and width; None along an axis that is read as a whole.
MapWindow = tuple[AxisWindow | None, AxisWindow | None]

_ONE_PLACE = AxisWindow(0)
SAME_PLACE: MapWindow = (_ONE_PLACE, _ONE_PLACE)
WHOLE_MAP: MapWindow = (None, None)


def find_window(node: Node, before: Shape | None, after: Shape | None) -> MapWindow:
    """Return the window through which an op reads a map of shape `before` to make one of shape `after`."""
    if isinstance(node.op, Bypass):
        return SAME_PLACE
    kind, layer = op_kinds.kind(node), node.layer
    if kind == "attention":
        return (_attention_windows(node, before) if before is not None else None) or WHOLE_MAP
    if isinstance(layer, nn.Linear):  # over the last axis of a map (as in ConvNeXt) it looks at one place
        return SAME_PLACE if before is not None and len(before.dims) == 4 else WHOLE_MAP
    if isinstance(layer, nn.modules.conv._ConvNd):
        return _convolution(layer)
    if before is None or after is None or len(before.dims) != 4:
        return SAME_PLACE
    if len(after.dims) < 4:
        return WHOLE_MAP if kind in ("reshape", "pool") else SAME_PLACE
    if kind in _PLACEWISE or len(after.dims) != 4:
        return (_offset(node) if kind == "reshape" else None) or SAME_PLACE
    return _between_maps(node, kind, before.dims, after.dims)


#: Kinds of op that read each place for itself, whatever the sizes of their inputs.
_PLACEWISE = frozenset(
    {"reshape", "activation", "norm", "add", "multiply", "concat", "split", "shuffle", "dropout", "constant", "output"}
)


def map_axes(dims: tuple[int, ...]) -> tuple[int, int]:
    """Return which axes of a map of these four sizes are its height and width: the last two, or those before the
    channels."""
    return (1, 2) if dims[1] == dims[2] != dims[3] else (2, 3)


def height_and_width(dims: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of a map of these four sizes."""
    down, across = map_axes(dims)
    return dims[down], dims[across]


def _attention_windows(node: Node, before: Shape) -> MapWindow | None:
    """Attention inside windows that lie beside each other (Liu et al., "Swin Transformer", ICCV 2021); None if it is
    over the whole map."""
    if not isinstance(node.op, Function) or node.op.name != "shifted_window_attention" or len(before.dims) != 4:
        return None
    given = dict(zip(("window_size", "num_heads", "shift_size"), node.args[4:], strict=False)) | dict(node.kwargs)
    sides = zip(before.dims[1:3], as_pair(given["window_size"]), as_pair(given["shift_size"]), strict=True)
    down, across = (AxisWindow(cell - 1, 1, -shift, cell=cell) if cell < side else None for side, cell, shift in sides)
    return down, across


def _convolution(layer: Any) -> MapWindow:
    """Per axis; of a 1-D convolution along the width, of a 3-D one along the last two axes."""
    settings = zip(layer.kernel_size, layer.stride, _conv_padding(layer), layer.dilation, strict=True)
    axes = [_transposed(*one) if layer.transposed else _sliding(*one) for one in settings][-2:]
    return (axes[0], axes[1]) if len(axes) == 2 else (_ONE_PLACE, axes[0])


def _sliding(kernel: int, stride: int, padding: int, dilation: int) -> AxisWindow:
    return AxisWindow((kernel - 1) * dilation, stride, padding)


def _transposed(kernel: int, stride: int, padding: int, dilation: int) -> AxisWindow:
    """Place i of the input reaches i·s − p … i·s − p + (k − 1)·d of the output; read the other way round."""
    span = Fraction((kernel - 1) * dilation, stride)
    return AxisWindow(math.floor(span), Fraction(1, stride), span - Fraction(padding, stride), span)


def _conv_padding(layer: Any) -> tuple[int, ...]:
    if layer.padding == "same":  # torch puts the odd one behind the map
        return tuple(d * (k - 1) // 2 for k, d in zip(layer.kernel_size, layer.dilation, strict=True))
    return (0,) * len(layer.kernel_size) if layer.padding == "valid" else layer.padding


def _between_maps(node: Node, kind: str, before: tuple[int, ...], after: tuple[int, ...]) -> MapWindow:
    layer = node.layer
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        return _pooling(layer.kernel_size, layer.stride, layer.padding, getattr(layer, "dilation", 1))
    if kind == "pool" and (settings := _functional_pooling(node)) is not None:
        return _pooling(*settings)
    if kind == "other" and (offset := _offset(node)) is not None:
        return offset
    axes = [
        _proportional(side, cells)
        for side, cells in zip(height_and_width(before), height_and_width(after), strict=True)
    ]
    return (axes[0], axes[1]) if axes != [_ONE_PLACE, _ONE_PLACE] else SAME_PLACE


def _pooling(kernel: Any, stride: Any, padding: Any, dilation: Any) -> MapWindow:
    pairs = [as_pair(setting) for setting in (kernel, kernel if stride in (None, ()) else stride, padding, dilation)]
    down, across = (_sliding(*settings) for settings in zip(*pairs, strict=True))
    return down, across


def _functional_pooling(node: Node) -> tuple[Any, Any, Any, Any] | None:
    """(kernel, stride, padding, dilation) of avg_pool2d and max_pool2d; None for other poolings."""
    if not isinstance(node.op, (Function, Method)) or node.op.name not in _POOLINGS or len(node.inputs) > 1:
        return None  # or its window is given by the size of a map: what it makes of that map says more
    if isinstance(node.op, Function) and node.op.call is F.adaptive_max_pool2d:
        return None

    def setting(place: int, name: str, default: Any) -> Any:
        return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)

    dilation = 1 if node.op.name == "avg_pool2d" else setting(4, "dilation", 1)
    return setting(1, "kernel_size", 1), setting(2, "stride", None), setting(3, "padding", 0), dilation


#: Function names of a window that slides; torch dispatches max_pool2d through the last two.
_POOLINGS = ("avg_pool2d", "max_pool2d", "boolean_dispatch", "fn")


def _offset(node: Node) -> MapWindow | None:
    """The window of padding and of slices, which move places without reading others; None for other ops."""
    if isinstance(node.layer, (nn.modules.padding._ConstantPadNd, nn.modules.padding._ReflectionPadNd)):
        return _padded(node.layer.padding)
    if isinstance(node.op, Function) and node.op.name == "pad" and len(node.args) > 1:
        return _padded(node.args[1])
    if isinstance(node.op, Function) and node.op.name == "getitem" and isinstance(node.args[1], tuple):
        parts = (*node.args[1], *[slice(None)] * 4)
        return None if Ellipsis in parts else (_sliced(parts[2]), _sliced(parts[3]))
    return None


def _padded(amounts: Any) -> MapWindow | None:
    """Amounts as torch takes them: left, right, top, bottom."""
    amounts = amounts if isinstance(amounts, (tuple, list)) else (amounts,) * 4
    if len(amounts) < 2 or not all(isinstance(amount, int) for amount in amounts[:4]):
        return None
    return AxisWindow(0, 1, amounts[2] if len(amounts) > 2 else 0), AxisWindow(0, 1, amounts[0])


def _sliced(part: Any) -> AxisWindow | None:
    if not isinstance(part, slice):
        return _ONE_PLACE
    start, step = part.start or 0, part.step or 1
    if not isinstance(start, int) or not isinstance(step, int) or start < 0:
        return _ONE_PLACE
    return AxisWindow(0, step, -start)


def _proportional(side: int, cells: int) -> AxisWindow | None:
    """Cells of equal width over a side, as of an adaptive pool or another change of resolution; None for one cell."""
    if side in (1, cells):
        return _ONE_PLACE
    if cells == 1:
        return None
    if side % cells == 0:
        return _sliding(side // cells, side // cells, 0, 1)
    ends = [(cell * side // cells, -(-(cell + 1) * side // cells)) for cell in range(cells)]
    stride = Fraction(side, cells)
    return AxisWindow(max(end - start for start, end in ends) - 1, stride, 0, stride - 1, outward=True)


def as_pair(value: Any) -> tuple[Any, Any]:
    """Return a setting for height and width."""
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return pair[0], pair[-1]
