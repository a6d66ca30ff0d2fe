"""Code that was written for a device which this machine lacks, such as CUDA, runs on the processor.

What people bring was often written for their own GPU: `.cuda()` in the forward, `device="cuda"` as a default, weights
that were saved from one. Where it runs changes nothing about what it computes, so each such call is made for the
processor instead, and it is remembered that it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils import _device

from explorer.graph.interception import INTERCEPTING

_LOAD = torch.load


class MissingDevices(TorchFunctionMode):
    """Calls torch for the processor where it is called for a device that is not there."""

    def __init__(self) -> None:
        super().__init__()
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        self.missing = frozenset(kind for kind, is_there in there.items() if not is_there)
        self.calls: list[str] = []  # which device each call was for

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = str(getattr(func, "__name__", ""))
        if name in self.missing:  # Tensor.cuda
            self.calls.append(name)
            return torch.Tensor.to(args[0], "cpu")
        if name == "pin_memory" and "cuda" in self.missing:
            return args[0]
        if name == "to":
            args = (args[0], *map(self._present, args[1:]))
        elif name == "type" and len(args) > 1:
            args = (args[0], self._present_type(args[1]), *args[2:])
        if kwargs.get("device") is not None:
            kwargs["device"] = self._present(kwargs["device"])
        elif func in _device._device_constructors() and _device.CURRENT_DEVICE is not None:
            kwargs["device"] = self._present(_device.CURRENT_DEVICE)
        return func(*args, **kwargs)

    def load(self, *args: Any, **kwargs: Any) -> Any:
        """Read a file as `torch.load` does; what was saved from a device that is missing comes to the processor."""
        return _LOAD(*args, **kwargs | {"map_location": self._present(kwargs.get("map_location") or "cpu")})

    def _present(self, device: Any) -> Any:
        """The processor for a device that is missing (a number is that of a GPU), anything else as it is."""
        is_number = isinstance(device, int) and not isinstance(device, bool)
        kind = "cuda" if is_number else str(device).partition(":")[0]
        if not isinstance(device, (str, int, torch.device)) or kind not in self.missing:
            return device
        self.calls.append(kind)
        return torch.device("cpu")

    def _present_type(self, kind: Any) -> Any:
        """The type of a tensor on the processor for "torch.cuda.FloatTensor", as a text or as a class."""
        text = f"{kind.__module__}.{kind.__name__}" if isinstance(kind, type) else str(kind)
        module, _, name = text.rpartition(".")
        if module != "torch.cuda" or "cuda" not in self.missing:
            return kind
        self.calls.append("cuda")
        return f"torch.{name}"


@contextmanager
def on_processor() -> Iterator[MissingDevices]:
    """Run the code inside on the processor where it asks for a device that is missing. Inside of another such context
    it is that one."""
    modes = _get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    active = next((mode for mode in modes if isinstance(mode, MissingDevices)), None)
    if active is not None:
        yield active
        return
    mode = MissingDevices()
    if "cuda" not in mode.missing:
        with mode:
            yield mode
        return
    with INTERCEPTING, mode:
        kept = torch.load, torch.cuda.synchronize, torch.cuda.set_device
        torch.load = mode.load
        torch.cuda.synchronize = torch.cuda.set_device = _do_nothing
        try:
            yield mode
        finally:
            torch.load, torch.cuda.synchronize, torch.cuda.set_device = kept


def _do_nothing(*_: Any, **__: Any) -> None:
    pass
