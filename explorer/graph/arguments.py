"""The arguments of a node: plain values with references to other nodes somewhere inside."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of another node, as an argument."""

    name: str


def plain_value(value: Any) -> Any:
    """Return an argument that holds no tensor as what can be written down: a number of numpy as Python's, the type of a
    tensor (`torch.FloatTensor`) as its number format."""
    if isinstance(value, np.generic):
        return value.item()
    return value.dtype if isinstance(value, type(torch.FloatTensor)) else value


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in a value, in tuples, lists, mappings and dataclasses, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors_in(item)
    elif hasattr(type(value), "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from tensors_in(getattr(value, name, None))


def substitute_refs(value: Any, values: Mapping[str, Any]) -> Any:
    """Return the arguments with every `Ref` replaced by its value. Raises KeyError for a name without one."""
    if isinstance(value, Ref):
        return values[value.name]
    if isinstance(value, tuple):
        items = [substitute_refs(v, values) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [substitute_refs(v, values) for v in value]
    if isinstance(value, dict):
        return {k: substitute_refs(v, values) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(*(substitute_refs(v, values) for v in (value.start, value.stop, value.step)))
    return value


def collect_refs(value: Any, found: list[str]) -> None:
    """Append the names of all references in `value` to `found`, in order."""
    if isinstance(value, Ref):
        found.append(value.name)
    elif isinstance(value, (tuple, list)):
        for item in value:
            collect_refs(item, found)
    elif isinstance(value, Mapping):
        for item in value.values():
            collect_refs(item, found)
    elif isinstance(value, slice):
        collect_refs((value.start, value.stop, value.step), found)


def canonical_arguments(value: Any, order: dict[str, int]) -> Hashable:
    """Return the arguments with references numbered by first appearance, as a hashable value that equal calls share."""
    if isinstance(value, Ref):
        return ("ref", order.setdefault(value.name, len(order)))
    if isinstance(value, (tuple, list)):
        return (type(value), tuple(canonical_arguments(v, order) for v in value))
    if isinstance(value, dict):
        return ("dict", tuple((k, canonical_arguments(v, order)) for k, v in value.items()))
    if isinstance(value, slice):
        return ("slice", canonical_arguments((value.start, value.stop, value.step), order))
    if isinstance(value, Hashable):
        return (type(value), value)  # 1, 1.0 and True hash alike but may not compute alike
    return repr(value)


def rename_refs(value: Any, names: Mapping[str, str]) -> Any:
    """Return the arguments with references renamed; names that are not in `names` stay."""
    inputs: list[str] = []
    collect_refs(value, inputs)
    return substitute_refs(value, {name: Ref(names.get(name, name)) for name in inputs})
