"""What a layer was found to need: where it goes into the tensors that were drawn."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.graph.channel_map import ChannelRanking
from explorer.graph.node import Node
from explorer.network import open_network
from explorer.weights.layer_calibration import LayerCalibration


def calibrated(layer: nn.Module, calibration: LayerCalibration) -> dict[str, torch.Tensor]:
    """The tensors of a layer on four channels with a calibration in them."""
    node: Node = open_network(nn.Sequential(layer).eval(), input_shape=(1, 4, 2, 2)).architecture.nodes["0"]
    return dict(calibration.apply(node, layer.state_dict(), importance))


def importance(_: ChannelRanking) -> torch.Tensor:
    raise AssertionError("no channel was cut")


@pytest.mark.parametrize("variance", [1e-7, 1e-5, 1.0, 30.0])
def test_a_batch_norm_levels_a_signal_however_small_beside_its_epsilon(variance: float) -> None:
    norm, means = nn.BatchNorm2d(4), torch.tensor([0.5, -1.0, 0.0, 2.0])
    norm.load_state_dict(calibrated(norm, LayerCalibration(variance, means)))
    drawn = torch.randn(64, 4, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    entering = drawn * variance**0.5 + means[:, None, None]
    leaving = norm.double().eval()(entering)
    assert leaving.var((0, 2, 3)).tolist() == pytest.approx([1] * 4, rel=0.1)
    assert leaving.mean((0, 2, 3)).tolist() == pytest.approx([0] * 4, abs=0.1)


def test_rows_become_orthogonal_to_the_means_where_a_row_reads_all_channels() -> None:
    means = torch.tensor([0.5, 1.0, 0.25, 2.0])
    whole = calibrated(nn.Conv2d(4, 6, 1), LayerCalibration(3.0, means))["weight"]
    assert torch.allclose(whole[:, :, 0, 0] @ means, torch.zeros(6), atol=1e-5)
    grouped = nn.Conv2d(4, 6, 1, groups=2)
    assert torch.equal(calibrated(grouped, LayerCalibration(3.0, means))["weight"], 3.0 * grouped.weight)
