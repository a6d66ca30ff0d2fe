"""A network whose links skip, as those of a U-Net do."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional


class Hourglass(nn.Module):
    """Four halvings and back, each with a link to its like: nowhere between them a single link leads on."""

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 16, 32, 64)
        self.down = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in itertools.pairwise((3, *widths)))
        self.up = nn.ModuleList(nn.ConvTranspose2d(o, o, 2, stride=2) for o in reversed(widths))
        self.join = nn.ModuleList(nn.Conv2d(2 * o, o // 2, 3, padding=1) for o in reversed(widths))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = []
        for layer in self.down:
            x = functional.relu(layer(x))
            kept.append(x)
            x = functional.max_pool2d(x, 2)
        for up, join, skip in zip(self.up, self.join, reversed(kept), strict=True):
            x = functional.relu(join(torch.cat([skip, up(x)], 1)))
        return x
