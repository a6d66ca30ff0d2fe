"""Figures of one layer as a sum that a reader can check by hand: "7 × 7 × 3 × 64 = 9,408"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.languages import add_note, tr
from explorer.base.number_format import format_exact
from explorer.graph.node import Node

#: What can be asked of a layer: counts, side of its map in pixels, number of its channels, receptive field in pixels.
LayerFigure = Literal["params", "macs", "side", "channels", "field"]


@dataclass(frozen=True, slots=True)
class LayerSum:
    """A figure of a layer and the sum that gives it, without the result: "7 × 7 × 3 × 64"."""

    value: int
    sum: str

    @property
    def text(self) -> str:
        """The sum with its result."""
        return f"{self.sum} = {format_exact(self.value)}" if self.sum else format_exact(self.value)


class ConvNumbers(NamedTuple):
    """Settings of a 2d convolution or a linear layer (a 1 × 1 kernel on one position), as they enter its sums."""

    kernel: tuple[int, int]
    inputs: int
    outputs: int
    groups: int
    has_bias: bool
    positions: int  # of its output map; of its input map when transposed

    @property
    def window(self) -> int:
        """Numbers of the kernel that one value of the output sees in one channel."""
        return self.kernel[0] * self.kernel[1]

    @property
    def weights(self) -> int:
        """Weights without biases."""
        return self.window * self.inputs // self.groups * self.outputs


class KernelWindow(NamedTuple):
    """Square window of a convolution or pooling that moves over a square map of side `given`."""

    kernel: int
    stride: int
    padding: int
    dilation: int
    given: int
    rounds_up: bool

    @property
    def reach(self) -> int:
        """Side of the window, its gaps included."""
        return (self.kernel - 1) * self.dilation + 1


def find_sum(analysis: Analysis, node: Node, figure: LayerFigure) -> LayerSum | None:
    """Return a figure of a layer with its sum; None where the figure is no simple sum of the layer's settings."""
    found = _SUMS[figure](analysis, node)
    return found if found is not None and found.value == measure_layer(analysis, node, figure) else None


def measure_layer(analysis: Analysis, node: Node, figure: LayerFigure) -> int | None:
    """Return a figure of a layer as counted on the live module; None where there is no such number."""
    measure, shape = analysis.figures.measures.get(node.name), analysis.figures.shape(node.name)
    if measure is None or shape is None:
        return None
    if figure in ("params", "macs"):
        return measure.cost.params if figure == "params" else measure.cost.macs
    if figure == "field":
        field = analysis.figures.receptive_field_sizes[node.name]
        return int(field[0]) if field[0] == field[1] and math.isfinite(field[0]) else None
    dims = shape.dims
    if figure == "channels":
        return dims[1] if len(dims) > 1 else None
    return dims[2] if len(dims) == 4 and dims[2] == dims[3] else None


def conv_numbers(analysis: Analysis, node: Node) -> ConvNumbers | None:
    """Return the settings of a 2d convolution or a linear layer; None for another op."""
    layer, shape = node.layer, analysis.figures.shape(node.name)
    if shape is None:
        return None
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        given = analysis.figures.shape(node.inputs[0])
        dims = given.dims if layer.transposed and given is not None else shape.dims
        kernel = layer.kernel_size[0], layer.kernel_size[1]
        positions = math.prod(dims[-2:])
        return ConvNumbers(
            kernel, layer.in_channels, layer.out_channels, layer.groups, layer.bias is not None, positions
        )
    if isinstance(layer, nn.Linear):
        positions = shape.elements // layer.out_features
        return ConvNumbers((1, 1), layer.in_features, layer.out_features, 1, layer.bias is not None, positions)
    return None


