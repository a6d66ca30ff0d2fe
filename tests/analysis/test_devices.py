"""What runs on a device gives what the CPU gives, and one that fails is given up for the CPU, in passes and in all that
looks inside of them. The device is one that only the tests have (tests/fake_device.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from explorer.analysis.forward.memory_check import free_memory
from explorer.analysis.probes.activation_drift import measure_drift
from explorer.analysis.probes.class_activation import compute_class_activation
from explorer.analysis.probes.feature_maps import compute_feature_maps
from explorer.analysis.probes.kernels import extract_kernels
from explorer.analysis.probes.latency import measure_latency
from explorer.analysis.probes.probe import NotAvailable, Probe
from explorer.analysis.probes.signal_health import measure_forward_health, measure_signal_health
from explorer.analysis.probes.unit_receptive_field import compute_effective_field
from explorer.edits import SwapActivation
from explorer.network import Network, open_network
from explorer.networks.catalogue import get_entry
from tests.conftest import KEYS
from tests.fake_device import NAME, Device

#: Of the networks with more parameters, one for each way of working.
LARGE = ("swin_t", "swin_v2_t", "vit_b_16", "maxvit_t", "convnext_tiny", "resnext50_32x4d", "regnet_y_3_2gf")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All networks with `--long`; else those whose weights are made in a second, and one of each other kind."""
    if "any_key" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        keys = [key for key in KEYS if long or get_entry(key).params < 12e6 or key in LARGE]
        metafunc.parametrize("any_key", keys)


def there(key: str) -> Network:
    """A network whose passes run on the device."""
    network = open_network(key)
    network.context.forward.configure(device=NAME)
    return network


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.accelerator, "synchronize", lambda device=None: None)


def test_every_network_keeps_to_the_device_it_runs_on(any_key: str) -> None:
    network, device = there(any_key), Device()
    with device.there():
        result = network.run("cat").result
    assert (result.device, network.context.forward.fallback_reason) == (NAME, "")
    assert device.ops >= sum(node.layer is not None for node in network.architecture.live.values()) / 2
    expected = open_network(any_key).run("cat").result.main_output
    # Layers are added up in another order there: of logits of some units, ten-thousandths.
    torch.testing.assert_close(result.main_output, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


def maps_of(showing: Probe) -> Any:
    return compute_feature_maps("features.4.conv.1.2", showing).values


def kernels_of(showing: Probe) -> Any:
    return extract_kernels("features.0.0", showing).weights


def where_it_looks(showing: Probe) -> Any:
    return compute_class_activation(showing).heat


def there_and_back(showing: Probe) -> Any:
    return [[h.mean, h.deviation, h.zeros, h.gradient] for h in measure_signal_health(showing, 3)]


def there_alone(showing: Probe) -> Any:
    return [[h.mean, h.deviation, h.zeros] for h in measure_forward_health(showing)]


def what_moved(showing: Probe) -> Any:
    without = replace(showing, architecture=SwapActivation("*", "linear").apply(showing.architecture))
    return [moved.distance for moved in measure_drift(showing, without)]


def what_a_unit_uses(showing: Probe) -> Any:
    return compute_effective_field("features.4.conv.1.2", 3, 3, showing)


def how_long(showing: Probe) -> Any:
    return len(measure_latency(showing, 1).layer_ms)


LOOKS = (
    maps_of,
    kernels_of,
    where_it_looks,
    there_and_back,
    there_alone,
    what_moved,
    what_a_unit_uses,
    how_long,
)


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_seen_inside_is_what_the_cpu_shows(look: Callable[[Probe], Any]) -> None:
    network, device = there("mobilenet_v2"), Device()
    with device.there():
        found = look(network.probe("cat"))
    assert device.ops
    assert (network.context.forward.device, network.context.forward.fallback_reason) == (NAME, "")
    np.testing.assert_allclose(found, look(open_network("mobilenet_v2").probe("cat")), rtol=2e-3, atol=1e-5)


def unplugged_after(ops: int) -> Device:
    def check(op: int) -> None:
        if op >= ops:
            raise RuntimeError("the GPU has fallen off the bus\nmore of a long story")

    return Device(check)


FELL_BACK = f"{NAME} failed ("


@pytest.mark.parametrize("ops", [0, 100])
def test_a_device_that_is_unplugged_during_a_pass_is_given_up_for_the_cpu(ops: int) -> None:
    network = there("mobilenet_v2")
    with unplugged_after(ops).there():
        result = network.run("cat").result
        assert network.edit(SwapActivation("features.18.2", "silu")).run("cat").result.ops_run == 6
    forward = network.context.forward
    assert torch.equal(result.main_output, open_network("mobilenet_v2").run("cat").result.main_output)
    assert result.device == forward.device == "cpu"
    assert forward.fallback_reason.startswith(FELL_BACK)
    assert forward.fallback_reason.endswith("the GPU has fallen off the bus), so this ran on the CPU.")


@pytest.mark.parametrize("look", LOOKS)
def test_one_that_is_unplugged_while_one_looks_inside_is_given_up_too(look: Callable[[Probe], Any]) -> None:
    network = there("mobilenet_v2")
    with unplugged_after(0 if look is kernels_of else 40).there():
        found = look(network.probe("cat"))
    assert network.context.forward.device == "cpu"
    assert network.context.forward.fallback_reason.startswith(FELL_BACK)
    np.testing.assert_allclose(found, look(open_network("mobilenet_v2").probe("cat")), rtol=1e-5)


def test_what_makes_no_sense_is_no_reason_to_give_up_a_device() -> None:
    network = there("vit_b_16")
    with Device().there(), pytest.raises(NotAvailable):
        compute_class_activation(network.probe("cat"))
    assert (network.context.forward.device, network.context.forward.fallback_reason) == (NAME, "")


def test_a_lost_gpu_has_the_memory_of_the_cpu_until_a_pass_finds_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(device: torch.device) -> tuple[int, int]:
        raise RuntimeError("CUDA error: no CUDA-capable device is detected")

    monkeypatch.setattr(torch.cuda, "mem_get_info", lost)
    assert free_memory("cuda:0") > 0
