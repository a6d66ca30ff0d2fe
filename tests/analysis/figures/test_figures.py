"""Figures equal torch's own counter and the published ones; remembered equals fresh, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.figures import shape_inference
from explorer.analysis.figures.figures import Figures
from explorer.analysis.figures.shape import Shape
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.graph.trace import trace
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry, instantiate
from tests.conftest import KEYS, TYPICAL


@pytest.mark.parametrize("key", KEYS)
def test_totals_are_the_catalogues(key: str, opened: Callable[[str], Network]) -> None:
    total = opened(key).figures.total
    assert (total.params, total.macs) == (get_entry(key).params, get_entry(key).macs)


@pytest.mark.parametrize("key", TYPICAL)
def test_macs_are_half_of_torchs_flops(key: str, opened: Callable[[str], Network]) -> None:
    module = instantiate(get_entry(key))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.empty(1, *get_entry(key).input_size, device="meta"))
    assert opened(key).figures.total.flops == counter.get_total_flops()


@pytest.mark.parametrize("key", TYPICAL)
def test_remembered_equals_fresh(key: str) -> None:
    remembered = open_network(key).figures.as_json()
    shape_inference.clear_cache()
    assert open_network(key).figures.as_json() == remembered


@pytest.mark.parametrize("key", TYPICAL)
def test_stages_add_up_to_the_total(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    parts = [network.figures.sum(group.all_nodes) for group in network.analysis.hierarchy.root.groups]
    rest = network.figures.sum(
        name for name in network.analysis.hierarchy.root.hidden
    )  # constants read by the outermost module itself
    assert sum(p.macs for p in parts) == network.figures.total.macs
    assert sum(p.params for p in parts) + rest.params + network.figures.unused_params == network.figures.total.params


@pytest.mark.parametrize("key", TYPICAL)
def test_layers_add_up_to_the_total(key: str, opened: Callable[[str], Network]) -> None:
    found = opened(key).figures.as_json()
    assert sum(layer["params"] for layer in found["layers"]) == found["params"]
    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"]
    assert sum(layer["activation_elements"] for layer in found["layers"]) == found["activation_elements"]
    assert found["flops"] == 2 * found["macs"]


@pytest.mark.parametrize(
    ("key", "pixels"),  # google-research/receptive_field (Distill 2019); its ResNets are v1, torchvision's v1.5
    [
        ("alexnet", 195),
        ("vgg16", 212),
        ("resnet50_v1", 483),
        ("resnet50", 427),
        ("resnet101", 971),
        ("resnet152", 1451),
    ],
)
def test_receptive_fields(key: str, pixels: int, opened: Callable[[str], Network]) -> None:
    assert opened(key).figures.receptive_field == pixels


def test_squeeze_and_excitation_does_not_widen_the_receptive_field(opened: Callable[[str], Network]) -> None:
    with_gates, without = opened("se_resnet50").figures, opened("resnet50_v1").figures
    assert with_gates.receptive_field == without.receptive_field


def test_auxiliary_heads_count_but_do_not_run(opened: Callable[[str], Network]) -> None:
    figures = opened("inception_v3").figures
    assert figures.total.params == 27_161_264
    assert figures.unused_params == 3_326_696
    assert [layer["name"] for layer in figures.as_json()["layers"] if not layer["runs"]] == ["AuxLogits"]


def test_auxiliary_heads_as_an_option() -> None:
    network = open_network("googlenet", options={"aux_heads": True})
    assert network.figures.total.params == 13_004_888
    assert network.figures.unused_params == 0
    assert network.figures.output_shape == (1, 1000)


def chain(*layers: nn.Module) -> Figures:
    return Figures.of(trace(nn.Sequential(*layers), (1, 4, 8, 8)))


def test_activation_memory_by_liveness() -> None:
    """Input 256 numbers; conv makes 512, ReLU 512, conv 256. Most alive at once: the two of 512."""
    figures = chain(nn.Conv2d(4, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 1))
    assert figures.activations.elements == 512 + 512 + 256
    assert figures.activations.peak_bytes == 4 * (512 + 512)
    assert figures.activations.peak_at == "1"


def test_a_shortcut_keeps_its_input_alive() -> None:
    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x)) + x

    assert Figures.of(trace(Around(), (1, 4, 8, 8))).activations.peak_bytes == 4 * 3 * 256


def test_views_take_no_memory() -> None:
    figures = chain(nn.Flatten(), nn.Dropout(), nn.Linear(256, 10))
    assert figures.activations.elements == 10


def test_shared_weights_count_once() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.conv(x))

    total = Figures.of(trace(Shared(), (1, 4, 8, 8))).total
    assert total.params == 20
    assert total.macs == 2 * 16 * 64


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 8, 3, groups=2, dilation=2),
        nn.Conv2d(4, 4, (1, 3), stride=(2, 1), groups=4),
        nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2),
        nn.Linear(8, 5),
    ],
)
def test_macs_of_single_layers_are_half_of_torchs_flops(layer: nn.Module) -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(torch.empty(1, 4, 8, 8))
    assert chain(layer).total.flops == counter.get_total_flops()


def test_what_does_not_fit_is_refused_with_the_node_and_its_shapes() -> None:
    with pytest.raises(ShapeError, match="1 cannot take 4×6×6: it expects 9 channels, not 4") as failure:
        chain(nn.Conv2d(4, 4, 3), nn.Conv2d(9, 4, 3))
    assert failure.value.node == "1"


def test_a_kernel_larger_than_the_map_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"0 cannot take 4×8×8: a window of 9×9 does not fit a map of 8×8"):
        chain(nn.Conv2d(4, 4, 9))


def test_an_unknown_input_size_is_refused() -> None:
    with pytest.raises(ShapeError, match="expects 25088 features, not 512"):
        chain(nn.Conv2d(4, 8, 1), nn.Flatten(), nn.Linear(25088, 10))


def test_a_shape_is_said_without_the_batch_and_a_vector_by_its_length() -> None:
    texts = {dims: str(Shape(dims, torch.float32)) for dims in ((1, 64, 56, 56), (1, 10), (5,), (1,), ())}
    assert list(texts.values()) == ["64×56×56", "10", "5", "scalar", "scalar"]


def test_without_a_batch_all_dims_are_told() -> None:
    alone = open_network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), input_shape=(3, 64, 64)).analysis
    assert [str(measure.value) for measure in alone.figures.measures.values()] == ["3×64×64", *["4×62×62"] * 3]
    batched = open_network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), input_shape=(1, 3, 64, 64)).analysis
    assert [str(measure.value) for measure in batched.figures.measures.values()] == ["3×64×64", *["4×62×62"] * 3]
    with pytest.raises(ShapeError, match="0 cannot take 5×64×64"):
        open_network(nn.Sequential(nn.Conv2d(3, 4, 3)), input_shape=(5, 64, 64))
