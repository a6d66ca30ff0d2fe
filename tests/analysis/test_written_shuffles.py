"""Views that shuffle channels are one op; those that do anything else stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import explorer
from explorer.edits import SetWidth, ToggleChannelShuffle
from explorer.graph import op_kinds
from tests.export.test_python_code import run


def by_transpose(x: Tensor) -> Tensor:
    batch, channels, height, width = x.data.size()
    x = x.view(batch, 3, channels // 3, height, width)
    return torch.transpose(x, 1, 2).contiguous().view(batch, -1, height, width)


def by_permute(x: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    return (
        x.reshape(batch, 3, channels // 3, height, width).permute(0, 2, 1, 3, 4).reshape(batch, channels, height, width)
    )


def by_flatten(x: Tensor) -> Tensor:
    return x.unflatten(1, (3, -1)).swapaxes(2, 1).flatten(1, 2)


def by_recording(x: Tensor) -> Tensor:
    for _ in range(min(x.shape[1], 1)):  # what no trace can follow
        x = by_transpose(x)
    return x


def not_swapped(x: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    return x.view(batch, 3, channels // 3, height, width).transpose(3, 4).reshape(batch, channels, height, width)


def in_parts_of_three(x: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    return x.view(batch, channels // 3, 3, height, width).transpose(1, 2).reshape(batch, channels, height, width)


class Shuffling(nn.Module):
    """A bottleneck of group convolutions, and a head on a row of all that is left."""

    def __init__(self, shuffle: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.shuffle = shuffle
        self.stem, self.compress = nn.Conv2d(3, 24, 3, padding=1), nn.Conv2d(24, 12, 1, groups=3)
        self.depthwise, self.expand = nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.Conv2d(12, 24, 1, groups=3)
        self.head = nn.Linear(24 * 8 * 8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.expand(self.depthwise(self.shuffle(self.compress(x))))
        return self.head(x.view(x.size(0), -1))


def open_with(shuffle: Callable[[Tensor], Tensor]) -> explorer.Network:
    torch.manual_seed(0)
    return explorer.open(Shuffling(shuffle).eval(), inputs="3x8x8")


def shuffles(network: explorer.Network) -> list[str]:
    return [name for name, node in network.architecture.live.items() if op_kinds.kind(node) == "shuffle"]


@pytest.mark.parametrize("written", [by_transpose, by_permute, by_flatten, by_recording])
def test_a_shuffle_that_is_written_out_is_one(written: Callable[[Tensor], Tensor], tmp_path: Path) -> None:
    """It computes the same, follows the width, can be switched off, and leaves as a shuffle."""
    network = open_with(written)
    assert network.verification is not None
    assert network.verification.status == "equal"
    (shuffle,) = shuffles(network)
    assert not network.architecture.edited_names
    image = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        module = Shuffling(written).eval()
        module.load_state_dict(network.module().state_dict())
        assert torch.equal(network.module()(image), module(image))
        wider = network.edit(SetWidth("compress", 18)).edit(SetWidth("stem", 36))
        assert wider.module()(image).shape == (1, 5)
        explorer.save_network(wider, tmp_path / "net.py")
        assert "F.channel_shuffle" in (tmp_path / "net.py").read_text(encoding="utf-8")
        alike = run((tmp_path / "net.py").read_text(encoding="utf-8"))
        alike.load_state_dict(wider.module().state_dict())
        assert torch.equal(alike(image), wider.module()(image))
        off = network.edit(ToggleChannelShuffle(shuffle, on=False))
        assert not torch.equal(off.module()(image), network.module()(image))


@pytest.mark.parametrize("written", [not_swapped, in_parts_of_three])
def test_what_is_no_shuffle_of_so_many_groups_stays(written: Callable[[Tensor], Tensor]) -> None:
    assert not shuffles(open_with(written))


def test_a_shuffle_of_an_exported_program_is_one_too(tmp_path: Path) -> None:
    program = torch.export.export(Shuffling(by_transpose).eval(), (torch.randn(1, 3, 8, 8),))
    torch.export.save(program, tmp_path / "net.pt2")
    network = explorer.open(str(tmp_path / "net.pt2"), trusted=True)
    assert network.verification is not None
    assert network.verification.status == "equal"
    assert len(shuffles(network)) == 1
