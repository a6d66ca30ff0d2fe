"""Recording what a scripted module runs: TorchScript announces no calls, but each of its kernels can be watched.

A scripted module is shown as the ops of torch's core (`torch.ops.aten`) that it runs, on its parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from explorer.graph.arguments import tensors_in


class OpRecorder(Protocol):
    """The receiver of the ops."""

    def record_kernel(self, call: Callable[..., Any], args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """Run an op, and record it."""
        ...


class KernelWatch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Passes every op of torch's core that runs on to a recorder."""

    def __init__(self, recorder: OpRecorder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recorder = recorder
        self.alive: list[torch.Tensor] = []  # a result that the script holds alone would be another object next time

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run and record an op."""
        kwargs = kwargs or {}
        if func.namespace == "prim":
            return func(*args, **kwargs)
        result = self.recorder.record_kernel(func, args, kwargs, lambda: func(*args, **kwargs))
        self.alive.extend(tensors_in(result))
        return result


def kernel_as_function(call: Any, args: tuple[Any, ...]) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """Return the function of torch.nn.functional that a kernel is, with its arguments, where it is that of a layer: it
    is then shown, counted and edited as that layer. A batch norm gives the first of what its kernel gives."""
    if call.overloadpacket in (torch.ops.aten.convolution, torch.ops.aten._convolution):
        x, weight, bias, stride, padding, dilation, transposed, _, groups = args[:9]
        function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}.get(len(stride))
        if function is not None and not transposed:
            return function, (x, weight, bias, tuple(stride), tuple(padding), tuple(dilation), groups)
    if call.overloadpacket is torch.ops.aten.native_batch_norm:
        x, weight, bias, mean, variance, training, momentum, eps = args
        return F.batch_norm, (x, mean, variance, weight, bias, training, momentum, eps)
    return (torch.relu, args) if call.overloadpacket is torch.ops.aten.relu else None


def kernel_out_of_place(call: Any) -> Any:
    """Return the op that returns a new tensor in place of one that writes; the same where it does not write.

    Raises NotImplementedError where there is none.
    """
    name = call._schema.name.partition("::")[2]
    if not call._schema.is_mutable:
        return call
    packet = getattr(getattr(torch.ops, call.namespace), name.removesuffix("_"), None)
    twin = getattr(packet, call._overloadname, None) if packet is not None else None
    if twin is None or twin._schema.is_mutable:
        raise NotImplementedError(f"{name} writes into a tensor and has no twin that returns a new one")
    return twin
