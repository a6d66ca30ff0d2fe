"""Functions that a copied module holds: hooks and forwards of the instance, which must speak of the copy.

`copy.deepcopy` keeps functions as they are, with what they enclose: a hook that stores a map in `self.features` would
store it in the module that was copied, which must not be touched.
"""

from __future__ import annotations

import copy
from collections.abc import MutableMapping
from types import CellType, FunctionType
from typing import Any

from torch import nn


def rebind_functions(module: nn.Module, memo: dict[int, Any]) -> None:
    """Let hooks and functions among the attributes of a copied module enclose the copies of what they enclosed.

    Args:
        memo: that of `copy.deepcopy`: copies by the id of the original.
    """
    for part in module.modules():
        for name, held in list(part.__dict__.items()):
            if isinstance(held, FunctionType):
                part.__dict__[name] = _rebound(held, memo)
            elif isinstance(held, MutableMapping) and "_hooks" in name:
                for key, hook in list(held.items()):
                    if isinstance(hook, FunctionType):
                        held[key] = _rebound(hook, memo)


def _rebound(function: FunctionType, memo: dict[int, Any]) -> FunctionType:
    if not function.__closure__ and not function.__defaults__:
        return function
    if id(function) in memo:
        known: FunctionType = memo[id(function)]
        return known
    cells = tuple(_copied_cell(cell, memo) for cell in function.__closure__ or ())
    defaults = tuple(_copied(value, memo) for value in function.__defaults__ or ()) or None
    twin = FunctionType(function.__code__, function.__globals__, function.__name__, defaults, cells or None)
    twin.__kwdefaults__, twin.__dict__ = function.__kwdefaults__, dict(function.__dict__)
    memo[id(function)] = twin
    return twin


def _copied_cell(cell: CellType, memo: dict[int, Any]) -> CellType:
    try:
        held = cell.cell_contents
    except ValueError:  # not filled yet
        return cell
    twin = _copied(held, memo)
    return cell if twin is held else CellType(twin)


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    if isinstance(value, FunctionType):
        return _rebound(value, memo)
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # a file, a lock: it is shared
        return value
