"""Tensors by key within a number of bytes: the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import torch
from torch import nn

from explorer.graph.module_copy import named_tensors


class ByteLRU:
    """A cache of tensors, modules or nested values within `budget` bytes. Not thread-safe: its owner holds a lock."""

    def __init__(self, budget: int) -> None:
        self.budget = budget  # bytes
        self.bytes = 0
        self.bytes_dropped = 0  # ever, because of the budget
        self._values: OrderedDict[Hashable, Any] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def get(self, key: Hashable) -> Any:
        """Return the value stored under `key` and mark it as used. Raises KeyError."""
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Hashable, value: Any) -> None:
        """Store a value, unless it alone is over the budget or there is one already."""
        size = tensor_bytes(value)
        if size > self.budget or key in self._values:
            return
        self._values[key] = value
        self.bytes += size
        self.trim()

    def remove(self, key: Hashable) -> None:
        """Drop one value, if it is there."""
        if key in self._values:
            self.bytes -= tensor_bytes(self._values.pop(key))

    def trim(self) -> None:
        """Drop the least recently used values until the budget is met."""
        while self.bytes > self.budget:
            _, gone = self._values.popitem(last=False)
            size = tensor_bytes(gone)
            self.bytes -= size
            self.bytes_dropped += size

    def clear(self) -> None:
        """Drop all values."""
        self._values.clear()
        self.bytes = 0


def tensor_bytes(value: Any) -> int:
    """Return the bytes of all tensors in a value or module; 64 for anything else."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, nn.Module):
        return sum(tensor.nbytes for tensor in named_tensors(value).values())
    if isinstance(value, dict):
        return sum(map(tensor_bytes, value.values()))
    return sum(map(tensor_bytes, value)) if isinstance(value, (tuple, list)) else 64
