"""Calls made while autocast is on: what it converts for a call, it must convert again wherever the call is repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from explorer.graph.arguments import tensors_in
from explorer.graph.ops import Function, Method, Op


@dataclass(frozen=True)
class InAutocast:
    """A function that runs as under `torch.autocast` on the CPU, with this number format."""

    call: Callable[..., Any]
    dtype: torch.dtype

    @property
    def __name__(self) -> str:
        """The name of the function: it is the same op."""
        return str(getattr(self.call, "__name__", self.call))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        with torch.autocast("cpu", dtype=self.dtype, cache_enabled=False):
            return self.call(*args, **kwargs)


def is_autocast_on() -> bool:
    """Return whether calls on the CPU are converted now."""
    return torch.is_autocast_enabled("cpu")


def autocast_op(op: Op, args: Any, result: Any) -> Op:
    """Return the op as it was called: under autocast, where that is on and had an effect on this call."""
    if not is_autocast_on() or not isinstance(op, (Function, Method)):
        return op
    formats = {tensor.dtype for tensor in tensors_in((args, result)) if tensor.is_floating_point()}
    if len(formats) < 2:
        return op
    call = op.call if isinstance(op, Function) else getattr(torch.Tensor, op.name)
    return Function(InAutocast(call, torch.get_autocast_dtype("cpu")))
