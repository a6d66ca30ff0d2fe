"""Seeded weights depend on nothing but the seed, the layer's path and its own configuration."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.analysis.calibration import build_seeded_weights
from explorer.edits import SwapActivation
from explorer.graph.ops import Layer
from explorer.network import Network, open_network
from explorer.weights import SeededWeights
from tests.conftest import TYPICAL

SLOW = {"vgg11_bn", "inception_v3", "vit_b_16"}  # seconds each, and no other kind of structure


def test_the_same_seed_gives_the_same_numbers(opened: Callable[[str], Network]) -> None:
    node = opened("resnet18").architecture.nodes["layer1.0.conv1"]
    one, same, other = (SeededWeights(seed).tensors(node)["weight"] for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_two_layers_have_different_numbers(opened: Callable[[str], Network]) -> None:
    nodes = opened("resnet18").architecture.nodes
    a, b = (SeededWeights().tensors(nodes[f"layer1.{n}.conv1"])["weight"] for n in (0, 1))
    assert not torch.equal(a, b)


def test_an_edit_elsewhere_changes_nothing(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    edited = network.edit(SwapActivation("layer1", "prelu"))
    source = SeededWeights()
    for name, node in network.architecture.nodes.items():
        after = edited.architecture.nodes[name]
        if isinstance(node.op, Layer) and after.op is node.op:
            assert source.cache_key(node) == source.cache_key(after)


@pytest.mark.parametrize("key", ["mobilenet_v3_small", "densenet121", "vit_b_16", "swin_t", "convnext_tiny"])
def test_every_layer_gets_what_it_holds(key: str, opened: Callable[[str], Network]) -> None:
    source = SeededWeights()
    for node in opened(key).architecture.nodes.values():
        if isinstance(node.op, Layer):
            made = source.tensors(node)
            assert {name: tensor.shape for name, tensor in made.items()} == {
                n: t.shape for n, t in node.op.named_tensors.items()
            }
            assert all(bool(torch.isfinite(t).all()) for t in made.values())


@pytest.mark.parametrize("key", sorted({*TYPICAL, "alexnet", "resnet50"} - SLOW))
def test_the_output_is_neither_one_class_nor_all(key: str) -> None:
    """Deviation of the logits on photos other than the one the scales were found with."""
    network = open_network(key)
    for photo in ("cat", "rocket"):
        assert 0.3 < float(network.run(photo).result.main_output.std()) < 10


def test_filters_see_only_how_their_channels_differ(opened: Callable[[str], Network]) -> None:
    nodes = opened("mobilenet_v2").architecture.nodes
    source = SeededWeights()
    pointwise = source.tensors(nodes["features.3.conv.0.0"])["weight"]
    assert float(pointwise.sum(dim=(1, 2, 3)).abs().max()) < 1e-4
    assert float(pointwise.square().sum(dim=(1, 2, 3)).mean()) == pytest.approx(1 / (0.5 - 0.5 / torch.pi), rel=0.1)
    depthwise = source.tensors(nodes["features.3.conv.1.0"])["weight"]
    assert float(depthwise.sum(dim=(1, 2, 3)).abs().mean()) > 0.1


def test_what_the_calibration_drew_is_what_would_be_drawn() -> None:
    architecture = open_network("resnet18").architecture
    at_hand = build_seeded_weights(architecture)
    for node in architecture.live.values():
        if isinstance(node.op, Layer) and node.op.has_tensors:
            once, again = at_hand.tensors(node), at_hand.tensors(node)
            assert once.keys() == again.keys()
            assert all(torch.equal(once[name], again[name]) and not once[name].is_inference() for name in once)


def test_a_modules_own_weights_are_kept() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10)).eval()
    network = open_network(module, input_shape=(1, 3, 8, 8))
    x = torch.randn(1, 3, 8, 8)
    run = network.context.forward.run
    with torch.inference_mode():
        assert torch.equal(run(network.architecture, network.context.weights, x).main_output, module(x))
        with_prelu = network.edit(SwapActivation("1", "prelu"))
        made = run(with_prelu.architecture, network.context.weights, x).main_output
    module[1] = nn.PReLU()
    with torch.inference_mode():
        assert torch.equal(made, module.eval()(x))  # what the edit made new has torch's own starting slope


def test_training_the_module_afterwards_does_not_reach_the_network() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()).eval()
    network = open_network(module, input_shape=(1, 3, 8, 8))
    x = torch.randn(1, 3, 8, 8)
    before = network.context.forward.run(network.architecture, network.context.weights, x).main_output.clone()
    with torch.no_grad():
        module[0].weight.zero_()
    after = network.context.forward.run(network.architecture, network.context.weights, x, "again").main_output
    assert torch.equal(before, after)
