"""What a module holds of the machine, which a copy of it shares: locks, files, sockets.

`copy.deepcopy` refuses them, and with them the whole module. They hold no number of the network. A generator is no such
thing: who reads from it takes what the user's own module would have got.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

_HANDLES: tuple[type, ...] = (
    type(threading.Lock()),
    type(threading.RLock()),
    threading.local,
    io.IOBase,
    socket.socket,
)
_MOST = 100_000  # objects that are looked at: a data set kept in memory is none of them


def shared_handles(module: nn.Module) -> dict[int, Any]:
    """Return the handles in the attributes of a module and its parts by their ids: a memo of `copy.deepcopy`."""
    found: dict[int, Any] = {}
    seen: set[int] = set()
    waiting: list[Any] = [part.__dict__ for part in module.modules()]
    while waiting and len(seen) < _MOST:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, _HANDLES):
            found[id(value)] = value
        else:
            waiting.extend(_held_by(value))
    return found


def _held_by(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif not isinstance(value, (nn.Module, torch.Tensor, type)) and not callable(value):
        yield from getattr(value, "__dict__", {}).values()
