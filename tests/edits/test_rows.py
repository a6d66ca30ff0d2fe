"""Whole rows of a stage table copied and moved: exact figures, exact undo, refusals with repairs that work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.edits import CopyRun, MoveRun
from explorer.edits.edit import EditError
from explorer.network import Network, open_network
from tests.edits.test_random_edits import check_count, check_replay

Opened = Callable[[str], Network]

RUNS = {
    "resnet18": ("layer2.0,layer2.1", "layer3.0,layer3.1"),
    "efficientnet_b0": ("features.3.0,features.3.1", "features.4.0,features.4.1,features.4.2"),
    "shufflenet_v2_x0_5": (
        "stage3.0,stage3.1,stage3.2,stage3.3,stage3.4,stage3.5,stage3.6,stage3.7",
        "stage4.0,stage4.1,stage4.2,stage4.3",
    ),
    "vgg11_bn": ("unit:features.8,unit:features.11", "features.14"),
}


@pytest.mark.parametrize("key", RUNS)
def test_a_copy_is_a_row_of_its_own(opened: Opened, key: str) -> None:
    network, (run, other) = opened(key), RUNS[key]
    for edit in (CopyRun(run), CopyRun(run, other)):
        edited = network.edit(edit)
        check_count(edited)
        check_replay(edited)
        assert len(edited.architecture.live) > len(network.architecture.live)
        assert edited.undo().architecture is network.architecture


@pytest.mark.parametrize("key", RUNS)
def test_a_moved_run_is_exact(opened: Opened, key: str) -> None:
    network, (run, other) = opened(key), RUNS[key]
    edited = network.edit(MoveRun(run, other))
    check_count(edited)
    check_replay(edited)
    assert edited.edit(MoveRun(run, other)).history.applied_edits == edited.history.applied_edits  # it stands there
    assert edited.undo().architecture is network.architecture


def test_inverted_residuals_keep_their_expansion(opened: Opened) -> None:
    network = opened("mobilenet_v2")
    edited = network.edit(CopyRun("features.4,features.5,features.6", "features.3"))
    first = edited.architecture.nodes["features.4~2.conv.0.0"].layer
    assert (first.in_channels, first.out_channels) == (24, 144)
    assert edited.architecture.nodes["features.4.conv.0.0"].layer.out_channels == 6 * 32


def test_what_is_no_run_is_refused(opened: Opened) -> None:
    network = opened("resnet18")
    with pytest.raises(EditError, match="one way in"):
        network.edit(CopyRun("layer2.0,layer3.0"))
    with pytest.raises(EditError, match="part of itself"):
        network.edit(MoveRun("layer2.0", "layer2.0"))
    with pytest.raises(EditError):
        opened("densenet121").edit(CopyRun("features.denseblock1.denselayer2"))


def test_a_shortcut_that_no_longer_fits_comes_with_a_way_out(opened: Opened) -> None:
    with pytest.raises(EditError) as refused:
        opened("resnet18").edit(MoveRun("layer1.0,layer1.1", "layer2.1"))
    assert refused.value.repairs
    check_count(opened("resnet18").edit(refused.value.repairs[0].edit))


def test_a_run_stays_on_its_path() -> None:
    """The way parts behind the stem, so that what else reads it cannot come before it."""

    class Parted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.one, self.two = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.stem(x)
            return self.one(x) + self.two(x)

    network = open_network(Parted(), input_shape=(1, 3, 8, 8))
    with pytest.raises(EditError, match="stem, one and two are not on one path"):
        network.edit(MoveRun("stem,one", "two"))
