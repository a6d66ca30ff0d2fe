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

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.analysis.figures.map_inputs import image_inputs, map_size
from explorer.analysis.figures.shape_inference import Measure
from explorer.analysis.figures.windows import SAME_PLACE
from explorer.analysis.figures.written_windows import Places, follow_places
from explorer.analysis.probes.feature_maps import arrange_values
from explorer.analysis.probes.gradients import run_with_gradients
from explorer.analysis.probes.probe import NotAvailable, Probe, first_tensor
from explorer.base.cancellation import KeepGoing, always
from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node


@dataclass(frozen=True, slots=True)
class PixelBox:
    """Rows top … bottom and columns left … right, all inclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        """Number of columns."""
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


def compute_receptive_box(
    name: str, row: int, column: int, architecture: Architecture, measures: Mapping[str, Measure]
) -> PixelBox | None:
    """The pixels of the image that a unit of a live node can see; None if it sees nothing of it.

    Raises NothingThere for a node that is not in the network or has no such unit.
    """
    node = architecture.live.get(name)
    size = map_size(measures[name]) if node is not None else None
    if node is None or size is None or not (0 <= row < size[0] and 0 <= column < size[1]):
        raise NotAvailable(tr("{name} has no unit at row {row}, column {column}.", name=name, row=row, column=column))
    places = follow_places(architecture, measures)
    boxes: dict[str, PixelBox] = {name: PixelBox(row, column, row, column)}
    for reader in reversed(list(architecture.live.values())):
        box = boxes.get(reader.name)
        if box is None or reader is architecture.input:
            continue
        for read in image_inputs(reader, architecture.nodes, measures):
            boxes[read] = _input_box(reader, read, box, places).union(boxes.get(read))
    return boxes.get(architecture.input.name)


def compute_effective_field(
    name: str, row: int, column: int, probe: Probe, keep_going: KeepGoing = always
) -> NDArray[np.float32]:
    """How much the unit, all channels together, depends on each pixel: |gradient|, largest over the colours, 0 to 1.

    Shape (height, width) of the image. Raises NothingThere, PassError, Cancelled.
    """
    if name not in probe.architecture.live:
        raise NotAvailable(tr("{name} is not part of the network any more: an edit took it out.", name=name))
    return probe.with_cpu_fallback(lambda: _input_gradient(name, row, column, probe, keep_going))


def _input_gradient(name: str, row: int, column: int, probe: Probe, keep_going: KeepGoing) -> NDArray[np.float32]:
    image = probe.input_with_grad
    tensor = first_tensor(run_with_gradients({probe.architecture.input.name: image}, name, probe, keep_going))
    if tensor is None or not tensor.requires_grad:
        raise NotAvailable(tr("{name} does not depend on the image.", name=name))
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
        raise NotAvailable(tr("{name} has no unit at row {row}, column {column}.", name=name, row=row, column=column))
    return value[0].flatten()[torch.from_numpy(maps.values[:, row, column].astype(np.int64)).to(value.device)]


def _input_box(node: Node, read: str, box: PixelBox, places: Places) -> PixelBox:
    """The places of its input's map that the units in `box` read."""
    size, window = places.size(read), places.window(node.name)
    if size is None or (window is SAME_PLACE and node.name in places.followed_sizes):
        return box
    down, across = window
    top, bottom = down.read(box.top, box.bottom, size[0]) if down is not None else (0, size[0] - 1)
    left, right = across.read(box.left, box.right, size[1]) if across is not None else (0, size[1] - 1)
    return PixelBox(top, left, bottom, right)
