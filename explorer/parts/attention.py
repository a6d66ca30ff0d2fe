"""Blocks that weight what they are given: squeeze-and-excitation, ECA, CBAM."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from explorer.base.languages import tr_noop
from explorer.graph.op_kinds import ACTIVATIONS
from explorer.parts.part import register_part
from explorer.parts.pieces import conv_norm_act
from explorer.parts.setting import ACTIVATION, ChoiceSetting, IntegerSetting, kernel_setting, ratio_setting

_FAMILY = tr_noop("Attention")


class SqueezeExcitation(nn.Module):
    """Each channel is weighted by what the means of all channels say.

    Source: Hu et al., "Squeeze-and-excitation networks", 2017, §3. Maps (batch, channels, height, width) to the same.
    """

    def __init__(self, channels: int, squeezed: int, activation: str = "relu", gate: str = "sigmoid") -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.act = ACTIVATIONS[activation]()
        self.expand = nn.Conv2d(squeezed, channels, 1)
        self.gate = ACTIVATIONS[gate]()

    def forward(self, x: Tensor) -> Tensor:
        """Weight the channels."""
        weights: Tensor = self.gate(self.expand(self.act(self.reduce(self.pool(x)))))
        return x * weights


@register_part(
    "squeeze_excitation",
    title=tr_noop("Squeeze-and-excitation"),
    sentence=tr_noop("Weights each channel by what the means of all channels say."),
    family=_FAMILY,
    settings=(
        ratio_setting(16),
        IntegerSetting("squeeze", tr_noop("Squeezed channels"), 0, 0, 4096, tr_noop("by the ratio")),
        ACTIVATION,
        ChoiceSetting(
            "gate",
            tr_noop("Gate"),
            "sigmoid",
            {"sigmoid": tr_noop("sigmoid"), "hardsigmoid": tr_noop("hard sigmoid")},
        ),
    ),
)
def _squeeze_excitation(in_channels: int, ratio: int, squeeze: int, activation: str, gate: str) -> nn.Module:
    """Hu et al., "Squeeze-and-excitation networks", 2017, §3 and §6.1: reduction 16."""
    return SqueezeExcitation(in_channels, squeeze or max(in_channels // ratio, 1), activation, gate)


class EfficientChannelAttention(nn.Module):
    """Each channel is weighted by what the means of its neighbours say: one convolution along the channels.

    Source: Wang et al., "ECA-Net", 2019, §3.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Weight the channels."""
        means = self.pool(x).squeeze(-1).transpose(-1, -2)
        weights: Tensor = self.gate(self.conv(means)).transpose(-1, -2).unsqueeze(-1)
        return x * weights


@register_part(
    "eca",
    title=tr_noop("ECA"),
    sentence=tr_noop("Weights each channel by its neighbours' means, with a handful of weights."),
    family=_FAMILY,
    settings=(IntegerSetting("kernel", tr_noop("Kernel"), 0, 0, 31, tr_noop("by the width")),),
)
def _eca(in_channels: int, kernel: int) -> nn.Module:
    """Wang et al., "ECA-Net", 2019, §3.2.3: k = |log2(C)/2 + 1/2|, the next odd number."""
    side = kernel or int(abs(math.log2(max(in_channels, 1)) / 2 + 0.5))
    return EfficientChannelAttention(side if side % 2 else side + 1)


class ChannelAttention(nn.Module):
    """The first half of CBAM: channels are weighted by their means and their largest values, through one small MLP.

    Source: Woo et al., "CBAM", 2018, §3, equation 2.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.mean, self.largest = nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1)
        self.reduce = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.act = nn.ReLU()
        self.expand = nn.Conv2d(squeezed, channels, 1, bias=False)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Weight the channels."""
        means = self.expand(self.act(self.reduce(self.mean(x))))
        peaks = self.expand(self.act(self.reduce(self.largest(x))))
        weights: Tensor = self.gate(means + peaks)
        return x * weights


class SpatialAttention(nn.Module):
    """The second half of CBAM: places are weighted by the mean and the largest value of their channels.

    Source: Woo et al., "CBAM", 2018, §3, equation 3.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = conv_norm_act(2, 1, kernel, norm="batch", activation="sigmoid")

    def forward(self, x: Tensor) -> Tensor:
        """Weight the places."""
        seen = torch.cat([torch.mean(x, 1, keepdim=True), torch.amax(x, 1, keepdim=True)], 1)
        weights: Tensor = self.conv(seen)
        return x * weights


@register_part(
    "cbam",
    title=tr_noop("CBAM"),
    sentence=tr_noop("Weights channels first, then places: what to look at, and where."),
    family=_FAMILY,
    settings=(ratio_setting(16), kernel_setting(7)),
)
def _cbam(in_channels: int, ratio: int, kernel: int) -> nn.Module:
    """Woo et al., "CBAM", 2018, §3: channel attention, then spatial attention with a 7×7."""
    return nn.Sequential(ChannelAttention(in_channels, max(in_channels // ratio, 1)), SpatialAttention(kernel))
