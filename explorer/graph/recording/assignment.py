"""Assignment to a part of a tensor, `target[index] = value`, as ops that return a new tensor."""

from __future__ import annotations

import operator
from typing import Any

import torch

from explorer.graph.arguments import Ref
from explorer.graph.ops import Function, Method
from explorer.graph.recording.held_tensors import HeldTensors


def record_assignment(held: HeldTensors, target: torch.Tensor, index: Any, value: Any) -> None:
    """`target[index] = value`, which has happened, as plain ops."""
    nodes = held.nodes
    items = index if isinstance(index, tuple) else (index,)
    whole: Any = held.argument(target)
    if all(_is_fixed(item) for item in items):
        name = _assign_to_slices(held, whole, _without_ellipsis(items, target.dim()), target, value)
    elif len(items) == 1 and isinstance(items[0], torch.Tensor) and items[0].dtype == torch.bool:
        mask: Any = held.argument(items[0])
        for _ in range(target.dim() - items[0].dim()):
            mask = Ref(nodes.add_op(Method("unsqueeze"), (mask, -1), {}))
        if isinstance(value, torch.Tensor) and value.dim():
            name = nodes.add_op(Method("masked_scatter"), (whole, mask, held.argument(value)), {})
        else:
            name = nodes.add_op(Method("masked_fill"), (whole, mask, held.argument(value)), {})
    elif all(isinstance(item, torch.Tensor) for item in items):
        if not isinstance(value, torch.Tensor):
            value = torch.tensor(value, dtype=target.dtype)
        name = nodes.add_op(Function(torch.index_put), (whole, held.argument(items), held.argument(value)), {})
    else:
        given = held.argument(index), held.argument(value)
        name = nodes.add_op(Function(with_items_set), (whole, *given), {})
    record_write(held, target, name)


def record_write(held: HeldTensors, target: torch.Tensor, name: str) -> None:
    """A tensor has been written to, and is what this node gives: so is, in part, what it is a box of."""
    view = held.find_view(target)
    if view is None:
        held.rebind(target, name)
        return
    base, items = view
    held.bind(target, name)
    record_write(held, base, _assign_to_slices(held, Ref(held.name_of(base)), items, base, target))
    held.bind(target, name)


def note_view(held: HeldTensors, view: torch.Tensor, base: torch.Tensor, index: Any) -> None:
    """Remember that `base[index]` gave a tensor, if it is a box of it."""
    items = index if isinstance(index, tuple) else (index,)
    if all(_is_fixed(item) for item in items):
        held.note_view(view, base, _without_ellipsis(items, base.dim()))


def with_items_set(tensor: torch.Tensor, index: Any, value: Any) -> torch.Tensor:
    """Return a copy of a tensor with `tensor[index] = value` done."""
    if tensor.is_meta:  # where that is may depend on values
        return torch.empty_like(tensor)
    result = tensor.clone()
    result[index] = value
    return result


def _is_fixed(item: Any) -> bool:
    """Return whether an index says the same place for all values of tensors."""
    ends = (item.start, item.stop, item.step) if isinstance(item, slice) else ()
    return (
        isinstance(item, (int, slice)) and not any(isinstance(end, torch.Tensor) for end in ends)
    ) or item is Ellipsis


def _assign_to_slices(held: HeldTensors, whole: Any, items: tuple[Any, ...], target: torch.Tensor, value: Any) -> str:
    """Assignment to a box of a tensor: each level is read, the innermost written and put back level by level."""
    nodes = held.nodes
    levels: list[tuple[Any, int, Any]] = []
    dim = 0
    for item in items:
        if item == slice(None):
            dim += 1
            continue
        levels.append((whole, dim, item))
        read = (*[slice(None)] * dim, held.argument(item))
        whole = Ref(nodes.add_op(Function(operator.getitem), (whole, read if dim else read[0]), {}))
        dim += not isinstance(item, int)
    if isinstance(value, torch.Tensor):
        new: Any = held.argument(value)
        if value.dtype != target.dtype:
            new = Ref(nodes.add_op(Method("to"), (new, target.dtype), {}))
        new = Ref(nodes.add_op(Method("expand_as"), (new, whole), {}))
    else:
        new = Ref(nodes.add_op(Function(torch.full_like), (whole, held.argument(value)), {}))
    for around, place, item in reversed(levels):
        put: tuple[Any, ...]
        if isinstance(item, int):
            op, put = Function(torch.select_scatter), (around, new, place, held.argument(item))
        else:
            start, stop, step = (held.argument(edge) for edge in (item.start, item.stop, item.step))
            op, put = Function(torch.slice_scatter), (around, new, place, start, stop, 1 if step is None else step)
        new = Ref(nodes.add_op(op, put, {}))
    return str(new.name)


def _without_ellipsis(items: tuple[Any, ...], dims: int) -> tuple[Any, ...]:
    if Ellipsis not in items:
        return items
    at = items.index(Ellipsis)
    return (*items[:at], *[slice(None)] * (dims - len(items) + 1), *items[at + 1 :])
