"""Networks made for photos, made for small images."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

import explorer
from explorer.edits import EditError, FitSmallImages
from explorer.graph.ops import Bypass
from explorer.network import Network
from tests.conftest import KEYS, TYPICAL

#: Attention is made for a number of places.
FIXED = ("vit_", "maxvit_")


@pytest.mark.parametrize("key", [key for key in KEYS if not key.startswith(FIXED)])
def test_every_network_takes_small_images(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key).edit(FitSmallImages(32))
    assert network.architecture.input_shape[2:] == (32, 32)
    assert network.figures.output_shape == opened(key).figures.output_shape
    assert network.figures.total.params <= opened(key).figures.total.params
    assert network.undo().architecture is opened(key).architecture


@pytest.mark.parametrize("key", [key for key in TYPICAL if not key.startswith(FIXED) and "swin" not in key])
def test_a_small_image_runs(key: str, opened: Callable[[str], Network]) -> None:
    network = opened(key).edit(FitSmallImages(32))
    assert torch.isfinite(network.run("cat").result.main_output).all()


def test_resnet_gets_the_stem_it_has_for_cifar(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18").edit(FitSmallImages(32))
    stem, pool = network.architecture.live["conv1"], network.architecture.live["maxpool"]
    assert isinstance(stem.layer, nn.Conv2d)
    assert stem.layer.stride == (1, 1)
    assert isinstance(pool.op, Bypass)
    assert network.figures.total.params == opened("resnet18").figures.total.params


def test_as_much_is_kept_as_is_asked_for(opened: Callable[[str], Network]) -> None:
    costs = [opened("mobilenet_v2").edit(FitSmallImages(32, keep)).figures.total.macs for keep in (1, 2, 4, 8)]
    assert costs == sorted(set(costs))


def test_an_image_that_is_large_enough_changes_the_input_alone(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18").edit(FitSmallImages(224))
    assert all(node.original is None for node in network.architecture.live.values() if node.layer is not None)


@pytest.mark.parametrize(("side", "keep"), [(3, 4), (32, 0), (10_000, 4)])
def test_sizes_out_of_range_are_refused(side: int, keep: int, opened: Callable[[str], Network]) -> None:
    with pytest.raises(EditError, match="must be a whole number"):
        opened("resnet18").edit(FitSmallImages(side, keep))


def test_a_network_for_one_size_is_refused(opened: Callable[[str], Network]) -> None:
    with pytest.raises(EditError):
        opened("vit_b_16").edit(FitSmallImages(32))


def test_it_is_public() -> None:
    assert explorer.FitSmallImages is FitSmallImages
