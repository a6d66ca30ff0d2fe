"""Layers are timed one by one; how fast they are is nobody's promise."""

from __future__ import annotations

import pytest
import torch

from explorer.analysis.probes.latency import measure_latency
from explorer.base.cancellation import Cancelled
from explorer.network import Network
from tests.analysis.probes.image_probe import shown


def test_every_layer_has_a_time_and_the_work_tells_how_far_it_is(network: Network, image: torch.Tensor) -> None:
    heard: list[float] = []
    found = measure_latency(shown(network, image), passes=3, keep_going=lambda done: heard.append(done) is None)
    assert found.layer_ms.keys() == network.architecture.live.keys()
    assert all(milliseconds >= 0 for milliseconds in found.layer_ms.values())
    assert found.total_ms > found.layer_ms["conv1"] > 0
    assert (found.passes, found.threads) == (3, torch.get_num_threads())
    assert heard == sorted(heard)
    assert 0.9 < heard[-1] < 1


def test_it_can_be_called_off(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(Cancelled):
        measure_latency(shown(network, image), keep_going=lambda done: done < 0.5)


def test_no_pass_is_no_measurement(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="0 passes"):
        measure_latency(shown(network, image), passes=0)
