"""Rounding of poolings, epsilon of norms, depthwise multiplier, blur pooling, position of gates, order of a block."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.edits import (
    AddBlurPooling,
    Edit,
    EditError,
    MoveGate,
    SetLayer,
    SetPostActivation,
    SetPreActivation,
    SetWidth,
    ToggleSqueezeExcitation,
)
from explorer.edits.blur_pooling import thinning_stride
from explorer.edits.gate_position import GATE_POSITIONS, find_map, gates_in_blocks
from explorer.edits.options import find_options
from explorer.network import Network, open_network
from tests.edits.test_random_edits import check_count, check_replay

Opened = Callable[[str], Network]


def labels(network: Network, at: str) -> list[str]:
    return [option.title for option in find_options(network.analysis, at)]


def test_a_pooling_can_round_its_size_up(opened: Opened) -> None:
    network = opened("googlenet").edit(SetLayer("maxpool1", "ceil_mode", False))
    assert network.figures.shape("maxpool1").dims[2:] == (55, 55)
    assert network.baseline.figures.shape("maxpool1").dims[2:] == (56, 56)
    check_count(network)
    check_replay(network)
    assert network.edit(SetLayer("maxpool1", "ceil_mode", True)).figures.total == network.baseline.figures.total
    assert "Round size up" in labels(opened("googlenet"), "maxpool1")
    with pytest.raises(EditError, match="rounding up is on"):
        opened("googlenet").edit(SetLayer("maxpool1", "ceil_mode", 3))


def test_a_norm_has_another_epsilon(opened: Opened) -> None:
    network = opened("resnet18")
    edited = network.edit(SetLayer("bn1", "eps", 0.5))
    changed, before = edited.module().bn1, network.module().bn1
    assert isinstance(changed, nn.BatchNorm2d)
    assert isinstance(before, nn.BatchNorm2d)
    assert (changed.eps, before.eps) == (0.5, 1e-5)
    assert edited.figures.total == network.figures.total
    check_replay(edited)
    assert "Epsilon" in labels(network, "bn1")
    with pytest.raises(EditError, match="an epsilon must lie above 0") as refused:
        network.edit(SetLayer("bn1", "eps", 0.0))
    assert network.edit(refused.value.repairs[0].edit).module().bn1.eps == 1e-5


class Leaky(nn.Module):
    """A leaky ReLU as a layer, and one as a function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.act, self.last = nn.Conv2d(3, 8, 1), nn.LeakyReLU(0.1), nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.last(self.act(self.conv(x))), 0.2)


@pytest.mark.parametrize("at", ["act", "leaky_relu", "*"])
def test_a_leaky_relu_has_another_slope(at: str) -> None:
    network = open_network(Leaky(), input_shape=(1, 3, 8, 8))
    edited = network.edit(SetLayer(at, "slope", 0.5))
    module = Leaky().eval()
    module.load_state_dict(edited.module().state_dict())
    module.act.negative_slope = 0.1 if at == "leaky_relu" else 0.5
    image = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    expected = F.leaky_relu(module.last(module.act(module.conv(image))), 0.2 if at == "act" else 0.5)
    assert torch.equal(edited.module()(image), expected)
    check_count(edited)
    check_replay(edited)
    assert "Slope below zero" in labels(network, "act")
    with pytest.raises(EditError, match="a slope below zero must lie between 0 and 1") as refused:
        network.edit(SetLayer(at, "slope", -1.0))
    assert network.edit(refused.value.repairs[1].edit).architecture is not network.architecture


