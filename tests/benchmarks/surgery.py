"""What an edit leaves of a trained network, by which weights it keeps: `python -m tests.benchmarks.surgery`.

A small network of Inception blocks learns ten patterns, shifted, faded and under noise (a minute on one core). Then
branches go and widths are cut; weights are carried along their channels, or, as for comparison, from the first of each
dimension on, whichever channels these are. Accuracy on patterns that were not trained on; nothing is trained again.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

from explorer.edits import Edit, KeepChannels, MultiplyWidth, RemoveBranch, SetWidth
from explorer.network import Network, open_network

SIDE, CLASSES = 16, 10


class Patterns:
    """Ten patterns; a sample is one of them, shifted by up to two pixels, faded, and with noise on it."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)
        coarse = torch.randn(CLASSES, 1, 5, 5, generator=self.generator)
        self.patterns = nn.functional.interpolate(coarse, (SIDE + 4, SIDE + 4), mode="bilinear")

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Images, (count, 1, 16, 16), and their classes."""
        classes = torch.randint(CLASSES, (count,), generator=self.generator)
        places = torch.randint(5, (count, 2), generator=self.generator).tolist()
        cut = [self.patterns[c, :, y : y + SIDE, x : x + SIDE] for c, (y, x) in zip(classes, places, strict=True)]
        contrast = 0.5 + torch.rand(count, 1, 1, 1, generator=self.generator)
        noise = torch.randn(count, 1, SIDE, SIDE, generator=self.generator)
        return torch.stack(cut) * contrast + 0.7 * noise, classes


class Unit(nn.Sequential):
    """Convolution, batch norm, ReLU."""

    def __init__(self, entering: int, width: int, kernel: int = 1) -> None:
        conv = nn.Conv2d(entering, width, kernel, padding=kernel // 2, bias=False)
        super().__init__(conv, nn.BatchNorm2d(width), nn.ReLU())


class Inception(nn.Module):
    """Four branches side by side, as in GoogLeNet."""

    def __init__(self, entering: int, width: int) -> None:
        super().__init__()
        self.branch1 = Unit(entering, width)
        self.branch2 = nn.Sequential(Unit(entering, width // 2), Unit(width // 2, width, 3))
        self.branch3 = nn.Sequential(Unit(entering, width // 4), Unit(width // 4, width // 2, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), Unit(entering, width // 2))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class SmallInception(nn.Module):
    """A stem, two Inception blocks, global pooling and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = Unit(1, 16, 3), nn.MaxPool2d(2)
        self.one, self.two = Inception(16, 16), Inception(48, 32)
        self.fc = nn.Linear(96, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x))
        y: Tensor = self.fc(self.two(self.pool(self.one(x))).mean((2, 3)))
        return y


def train(steps: int) -> SmallInception:
    """A network that has learned the patterns."""
    torch.manual_seed(0)
    network, patterns = SmallInception(), Patterns()
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=steps)
    for _ in range(steps):
        images, classes = patterns.draw(64)
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(images), classes).backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def accuracy(module: nn.Module, count: int = 2000) -> float:
    """Per cent of unseen images whose class is told."""
    patterns = Patterns()
    patterns.generator.manual_seed(1)
    images, classes = patterns.draw(count)
    with torch.no_grad():
        return 100 * float((module(images).argmax(1) == classes).float().mean())


def leading(network: Network, trained: nn.Module) -> nn.Module:
    """The edited network with the first rows and columns of every tensor of the trained one."""
    module, source = network.module(), trained.state_dict()
    for name, tensor in module.state_dict().items():
        if name in source and tensor.dim() == source[name].dim():
            kept = tuple(slice(min(pair)) for pair in zip(tensor.shape, source[name].shape, strict=True))
            tensor[kept] = source[name][kept]
    return module


EDITS: tuple[tuple[Edit, ...], ...] = (
    (RemoveBranch("one.branch1"),),
    (RemoveBranch("one.branch3"),),
    (SetWidth("one.branch1", 15),),
    (SetWidth("one.branch1", 8),),
    (SetWidth("stem", 12),),
    (MultiplyWidth("*", 0.75, divisor=1),),
)


def main(steps: int) -> None:
    torch.set_num_threads(1)
    trained = train(steps)
    opened = open_network(trained, input_shape=(1, 1, SIDE, SIDE))
    print(f"as trained: {accuracy(trained):.1f} %")
    print("| edit | leading columns | carried, first kept | largest L1 norm | largest batch-norm scale |")
    print("|---|---:|---:|---:|---:|")
    for edits in EDITS:
        edited = opened.edit(*edits)
        row = [accuracy(leading(edited, trained)), accuracy(edited.module())]
        if not isinstance(edits[0], RemoveBranch):
            row += [accuracy(edited.edit(KeepChannels("*", keep)).module()) for keep in ("l1", "norm_scale")]
        cells = [f"{value:.1f} %" for value in row] + ["–"] * (4 - len(row))
        print(f"| {edits[0].title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
