"""From which side of the image on a network works, found without trying where that is understood."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
import torchvision
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


class Pyramid(nn.Module):
    """As feature pyramids add a map to a finer one."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = self.fine(x)
        out: torch.Tensor = fine + F.interpolate(self.coarse(fine), size=fine.shape[-2:])
        return out


class PaddedUNet(nn.Module):
    """As U-Nets pad what they have brought up to the size of what they left."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 4, 3, 1, 1), nn.ConvTranspose2d(4, 4, 2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.down(x)
        up = self.up(F.max_pool2d(x, 2))
        high, wide = x.size(2) - up.size(2), x.size(3) - up.size(3)
        return torch.cat([x, F.pad(up, [wide // 2, wide - wide // 2, high // 2, high - high // 2])], 1)


class PooledPyramid(nn.Module):
    """Spatial pyramid pooling: rows of fixed length of a map of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3, 2, 1), nn.Linear(4 * (1 + 4 + 16), 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        rows = [F.adaptive_max_pool2d(x, side).view(x.size(0), -1) for side in (1, 2, 4)]
        out: torch.Tensor = self.head(torch.cat(rows, 1))
        return out


class Placed(nn.Module):
    """A learned number for each place: no other size has these."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.places = nn.Conv2d(3, 4, 3, 2, 1), nn.Parameter(torch.randn(1, 4, 32, 32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.conv(x) + self.places
        return out


@pytest.mark.parametrize(
    "module",
    [Pyramid(), PaddedUNet(), PooledPyramid(), nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.PixelShuffle(2))],
    ids=["pyramid", "padded", "pooled", "pixel shuffle"],
)
def test_what_takes_the_size_of_another_map_has_any_resolution(module: nn.Module) -> None:
    network = open_network(module.eval(), input_shape=(1, 3, 64, 64))
    option = next(option for option in find_options(network.analysis, "") if option.title == "Resolution")
    assert [choice.label for choice in option.choices][:3] == ["32", "64", "96"]
    for side in (32, 299):
        image = torch.randn(1, 3, side, side)
        with torch.inference_mode():
            written = network.edit(SetInputSize(side)).module()(image)
            torch.testing.assert_close(written, module(image))


def test_numbers_that_are_learned_for_each_place_tie_a_network_to_its_size() -> None:
    network = open_network(Placed(), input_shape=(1, 3, 64, 64))
    option = next(option for option in find_options(network.analysis, "") if option.title == "Resolution")
    assert "ties this network to its resolution" in option.reason


def test_windows_of_attention_take_any_resolution(opened: Opened) -> None:
    """Swin pads the map to whole windows, and learns one table for all of them."""
    network = opened("swin_t")
    own = torchvision.models.swin_t().eval()
    own.load_state_dict(network.module().state_dict())
    image = torch.randn(1, 3, 160, 160)
    with torch.inference_mode():
        torch.testing.assert_close(network.edit(SetInputSize(160)).module()(image), own(image), rtol=1e-4, atol=1e-5)


def test_an_image_that_is_not_square_says_so() -> None:
    network = open_network(nn.Sequential(nn.Conv2d(3, 4, 3)), input_shape=(1, 3, 32, 100))
    option = next(option for option in find_options(network.analysis, "") if option.title == "Resolution")
    assert option.reason == "The image is not square."
