"""Blocks whose ways are concatenated: Inception of every version, dense layers and blocks, ShuffleNet units."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.shufflenetv2 import InvertedResidual as ShuffleV2

from explorer.base.languages import tr, tr_noop
from explorer.networks.shufflenet import ShuffleUnit
from explorer.parts.part import register_part
from explorer.parts.pieces import Concatenated, build_activation, conv_norm_act, divide, sequence
from explorer.parts.setting import (
    ACTIVATION,
    CHANNELS,
    NORM,
    IntegerSetting,
    build_norm,
    groups_setting,
    norm_setting,
)

_GROWTH = IntegerSetting("growth", tr_noop("Growth rate"), 32, 1, 512)
_UNIT_STRIDE = IntegerSetting("stride", tr_noop("Stride"), 1, 1, 2)


def _shares(channels: int, *parts: int) -> list[int]:
    """Return a width dealt out in proportion, so that it adds up; the first takes the rest."""
    whole = sum(parts)
    others = [max(channels * part // whole, 1) for part in parts[1:]]
    if sum(others) >= channels:
        raise ValueError(f"{channels} channels cannot be dealt out over {len(parts)} branches")
    return [channels - sum(others), *others]


class _Ways:
    """Builds convolutions one behind the other, from (kernel, width) pairs."""

    def __init__(self, in_channels: int, norm: str, activation: str) -> None:
        self.in_channels, self.norm, self.activation = in_channels, norm, activation

    def __call__(
        self, *steps: tuple[int | tuple[int, int], int], pool: nn.Module | None = None, stride: int = 1
    ) -> nn.Sequential:
        modules: dict[str, nn.Module] = {} if pool is None else {"pool": pool}
        width = self.in_channels
        for number, (kernel, made) in enumerate(steps, 1):
            last = number == len(steps)
            modules[f"conv{number}"] = conv_norm_act(
                width, made, kernel, stride=stride if last else 1, norm=self.norm, activation=self.activation
            )
            width = made
        return sequence(**modules)


@register_part(
    "inception_v1",
    title=tr_noop("Inception (v1)"),
    sentence=tr_noop("1×1, 3×3, 5×5 and pooling look at the same map side by side."),
    family="Inception",
    settings=(CHANNELS, norm_setting("none"), ACTIVATION),
)
def _inception_v1(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Szegedy et al., "Going deeper with convolutions", 2014, figure 2(b); widths in the proportions of 3a."""
    one, three, five, pooled = _shares(channels, 64, 128, 32, 32)
    way = _Ways(in_channels, norm, activation)
    return Concatenated(
        way((1, one)),
        way((1, divide(three * 3, 4)), (3, three)),
        way((1, divide(five, 2)), (5, five)),
        way((1, pooled), pool=nn.MaxPool2d(3, 1, 1)),
    )


