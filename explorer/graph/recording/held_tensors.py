"""Which node holds each tensor of a run, now.

A tensor is known by the object itself, and by the memory that it shares with others: writing to one of these changes
what all of them hold. Sizes of tensors are nodes too, once an op reads them.
"""

from __future__ import annotations

import operator
import weakref
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.weak import WeakTensorKeyDictionary

from explorer.graph.arguments import Ref, plain_value, tensors_in
from explorer.graph.node_list import NodeList
from explorer.graph.ops import Function, Method, Op
from explorer.graph.recording.refusals import refuse_object
from explorer.graph.recording.size_int import SizeInt


@dataclass(frozen=True, slots=True)
class _Item:
    """One of several tensors that an op returned; it becomes a node when something reads it."""

    parent: str
    index: Any


@dataclass(slots=True)
class _Storage:
    """Tensors that share memory, each by a weak reference: writing to one changes the others."""

    members: list[Any] = field(default_factory=list)

    def alive(self) -> list[torch.Tensor]:
        found = [(reference, reference()) for reference in self.members]
        self.members = [reference for reference, tensor in found if tensor is not None]
        return [tensor for _, tensor in found if tensor is not None]


@dataclass(frozen=True, slots=True)
class _Later:
    """A view whose base was written to; it becomes a node when something reads it."""

    base: str
    op: Function
    args: tuple[Any, ...]  # after the base: an index, or size, stride and offset


