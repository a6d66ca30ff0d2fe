"""Kernels are the live module's weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.probes.kernels import extract_kernels
from explorer.analysis.probes.probe import NotAvailable
from explorer.edits import ToggleShortcut
from explorer.network import Network, open_network
from tests.analysis.probes.image_probe import shown


def test_kernels_are_the_modules(network: Network, module: nn.Module, image: torch.Tensor) -> None:
    showing = shown(network, image)
    stem = extract_kernels("conv1", showing)
    np.testing.assert_array_equal(stem.weights, module.conv1.weight.detach().numpy())
    np.testing.assert_array_equal(stem.for_input_channel(1), stem.weights[:, 1])
    assert stem.reads_rgb
    assert not extract_kernels("layer1.0.conv1", showing).reads_rgb


def test_a_layer_of_single_numbers_is_a_matrix(network: Network, module: nn.Module, image: torch.Tensor) -> None:
    showing = shown(network, image)
    assert extract_kernels("layer2.0.downsample.0", showing).is_matrix
    matrix = extract_kernels("fc", showing).matrix
    np.testing.assert_array_equal(matrix, module.fc.weight.detach().numpy())


def test_in_colour_grey_is_nothing_and_each_kernel_has_full_contrast() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 2, bias=False)).eval()
    with torch.no_grad():
        module[0].weight.zero_()
        module[0].weight[0, 0, 0, 0] = 0.5
        module[0].weight[0, 2, 1, 1] = -0.25
    network = open_network(module, input_shape=(1, 3, 8, 8))
    colours = extract_kernels("0", shown(network, torch.zeros(1, 3, 8, 8))).as_rgb()
    assert colours[0, 0, 0].tolist() == [255, 128, 128]
    assert colours[0, 1, 1].tolist() == [128, 128, 64]
    assert (colours[1] == 128).all()


def test_groups_read_their_own_channels_only() -> None:
    network = open_network("mobilenet_v2", input_shape=(1, 3, 64, 64))
    depthwise = extract_kernels("features.2.conv.1.0", network.probe())
    assert depthwise.groups == 96
    assert depthwise.weights.shape == (96, 1, 3, 3)


def test_what_has_no_kernels_says_so(network: Network, image: torch.Tensor) -> None:
    with pytest.raises(NotAvailable, match="Only convolutions"):
        extract_kernels("maxpool", shown(network, image))
    edited = network.edit(ToggleShortcut("layer2.0", on=False))
    with pytest.raises(NotAvailable, match="not part of the network any more"):
        extract_kernels("layer2.0.downsample.0", shown(edited, image))
