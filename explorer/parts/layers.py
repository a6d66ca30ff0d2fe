"""Single layers: convolutions of every form, norms, activations, poolings, and what joins two ways."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.base.languages import tr, tr_noop
from explorer.parts.part import Builder, Join, Takes, register_part
from explorer.parts.pieces import build_activation, sequence
from explorer.parts.setting import (
    ACTIVATION,
    BIAS,
    CHANNELS,
    KERNEL,
    NORM,
    STRIDE,
    ChoiceSetting,
    IntegerSetting,
    Setting,
    build_norm,
    groups_setting,
)

_DILATION = IntegerSetting("dilation", tr_noop("Dilation"), 1, 1, 64)  # 36 in DeepLab
_WINDOW = IntegerSetting("kernel", tr_noop("Window"), 2, 1, 31)
_POOL_STRIDE = IntegerSetting("stride", tr_noop("Stride"), 2, 1, 8)
_POOL_PADDING = IntegerSetting("padding", tr_noop("Padding"), 0, 0, 15)
_FACTOR = IntegerSetting("factor", tr_noop("Factor"), 2, 2, 8)
_FAMILY = tr_noop("Layers")


def _layer(
    key: str, title: str, sentence: str, *settings: Setting, join: Join = "", takes: Takes = "maps"
) -> Callable[[Builder], Builder]:
    return register_part(
        key, title=title, sentence=sentence, family=_FAMILY, kind="layer", settings=settings, join=join, takes=takes
    )


@_layer(
    "convolution",
    tr_noop("Convolution"),
    tr_noop("Weighs a window of every channel into each new one."),
    CHANNELS,
    KERNEL,
    STRIDE,
    _DILATION,
    BIAS,
)
def _convolution(in_channels: int, channels: int, kernel: int, stride: int, dilation: int, bias: bool) -> nn.Module:
    padding = dilation * (kernel // 2)
    return nn.Conv2d(in_channels, channels, kernel, stride, padding, dilation, bias=bias)


@_layer(
    "pointwise",
    tr_noop("Pointwise convolution"),
    tr_noop("A 1×1 convolution: mixes channels at each place alone."),
    CHANNELS,
    STRIDE,
    BIAS,
)
def _pointwise(in_channels: int, channels: int, stride: int, bias: bool) -> nn.Module:
    return nn.Conv2d(in_channels, channels, 1, stride, bias=bias)


@_layer(
    "depthwise",
    tr_noop("Depthwise convolution"),
    tr_noop("Filters each channel alone and mixes none."),
    KERNEL,
    STRIDE,
    IntegerSetting("multiplier", tr_noop("Depthwise multiplier"), 1, 1, 16),
    _DILATION,
    BIAS,
)
def _depthwise(in_channels: int, kernel: int, stride: int, multiplier: int, dilation: int, bias: bool) -> nn.Module:
    padding, width = dilation * (kernel // 2), in_channels * multiplier
    return nn.Conv2d(in_channels, width, kernel, stride, padding, dilation, groups=in_channels, bias=bias)


@_layer(
    "grouped",
    tr_noop("Group convolution"),
    tr_noop("Convolves groups of channels apart, at a fraction of the cost."),
    CHANNELS,
    KERNEL,
    STRIDE,
    groups_setting(4),
    BIAS,
)
def _grouped(in_channels: int, channels: int, kernel: int, stride: int, groups: int, bias: bool) -> nn.Module:
    return nn.Conv2d(in_channels, channels, kernel, stride, kernel // 2, groups=groups, bias=bias)


@_layer(
    "patches",
    tr_noop("Patch convolution"),
    tr_noop("Cuts the map into squares and weighs each: window and stride are one."),
    CHANNELS,
    IntegerSetting("size", tr_noop("Side of a patch"), 2, 1, 64),
    BIAS,
)
def _patches(in_channels: int, channels: int, size: int, bias: bool) -> nn.Module:
    """Liu et al., "A ConvNet for the 2020s", 2022, §2.2 and §2.6: the stem with 4×4, between stages with 2×2."""
    return nn.Conv2d(in_channels, channels, size, size, bias=bias)


@_layer(
    "transposed",
    tr_noop("Transposed convolution"),
    tr_noop("Makes a larger map, by weights that are learned."),
    CHANNELS,
    _FACTOR,
    BIAS,
)
def _transposed(in_channels: int, channels: int, factor: int, bias: bool) -> nn.Module:
    return nn.ConvTranspose2d(in_channels, channels, factor, factor, bias=bias)


@_layer("norm", tr_noop("Norm"), tr_noop("Brings every channel to one scale."), NORM)
def _norm(in_channels: int, norm: str) -> nn.Module:
    built = build_norm(norm, in_channels)
    if built is None:
        raise ValueError(tr("a norm that is none does nothing"))
    return built


@_layer(
    "activation",
    tr_noop("Activation"),
    tr_noop("Bends values; without it layers would be one linear map."),
    ACTIVATION,
    takes="any",
)
def _activation(in_channels: int, activation: str) -> nn.Module:
    built = build_activation(activation)
    if built is None:
        raise ValueError(tr("an activation that is linear does nothing"))
    return built


@_layer(
    "max_pool",
    tr_noop("Max pooling"),
    tr_noop("Keeps the largest value of each window."),
    _WINDOW,
    _POOL_STRIDE,
    _POOL_PADDING,
)
def _max_pool(in_channels: int, kernel: int, stride: int, padding: int) -> nn.Module:
    return nn.MaxPool2d(kernel, stride, padding)


@_layer(
    "average_pool",
    tr_noop("Average pooling"),
    tr_noop("Takes the mean of each window."),
    _WINDOW,
    _POOL_STRIDE,
    _POOL_PADDING,
)
def _average_pool(in_channels: int, kernel: int, stride: int, padding: int) -> nn.Module:
    return nn.AvgPool2d(kernel, stride, padding)


@_layer(
    "blur_pool",
    tr_noop("Blur pooling"),
    tr_noop("Blurs before it subsamples, so that a shifted image gives a shifted map."),
    _POOL_STRIDE,
)
def build_blur_pool(in_channels: int, stride: int) -> nn.Module:
    """Zhang, "Making convolutional networks shift-invariant again", 2019: the filter [1, 2, 1] both ways, on a map that
    is reflected at its border. Two means of 2×2 one behind the other are that filter."""
    return sequence(pad=nn.ReflectionPad2d(1), blur=nn.AvgPool2d(2, 1), pool=nn.AvgPool2d(2, stride))


@_layer("global_pool", tr_noop("Global average pooling"), tr_noop("One mean for each channel: the map becomes 1×1."))
def _global_pool(in_channels: int) -> nn.Module:
    return nn.AdaptiveAvgPool2d(1)


@_layer(
    "adaptive_pool",
    tr_noop("Adaptive average pooling"),
    tr_noop("Means over windows that give a map of a chosen size."),
    IntegerSetting("size", tr_noop("Size"), 7, 1, 512),
)
def _adaptive_pool(in_channels: int, size: int) -> nn.Module:
    return nn.AdaptiveAvgPool2d(size)


@_layer(
    "dropout",
    tr_noop("Dropout"),
    tr_noop("In training it sets values to zero by chance."),
    IntegerSetting("percent", tr_noop("Dropped, in percent"), 50, 1, 95),
    takes="any",
)
def _dropout(in_channels: int, percent: int) -> nn.Module:
    return nn.Dropout(percent / 100)


@_layer(
    "linear",
    tr_noop("Linear"),
    tr_noop("Fully connected: every value goes into every new one."),
    CHANNELS,
    BIAS,
    takes="features",
)
def _linear(in_channels: int, channels: int, bias: bool) -> nn.Module:
    return nn.Linear(in_channels, channels, bias)


@_layer(
    "upsample",
    tr_noop("Upsampling"),
    tr_noop("Makes a larger map by repeating or interpolating values."),
    _FACTOR,
    ChoiceSetting("mode", tr_noop("Mode"), "nearest", {"nearest": tr_noop("nearest"), "bilinear": tr_noop("bilinear")}),
)
def _upsample(in_channels: int, factor: int, mode: str) -> nn.Module:
    return nn.Upsample(scale_factor=factor, mode=mode)


@_layer(
    "pad",
    tr_noop("Padding"),
    tr_noop("Puts a border around each map."),
    IntegerSetting("border", tr_noop("Border"), 1, 1, 64),
    ChoiceSetting(
        "mode",
        tr_noop("Mode"),
        "zeros",
        {"zeros": tr_noop("zeros"), "reflect": tr_noop("reflected"), "replicate": tr_noop("repeated")},
    ),
)
def _pad(in_channels: int, border: int, mode: str) -> nn.Module:
    kinds = {"zeros": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}
    padded: nn.Module = kinds[mode](border)
    return padded


class Shuffle(nn.Module):
    """Deals the channels of each group out over all groups.

    Source: Zhang et al., "ShuffleNet", 2017, §3.1.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """Shuffle the channels."""
        shuffled: Tensor = channel_shuffle(x, self.groups)
        return shuffled


