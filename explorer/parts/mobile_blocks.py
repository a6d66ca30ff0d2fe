"""Blocks that widen, filter each channel and narrow: MobileNet v2 and v3, MnasNet, EfficientNet v1 and v2."""

from __future__ import annotations

from torch import nn

from explorer.base.languages import tr_noop
from explorer.parts.attention import SqueezeExcitation
from explorer.parts.part import register_part
from explorer.parts.pieces import Residual, conv_norm_act, sequence
from explorer.parts.setting import (
    CHANNELS,
    EXPANSION,
    KERNEL,
    NORM,
    STRIDE,
    IntegerSetting,
    activation_setting,
)

_SQUEEZE = IntegerSetting("squeeze", tr_noop("Squeezed channels"), 0, 0, 4096, tr_noop("as the paper has it"))
_HIDDEN = IntegerSetting("hidden", tr_noop("Hidden channels"), 0, 0, 16384, tr_noop("by the expansion"))


def build_inverted(
    in_channels: int,
    channels: int,
    hidden: int,
    *,
    kernel: int,
    stride: int,
    norm: str,
    activation: str,
    gate: nn.Module | None = None,
    is_fused: bool = False,
) -> nn.Module:
    """Return an inverted residual: widen, filter, weight the channels by `gate`, narrow without activation; added to
    what came in where the shape is kept. `is_fused`: one full convolution widens and filters; where nothing is widened
    it is all there is, with its activation."""
    if is_fused and hidden == in_channels:
        only = conv_norm_act(in_channels, channels, kernel, stride=stride, norm=norm, activation=activation)
        return Residual(only) if stride == 1 and in_channels == channels else only
    first: nn.Module | None = None
    if hidden != in_channels and not is_fused:
        first = conv_norm_act(in_channels, hidden, 1, norm=norm, activation=activation)
    entering, groups = (in_channels, 1) if is_fused else (hidden, hidden)
    filters = conv_norm_act(entering, hidden, kernel, stride=stride, groups=groups, norm=norm, activation=activation)
    narrow = conv_norm_act(hidden, channels, 1, norm=norm, activation="linear")
    way = sequence(expand=first, filter=filters, gate=gate, project=narrow)
    return Residual(way) if stride == 1 and in_channels == channels else way


@register_part(
    "inverted_residual",
    title=tr_noop("Inverted residual"),
    sentence=tr_noop("1×1 widens, a depthwise 3×3 filters, 1×1 narrows and stays linear."),
    family="MobileNet",
    settings=(CHANNELS, KERNEL, STRIDE, EXPANSION, _HIDDEN, NORM, activation_setting("relu6")),
)
def _inverted_residual(
    in_channels: int,
    channels: int,
    kernel: int,
    stride: int,
    expansion: int,
    hidden: int,
    norm: str,
    activation: str,
) -> nn.Module:
    """Sandler et al., "MobileNetV2", 2018, figure 4(d)."""
    wide = hidden or in_channels * expansion
    return build_inverted(in_channels, channels, wide, kernel=kernel, stride=stride, norm=norm, activation=activation)


@register_part(
    "mbconv",
    title=tr_noop("MBConv"),
    sentence=tr_noop("An inverted residual whose filtered channels are weighted by squeeze-and-excitation."),
    family="EfficientNet",
    settings=(CHANNELS, KERNEL, STRIDE, EXPANSION, _HIDDEN, _SQUEEZE, NORM, activation_setting("silu")),
)
def _mbconv(
    in_channels: int,
    channels: int,
    kernel: int,
    stride: int,
    expansion: int,
    hidden: int,
    squeeze: int,
    norm: str,
    activation: str,
) -> nn.Module:
    """Tan and Le, "EfficientNet", 2019, §4; squeezed to a quarter of what enters the block."""
    wide = hidden or in_channels * expansion
    gate = SqueezeExcitation(wide, squeeze or max(in_channels // 4, 1), activation, "sigmoid")
    return build_inverted(
        in_channels, channels, wide, kernel=kernel, stride=stride, norm=norm, activation=activation, gate=gate
    )


@register_part(
    "fused_mbconv",
    title=tr_noop("Fused MBConv"),
    sentence=tr_noop("One full 3×3 widens and filters at once: more multiply-adds, but faster on early maps."),
    family="EfficientNet",
    settings=(
        CHANNELS,
        KERNEL,
        STRIDE,
        IntegerSetting("expansion", tr_noop("Expansion"), 4, 1, 16),
        NORM,
        activation_setting("silu"),
    ),
)
def _fused_mbconv(
    in_channels: int, channels: int, kernel: int, stride: int, expansion: int, norm: str, activation: str
) -> nn.Module:
    """Tan and Le, "EfficientNetV2", 2021, figure 2, and table 4: with expansion 1 (the first stage) a 3×3 alone."""
    wide = in_channels * expansion
    return build_inverted(
        in_channels, channels, wide, kernel=kernel, stride=stride, norm=norm, activation=activation, is_fused=True
    )


@register_part(
    "mobilenet_v3",
    title=tr_noop("MobileNet v3 block"),
    sentence=tr_noop("An inverted residual with squeeze-and-excitation, hard swish, and kernels found by search."),
    family="MobileNet",
    settings=(
        CHANNELS,
        KERNEL,
        STRIDE,
        EXPANSION,
        _HIDDEN,
        IntegerSetting("squeeze", tr_noop("Squeezed channels"), 0, 0, 4096, tr_noop("a quarter")),
        NORM,
        activation_setting("hardswish"),
    ),
)
def _mobilenet_v3(
    in_channels: int,
    channels: int,
    kernel: int,
    stride: int,
    expansion: int,
    hidden: int,
    squeeze: int,
    norm: str,
    activation: str,
) -> nn.Module:
    """Howard et al., "Searching for MobileNetV3", 2019, figure 4; squeezed to a quarter of the hidden width, in eights,
    as torchvision has it."""
    wide = hidden or in_channels * expansion
    gate = SqueezeExcitation(wide, squeeze or in_eights(wide / 4), "relu", "hardsigmoid")
    return build_inverted(
        in_channels, channels, wide, kernel=kernel, stride=stride, norm=norm, activation=activation, gate=gate
    )


def in_eights(width: float) -> int:
    """Return a width as a multiple of eight, never down by more than a tenth: `_make_divisible` of the MobileNets."""
    found = max(8, int(width + 4) // 8 * 8)
    return found + 8 if found < 0.9 * width else found
