"""Multiply-adds are compared with torch's own count while a module is opened."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, flop_registry
from torchvision.ops import DeformConv2d

import explorer
from explorer.analysis.torch_count import TorchCount, count_with_torch


class Attention(nn.Module):
    """Self-attention over the places of a map, by torch's fused layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2, 1)
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        out: torch.Tensor = self.attend(tokens, tokens, tokens)[0]
        return out


class Deformed(nn.Module):
    """A deformable convolution, which torch's counter does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.offset, self.conv = nn.Conv2d(3, 18, 3, padding=1), DeformConv2d(3, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.conv(x, self.offset(x))
        return out


def test_torch_counts_what_runs() -> None:
    with torch.no_grad(), count_with_torch() as count:
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 5))(torch.zeros(1, 3, 8, 8))
    assert (count.macs, count.uncounted) == (27 * 4 * 36 + 4 * 36 * 5, [])
    assert count.compare(count.macs) == ""
    assert "3,888 multiply-adds where torch's counter counts 4,608" in count.compare(3888)


def test_what_torch_has_no_formula_for_is_said() -> None:
    verification = explorer.open(Deformed().eval(), inputs="3x16x16").verification
    assert verification is not None
    assert verification.status == "equal"
    assert "deform_conv2d" in verification.text


def test_fused_attention_has_no_formula_and_that_of_its_parts_is_ours() -> None:
    """Whether torch takes the fused operator depends on what watches the run: where it does not, both counts agree."""
    with torch.no_grad(), count_with_torch() as count:
        Attention().eval()(torch.zeros(1, 3, 16, 16))
    assert any("multi_head_attention" in name for name in count.uncounted)
    verification = explorer.open(Attention().eval(), inputs="3x16x16").verification
    assert verification is not None
    assert verification.status == "equal"
    assert verification.count == "" or "multi_head_attention" in verification.count


def test_a_cost_that_nobody_knows_is_said() -> None:
    assert "unknown_op" in TorchCount(5, ["unknown_op"]).compare(5)


def test_a_count_that_differs_is_said_at_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flop_registry, torch.ops.aten.convolution, lambda *_, out_val, **__: 20)
    verification = explorer.open(nn.Conv2d(3, 4, 3), inputs="3x8x8").verification
    assert verification is not None
    assert "counter counts 10." in verification.text


def test_the_count_is_that_of_torchs_counter() -> None:
    module = Attention().eval()
    image = torch.zeros(1, 3, 16, 16)
    with torch.no_grad(), count_with_torch() as count:
        module(image)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        module(image)
    assert count.macs == counter.get_total_flops() // 2 > 0
