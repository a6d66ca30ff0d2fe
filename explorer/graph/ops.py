"""Ops: what a node computes, without where it stands in the network."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from explorer.graph.module_copy import copy_to_meta, has_tensors, module_key, named_tensors


@dataclass(frozen=True, eq=False)
class Layer:
    """A leaf module: its configuration, on the meta device. The module is shared between snapshots; never mutate it."""

    module: nn.Module
    key: Hashable = field(repr=False)

    @classmethod
    def from_module(cls, module: nn.Module) -> Layer:
        """Keep the configuration of `module`: no storage, eval mode, not in-place (in-place ops would spoil
        remembered activations)."""
        module = copy_to_meta(module)
        return cls(module, module_key(module))

    @property
    def has_tensors(self) -> bool:
        """Whether it has parameters or buffers."""
        return has_tensors(self.module)

    @cached_property
    def named_tensors(self) -> Mapping[str, torch.Tensor]:
        """Parameters and buffers by their name in the module, on the meta device."""
        return MappingProxyType(named_tensors(self.module))

    @cached_property
    def tensor_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of `named_tensors`."""
        return MappingProxyType({name: tuple(tensor.shape) for name, tensor in self.named_tensors.items()})


@dataclass(frozen=True, slots=True)
class Function:
    """A free function: `operator.add`, `torch.cat`, `F.relu`, `channel_shuffle`."""

    call: Callable[..., Any]

    @property
    def key(self) -> Hashable:
        """Part of the signature: equal for ops that compute the same."""
        return self.call

    @property
    def name(self) -> str:
        """`__name__` of the function, or how it prints."""
        return str(getattr(self.call, "__name__", self.call))


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a tensor: `x.view(...)`, `x.mean(...)`."""

    name: str

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        return ("method", self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A tensor that the code reads itself: a class token, a layer scale, a mean to subtract."""

    tensor: torch.Tensor  # on the meta device
    is_parameter: bool  # a parameter, not a buffer
    #: Numbers of a tensor that belongs to the code and not to the weights, on the CPU; None for the others.
    value: torch.Tensor | None = field(default=None, repr=False)

    @property
    def key(self) -> Hashable:
        """Part of the signature: shape, dtype and whether it is trained, not the numbers."""
        return ("constant", tuple(self.tensor.shape), self.tensor.dtype, self.is_parameter)


@dataclass(frozen=True, slots=True)
class Input:
    """One tensor that is given to the network: the image, of shape (batch, channels, height, width), or another one.

    What is passed to a run is the main input; the others have numbers from their `source` (see `InputSpec`), or `value`
    where the source is a file or a list of numbers.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32
    name: str = ""  # of the argument, with its place in lists and dicts; "" for the only one
    source: str = ""
    is_main: bool = True
    value: torch.Tensor | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        if self.is_main and self.value is None:
            return ("input", self.shape, self.dtype)
        held = (
            None if self.value is None else hash(self.value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
        )
        return ("input", self.shape, self.dtype, self.name, self.source, held)


@dataclass(frozen=True, slots=True)
class Output:
    """The return value of the network."""

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        return "output"


@dataclass(frozen=True, slots=True)
class Bypass:
    """Passes its first argument on: what is left in the place of an op that is switched off."""

    @property
    def key(self) -> Hashable:
        """Part of the signature."""
        return "pass"


Op = Layer | Function | Method | Constant | Input | Output | Bypass
