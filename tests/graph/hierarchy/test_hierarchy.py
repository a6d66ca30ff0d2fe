"""Every network falls into stages, blocks and units, whatever its modules look like."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from explorer.edits import InsertPart, ToggleAuxiliaryHead
from explorer.graph.groups import Group
from explorer.network import Network
from tests.conftest import KEYS


def stages(network: Network) -> list[str]:
    return [group.id for group in network.analysis.hierarchy.root.groups]


@pytest.mark.parametrize("key", KEYS)
def test_every_node_is_in_the_tree_once(key: str, opened: Callable[[str], Network]) -> None:
    study = opened(key).analysis
    assert sorted(study.hierarchy.root.all_nodes) == sorted(study.architecture.live)


@pytest.mark.parametrize("key", KEYS)
def test_every_group_is_a_run_of_the_execution_order(key: str, opened: Callable[[str], Network]) -> None:
    study = opened(key).analysis
    drawn = {
        name: at for at, name in enumerate(n for n in study.architecture.live if n in set(study.hierarchy.root.nodes))
    }
    for group in study.hierarchy.groups.values():
        places = [drawn[name] for name in group.nodes]
        assert places == list(range(places[0], places[0] + len(places))), group.id


@pytest.mark.parametrize("key", KEYS)
def test_few_stages(key: str, opened: Callable[[str], Network]) -> None:
    assert 3 <= len(stages(opened(key))) <= 14


def test_stages_from_module_paths(opened: Callable[[str], Network]) -> None:
    assert stages(opened("resnet50")) == ["@stem", "layer1", "layer2", "layer3", "layer4", "@head"]


def test_stages_by_resolution_where_a_sequential_is_flat(opened: Callable[[str], Network]) -> None:
    network = opened("vgg16")
    assert stages(network) == [*(f"stage:{n}" for n in range(1, 6)), "@head"]
    sizes = [len(group.children) for group in network.analysis.hierarchy.root.groups]
    assert sizes[:5] == [3, 3, 4, 4, 4]  # convolutions with their ReLUs, and the pooling that ends the stage


def test_transitions_stand_between_dense_blocks(opened: Callable[[str], Network]) -> None:
    assert stages(opened("densenet121"))[1:4] == [
        "features.denseblock1",
        "features.transition1",
        "features.denseblock2",
    ]


def test_a_unit_is_a_convolution_with_its_norm_and_activation(opened: Callable[[str], Network]) -> None:
    groups = opened("mobilenet_v2").analysis.hierarchy.groups
    assert groups["features.3.conv.0"].role == "unit"
    assert groups["features.3.conv.0"].children == tuple(f"features.3.conv.0.{n}" for n in range(3))
    assert groups["unit:features.3.conv.2"].children == (
        "features.3.conv.2",
        "features.3.conv.3",
    )  # linear: no activation


def test_pre_activation_units_put_the_norm_first(opened: Callable[[str], Network]) -> None:
    layer = opened("densenet121").analysis.hierarchy.groups["features.denseblock1.denselayer2"]
    unit = next(group for group in layer.groups if group.role == "unit")
    assert [name.rsplit(".", 1)[-1] for name in unit.nodes] == ["norm1", "relu1", "conv1"]


def test_the_block_around_a_node(opened: Callable[[str], Network]) -> None:
    hierarchy = opened("efficientnet_b0").analysis.hierarchy
    block = hierarchy.block_of("features.2.0.block.2.fc1")  # inside the squeeze-and-excitation
    assert isinstance(block, Group)
    assert block.id == "features.2.0"
    assert hierarchy.block_of("features.0.0") is None  # the stem has no block


def test_an_unknown_id_is_refused(opened: Callable[[str], Network]) -> None:
    with pytest.raises(KeyError):
        opened("resnet18").analysis.hierarchy.nodes_of("layer9")


@pytest.mark.parametrize(
    ("key", "place"), [("mobilenet_v2", "features.2"), ("mobilenet_v3_small", "features.3"), ("resnet18", "layer2.0")]
)
def test_an_auxiliary_head_leaves_the_stages_as_they_are(
    key: str, place: str, opened: Callable[[str], Network]
) -> None:
    network = opened(key)
    assert stages(network.edit(ToggleAuxiliaryHead(place, on=True))) == stages(network)


@pytest.mark.parametrize("part", ["squeeze_excitation", "basic_residual", "cbam"])
@pytest.mark.parametrize("key", ["vgg16", "alexnet"])
def test_a_block_put_into_plain_convolutions_leaves_their_stages(
    key: str, part: str, opened: Callable[[str], Network]
) -> None:
    """A lone block is no reason to call all before it the stem and all behind it the head."""
    network = opened(key)
    last = [name for name, node in network.architecture.live.items() if isinstance(node.layer, nn.MaxPool2d)][1]
    made = network.edit(InsertPart(last, part))
    assert stages(made) == stages(network)
