"""Objects that a checkpoint holds beside its tensors, read without their code.

Training scripts save their arguments, paths, numpy's numbers and settings of their own classes together with the
weights. `torch.load(weights_only=True)` makes only what it knows and refuses the file. Here each name that it does not
know stands for a class that takes anything and does nothing, so the tensors can be read and no module of the file's is
imported.
"""

from __future__ import annotations

import pickle
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch.serialization import get_unsafe_globals_in_checkpoint

_PLAIN = frozenset({"dict", "frozenset", "list", "object", "range", "set", "slice", "tuple"})
_LOCK = threading.Lock()  # what torch counts as safe is one set for all threads


class InertObject:
    """Stands for an object: it takes any arguments and any state, and keeps none."""

    def __new__(cls, *_: Any) -> InertObject:
        return object.__new__(cls)

    def __setstate__(self, _: Any) -> None:
        pass


class InertMapping:
    """Stands for an object of a class made of `dict`: torch puts items into dictionaries of its own only."""

    def __new__(cls, *_: Any) -> Any:
        return OrderedDict[Any, Any]()


def find_objects(path: Path) -> list[str]:
    """Return the names that a file needs and torch does not know, sorted. It is looked at, nothing is loaded.

    What else is named of `builtins`, such as `eval`, is no settings and left out; so are files of before torch 1.6.
    """
    try:
        names = get_unsafe_globals_in_checkpoint(path)
    except (RuntimeError, ValueError, EOFError, KeyError, IndexError):
        return []
    return sorted(name for name in names if _is_settings(name))


def load_inert(path: Path) -> Any:
    """Return what `torch.load(path, weights_only=True)` does, on the CPU, with inert objects for what it does not know.

    Raises what it raises.
    """
    names, mappings = find_objects(path), set[str]()
    while True:
        stand_ins: list[Any] = [(InertMapping if name in mappings else _stand_in(name), name) for name in names]
        try:
            with _LOCK, torch.serialization.safe_globals(stand_ins), path.open("rb") as file:
                return torch.load(file, map_location="cpu", weights_only=True)  # by its name it might be safetensors
        except pickle.UnpicklingError as failure:
            refused = str(failure) if "SETITEM" in str(failure) else ""
            name = next((name for name in names if f"'{name}'" in refused and name not in mappings), None)
            if name is None:
                raise
            mappings.add(name)


def _stand_in(name: str) -> type[InertObject]:
    return type(name, (InertObject,), {"__module__": "builtins"})  # shown by its name alone


def _is_settings(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return module not in ("builtins", "__builtin__") or last in _PLAIN
