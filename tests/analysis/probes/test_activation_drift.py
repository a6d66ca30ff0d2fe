"""Where an edit moved what: by hand, by hooks, and with layers that came, went or grew."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.analysis.probes.activation_drift import measure_drift, merge_orders
from explorer.base.cancellation import Cancelled
from explorer.edits import SwapActivation, ToggleShortcut
from explorer.network import Network, open_network
from tests.analysis.probes.image_probe import shown


def hooked(module: nn.Module, image: torch.Tensor) -> dict[str, torch.Tensor]:
    seen: dict[str, torch.Tensor] = {}
    handles = [
        part.register_forward_hook(lambda layer, args, out, path=path: seen.update({path: out}))
        for path, part in module.named_modules()
        if isinstance(part, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))
    ]
    with torch.inference_mode():
        module(image)
    for handle in handles:
        handle.remove()
    return seen


def test_distances_are_those_of_the_live_modules(network: Network, image: torch.Tensor) -> None:
    edited = network.edit(SwapActivation("layer2.1", "gelu"), ToggleShortcut("layer3.1", on=False))
    before, after = hooked(network.module(), image), hooked(edited.module(), image)
    found = {moved.name: moved for moved in measure_drift(shown(network, image), shown(edited, image))}
    for path, value in before.items():
        expected = float((after[path] - value).norm() / value.norm())
        assert found[path].distance == pytest.approx(expected, rel=1e-4, abs=1e-7), path
    assert found["layer2.0.conv1"].status == "same"
    assert found["fc"].status == "moved"


def test_an_unchanged_network_did_not_move_and_nothing_runs(network: Network, image: torch.Tensor) -> None:
    showing = shown(network, image)
    found = measure_drift(showing, showing)
    assert found
    assert all(moved.status == "same" and moved.distance == 0 for moved in found)


def test_a_removed_layer_stands_where_it_stood_and_shifts_nothing(network: Network, image: torch.Tensor) -> None:
    edited = network.edit(ToggleShortcut("layer2.0", on=False))
    found = measure_drift(shown(network, image), shown(edited, image))
    names = [moved.name for moved in found]
    assert found[names.index("layer2.0.downsample.0")].status == "removed"
    assert names.index("layer2.0.conv1") < names.index("layer2.0.downsample.0") < names.index("layer2.1.conv1")
    back = measure_drift(shown(edited, image), shown(network, image))
    assert next(moved for moved in back if moved.name == "layer2.0.downsample.0").status == "new"


def test_other_widths_are_said_not_compared(image: torch.Tensor) -> None:
    from explorer.edits import SetWidth

    network = open_network("resnet18", input_shape=(1, 3, 64, 64))
    edited = network.edit(SetWidth("layer2.0.conv1", 64))
    found = {m.name: m for m in measure_drift(shown(network, image), shown(edited, image))}
    inner = found["layer2.0.conv1"]
    assert (inner.status, inner.distance) == ("resized", None)
    assert (inner.shape_before, inner.shape_after) == ((128, 8, 8), (64, 8, 8))
    assert found["layer2.0.conv2"].status == "moved"


def test_what_is_not_finite_is_broken_not_large(image: torch.Tensor) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)).eval()
    with torch.no_grad():
        module[2].bias[0] = float("inf")
    network = open_network(module, input_shape=(1, 3, 64, 64))
    edited = network.edit(SwapActivation("1", "gelu"))
    found = {m.name: m.status for m in measure_drift(shown(network, image), shown(edited, image))}
    assert found == {"0": "same", "1": "moved", "2": "broken"}


def test_it_can_be_called_off(network: Network, image: torch.Tensor) -> None:
    edited = network.edit(SwapActivation("layer1.0", "silu"))
    with pytest.raises(Cancelled):
        measure_drift(shown(network, image), shown(edited, image), keep_going=lambda done: done < 0.2)
    assert not network.context.lock.locked()


def test_orders_are_merged() -> None:
    assert merge_orders("abcd", "axcd") == ("a", "b", "x", "c", "d")
    assert merge_orders("abc", "bca") == ("b", "c", "a")
    assert merge_orders("xab", "ab") == ("x", "a", "b")
    assert merge_orders("", "ab") == ("a", "b")
