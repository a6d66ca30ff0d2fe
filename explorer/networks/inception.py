"""The two networks called Inception v2: BN-Inception (2015) and that of "Rethinking the Inception Architecture"."""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import inception as v3


class BasicConv2d(nn.Module):
    """Convolution with a bias, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.bn(x)
        return F.relu(x, inplace=True)


class Inception(nn.Module):
    """Ioffe and Szegedy 2015, figure 5: 1x1, 3x3, two 3x3 and pooling side by side, each behind a 1x1 reduction."""

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        double3x3red: int,
        double3x3: int,
        pool: Literal["avg", "max"],
        pool_proj: int,
    ) -> None:
        super().__init__()
        self.branch1 = BasicConv2d(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            BasicConv2d(in_channels, ch3x3red, kernel_size=1),
            BasicConv2d(ch3x3red, ch3x3, kernel_size=3, padding=1),
        )
        self.branch3 = nn.Sequential(
            BasicConv2d(in_channels, double3x3red, kernel_size=1),
            BasicConv2d(double3x3red, double3x3, kernel_size=3, padding=1),
            BasicConv2d(double3x3, double3x3, kernel_size=3, padding=1),
        )
        if pool not in ("avg", "max"):
            raise ValueError(f"pool={pool!r} is neither 'avg' nor 'max'")
        pool_layer = nn.AvgPool2d if pool == "avg" else nn.MaxPool2d
        self.branch4 = nn.Sequential(
            pool_layer(kernel_size=3, stride=1, padding=1),
            BasicConv2d(in_channels, pool_proj, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class InceptionReduction(nn.Module):
    """The stride-2 blocks 3c and 4e: the last convolution of each branch strides, and pooling passes the input on."""

    def __init__(self, in_channels: int, ch3x3red: int, ch3x3: int, double3x3red: int, double3x3: int) -> None:
        super().__init__()
        self.branch1 = nn.Sequential(
            BasicConv2d(in_channels, ch3x3red, kernel_size=1),
            BasicConv2d(ch3x3red, ch3x3, kernel_size=3, stride=2, padding=1),
        )
        self.branch2 = nn.Sequential(
            BasicConv2d(in_channels, double3x3red, kernel_size=1),
            BasicConv2d(double3x3red, double3x3, kernel_size=3, padding=1),
            BasicConv2d(double3x3, double3x3, kernel_size=3, stride=2, padding=1),
        )
        self.branch3 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x)], 1)


class BNInception(nn.Module):
    """Ioffe and Szegedy, "Batch Normalization", 2015, figure 5, in the layout of the Caffe model.

    Figure 5 prints a pooling projection of 128 and 576 outputs for 4c and 4d, which contradict each other; here the
    projections hold, and both blocks have 608 outputs. The stem's 7x7 convolution is a plain one.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = BasicConv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = BasicConv2d(64, 64, kernel_size=1)
        self.conv3 = BasicConv2d(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)

        self.inception3a = Inception(192, 64, 64, 64, 64, 96, "avg", 32)
        self.inception3b = Inception(256, 64, 64, 96, 64, 96, "avg", 64)
        self.inception3c = InceptionReduction(320, 128, 160, 64, 96)

        self.inception4a = Inception(576, 224, 64, 96, 96, 128, "avg", 128)
        self.inception4b = Inception(576, 192, 96, 128, 96, 128, "avg", 128)
        self.inception4c = Inception(576, 160, 128, 160, 128, 160, "avg", 128)
        self.inception4d = Inception(608, 96, 128, 192, 160, 192, "avg", 128)
        self.inception4e = InceptionReduction(608, 128, 192, 192, 256)

        self.inception5a = Inception(1056, 352, 192, 320, 160, 224, "avg", 128)
        self.inception5b = Inception(1024, 352, 192, 320, 192, 224, "max", 128)

        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.inception3c(self.inception3b(self.inception3a(x)))
        x = self.inception4b(self.inception4a(x))
        x = self.inception4e(self.inception4d(self.inception4c(x)))
        x = self.inception5b(self.inception5a(x))
        x = torch.flatten(self.avgpool(x), 1)
        scores: Tensor = self.fc(x)
        return scores


class InceptionV2(nn.Module):
    """Szegedy et al., "Rethinking the Inception Architecture", table 1, read literally.

    The paper keeps its filter banks in a file outside the text; those of torchvision's `Inception3` are used here,
    behind the stem of table 1 (3x3 convolutions of 80, 192 and 288 channels instead of 1x1-80, 3x3-192, pooling).
    Since that stem ends in 288 channels, all three blocks at 35x35 have 288 (torchvision's first makes 256 of 192).
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = v3.BasicConv2d(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = v3.BasicConv2d(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = v3.BasicConv2d(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_3x3 = v3.BasicConv2d(64, 80, kernel_size=3)
        self.Conv2d_4a_3x3 = v3.BasicConv2d(80, 192, kernel_size=3, stride=2)
        self.Conv2d_4b_3x3 = v3.BasicConv2d(192, 288, kernel_size=3, padding=1)
        self.Mixed_5b = v3.InceptionA(288, pool_features=64)
        self.Mixed_5c = v3.InceptionA(288, pool_features=64)
        self.Mixed_5d = v3.InceptionA(288, pool_features=64)
        self.Mixed_6a = v3.InceptionB(288)
        self.Mixed_6b = v3.InceptionC(768, channels_7x7=128)
        self.Mixed_6c = v3.InceptionC(768, channels_7x7=160)
        self.Mixed_6d = v3.InceptionC(768, channels_7x7=160)
        self.Mixed_6e = v3.InceptionC(768, channels_7x7=192)
        self.Mixed_7a = v3.InceptionD(768)
        self.Mixed_7b = v3.InceptionE(1280)
        self.Mixed_7c = v3.InceptionE(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.maxpool1(x)
        x = self.Conv2d_4b_3x3(self.Conv2d_4a_3x3(self.Conv2d_3b_3x3(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))
        x = self.Mixed_6e(self.Mixed_6d(x))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        x = torch.flatten(self.dropout(self.avgpool(x)), 1)
        scores: Tensor = self.fc(x)
        return scores


def inception_v2_bn(*, num_classes: int = 1000) -> BNInception:
    """Build BN-Inception: the Inception v2 of the batch normalisation paper."""
    return BNInception(num_classes=num_classes)


def inception_v2(*, num_classes: int = 1000) -> InceptionV2:
    """Build the Inception v2 of "Rethinking the Inception Architecture"."""
    return InceptionV2(num_classes=num_classes)
