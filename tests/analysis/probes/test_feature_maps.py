"""Feature maps are what plain hooks on the live module see, laid out for the eye."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.forward.engine import ForwardEngine
from explorer.analysis.probes.feature_maps import arrange_values, compute_feature_maps, compute_histogram
from explorer.analysis.probes.probe import NotAvailable, Probe, computing_nodes
from explorer.base.cancellation import Cancelled
from explorer.edits import ToggleShortcut
from explorer.network import Network, open_network
from tests.analysis.probes.image_probe import shown


@pytest.mark.parametrize("name", ["conv1", "layer2.0.bn1", "layer3.1.conv2", "maxpool"])
def test_maps_are_those_a_hook_sees(name: str, module: nn.Module, network: Network, image: torch.Tensor) -> None:
    seen: list[torch.Tensor] = []
    handle = module.get_submodule(name).register_forward_hook(lambda layer, args, out: seen.append(out.clone()))
    with torch.inference_mode():
        module(image)
    handle.remove()
    maps = compute_feature_maps(name, shown(network, image))
    assert maps.kind == "maps"
    np.testing.assert_array_equal(maps.values, seen[0][0].numpy())


def test_what_the_pass_remembered_does_not_run_again(network: Network, image: torch.Tensor) -> None:
    showing = Probe(network.architecture, network.context.weights, image, "image")
    showing.forward.run(showing.architecture, showing.weights, image, "image")
    assert compute_feature_maps("layer4.1.conv2", showing, keep_going=lambda done: False).values.shape == (512, 2, 2)


def test_a_pass_nobody_waits_for_is_called_off(network: Network, image: torch.Tensor) -> None:
    showing = Probe(network.architecture, network.context.weights, image, "image", ForwardEngine())
    with pytest.raises(Cancelled):
        compute_feature_maps("layer4.1.conv2", showing, keep_going=lambda done: done < 0.3)


def test_channels_are_sorted_by_how_lively_they_are() -> None:
    maps = arrange_values("x", torch.tensor([[[[0.0, 0.0]], [[-3.0, 3.0]], [[1.0, 1.0]], [[1.0, -1.0]]]]))
    assert maps.by_activity == (1, 3, 2, 0)  # the third is the same everywhere
    assert maps.activity.tolist() == [0, 3, 1, 1]


def test_statistics_by_hand() -> None:
    found = arrange_values("x", torch.tensor([[[[0.0, 0.0]], [[0.0, 4.0]]]])).statistics
    assert (found.count, found.mean, found.min, found.max) == (4, 1.0, 0.0, 4.0)
    assert found.deviation == pytest.approx(3**0.5)
    assert (found.zeros, found.dead, found.non_finite) == (0.75, 0.5, 0)


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    maps = arrange_values("x", torch.tensor([[[[float("nan"), 1.0]], [[float("inf"), 3.0]]]]))
    assert (maps.statistics.non_finite, maps.statistics.mean, maps.statistics.max) == (2, 2.0, 3.0)
    assert maps.by_activity == (1, 0)
    assert sum(compute_histogram(maps.values).counts[0]) == 2
    nothing = arrange_values("x", torch.full((1, 2, 2, 2), float("nan")))
    assert nothing.statistics.non_finite == 8
    assert not compute_histogram(nothing.values).counts[0].any()


@pytest.mark.parametrize(
    ("shape", "form", "laid"),
    [
        ((1, 8, 5, 7), "maps", (8, 5, 7)),
        ((1, 7, 7, 96), "maps", (96, 7, 7)),  # channels last
        ((1, 8, 1, 1), "vector", (8,)),
        ((1, 10), "vector", (10,)),
        ((1, 197, 16), "maps", (16, 14, 14)),  # a class token and 14 × 14 patches
        ((1, 49, 16), "maps", (16, 7, 7)),
        ((1, 13, 16), "matrix", (13, 16)),
        ((1, 4, 3, 7, 7), "maps", (12, 7, 7)),
        ((6,), "vector", (6,)),
    ],
)
def test_every_shape_has_a_picture(shape: tuple[int, ...], form: str, laid: tuple[int, ...]) -> None:
    maps = arrange_values("x", torch.randn(shape))
    assert (maps.kind, maps.values.shape) == (form, laid)


def test_tokens_lie_where_their_patches_are() -> None:
    tokens = torch.arange(5 * 2).reshape(1, 5, 2)  # a class token, then 2 × 2 patches
    maps = arrange_values("x", tokens)
    assert maps.values[0].tolist() == [[2, 4], [6, 8]]
    assert "class token is left out" in maps.note


def test_the_same_bins_for_before_and_after() -> None:
    found = compute_histogram(np.array([0, 1], np.float32), np.array([3, 4, 4], np.float32), bins=4)
    assert found.edges.tolist() == [0, 1, 2, 3, 4]
    assert [counts.tolist() for counts in found.counts] == [[1, 1, 0, 0], [0, 0, 0, 3]]
    assert compute_histogram(np.array([2, 2], np.float32)).counts[0].sum() == 2  # all equal


def test_a_node_that_an_edit_took_out_is_named(network: Network, image: torch.Tensor) -> None:
    edited = network.edit(ToggleShortcut("layer2.0", on=False))
    gone = next(name for name in network.architecture.live if name not in edited.architecture.live)
    with pytest.raises(NotAvailable, match=rf"{gone} is not part of the network any more"):
        compute_feature_maps(gone, shown(edited, image))


def test_what_makes_no_numbers_says_so(opened: Callable[[str], Network]) -> None:
    network = opened("shufflenet_v1_g3")
    sizes = [n for n, known in network.figures.measures.items() if known.shape is None]
    for name in sizes[:1]:
        with pytest.raises(NotAvailable, match="only reads sizes"):
            compute_feature_maps(name, network.probe())
    assert not set(sizes) & set(computing_nodes(network.architecture))


def test_an_image_by_name_is_what_the_network_runs_on() -> None:
    network = open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))
    expected = network.run("coffee").result.main_output
    found = compute_feature_maps(
        "fc", network.probe("coffee"), keep_going=lambda done: False
    )  # all of it is remembered
    np.testing.assert_array_equal(found.values, expected[0].numpy())


def test_rows_of_a_signal_are_channels_and_no_tokens() -> None:
    signal = nn.Sequential(nn.Conv1d(2, 16, 3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(1))
    network = open_network(signal, inputs="2x40")
    for name in ("0", "1", "2", "3"):
        found = compute_feature_maps(name, network.probe("cat"))
        assert (found.kind, found.note) == ("matrix", "Rows are channels, columns places.")
        assert found.values.shape[0] == 16
    tokens = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
    assert compute_feature_maps("1", open_network(tokens, inputs="16x6").probe("cat")).values.shape == (8, 4, 4)
