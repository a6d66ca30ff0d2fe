"""Snapshots never change; edits make new ones that share what they did not touch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import networkx as nx
import pytest
import torch
from torch import nn

import explorer
from explorer.edits import Edit, EditError, RepeatBlock, SetConvForm, ToggleShortcut, ToggleSqueezeExcitation
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Layer
from explorer.network import Network


def test_nodes_cannot_be_changed(opened: Callable[[str], Network]) -> None:
    architecture = opened("resnet18").architecture
    with pytest.raises(TypeError):
        architecture.nodes["conv1"] = architecture.nodes["bn1"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        architecture.nodes["conv1"].name = "other"  # type: ignore[misc]


def test_inserting_goes_on_every_edge_that_leaves(opened: Callable[[str], Network]) -> None:
    old = opened("resnet18").architecture
    node = Node("extra", Layer.from_module(nn.Identity()), (Ref("maxpool"),))
    new = old.with_inserted("maxpool", node)
    assert new.nodes["layer1.0.conv1"].inputs == ("extra",)
    assert "extra" in new.nodes["layer1.0.add"].inputs  # the shortcut too
    assert old.nodes["layer1.0.conv1"].inputs == ("maxpool",)
    assert new.nodes["fc"] is old.nodes["fc"]


def test_inserting_and_taking_out_is_nothing(opened: Callable[[str], Network]) -> None:
    old = opened("resnet18").architecture
    new = old.with_inserted("maxpool", Node("extra", Layer.from_module(nn.Identity()), (Ref("maxpool"),))).without(
        "extra"
    )
    assert list(new.nodes) == list(old.nodes)
    assert all(new.nodes[name].inputs == node.inputs for name, node in old.nodes.items())


def test_what_goes_takes_dead_nodes_along_that_read_it() -> None:
    """A check in the code reads a size, and nothing reads the check."""

    class Checked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.filter = nn.Conv2d(8, 8, 3, padding=1, groups=8)
            self.mix = nn.Conv2d(8, 8, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            filtered = self.filter(x)
            torch._assert(filtered.ndim == 4, "expected a map")
            return self.mix(filtered)

    network = explorer.open(Checked(), input_shape=(1, 8, 16, 16))
    assert "getattr" in network.architecture.nodes
    made = network.edit(SetConvForm("*", "full")).history.current
    assert "filter" not in made.nodes
    assert all(read in made.nodes for node in made.nodes.values() for read in node.inputs)


def test_replacing_an_unknown_node_is_refused(opened: Callable[[str], Network]) -> None:
    architecture = opened("resnet18").architecture
    with pytest.raises(KeyError, match="nowhere"):
        architecture.with_replaced([Node("nowhere", Layer.from_module(nn.ReLU()))])


def test_equal_configurations_have_equal_signatures() -> None:
    def node(name: str, **settings: Any) -> Node:
        return Node(name, Layer.from_module(nn.Conv2d(8, 8, 3, **settings)), (Ref("input"),))

    assert node("a").signature == node("b").signature
    assert node("a").signature != node("a", stride=2).signature


def test_the_same_input_twice_is_another_function_than_two_inputs() -> None:
    add = Layer.from_module(nn.Bilinear(4, 4, 1))
    assert Node("n", add, (Ref("a"), Ref("a"))).signature != Node("n", add, (Ref("a"), Ref("b"))).signature
    assert Node("n", add, (Ref("a"), Ref("b"))).inputs == ("a", "b")


def test_layers_share_no_storage_with_the_module() -> None:
    module = nn.Conv2d(3, 4, 1)
    layer = Layer.from_module(module)
    assert layer.module is not module
    assert all(tensor.is_meta for tensor in layer.named_tensors.values())
    with torch.no_grad():
        module.weight.fill_(7)
    assert layer.module.weight.is_meta


def test_the_graph_holds_every_node_and_an_edge_for_every_value_read(opened: Callable[[str], Network]) -> None:
    architecture = opened("resnet18").architecture
    assert list(architecture.graph) == list(architecture.nodes)
    assert set(architecture.graph.edges) == {(r, n.name) for n in architecture.nodes.values() for r in n.inputs}
    with pytest.raises(nx.NetworkXError):
        architecture.graph.add_node("extra")


def test_ancestors_are_all_that_a_node_depends_on(opened: Callable[[str], Network]) -> None:
    architecture = opened("resnet18").architecture
    block = ["maxpool", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu"]
    assert architecture.ancestors("layer1.0.relu") == {"input", "conv1", "bn1", "relu", *block}
    assert architecture.ancestors("layer1.0.relu", within=block[1:]) == set(block[1:])
    assert architecture.ancestors("maxpool", within=block[1:]) == set()
    assert architecture.ancestors("relu", "bn1", within=["bn1", "relu"]) == {"bn1", "relu"}
    assert architecture.ancestors(architecture.output.name) == architecture.live.keys()


@pytest.mark.parametrize(
    "key", ["googlenet", "densenet121", "shufflenet_v2_x0_5", "mobilenet_v3_small", "efficientnet_b0", "inception_v3"]
)
def test_dominators_are_those_of_networkx(key: str, opened: Callable[[str], Network]) -> None:
    """On networks as opened, with constants and dead ends, and after edits that rewire them."""
    network = opened(key)
    block = network.analysis.hierarchy.blocks[-1].id
    rewired: list[Edit] = [ToggleShortcut("*", on=False), ToggleSqueezeExcitation("*", on=True), RepeatBlock(block)]
    snapshots = [network.architecture]
    for edit in rewired:
        with suppress(EditError):
            snapshots.append(network.edit(edit).architecture)
    for architecture in snapshots:
        expected = nx.immediate_dominators(architecture.graph, architecture.input.name)
        expected.pop(architecture.input.name, None)
        assert architecture.immediate_dominators == expected


def test_dominators_are_where_all_paths_from_the_image_meet(opened: Callable[[str], Network]) -> None:
    dominators = opened("resnet18").architecture.immediate_dominators
    assert dominators["layer1.0.add"] == "maxpool"
    assert dominators["layer1.0.bn1"] == "layer1.0.conv1"
    assert "input" not in dominators
