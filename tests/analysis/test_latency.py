"""Layers are timed one by one; how fast they are is nobody's promise."""

from __future__ import annotations

import pytest
import torch
from showings import shown

from explorer.analysis.latency import latency
from explorer.network import Network
from explorer.wanted import Cancelled


def test_every_layer_has_a_time_and_the_work_tells_how_far_it_is(network: Network, image: torch.Tensor) -> None:
    heard: list[float] = []
    found = latency(shown(network, image), passes=3, wanted=lambda done: heard.append(done) is None)
    assert found.layers.keys() == network.architecture.live.keys()
    assert all(milliseconds >= 0 for milliseconds in found.layers.values())
    assert found.total > found.layers["conv1"] > 0
    assert (found.passes, found.threads) == (3, torch.get_num_threads())
    assert heard == sorted(heard)
    assert 0.9 < heard[-1] < 1


def test_it_can_be_called_off(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(Cancelled):
        latency(shown(network, image), wanted=lambda done: done < 0.5)


def test_no_pass_is_no_measurement(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="0 passes"):
        latency(shown(network, image), passes=0)
