"""Memory of a pass: what is alive at a time, counted by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from explorer.analysis.figures.memory import trace_memory
from explorer.graph.ops import Constant
from explorer.network import Network, open_network
from tests.conftest import TYPICAL


def test_a_map_lives_until_what_reads_its_view_has_run() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Flatten(), nn.Linear(8 * 4 * 4, 500))
    found = open_network(module, input_shape=(1, 3, 4, 4)).figures.activations
    assert found.peak_bytes == 4 * (8 * 4 * 4 + 500)  # the flattened map is the map: both are there while Linear runs
    assert found.peak_at == "2"
    assert found.elements == 8 * 4 * 4 + 500


def test_the_peak_is_where_it_is_first_reached() -> None:
    module = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3)))
    found = open_network(module, input_shape=(1, 3, 4, 4)).figures.activations
    assert (found.peak_bytes, found.peak_at) == (2 * 4 * 3 * 4 * 4, "0")


@pytest.mark.parametrize("key", TYPICAL)
def test_the_step_with_most_alive_is_the_peak(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key)
    architecture, figures = network.architecture, network.figures
    steps = trace_memory(architecture, figures.measures)
    largest = max(steps, key=lambda step: step.bytes)
    assert [step.node for step in steps] == list(architecture.live)
    assert (largest.bytes, largest.node) == (figures.activations.peak_bytes, figures.activations.peak_at)
    for step in steps:
        assert step.inner_bytes >= 0
        for name in architecture.live[step.node].inputs:  # nothing that is read has been freed
            held = {made for made, _ in step.live}
            assert name in held or not figures.measures[name].elements or _is_view_or_weight(name, network)


def _is_view_or_weight(name: str, network: Network) -> bool:
    node = network.architecture.live[name]
    return network.figures.measures[name].view or isinstance(node.op, Constant)