def find_kernel_window(analysis: Analysis, node: Node) -> KernelWindow | None:
    """Return the window of a 2d convolution or pooling that is square and moves over a square map; None otherwise."""
    layer = node.layer
    given = analysis.figures.shape(node.inputs[0]) if node.inputs else None
    if given is None or len(given.dims) != 4 or given.dims[2] != given.dims[3]:
        return None
    if not isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return None
    stride = layer.stride if layer.stride is not None else layer.kernel_size
    settings = [_square(layer.kernel_size), _square(stride), _square(layer.padding)]
    settings.append(_square(getattr(layer, "dilation", 1)))
    kernel, step, padding, dilation = settings
    if kernel is None or step is None or padding is None or dilation is None:
        return None
    return KernelWindow(kernel, step, padding, dilation, given.dims[2], bool(getattr(layer, "ceil_mode", False)))


def _square(value: object) -> int | None:
    if isinstance(value, int):
        return value
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 and isinstance(value[0], int) else None


def product_text(*factors: int) -> str:
    """Return factors as a product: "3 × 3 × 64 × 64"."""
    return " × ".join(map(format_exact, factors))


def _weights_text(numbers: ConvNumbers) -> str:
    factors = () if numbers.kernel == (1, 1) else numbers.kernel
    inputs = format_exact(numbers.inputs)
    if numbers.groups > 1:
        inputs = f"({inputs} ÷ {format_exact(numbers.groups)})"
    return " × ".join((*map(format_exact, factors), inputs, format_exact(numbers.outputs)))


def _params(analysis: Analysis, node: Node) -> LayerSum | None:
    numbers, layer = conv_numbers(analysis, node), node.layer
    if numbers is not None:
        bias = numbers.outputs if numbers.has_bias else 0
        text = f"{_weights_text(numbers)} + {format_exact(bias)}" if bias else _weights_text(numbers)
        return LayerSum(numbers.weights + bias, text)
    if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d) and layer.affine:
        return LayerSum(2 * layer.num_features, product_text(2, layer.num_features))
    return None


def _macs(analysis: Analysis, node: Node) -> LayerSum | None:
    numbers, shape = conv_numbers(analysis, node), analysis.figures.shape(node.name)
    if numbers is None or shape is None or shape.dims[0] != 1:
        return None
    sides = shape.dims[-2:] if len(shape.dims) == 4 else (numbers.positions,)
    places = "" if numbers.positions == 1 else f" × {product_text(*sides)}"
    return LayerSum(numbers.weights * numbers.positions, _weights_text(numbers) + places)


def _side(analysis: Analysis, node: Node) -> LayerSum | None:
    window, value = find_kernel_window(analysis, node), measure_layer(analysis, node, "side")
    if window is None or value is None:
        return None
    reach = f"{window.reach}" if window.dilation == 1 else f"(({window.kernel} − 1) × {window.dilation} + 1)"
    padded = f" + 2 × {window.padding}" if window.padding else ""
    whole = window.given + 2 * window.padding - window.reach
    text = f"({window.given}{padded} − {reach}) ÷ {window.stride} + 1"
    if whole % window.stride:
        rounded = tr("rounded up") if window.rounds_up else tr("rounded down")
        text = add_note(text, rounded)
    return LayerSum(value, text)


def _channels(analysis: Analysis, node: Node) -> LayerSum | None:
    value = measure_layer(analysis, node, "channels")
    return LayerSum(value, "") if value is not None else None


def _field(analysis: Analysis, node: Node) -> LayerSum | None:
    """The field before it, and a window's reach more for each step of `jump` pixels between neighbours."""
    window, value = find_kernel_window(analysis, node), measure_layer(analysis, node, "field")
    if window is None or value is None or window.reach == 1:
        return None
    before = analysis.figures.receptive_field_sizes[node.inputs[0]][0]
    jump = (value - before) / (window.reach - 1)
    if not jump.is_integer():
        return None
    return LayerSum(value, f"{before:.0f} + ({window.reach} − 1) × {jump:.0f}")


_SUMS = {"params": _params, "macs": _macs, "side": _side, "channels": _channels, "field": _field}
