"""What one unit of a feature map can see: a rectangle of the image, cut off where the image, or a map between, ends.

The rectangle is followed back op by op. Through a window with kernel k, stride s, padding p and dilation d, the units
lo … hi see lo·s − p … hi·s − p + (k − 1)·d, cut off at the border of the map (Araujo et al., Distill 2019). Where paths
meet, the rectangle around all of them counts. What looks at a whole map sees all of it, gates aside: squeeze-and-
excitation only scales, so the unit it gates sees what it saw.

What it *uses* of that is less: the gradient at the unit falls off towards the border (Luo et al., "Understanding the
effective receptive field in deep convolutional neural networks", NIPS 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.analysis.figures.shape_inference import Measure
from explorer.analysis.probes.feature_maps import arrange_values
from explorer.analysis.probes.gradients import run_with_gradients
from explorer.analysis.probes.probe import NotAvailable, Probe, first_tensor
from explorer.base.cancellation import KeepGoing, always
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture, Constant, Function, Method, Node


@dataclass(frozen=True, slots=True)
class PixelBox:
    """Rows top … bottom and columns left … right, all inclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        return self.right - self.left + 1

    def union(self, other: PixelBox | None) -> PixelBox:
        """The smallest box that holds both."""
        if other is None:
            return self
        return PixelBox(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


#: (kernel, stride, padding before, dilation) down and across.
_Window = tuple[tuple[int, int, int, int], tuple[int, int, int, int]]


def compute_receptive_box(
    name: str, row: int, column: int, architecture: Architecture, measures: Mapping[str, Measure]
) -> PixelBox | None:
    """The pixels of the image that a unit of a live node can see; None if it sees nothing of it.

    Raises NothingThere for a node that is not in the network or has no such unit.
    """
    node = architecture.live.get(name)
    size = _map_size(measures[name]) if node is not None else None
    if node is None or size is None or not (0 <= row < size[0] and 0 <= column < size[1]):
        raise NotAvailable(f"{name} has no unit at row {row}, column {column}.")
    boxes: dict[str, PixelBox] = {name: PixelBox(row, column, row, column)}
    for reader in reversed(list(architecture.live.values())):
        box = boxes.get(reader.name)
        if box is None or reader is architecture.input:
            continue
        for read in _image_inputs(reader, architecture, measures):
            boxes[read] = _input_box(reader, read, box, measures).union(boxes.get(read))
    return boxes.get(architecture.input.name)


def compute_effective_field(
    name: str, row: int, column: int, probe: Probe, keep_going: KeepGoing = always
) -> NDArray[np.float32]:
    """How much the unit, all channels together, depends on each pixel: |gradient|, largest over the colours, 0 to 1.

    Shape (height, width) of the image. Raises NothingThere, PassError, Cancelled.
    """
    if name not in probe.architecture.live:
        raise NotAvailable(f"{name} is not part of the network any more: an edit took it out.")
    return probe.with_cpu_fallback(lambda: _input_gradient(name, row, column, probe, keep_going))


def _input_gradient(name: str, row: int, column: int, probe: Probe, keep_going: KeepGoing) -> NDArray[np.float32]:
    image = probe.input_with_grad
    tensor = first_tensor(run_with_gradients({probe.architecture.input.name: image}, name, probe, keep_going))
    if tensor is None or not tensor.requires_grad:
        raise NotAvailable(f"{name} does not depend on the image.")
    _unit_values(name, tensor, row, column).sum().backward()
    assert image.grad is not None
    size = image.grad[0].abs().amax(0)
    return (size / size.max().clamp_min(1e-30)).cpu().numpy()


def _unit_values(name: str, value: torch.Tensor, row: int, column: int) -> torch.Tensor:
    """All channels at one place, for a value of any layout."""
    places = torch.arange(value[0].numel(), dtype=torch.float32).reshape(value[:1].shape)
    maps = arrange_values(name, places)
    height, width = maps.values.shape[1:] if maps.kind == "maps" else (0, 0)
    if not (0 <= row < height and 0 <= column < width):
        raise NotAvailable(f"{name} has no unit at row {row}, column {column}.")
    return value[0].flatten()[torch.from_numpy(maps.values[:, row, column].astype(np.int64)).to(value.device)]


def _image_inputs(node: Node, architecture: Architecture, measures: Mapping[str, Measure]) -> list[str]:
    """The inputs through which a node sees the image: no constants, and no gates."""
    read = [name for name in dict.fromkeys(node.inputs) if not isinstance(architecture.nodes[name].op, Constant)]
    own = _map_size(measures[node.name])
    larger = own is not None and max(own) > 1
    maps = [name for name in read if (size := _map_size(measures[name])) is not None and (not larger or size != (1, 1))]
    return maps or read


def _input_box(node: Node, read: str, box: PixelBox, measures: Mapping[str, Measure]) -> PixelBox:
    """What of its input's map the units in `box` look at."""
    size, own = _map_size(measures[read]), _map_size(measures[node.name])
    if size is None:
        return box
    everything = PixelBox(0, 0, size[0] - 1, size[1] - 1)
    window = _window(node, size, own)
    if window is not None:
        (top, bottom), (left, right) = (
            _input_interval(lo, hi, size[axis], window[axis])
            for axis, (lo, hi) in enumerate(((box.top, box.bottom), (box.left, box.right)))
        )
        return PixelBox(top, left, bottom, right)
    if own == size and op_kinds.kind(node) != "attention":
        return box
    return everything


def _input_interval(low: int, high: int, side: int, window: tuple[int, int, int, int]) -> tuple[int, int]:
    kernel, stride, padding, dilation = window
    first, last = low * stride - padding, high * stride - padding + (kernel - 1) * dilation
    return min(max(first, 0), side - 1), min(max(last, 0), side - 1)


def _window(node: Node, size: tuple[int, int], own: tuple[int, int] | None) -> _Window | None:
    """The window an op looks through; None where it has none, or looks at everything."""
    layer = node.layer
    if isinstance(layer, nn.Conv2d):
        return _windows(layer.kernel_size, layer.stride, _padding(layer), layer.dilation)
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        stride = layer.stride if layer.stride is not None else layer.kernel_size
        return _windows(layer.kernel_size, stride, layer.padding, getattr(layer, "dilation", 1))
    if op_kinds.kind(node) != "pool" or own is None:
        return None
    if isinstance(node.op, (Function, Method)) and "adaptive" not in node.op.name and len(node.args) > 1:
        kernel, stride, padding = (_argument(node, place, key) for place, key in enumerate(_POOLING, 1))
        if isinstance(kernel, (int, tuple)) and not node.op.name.startswith(("mean", "sum")):
            return _windows(kernel, stride or kernel, padding or 0, 1)
    if all(side % cells == 0 for side, cells in zip(size, own, strict=True)):  # an adaptive pool that divides evenly
        down, across = (side // cells for side, cells in zip(size, own, strict=True))
        return (down, down, 0, 1), (across, across, 0, 1)
    return None


_POOLING = ("kernel_size", "stride", "padding")


def _argument(node: Node, place: int, key: str) -> Any:
    return node.args[place] if len(node.args) > place else node.kwargs.get(key)


def _padding(layer: nn.Conv2d) -> tuple[int, int]:
    if layer.padding == "same":
        down, across = (d * (k - 1) // 2 for k, d in zip(layer.kernel_size, layer.dilation, strict=True))
        return down, across
    if layer.padding == "valid":
        return 0, 0
    return _pair(layer.padding)


def _windows(kernel: Any, stride: Any, padding: Any, dilation: Any) -> _Window:
    down, across = zip(*(_pair(setting) for setting in (kernel, stride, padding, dilation)), strict=True)
    return down, across


def _pair(value: Any) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return int(pair[0]), int(pair[-1])


def _map_size(measure: Measure) -> tuple[int, int] | None:
    """Height and width of a map, channels first or last; None for what has no places."""
    dims = measure.shape.dims if measure.shape is not None else ()
    if len(dims) != 4:
        return None
    return (dims[1], dims[2]) if dims[1] == dims[2] != dims[3] else (dims[2], dims[3])
