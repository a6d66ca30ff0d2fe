"""A device that is not the CPU, for machines without one: its tensors hold their numbers on the CPU, but say they are
elsewhere and refuse to meet those that are not, as those of a GPU do. Like Apple's it has no float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

NAME = "mps:0"


class Elsewhere(torch.Tensor):
    """A tensor on that device. To torch itself it is one on the CPU, so that gradients need no driver."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Elsewhere:
        if held.dtype == torch.float64:
            raise TypeError("this device has no float64")
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype
        )
        made.held = held
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return torch.device(NAME)

    def cpu(self, *how: Any, **ways: Any) -> torch.Tensor:
        return self.held.cpu(*how, **ways)

    def to(self, where: Any, **ways: Any) -> torch.Tensor:  # type: ignore[override]
        if _is_there(where):
            return self.clone() if ways.get("copy") else self
        return super().to(where, **ways) if isinstance(where, torch.dtype) else self.held.to(where, **ways)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        raise RuntimeError(f"{func} was called where the device is not")


class Device:
    """`before` is called before each op on it, and may fail as a GPU may; `ops` counts them."""

    def __init__(self, before: Callable[[int], None] = lambda op: None) -> None:
        self.before, self.ops = before, 0

    @contextmanager
    def there(self) -> Iterator[None]:
        """While this lasts, the device is there."""
        with _Computing(self), _Moving():
            yield


class _Computing(TorchDispatchMode):
    """What ops on the device do."""

    def __init__(self, device: Device) -> None:
        super().__init__()
        self._device = device

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        if not any(isinstance(one, Elsewhere) for one in tensors):
            return func(*args, **kwargs)
        self._device.before(self._device.ops)
        self._device.ops += 1
        if any(one.dim() and not isinstance(one, Elsewhere) for one in tensors):
            raise RuntimeError(f"Expected all tensors to be on the same device, but found at least two in {func}")
        args, kwargs = pytree.tree_map_only(Elsewhere, lambda one: one.held, (args, kwargs))
        return pytree.tree_map_only(torch.Tensor, Elsewhere, func(*args, **kwargs))


class _Moving(TorchFunctionMode):
    """What names the device outside of it: `x.to(…)`, `torch.arange(…, device=…)`."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.to and not isinstance(args[0], Elsewhere) and _is_there(args[1]):
            return Elsewhere(args[0].detach())
        if _is_there(kwargs.get("device")):
            del kwargs["device"]
            return Elsewhere(func(*args, **kwargs))
        return func(*args, **kwargs)


def _is_there(device: object) -> bool:
    return isinstance(device, (str, torch.device)) and str(device) == NAME
