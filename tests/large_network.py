"""A network as large as one likes: sections of residual and branched blocks, and one group of 1,000 cards."""

from __future__ import annotations

import torch
from torch import nn

#: Nodes of a residual block, of a branched block, and of a rung of the ladder.
_RESIDUAL, _BRANCHED, _RUNG = 10, 14, 8
_SECTION = 20  # blocks
_STAGES = 8


def _unit(width: int, kernel: int = 3, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


class Residual(nn.Module):
    """Two units and a bare convolution, added to what came in: 10 nodes."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.reduce, self.mix = _unit(width, 1), _unit(width, kernel, groups=8)
        self.expand, self.norm = nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(x + self.norm(self.expand(self.mix(self.reduce(x)))))


class Branched(nn.Module):
    """Three branches side by side, joined and narrowed: 14 nodes."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.left, self.middle = _unit(width, 1), _unit(width, kernel)
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.right = _unit(width, 1)
        self.narrow = nn.Sequential(nn.Conv2d(3 * width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        branches = [self.left(x), self.middle(x), self.right(self.pool(x))]
        return self.narrow(torch.cat(branches, 1))


class Ladder(nn.Module):
    """Rungs of two units, an addition of what came in, and an activation, all in one group: 4 cards, 8 nodes each."""

    def __init__(self, width: int, rungs: int) -> None:
        super().__init__()
        self.rungs = rungs
        for rung in range(rungs):
            kernel = (1, 3, 5)[rung % 3]  # so that no two neighbours are alike
            for side, size in (("a", kernel), ("b", 3)):
                setattr(self, f"conv{rung}{side}", nn.Conv2d(width, width, size, padding=size // 2, bias=False))
                setattr(self, f"norm{rung}{side}", nn.BatchNorm2d(width))
                setattr(self, f"relu{rung}{side}", nn.ReLU())
            setattr(self, f"act{rung}", nn.SiLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for rung in range(self.rungs):
            inside = x
            for side in "ab":
                for layer in ("conv", "norm", "relu"):
                    inside = getattr(self, f"{layer}{rung}{side}")(inside)
            x = getattr(self, f"act{rung}")(x + inside)
        return x


class Large(nn.Module):
    """About `nodes` nodes. `ladder` is the group of four cards for each of its `rungs`."""

    def __init__(self, nodes: int, rungs: int = 250) -> None:
        super().__init__()
        self.stem = _unit_of_stem()
        sections = max((nodes - _RUNG * rungs) // (_SECTION * (_RESIDUAL + _BRANCHED) // 2), 1)
        stages = min(_STAGES, sections)
        width = 16
        self.stages = nn.ModuleList()
        for stage in range(stages):
            count = sections * (stage + 1) // stages - sections * stage // stages
            parts: list[nn.Module] = [nn.MaxPool2d(2)] if stage else []
            parts += [_section(width, number) for number in range(count)]
            self.stages.append(nn.Sequential(*parts))
        self.ladder = Ladder(width, rungs)
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.head(self.pool(self.ladder(x)).flatten(1))


def _unit_of_stem() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())


def _section(width: int, number: int) -> nn.Sequential:
    """Blocks that differ from their neighbours."""
    kernels = (3, 5, 7)
    blocks: list[nn.Module] = []
    for place in range(_SECTION):
        kind = Branched if place % 2 else Residual
        blocks.append(kind(width, kernels[(place // 2 + number) % 3]))
    return nn.Sequential(*blocks)


def large(nodes: int, rungs: int = 250) -> nn.Module:
    """The network on the meta device: it holds no numbers."""
    with torch.device("meta"):
        return Large(nodes, rungs).eval()
