"""Blocks that describe themselves: what is read is what was described, from any network; and nothing else is run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from explorer.edits import CopyBlock, EditError, InsertPart, SetWidth, WrapAsBlock
from explorer.edits.subgraph import get_subgraph
from explorer.edits.transplants import describe_block, read_description
from explorer.graph.description import DescriptionError, find_function, read_piece
from explorer.network import Network, open_network
from explorer.project.own_parts import (
    OwnPart,
    OwnPartError,
    keep_own_part,
    parts_folder,
    read_own_parts,
    remove_own_part,
    rename_own_part,
)
from tests.conftest import TYPICAL
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import small

Opened = Callable[[str], Network]
QUICK = ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "convnext_tiny")


@pytest.mark.parametrize("key", TYPICAL)
def test_a_description_makes_what_the_block_itself_makes(key: str, request: pytest.FixtureRequest) -> None:
    long = request.config.getoption("--long")
    if not (long or key in QUICK):
        pytest.skip("a few networks; all with --long")
    network, described = small(key), 0
    for block in network.analysis.hierarchy.blocks[:: 1 if long else 7]:
        if not get_subgraph(network.architecture, block.id).is_single_entry_exit:
            continue
        text = describe_block(network.architecture, block.id)
        described += 1
        piece = read_description(text)
        ours = [network.architecture.nodes[name] for name in block.all_nodes if name in piece.block.nodes]
        theirs = [piece.block.architecture.nodes[node.name] for node in ours]
        assert [node.signature for node in theirs] == [node.signature for node in ours]
        assert [node.inputs for node in theirs] == [node.inputs for node in ours]
    assert described


def test_a_block_of_an_edited_network_comes_along_with_its_edits(opened: Opened) -> None:
    edited = opened("resnet50").edit(SetWidth("layer1.1.conv1", 24), InsertPart("layer1.1.bn2", "squeeze_excitation"))
    text = describe_block(edited.architecture, "layer1.1")
    network = opened("mobilenet_v2").edit(CopyBlock("features.3", "layer1.1", "ResNet-50", description=text))
    assert any("squeeze_excitation" in name for name in network.architecture.live)
    check_count(network)
    check_replay(network)
    plain = opened("mobilenet_v2").edit(CopyBlock("features.3", "layer1.1", "resnet50"))
    assert plain.figures.total.params != network.figures.total.params


class Doubled(nn.Module):
    """A block of somebody's own, of torch's layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Both, side by side."""
        made: torch.Tensor = torch.relu(self.a(x)) + self.b(x).sigmoid() * x
        return made


class Odd(nn.Module):
    """A layer that only its own program knows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shift by one."""
        return x + 1 if x.shape[0] else x


def test_a_block_of_the_users_own_network_is_copied_and_what_nobody_else_knows_is_refused(opened: Opened) -> None:
    own = open_network(nn.Sequential(nn.Conv2d(3, 8, 1), Doubled(8)), input_shape=(1, 3, 8, 8))
    text = describe_block(own.architecture, "1")
    network = opened("resnet18").edit(CopyBlock("layer1.1", "1", "mine", description=text))
    check_count(network)
    assert "Doubled" in network.architecture.module_classes.values()
    node = own.architecture.nodes["1.a"]
    foreign = own.architecture.with_replaced([node.replace(op=type(node.op).from_module(Odd()))])
    with pytest.raises(EditError, match="code that only its own network knows: Odd"):
        describe_block(foreign, "1")


def test_a_block_that_was_made_of_a_selection_stays_one_elsewhere(opened: Opened) -> None:
    made = opened("mobilenet_v2").edit(WrapAsBlock("features.8,features.9", "Two"))
    (block,) = made.architecture.own_blocks
    text = describe_block(made.architecture, block)
    network = opened("resnet18").edit(CopyBlock("layer2.1", block, "MobileNetV2", description=text))
    assert len(network.architecture.own_blocks) == 1


def described(opened: Opened) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(describe_block(opened("resnet18").architecture, "layer1.0"))
    return found


def set_layer(found: dict[str, Any], layer: list[Any]) -> None:
    next(node for node in found["nodes"] if "layer" in node)["layer"] = layer


@pytest.mark.parametrize(
    ("home", "name"),
    [
        ("os", "system"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("builtins", "eval"),
        ("operator", "methodcaller"),
        ("operator", "attrgetter"),
        ("torch.nn.functional", "__builtins__"),
        ("torchvision.models.shufflenetv2", "shufflenet_v2_x0_5"),
        ("explorer.networks.catalogue", "instantiate"),
        ("explorer.networks.arguments", "parse_arguments"),
    ],
)
def test_a_description_calls_nothing_but_what_networks_compute_with(home: str, name: str, opened: Opened) -> None:
    assert find_function(home, name) is None
    found = described(opened)
    next(node for node in found["nodes"] if "function" in node)["function"] = [home, name]
    with pytest.raises(DescriptionError, match="does not call"):
        read_piece(found)


@pytest.mark.parametrize(
    "layer",
    [
        ["os", "PathLike", {}, "float32"],
        ["torch.nn", "Sequential", {}, "float32"],
        ["torch.nn", "Parameter", {}, "float32"],
        ["torch.nn", "functional", {}, "float32"],
        ["torch.nn", "Linear", {"in_features": 2**20, "out_features": 2**20}, "float32"],
        ["torch.nn", "Conv2d", {"in_channels": -1}, "float32"],
        ["explorer.edits.bridges", "Shape", {}, "float32"],
        ["explorer.nowhere", "Layer", {}, "float32"],
        ["torch.nn", "ReLU", {}, "load"],
        "ReLU",
    ],
)
def test_a_description_builds_nothing_but_layers(layer: Any, opened: Opened) -> None:
    found = described(opened)
    set_layer(found, layer)
    with pytest.raises(DescriptionError):
        read_piece(found)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "3", '{"version": 1}', "x" * 100_001, '{"version": 1, "nodes": []}']
)
def test_other_texts_are_refused(text: str, opened: Opened) -> None:
    with pytest.raises(EditError):
        opened("resnet18").edit(CopyBlock("layer1.0", "x", "y", description=text or "{"))


def test_a_description_reads_nothing_from_later(opened: Opened) -> None:
    found = described(opened)
    found["nodes"].reverse()
    with pytest.raises(DescriptionError, match="not computed before"):
        read_piece(found)


def test_own_parts_are_kept_renamed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    monkeypatch.setenv("CNN_EXPLORER_DATA", str(tmp_path))
    assert read_own_parts() == ()
    text = describe_block(opened("resnet18").architecture, "layer1.0")
    keep_own_part(OwnPart("Mine", "layer1.0 of ResNet-18", text))
    keep_own_part(OwnPart("我的", "layer1.0 of ResNet-18", text))
    (parts_folder() / "broken.part.json").write_text("{", encoding="utf-8")
    (parts_folder() / "other.part.json").write_text(
        '{"name": "a", "origin": "", "description": "{}"}', encoding="utf-8"
    )
    assert [part.name for part in read_own_parts()] == ["Mine", "我的"]
    with pytest.raises(OwnPartError, match="already"):
        rename_own_part("Mine", "我的")
    rename_own_part("Mine", "Other")
    assert [part.name for part in read_own_parts()] == ["Other", "我的"]
    assert read_own_parts()[0].description == text
    remove_own_part("Other")
    remove_own_part("Other")
    assert [part.name for part in read_own_parts()] == ["我的"]
    for name in ("", "  ", "x" * 61):
        with pytest.raises(OwnPartError, match="needs a name"):
            keep_own_part(OwnPart(name, "", text))
