"""Blocks that only designs have: they change the map as no place inside a network allows, read a second one, or read a
signal in place of maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.base.languages import tr_noop
from explorer.parts.part import Part
from explorer.parts.pieces import build_activation
from explorer.parts.setting import ACTIVATION, STRIDE, IntegerSetting, kernel_setting

_WIDTH = IntegerSetting("channels", tr_noop("Channels"), 64, 1, 8192)


def build_valid_conv(in_channels: int, *, channels: int, kernel: int, stride: int, activation: str) -> nn.Module:
    """LeCun et al., "Gradient-based learning applied to document recognition", 1998: windows inside the map alone."""
    act = build_activation(activation)
    return nn.Sequential(nn.Conv2d(in_channels, channels, kernel, stride), *([act] if act is not None else []))


def build_pair(in_channels: int, *, channels: int) -> nn.Module:
    """Ronneberger et al., "U-Net", 2015, figure 1: two 3×3 convolutions; padded, and with norms as is usual today."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )


class UpBlock(nn.Module):
    """Doubles the map, puts the one from the way down beside it, and convolves both (U-Net)."""

    def __init__(self, in_channels: int, channels: int, beside: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, channels, 2, stride=2)
        self.conv = build_pair(channels + beside, channels=channels)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        """Take (batch, in_channels, h, w) and (batch, beside, 2h, 2w)."""
        result: Tensor = self.conv(torch.cat([beside, self.up(x)], 1))
        return result


def build_down(in_channels: int, *, channels: int) -> nn.Module:
    """Ronneberger et al., "U-Net", 2015, figure 1: pooling, then two 3×3 convolutions."""
    return nn.Sequential(nn.MaxPool2d(2), *build_pair(in_channels, channels=channels))  # type: ignore[misc]


def build_expand(in_channels: int, *, channels: int, activation: str) -> nn.Module:
    """Dumoulin and Visin, "A guide to convolution arithmetic", 2016, §4: a transposed convolution that doubles."""
    conv = nn.ConvTranspose2d(in_channels, channels, 4, stride=2, padding=1, bias=False)
    act = build_activation(activation)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), *([act] if act is not None else []))


def build_signal_conv(in_channels: int, *, channels: int, kernel: int, stride: int, activation: str) -> nn.Module:
    """Wang et al., "Time series classification from scratch", 2017: convolution along time, norm, activation."""
    conv = nn.Conv1d(in_channels, channels, kernel, stride, kernel // 2, bias=False)
    act = build_activation(activation)
    return nn.Sequential(conv, nn.BatchNorm1d(channels), *([act] if act is not None else []))


def _no_module(in_channels: int, *, channels: int) -> nn.Module:
    raise ValueError("an up row is built with the map beside it")


#: Parts of designs alone, by key. "down" rows keep their map for the "up" row that mirrors them.
ROW_PARTS: dict[str, Part] = {
    part.key: part
    for part in (
        Part("valid_conv", tr_noop("Convolution without padding"), "", "", "layer", build_valid_conv,
             (_WIDTH, kernel_setting(5), STRIDE, ACTIVATION)),
        Part("pair", tr_noop("Two convolutions (U-Net)"), "", "", "block", build_pair, (_WIDTH,)),
        Part("down", tr_noop("Pooling and two convolutions (U-Net)"), "", "", "block", build_down, (_WIDTH,)),
        Part("up", tr_noop("Upsampling beside the way down (U-Net)"), "", "", "block", _no_module, (_WIDTH,)),
        Part("expand", tr_noop("Transposed convolution ×2"), "", "", "block", build_expand, (_WIDTH, ACTIVATION)),
        Part("signal_conv", tr_noop("Convolution of a signal"), "", "", "block", build_signal_conv,
             (_WIDTH, kernel_setting(9), STRIDE, ACTIVATION)),
    )
}  # fmt: skip
