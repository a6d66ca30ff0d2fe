"""A snapshot as a short text that is the same in every process, for what is remembered on disk.

Invariant: two snapshots with one fingerprint compute the same from the same weights. It is made of the content of every
node and names classes and functions, so only snapshots have one in which all of these are torch's, torchvision's or
ours: what a name of somebody else's code stands for may be something else tomorrow.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType
from typing import Any

import torch

from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Constant

_PACKAGES = ("torch", "torchvision", "explorer", "builtins", "operator", "_operator", "math", "collections")

_PLAIN = (bool, int, str, bytes, type(None), type(Ellipsis), torch.dtype, torch.device, torch.memory_format)
_NAMED = (type, FunctionType, BuiltinFunctionType, MethodDescriptorType)


class NoFingerprint(ValueError):
    """Snapshot that holds something which is known in this process only."""


def fingerprint(architecture: Architecture, *more: object) -> str:
    """Return the fingerprint of a snapshot, and of other plain values and tensors: 64 hexadecimal digits.

    Raises NoFingerprint.
    """
    digest = hashlib.sha256()
    keys: dict[int, str] = {}  # like layers share one key
    for node in architecture.live.values():
        known = keys.get(id(node.op))
        if known is None:
            held = node.op.value if isinstance(node.op, Constant) else None
            known = keys[id(node.op)] = _text((node.op.key, held))
        digest.update(f"{known}{_text(_place(node))}\n".encode())
    for value in more:
        digest.update(_text(value).encode())
    return digest.hexdigest()


def _place(node: Node) -> tuple[object, ...]:
    if node.original is not None or node.channel_map is not None:
        raise NoFingerprint(f"{node.name} was edited")
    return node.name, node.path, node.args, dict(node.kwargs), node.added, node.identity_init


def _text(value: Any) -> str:
    """The content of a value, with its type: 1, 1.0 and True compare alike but may not compute alike."""
    if isinstance(value, _PLAIN) and " at 0x" not in (text := repr(value)):
        return text
    if isinstance(value, float):
        return value.hex() if math.isfinite(value) else repr(value)
    if isinstance(value, Ref):
        return f"ref({value.name!r})"
    if isinstance(value, (tuple, list)):
        return f"{_text(type(value))}({','.join(map(_text, value))})"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_text(key)}:{_text(held)}' for key, held in value.items())}}}"
    if isinstance(value, slice):
        return f"slice{_text((value.start, value.stop, value.step))}"
    if isinstance(value, torch.Tensor):
        numbers = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        return f"tensor({tuple(value.shape)},{value.dtype},{hashlib.sha256(numbers.tobytes()).hexdigest()})"
    return _name(value)


def _name(value: Any) -> str:
    home, name = getattr(value, "__module__", None) or "", getattr(value, "__qualname__", "")
    objclass = getattr(value, "__objclass__", None)  # of a method written in C
    home = home or getattr(objclass, "__module__", "") or ""
    if isinstance(value, torch._ops.OpOverload):
        return f"{value}"
    is_ours = home.partition(".")[0] in _PACKAGES
    if isinstance(value, _NAMED) and is_ours and name and "<" not in name:
        return f"{home}.{name}"
    raise NoFingerprint(f"{value!r} is not torch's")