@register_part(
    "inception_v2",
    title=tr_noop("Inception (v2, batch norm)"),
    sentence=tr_noop("Two 3×3 take the place of the 5×5, and every convolution is normalised."),
    family="Inception",
    settings=(CHANNELS, NORM, ACTIVATION),
)
def _inception_v2(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Ioffe and Szegedy, "Batch normalization", 2015, figure 5; widths in the proportions of 3a."""
    one, three, double, pooled = _shares(channels, 64, 64, 96, 32)
    way = _Ways(in_channels, norm, activation)
    return Concatenated(
        way((1, one)),
        way((1, three), (3, three)),
        way((1, divide(double * 2, 3)), (3, double), (3, double)),
        way((1, pooled), pool=nn.AvgPool2d(3, 1, 1)),
    )


@register_part(
    "inception_a",
    title=tr_noop("Inception A (v3)"),
    sentence=tr_noop("1×1, 5×5, two 3×3 and pooling, for the largest maps."),
    family="Inception",
    settings=(CHANNELS, NORM, ACTIVATION),
)
def _inception_a(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Szegedy et al., "Rethinking the Inception architecture", 2015, figure 5; the widths of torchvision's Mixed_5b."""
    one, five, double, pooled = _shares(channels, 64, 64, 96, 32)
    way = _Ways(in_channels, norm, activation)
    return Concatenated(
        way((1, one)),
        way((1, divide(five * 3, 4)), (5, five)),
        way((1, divide(double * 2, 3)), (3, double), (3, double)),
        way((1, pooled), pool=nn.AvgPool2d(3, 1, 1)),
    )


@register_part(
    "inception_b",
    title=tr_noop("Inception B (v3)"),
    sentence=tr_noop("7×7 as 1×7 and 7×1, once and twice, beside 1×1 and pooling."),
    family="Inception",
    settings=(CHANNELS, NORM, ACTIVATION),
)
def _inception_b(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Szegedy et al., 2015, figure 6 with n = 7; the widths of torchvision's Mixed_6b: four equal branches, hidden ones
    two thirds as wide."""
    one, seven, double, pooled = _shares(channels, 1, 1, 1, 1)
    way = _Ways(in_channels, norm, activation)
    a, b = divide(seven * 2, 3), divide(double * 2, 3)
    return Concatenated(
        way((1, one)),
        way((1, a), ((1, 7), a), ((7, 1), seven)),
        way((1, b), ((7, 1), b), ((1, 7), b), ((7, 1), b), ((1, 7), double)),
        way((1, pooled), pool=nn.AvgPool2d(3, 1, 1)),
    )


@register_part(
    "inception_c",
    title=tr_noop("Inception C (v3)"),
    sentence=tr_noop("3×3 spread out as 1×3 beside 3×1: more features where the map is smallest."),
    family="Inception",
    settings=(CHANNELS, NORM, ACTIVATION),
)
def _inception_c(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Szegedy et al., 2015, figure 7; the widths of torchvision's Mixed_7b."""
    one, low, high, low2, high2, pooled = _shares(channels, 320, 384, 384, 384, 384, 192)
    way, near = _Ways(in_channels, norm, activation), _Ways(low, norm, activation)
    far = _Ways(low2, norm, activation)
    return Concatenated(
        way((1, one)),
        nn.Sequential(way((1, low)), Concatenated(near(((1, 3), low)), near(((3, 1), high)))),
        nn.Sequential(way((1, low2), (3, low2)), Concatenated(far(((1, 3), low2)), far(((3, 1), high2)))),
        way((1, pooled), pool=nn.AvgPool2d(3, 1, 1)),
    )


@register_part(
    "inception_reduction",
    title=tr_noop("Inception reduction"),
    sentence=tr_noop("Halves the map by two strided branches and pooling side by side: no bottleneck of information."),
    family="Inception",
    settings=(
        IntegerSetting("channels", tr_noop("New channels"), 0, 0, 8192, tr_noop("as many as come in")),
        NORM,
        ACTIVATION,
    ),
)
def _inception_reduction(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Szegedy et al., 2015, figure 10; new channels in the proportions of torchvision's Mixed_6a, and all that come in
    pooled."""
    three, double = _shares(channels or in_channels, 384, 96)
    way = _Ways(in_channels, norm, activation)
    pool = nn.MaxPool2d(3, 2, 1)
    return Concatenated(
        way((3, three), stride=2), way((1, divide(double * 2, 3)), (3, double), (3, double), stride=2), pool
    )


class DenseLayer(nn.Module):
    """What a layer of a dense block adds to the maps before it: norm, activation, 1×1 to four times the growth rate,
    and the same with a 3×3. Growth rates are of such blocks, so it is one, and what it reads is joined inside it."""

    def __init__(self, in_channels: int, growth: int, norm: str, activation: str) -> None:
        super().__init__()
        inner = 4 * growth
        layers = sequence(
            norm1=build_norm(norm, in_channels),
            act1=build_activation(activation),
            conv1=nn.Conv2d(in_channels, inner, 1, bias=False),
            norm2=build_norm(norm, inner),
            act2=build_activation(activation),
            conv2=nn.Conv2d(inner, growth, 3, padding=1, bias=False),
        )
        for name, layer in layers.named_children():
            self.add_module(name, layer)

    def forward(self, *maps: Tensor) -> Tensor:
        """Return the new maps."""
        x = torch.cat(maps, 1) if len(maps) > 1 else maps[0]
        for layer in self.children():
            x = layer(x)
        return x


@register_part(
    "dense_layer",
    title=tr_noop("Dense layer"),
    sentence=tr_noop("A few new maps are added beside all that came in, which is kept."),
    family="DenseNet",
    settings=(_GROWTH, NORM, ACTIVATION),
)
def _dense_layer(in_channels: int, growth: int, norm: str, activation: str) -> nn.Module:
    """Huang et al., "Densely connected convolutional networks", 2016, §3, with the bottleneck of DenseNet-B."""
    return Concatenated(nn.Identity(), DenseLayer(in_channels, growth, norm, activation))


class DenseBlock(nn.Module):
    """Layers each of which reads what came in and the maps of all layers before it.

    Source: Huang et al., "Densely connected convolutional networks", 2016, equation 2.
    """

    def __init__(self, in_channels: int, growth: int, layers: int, norm: str, activation: str) -> None:
        super().__init__()
        self.count = layers
        for number in range(layers):
            made = DenseLayer(in_channels + number * growth, growth, norm, activation)
            self.add_module(f"layer{number + 1}", made)

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate what came in and what the layers make."""
        maps = [x]
        for number in range(self.count):
            maps.append(self.get_submodule(f"layer{number + 1}")(*maps))
        return torch.cat(maps, 1)


@register_part(
    "dense_block",
    title=tr_noop("Dense block"),
    sentence=tr_noop("Layers that each read all maps before them."),
    family="DenseNet",
    settings=(_GROWTH, IntegerSetting("layers", tr_noop("Layers"), 4, 1, 64), NORM, ACTIVATION),
)
def _dense_block(in_channels: int, growth: int, layers: int, norm: str, activation: str) -> nn.Module:
    """Huang et al., 2016, figure 1."""
    return DenseBlock(in_channels, growth, layers, norm, activation)


@register_part(
    "transition",
    title=tr_noop("Transition"),
    sentence=tr_noop("A 1×1 halves the channels and pooling the map, between dense blocks."),
    family="DenseNet",
    settings=(
        IntegerSetting("channels", tr_noop("Channels"), 0, 0, 8192, tr_noop("half")),
        NORM,
        ACTIVATION,
    ),
)
def _transition(in_channels: int, channels: int, norm: str, activation: str) -> nn.Module:
    """Huang et al., 2016, §3, with the compression 0.5 of DenseNet-C."""
    width = channels or max(in_channels // 2, 1)
    return sequence(
        norm=build_norm(norm, in_channels),
        act=build_activation(activation),
        conv=nn.Conv2d(in_channels, width, 1, bias=False),
        pool=nn.AvgPool2d(2, 2),
    )


@register_part(
    "shuffle_v1",
    title=tr_noop("ShuffleNet v1 unit"),
    sentence=tr_noop("Grouped 1×1 on both sides of a depthwise 3×3, and a shuffle between, so that groups mix."),
    family="ShuffleNet",
    settings=(CHANNELS, _UNIT_STRIDE, groups_setting(4)),
)
def _shuffle_v1(in_channels: int, channels: int, stride: int, groups: int) -> nn.Module:
    """Zhang et al., "ShuffleNet", 2017, figure 2(b) and (c)."""
    return ShuffleUnit(in_channels, channels, stride, groups)


@register_part(
    "shuffle_v2",
    title=tr_noop("ShuffleNet v2 unit"),
    sentence=tr_noop("Half of the channels pass by, the other half is filtered; then all are shuffled."),
    family="ShuffleNet",
    settings=(CHANNELS, _UNIT_STRIDE),
)
def _shuffle_v2(in_channels: int, channels: int, stride: int) -> nn.Module:
    """Ma et al., "ShuffleNet V2", 2018, figure 3(c) and (d)."""
    if stride == 1 and in_channels != channels:
        raise ValueError(
            tr(
                "with stride 1 as many channels leave as come in: {count}, not {wanted}",
                count=in_channels,
                wanted=channels,
            )
        )
    unit: nn.Module = ShuffleV2(in_channels, channels, stride)
    return unit
