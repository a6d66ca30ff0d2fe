"""Only what changed runs, and what comes out is what a plain forward gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision import models

from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.forward.forward_pass import PassError
from explorer.base.cancellation import Cancelled
from explorer.edits import SwapActivation, ToggleChannelShuffle, ToggleShortcut
from explorer.edits.switches import swappable_activations
from explorer.graph.ops import Constant, Layer
from explorer.graph.to_module import build_module
from explorer.graph.trace import trace
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry
from explorer.weights import SeededWeights
from tests.conftest import KEYS


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def seeded(network: Network) -> SeededWeights:
    return SeededWeights(0)


@pytest.mark.parametrize("build", [models.resnet18, models.mobilenet_v2, models.shufflenet_v2_x0_5, models.densenet121])
def test_the_output_is_a_plain_forwards(build: Callable[[], nn.Module], image: torch.Tensor) -> None:
    torch.manual_seed(0)
    module = build().eval()
    network = open_network(module, input_shape=(1, 3, 64, 64))
    result = network.context.forward.run(network.architecture, network.context.weights, image)
    with torch.inference_mode():
        assert torch.equal(result.main_output, module(image))


def test_after_an_edit_only_what_is_behind_it_runs(image: torch.Tensor) -> None:
    network = open_network("resnet18", input_shape=(1, 3, 64, 64))
    forward, weights = ForwardEngine(), SeededWeights()
    first = forward.run(network.architecture, weights, image, "image")
    assert first.ops_run == first.ops_total == 71
    edited = network.edit(ToggleShortcut("layer4.1", on=False))
    second = forward.run(edited.architecture, weights, image, "image")
    assert second.ops_run == 6  # the addition's place, its ReLU, pooling, flatten, fc, output
    assert forward.run(network.architecture, weights, image, "image").ops_run == 0  # undo


def test_a_large_map_that_is_quickly_made_again_is_not_remembered() -> None:
    network = open_network("mobilenet_v2")
    forward, weights, photo = ForwardEngine(budget=2**30), SeededWeights(), torch.zeros(1, 3, 224, 224)
    forward.run(network.architecture, weights, photo, "photo")
    assert 2 * forward.cached_bytes < network.figures.activations.bytes  # bytes; of three maps, one of a convolution
    edited = network.edit(SwapActivation("features.2.conv.0.2", "silu")).architecture  # of 96 × 112 × 112
    before, after = (forward.keys(one, weights, "photo") for one in (network.architecture, edited))
    changed = sum(key != before.get(name) for name, key in after.items())
    result = forward.run(edited, weights, photo, "photo")
    assert result.ops_run == changed + 1  # the norm that the activation reads
    assert torch.equal(result.main_output, ForwardEngine().run(edited, weights, photo, "photo").main_output)


def test_another_image_runs_everything(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    forward = ForwardEngine()
    forward.run(network.architecture, SeededWeights(), image, "one")
    again = forward.run(network.architecture, SeededWeights(), image + 1, "two")
    assert again.ops_run == again.ops_total


@pytest.mark.parametrize(
    "edit", [ToggleShortcut("*", on=False), SwapActivation("*", "silu"), ToggleChannelShuffle("*", on=False)]
)
def test_remembered_equals_fresh(edit: object, image: torch.Tensor) -> None:
    key = "shufflenet_v1_g3"
    network = open_network(key, input_shape=(1, 3, 64, 64))
    forward, weights = ForwardEngine(), SeededWeights()
    forward.run(network.architecture, weights, image, "image")
    edited = network.edit(edit).architecture  # type: ignore[arg-type]
    remembered = forward.run(edited, weights, image, "image")
    assert torch.equal(remembered.main_output, ForwardEngine().run(edited, weights, image, "image").main_output)


def test_a_small_budget_only_costs_time(image: torch.Tensor) -> None:
    architecture = open_network("mobilenet_v2", input_shape=(1, 3, 64, 64)).architecture
    plenty, little = ForwardEngine(), ForwardEngine(budget=100_000)
    expected = plenty.run(architecture, SeededWeights(), image, "image")
    for _ in range(2):
        assert torch.equal(little.run(architecture, SeededWeights(), image, "image").main_output, expected.main_output)
    assert little.cached_bytes <= 100_000


def test_a_pass_that_is_no_longer_wanted_stops_and_the_next_one_works(image: torch.Tensor) -> None:
    architecture = open_network("mobilenet_v2", input_shape=(1, 3, 64, 64)).architecture
    forward = ForwardEngine()
    with pytest.raises(Cancelled):
        forward.run(architecture, SeededWeights(), image, "image", keep_going=lambda done: done < 0.5)
    result = forward.run(architecture, SeededWeights(), image, "image")
    assert 0 < result.ops_run < result.ops_total  # what was done is not done again
    assert torch.equal(
        result.main_output, ForwardEngine().run(architecture, SeededWeights(), image, "image").main_output
    )


def test_a_layer_that_fails_is_named() -> None:
    architecture = trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (1, 3, 8, 8))
    with pytest.raises(PassError, match=r"0 failed on \(1, 5, 8, 8\)"):
        ForwardEngine().run(architecture, SeededWeights(), torch.zeros(1, 5, 8, 8))


def test_auxiliary_outputs_come_along(image: torch.Tensor) -> None:
    network = open_network("googlenet_2014", options={"aux_heads": True})
    photo = torch.nn.functional.interpolate(image, (224, 224))
    result = network.context.forward.run(network.architecture, SeededWeights(), photo)
    assert len(result.value) == 3
    assert result.main_output.shape == (1, 1000)


def test_values_inside_are_those_of_the_pass(image: torch.Tensor) -> None:
    torch.manual_seed(0)
    module = models.resnet18().eval()
    network = open_network(module, input_shape=(1, 3, 64, 64))
    seen: dict[str, torch.Tensor] = {}
    for path in ("conv1", "layer2.0", "layer4.1.bn2"):
        module.get_submodule(path).register_forward_hook(
            lambda m, args, out, path=path: seen.update({path: out.clone()})
        )
    with torch.inference_mode():
        module(image)
    names = ("layer4.1.bn2", "conv1")
    for forward in (ForwardEngine(), ForwardEngine(budget=100_000)):
        for _ in range(2):  # made, then remembered
            found = dict(forward.values(names, network.architecture, network.context.weights, image, "image"))
            assert list(found) == ["conv1", "layer4.1.bn2"]
            assert all(torch.equal(found[name], seen[name]) for name in names)


def test_equal_keys_mean_equal_values(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    edited = network.edit(SwapActivation("stage3.1", "gelu"))
    forward, weights = ForwardEngine(), network.context.weights
    before, now = (forward.keys(n.architecture, weights, "image") for n in (network, edited))
    assert before["stage3.0.branch1.0"] == now["stage3.0.branch1.0"]
    assert before["fc"] != now["fc"]


def test_layers_let_gradients_pass(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    forward, weights = ForwardEngine(), network.context.weights
    forward.run(network.architecture, weights, image)
    layer = forward.layer(network.architecture.nodes["conv1.0"], weights)
    assert layer is not None
    entering = image.clone().requires_grad_(True)
    layer(entering).sum().backward()
    assert entering.grad is not None


def test_weights_that_are_no_longer_used_are_let_go_of() -> None:
    forward = ForwardEngine(budget=1000)
    x = torch.zeros(1, 3, 4, 4)
    network = open_network(
        nn.Sequential(nn.Conv2d(3, 8, 1), nn.Flatten(), nn.Linear(128, 10)), input_shape=(1, 3, 4, 4)
    )
    for seed in range(20):
        forward.run(network.architecture, SeededWeights(seed), x, seed)
    assert forward.weight_bytes <= 2 * 4 * network.figures.total.params


def test_many_images_are_seen_without_remembering_their_maps(opened: Callable[[str], Network]) -> None:
    network = opened("mobilenet_v3_small")
    before = network.run("cat")
    held = network.context.forward.cached_bytes
    assert torch.equal(network.run_uncached("cat").result.main_output, before.result.main_output)
    network.run_uncached("coffee")
    assert network.context.forward.cached_bytes == held
    assert network.run("cat").result.ops_run == 0


@pytest.mark.parametrize(("value", "kind"), [(float("nan"), "NaN"), (float("inf"), "infinity")])
def test_where_nan_or_infinity_began_is_said(value: float, kind: str) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.Flatten())
    with torch.no_grad():
        module[2].bias.fill_(value)
    network = open_network(module, input_shape=(1, 3, 4, 4))
    forward, x = network.context.forward, torch.ones(1, 3, 4, 4)
    assert forward.run(network.architecture, network.context.weights, x, 0).first_fault == f"2: {kind}"
    assert forward.run(network.architecture, SeededWeights(), x, 0).first_fault == ""


def missing_device() -> str:
    """A device that this machine lacks, as one is that was unplugged."""
    return "mps" if not torch.backends.mps.is_available() else "cuda"


def test_a_device_that_fails_is_given_up_for_the_cpu(image: torch.Tensor) -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    expected = ForwardEngine().run(network.architecture, SeededWeights(), image, 0)
    forward = ForwardEngine()
    forward.configure(missing_device())
    result = forward.run(network.architecture, SeededWeights(), image, 0)
    assert torch.equal(result.main_output, expected.main_output)
    assert result.device == forward.device == "cpu"
    assert forward.fallback_reason.startswith(f"{missing_device()} failed (")
    assert forward.run(network.architecture, SeededWeights(), image, 0).ops_run == 0


def test_a_layer_that_fails_everywhere_is_no_reason_to_give_up_a_device() -> None:
    architecture = trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (1, 3, 8, 8))
    forward = ForwardEngine()
    forward.configure(missing_device())
    with pytest.raises(PassError, match="0 failed on"):
        forward.run(architecture, SeededWeights(), torch.zeros(1, 5, 8, 8))
    assert forward.device == missing_device()
    assert not forward.fallback_reason


def test_an_outputs_first_tensor_is_the_main_one() -> None:
    class Two(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"out": x + 1, "aux": x}

    network = open_network(Two(), input_shape=(1, 3, 4, 4))
    x = torch.zeros(1, 3, 4, 4)
    assert network.context.forward.run(network.architecture, SeededWeights(), x).main_output.unique().tolist() == [1.0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All networks with `--long`; else those whose weights are made in a second."""
    if "any_key" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        metafunc.parametrize("any_key", [key for key in KEYS if long or get_entry(key).params < 12e6])


#: These take images of one size only; the others are tried on small ones.
ONE_SIZE = ("AlexNet", "VGG", "ViT", "MaxViT", "Inception", "GoogLeNet")


def test_after_an_edit_the_output_is_the_exported_modules_bit_for_bit(any_key: str) -> None:
    entry, weights, forward = get_entry(any_key), SeededWeights(), ForwardEngine()
    side = entry.input_size[-1] if entry.family in ONE_SIZE else 64
    network = open_network(any_key, input_shape=(1, 3, side, side))
    last = [node.name for node in swappable_activations(network.architecture, "*")][-1]
    edited = network.edit(SwapActivation(last, "tanh")).architecture
    image = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    forward.run(network.architecture, weights, image, "image")
    found = forward.run(edited, weights, image, "image")
    assert 0 < found.ops_run < found.ops_total
    held = {name: weights.tensors(node) for name, node in edited.live.items() if isinstance(node.op, (Layer, Constant))}
    with torch.inference_mode():
        assert torch.equal(found.main_output, build_module(edited, held)(image))
