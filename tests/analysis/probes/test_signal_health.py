"""Deviation, dead units and gradients are those of plain torch."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from explorer.analysis.probes import signal_health as signal_health_module
from explorer.analysis.probes.probe import NotAvailable
from explorer.analysis.probes.signal_health import measure_forward_health, measure_signal_health
from explorer.base.cancellation import Cancelled
from explorer.network import Network, open_network
from tests.analysis.probes.image_probe import shown


def test_gradients_are_autograds(network: Network, image: torch.Tensor) -> None:
    module = network.module()
    kept: dict[str, torch.Tensor] = {}
    paths = ("conv1", "layer1.0.conv2", "layer3.1.bn1", "layer4.1.bn2", "fc")
    for path in paths:
        module.get_submodule(path).register_forward_hook(
            lambda layer, args, out, path=path: (out.retain_grad(), kept.update({path: out}))[0]
        )
    module(image)[0, 3].backward()
    found = {health.name: health for health in measure_signal_health(shown(network, image), 3)}
    for path in paths:
        assert found[path].gradient == pytest.approx(float(kept[path].grad.norm()), rel=1e-4), path
        assert found[path].deviation == pytest.approx(float(kept[path].detach().std(correction=0)), rel=1e-4)
        assert found[path].mean == pytest.approx(float(kept[path].detach().mean()), rel=1e-3, abs=1e-5)


def test_dead_units_are_counted() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    with torch.no_grad():
        module[0].weight.zero_()
        module[0].bias.copy_(torch.tensor([-1.0, 2.0, -3.0, 4.0]))
    network = open_network(module, input_shape=(1, 3, 8, 8))
    found = {health.name: health for health in measure_signal_health(shown(network, torch.zeros(1, 3, 8, 8)), 0)}
    assert (found["0"].zeros, found["0"].dead) == (0, 0)
    assert (found["1"].zeros, found["1"].dead) == (0.5, 0.5)
    assert found["2"].dead == 0.5
    assert found["4"].gradient == 1.0  # the logit itself


def test_what_is_not_finite_is_nan_not_an_error() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Flatten(), nn.Linear(4 * 64, 2)).eval()
    with torch.no_grad():
        module[0].bias.fill_(float("inf"))
    network = open_network(module, input_shape=(1, 3, 8, 8))
    first, *_ = measure_signal_health(shown(network, torch.zeros(1, 3, 8, 8)), 0)
    assert math.isnan(first.deviation)


@pytest.mark.parametrize("target", [-1, 10])
def test_a_class_that_is_not_there(network: Network, image: torch.Tensor, target: int) -> None:
    with pytest.raises(NotAvailable, match=rf"The output \(10\) has no class number {target}"):
        measure_signal_health(shown(network, image), target)


@pytest.mark.parametrize("until", [0.2, 0.7])  # forth, and back
def test_it_can_be_called_off(network: Network, image: torch.Tensor, until: float) -> None:
    with pytest.raises(Cancelled):
        measure_signal_health(shown(network, image), 0, keep_going=lambda done: done < until)
    assert not network.context.lock.locked()


def test_without_memory_for_the_way_back_it_says_how_much_it_takes(
    network: Network, image: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_health_module, "free_memory", lambda device: 2**20)
    with pytest.raises(NotAvailable, match=r"keeps what every layer made: \d.* MiB, and 1\.00 MiB are free"):
        measure_signal_health(shown(network, image), 0)


def test_one_pass_forth_finds_what_both_find_going_forth(network: Network, image: torch.Tensor) -> None:
    both, forth = measure_signal_health(shown(network, image), 0), measure_forward_health(shown(network, image))
    assert [health.name for health in forth] == [health.name for health in both]
    for one, other in zip(forth, both, strict=True):
        assert (one.mean, one.deviation, one.zeros, one.dead) == (other.mean, other.deviation, other.zeros, other.dead)
        assert math.isnan(one.gradient)
