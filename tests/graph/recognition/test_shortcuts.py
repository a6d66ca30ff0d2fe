"""What is a way around a path of layers, and what is more than that."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from explorer.graph.recognition.shortcuts import Shortcut, find_shortcuts
from explorer.graph.trace import trace


class _Around(nn.Module):
    """Three convolutions, with some layers beside them."""

    def __init__(self, *beside: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.main = nn.Sequential(*(nn.Conv2d(8, 8, 3, padding=1) for _ in range(3)))
        self.beside = nn.Sequential(*beside)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return self.main(x) + self.beside(x)


def shortcuts(*beside: nn.Module) -> list[Shortcut]:
    return [*find_shortcuts(trace(_Around(*beside), (1, 3, 8, 8))).values()]


@pytest.mark.parametrize(
    "beside",
    [
        [],
        [nn.Conv2d(8, 8, 1)],
        [nn.AvgPool2d(1), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)],
        [nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 8, 1)],  # a depthwise one brings into shape as well
    ],
)
def test_a_way_around_has_a_projection_at_most(beside: list[nn.Module]) -> None:
    end = f"beside.{len(beside) - 1}" if beside else "first"
    assert shortcuts(*beside) == [Shortcut("add", "main.2", end, "first", enabled=True)]


@pytest.mark.parametrize(
    "beside",
    [
        [nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)],  # two layers are a branch
        [nn.Conv2d(8, 8, 1), nn.ReLU()],  # and so is one with an activation
        [nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)],  # and one as deep as the other
    ],
)
def test_more_than_a_projection_is_a_branch(beside: list[nn.Module]) -> None:
    assert shortcuts(*beside) == []


class _TwoForks(nn.Module):
    """What goes around begins before the main path's own fork."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.left = nn.Conv2d(8, 8, 3, padding=1)
        self.right = nn.Conv2d(8, 8, 5, padding=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return (self.left(x) * self.right(x)) + x


def test_the_main_path_may_itself_fork() -> None:
    (found,) = find_shortcuts(trace(_TwoForks(), (1, 3, 8, 8))).values()
    assert found == Shortcut("add", "mul", "first", "first", enabled=True)
