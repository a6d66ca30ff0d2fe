"""Residual blocks of the ResNet family: basic, bottleneck, pre-activation, ResNeXt, Wide, ResNet-D."""

from __future__ import annotations

from torch import Tensor, nn

from explorer.base.languages import tr_noop
from explorer.parts.part import register_part
from explorer.parts.pieces import Residual, build_activation, conv_norm_act, divide, projection, sequence
from explorer.parts.setting import (
    ACTIVATION,
    CHANNELS,
    KERNEL,
    NORM,
    STRIDE,
    IntegerSetting,
    build_norm,
    groups_setting,
    ratio_setting,
)

_NARROWING = ratio_setting(4, tr_noop("Bottleneck ratio"))
_COMMON = (CHANNELS, KERNEL, STRIDE, NORM, ACTIVATION)


@register_part(
    "basic_residual",
    title=tr_noop("Basic residual block"),
    sentence=tr_noop("Two 3×3 convolutions learn what to add to what came in."),
    family="ResNet",
    settings=_COMMON,
)
def _basic(in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str) -> nn.Module:
    """He et al., "Deep residual learning for image recognition", 2015, figure 5, left."""
    way = sequence(
        first=conv_norm_act(in_channels, channels, kernel, stride=stride, norm=norm, activation=activation),
        second=conv_norm_act(channels, channels, kernel, norm=norm, activation="linear"),
    )
    return Residual(way, projection(in_channels, channels, stride, norm), build_activation(activation))


def build_bottleneck(
    in_channels: int,
    channels: int,
    hidden: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    norm: str = "batch",
    activation: str = "relu",
    around: nn.Module | None = None,
) -> Residual:
    """Return a bottleneck with its stride on the window (ResNet v1.5); `around` is its shortcut, else a projection
    where the shape changes."""
    way = sequence(
        reduce=conv_norm_act(in_channels, hidden, 1, norm=norm, activation=activation),
        window=conv_norm_act(hidden, hidden, kernel, stride=stride, groups=groups, norm=norm, activation=activation),
        expand=conv_norm_act(hidden, channels, 1, norm=norm, activation="linear"),
    )
    around = around or projection(in_channels, channels, stride, norm)
    return Residual(way, around, build_activation(activation))


@register_part(
    "bottleneck",
    title=tr_noop("Bottleneck residual block"),
    sentence=tr_noop("1×1 narrows, 3×3 works on few channels, 1×1 widens again; the result is added."),
    family="ResNet",
    settings=(*_COMMON, _NARROWING),
)
def _bottleneck(
    in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str, ratio: int
) -> nn.Module:
    """He et al., 2015, figure 5, right; the stride on the 3×3, as in torchvision."""
    hidden = divide(channels, ratio)
    return build_bottleneck(
        in_channels, channels, hidden, kernel=kernel, stride=stride, norm=norm, activation=activation
    )


@register_part(
    "wide_bottleneck",
    title=tr_noop("Wide bottleneck"),
    sentence=tr_noop("A bottleneck that is twice as wide inside: breadth for depth."),
    family="Wide ResNet",
    settings=(*_COMMON, ratio_setting(2, tr_noop("Bottleneck ratio"))),
)
def _wide(
    in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str, ratio: int
) -> nn.Module:
    """Zagoruyko and Komodakis, "Wide residual networks", 2016, §3; factor 2 on the 3×3, as WRN-50-2."""
    return _bottleneck(in_channels, channels, kernel, stride, norm, activation, ratio)


@register_part(
    "resnext",
    title=tr_noop("ResNeXt block"),
    sentence=tr_noop("A bottleneck whose 3×3 works in many groups: more paths for the same cost."),
    family="ResNeXt",
    settings=(*_COMMON, ratio_setting(2, tr_noop("Bottleneck ratio")), groups_setting(32)),
)
def _resnext(
    in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str, ratio: int, groups: int
) -> nn.Module:
    """Xie et al., "Aggregated residual transformations", 2016, figure 3(c), 32×4d."""
    hidden = divide(channels, ratio, groups)
    return build_bottleneck(
        in_channels, channels, hidden, kernel=kernel, stride=stride, groups=groups, norm=norm, activation=activation
    )


@register_part(
    "resnet_d_downsampling",
    title=tr_noop("ResNet-D downsampling"),
    sentence=tr_noop("The shortcut averages 2×2 before its 1×1, so that no value is skipped."),
    family="ResNet",
    settings=(
        CHANNELS,
        KERNEL,
        IntegerSetting("stride", tr_noop("Stride"), 2, 2, 4),
        NORM,
        ACTIVATION,
        _NARROWING,
    ),
)
def _resnet_d(
    in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str, ratio: int
) -> nn.Module:
    """He et al., "Bag of tricks for image classification", 2018, figure 2(c): B's stride on the 3×3, and D."""
    around = sequence(
        pool=nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False),
        project=conv_norm_act(in_channels, channels, 1, norm=norm, activation="linear"),
    )
    hidden = divide(channels, ratio)
    return build_bottleneck(
        in_channels, channels, hidden, kernel=kernel, stride=stride, norm=norm, activation=activation, around=around
    )


@register_part(
    "resnet_d_stem",
    title=tr_noop("ResNet-D stem"),
    sentence=tr_noop("Three 3×3 convolutions for the 7×7 of the first layer."),
    family="ResNet",
    settings=(CHANNELS, IntegerSetting("stride", tr_noop("Stride"), 2, 1, 4), NORM, ACTIVATION),
)
def _resnet_d_stem(in_channels: int, channels: int, stride: int, norm: str, activation: str) -> nn.Module:
    """He et al., "Bag of tricks", 2018, figure 2(b): 32, 32 and 64 channels, the first with stride 2."""
    half = divide(channels, 2)
    return sequence(
        first=conv_norm_act(in_channels, half, 3, stride=stride, norm=norm, activation=activation),
        second=conv_norm_act(half, half, 3, norm=norm, activation=activation),
        third=conv_norm_act(half, channels, 3, norm=norm, activation=activation),
    )


class PreActivation(nn.Module):
    """Norm and activation first, then the way; a projection reads what is activated, an identity what came in.

    Source: He et al., "Identity mappings in deep residual networks", 2016, figure 4(e).
    """

    def __init__(self, first: nn.Module, way: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.first, self.way, self.shortcut = first, way, shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Activate, and add."""
        ready = self.first(x)
        around = x if self.shortcut is None else self.shortcut(ready)
        total: Tensor = self.way(ready) + around
        return total


@register_part(
    "pre_activation",
    title=tr_noop("Pre-activation bottleneck"),
    sentence=tr_noop("Norm and activation come before each convolution, so that the shortcut stays clean (ResNet v2)."),
    family="ResNet",
    settings=(*_COMMON, _NARROWING),
)
def _pre_activation(
    in_channels: int, channels: int, kernel: int, stride: int, norm: str, activation: str, ratio: int
) -> nn.Module:
    """He et al., "Identity mappings in deep residual networks", 2016, figure 4(e), as a bottleneck."""
    hidden = divide(channels, ratio)
    first = sequence(norm=build_norm(norm, in_channels), act=build_activation(activation))
    changes = stride > 1 or in_channels != channels
    way = sequence(
        reduce=conv_norm_act(in_channels, hidden, 1, norm=norm, activation=activation),
        window=conv_norm_act(hidden, hidden, kernel, stride=stride, norm=norm, activation=activation),
        expand=nn.Conv2d(hidden, channels, 1, bias=False),
    )
    shortcut = nn.Conv2d(in_channels, channels, 1, stride, bias=False) if changes else None
    return PreActivation(first, way, shortcut)
