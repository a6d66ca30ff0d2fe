"""What is about a whole network at once: heads on the side, the batch, the channels of the image."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from explorer.edits import EditError, SetClasses, ToggleAuxiliaryHead
from explorer.edits.options import find_options
from explorer.network import Network, open_network
from explorer.viewmodels.panels import Option
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]


def shown(network: Network) -> dict[str, Option]:
    return {option.title: option for option in find_options(network.analysis, "") if option.scope == "whole network"}


def test_auxiliary_heads_come_where_googlenet_has_them_and_go(opened: Opened) -> None:
    network = opened("googlenet")
    option = shown(network)["Auxiliary heads"]
    assert option.current == 0
    trained = network.edit(option.choices[1].edit)
    assert trained.architecture.output.inputs[1:] == ("inception4a.aux.fc2", "inception4d.aux.fc2")
    assert trained.history.edits[0].title == "Two auxiliary heads added"
    check_count(trained)
    without = trained.edit(shown(trained)["Auxiliary heads"].choices[0].edit)
    assert without.history.edits[1].title == "All auxiliary heads removed"
    assert without.figures.total == network.figures.total


def test_a_head_of_one_block_goes_with_all(opened: Opened) -> None:
    network = opened("resnet18")
    one = network.edit(ToggleAuxiliaryHead("layer3.0", on=True))
    assert shown(one)["Auxiliary heads"].current == 1
    assert one.edit(ToggleAuxiliaryHead("*", on=False)).figures.total == network.figures.total


@pytest.mark.parametrize("key", ["alexnet", "vit_b_16"])
def test_auxiliary_heads_need_blocks_that_make_maps(key: str, opened: Opened) -> None:
    assert "need at least three blocks" in shown(opened(key))["Auxiliary heads"].reason
    with pytest.raises(EditError, match="need at least three blocks"):
        opened(key).edit(ToggleAuxiliaryHead("*", on=True))


@pytest.mark.parametrize("key", ["vit_b_16", "swin_t"])
def test_batch_and_channels_where_there_is_attention(key: str, opened: Opened) -> None:
    network = opened(key)
    found = shown(network)
    assert bool(found["Resolution"].reason) == (key == "vit_b_16")  # whose position embedding has a place for each
    four = network.edit(next(choice.edit for choice in found["Batch"].choices if choice.label == "4"))
    assert four.figures.total.macs == 4 * network.figures.total.macs
    grey = network.edit(next(choice.edit for choice in found["Channels"].choices if choice.label == "1 (grey)"))
    assert grey.figures.total.params < network.figures.total.params
    for edited in (four, grey):
        check_count(edited)
        with torch.inference_mode():
            out = edited.module()(torch.zeros(edited.architecture.input_shape))
        assert out.shape == (edited.architecture.input_shape[0], 1000)


def test_a_batch_that_is_written_into_the_code_stays() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x).view(1, 4 * 36)

    found = shown(open_network(Net(), input_shape=(1, 3, 8, 8)))
    assert found["Batch"].reason == "view reshapes to a number of images that is written into the code."


class Residual(nn.Module):
    """No head: what comes out is as wide as what a shortcut carries."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return x + self.conv(x)


def test_no_more_classes_are_offered_than_can_be_built(opened: Opened) -> None:
    network = open_network(Residual(), input_shape=(1, 3, 16, 16))
    choices = shown(network)["Classes"].choices
    assert choices[-1].edit == SetClasses(1000)
    assert all(network.edit(choice.edit).figures.total.params for choice in choices if choice.edit is not None)
    with pytest.raises(EditError, match=r"conv would have 11,9\d\d,\d+,\d+ parameters"):
        network.edit(SetClasses(21841))
    assert shown(opened("vgg11_bn"))["Classes"].choices[-1].edit == SetClasses(21841)
