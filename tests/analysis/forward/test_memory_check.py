"""A pass that would not fit in memory is not begun; the message has the number and the way out works."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.analysis.forward import memory_check
from explorer.analysis.forward.memory_check import (
    InsufficientMemory,
    check_memory,
    default_budget,
    estimate_pass_memory,
    free_memory,
    list_devices,
)
from explorer.network import Network, open_network
from explorer.network import network as network_module


def test_the_need_is_weights_and_maps(opened: Callable[[str], Network]) -> None:
    architecture = opened("vgg11_bn").architecture
    total, activations = opened("vgg11_bn").figures.total, opened("vgg11_bn").figures.activations
    need = estimate_pass_memory(architecture)
    assert 4 * total.params + activations.peak_bytes < need < 4 * total.params + 3 * activations.peak_bytes
    assert estimate_pass_memory(architecture, materialised=4 * total.params) == need - 4 * total.params


def test_what_fits_is_let_through(opened: Callable[[str], Network]) -> None:
    architecture = opened("resnet18").architecture
    check_memory(architecture, estimate_pass_memory(architecture))
    with pytest.raises(InsufficientMemory):
        check_memory(architecture, estimate_pass_memory(architecture) - 1)


def test_the_resolution_that_is_offered_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    network = open_network("resnet18", input_shape=(1, 3, 512, 512))
    free = estimate_pass_memory(network.architecture) * 3 // 4
    monkeypatch.setattr(network_module, "free_memory", lambda device: free)
    with pytest.raises(
        InsufficientMemory, match=r"needs about .* MiB .* are free\. At \d+ × \d+ pixels it fits"
    ) as told:
        network.run("cat")
    (repair,) = told.value.repairs
    smaller = network.edit(repair.edit)
    assert smaller.architecture.input_shape[-1] == told.value.fitting_side
    assert smaller.run("cat").result.main_output.shape == (1, 1000)


def test_when_not_even_the_weights_fit_nothing_is_offered(opened: Callable[[str], Network]) -> None:
    with pytest.raises(InsufficientMemory, match="choose a smaller network") as told:
        check_memory(opened("vgg11_bn").architecture, 10**6)
    assert told.value.fitting_side == 0


def test_remembered_maps_make_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    network = open_network("shufflenet_v2_x0_5")
    network.run("cat")
    forward = network.context.forward
    free = estimate_pass_memory(network.architecture, forward.weight_bytes) - 1
    monkeypatch.setattr(network_module, "free_memory", lambda device: free)
    result = network.run("cat").result
    assert result.ops_run == result.ops_total


def test_devices_begin_with_the_cpu() -> None:
    assert list_devices()[0].name == "cpu"
    assert free_memory() > 0


@pytest.mark.parametrize(("free", "budget"), [(0, 2**28), (2**33, 2**31), (2**40, 2**32)])
def test_a_quarter_of_what_is_free_is_remembered(free: int, budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_check, "free_memory", lambda: free)
    assert default_budget() == budget
