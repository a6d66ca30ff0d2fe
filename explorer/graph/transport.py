"""Snapshots as bytes, from one process of ours to another.

A snapshot travels when everything in it is torch's, torchvision's or ours; what names a class or a function of anybody
else's does not, so that reading one imports nothing new. Caches stay behind.
"""

from __future__ import annotations

import importlib
import io
import pickle
from dataclasses import fields
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodDescriptorType
from typing import Any

import torch
from torch import nn

from explorer.graph.architecture import Architecture
from explorer.graph.module_copy import module_key
from explorer.graph.node import Node
from explorer.graph.ops import Layer

_PACKAGES = ("torch", "torchvision", "explorer", "collections", "builtins", "operator", "_operator", "math", "numpy")

#: Where functions written in C are looked for: they do not say it themselves.
_HOMES = ("torch", "torch.nn.functional", "torch.Tensor", "operator", "math", "builtins", "torch.special", "torch.fft")

_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodDescriptorType, torch._ops.OpOverload)


class TransportError(ValueError):
    """Snapshot that does not travel: it holds something that is only known where it was made."""


def snapshot_to_bytes(snapshot: Any) -> bytes:
    """Return an `Architecture`, or plain values that hold one, as bytes. Raises TransportError."""
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, protocol=5).dump(snapshot)
    except (pickle.PicklingError, TypeError, AttributeError, RuntimeError, ValueError) as failure:
        raise TransportError(f"{failure}") from failure
    return buffer.getvalue()


def snapshot_from_bytes(content: bytes) -> Any:
    """Return what `snapshot_to_bytes` was given. Raises TransportError."""
    try:
        return _Unpickler(io.BytesIO(content)).load()
    except TransportError:
        raise
    except Exception as failure:  # cut off or changed on the way
        raise TransportError(f"{failure}") from failure


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, Node):
            return Node, tuple(getattr(value, field.name) for field in fields(value))
        if isinstance(value, Layer):
            return _layer, (value.module,)
        if isinstance(value, Architecture):
            held = (value.nodes, value.module_classes, value.unused_params)
            return Architecture, (value.title, *map(dict, held), value.key, dict(value.shared_params))
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        if isinstance(value, FunctionType) and _lookup(value.__module__, value.__qualname__) is value:
            return NotImplemented  # by its name, as pickle does it
        if isinstance(value, _FUNCTIONS):
            return _find, _home(value)
        if isinstance(value, type) and not _is_known(value.__module__):
            raise TransportError(f"{value.__module__}.{value.__qualname__} is not torch's")
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if not _is_known(module):
            raise TransportError(f"{module}.{name} is not torch's")
        return super().find_class(module, name)


def _is_known(module: str | None) -> bool:
    return (module or "").partition(".")[0] in _PACKAGES


def _layer(module: nn.Module) -> Layer:
    return Layer(module, module_key(module))


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def _home(function: Any) -> tuple[str, str]:
    """Return where a function is found again: a module or class, and the name in it."""
    module = getattr(function, "__module__", None) or ""
    if isinstance(function, torch._ops.OpOverload):
        namespace, _, name = function._schema.name.partition("::")
        places = [(f"torch.ops.{namespace}.{name}", function._overloadname)]
    else:
        places = [(module, getattr(function, "__qualname__", ""))] if _is_known(module) else []
        places += [(home, getattr(function, "__name__", "")) for home in _HOMES]
    for place in places:
        if _lookup(*place) is function:
            return place
    raise TransportError(f"{module}.{getattr(function, '__name__', function)} is not torch's")


def _find(home: str, name: str) -> Any:
    found = _lookup(home, name)
    if found is None:
        raise TransportError(f"there is no {home}.{name} here")
    return found


def _lookup(home: str, name: str) -> Any:
    if not _is_known(home):
        return None
    parts, found = [*home.split("."), *name.split(".")], None
    try:
        found = importlib.import_module(home)
        parts = name.split(".")
    except ImportError:
        found = importlib.import_module(parts.pop(0))
    for part in parts:
        found = getattr(found, part, None)
    return found
