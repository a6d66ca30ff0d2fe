"""The width of a row of the stage table: expansions and ratios stay, as in the tables of papers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn

from explorer.edits import EditError, SetStageWidth, SetWidth
from explorer.network import Network, open_network
from explorer.presenters.editable_cells import COLUMN_OF_KEY
from explorer.presenters.editable_rows import find_table_rows
from tests.conftest import TYPICAL
from tests.edits.test_random_edits import check_count

Opened = Callable[[str], Network]

#: Table 2 of the MobileNetV2 paper with 48 channels in the row of 32.
WIDER = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 48, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]]


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_a_wider_row_of_mobilenet_v2_is_the_network_of_that_table(opened: Opened) -> None:
    edited = opened("mobilenet_v2").edit(SetStageWidth("features.4,features.5,features.6", 48))
    target = torchvision.models.MobileNetV2(inverted_residual_setting=WIDER)
    assert edited.figures.total.params == count(target)
    shapes = {name: tensor.shape for name, tensor in target.state_dict().items()}
    assert {name: tensor.shape for name, tensor in edited.module().state_dict().items()} == shapes
    assert edited.history.edits[0].title.endswith(", expansion kept")


def test_a_wider_stage_of_a_resnet_keeps_its_bottlenecks(opened: Opened) -> None:
    network = opened("resnet50")
    blocks = "layer2.0,layer2.1,layer2.2,layer2.3"
    edited = network.edit(SetStageWidth(blocks, 640))
    widths = {name: tensor.shape[0] for name, tensor in edited.module().state_dict().items() if "weight" in name}
    assert {widths[f"layer2.{n}.conv2.weight"] for n in range(4)} == {160}
    assert widths["layer3.0.conv1.weight"] == 256  # counted in what leaves it, which is as it was
    alone = network.edit(SetWidth(blocks, 640))
    assert edited.figures.total.params > alone.figures.total.params


@pytest.mark.parametrize("key", TYPICAL)
def test_multiples_that_the_table_shows_stay(opened: Opened, key: str) -> None:
    network = opened(key)
    expansion, width = COLUMN_OF_KEY["expansion"], COLUMN_OF_KEY["width"]
    for number, row in enumerate(find_table_rows(network.analysis)):
        shown = width.read(row)
        if not row.is_block or not shown.isdecimal():
            continue
        try:
            edit = width.find_edit(row, str(int(shown) * 4))  # wider than the next row: equal ones are one row
            edited = network.edit(edit) if edit is not None else network
        except EditError:
            continue  # coupled with what has another width
        if not isinstance(edit, SetStageWidth):
            continue
        check_count(edited)
        before = [expansion.read(one) for one in find_table_rows(network.analysis)]
        assert [expansion.read(one) for one in find_table_rows(edited.analysis)] == before, (key, number, edit)


def test_channels_that_stay_keep_their_weights() -> None:
    network = open_network(torchvision.models.mobilenet_v2(), input_shape=(1, 3, 64, 64))
    before, after = network.module().state_dict(), network.edit(SetStageWidth("features.5", 24)).module().state_dict()
    for name, tensor in after.items():
        kept = before[name][tuple(slice(0, side) for side in tensor.shape)]
        assert torch.equal(tensor, kept), name
    assert after["features.6.conv.0.0.weight"].shape[:2] == (144, 24)


def test_what_no_width_can_be_is_refused_as_for_a_width_alone(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    for to, said in ((0, "a width"), (70_000, "a width")):
        with pytest.raises(EditError, match=said):
            network.edit(SetStageWidth("features.4", to))
    assert network.edit(SetStageWidth("features.4", 32)).architecture is network.architecture