class HeldTensors:
    """The tensors of a run, and the nodes that hold them."""

    def __init__(self, module: nn.Module, nodes: NodeList) -> None:
        self.nodes = nodes
        self._names: MutableMapping[torch.Tensor, Any] = WeakTensorKeyDictionary()
        self._storages: dict[int, _Storage] = {}
        self._views: MutableMapping[torch.Tensor, tuple[Any, tuple[Any, ...]]] = WeakTensorKeyDictionary()
        self._items: dict[_Item, str] = {}
        self._registered: dict[int, str] = {}
        for path, tensor in (*module.named_parameters(), *module.named_buffers()):
            self._registered.setdefault(id(tensor), path)
        self._constants: dict[int, tuple[torch.Tensor, str, int]] = {}
        self._sizes: dict[tuple[Any, ...], str] = {}

    def bind(self, value: Any, name: Any) -> None:
        """Say that a node, or a part of what it returned, holds a value."""
        if isinstance(value, torch.Tensor):
            self._names[value] = name
            members = self._sharing(value)
            if not any(tensor is value for tensor in members.alive()):
                members.members.append(weakref.ref(value))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self.bind(item, _Item(self._resolve(name), key))
        elif isinstance(value, (tuple, list)):
            for index, item in enumerate(value):
                self.bind(item, _Item(self._resolve(name), index))

    def rebind(self, target: torch.Tensor, name: str) -> None:
        """A tensor has been written to: it is another node now, and so are all that share its memory."""
        sharing = [t for t in self._sharing(target).alive() if t is not target]
        old = {id(t): self._names.get(t) or self.name_of(t) for t in sharing}
        self.bind(target, name)
        if not sharing:
            return
        whole = max((target, *sharing), key=lambda tensor: tensor.numel())
        if whole is not target and not _same_place(whole, target):
            place = (tuple(target.shape), tuple(target.stride()), target.storage_offset() - whole.storage_offset())
            before = self._resolve(old[id(whole)])
            written = self.nodes.add_op(Function(torch.as_strided_scatter), (Ref(before), Ref(name), *place), {})
            self.bind(whole, written)
        base = self.name_of(whole)
        for tensor in sharing:
            if tensor is whole:
                continue
            if _same_place(tensor, whole):
                self.bind(tensor, base)
            elif _same_place(tensor, target):
                self.bind(tensor, name)
            else:
                self._names[tensor] = self._view_later(tensor, whole, base)

    def note_view(self, view: torch.Tensor, base: torch.Tensor, items: tuple[Any, ...]) -> None:
        """Say that a tensor is the box `base[items]` of another, as far as they share memory."""
        if self._sharing(base).members and self._sharing(view) is self._sharing(base):
            self._views[view] = (weakref.ref(base), items)

    def find_view(self, tensor: torch.Tensor) -> tuple[torch.Tensor, tuple[Any, ...]] | None:
        """The tensor that this one is a box of, and the index; None where that is not known."""
        reference, items = self._views.get(tensor, (lambda: None, ()))
        base = reference()
        return None if base is None else (base, items)

    def _view_later(self, tensor: torch.Tensor, whole: torch.Tensor, base: str) -> _Later:
        view = self.find_view(tensor)
        if view is not None and view[0] is whole:
            return _Later(base, Function(operator.getitem), (self.argument(view[1]),))
        place = (tuple(tensor.shape), tuple(tensor.stride()), tensor.storage_offset() - whole.storage_offset())
        return _Later(base, Function(torch.as_strided), place)

    def name_of(self, tensor: torch.Tensor) -> str:
        """The node that holds a tensor now."""
        held = self._names.get(tensor)
        if held is not None:
            name = self._resolve(held)
            if name is not held:
                self._names[tensor] = name
            return name
        path = self._registered.get(id(tensor))
        if path is not None:
            members = self._sharing(tensor)  # it is written to where an alias is, such as its `data`
            if not any(member is tensor for member in members.alive()):
                members.members.append(weakref.ref(tensor))
            return self.nodes.add_tensor(path, tensor)
        known = self._constants.get(id(tensor))
        if known is not None and known[0]._version == known[2]:
            return known[1]
        name = self.nodes.add_constant(tensor)
        self._constants[id(tensor)] = (tensor, name, tensor._version)
        return name

    def argument_of_call(self, value: Any) -> Any:
        """A value as the argument of a call of torch, which takes arrays of numpy for tensors."""
        if isinstance(value, np.ndarray):
            return Ref(self.nodes.add_constant(torch.from_numpy(value)))
        if type(value) is tuple:
            return tuple(map(self.argument_of_call, value))
        return self.argument(value)

    def argument(self, value: Any) -> Any:
        """A value as the argument of a node: tensors and sizes that are known as references."""
        if isinstance(value, torch.Tensor):
            return Ref(self.name_of(value))
        if isinstance(value, SizeInt):
            return Ref(self._size_node(value))
        if isinstance(value, torch.Size):
            return tuple(self.argument(item) for item in value)
        if isinstance(value, tuple):
            items = [self.argument(item) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if isinstance(value, list):
            return [self.argument(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self.argument(item) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(*(self.argument(item) for item in (value.start, value.stop, value.step)))
        if is_dataclass(value) and not isinstance(value, type) and next(tensors_in(value), None) is not None:
            given = {f.name: self.argument(getattr(value, f.name)) for f in fields(value) if f.init}
            return Ref(self.nodes.add_op(Function(type(value)), (), given))
        refuse_object(value)
        return plain_value(value)

    def is_known(self, tensor: Any) -> bool:
        return isinstance(tensor, torch.Tensor) and tensor in self._names

    def is_own(self, tensor: torch.Tensor) -> bool:
        """Return whether a tensor is a parameter or buffer of the module, as it was when the run began."""
        return id(tensor) in self._registered

    def is_registered(self, tensor: torch.Tensor) -> bool:
        return id(tensor) in self._registered and tensor not in self._names

    def reads_known(self, value: Any) -> bool:
        if isinstance(value, torch.Tensor):
            return value in self._names or id(value) in self._registered
        if isinstance(value, SizeInt):
            return True
        if isinstance(value, Mapping):
            return any(self.reads_known(item) for item in value.values())
        if isinstance(value, (tuple, list)):
            return any(self.reads_known(item) for item in value)
        if isinstance(value, slice):
            return self.reads_known((value.start, value.stop, value.step))
        return False

    def _sharing(self, tensor: torch.Tensor) -> _Storage:
        try:
            place = tensor.untyped_storage().data_ptr()
        except (RuntimeError, NotImplementedError):
            return _Storage()
        return self._storages.setdefault(place, _Storage()) if place else _Storage()

    def _resolve(self, name: Any) -> str:
        if isinstance(name, _Item):
            if name not in self._items:
                self._items[name] = self.nodes.add_op(Function(operator.getitem), (Ref(name.parent), name.index), {})
            return self._items[name]
        if isinstance(name, _Later):
            return self.nodes.add_op(name.op, (Ref(name.base), *name.args), {})
        assert isinstance(name, str)
        return name

    def _size_node(self, size: SizeInt) -> str:
        call, args = size.expression
        if call == "size":
            key: tuple[Any, ...] = (call, *args)
            op: Op = Method("size")
            plain: tuple[Any, ...] = (Ref(args[0]), args[1])
        else:
            plain = tuple(Ref(self._size_node(a)) if isinstance(a, SizeInt) else int(a) for a in args)
            key = (call, *plain)
            op = Function(call)
        if key not in self._sizes:
            self._sizes[key] = self.nodes.add_op(op, plain, {})
        return self._sizes[key]


def _same_place(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (one.shape, one.stride(), one.storage_offset()) == (other.shape, other.stride(), other.storage_offset())
