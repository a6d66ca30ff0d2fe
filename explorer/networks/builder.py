"""Building the module of a catalogue entry; the only module of the catalogue that imports torch."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class _WeightsOnMeta(TorchFunctionMode):
    """Keeps `torch.empty`, which every layer takes its weights from, off the memory.

    `torch.device("meta")` would move all tensors, also those a builder reads numbers from (RegNet's widths).
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def call_builder(builder: str, arguments: Mapping[str, Any], *, device: str, aux_heads: bool) -> nn.Module:
    """Call `builder` ("package.module:function") and return its module in eval mode on `device`.

    With `aux_heads` the root alone stays in training mode, so that it runs its auxiliary heads while batch
    normalisation and dropout are in eval mode.
    """
    module_name, _, function = builder.partition(":")
    call = getattr(importlib.import_module(module_name), function)
    if device == "meta":
        with _WeightsOnMeta():
            network: nn.Module = call(**arguments)
    else:
        network = call(**arguments)
    network = network.to(device).eval()
    network.training = aux_heads
    return network
