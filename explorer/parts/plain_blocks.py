"""Blocks of one way straight through: VGG's pair, depthwise separable convolutions, SqueezeNet's fire module."""

from __future__ import annotations

from torch import Tensor, nn

from explorer.base.languages import tr, tr_noop
from explorer.parts.part import register_part
from explorer.parts.pieces import Concatenated, Residual, build_activation, conv_norm_act, divide, sequence
from explorer.parts.setting import (
    ACTIVATION,
    CHANNELS,
    KERNEL,
    NORM,
    STRIDE,
    IntegerSetting,
    build_norm,
    kernel_setting,
    norm_setting,
)


@register_part(
    "conv_norm_act",
    title=tr_noop("Convolution, norm, activation"),
    sentence=tr_noop("The step that most networks since 2015 repeat."),
    family=tr_noop("Common"),
    settings=(CHANNELS, KERNEL, STRIDE, IntegerSetting("groups", tr_noop("Groups"), 1, 1, 1024), NORM, ACTIVATION),
)
def _conv_norm_act(
    in_channels: int, channels: int, kernel: int, stride: int, groups: int, norm: str, activation: str
) -> nn.Module:
    """Ioffe and Szegedy, "Batch normalization", 2015, §3.2: the norm between convolution and activation, no bias."""
    return conv_norm_act(in_channels, channels, kernel, stride=stride, groups=groups, norm=norm, activation=activation)


@register_part(
    "vgg_pair",
    title=tr_noop("VGG pair"),
    sentence=tr_noop("Two 3×3 convolutions see as much as one 5×5, with fewer weights and one more activation."),
    family="VGG",
    settings=(CHANNELS, KERNEL, norm_setting("none"), ACTIVATION),
)
def _vgg_pair(in_channels: int, channels: int, kernel: int, norm: str, activation: str) -> nn.Module:
    """Simonyan and Zisserman, "Very deep convolutional networks", 2014, §2.1."""
    return sequence(
        first=conv_norm_act(in_channels, channels, kernel, norm=norm, activation=activation),
        second=conv_norm_act(channels, channels, kernel, norm=norm, activation=activation),
    )


@register_part(
    "depthwise_separable",
    title=tr_noop("Depthwise separable convolution"),
    sentence=tr_noop("A filter for each channel, then a 1×1 that mixes them: eight to nine times cheaper than a 3×3."),
    family="MobileNet",
    settings=(CHANNELS, KERNEL, STRIDE, NORM, ACTIVATION),
)
def _depthwise_separable(
    in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str
) -> nn.Module:
    """Howard et al., "MobileNets", 2017, figure 3."""
    return sequence(
        depthwise=conv_norm_act(
            in_channels, in_channels, kernel, stride=stride, groups=in_channels, norm=norm, activation=activation
        ),
        pointwise=conv_norm_act(in_channels, channels, 1, norm=norm, activation=activation),
    )


@register_part(
    "fire",
    title=tr_noop("Fire module"),
    sentence=tr_noop("A 1×1 squeezes the channels before 1×1 and 3×3 expand them side by side."),
    family="SqueezeNet",
    settings=(
        CHANNELS,
        IntegerSetting("squeeze", tr_noop("Squeezed channels"), 0, 0, 8192, tr_noop("an eighth")),
        norm_setting("none"),
        ACTIVATION,
    ),
)
def _fire(in_channels: int, channels: int, squeeze: int, norm: str, activation: str) -> nn.Module:
    """Iandola et al., "SqueezeNet", 2016, §3.2: squeeze ratio 0.125, half of the filters that expand are 3×3."""
    if channels < 2:
        raise ValueError(tr("one channel cannot be halved"))
    narrow, left = squeeze or divide(channels, 8), channels // 2
    expand = Concatenated(
        conv_norm_act(narrow, left, 1, norm=norm, activation=activation),
        conv_norm_act(narrow, channels - left, 3, norm=norm, activation=activation),
    )
    return sequence(squeeze=conv_norm_act(in_channels, narrow, 1, norm=norm, activation=activation), expand=expand)


class GhostModule(nn.Module):
    """Some maps by a convolution, as many again by cheap filters of these.

    Source: Han et al., "GhostNet", 2020, §3.1: ratio 2, 3×3 depthwise as the cheap operation.
    """

    def __init__(self, primary: nn.Module, cheap: nn.Module) -> None:
        super().__init__()
        self.primary, self.join = primary, Concatenated(nn.Identity(), cheap)

    def forward(self, x: Tensor) -> Tensor:
        """Make the maps, and their ghosts."""
        made: Tensor = self.join(self.primary(x))
        return made


@register_part(
    "ghost",
    title=tr_noop("Ghost module"),
    sentence=tr_noop("Half of the maps are made by a convolution, the other half by cheap filters of these."),
    family="GhostNet",
    settings=(CHANNELS, IntegerSetting("kernel", tr_noop("Kernel"), 1, 1, 7), STRIDE, NORM, ACTIVATION),
)
def _ghost(in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str) -> nn.Module:
    """Han et al., "GhostNet", 2020, §3.1, with ratio 2."""
    half = -(-channels // 2)
    if channels % 2:
        raise ValueError(f"{channels} channels have no half")
    primary = conv_norm_act(in_channels, half, kernel, stride=stride, norm=norm, activation=activation)
    cheap = conv_norm_act(half, half, 3, groups=half, norm=norm, activation=activation)
    return GhostModule(primary, cheap)


@register_part(
    "convnext",
    title=tr_noop("ConvNeXt block"),
    sentence=tr_noop("A large depthwise filter, then two 1×1 as in a transformer's MLP, added to what came in."),
    family="ConvNeXt",
    settings=(kernel_setting(7), IntegerSetting("expansion", tr_noop("Expansion"), 4, 1, 16), norm_setting("layer")),
)
def _convnext(in_channels: int, kernel: int, expansion: int, norm: str) -> nn.Module:
    """Liu et al., "A ConvNet for the 2020s", 2022, figure 4, with 1×1 convolutions for the linear layers and without
    layer scale: what it begins with, 10⁻⁶, would leave nothing of a block that is not trained."""
    wide = in_channels * expansion
    way = sequence(
        depthwise=conv_norm_act(in_channels, in_channels, kernel, groups=in_channels, norm="none", activation="linear"),
        norm=build_norm(norm, in_channels),
        widen=nn.Conv2d(in_channels, wide, 1),
        act=build_activation("gelu"),
        narrow=nn.Conv2d(wide, in_channels, 1),
    )
    return Residual(way)
