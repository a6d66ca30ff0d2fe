"""What a unit can see is where its gradient is, when no weight is zero or negative."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.analysis.probes.probe import NotAvailable
from explorer.analysis.probes.unit_receptive_field import PixelBox, compute_effective_field, compute_receptive_box
from explorer.network import Network, open_network
from tests.analysis.probes.image_probe import shown


def positive(module: nn.Module) -> nn.Module:
    """All weights alike and positive, so that nothing cancels and no ReLU closes; no maximum that picks one of many."""
    if hasattr(module, "maxpool"):
        module.maxpool = nn.AvgPool2d(3, 2, 1)
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.Conv2d):
                part.weight.fill_(1 / part.weight[0].numel())
                if part.bias is not None:
                    part.bias.zero_()
    return module.eval()


def support(gradient: torch.Tensor) -> PixelBox:
    rows, columns = torch.nonzero(gradient.amax(1), as_tuple=True), torch.nonzero(gradient.amax(0), as_tuple=True)
    return PixelBox(int(rows[0].min()), int(columns[0].min()), int(rows[0].max()), int(columns[0].max()))


STEM = nn.Sequential(
    nn.Conv2d(3, 4, 7, 2, 3),
    nn.BatchNorm2d(4),
    nn.ReLU(),
    nn.AvgPool2d(3, 2, 1),
    nn.Conv2d(4, 4, 3, padding=2, dilation=2),
)
LONG = nn.Sequential(nn.Conv2d(3, 4, (1, 7), padding=(0, 3)), nn.Conv2d(4, 4, (5, 1), padding=(2, 0)), nn.AvgPool2d(2))


@pytest.mark.parametrize(
    ("module", "name"),
    [(STEM, "3"), (LONG, "2"), (models.resnet18(), "layer2.1.relu:2"), (models.mobilenet_v2(), "features.6.conv.2")],
    ids=["stem", "not square", "resnet18", "mobilenet_v2"],
)
@pytest.mark.parametrize("place", ["corner", "middle", "edge"])
def test_the_box_is_where_the_gradient_is(module: nn.Module, name: str, place: str) -> None:
    network = open_network(positive(module), input_shape=(1, 3, 96, 80))
    showing = shown(network, torch.ones(1, 3, 96, 80))
    shape = network.figures.shape(name)
    assert shape is not None
    height, width = shape.dims[2:]
    row, column = {"corner": (0, 0), "middle": (height // 2, width // 2), "edge": (height - 1, width // 3)}[place]
    gradient = torch.from_numpy(compute_effective_field(name, row, column, showing))
    assert compute_receptive_box(name, row, column, network.architecture, network.figures.measures) == support(gradient)
    assert gradient.max() == 1


def test_inside_it_is_as_wide_as_the_closed_form(opened: Callable[[str], Network]) -> None:
    for key, name in (
        ("resnet18", "layer3.0.bn2"),
        ("vgg11_bn", "features.18"),
        ("mobilenet_v2", "features.4.conv.1.0"),
    ):
        network = opened(key)
        shape = network.figures.shape(name)
        assert shape is not None
        box = compute_receptive_box(
            name, shape.dims[2] // 2, shape.dims[3] // 2, network.architecture, network.figures.measures
        )
        assert box is not None
        assert box.width == network.figures.receptive_fields[name], key


def test_behind_global_pooling_everything_is_seen_but_gates_do_not_count(opened: Callable[[str], Network]) -> None:
    network = opened("efficientnet_b0")
    nodes, measures = network.architecture, network.figures.measures
    pooled = next(
        n for n in nodes.live if measures[n].shape and measures[n].shape.dims[2:] == (1, 1) and "features" not in n
    )
    assert compute_receptive_box(pooled, 0, 0, nodes, measures) == PixelBox(0, 0, 223, 223)
    gated = compute_receptive_box("features.2.0.block.3.0", 28, 28, nodes, measures)  # behind a squeeze-and-excitation
    assert gated is not None
    assert gated.width < 60


def test_attention_sees_everything(opened: Callable[[str], Network]) -> None:
    network = opened("swin_t")
    last = list(network.architecture.live)
    name = next(
        n for n in reversed(last) if (s := network.figures.shape(n)) is not None and len(s.dims) == 4 and s.dims[2] > 1
    )
    assert compute_receptive_box(name, 0, 0, network.architecture, network.figures.measures) == PixelBox(0, 0, 223, 223)


@pytest.mark.parametrize(("name", "row"), [("layer1.0.conv1", 16), ("layer1.0.conv1", -1), ("fc", 0), ("nowhere", 0)])
def test_a_unit_that_is_not_there(network: Network, name: str, row: int, image: torch.Tensor) -> None:
    with pytest.raises(NotAvailable, match="has no unit at row"):
        compute_receptive_box(name, row, 0, network.architecture, network.figures.measures)
    with pytest.raises(NotAvailable):
        compute_effective_field(name, row, 0, shown(network, image))


def test_what_is_used_falls_off_towards_the_border(network: Network, image: torch.Tensor) -> None:
    used = compute_effective_field("layer1.1.conv2", 8, 8, shown(network, image))
    box = compute_receptive_box("layer1.1.conv2", 8, 8, network.architecture, network.figures.measures)
    assert box is not None
    assert math.isclose(used.max(), 1, rel_tol=1e-6)
    outside = used.copy()
    outside[box.top : box.bottom + 1, box.left : box.right + 1] = 0
    assert not outside.any()
    assert used[box.top, box.left : box.right].max() < 0.2
