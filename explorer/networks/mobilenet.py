"""MobileNet v1; torchvision begins with v2."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torchvision.ops import Conv2dNormActivation

# Howard et al. 2017, table 1: stride of the depthwise and width of the pointwise convolution. The paper prints
# stride 2 for the last depthwise convolution as well, on a 7x7 map that stays 7x7: a misprint.
STAGES = (
    (1, 64),
    (2, 128), (1, 128),
    (2, 256), (1, 256),
    (2, 512), (1, 512), (1, 512), (1, 512), (1, 512), (1, 512),
    (2, 1024), (1, 1024),
)  # fmt: skip


class DepthwiseSeparable(nn.Sequential):
    """Howard et al. 2017, figure 3, right: a depthwise 3x3, then a pointwise 1x1, each with BN and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        if stride not in (1, 2):
            raise ValueError(f"stride={stride} is neither 1 nor 2")
        conv = partial(Conv2dNormActivation, activation_layer=nn.ReLU)
        super().__init__(
            conv(in_channels, in_channels, kernel_size=3, stride=stride, groups=in_channels),
            conv(in_channels, out_channels, kernel_size=1),
        )


class MobileNetV1(nn.Module):
    """Howard et al., "MobileNets", table 1; `width_mult` is the paper's alpha."""

    def __init__(self, num_classes: int = 1000, width_mult: float = 1.0) -> None:
        super().__init__()
        if width_mult <= 0:
            raise ValueError(f"width_mult={width_mult} is not above 0")
        width = _scaled(32, width_mult)
        features: list[nn.Module] = [
            Conv2dNormActivation(3, width, kernel_size=3, stride=2, activation_layer=nn.ReLU),
        ]
        for stride, base in STAGES:
            out_channels = _scaled(base, width_mult)
            features.append(DepthwiseSeparable(width, out_channels, stride))
            width = out_channels
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        scores: Tensor = self.classifier(x)
        return scores


def _scaled(width: int, width_mult: float) -> int:
    return max(8, int(width * width_mult))


def mobilenet_v1(*, num_classes: int = 1000, width_mult: float = 1.0) -> MobileNetV1:
    """Build MobileNet v1; the paper has `width_mult` 1, 0.75, 0.5 and 0.25."""
    return MobileNetV1(num_classes=num_classes, width_mult=width_mult)
