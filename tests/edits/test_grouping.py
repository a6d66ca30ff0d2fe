"""A selection made a block: nothing is computed otherwise; it folds, repeats, is copied, and is written as a class."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.edits import (
    CopyBlock,
    Edit,
    EditError,
    RepeatBlock,
    SetLayer,
    SwapActivation,
    SwapSubsampling,
    UnshareLayer,
    WrapAsBlock,
)
from explorer.edits.drops import find_drop
from explorer.edits.edit import place_of
from explorer.export.python_code import python_source
from explorer.graph.to_module import build_module
from explorer.network import Network, open_network
from explorer.presenters.diagrams import build_diagram, expanded_at_level
from tests.conftest import TYPICAL
from tests.edits.test_drops import check_snapshot
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import image, small
from tests.export.stranger import Stranger
from tests.export.test_one_output import check_eval

Opened = Callable[[str], Network]
QUICK = ("resnet18", "googlenet_2014", "mobilenet_v2")


@pytest.mark.parametrize(
    ("key", "places"),
    [
        ("resnet18", "layer1.0,layer1.1"),  # all that a container holds
        ("resnet18", "layer1.1,layer2.0"),  # across two
        ("resnet18", "layer1.1.conv1,layer1.1.bn1,layer1.1.relu,layer1.1.conv2,layer1.1.bn2"),  # a branch of a block
        ("squeezenet1_1", "features.3,features.5"),
        ("mobilenet_v2", "features.8,features.9,features.10"),
    ],
)
def test_a_block_computes_what_its_layers_computed(
    key: str, places: str, opened: Opened, stranger: Stranger, tmp_path: Path
) -> None:
    network = small(key)
    if "features.5" in places:  # what lies between is taken in by the repair
        with pytest.raises(EditError, match="on the way from one part") as refused:
            network.edit(WrapAsBlock(places, "My block"))
        made = network.edit(refused.value.repairs[0].edit)
    else:
        made = network.edit(WrapAsBlock(places, "My block"))
    assert made.figures.total == network.figures.total
    assert torch.equal(made.module()(image(made.architecture)), network.module()(image(network.architecture)))
    (block,) = made.architecture.own_blocks
    group = made.analysis.hierarchy.groups[block]
    assert (group.role, group.class_name) == ("block", "MyBlock")
    assert block in build_diagram(made.analysis, expanded_at_level(made.analysis, "ops")).cards
    assert "class MyBlock(" in python_source(made)
    check_count(made)
    check_replay(made)
    check_eval(made, stranger, tmp_path)
    assert made.undo().architecture is network.architecture


def test_a_block_repeats_and_is_copied(stranger: Stranger, tmp_path: Path) -> None:
    made = small("mobilenet_v2").edit(WrapAsBlock("features.8,features.9,features.10", "Three"))
    (block,) = made.architecture.own_blocks
    more = made.edit(RepeatBlock(block, 2))
    assert len(more.architecture.own_blocks) == 3
    params = made.analysis.hierarchy.groups[block].nodes
    assert more.figures.total.params > made.figures.total.params
    assert len(more.analysis.hierarchy.groups[f"{block}~2"].nodes) == len(params)
    copied = more.edit(CopyBlock("features.16", block))
    assert len(copied.architecture.own_blocks) == 4
    check_count(copied)
    check_eval(copied, stranger, tmp_path)


def test_blocks_can_lie_in_one_another(opened: Opened) -> None:
    inner = opened("mobilenet_v2").edit(WrapAsBlock("features.8,features.9", "Inner"))
    outer = inner.edit(WrapAsBlock("features.7,features.inner,features.10", "Outer"))
    assert len(outer.architecture.own_blocks) == 2
    source = python_source(outer)
    assert "class Inner(" in source
    assert "class Outer(" in source
    assert outer.figures.total == inner.figures.total


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ("layer1.0", "one block or layer already"),
        ("layer1.0.conv1", "one block or layer already"),
        ("input,conv1", "belong to no block"),
        ("conv1,layer1.0", "on the way from one part of the block to another"),
    ],
)
def test_what_cannot_be_a_block_says_why(places: str, message: str, opened: Opened) -> None:
    with pytest.raises(EditError, match=message):
        opened("resnet18").edit(WrapAsBlock(places, "Mine"))


@pytest.mark.parametrize("called", ["", " ", "x" * 61])
def test_a_block_needs_a_name(called: str, opened: Opened) -> None:
    with pytest.raises(EditError, match="needs a name"):
        opened("resnet18").edit(WrapAsBlock("layer1.0,layer1.1", called))


@pytest.mark.parametrize("called", ["class", "3 × 3", "我的块", "a/b.c", "Conv"])
def test_any_name_can_be_written(called: str, opened: Opened) -> None:
    made = opened("resnet18").edit(WrapAsBlock("layer1.0,layer1.1", called))
    python_source(made)
    assert build_module(made.architecture) is not None


@pytest.mark.parametrize(
    ("called", "path", "kind"), [("残差 注意力", "残差_注意力", "残差注意力"), ("块２", "块2", "块2")]
)
def test_a_name_in_chinese_is_kept(called: str, path: str, kind: str, opened: Opened) -> None:
    made = opened("resnet18").edit(WrapAsBlock("layer1.0,layer1.1", called))
    assert f"layer1.{path}" in made.architecture.module_classes or path in made.architecture.module_classes
    assert kind in made.architecture.module_classes.values()
    assert f"class {kind}(" in python_source(made)
    assert build_module(made.architecture) is not None


class Shared(nn.Module):
    """One layer that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.conv, self.norm = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Call it twice."""
        made: torch.Tensor = self.conv(self.norm(self.conv(self.first(x))))
        return made


def test_a_part_of_a_shared_layer_is_set_apart_first() -> None:
    network = open_network(Shared(), input_shape=(1, 3, 8, 8))
    with pytest.raises(EditError, match="called outside of the block too") as refused:
        network.edit(WrapAsBlock("conv,norm", "Mine"))
    (repair,) = refused.value.repairs
    assert isinstance(repair.edit, UnshareLayer)
    check_count(network.edit(repair.edit).edit(WrapAsBlock("conv,norm", "Mine")))
    check_count(network.edit(WrapAsBlock("conv,norm,conv:2", "Mine")))


def test_weights_of_a_block_are_saved_and_loaded(tmp_path: Path) -> None:
    network = small("resnet18").edit(WrapAsBlock("layer1.1,layer2.0", "Mine"))
    state = network.module().state_dict()
    assert any(name.startswith("mine.") for name in state)
    torch.save({name: tensor * 1.5 for name, tensor in state.items()}, tmp_path / "weights.pt")
    loaded = network.load_weights(tmp_path / "weights.pt").module().state_dict()
    name = next(name for name in state if name.startswith("mine.") and name.endswith("conv1.weight"))
    assert torch.equal(loaded[name], state[name] * 1.5)


@pytest.mark.parametrize(
    ("key", "at", "edit"),
    [
        ("resnet18", "layer1.0,layer1.1", SwapActivation("*", "prelu")),  # one ReLU that is called twice becomes two
        ("googlenet_2014", "inception3a,inception3b", SwapActivation("*", "silu")),  # functions become layers
        ("inception_v3", "Mixed_6a,Mixed_6b", SwapSubsampling("*", "convolution")),
    ],
)
def test_what_an_edit_makes_in_a_block_lives_in_it(key: str, at: str, edit: Edit) -> None:
    network = small(key).edit(WrapAsBlock(at, "Mine"), edit)
    check_count(network)
    names = dict(network.module().named_modules())
    assert "mine" in names
    assert not names.keys() & set(at.split(",")), "what lives outside of the block"


def test_a_layer_that_is_as_opened_again_stays_in_its_block(opened: Opened) -> None:
    conv = "features.3.conv.1.0"
    network = opened("mobilenet_v2").edit(
        SetLayer(conv, "kernel", 5), WrapAsBlock("features.3,features.4", "Mine"), SetLayer(conv, "kernel", 3)
    )
    assert network.architecture.nodes[conv].own_blocks == ("features.mine",)
    assert network.figures.total == network.baseline.figures.total
    assert "features.3" not in dict(network.module().named_modules())


@pytest.mark.parametrize("key", TYPICAL)
def test_random_selections_become_blocks_or_say_why(key: str, request: pytest.FixtureRequest) -> None:
    long = request.config.getoption("--long")
    if not (long or key in QUICK):
        pytest.skip("a few networks; all with --long")
    network = small(key)
    chance = random.Random(random.SystemRandom().random() if long else key)
    cards = [*(id for id in network.analysis.hierarchy.groups if id), *network.architecture.live]
    for _ in range(60 if long else 5):
        start = chance.randrange(len(cards))
        edit = WrapAsBlock(place_of(*cards[start : start + chance.randint(2, 6)]), "Mine")
        drop = find_drop(network.architecture, edit)
        made = network.edit(drop.edit) if drop.is_possible else None
        if made is None:
            continue
        check_snapshot(made.architecture)
        assert made.figures.total == network.figures.total
        assert made.analysis.hierarchy.groups[next(iter(made.architecture.own_blocks))].class_name == "Mine"
        if long:
            python_source(made)
