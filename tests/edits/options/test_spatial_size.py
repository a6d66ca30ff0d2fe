"""From which side of the image on a network works, found without trying."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn
from torchvision.ops import Permute

from explorer.edits import SetInputSize
from explorer.edits.edit import EditError
from explorer.edits.options import find_options
from explorer.edits.options.spatial_size import accepts_size
from explorer.network import Network, open_network
from tests.conftest import TYPICAL

Opened = Callable[[str], Network]

FREE = [key for key in TYPICAL if key not in ("vit_b_16", "swin_t")]  # these are bound to theirs


def least(network: Network) -> int:
    return next(side for side in range(1, 300) if accepts_size(network.analysis, network.architecture.input.name, side))


def works(network: Network, side: int) -> bool:
    try:
        return network.edit(SetInputSize(resolution=side)).architecture.input_shape[-1] == side
    except EditError:
        return False


@pytest.mark.parametrize("key", [*FREE, "inception_v2_bn"])
def test_the_smallest_side_is_exact(key: str, opened: Opened) -> None:
    network = opened(key)
    found = least(network)
    assert works(network, found)
    assert not any(works(network, side) for side in range(max(found - 4, 1), found))


@pytest.mark.parametrize(
    ("key", "smallest", "refused"),
    [("resnet18", 32, 0), ("vgg11_bn", 32, 31), ("inception_v2_bn", 32, 30), ("inception_v3", 96, 74)],
)
def test_every_side_that_works_is_offered(key: str, smallest: int, refused: int, opened: Opened) -> None:
    network = opened(key)
    option = next(option for option in find_options(network.analysis, "") if option.title == "Resolution")
    assert option.choices[0].label == str(smallest)
    assert works(network, smallest)
    assert not works(network, refused) if refused else least(network) == 1


@pytest.mark.parametrize(
    ("layers", "side"),
    [
        ([nn.Conv2d(3, 4, 5)], 5),
        ([nn.Conv2d(3, 4, 3, dilation=3)], 7),
        ([nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")], 2),
        ([nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular")], 1),
        ([nn.Conv2d(3, 4, 3, 2, 1), nn.InstanceNorm2d(4)], 3),
        ([nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(2)], 4),
        # Alone the second window would find one place in a map that has none:
        ([nn.Conv2d(3, 4, 7), nn.Conv2d(4, 4, 3, padding=2)], 7),
        ([nn.Conv2d(3, 4, (1, 7)), nn.Conv2d(4, 4, (3, 1))], 7),
        ([Permute([0, 2, 3, 1]), nn.Linear(3, 4), Permute([0, 3, 1, 2]), nn.Conv2d(4, 4, 5)], 5),
    ],
)
def test_windows_one_behind_the_other(layers: list[nn.Module], side: int) -> None:
    network = open_network(nn.Sequential(*layers), input_shape=(1, 3, 32, 32))
    assert least(network) == side
    assert works(network, side)
    assert side == 1 or not works(network, side - 1)


def test_what_is_not_understood_keeps_its_side(opened: Opened) -> None:
    for key in ("vit_b_16", "swin_t"):
        study = opened(key).analysis
        assert not any(accepts_size(study, study.architecture.input.name, side) for side in (32, 224, 448))
