"""Relatives of ResNet that torchvision lacks: the paper's stride placement, plain networks, squeeze-and-excitation.

The blocks take the arguments of torchvision's `BasicBlock` and `Bottleneck` and go into torchvision's `ResNet`.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torchvision.models.resnet import ResNet
from torchvision.ops import SqueezeExcitation


class PlainBlock(nn.Module):
    """He et al. 2015, figure 3, middle: two 3x3 convolutions and no shortcut; a projection it is handed is dropped."""

    expansion: int = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        if groups != 1 or base_width != 64 or dilation != 1:
            raise ValueError(
                "PlainBlock needs groups=1, base_width=64 and dilation=1, "
                f"not groups={groups}, base_width={base_width} and dilation={dilation}"
            )
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, padding=1, bias=False)
        self.bn2 = norm_layer(planes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(x)))
        return out


class BottleneckV1(nn.Module):
    """He et al. 2015, figure 5, right: 1x1, 3x3, 1x1 with the stride in the first 1x1.

    torchvision's `Bottleneck` strides in the 3x3 (called v1.5): same parameters, more multiply-adds.
    """

    expansion: int = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = nn.Conv2d(inplanes, width, kernel_size=1, stride=stride, bias=False)
        self.bn1 = norm_layer(width)
        self.conv2 = nn.Conv2d(
            width, width, kernel_size=3, padding=dilation, groups=groups, dilation=dilation, bias=False
        )
        self.bn2 = norm_layer(width)
        self.conv3 = nn.Conv2d(width, planes * self.expansion, kernel_size=1, bias=False)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        activated: Tensor = self.relu(out + identity)
        return activated


class SEBottleneck(BottleneckV1):
    """Hu et al. 2018, figure 3: channels are reweighted by squeeze-and-excitation before the shortcut is added."""

    reduction: int = 16

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__(inplanes, planes, stride, downsample, groups, base_width, dilation, norm_layer)
        width = planes * self.expansion
        self.se = SqueezeExcitation(width, width // self.reduction)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.se(self.bn3(self.conv3(out)))
        activated: Tensor = self.relu(out + identity)
        return activated


def _resnet(block: type[nn.Module], layers: tuple[int, int, int, int], num_classes: int) -> nn.Module:
    network: nn.Module = ResNet(block, list(layers), num_classes=num_classes)
    return network


def resnet50_v1(*, num_classes: int = 1000) -> nn.Module:
    """Build ResNet-50 as in the paper and in Caffe: each stage strides in its first 1x1 convolution."""
    return _resnet(BottleneckV1, (3, 4, 6, 3), num_classes)


def plain18(*, num_classes: int = 1000) -> nn.Module:
    """Build ResNet-18 without shortcuts."""
    return _resnet(PlainBlock, (2, 2, 2, 2), num_classes)


def plain34(*, num_classes: int = 1000) -> nn.Module:
    """Build ResNet-34 without shortcuts: deeper than `plain18`, and less accurate."""
    return _resnet(PlainBlock, (3, 4, 6, 3), num_classes)


def se_resnet50(*, num_classes: int = 1000) -> nn.Module:
    """Build SE-ResNet-50 with reduction 16, on the paper's stride placement."""
    return _resnet(SEBottleneck, (3, 4, 6, 3), num_classes)
