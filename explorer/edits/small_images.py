"""Networks that were made for photos of 224 pixels, on small images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.analysis.analysis import analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import tr
from explorer.edits.edit import EditError
from explorer.edits.inputs import SetInputSize
from explorer.edits.node_changes import change_node
from explorer.edits.pooling import is_windowed_pooling
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.validation import check_integer
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.layers import reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Bypass

_LARGE = 512  # pixels: here every map is larger than what pads it, so that ratios of sides are strides

_CLOSE = 0.75  # a map counts as smaller than another from here on: windows without padding cut off less


@register_edit("fit_small_images")
@dataclass(frozen=True, slots=True)
class FitSmallImages:
    """Fit a network made for large photos to images of `side` pixels.

    The first places where the map shrinks do so no more, as many as are needed for a last map of at least `keep`
    pixels: strided convolutions get stride 1, poolings with a window go. So He et al. (2015, §4.2) made ResNet's stem
    for the 32 pixels of CIFAR, and so it is usually done.
    """

    name: ClassVar[str]
    side: int
    keep: int = 4

    @property
    def at(self) -> str:
        """The place the options of the whole network show it at."""
        return "input"

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Made for images of 32 pixels"."""
        return tr("Made for images of {side} pixels", side=self.side)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot for such images. Raises EditError where it cannot take them, or shrinks its maps by
        anything but convolutions and poolings."""
        check_integer(self.side, 4, 8192, tr("the side of the image"))
        check_integer(self.keep, 1, 64, tr("the side of the last map"))
        large = SetInputSize(resolution=max(_LARGE, *architecture.input_shape[2:])).apply(architecture)
        while _total_stride(large) * self.keep > self.side:
            shrinking = _first_shrinking(large)
            if not shrinking:
                break
            large = propagate(large.with_replaced([_without_stride(node) for node in shrinking]))
        return SetInputSize(resolution=self.side).apply(large)


def _sides(architecture: Architecture) -> dict[str, int]:
    """The shorter side of the map that each op makes, of those that make one."""
    measures = analyse(architecture).figures.measures
    values = {name: measure.value for name, measure in measures.items() if name in architecture.live}
    maps = {name: value.dims[2:] for name, value in values.items() if isinstance(value, Shape) and len(value.dims) == 4}
    return {name: min(dims) for name, dims in maps.items() if min(dims) > 1}


def _total_stride(architecture: Architecture) -> int:
    """By how much the map shrinks from the image to the last op with a window."""
    sides, image = _sides(architecture), min(architecture.input_shape[2:])
    windows = [name for name in sides if _has_window(architecture.live[name])]
    return round(image / sides[windows[-1]]) if windows else 1


def _has_window(node: Node) -> bool:
    """Convolutions and poolings; those that pool to a given size belong to the head."""
    return isinstance(node.layer, nn.Conv2d) or is_windowed_pooling(node)


def _first_shrinking(architecture: Architecture) -> list[Node]:
    """The ops that make a map smaller for the first time: several side by side where branches do."""
    sides = _sides(architecture)
    found: list[Node] = []
    before = 0
    for node in architecture.live.values():
        given = max((sides[name] for name in node.inputs if name in sides), default=0)
        shrinks = node.name in sides and given and sides[node.name] <= _CLOSE * given
        if not shrinks or (found and given < _CLOSE * before):
            continue
        if not _has_window(node):
            raise EditError(
                tr(
                    "{name} ({kind}) makes the map smaller, and is no convolution or pooling whose stride can go",
                    name=node.name,
                    kind=op_kinds.title(node),
                ),
                node=node.name,
            )
        found.append(node)
        before = before or given
    return found


def _without_stride(node: Node) -> Node:
    if isinstance(node.layer, nn.Conv2d):
        return change_node(node, op=reconfigure(node.op, stride=(1, 1)))  # type: ignore[arg-type]
    return change_node(node, op=Bypass())
