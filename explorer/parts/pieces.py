"""What parts are made of: a convolution with its norm and activation, ways that run side by side, a residual."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from explorer.graph.op_kinds import ACTIVATIONS
from explorer.parts.setting import build_norm


def build_activation(kind: str) -> nn.Module | None:
    """Return an activation (a key of `ACTIVATIONS`); None for "linear"."""
    return None if kind == "linear" else ACTIVATIONS[kind]()


def conv_norm_act(
    in_channels: int,
    out_channels: int,
    kernel: int | tuple[int, int] = 1,
    *,
    stride: int = 1,
    groups: int = 1,
    norm: str = "batch",
    activation: str = "relu",
) -> nn.Sequential:
    """Return a convolution with its norm and activation; what is "none" or "linear" is left out.

    It keeps the size of the map at stride 1, and has a bias where it has no norm.
    """
    sides = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    around = (sides[0] // 2, sides[1] // 2)
    bias = norm == "none"
    conv = nn.Conv2d(in_channels, out_channels, sides, stride, around, groups=groups, bias=bias)
    return sequence(conv=conv, norm=build_norm(norm, out_channels), act=build_activation(activation))


def sequence(**modules: nn.Module | None) -> nn.Sequential:
    """Return modules one behind the other, by name; None is left out."""
    return nn.Sequential(OrderedDict((name, module) for name, module in modules.items() if module is not None))


class Concatenated(nn.Module):
    """Ways side by side whose maps are concatenated."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.count = len(branches)
        for number, branch in enumerate(branches, 1):
            self.add_module(f"branch{number}", branch)

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate what the branches make."""
        return torch.cat([self.get_submodule(f"branch{number}")(x) for number in range(1, self.count + 1)], 1)


class Residual(nn.Module):
    """A way whose result is added to what came in, or to a projection of it, before a last activation.

    Source: He et al., "Deep residual learning for image recognition", 2015, §3.2.
    """

    def __init__(self, way: nn.Module, shortcut: nn.Module | None = None, activation: nn.Module | None = None) -> None:
        super().__init__()
        self.way, self.shortcut, self.act = way, shortcut, activation

    def forward(self, x: Tensor) -> Tensor:
        """Add, and activate."""
        total: Tensor = self.way(x) + (x if self.shortcut is None else self.shortcut(x))
        return total if self.act is None else self.act(total)


def projection(in_channels: int, out_channels: int, stride: int, norm: str) -> nn.Sequential | None:
    """Return the 1×1 convolution of a shortcut where the shape changes; None where it does not."""
    if stride == 1 and in_channels == out_channels:
        return None
    return conv_norm_act(in_channels, out_channels, 1, stride=stride, norm=norm, activation="linear")


def divide(width: int, by: int, multiple: int = 1) -> int:
    """Return a part of a width as a multiple of something, at least that."""
    return max(width // by // multiple, 1) * multiple
