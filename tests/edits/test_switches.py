"""The switches find their places by structure, do what they say, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.analysis.figures import shape_inference
from explorer.analysis.figures.figures import Figures
from explorer.edits import (
    Edit,
    EditError,
    SetBottleneckActivation,
    SetConvForm,
    SetLayer,
    SwapActivation,
    SwapNorm,
    ToggleChannelShuffle,
    ToggleShortcut,
)
from explorer.edits.layer_settings import is_layer_kind
from explorer.graph import op_kinds
from explorer.graph.op_kinds import ACTIVATIONS
from explorer.network import Network, open_network
from tests.conftest import TYPICAL


def activations(network: Network) -> list[str | None]:
    live = network.architecture.live.values()
    return [op_kinds.activation_name(node) for node in live if op_kinds.kind(node) == "activation"]


def test_one_activation(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(SwapActivation("layer1.0.relu", "gelu"))
    assert activations(edited).count("gelu") == 1


def test_all_activations_of_a_block(opened: Callable[[str], Network]) -> None:
    edited = opened("mobilenet_v2").edit(SwapActivation("features.3", "silu"))
    assert activations(edited).count("silu") == 2


def test_all_activations_of_a_stage_and_of_a_module_path(opened: Callable[[str], Network]) -> None:
    assert activations(opened("vgg11_bn").edit(SwapActivation("stage:3", "elu"))).count("elu") == 2
    assert activations(opened("vgg11_bn").edit(SwapActivation("features", "elu"))).count("elu") == 8


@pytest.mark.parametrize("to", ACTIVATIONS)
def test_every_activation_everywhere(to: str, opened: Callable[[str], Network]) -> None:
    before = opened("resnet18")
    after = before.edit(SwapActivation("*", to))
    assert set(activations(after)) == {to}
    assert after.figures.total.macs == before.figures.total.macs
    assert after.figures.total.params == before.figures.total.params + (17 if to == "prelu" else 0)


def test_linear_costs_nothing(opened: Callable[[str], Network]) -> None:
    before, after = (opened("resnet18"), opened("resnet18").edit(SwapActivation("relu", "linear")))
    assert before.figures.total.all_ops - after.figures.total.all_ops == 64 * 112 * 112


def test_gates_are_left_alone_unless_named(opened: Callable[[str], Network]) -> None:
    network = opened("efficientnet_b0")
    gates = [name for name in network.architecture.live if name.endswith("scale_activation")]
    everywhere = network.edit(SwapActivation("*", "relu"))
    assert all(everywhere.architecture.nodes[name] is network.architecture.nodes[name] for name in gates)
    one = network.edit(SwapActivation(gates[0], "tanh"))
    assert op_kinds.activation_name(one.architecture.nodes[gates[0]]) == "tanh"


def test_swapping_back_gives_the_very_same_node(opened: Callable[[str], Network]) -> None:
    before = opened("resnet18")
    after = before.edit(SwapActivation("*", "gelu"), SwapActivation("*", "linear"), SwapActivation("*", "relu"))
    assert all(after.architecture.nodes[name] is node for name, node in before.architecture.nodes.items())


def test_setting_what_is_set_is_no_edit(opened: Callable[[str], Network]) -> None:
    assert opened("resnet18").edit(SwapActivation("*", "relu")).history.edits == ()


def test_functional_activations_too() -> None:
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu(x, inplace=True).sigmoid()

    edited = open_network(Net(), input_shape=(1, 3, 8, 8)).edit(SwapActivation("*", "tanh"))
    assert activations(edited) == ["tanh", "tanh"]


def test_channel_shuffle_off_and_on(opened: Callable[[str], Network]) -> None:
    before = opened("shufflenet_v1_g3")
    off = before.edit(ToggleChannelShuffle("*", on=False))
    assert sum(node.original is not None for node in off.architecture.nodes.values()) == 16
    assert off.figures.total.macs == before.figures.total.macs  # it has no cost of its own
    on = off.edit(ToggleChannelShuffle("stage2.1", on=True))
    assert sum(node.original is not None for node in on.architecture.nodes.values()) == 15


def test_a_shortcut_takes_its_projection_along(opened: Callable[[str], Network]) -> None:
    before = opened("resnet50")
    off = before.edit(ToggleShortcut("layer2.0", on=False))
    assert before.figures.total.params - off.figures.total.params == 256 * 512 + 2 * 512
    assert before.figures.total.macs - off.figures.total.macs == 256 * 512 * 28 * 28
    on = off.edit(ToggleShortcut("layer2.0", on=True))
    assert on.figures.total == before.figures.total


def test_shortcuts_everywhere_make_a_plain_network(opened: Callable[[str], Network]) -> None:
    plain = opened("resnet18").edit(ToggleShortcut("*", on=False))
    without_projections = opened("plain18").figures.total
    assert plain.figures.total.params == without_projections.params
    assert plain.figures.total.macs == without_projections.macs


def test_an_activation_behind_the_projection(opened: Callable[[str], Network]) -> None:
    before = opened("mobilenet_v2")
    edited = before.edit(SetBottleneckActivation("*", "relu6"))
    assert len(edited.architecture.live) - len(before.architecture.live) == 17
    node = edited.architecture.nodes["features.3.conv.3_activation"]
    assert node.inputs == ("features.3.conv.3",)
    assert node.added
    back = edited.edit(SetBottleneckActivation("*"))
    assert list(back.architecture.nodes) == list(before.architecture.nodes)
    assert back.figures.total == before.figures.total


def test_an_inserted_activation_can_be_another(opened: Callable[[str], Network]) -> None:
    edited = opened("mobilenet_v2").edit(
        SetBottleneckActivation("features.3", "relu6"), SetBottleneckActivation("features.3", "gelu")
    )
    assert op_kinds.activation_name(edited.architecture.nodes["features.3.conv.3_activation"]) == "gelu"


def test_on_timms_modules() -> None:
    timm = pytest.importorskip("timm")
    network = open_network(timm.create_model("mobilenetv2_100"))
    assert len(network.edit(ToggleShortcut("*", on=False)).figures.measures) == len(network.figures.measures)
    assert (
        len(network.edit(SetBottleneckActivation("*", "relu6")).figures.measures) == len(network.figures.measures) + 17
    )


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (SwapActivation("layer1.9", "relu"), "no layer or block 'layer1.9'; nearest: layer1.1, layer1.0"),
        (SwapActivation("conv1", "relu"), "no activation in conv1"),
        (SwapActivation("*", "swoosh"), "'swoosh' is not a known activation; choose one of relu, relu6"),
        (ToggleChannelShuffle("*", on=False), "no channel shuffle in the network"),
        (ToggleShortcut("conv1", on=False), "no shortcut in conv1"),
        (SetBottleneckActivation("*", "relu6"), "no linear bottleneck in the network"),
        (SetBottleneckActivation("*", "swoosh"), "'swoosh' is not a known activation"),
    ],
)
def test_what_cannot_be_is_refused(edit: Edit, message: str, opened: Callable[[str], Network]) -> None:
    network = opened("resnet18")
    with pytest.raises(EditError, match=message):
        network.edit(edit)
    assert network.history.edits == ()


places = st.sampled_from(
    ["*", "@stem", "stage2.0", "stage2.1", "stage3.2", "@head", "stage3", "features.4", "layer2.0", "layer3"]
)
edits = st.one_of(
    st.builds(SwapActivation, places, st.sampled_from(list(ACTIVATIONS))),
    st.builds(ToggleChannelShuffle, places, st.booleans()),
    st.builds(ToggleShortcut, places, st.booleans()),
    st.builds(SetBottleneckActivation, places, st.sampled_from(["linear", "relu6", "gelu"])),
)


@pytest.mark.parametrize("key", ["shufflenet_v2_x0_5", "shufflenet_v1_g3", "mobilenet_v3_small", "resnet18"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(edits, max_size=6))
def test_any_edits_in_any_order(key: str, wanted: list[Edit], opened: Callable[[str], Network]) -> None:
    """A snapshot holds together after every edit, remembered figures are fresh ones, and undo is the way back."""
    network = baseline = opened(key)
    for edit in wanted:
        try:
            network = network.edit(edit)
        except EditError:
            continue
    remembered = network.figures.as_json()
    assert sum(network.analysis.hierarchy.root.all_nodes.count(name) for name in network.architecture.live) == len(
        network.architecture.live
    )
    shape_inference.clear_cache()
    assert Figures.of(network.architecture).as_json() == remembered
    while network.history.undo_title:
        network = network.undo()
    assert network.architecture is baseline.architecture


@pytest.mark.parametrize("key", TYPICAL)
def test_everything_off_and_on_again_is_the_baseline(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    for kind in (ToggleChannelShuffle, ToggleShortcut):
        try:
            network = network.edit(kind("*", False)).edit(kind("*", True))
        except EditError:
            continue
    assert network.figures.as_json() == opened(key).figures.as_json()


@pytest.mark.parametrize(("key", "kind"), [("mobilenet_v2", "depthwise"), ("shufflenet_v1_g3", "grouped")])
def test_groups_can_go_and_come_back(key: str, kind: str, opened: Callable[[str], Network]) -> None:
    """A layer whose groups are gone still counts as what it was opened as, and other layers never do."""
    network = opened(key)
    value: int | str = "depthwise" if kind == "depthwise" else 3
    full = network.edit(SetLayer("*", "groups", 1, kind=kind))
    assert full.figures.total.macs > 2 * network.figures.total.macs
    back = full.edit(SetLayer("*", "groups", value, kind=kind))
    assert back.figures.total == network.figures.total
    assert not any(node.original for node in back.architecture.nodes.values())


def test_a_layer_counts_as_what_it_is_and_what_it_was(opened: Callable[[str], Network]) -> None:
    """Four groups in the place of as many as channels: a group convolution now, a depthwise one when opened."""
    at = "features.3.conv.1.0"
    grouped = opened("mobilenet_v2").edit(SetLayer(at, "groups", 4)).architecture.nodes[at]
    assert is_layer_kind(grouped, "grouped")
    assert is_layer_kind(grouped, "depthwise")
    joined = opened("mobilenet_v1").edit(SetConvForm("features.6", "full")).architecture
    changed = [node for node in joined.live.values() if node.original is not None]
    assert changed  # the 1×1 took the window over: it never was depthwise
    assert not any(is_layer_kind(node, "depthwise") for node in changed)


def test_what_is_switched_off_still_says_what_it_was(opened: Callable[[str], Network]) -> None:
    network = opened("shufflenet_v1_g3")
    off = network.edit(ToggleChannelShuffle("stage2.1", on=False))
    shuffles = [node for node in off.architecture.live.values() if op_kinds.kind(node) == "shuffle"]
    assert {op_kinds.attributes(node) for node in shuffles} == {"3 groups"}
    assert not op_kinds.attributes(network.edit(SwapActivation("conv1.2", "linear")).architecture.nodes["conv1.2"])


@pytest.mark.parametrize("key", ["alexnet", "vgg11"])
def test_response_norm_is_put_behind_the_activation(key: str, opened: Callable[[str], Network]) -> None:
    """AlexNet, 2012, §3.3: the ReLU comes first. There and back is the network."""
    network = opened(key)
    edited = network.edit(SwapNorm("*", "local_response"))
    nodes = edited.architecture.nodes
    added = [node for node in edited.architecture.live.values() if isinstance(node.layer, nn.LocalResponseNorm)]
    convs = [node for node in edited.architecture.live.values() if isinstance(node.layer, nn.Conv2d)]
    assert len(added) == len(convs)
    assert all(op_kinds.is_activation(nodes[node.inputs[0]]) for node in added)
    alone = network.edit(SwapNorm("features.0", "local_response"), SwapNorm("features.0", "none"))
    assert alone.figures.total == network.figures.total
