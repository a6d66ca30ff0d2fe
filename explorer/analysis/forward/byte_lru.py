"""Values remembered by key within a number of bytes: those not used for longest go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import torch
from torch import nn


class ByteLRU:
    def __init__(self, budget: int) -> None:
        self.budget = budget  # bytes
        self.bytes = 0
        self._values: OrderedDict[Hashable, Any] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def get(self, key: Hashable) -> Any:
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: Hashable, value: Any) -> None:
        """Remember a value, unless it alone is over the budget."""
        size = tensor_bytes(value)
        if size > self.budget or key in self._values:
            return
        self._values[key] = value
        self.bytes += size
        self.trim()

    def remove(self, key: Hashable) -> None:
        """Let go of one value, if it is there."""
        if key in self._values:
            self.bytes -= tensor_bytes(self._values.pop(key))

    def trim(self) -> None:
        """Let go of what is over the budget: after it was made smaller."""
        while self.bytes > self.budget:
            _, gone = self._values.popitem(last=False)
            self.bytes -= tensor_bytes(gone)

    def clear(self) -> None:
        self._values.clear()
        self.bytes = 0


def tensor_bytes(value: Any) -> int:
    """Bytes of the tensors in a value or a module; a little for anything else."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, nn.Module):
        return sum(map(tensor_bytes, [*value.parameters(), *value.buffers()]))
    if isinstance(value, dict):
        return sum(map(tensor_bytes, value.values()))
    return sum(map(tensor_bytes, value)) if isinstance(value, (tuple, list)) else 64
