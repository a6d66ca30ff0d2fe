"""Maps become smaller by a pooling, a strided convolution or a blur: each in the place of each other, and back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.edits import AddBlurPooling, Edit, EditError, SetLayer, SwapSubsampling
from explorer.edits.options import find_options
from explorer.edits.subsampling import SUBSAMPLINGS, find_subsamplings
from explorer.network import Network, open_network
from tests.edits.test_random_edits import check_count, check_replay
from tests.export.stranger import Stranger
from tests.export.test_one_output import check_eval

Opened = Callable[[str], Network]


def small_network(step: nn.Module) -> Network:
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), step, nn.Conv2d(8, 8, 3, padding=1)]
    return open_network(nn.Sequential(*layers), input_shape=(1, 3, 15, 15))


def kinds(network: Network) -> list[str]:
    return [step.kind for step in find_subsamplings(network.architecture)]


@pytest.mark.parametrize(("first", "then"), list(permutations(SUBSAMPLINGS, 2)))
@pytest.mark.parametrize("step", [nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, stride=2, padding=1)], ids=["pool", "conv"])
def test_each_way_takes_the_place_of_each_other(first: str, then: str, step: nn.Module) -> None:
    network = small_network(step)
    shape = network.figures.output_shape
    for way in (first, then):
        network = network.edit(SwapSubsampling("*", way))
        assert kinds(network) == [way]
        assert network.figures.output_shape == shape
        check_count(network)
    check_replay(network)


@pytest.mark.parametrize("way", SUBSAMPLINGS)
def test_the_way_back_is_the_network_as_opened(opened: Opened, way: str) -> None:
    vgg, resnet = opened("vgg11"), opened("resnet18")
    there = vgg.edit(SwapSubsampling("features.2", way), SwapSubsampling("features.2", "max"))
    assert there.figures.total == vgg.figures.total
    assert list(there.architecture.live) == list(vgg.architecture.live)
    there = resnet.edit(SwapSubsampling("layer2.0.conv1", way), SwapSubsampling("layer2.0.conv1", "convolution"))
    assert list(there.architecture.live) == list(resnet.architecture.live)
    assert there.architecture.nodes["layer2.0.conv1"] is resnet.architecture.nodes["layer2.0.conv1"]


@pytest.mark.parametrize("way", SUBSAMPLINGS)
def test_a_whole_network_keeps_its_maps(opened: Opened, way: str) -> None:
    for key in ("googlenet_2014", "resnet18"):  # poolings that round up; convolutions of 1×1 with a stride
        network = opened(key).edit(SwapSubsampling("*", way))
        assert set(kinds(network)) == {way}
        assert network.figures.output_shape == opened(key).figures.output_shape
        check_count(network)


def test_a_convolution_has_the_window_of_the_pooling(opened: Opened) -> None:
    network = opened("resnet18").edit(SwapSubsampling("maxpool", "convolution"))
    layer = network.architecture.nodes["maxpool"].layer
    assert isinstance(layer, nn.Conv2d)
    assert (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride) == (64, 64, (3, 3), (2, 2))
    assert network.figures.total.params - network.baseline.figures.total.params == 64 * 64 * 9 + 64


def test_what_has_no_stride_is_refused_and_not_offered(opened: Opened) -> None:
    with pytest.raises(EditError, match="has a stride above 1"):
        opened("resnet18").edit(SwapSubsampling("layer1", "blur"))
    with pytest.raises(EditError, match="'fold' is not a known way"):
        opened("resnet18").edit(SwapSubsampling("*", "fold"))
    titles = [option.title for option in find_options(opened("resnet18").analysis, "layer1.0.conv1")]
    assert "Smaller by" not in titles
    offered = next(o for o in find_options(opened("resnet18").analysis, "maxpool") if o.title == "Smaller by")
    assert [choice.label for choice in offered.choices] == [*SUBSAMPLINGS.values()]


def test_what_is_swapped_is_exported_as_it_is(stranger: Stranger, tmp_path: Path) -> None:
    for way in SUBSAMPLINGS:
        check_eval(small_network(nn.AvgPool2d(3, 2)).edit(SwapSubsampling("*", way)), stranger, tmp_path)


class WithPlaces(nn.Module):
    """A max pooling whose places of the maxima are read again when the map becomes larger."""

    def __init__(self, called: bool) -> None:
        super().__init__()
        self.first, self.pool = nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2, return_indices=True)
        self.unpool, self.called = nn.MaxUnpool2d(2), called

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        pooled, places = F.max_pool2d(x, 2, return_indices=True) if self.called else self.pool(x)
        made: Tensor = self.unpool(pooled, places)
        return made


@pytest.mark.parametrize("called", [False, True], ids=["layer", "function"])
def test_a_pooling_whose_places_are_read_again_stays_as_it_is(called: bool) -> None:
    network = open_network(WithPlaces(called), input_shape=(1, 3, 16, 16))
    pool = list(network.architecture.live)[2]
    titles = {option.title for option in find_options(network.analysis, pool)}
    assert titles.isdisjoint({"Smaller by", "Pooling", "Stride", "Padding", "Blur pooling"})
    edits: list[Edit] = [SwapSubsampling(pool, "average"), AddBlurPooling(pool), SetLayer(pool, "pooling", "average")]
    for edit in [*edits, *(SetLayer(pool, setting, 3) for setting in ("kernel", "stride", "padding", "ceil_mode"))]:
        with pytest.raises(EditError):
            network.edit(edit)