@_layer(
    "channel_shuffle",
    tr_noop("Channel shuffle"),
    tr_noop("Deals channels out, so that groups see each other's."),
    groups_setting(2),
)
def _channel_shuffle(in_channels: int, groups: int) -> nn.Module:
    if in_channels % groups:
        raise ValueError(tr("{groups} groups do not divide {count} channels", groups=groups, count=in_channels))
    return Shuffle(groups)


@_layer("flatten", tr_noop("Flatten"), tr_noop("Makes one row of features of all maps."))
def _flatten(in_channels: int) -> nn.Module:
    return nn.Flatten()


@_layer(
    "add",
    tr_noop("Shortcut (addition)"),
    tr_noop("What goes in is added to what comes out, as in ResNet."),
    join="add",
    takes="any",
)
def _add(in_channels: int) -> nn.Module:
    return nn.Identity()


@_layer(
    "concat",
    tr_noop("Shortcut (concatenation)"),
    tr_noop("What goes in is kept beside what comes out, as in DenseNet."),
    join="concat",
    takes="any",
)
def _concat(in_channels: int) -> nn.Module:
    return nn.Identity()


@_layer(
    "multiply",
    tr_noop("Product"),
    tr_noop("What comes out is weighted by what goes in."),
    join="multiply",
    takes="any",
)
def _multiply(in_channels: int) -> nn.Module:
    return nn.Identity()
