"""A receptive field is where the gradient of a unit is, along each axis, with positive weights and linear ops."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.analysis.figures.receptive_field import describe_field
from explorer.analysis.probes.unit_receptive_field import compute_receptive_box
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Input
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry, instantiate
from explorer.project.edits_json import edit_from_json

Opened = Callable[[str], Network]

KEYS = (
    *("alexnet_2012", "alexnet", "vgg11", "vgg16", "vgg19_bn", "googlenet_2014", "googlenet", "inception_v2_bn"),
    *("inception_v2", "inception_v3", "resnet18", "resnet34", "resnet50", "resnet152", "resnet50_v1", "plain34"),
    *("resnext50_32x4d", "wide_resnet50_2", "densenet121", "densenet201", "squeezenet1_0", "squeezenet1_1"),
    *("se_resnet50", "mobilenet_v1", "shufflenet_v1_g3", "mobilenet_v2", "shufflenet_v2_x1_0", "mnasnet1_0"),
    *("mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0", "efficientnet_b7", "convnext_tiny"),
    *("regnet_y_400mf", "efficientnet_v2_s"),
)

EDITS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("vgg16", {"edit": "set_conv_form", "at": "*", "to": "1xn_nx1"}),
    ("vgg16", {"edit": "set_conv_form", "at": "*", "to": "separable"}),
    ("resnet18", {"edit": "set_layer", "at": "layer2.0.conv1", "setting": "kernel", "value": 5}),
    ("resnet18", {"edit": "set_layer", "at": "layer3.1.conv2", "setting": "dilation", "value": 2}),
    ("resnet18", {"edit": "set_layer", "at": "layer1.0.conv1", "setting": "kernel", "value": 7}),
    ("resnet18", {"edit": "toggle_shortcut", "at": "*", "on": False}),
    ("resnet18", {"edit": "swap_activation", "at": "*", "to": "gelu"}),
    ("resnet18", {"edit": "remove_block", "at": "layer2.1"}),
    ("resnet18", {"edit": "repeat_block", "at": "layer3.1", "times": 3}),
    ("resnet18", {"edit": "toggle_squeeze_excitation", "at": "*", "on": True}),
    ("mobilenet_v2", {"edit": "multiply_depth", "at": "*", "by": 2.0}),
    ("inception_v3", {"edit": "set_conv_form", "at": "*", "to": "1xn_nx1"}),
)


def pixels_along(axis: int, network: Network, name: str) -> int:
    """How many pixels a unit of a node sees along an axis: where the gradient of the middle one is not zero.

    Kernels of one sum are their sums along each axis, one after the other, and channels see the same: so one channel of
    a line is enough, which is longer than the field and any map of it.
    """
    line = torch.ones(1, 1, 8192, dtype=torch.float64, requires_grad=True)
    value = _run(name, network, axis, {network.architecture.input.name: line})
    (gradient,) = torch.autograd.grad(value[0, 0, value.shape[2] // 2], line)
    seen = gradient[0, 0].nonzero()
    first, last = int(seen.min()), int(seen.max())
    assert first > 0
    assert last < 8191
    return last - first + 1


def _run(name: str, network: Network, axis: int, values: dict[str, torch.Tensor]) -> torch.Tensor:
    """Run what a node needs, as linear ops with positive weights along one axis, and no gates."""
    nodes, needed, waiting = network.architecture.nodes, set[str](), [name]
    while waiting:
        node = nodes[waiting.pop()]
        if node.name not in needed and node.name not in values:
            needed.add(node.name)
            waiting.extend(_maps(node, network))
    for node in network.architecture.live.values():
        if node.name in needed:
            inputs = [values[read] for read in _maps(node, network)]
            shortest = min(value.shape[2] for value in inputs)
            assert all(value.shape[2] - shortest <= 1 for value in inputs)
            merged = sum((value[..., :shortest] for value in inputs[1:]), inputs[0][..., :shortest])
            values[node.name] = _along(node, merged / merged.detach().max(), axis)
    return values[name]


def _maps(node: Node, network: Network) -> list[str]:
    """The maps a node reads, those that only scale one left out."""
    shapes = {read: network.figures.shape(read) for read in node.inputs}
    sizes = {
        read: max(shape.dims[1:3] if shape.dims[1] == shape.dims[2] else shape.dims[2:])
        for read, shape in shapes.items()
        if shape is not None and len(shape.dims) == 4 and not isinstance(network.architecture.nodes[read].op, Constant)
    }
    return [read for read, size in sizes.items() if size > 1]


def _along(node: Node, line: torch.Tensor, axis: int) -> torch.Tensor:
    layer = node.layer
    if isinstance(layer, nn.Conv2d):
        weight = torch.ones(1, 1, layer.kernel_size[axis], dtype=torch.float64)
        padding = layer.padding if isinstance(layer.padding, str) else layer.padding[axis]
        return F.conv1d(line, weight, None, layer.stride[axis], padding, layer.dilation[axis])
    if isinstance(node.op, Bypass) or op_kinds.kind(node) != "pool":
        return line
    names = ("kernel_size", "stride", "padding")
    settings: Mapping[str, Any] = {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        settings = {name: getattr(layer, name) for name in (*names, "ceil_mode")}
    sides = [_side(settings.get(key), axis) for key in names]
    return F.avg_pool1d(line, sides[0], sides[1] or sides[0], sides[2], bool(settings.get("ceil_mode")))


def _side(value: Any, axis: int) -> int:
    return int(value[axis] if isinstance(value, (tuple, list)) else value or 0)


def _deepest(network: Network) -> list[str]:
    """The node with the largest finite field, and two on the way."""
    sizes = network.figures.receptive_field_sizes
    nodes = network.architecture.nodes
    shapes = {name: network.figures.shape(name) for name in sizes if not isinstance(nodes[name].op, (Input, Constant))}
    maps = [name for name, shape in shapes.items() if shape is not None and len(shape.dims) == 4]
    local = [name for name in maps if all(map(math.isfinite, sizes[name]))]
    return [max(local, key=lambda n: sizes[n]), local[len(local) // 3], local[2 * len(local) // 3]]


def _check(network: Network) -> None:
    for name in _deepest(network):
        found = pixels_along(0, network, name), pixels_along(1, network, name)
        assert network.figures.receptive_field_sizes[name] == found, name


@pytest.mark.parametrize("key", KEYS)
def test_the_field_of_a_network_is_where_the_gradient_is(key: str, opened: Opened) -> None:
    _check(opened(key))


@pytest.mark.parametrize(("key", "edit"), EDITS, ids=lambda value: value if isinstance(value, str) else value["edit"])
def test_so_it_is_after_edits(key: str, edit: dict[str, Any], opened: Opened) -> None:
    _check(opened(key).edit(edit_from_json(edit, "test")))


@pytest.mark.parametrize(("key", "pixels"), [("inception_v3", 1311), ("inception_v2", 1327), ("vgg16", 212)])
def test_one_by_n_counts_along_one_axis(key: str, pixels: int, opened: Opened) -> None:
    assert opened(key).figures.receptive_field_size == (pixels, pixels)
    edit = edit_from_json({"edit": "set_conv_form", "at": "*", "to": "1xn_nx1"}, "test")
    assert opened(key).edit(edit).figures.receptive_field == pixels


ODD = nn.Sequential(
    nn.Conv2d(3, 4, (1, 7), (1, 2), (0, 3)),
    nn.ZeroPad2d((2, 0, 0, 1)),
    nn.Conv2d(4, 4, (3, 2), dilation=(2, 3), padding=(1, 0)),
    nn.MaxPool2d((2, 3), (2, 1)),
    nn.Conv2d(4, 4, 3, (1, 2), padding="valid"),
)


def test_height_and_width_differ() -> None:
    figures = open_network(ODD, input_shape=(1, 3, 64, 96)).figures
    height, width = figures.receptive_field_size
    assert (height, width) == (1 + 4 + 1 + 2 * 2, 7 + 3 * 2 + 2 * 2 + 2 * 2)
    found = figures.as_json()
    assert (found["receptive_field"], found["receptive_field_height"], found["receptive_field_width"]) == (21, 10, 21)
    assert describe_field(figures.receptive_field_size) == "10 × 21 px"
    assert describe_field((212, 212)) == "212 px"
    assert describe_field((math.inf, math.inf)) == "whole image"
    assert describe_field((math.inf, 33)) == "full height × 33 px"
    assert describe_field((33, math.inf)) == "33 px × full width"


def test_field_and_box_agree() -> None:
    network = open_network(ODD, input_shape=(1, 3, 64, 96))
    box = compute_receptive_box("4", 10, 10, network.architecture, network.figures.measures)
    assert box is not None
    assert (box.height, box.width) == network.figures.receptive_field_size


class _Branches(nn.Module):
    """Two windows whose middles differ: what is seen is more than either sees."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 4), nn.Conv2d(3, 4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.left(F.pad(x, (3, 0, 3, 0))) + self.right(F.pad(x, (0, 3, 1, 2)))


