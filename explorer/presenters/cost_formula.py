"""MACs of a layer as a product of its settings."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.base.languages import tr
from explorer.graph.node import Node
from explorer.viewmodels.panels import Factor, Formula


def build_cost_formula(analysis: Analysis, node: Node) -> Formula | None:
    """Return the multiply-adds of a convolution or linear layer as a product of its settings and the size of its map;
    None for other layers.

    Source: K_h · K_w · C_in / g · C_out · H · W (MobileNet, 2017, §3.1). A transposed convolution costs the same as the
    convolution it transposes: it is counted over its input map.
    """
    shape, layer = analysis.figures.shape(node.name), node.layer
    if shape is None or node.name not in analysis.figures.measures:
        return None
    measured = analysis.figures.measures[node.name].cost.macs
    if isinstance(layer, nn.modules.conv._ConvNd):
        given = analysis.figures.shape(node.inputs[0])
        axes = _AXIS_NAMES[len(layer.kernel_size)]
        sides = given if layer.transposed and given is not None else shape
        factors = (
            *(Factor(f"K{axis}", k, "kernel") for axis, k in zip(axes, layer.kernel_size, strict=True)),
            Factor("Cin", layer.in_channels, tr("input channels")),
            Factor("g", layer.groups, "groups", divides=True),
            Factor("Cout", layer.out_channels, tr("output channels")),
            *_side_factors(sides.dims, axes),
        )
    elif isinstance(layer, nn.Linear):
        rows = shape.elements // layer.out_features
        factors = (
            Factor("Cin", layer.in_features, tr("input features")),
            Factor("Cout", layer.out_features, tr("output features")),
            *((Factor("rows", rows, tr("positions it is applied to")),) if rows > 1 else ()),
        )
    else:
        return None
    return Formula(factors, measured)


#: Names of the axes of a map, by how many it has.
_AXIS_NAMES = {1: ("w",), 2: ("h", "w"), 3: ("d", "h", "w")}


def _side_factors(dims: tuple[int, ...], axes: tuple[str, ...]) -> Iterator[Factor]:
    for axis, side in zip(axes, dims[-len(axes) :], strict=True):
        yield Factor(axis.upper(), side, tr("side of the map"))
    if len(dims) > len(axes) + 1 and dims[0] > 1:
        yield Factor("N", dims[0], "images")
