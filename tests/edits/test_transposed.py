"""Transposed convolutions follow the widths around them, and their weights follow the channels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.edits import Edit, EditError, InsertPart, MultiplyWidth, SetLayer, SetWidth
from explorer.network import Network, open_network
from tests.edits.test_random_edits import check_count, check_replay


def decoder(groups: int = 1) -> Network:
    """A map made smaller and larger again."""
    torch.manual_seed(0)
    up = nn.ConvTranspose2d(8, 16, 2, stride=2, groups=groups)
    layers = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), up, nn.ReLU(), nn.Conv2d(16, 4, 1)
    return open_network(nn.Sequential(*layers), input_shape=(1, 3, 8, 8))


@pytest.mark.parametrize(
    "edit",
    [
        SetWidth("0", 12),
        SetWidth("0", 6),
        SetWidth("2", 24),
        SetWidth("2", 10, "l1"),
        MultiplyWidth("*", 0.5),
        SetLayer("0", "out_channels", 12),
        InsertPart("0", "convolution", "channels=20"),
        InsertPart("1", "concat"),
    ],
    ids=lambda edit: edit.title,
)
def test_it_takes_the_width_that_it_gets(edit: Edit) -> None:
    network = decoder().edit(edit)
    check_count(network)
    check_replay(network)
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert network.module()(x).isfinite().all()


def test_weights_follow_their_channels() -> None:
    network = decoder()
    before = network.module().state_dict()
    fewer_in = network.edit(SetWidth("0", 6)).module().state_dict()
    assert torch.equal(fewer_in["2.weight"], before["2.weight"][:6])
    assert torch.equal(fewer_in["2.bias"], before["2.bias"])
    fewer_out = network.edit(SetWidth("2", 10)).module().state_dict()
    assert torch.equal(fewer_out["2.weight"], before["2.weight"][:, :10])
    assert torch.equal(fewer_out["2.bias"], before["2.bias"][:10])
    assert torch.equal(fewer_out["4.weight"], before["4.weight"][:, :10])
    strongest = network.edit(SetWidth("2", 10, "l1")).module().state_dict()
    kept = before["2.weight"].abs().sum((0, 2, 3)).topk(10).indices.sort().values
    assert torch.equal(strongest["2.weight"], before["2.weight"][:, kept])
    assert torch.equal(strongest["4.weight"], before["4.weight"][:, kept])


def test_one_in_groups_is_refused_rather_than_broken() -> None:
    with pytest.raises(EditError, match="its width is fixed"):
        decoder(groups=2).edit(SetWidth("0", 12))
    with pytest.raises(EditError, match="2 takes 8 channels, and would get 20"):
        decoder(groups=2).edit(InsertPart("0", "convolution", "channels=20"))
