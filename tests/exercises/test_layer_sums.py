"""Sums give the numbers of the live modules, and mistakes give others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import get_args

import pytest
from torch import nn

from explorer.exercises.layer_sums import LayerFigure, LayerSum, find_sum, measure_layer
from explorer.exercises.mistakes import find_mistake, layer_mistakes
from explorer.graph.node import Node
from explorer.network import Network

NETWORKS = ("alexnet_2012", "googlenet", "resnet50", "mobilenet_v2", "shufflenet_v1_g3", "efficientnet_b0", "vit_b_16")


def evaluate(text: str) -> int:
    """The result of a sum as it is written, without the one that stands behind it."""
    text = re.sub(r"\(rounded \w+\)", "", text.partition(" = ")[0]).replace(",", "")
    for sign, operator in (("×", "*"), ("÷", "//"), ("−", "-")):
        text = text.replace(sign, operator)
    assert re.fullmatch(r"[\d+*/() -]+", text), text
    return int(eval(text))  # digits and operators, as just checked


def sums(network: Network) -> Iterator[tuple[Node, LayerFigure, LayerSum]]:
    for node in network.architecture.live.values():
        for figure in get_args(LayerFigure):
            found = find_sum(network.analysis, node, figure)
            if found is not None:
                yield node, figure, found


@pytest.mark.parametrize("key", NETWORKS)
def test_every_sum_gives_the_number_that_is_counted(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    count = 0
    for node, figure, found in sums(network):
        rounds_up = "rounded up" in found.text
        if found.sum:
            assert evaluate(found.text) + rounds_up == found.value, (node.name, found.text)
        assert found.value == measure_layer(network.analysis, node, figure)
        count += 1
    assert count > 20


def test_every_plain_convolution_has_all_its_sums(opened: Callable[[str], Network]) -> None:
    for key in ("vgg11_bn", "resnet50", "mobilenet_v2"):
        network = opened(key)
        found = {(node.name, figure) for node, figure, _ in sums(network)}
        for name, node in network.architecture.live.items():
            if isinstance(node.layer, nn.Conv2d):
                assert {(name, figure) for figure in ("params", "macs", "side", "channels")} <= found
                parameters = sum(parameter.numel() for parameter in node.layer.parameters())
                assert measure_layer(network.analysis, node, "params") == parameters
                if max(node.layer.kernel_size) > 1:
                    assert (name, "field") in found, (key, name)


@pytest.mark.parametrize("key", NETWORKS)
def test_a_mistake_is_another_number_and_found_by_it(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    seen: set[str] = set()
    for node, figure, found in sums(network):
        mistakes = layer_mistakes(network.analysis, node, figure)
        values = [mistake.value for mistake in mistakes]
        assert found.value not in values
        assert len(values) == len(set(values))
        for mistake in mistakes:
            likely = find_mistake(mistake.value, found.value, mistakes)
            assert mistake.value <= 0 or (likely is not None and likely.value == mistake.value)
            seen.add(re.sub(r"\d+", "", mistake.reason))
        assert find_mistake(found.value, found.value, mistakes) is None
    assert len(seen) > 3 or key == "vit_b_16"


def test_the_mistakes_of_a_depthwise_layer(opened: Callable[[str], Network]) -> None:
    network = opened("mobilenet_v1")
    node = network.architecture.nodes["features.6.0.0"]
    mistakes = layer_mistakes(network.analysis, node, "params")
    full = find_mistake(3 * 3 * 256 * 256, 2304, mistakes)
    assert full is not None
    assert "full convolution" in full.reason
    line = find_mistake(3 * 256, 2304, mistakes)
    assert line is not None
    assert "area" in line.reason


def test_padding_forgotten(opened: Callable[[str], Network]) -> None:
    network = opened("resnet50")
    node = network.architecture.nodes["conv1"]
    found = find_mistake((224 - 7) // 2 + 1, 112, layer_mistakes(network.analysis, node, "side"))
    assert found is not None
    assert "padding" in found.reason
