"""Counting on the meta device, with torch's own FLOP counter as the oracle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

Count = Callable[[nn.Module, tuple[int, int, int]], dict[str, int]]


@pytest.fixture(scope="session")
def macs() -> Count:
    """Multiply-adds of a module and of each of its parts by path; "" is the whole."""

    def count(module: nn.Module, size: tuple[int, int, int]) -> dict[str, int]:
        counter = FlopCounterMode(display=False, depth=None)  # type: ignore[arg-type]
        with counter, torch.no_grad():
            module(torch.empty(1, *size, device="meta"))
        root = type(module).__name__
        flops = {path: sum(per_op.values()) for path, per_op in counter.get_flop_counts().items()}
        parts = {
            path.removeprefix(root + "."): total // 2 for path, total in flops.items() if path.startswith(root + ".")
        }
        return parts | {"": counter.get_total_flops() // 2}

    return count


@pytest.fixture(scope="session")
def params() -> Callable[[nn.Module], int]:
    """Number of parameters of a module."""
    return lambda module: sum(parameter.numel() for parameter in module.parameters())
