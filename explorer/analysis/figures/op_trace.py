"""What one op does inside: multiply-adds, and the tensors it makes on its way, seen on the meta device.

An op may be written as one call and still be many: attention makes queries, keys, values, scores and a softmax,
local response normalisation squares, pads, averages, scales, raises and divides. Those take memory as they would
if the code were written out, so they count by the rule of `memory`: each result counts once, views and copies into
another layout (`contiguous`, `reshape`) are no new memory, in-place ops count as plain ones, and of an op with side
results (means and deviations of a norm, indices of a pooling) the first counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from explorer.analysis.figures.cost import count_aten_macs
from explorer.base.languages import tr
from explorer.graph.call_op import call_op
from explorer.graph.node import Node


@dataclass(frozen=True, slots=True)
class OpTrace:
    """What one call of an op made on its way to its result; all zero and empty where that is nothing."""

    macs: int = 0
    elements: int = 0  # numbers made that are not its result
    bytes: int = 0
    alive: tuple[int, ...] = ()  # bytes alive at each step of all that it made, the result included
    read_until: tuple[int, ...] = ()  # the last step that reads each input, by slot; -1 for one that is never read


EMPTY_TRACE = OpTrace()


def trace_op(
    node: Node, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: Sequence[Any] = ()
) -> tuple[Any, OpTrace]:
    """Call an op with meta tensors, `inputs` by slot among them; return its result and what it did.

    Raises what the op raises.
    """
    recorder = _Recorder()
    with torch.no_grad(), recorder:
        result = call_op(node, args, kwargs)
    return result, recorder.summary(list(_tensors(result)), inputs)


@dataclass(slots=True)
class _Allocation:
    """A tensor made inside, alive from one step to its last reader."""

    elements: int
    bytes: int
    first: int
    last: int


#: Another layout of the same numbers: no new memory, as `contiguous` and `reshape` are none. An instance norm repeats
#: its weights for each image.
_COPIES = frozenset({"clone", "copy_", "_to_copy", "lift_fresh_copy", "_reshape_copy", "_unsafe_view", "repeat"})
#: Numbers that code writes down are Python's, wrapped for one op.
_NUMBERS = frozenset({"scalar_tensor", "lift_fresh"})


class _Recorder(TorchDispatchMode):
    """Notes which step makes and reads which memory."""

    def __init__(self) -> None:
        super().__init__()
        self._macs = 0
        self._steps = 0
        self._made: list[_Allocation] = []
        self._in_storage: dict[
            int, list[_Allocation]
        ] = {}  # what lies in a storage; nothing where it came from outside
        self._read: dict[int, int] = {}  # the last step that reads a storage
        self._kept: list[torch.Tensor] = []  # a storage that is freed could be confused with the next one

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        read = list(_tensors((*args, *(kwargs or {}).values())))
        known = {_storage(tensor) for tensor in read}
        _check_deformable(func.overloadpacket, args)
        result = func(*args, **(kwargs or {}))
        self._macs += count_aten_macs(func.overloadpacket, args, result)
        self._read.update(dict.fromkeys(known, self._steps))
        sources = [made for storage in known for made in self._in_storage.get(storage, ())]
        for made in sources:
            made.last = self._steps
        name = func.overloadpacket.__name__
        for tensor in _results(name, result):
            self._kept.append(tensor)
            storage = _storage(tensor)
            if name in _COPIES:
                if storage not in known:
                    self._in_storage[storage] = [m for s in map(_storage, read) for m in self._in_storage.get(s, ())]
            elif name not in _NUMBERS and (storage not in known or func._schema.is_mutable):
                self._note(tensor, storage)
        self._steps += 1
        return result

    def _note(self, tensor: torch.Tensor, storage: int) -> None:
        made = _Allocation(tensor.numel(), tensor.numel() * tensor.itemsize, self._steps, self._steps)
        self._made.append(made)
        filled = tensor.numel() * tensor.itemsize >= tensor.untyped_storage().nbytes()
        self._in_storage[storage] = [made] if filled else [*self._in_storage.get(storage, ()), made]

    def summary(self, results: list[torch.Tensor], inputs: Sequence[Any]) -> OpTrace:
        """Count what was made; the results live on to the end."""
        for made in (made for tensor in results for made in self._in_storage.get(_storage(tensor), ())):
            made.last = self._steps
        own = {_storage(tensor): tensor for tensor in results if self._in_storage.get(_storage(tensor))}.values()
        elements = sum(made.elements for made in self._made) - sum(tensor.numel() for tensor in own)
        if elements <= 0:
            return OpTrace(self._macs)
        size = sum(made.bytes for made in self._made) - sum(tensor.numel() * tensor.itemsize for tensor in own)
        read = (max((self._read.get(_storage(t), -1) for t in _tensors(value)), default=-1) for value in inputs)
        return OpTrace(self._macs, elements, size, self._profile(), tuple(read))

    def _profile(self) -> tuple[int, ...]:
        changes = [0] * (self._steps + 2)
        for made in self._made:
            changes[made.first] += made.bytes
            changes[made.last + 1] -= made.bytes
        return tuple(accumulate(changes[: self._steps]))


def _check_deformable(packet: Any, args: tuple[Any, ...]) -> None:
    """Raise ValueError for what torchvision's deformable convolution refuses with numbers, and without takes."""
    if str(packet) != "torchvision.deform_conv2d":
        return
    (weight, offset, mask), groups, has_mask = args[1:4], args[12], args[13]
    places = groups * weight.shape[2] * weight.shape[3]
    if offset.shape[1] != 2 * places or (has_mask and mask.shape[1] != places):
        raise ValueError(
            tr(
                "{offsets} offsets and a mask of {mask} do not fit a window of {count} places",
                offsets=offset.shape[1],
                mask=mask.shape[1] if has_mask else 0,
                count=weight.shape[2] * weight.shape[3],
            )
        )


def _results(name: str, result: Any) -> Iterable[torch.Tensor]:
    """What an aten op makes for its reader: all its tensors; the first where the others are for a backward pass."""
    found = list(_tensors(result))
    has_side_results = name.startswith(("_", "native_")) or name.endswith("_forward") or "max_pool" in name
    return found[:1] if has_side_results else found


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
