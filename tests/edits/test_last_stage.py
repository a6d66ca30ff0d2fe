"""The last 1×1 before the global pooling or behind it, and the same weights either way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torchvision import models

from explorer.base.memo import Token
from explorer.edits import (
    Edit,
    EditError,
    ReorderLastStage,
    SetInputSize,
    SetWidth,
    SwapActivation,
    SwapHead,
    ToggleSqueezeExcitation,
)
from explorer.edits.last_stage import find_last_stage
from explorer.edits.options import find_options
from explorer.export.network_files import save_network
from explorer.network import Network, open_network

Opened = Callable[[str], Network]


def weight(network: Network, name: str) -> torch.Tensor:
    return network.context.weights.tensors(network.architecture.nodes[name])["weight"]


def wired(network: Network) -> list[tuple[str, Token, tuple[str, ...]]]:
    """Every op in order, with what it does and reads."""
    return [(node.name, node.signature, node.inputs) for node in network.architecture.nodes.values()]


@pytest.mark.parametrize(("key", "widths"), [("mobilenet_v3_large", (960, 1280)), ("mobilenet_v3_small", (576, 1024))])
def test_mobilenet_v3_pools_first_and_back(key: str, widths: tuple[int, int], opened: Opened) -> None:
    """Its linear layer is the 1×1 of MobileNetV2 behind the pooling: on the map it works at 49 places."""
    network = opened(key)
    assert network.edit(ReorderLastStage("pool_first")).architecture is network.architecture
    before = network.edit(ReorderLastStage("conv_first"))
    entering, leaving = widths
    assert before.figures.total.params == network.figures.total.params
    assert before.figures.total.macs - network.figures.total.macs == 48 * entering * leaving
    back = before.edit(ReorderLastStage("pool_first"))
    assert wired(back) == wired(network)
    assert not any(node.original for node in back.architecture.nodes.values())


def test_an_edit_of_the_1x1_stays_when_it_moves(opened: Opened) -> None:
    network = opened("mobilenet_v3_small").edit(ReorderLastStage("conv_first"), SetWidth("classifier.0", 512))
    back = network.edit(ReorderLastStage("pool_first"))
    assert back.figures.total == opened("mobilenet_v3_small").edit(SetWidth("classifier.0", 512)).figures.total
    assert network.provenance_of(network.architecture.nodes["classifier.0"]) == "sliced"


@pytest.mark.parametrize("key", ["mobilenet_v2", "mobilenet_v1", "efficientnet_b0", "squeezenet1_1"])
def test_a_1x1_before_the_pooling_can_go_behind_it_and_back(key: str, opened: Opened) -> None:
    network = opened(key)
    behind = network.edit(ReorderLastStage("pool_first"))
    assert behind.figures.total.macs < network.figures.total.macs
    assert behind.edit(ReorderLastStage("conv_first")).figures.total == network.figures.total


def test_a_linear_layer_and_the_1x1_it_becomes_have_the_same_weights(opened: Opened) -> None:
    network = opened("mobilenet_v3_small")
    before = network.edit(ReorderLastStage("conv_first"))
    assert {before.provenance_of(node) for node in before.architecture.live.values()} == {"kept", None}
    assert torch.equal(weight(before, "classifier.0").flatten(1), weight(network, "classifier.0"))


def test_weights_of_ones_own_are_kept_too() -> None:
    """Pooling then computes the same where nothing bends the signal in between."""
    module = models.mobilenet_v3_small().eval()
    network = open_network(module).edit(SwapActivation("classifier.1", "linear"))
    before = network.edit(ReorderLastStage("conv_first"))
    assert torch.equal(weight(before, "classifier.0")[..., 0, 0], module.classifier[0].weight)
    assert torch.allclose(before.run("cat").result.main_output, network.run("cat").result.main_output, atol=1e-4)


def test_weights_written_in_one_order_are_read_in_the_other(opened: Opened, tmp_path: Path) -> None:
    network = opened("mobilenet_v3_small").edit(ReorderLastStage("conv_first"))
    path = tmp_path / "pooled_last.safetensors"
    save_network(network, path)
    for reading in (network, network.undo()):
        loaded = reading.read_weights(path)
        assert loaded.report.is_complete
        mine = reading.with_weights(loaded)
        assert torch.equal(weight(mine, "classifier.0"), weight(reading, "classifier.0"))


def test_where_the_map_has_one_place_both_orders_cost_the_same(opened: Opened) -> None:
    small = opened("mobilenet_v3_small").edit(SetInputSize(resolution=32))
    assert small.edit(ReorderLastStage("conv_first")).figures.total.macs == small.figures.total.macs


@pytest.mark.parametrize(
    ("key", "edits"),
    [
        ("resnet18", []),  # the linear layer behind its pooling makes the classes
        (
            "plain18",
            [ToggleSqueezeExcitation("*", on=True), SwapHead("fully_connected")],
        ),  # gates pool, but not for the head
        ("densenet121", []),
        ("vit_b_16", []),
    ],
)
def test_it_is_neither_offered_nor_made_where_there_is_none(key: str, edits: list[Edit], opened: Opened) -> None:
    network = opened(key).edit(*edits)
    assert find_last_stage(network.architecture) is None
    assert "Last stage" not in {option.title for option in find_options(network.analysis, "")}
    with pytest.raises(EditError, match="has no 1×1 next to its global pooling"):
        network.edit(ReorderLastStage("conv_first"))


@pytest.mark.parametrize("name", ["mobilenetv3_small_100", "mobilenetv3_rw"])
def test_last_stages_of_timm(name: str) -> None:
    timm = pytest.importorskip("timm")
    network = open_network(timm.create_model(name))
    before = network.edit(ReorderLastStage("conv_first"))
    assert before.figures.total.macs > network.figures.total.macs
    assert before.edit(ReorderLastStage("pool_first")).figures.total == network.figures.total
