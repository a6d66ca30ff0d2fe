"""Calls made while autocast is on: what it converts for a call, it must convert again wherever the call is repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from explorer.graph.arguments import tensors_in
from explorer.graph.call_arguments import map_tensors
from explorer.graph.ops import Function, Method, Op


@dataclass(frozen=True)
class InAutocast:
    """A function that runs as under `torch.autocast` on the CPU, with this number format. There is no autocast
    on the meta device: what it makes of these is in the format `made`, as when it was recorded."""

    call: Callable[..., Any]
    dtype: torch.dtype
    made: torch.dtype | None = None

    @property
    def __name__(self) -> str:
        """The name of the function: it is the same op."""
        return str(getattr(self.call, "__name__", self.call))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        if self.made is not None and any(tensor.is_meta for tensor in tensors_in((args, kwargs))):
            args, kwargs = map_tensors((args, kwargs), self._converted)
            return self.call(*args, **kwargs)
        return call_in_autocast(self.call, self.dtype, *args, **kwargs)

    def _converted(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.made) if tensor.is_floating_point() else tensor


def call_in_autocast(function: Callable[..., Any], dtype: torch.dtype, *args: Any, **kwargs: Any) -> Any:
    """Call a function that converts what it reads, as under `torch.autocast`, on the CPU."""
    with torch.autocast("cpu", dtype=dtype, cache_enabled=False):
        return function(*args, **kwargs)


def is_autocast_on() -> bool:
    """Return whether calls on the CPU are converted now."""
    return torch.is_autocast_enabled("cpu")


def autocast_op(op: Op, args: Any, result: Any) -> Op:
    """Return the op as it was called: under autocast, where that is on and had an effect on this call."""
    if not is_autocast_on() or not isinstance(op, (Function, Method)):
        return op
    read, made = ({t.dtype for t in tensors_in(value) if t.is_floating_point()} for value in (args, result))
    if len(read | made) < 2:
        return op
    call = op.call if isinstance(op, Function) else getattr(torch.Tensor, op.name)
    return Function(InAutocast(call, torch.get_autocast_dtype("cpu"), made.pop() if len(made) == 1 else None))
