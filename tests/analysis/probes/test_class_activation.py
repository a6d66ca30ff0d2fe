"""Grad-CAM equals one written out by hand, on every family; where it makes no sense, it says why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.probes.class_activation import compute_class_activation, find_last_feature_map
from explorer.analysis.probes.probe import NotAvailable
from explorer.base.cancellation import Cancelled
from explorer.network import Network, open_network
from tests.analysis.probes.image_probe import shown


def by_hand(module: nn.Module, path: str, image: torch.Tensor, target: int) -> torch.Tensor:
    """Selvaraju et al.: maps weighted by the mean gradient of the class, summed, negative parts cut off."""
    kept: list[torch.Tensor] = []
    module.get_submodule(path).register_forward_hook(lambda layer, args, out: (out.retain_grad(), kept.append(out))[0])
    module(image)[0, target].backward()
    maps, gradient = kept[-1], kept[-1].grad
    assert gradient is not None
    return torch.relu((gradient.mean((2, 3), keepdim=True) * maps).sum(1))[0].detach()


@pytest.mark.parametrize(
    ("key", "path"),
    [("mobilenet_v2", "features.18.2"), ("vgg11_bn", "features.27"), ("shufflenet_v2_x0_5", "conv5.2")],
)
def test_heat_is_the_papers(key: str, path: str) -> None:
    network = open_network(key, input_shape=(1, 3, 96, 96))
    showing = network.probe("cat")
    assert find_last_feature_map(network.analysis) == path
    found = compute_class_activation(showing, 7)
    np.testing.assert_allclose(found.heat, by_hand(network.module(), path, showing.image, 7), rtol=1e-3, atol=1e-7)
    assert found.score == pytest.approx(float(network.run("cat").result.main_output[0, 7]), rel=1e-4)


def test_of_the_likeliest_class_unless_another_is_asked_for(network: Network, image: torch.Tensor) -> None:
    showing = shown(network, image)
    output = network.context.forward.run(network.architecture, network.context.weights, image, id(image)).main_output
    found = compute_class_activation(showing)
    assert found.target == int(output.argmax())
    assert found.probability == pytest.approx(float(torch.softmax(output, 1).max()), rel=1e-4)
    assert found.name == "layer4.1.relu:2"
    assert found.heat.shape == (2, 2)
    assert found.heat.min() >= 0


@pytest.mark.parametrize(
    "key",
    [
        "alexnet_2012",
        "googlenet_2014",
        "inception_v3",
        "resnext50_32x4d",
        "densenet121",
        "mobilenet_v3_small",
        "efficientnet_b0",
        "convnext_tiny",
        "swin_t",
    ],
)
def test_every_family_has_a_last_map(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    shape = network.figures.shape(find_last_feature_map(network.analysis))
    assert shape is not None
    assert shape.dims[1] >= 256 and 7 <= shape.dims[2] == shape.dims[3] <= 14  # noqa: PT018


def test_a_transformer_says_why_not(opened: Callable[[str], Network]) -> None:
    with pytest.raises(NotAvailable, match="attention mixes them everywhere"):
        find_last_feature_map(opened("vit_b_16").analysis)


def test_a_network_without_maps_says_so() -> None:
    network = open_network(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 5)), input_shape=(1, 3, 8, 8))
    with pytest.raises(NotAvailable, match="no feature maps"):
        compute_class_activation(shown(network, torch.zeros(1, 3, 8, 8)))


def test_a_class_that_is_not_there(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(NotAvailable, match="no class number 99"):
        compute_class_activation(shown(network, image), 99)


def test_what_is_not_finite_is_refused() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    with torch.no_grad():
        module[0].bias.fill_(float("nan"))
    network = open_network(module, input_shape=(1, 3, 8, 8))
    with pytest.raises(NotAvailable, match="not finite"):
        compute_class_activation(shown(network, torch.zeros(1, 3, 8, 8)), 0)


def test_it_can_be_called_off(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(Cancelled):
        compute_class_activation(shown(network, image), 0, keep_going=lambda done: False)


@pytest.mark.parametrize("classes", [1, 2, 10])
def test_any_class_of_a_network_of_ones_own(classes: int) -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 6, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(6, classes),
    ).eval()  # fmt: skip
    probe = shown(open_network(module, input_shape=(1, 1, 20, 20)), torch.rand(1, 1, 20, 20))
    for number in range(classes):
        found = compute_class_activation(probe, number)
        assert found.heat.shape == (9, 9)
        assert found.target == number
    with pytest.raises(NotAvailable):
        compute_class_activation(probe, classes)
