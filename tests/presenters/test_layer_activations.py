"""What panels that look inside are given: nodes for cards, curves along the depth, shares of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.probes import signal_health
from explorer.analysis.probes.activation_drift import measure_drift
from explorer.analysis.probes.latency import Latency
from explorer.analysis.probes.probe import NotAvailable
from explorer.edits import SetBottleneckActivation, SetWidth, SwapActivation, ToggleShortcut
from explorer.network import Network, open_network
from explorer.presenters.class_choices import likely_classes
from explorer.presenters.depth_curves import CURVES, compute_depth_curves
from explorer.presenters.feature_map_views import build_card_views
from explorer.presenters.grad_cam import compute_grad_cam_view
from explorer.presenters.layer_activations import (
    compute_layer_activations,
    displayed_node,
    format_activation,
    format_fraction,
    network_input_image,
)
from explorer.presenters.timing import TIMING_GROUPINGS, summarise_latency


@pytest.fixture(scope="module")
def network() -> Network:
    return open_network("shufflenet_v2_x0_5", input_shape=(1, 3, 64, 64))


def test_a_card_stands_for_its_last_op(opened: Callable[[str], Network]) -> None:
    study = opened("mobilenet_v2").analysis
    assert displayed_node(("features.2",), study) == "features.2.conv.3"
    assert displayed_node(("features.3.conv.0.0",), study) == "features.3.conv.0.0"
    assert displayed_node(("nowhere",), study) is None


def test_a_block_is_compared_with_itself_even_if_an_edit_ended_it_otherwise(opened: Callable[[str], Network]) -> None:
    before = open_network("mobilenet_v2", input_shape=(1, 3, 64, 64))
    now = before.edit(SetBottleneckActivation("features.4", activation="relu6"))
    found = compute_layer_activations(now.probe(), before.probe(), ("features.4",))
    assert found.now is not None
    assert found.baseline is not None
    assert found.baseline.name == "features.4.conv.3" != found.now.name
    assert found.difference is not None
    assert "ended with features.4.conv.3" in found.reason
    with pytest.raises(NotAvailable, match="nowhere is no longer part of the network"):
        compute_layer_activations(now.probe(), before.probe(), ("nowhere",))


def test_a_card_an_edit_took_out_is_found_in_the_baseline() -> None:
    before = open_network("resnet18", input_shape=(1, 3, 64, 64))
    now = before.edit(ToggleShortcut("layer2.0", on=False))
    found = compute_layer_activations(now.probe(), before.probe(), ("layer2.0.downsample.0",))
    assert found.now is None
    assert found.baseline is not None
    assert "Removed by an edit" in found.reason
    assert found.difference is None


def test_the_image_is_what_the_network_sees(network: Network) -> None:
    showing = network.probe("cat")
    pixels = network_input_image(showing).pixels
    assert pixels.shape == (64, 64, 3)
    again = (torch.from_numpy(pixels).float() / 255 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
        [0.229, 0.224, 0.225]
    )
    np.testing.assert_allclose(again.permute(2, 0, 1), showing.image[0], atol=0.02)


def test_figures_are_said_in_few_digits(network: Network) -> None:
    found = compute_layer_activations(network.probe(), network.probe(), ("conv1.2",))
    assert found.now is not None
    rows = dict(build_card_views(found).views["now"].figures)
    assert rows["zeros"] == format_fraction(float((found.now.values == 0).mean()))
    assert "NaN or infinite" not in rows
    assert (
        format_activation(-0.01234),
        format_activation(1.5e-7),
        format_activation(math.nan),
        format_activation(0.0),
    ) == ("−0.0123", "1.5e-07", "–", "0")


def test_curves_have_a_number_for_each_layer(network: Network) -> None:
    edited = network.edit(SwapActivation("stage3.1", "gelu"))
    now, before = edited.probe(), network.probe()
    found = compute_depth_curves(now, before, 7)
    assert found.target == 7
    moved = {m.name: m for m in measure_drift(before, now)}
    assert [layer.name for layer in found.points] == list(moved)
    assert found.curve("change") == pytest.approx([m.distance for m in moved.values()])
    first = next(place for place, value in enumerate(found.curve("change")) if value)
    assert found.points[first].name.startswith("stage3.1")
    assert "changed by" in found.point_tip(first, "change")
    for key in CURVES:
        assert len(found.curve(key)) == len(found.curve(key, before=True)) == len(moved)
    assert found.curve("gradient")[0] != found.curve("gradient", before=True)[0]
    assert ", before " in found.point_tip(0, "gradient")


def test_what_has_no_number_is_marked_and_said() -> None:
    network = open_network("resnet18", input_shape=(1, 3, 64, 64))
    edited = network.edit(ToggleShortcut("layer2.0", on=False), SetWidth("layer3.1.conv1", 100))
    found = {layer.name: layer for layer in compute_depth_curves(edited.probe(), network.probe()).points}
    gone, wider = found["layer2.0.downsample.0"], found["layer3.1.conv1"]
    assert gone.is_marked
    assert gone.change_text == "removed by an edit"
    assert math.isnan(gone.values["deviation"][0])
    assert gone.values["deviation"][1] > 0
    assert wider.is_marked
    assert wider.change_text.startswith("other shape: 256 × 4 × 4 → 100 × 4 × 4")
    assert not found["conv1"].is_marked


def test_without_room_for_the_way_back_the_curves_of_the_way_forth_are_there(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = network.edit(SwapActivation("stage3.1", "gelu"))
    whole = compute_depth_curves(edited.probe(), network.probe())
    monkeypatch.setattr(signal_health, "free_memory", lambda device: 2**20)
    found = compute_depth_curves(edited.probe(), network.probe())
    assert "keeps what every layer made" in found.no_gradient_reason
    for key in ("change", "deviation", "dead"):
        np.testing.assert_array_equal(found.curve(key), whole.curve(key))
    assert all(map(math.isnan, found.curve("gradient")))


def test_a_network_without_classes_has_curves_but_no_gradient() -> None:
    maps = open_network(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), input_shape=(1, 3, 8, 8))
    found = compute_depth_curves(maps.probe(), maps.probe())
    assert "not a list of classes" in found.no_gradient_reason
    assert all(value > 0 for value in found.curve("deviation"))


def test_the_likeliest_classes_now_and_before(network: Network) -> None:
    edited = network.edit(SwapActivation("*", "silu"))
    found = likely_classes(edited.probe(), network.probe())
    assert [c.label for c in found[:5]] == [label for label, _ in edited.run("cat").top(5)]
    assert {label for label, _ in network.run("cat").top(5)} <= {c.label for c in found}
    maps = open_network(nn.Conv2d(3, 4, 3), input_shape=(1, 3, 8, 8))
    with pytest.raises(NotAvailable, match="not a list of classes"):
        likely_classes(maps.probe(), maps.probe())


def test_where_it_looks_now_and_before(network: Network) -> None:
    showing = network.probe()
    assert compute_grad_cam_view(showing, showing).baseline is None
    edited = network.edit(SwapActivation("stage4.1", "linear"))
    found = compute_grad_cam_view(edited.probe(), showing, 5)
    assert found.baseline is not None
    assert found.now.target == found.baseline.target == 5
    assert not np.array_equal(found.now.heat, found.baseline.heat)
    assert "2 × 2)" in found.caption
    assert "Weights are random" in found.caption
    assert "Weights are random" not in replace(found, has_random_weights=False).caption


def test_shares_of_time_and_macs_add_up(opened: Callable[[str], Network]) -> None:
    study = opened("mobilenet_v2").analysis
    nodes = study.architecture.live
    depthwise = {name for name in nodes if getattr(nodes[name].layer, "groups", 1) > 1}
    times = {name: 3.0 if name in depthwise else 0.5 for name in nodes}
    found = summarise_latency(study, Latency(times, 7, 2), baseline_total=100.0)
    for key in TIMING_GROUPINGS:
        if key != "layer":
            assert sum(share.time for share in found.shares[key]) == pytest.approx(1)
            assert sum(share.macs for share in found.shares[key]) == pytest.approx(1)
            assert sum(share.milliseconds for share in found.shares[key]) == pytest.approx(found.total)
    assert found.takeaway.startswith("Depthwise convolution: 6.9 % of the MACs but 42 % of the time.")
    assert "(before the edits 100 ms)" in found.headline
    assert all(share.node_name in depthwise for share in found.shares["layer"][:17])


def test_every_layer_is_a_point_of_time_against_macs(opened: Callable[[str], Network]) -> None:
    study = opened("mobilenet_v2").analysis
    times = dict.fromkeys(study.architecture.live, 0.5) | {"features.0.1": 0.0}
    found = summarise_latency(study, Latency(times, 7, 2))
    points = {point.node_name: point for point in found.points}
    assert sum(point.macs for point in found.points) == found.macs
    assert points["classifier.1"].tip == "Linear  ·  classifier.1\n0.5 ms for 1.28 M MACs: 2.56 G MACs a second"
    assert points["features.0.2"].macs == 0
    assert points["features.0.2"].tip.endswith("0.5 ms for 0 MACs")
    assert "features.0.1" not in points  # took no time that the clock could see
    assert {share.title: share.kind for share in found.shares["kind"]}["Linear"] == "linear"
    assert {share.kind for share in found.shares["stage"]} == {None}


def test_no_lesson_where_the_clock_agrees_with_the_count(opened: Callable[[str], Network]) -> None:
    study = opened("mobilenet_v2").analysis
    times = {name: float(study.figures.measures[name].cost.macs) for name in study.architecture.live}
    assert summarise_latency(study, Latency(times, 7, 2)).takeaway == ""


def test_dead_units_are_counted_at_activations_alone(network: Network) -> None:
    found = compute_depth_curves(network.probe(), network.probe())
    drawn = [point.name for point, value in zip(found.points, found.curve("dead"), strict=True) if value == value]
    assert drawn == [point.name for point in found.points if point.is_activation]
    assert 0 < len(drawn) < len(found.points)
    assert not any(map(math.isnan, found.curve("deviation")))