def test_a_depthwise_convolution_makes_several_maps_of_a_channel(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    conv = "features.3.conv.1.0"
    edited = network.edit(SetLayer(conv, "multiplier", 2))
    layer = edited.architecture.nodes[conv].layer
    assert isinstance(layer, nn.Conv2d)
    assert (layer.in_channels, layer.out_channels, layer.groups) == (144, 288, 144)
    check_count(edited)
    check_replay(edited)
    assert edited.edit(SetLayer(conv, "multiplier", 1)).figures.total == network.figures.total
    assert "Depthwise multiplier" in labels(network, conv)
    assert "Depthwise multiplier" not in labels(network, "features.3.conv.2")
    with pytest.raises(EditError, match="a depthwise multiplier must be a whole number"):
        network.edit(SetLayer(conv, "multiplier", 0))


@pytest.mark.parametrize("width", [96, 200])
def test_several_maps_of_other_channels_keep_the_filters_that_fit(opened: Opened, width: int) -> None:
    network = opened("mobilenet_v2")
    conv = "features.3.conv.1.0"
    edited = network.edit(SetWidth("features.3.conv.0.0", width), SetLayer(conv, "multiplier", 2))
    now, then = (made.module().get_parameter(f"{conv}.weight") for made in (edited, network))
    assert torch.equal(now[: 2 * min(width, 144) : 2], then[:width])
    assert edited.run("cat").result.main_output.isfinite().all()


@pytest.mark.parametrize("key", ["resnet18", "vgg11", "shufflenet_v2_x1_0", "googlenet"])
def test_a_blur_before_every_stride_keeps_all_maps(opened: Opened, key: str) -> None:
    network = opened(key)
    edited = network.edit(AddBlurPooling("*"))
    figures = edited.figures
    assert figures.total.params == network.figures.total.params
    assert figures.output_shape == network.figures.output_shape
    strided = [node.name for node in network.architecture.live.values() if thinning_stride(node)]
    thinned = [name for name in edited.architecture.live if name.endswith("_blur.thin")]
    assert len(strided) == len(thinned) > 3
    for before, after in zip(strided, thinned, strict=True):
        assert figures.shape(after).dims[2:] == network.figures.shape(before).dims[2:]
    check_count(edited)
    check_replay(edited)


def test_the_blur_is_that_of_binomial_weights(opened: Opened) -> None:
    edited = opened("vgg11").edit(AddBlurPooling("features.2"))
    blur = [node.layer for node in edited.architecture.live.values() if node.name.startswith("features.2_blur")]
    assert len(blur) == 3
    image = torch.rand(1, 1, 9, 9)
    seen = image
    for layer in blur:
        assert layer is not None
        seen = layer(seen)
    weights = torch.tensor([1.0, 2.0, 1.0])
    kernel = (weights[:, None] * weights)[None, None] / 16
    reflected = nn.functional.pad(image, (1, 1, 1, 1), "reflect")
    assert torch.allclose(seen, nn.functional.conv2d(reflected, kernel, stride=2), atol=1e-6)


def test_a_blurred_network_sees_a_shifted_image_more_alike() -> None:
    """What it is for: the average of the logits moves less when the map before the strides is shifted by a pixel."""
    torch.manual_seed(0)
    wave = torch.rand(1, 1, 65, 65)
    plain, blurred = (
        nn.MaxPool2d(2),
        nn.Sequential(
            nn.MaxPool2d(2, stride=1), nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=False), nn.AvgPool2d(2)
        ),
    )

    def moved(pool: nn.Module) -> float:
        return float((pool(wave[..., :-1]) - pool(wave[..., 1:])).abs().mean())

    assert moved(blurred) < 0.7 * moved(plain)


@pytest.mark.parametrize("key", ["mobilenet_v3_small", "resnet18"])
@pytest.mark.parametrize("to", GATE_POSITIONS)
def test_a_gate_can_sit_anywhere_in_its_block(opened: Opened, key: str, to: str) -> None:
    network = opened(key)
    if key == "resnet18":
        network = network.edit(ToggleSqueezeExcitation("*", on=True))
    edited = network.edit(MoveGate("*", to))
    found = gates_in_blocks(edited.history.current, "*")
    assert len(found) == len(gates_in_blocks(network.history.current, "*")) > 3
    if to != "before":
        assert all(find_map(block, gate, to) == gate.feature_map for block, gate in found)
    check_count(edited)
    check_replay(edited)


def test_a_gate_before_the_layers_leaves_the_way_around_alone(opened: Opened) -> None:
    network = opened("resnet18").edit(ToggleSqueezeExcitation("layer1.1", on=True), MoveGate("layer1.1", "before"))
    nodes = network.architecture.nodes
    block, gate = gates_in_blocks(network.history.current, "layer1.1")[0]
    assert nodes["layer1.1.conv1"].inputs == (gate.product,)
    assert block.entry in nodes["layer1.1.add"].inputs
    there = network.edit(MoveGate("layer1.1", "end"))
    assert there.figures.total == network.undo().figures.total
    with pytest.raises(EditError, match="no squeeze-and-excitation"):
        opened("resnet18").edit(MoveGate("*", "end"))
    with pytest.raises(EditError, match="not a known position of a gate"):
        network.edit(MoveGate("*", "elsewhere"))


@pytest.mark.parametrize("key", ["resnet18", "resnet50"])
def test_pre_activation_and_back_is_what_it_was(opened: Opened, key: str) -> None:
    network = opened(key)
    before = network.edit(SetPreActivation("*"))
    back = before.edit(SetPostActivation("*"))
    assert back.figures.total == network.figures.total
    assert len(back.architecture.live) == len(network.architecture.live)
    check_count(back)
    check_replay(back)
    check_count(before.edit(SetPostActivation("layer2")))
    assert back.edit(SetPreActivation("*")).figures.total == before.figures.total
    with pytest.raises(EditError, match="after a norm and an activation before each convolution"):
        network.edit(SetPostActivation("*"))


def test_the_inspector_offers_them(opened: Opened) -> None:
    assert "Smaller by" in labels(opened("vgg11"), "features.2")
    assert {"Norm and activation"} <= set(labels(opened("resnet18"), "layer1.0"))
    assert {"Position of the gate"} <= set(labels(opened("mobilenet_v3_large"), "features.4"))


@pytest.mark.parametrize(
    "edits",
    [
        (SetPreActivation("*"), SetPostActivation("*")),
        (ToggleSqueezeExcitation("*", on=True), MoveGate("*", "after")),
        (AddBlurPooling("*"),),
    ],
)
def test_convolutions_keep_their_weights(opened: Opened, edits: tuple[Edit, ...]) -> None:
    network = opened("resnet18")
    then, now = network.module().state_dict(), network.edit(*edits).module().state_dict()
    convs = [name for name, node in network.architecture.live.items() if isinstance(node.layer, nn.Conv2d)]
    assert len(convs) == 20
    assert all(torch.equal(now[f"{name}.weight"], then[f"{name}.weight"]) for name in convs)
