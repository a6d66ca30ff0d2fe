"""An ONNX file says of every node which modules it is in: the network comes back with its stages and blocks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.edits import ReplaceByPart
from explorer.export.network_files import save_network
from explorer.export.onnx_scopes import CLASSES, SCOPES
from explorer.network import Network

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")


def places(network: Network) -> set[tuple[str, str]]:
    """Stages and blocks; a convolution and its norm are one layer in ONNX, and their unit is none."""
    groups = network.analysis.hierarchy.groups.values()
    return {(group.role, group.id) for group in groups if group.role in ("stage", "block", "stem", "head")}


@pytest.mark.parametrize("key", ["resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small", "squeezenet1_1"])
def test_stages_and_blocks_come_back(key: str, tmp_path: Path) -> None:
    network = explorer.open(key)
    save_network(network, tmp_path / "net.onnx")
    assert places(explorer.open(str(tmp_path / "net.onnx"))) == places(network)


def test_so_do_those_that_an_edit_made(tmp_path: Path) -> None:
    network = explorer.open("resnet18").edit(ReplaceByPart("layer2.1", "inverted_residual"))
    save_network(network, tmp_path / "net.onnx")
    assert places(explorer.open(str(tmp_path / "net.onnx"))) == places(network)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, 1)
        batch, channels, height, width = x.shape
        mixed = torch.cat((second, first), 1).view(batch, 2, channels // 2, height, width).transpose(1, 2)
        return x + self.conv(mixed.reshape(batch, channels, height, width))


def test_functions_and_methods_are_in_their_block(tmp_path: Path) -> None:
    network = explorer.open(nn.Sequential(Block(), Block()).eval(), input_shape=(1, 8, 16, 16))
    save_network(network, tmp_path / "net.onnx")
    held = [
        {prop.key: ast.literal_eval(prop.value) for prop in node.metadata_props if prop.key in (SCOPES, CLASSES)}
        for node in onnx.load(tmp_path / "net.onnx").graph.node
    ]
    assert {said[SCOPES][1] for said in held} == {"0", "1"}
    assert {said[CLASSES][1] for said in held} == {"Block"}
    assert all(len(said[SCOPES]) == len(said[CLASSES]) for said in held)
