"""A copy of a module to trace and run: the user's object is never touched."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from explorer.analysis.copied_functions import rebind_functions
from explorer.analysis.shared_handles import shared_handles
from explorer.base.languages import tr
from explorer.graph.arguments import tensors_in
from explorer.graph.trace import TraceError


def unwrap(module: nn.Module) -> nn.Module:
    """The module inside DataParallel, DistributedDataParallel and torch.compile's wrapper."""
    while not isinstance(module, torch.jit.ScriptModule):
        inner = module.__dict__.get("_modules", {}).get("_orig_mod")
        if inner is None and isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            inner = module.module
        if not isinstance(inner, nn.Module):
            break
        module = inner
    return module


def copy_for_tracing(module: nn.Module) -> nn.Module:
    """A copy in eval mode: what tracing and running do to it, they do not do to the user's object."""
    copies = shared_handles(module)  # what `copy.deepcopy` refuses, by its id
    for tensor in (*module.parameters(), *module.buffers()):
        if isinstance(tensor, (UninitializedParameter, UninitializedBuffer)):
            copies[id(tensor)] = cast("Any", type(tensor))(device=tensor.device, dtype=tensor.dtype)
    for tensor in _computed_tensors(module):
        copies[id(tensor)] = tensor.detach().clone()
    try:
        twin = copy.deepcopy(module, copies)
        rebind_functions(twin, copies)
    except Exception as failure:
        raise TraceError(
            tr(
                "{kind} cannot be copied, and is not touched without a copy: {reason}",
                kind=type(module).__name__,
                reason=first_line(failure),
            )
        ) from failure
    try:
        return twin.eval()
    except NotImplementedError:  # an exported program's module has no modes
        return twin


def _computed_tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    """Tensors that a module keeps as attributes and that were computed with gradients, which are not copied by
    themselves: the weight that `torch.nn.utils.weight_norm` makes of its two parts, a loss that is kept."""
    for part in module.modules():
        for held in part.__dict__.values():
            yield from (tensor for tensor in tensors_in(held) if not tensor.is_leaf)


def first_line(failure: BaseException) -> str:
    """Return what a failure says, in one line."""
    lines = str(failure).strip().splitlines()
    return lines[0][:300] if lines else type(failure).__name__
