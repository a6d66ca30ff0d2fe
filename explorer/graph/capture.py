"""From one run of a live `nn.Module` to an `Architecture`.

A symbolic trace (`graph.trace`) cannot follow code that looks at sizes or at values, uses layers in plain lists, or
replaces its own forward. A *capture* lets the module run on an example input and records what it calls: every function
of torch through a `TorchFunctionMode`, every layer of torch.nn as one op. Whatever Python does in between (branches,
loops, asserts, hooks, patched forwards, list comprehensions) has simply happened.

* Sizes stay symbolic where arithmetic allows: `x.shape[1] * 2` is recorded as ops on the size, so that edits which
  change a size change what follows from it. A branch on a size, or on a value, is the branch that was taken.
* In-place ops become plain ones: what a later reader of the tensor, or of a view of it, sees is what torch shows it.
* Tensors that are neither parameters nor buffers nor made from the input are constants that keep their values.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from explorer.graph.architecture import Architecture
from explorer.graph.interception import INTERCEPTING
from explorer.graph.ops import Input
from explorer.graph.recording.recorder import Recorder


@dataclass(frozen=True)
class Capture:
    """What a run was recorded as."""

    architecture: Architecture
    #: Where the code read a value of a tensor: (path of the module, name of the function), in order, each once. Another
    #: input may take another path there.
    value_reads: tuple[tuple[str, str], ...] = ()


def capture(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] = MappingProxyType({}),
    *,
    inputs: Mapping[int, Input] = MappingProxyType({}),
    title: str = "",
) -> Capture:
    """Run `module`, as it is, on example arguments and record what it calls.

    Args:
        args: positional arguments of its forward, with tensors anywhere inside.
        kwargs: its keyword arguments.
        inputs: what stands in the graph for each tensor, by its id; without it the first is the main input.

    Raises:
        CaptureError: an op that cannot be written as a plain one.
        Exception: whatever the module itself raises.
    """
    with INTERCEPTING, torch.no_grad(), _sizes_computed_anew():
        recorder = Recorder(module)
        recorder.run(args, dict(kwargs), inputs)
        architecture = recorder.nodes.build(title or type(module).__name__, "")
    return Capture(architecture, tuple(dict.fromkeys(recorder.value_reads)))


@contextmanager
def _sizes_computed_anew() -> Iterator[None]:
    """Let einops, if it is used, compute what follows from a shape each time: it remembers that by the numbers of the
    shape, and would answer with those of an earlier run, which follow from no tensor."""
    einops: Any = sys.modules.get("einops.einops")
    plain = getattr(einops, "_reconstruct_from_shape_uncached", None)
    if plain is None:
        yield
        return
    remembering = einops._reconstruct_from_shape
    einops._reconstruct_from_shape = plain
    try:
        yield
    finally:
        einops._reconstruct_from_shape = remembering
