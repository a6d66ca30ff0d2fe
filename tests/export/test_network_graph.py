"""The graph of a network as a networkx graph, as GraphML and as DOT."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
import torch
from torch import nn

import explorer
from explorer.cli import main
from explorer.network import Network
from explorer.viewmodels.diagram import LEVELS, Level

NETWORKS = ["resnet18", "densenet121", "googlenet", "shufflenet_v2_x1_0", "mobilenet_v3_small", "convnext_tiny"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("key", NETWORKS)
def test_the_nodes_add_up_to_the_network(opened: Callable[[str], Network], key: str, level: Level) -> None:
    network = opened(key)
    graph = explorer.to_networkx(network, level)
    total = network.figures.total
    assert sum(graph.nodes[id]["params"] for id in graph) == total.params - network.figures.unused_params
    assert sum(graph.nodes[id]["macs"] for id in graph) == total.macs
    assert nx.is_directed_acyclic_graph(graph)
    assert nx.is_weakly_connected(graph)
    assert [id for id in graph if not graph.out_degree(id)] == [network.architecture.output.name]


def test_levels_have_nodes_of_their_own(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    graphs = {level: explorer.to_networkx(network, level) for level in LEVELS}
    assert graphs["ops"].nodes["layer1.0.conv1"] == {
        "kind": "conv",
        "title": "Conv 3×3",
        "path": "layer1.0.conv1",
        "params": 36_864,
        "macs": 115_605_504,
        "shape": (1, 64, 56, 56),
    }
    assert graphs["units"].nodes["unit:layer1.0.conv1"]["params"] == 36_864 + 128
    assert graphs["blocks"].nodes["layer1.0"]["kind"] == "block"
    assert list(graphs["stages"]) == ["input", "@stem", "layer1", "layer2", "layer3", "layer4", "@head", "output"]
    assert graphs["stages"].nodes["layer2"]["shape"] == (1, 128, 28, 28)


def test_an_edge_says_which_input_it_is_and_what_travels(opened: Callable[[str], Network]) -> None:
    graph = explorer.to_networkx(opened("resnet18"))
    assert list(graph.in_edges("layer1.0.add", data=True)) == [
        ("layer1.0.bn2", "layer1.0.add", {"slot": 0, "shape": (1, 64, 56, 56)}),
        ("maxpool", "layer1.0.add", {"slot": 1, "shape": (1, 64, 56, 56)}),
    ]


class _Twice(nn.Module):
    """The same value twice into one addition, and one layer called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(self.conv(x))
        return y + y


def test_a_value_read_twice_is_two_edges_and_a_shared_weight_counts_once() -> None:
    network = explorer.open(_Twice(), input_shape=(1, 3, 8, 8))
    graph = explorer.to_networkx(network)
    assert graph.number_of_edges("conv:2", "add") == 2
    assert sum(graph.nodes[id]["params"] for id in graph) == network.figures.total.params == 84
    assert [graph.nodes[id]["macs"] for id in ("conv", "conv:2")] == [81 * 64, 81 * 64]


def test_graphml_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "graph.graphml"
    assert main(["export", "resnet18", "--level", "ops", "--out", str(path)]) == 0
    read = nx.read_graphml(path, force_multigraph=True)
    graph = explorer.to_networkx(explorer.open("resnet18"))
    assert set(read.edges(keys=False)) == set(graph.edges(keys=False))
    assert read.nodes["conv1"] == {**graph.nodes["conv1"], "shape": "1×64×112×112"}
    assert {edge["slot"] for _, _, edge in read.in_edges("layer1.0.add", data=True)} == {0, 1}


def test_dot_names_every_node_and_edge(tmp_path: Path) -> None:
    path = tmp_path / "graph.dot"
    assert main(["export", "googlenet", "--out", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    graph = explorer.to_networkx(explorer.open("googlenet"), "blocks")
    assert text.startswith('digraph "GoogLeNet (torchvision)" {')
    assert text.endswith("}\n")
    assert re.findall(r'^  "([^"]+)" \[label="(.*?)(?:\\n|")', text, re.M) == [
        (id, graph.nodes[id]["title"]) for id in graph
    ]
    assert re.findall(r'^  "([^"]+)" -> "([^"]+)"', text, re.M) == list(graph.edges(keys=False))


def test_what_cannot_be_written_is_refused(opened: Callable[[str], Network], tmp_path: Path) -> None:
    with pytest.raises(explorer.ExportError, match="no level 'layers'"):
        explorer.to_networkx(opened("resnet18"), "layers")  # type: ignore[arg-type]
    with pytest.raises(explorer.ExportError, match=r"\.graphml, \.dot"):
        explorer.save_graph(opened("resnet18"), tmp_path / "graph.gml")
