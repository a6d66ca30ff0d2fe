"""Seeded networks tell photos apart, each time alike, and can be calibrated anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.analysis.calibration import _logit_scale, build_seeded_weights
from explorer.analysis.output_divergence import js_divergence, probabilities
from explorer.analysis.sample_names import BUILT_IN_SAMPLES
from explorer.edits import EditError, MultiplyWidth, Recalibrate, SetWidth, SwapActivation, SwapNorm
from explorer.graph.ops import Layer
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry
from explorer.project.files import read_edits, write_edits
from explorer.project.python_script import to_python
from explorer.weights import SeededWeights
from tests.conftest import KEYS

Opened = Callable[[str], Network]

#: Small ones: a plain network, two with norms, curved activations, grouped and concatenated branches, attention.
SMALL = ("squeezenet1_1", "resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "googlenet")


def outputs(network: Network) -> list[torch.Tensor]:
    return [network.run_uncached(photo).result.main_output for photo in BUILT_IN_SAMPLES]


def distance_between(logits: list[torch.Tensor]) -> float:
    """Mean Jensen–Shannon divergence of all pairs, in bits."""
    pairs = list(itertools.combinations(map(probabilities, logits), 2))
    return sum(js_divergence(a, b) for a, b in pairs) / len(pairs)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "any_key" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        metafunc.parametrize("any_key", [key for key in KEYS if get_entry(key).params < 3e8] if long else SMALL)


def test_photos_are_told_apart(any_key: str) -> None:
    logits = outputs(open_network(any_key))
    assert len({int(each.argmax()) for each in logits}) >= 7
    assert distance_between(logits) >= 0.1


def test_two_openings_give_one_output() -> None:
    one, other = (open_network("mobilenet_v3_small").run("coffee").result.main_output for _ in range(2))
    assert torch.equal(one, other)


def test_an_edit_elsewhere_changes_no_calibrated_layer() -> None:
    network = open_network("mobilenet_v3_small")
    edited = network.edit(SwapActivation("features.3", "gelu"), SetWidth("features.9.block.0.0", 60))
    kept = 0
    for name, node in edited.architecture.live.items():
        if isinstance(node.op, Layer) and node is network.architecture.nodes.get(name):
            kept += 1
            before, after = network.weights.tensors(node), edited.weights.tensors(node)
            assert all(torch.equal(before[key], after[key]) for key in before)
    assert kept > 100


def test_what_runs_is_what_is_exported() -> None:
    network = open_network("shufflenet_v2_x0_5").edit(MultiplyWidth("*", 0.75), Recalibrate())
    image, _ = network.preprocess("cat")
    with torch.inference_mode():
        assert torch.equal(network.module()(image), network.run("cat").result.main_output)


def test_means_go_with_their_channels() -> None:
    """Of a norm that lost channels in front, and then got new ones, each kept channel has the mean it had."""
    network = open_network("resnet18")
    norm = network.weights.tensors(network.architecture.nodes["layer1.0.bn1"])["running_mean"]
    wider = network.edit(SetWidth("layer1.0.conv1", 70)).architecture.nodes["layer1.0.bn1"]
    means = network.weights.tensors(wider)["running_mean"]
    assert torch.equal(means[:64], norm)
    assert torch.allclose(means[64:], norm.mean())
    fewer = network.edit(SetWidth("layer1.0.conv1", 48, keep="l1")).architecture.nodes["layer1.0.bn1"]
    assert fewer.channel_map is not None
    assert fewer.channel_map.inputs is not None
    kept = fewer.channel_map.inputs.indices(network.weights.seeded._importance)
    assert torch.equal(network.weights.tensors(fewer)["running_mean"], norm[kept])


def test_a_network_of_one_size_only_is_calibrated_at_it() -> None:
    with torch.device("meta"):
        meta = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 398 * 398, 10))
    network = open_network(meta, input_shape=(1, 3, 400, 400))
    assert build_seeded_weights(network.architecture).calibration.keys() == {"1", "3"}


def test_a_network_that_takes_no_photo_has_plain_weights() -> None:
    class Picky(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if float(x.std()) > 0:
                raise KeyError("no photos")
            return x

    with torch.device("meta"):
        meta = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 30 * 30, 10))
    network = open_network(meta, input_shape=(1, 3, 32, 32))
    picky = network.architecture.nodes["0"]
    refusing = network.architecture.with_replaced([replace(picky, op=Layer.from_module(Picky()))])
    assert build_seeded_weights(network.architecture).calibration
    assert build_seeded_weights(refusing).calibration == {}


def test_a_fault_of_the_calibration_itself_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("explorer.analysis.calibration._measure_norm", fail)
    network = open_network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), input_shape=(1, 3, 20, 20))
    with pytest.raises(ZeroDivisionError):
        build_seeded_weights(network.architecture, seed=29)


@pytest.mark.parametrize("side", [0, 3])
def test_outputs_as_many_as_a_photo_has_leave_the_classifier_its_scale(side: int) -> None:
    """Nothing to measure, or tensors of other shapes: the deviation of logits is not known."""
    assert _logit_scale([torch.ones(1, side), torch.ones(1, 2 * side)]) == 1.0
    assert _logit_scale([torch.full((1, 3), math.nan)] * 2) == 1.0
    assert _logit_scale([]) == 1.0


def test_a_network_that_an_edit_made_blind_is_calibrated_anew() -> None:
    """With sigmoids a network says one thing of all photos; calibrated anew on what is left it does not."""
    network = open_network("mobilenet_v1_x0_25")
    broken = network.edit(SwapActivation("*", "sigmoid"))
    mended = broken.edit(Recalibrate())
    assert distance_between(outputs(broken)) < 0.02
    assert distance_between(outputs(mended)) > 0.1
    assert "calibrated anew" in mended.weights.note
    assert "calibrated anew" not in mended.undo().weights.note
    assert torch.equal(broken.run("cat").result.main_output, mended.undo().run("cat").result.main_output)
    assert torch.equal(network.run("cat").result.main_output, mended.baseline.run("cat").result.main_output)


def test_edits_after_calibrating_anew_keep_what_it_found() -> None:
    network = open_network("resnet18").edit(SetWidth("layer1.0.conv1", 48), Recalibrate())
    node = network.architecture.nodes["layer1.0.bn1"]
    found = network.weights.tensors(node)["running_mean"]
    narrower = network.edit(SetWidth("layer1.0.conv1", 40))
    means = narrower.weights.tensors(narrower.architecture.nodes["layer1.0.bn1"])["running_mean"]
    assert torch.equal(means, found[:40])
    again = network.weights.tensors(network.architecture.nodes["bn1"])["running_mean"]
    assert torch.equal(narrower.weights.tensors(narrower.architecture.nodes["bn1"])["running_mean"], again)


def test_it_is_saved_as_json_and_python(tmp_path: Path) -> None:
    network = open_network("mobilenet_v1_x0_25").edit(SwapNorm("*", "none"), Recalibrate())
    write_edits(tmp_path / "edits.json", network.history.applied_edits)
    assert read_edits(tmp_path / "edits.json") == network.history.applied_edits
    namespace: dict[str, Network] = {}
    exec(to_python(network), namespace)
    assert torch.equal(namespace["network"].run("cat").result.main_output, network.run("cat").result.main_output)


def test_a_network_without_images_is_not_calibrated() -> None:
    network = open_network(nn.Sequential(nn.Linear(8, 4)), input_shape=(1, 8))
    with pytest.raises(EditError, match="takes no images but inputs of 1×8"):
        network.edit(Recalibrate())


def test_loaded_weights_are_left_alone() -> None:
    torch.manual_seed(0)
    network = open_network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).eval(), input_shape=(1, 3, 8, 8))
    assert not isinstance(network.weights, SeededWeights)
    assert network.edit(Recalibrate()).weights is network.weights
