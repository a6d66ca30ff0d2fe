"""The networks of 6n + 2 layers for small images (He et al., 2015, §4.2), plain or residual, with or without norms."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (16, 32, 64)


class SmallBlock(nn.Module):
    """Two 3×3 convolutions; with a shortcut, the input is added (option A: strided, new channels filled with zeros)."""

    def __init__(self, inplanes: int, planes: int, stride: int, *, shortcut: bool, norm: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride=stride, padding=1, bias=not norm)
        self.norm1 = nn.BatchNorm2d(planes) if norm else nn.Identity()
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=not norm)
        self.norm2 = nn.BatchNorm2d(planes) if norm else nn.Identity()
        self.shortcut = shortcut
        self.stride = stride
        self.grown = planes - inplanes

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        if self.shortcut:
            way = x[:, :, :: self.stride, :: self.stride] if self.stride > 1 else x
            out = out + (F.pad(way, (0, 0, 0, 0, 0, self.grown)) if self.grown else way)
        return F.relu(out)


class SmallNetwork(nn.Module):
    """One convolution, three stages of n blocks at 32, 16 and 8 pixels, global average pooling, one linear layer."""

    def __init__(self, depth: int, *, shortcut: bool, norm: bool, num_classes: int = 10) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth={depth} is not 6n + 2, such as 20, 32, 44, 56 or 110")
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=not norm)
        self.norm1 = nn.BatchNorm2d(WIDTHS[0]) if norm else nn.Identity()
        blocks: list[nn.Module] = []
        inplanes = WIDTHS[0]
        for stage, planes in enumerate(WIDTHS):
            for number in range((depth - 2) // 6):
                stride = 2 if stage and not number else 1
                blocks.append(SmallBlock(inplanes, planes, stride, shortcut=shortcut, norm=norm))
                inplanes = planes
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(inplanes, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(F.relu(self.norm1(self.conv1(x))))
        scores: Tensor = self.fc(x.mean(dim=(2, 3)))
        return scores


def small_network(*, depth: int = 20, shortcut: bool = True, norm: bool = True, num_classes: int = 10) -> SmallNetwork:
    """Build ResNet-20, -56, -110 …, or the plain network of that depth. Raises ValueError unless `depth` is 6n + 2."""
    return SmallNetwork(depth, shortcut=shortcut, norm=norm, num_classes=num_classes)