def test_branches_with_other_padding_see_more_together() -> None:
    assert open_network(_Branches(), input_shape=(1, 3, 32, 32)).figures.receptive_field_size == (6, 7)


def test_transposed_convolutions_bring_units_closer() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ConvTranspose2d(4, 4, 2, 2), nn.Conv2d(4, 4, 3, padding=1))
    network = open_network(module, input_shape=(1, 3, 32, 32))
    assert network.figures.receptive_fields["1"] == 3
    box = compute_receptive_box("1", 8, 9, network.architecture, network.figures.measures)
    assert box is not None
    assert (box.top, box.bottom, box.left, box.right) == (7, 9, 7, 9)


@pytest.mark.parametrize(("key", "stages"), [("swin_t", 2), ("swin_t", 4), ("swin_v2_t", 2)])
def test_attention_in_windows_sees_its_windows(key: str, stages: int, opened: Opened) -> None:
    network = opened(key)
    swin: Any = instantiate(get_entry(key), device="cpu").eval()
    image = torch.randn(network.architecture.input_shape, requires_grad=True)
    value = swin.features[:stages](image)
    name = [name for name in network.architecture.live if name.startswith(f"features.{stages - 1}.")][-1]
    largest = (0, 0)
    for row, column in ((0, 0), (6, 3), (10, 17), (24, 25), (27, 13)):
        (gradient,) = torch.autograd.grad(value[0, row, column].square().sum(), image, retain_graph=True)
        size = gradient[0].abs().sum(0)
        size = size > 1e-12 * size.max()  # a mask adds −100 before the softmax: what is left is no sight
        rows, columns = (size.any(axis).nonzero() for axis in (1, 0))
        box = compute_receptive_box(name, row, column, network.architecture, network.figures.measures)
        assert box is not None
        found = int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
        assert (box.top, box.bottom, box.left, box.right) == found
        largest = max(largest[0], box.height), max(largest[1], box.width)
    assert network.figures.receptive_field_sizes[name] == largest


@pytest.mark.parametrize("key", ["vit_b_32", "swin_t", "maxvit_t"])
def test_a_map_that_attention_made_sees_the_whole_image(key: str, opened: Opened) -> None:
    """Of the last map, the middle unit depends on all four corners."""
    assert opened(key).figures.receptive_field_size == (math.inf, math.inf)
    module: Any = instantiate(get_entry(key), device="cpu").eval()
    image = torch.randn(opened(key).architecture.input_shape, requires_grad=True)
    maps: list[torch.Tensor] = []
    last = {"vit_b_32": "encoder", "swin_t": "features", "maxvit_t": "blocks"}[key]
    part = getattr(module, last) if key != "maxvit_t" else module.blocks[-1]
    part.register_forward_hook(lambda _module, _inputs, result: maps.append(result))
    module(image)
    value = maps[0][0, 24] if key == "vit_b_32" else maps[0][0, 3, 3] if key == "swin_t" else maps[0][0, :, 3, 3]
    (gradient,) = torch.autograd.grad(value.square().sum(), image)
    corners = gradient[0].abs().sum(0)[:: image.shape[2] - 1, :: image.shape[3] - 1]
    assert bool((corners > 0).all())
