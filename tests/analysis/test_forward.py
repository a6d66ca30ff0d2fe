"""Only what changed runs, and what comes out is what a plain forward gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.analysis.forward import Cancelled, Forward, PassError
from explorer.edits import ChannelShuffle, Shortcut, SwapActivation
from explorer.graph.trace import trace
from explorer.network import Network, open_network
from explorer.weights import Seeded


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def seeded(network: Network) -> Seeded:
    return Seeded(0)


@pytest.mark.parametrize("build", [models.resnet18, models.mobilenet_v2, models.shufflenet_v2_x0_5, models.densenet121])
def test_the_output_is_a_plain_forwards(build: Callable[[], nn.Module], image: torch.Tensor) -> None:
    torch.manual_seed(0)
    module = build().eval()
    network = open_network(module, input_shape=(1, 3, 64, 64))
    result = network.origin.forward.run(network.architecture, network.origin.weights, image)
    with torch.inference_mode():
        assert torch.equal(result.main, module(image))


def test_after_an_edit_only_what_is_behind_it_runs(image: torch.Tensor) -> None:
    network = open_network("resnet18", input_shape=(1, 3, 64, 64))
    forward, weights = Forward(), Seeded()
    first = forward.run(network.architecture, weights, image, "image")
    assert first.ran == first.total == 71
    edited = network.edit(Shortcut("layer4.1", on=False))
    second = forward.run(edited.architecture, weights, image, "image")
    assert second.ran == 6  # the addition's place, its ReLU, pooling, flatten, fc, output
    assert forward.run(network.architecture, weights, image, "image").ran == 0  # undo


def test_another_image_runs_everything(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    forward = Forward()
    forward.run(network.architecture, Seeded(), image, "one")
    again = forward.run(network.architecture, Seeded(), image + 1, "two")
    assert again.ran == again.total


@pytest.mark.parametrize("edit", [Shortcut("*", on=False), SwapActivation("*", "silu"), ChannelShuffle("*", on=False)])
def test_remembered_equals_fresh(edit: object, image: torch.Tensor) -> None:
    key = "shufflenet_v1_g3"
    network = open_network(key, input_shape=(1, 3, 64, 64))
    forward, weights = Forward(), Seeded()
    forward.run(network.architecture, weights, image, "image")
    edited = network.edit(edit).architecture  # type: ignore[arg-type]
    remembered = forward.run(edited, weights, image, "image")
    assert torch.equal(remembered.main, Forward().run(edited, weights, image, "image").main)


def test_a_small_budget_only_costs_time(image: torch.Tensor) -> None:
    architecture = open_network("mobilenet_v2", input_shape=(1, 3, 64, 64)).architecture
    plenty, little = Forward(), Forward(budget=100_000)
    expected = plenty.run(architecture, Seeded(), image, "image")
    for _ in range(2):
        assert torch.equal(little.run(architecture, Seeded(), image, "image").main, expected.main)
    assert little._bytes <= 100_000


def test_a_pass_that_is_no_longer_wanted_stops_and_the_next_one_works(image: torch.Tensor) -> None:
    architecture = open_network("mobilenet_v2", input_shape=(1, 3, 64, 64)).architecture
    forward = Forward()
    with pytest.raises(Cancelled):
        forward.run(architecture, Seeded(), image, "image", wanted=lambda done: done < 0.5)
    result = forward.run(architecture, Seeded(), image, "image")
    assert 0 < result.ran < result.total  # what was done is not done again
    assert torch.equal(result.main, Forward().run(architecture, Seeded(), image, "image").main)


def test_a_layer_that_fails_is_named() -> None:
    architecture = trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (1, 3, 8, 8))
    with pytest.raises(PassError, match=r"0 failed on \(1, 5, 8, 8\)"):
        Forward().run(architecture, Seeded(), torch.zeros(1, 5, 8, 8))


def test_auxiliary_outputs_come_along(image: torch.Tensor) -> None:
    network = open_network("googlenet_2014", options={"aux_heads": True})
    photo = torch.nn.functional.interpolate(image, (224, 224))
    result = network.origin.forward.run(network.architecture, Seeded(), photo)
    assert len(result.value) == 3
    assert result.main.shape == (1, 1000)


def test_values_inside_are_those_of_the_pass(image: torch.Tensor) -> None:
    torch.manual_seed(0)
    module = models.resnet18().eval()
    network = open_network(module, input_shape=(1, 3, 64, 64))
    seen: dict[str, torch.Tensor] = {}
    for path in ("conv1", "layer2.0", "layer4.1.bn2"):
        module.get_submodule(path).register_forward_hook(lambda m, args, out, path=path: seen.update({path: out}))
    with torch.inference_mode():
        module(image)
    names = ("layer4.1.bn2", "conv1")
    for forward in (Forward(), Forward(budget=100_000)):
        for _ in range(2):  # made, then remembered
            found = dict(forward.values(names, network.architecture, network.origin.weights, image, "image"))
            assert list(found) == ["conv1", "layer4.1.bn2"]
            assert all(torch.equal(found[name], seen[name]) for name in names)


def test_equal_keys_mean_equal_values(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    edited = network.edit(SwapActivation("stage3.1", "gelu"))
    forward, weights = Forward(), network.origin.weights
    before, now = (forward.keys(n.architecture, weights, "image") for n in (network, edited))
    assert before["stage3.0.branch1.0"] == now["stage3.0.branch1.0"]
    assert before["fc"] != now["fc"]


def test_layers_let_gradients_pass(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    forward, weights = Forward(), network.origin.weights
    forward.run(network.architecture, weights, image)
    layer = forward.layer(network.architecture.nodes["conv1.0"], weights)
    assert layer is not None
    entering = image.clone().requires_grad_(True)
    layer(entering).sum().backward()
    assert entering.grad is not None
