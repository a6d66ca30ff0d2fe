"""From one run of a live `nn.Module` to an `Architecture`.

A symbolic trace (`graph.trace`) cannot follow code that looks at sizes or at values, uses layers in plain lists, or
replaces its own forward. A *capture* lets the module run on an example input and records what it calls: every function
of torch through a `TorchFunctionMode`, every layer of torch.nn as one op. Whatever Python does in between (branches,
loops, asserts, hooks, patched forwards, list comprehensions) has simply happened.

* Sizes stay symbolic where arithmetic allows: `x.shape[1] * 2` is recorded as ops on the size, so that edits which
  change a size change what follows from it. A branch on a size, or on a value, is the branch that was taken.
* In-place ops become plain ones: what a later reader of the tensor, or of a view of it, sees is what torch shows it.
* Tensors that are neither parameters nor buffers nor made from the input are constants that keep their values.
"""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref, tensors_in
from explorer.graph.autocast import autocast_op, is_autocast_on
from explorer.graph.call_arguments import map_tensors
from explorer.graph.call_interception import (
    intercept_functions,
    intercept_modules,
    is_single_op,
    run_hooks,
    run_pre_hooks,
)
from explorer.graph.node_list import NodeList
from explorer.graph.ops import Function, Input, Method, Op
from explorer.graph.out_of_place import call_out_of_place
from explorer.graph.scripted import KernelWatch, kernel_as_function, kernel_out_of_place
from explorer.graph.size_int import SizeInt
from explorer.graph.sized_by_values import sized_by_values


class CaptureError(ValueError):
    """A run that could not be recorded as ops. The message names the op and the reason."""


@dataclass(frozen=True)
class Capture:
    """What a run was recorded as."""

    architecture: Architecture
    #: Where the code read a value of a tensor: (path of the module, name of the function), in order, each once. Another
    #: input may take another path there.
    value_reads: tuple[tuple[str, str], ...] = ()


_CAPTURING = threading.Lock()


def capture(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] = MappingProxyType({}),
    *,
    inputs: Mapping[int, Input] = MappingProxyType({}),
    title: str = "",
) -> Capture:
    """Run `module`, as it is, on example arguments and record what it calls.

    Args:
        args: positional arguments of its forward, with tensors anywhere inside.
        kwargs: its keyword arguments.
        inputs: what stands in the graph for each tensor, by its id; without it the first is the main input.

    Raises:
        CaptureError: an op that cannot be written as a plain one.
        Exception: whatever the module itself raises.
    """
    with _CAPTURING, torch.no_grad():
        recorder = _Recorder(module)
        recorder.run(args, dict(kwargs), inputs)
        architecture = recorder.nodes.build(title or type(module).__name__, "")
    return Capture(architecture, tuple(dict.fromkeys(recorder.value_reads)))


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
    place: tuple[Any, ...]  # size, stride, offset


class _Recorder(TorchFunctionMode):
    """Records what torch is asked to do while a module runs."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.held = (*module.parameters(), *module.buffers())  # a scripted module makes them anew when they are let go
        self.nodes = NodeList(module)
        self.value_reads: list[tuple[str, str]] = []
        self.names: MutableMapping[torch.Tensor, Any] = WeakTensorKeyDictionary()
        self.storages: dict[int, _Storage] = {}
        self.items: dict[_Item, str] = {}
        self.paused = False
        self._thread = threading.get_ident()
        self.paths: dict[int, str] = {}
        for path, part in module.named_modules():
            self.paths.setdefault(id(part), path)
        self.registered: dict[int, str] = {}
        for path, tensor in (*module.named_parameters(), *module.named_buffers()):
            self.registered.setdefault(id(tensor), path)
        self.constants: dict[int, tuple[torch.Tensor, str, int]] = {}
        self.sizes: dict[tuple[Any, ...], str] = {}
        self.scripts: list[KernelWatch] = []  # hold what scripted modules computed

    # running

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: Mapping[int, Input]) -> None:
        count = 0

        def enter(value: torch.Tensor) -> torch.Tensor:
            nonlocal count
            given = value.clone()
            count += 1
            like = Input(tuple(value.shape), value.dtype, f"input_{count}" if count > 1 else "", is_main=count == 1)
            self.bind(given, self.nodes.add_input(inputs.get(id(value), like)))
            return given

        args, kwargs = map_tensors((args, kwargs), enter)
        with intercept_modules(self), intercept_functions(self), self:
            result = self.module(*args, **kwargs)
        self.nodes.add_output(self.argument(result))

    def call_module(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A call of a module while recording: one op if it is a layer of torch.nn, else what happens inside it."""
        if not self.is_listening:
            return original(module, *args, **kwargs)
        path = self.paths.get(id(module))
        if module is self.module and isinstance(module, torch.jit.ScriptModule):
            return self.call_script(original, module, args, kwargs)
        if module is self.module or not path or not is_single_op(module) or self.is_converted(module):
            entered = path if path and module is not self.module else None
            if entered:
                self.nodes.enter(entered, module)
            try:
                return original(module, *args, **kwargs)
            finally:
                if entered:
                    self.nodes.leave()
        if type(module) is nn.Identity:
            return original(module, *args, **kwargs)
        if isinstance(module, torch.jit.ScriptModule):
            return self.call_script(original, module, args, kwargs)
        args, kwargs = run_pre_hooks(module, args, kwargs)
        before = self.versions((args, kwargs))
        plain = (self.argument(args), self.argument(kwargs))
        with self.pause():
            result = module.forward(*args, **kwargs)
        name = self.nodes.add_layer(path, module, *plain)
        result = self.finish(name, result, before)
        return run_hooks(module, args, kwargs, result)

    def call_function(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A call of a function that torch does not announce: a scripted one, or one that is kept whole."""
        before = self.versions((args, kwargs))
        plain = (self.argument(args), self.argument(kwargs))
        with self.pause():
            result = function(*args, **kwargs)
        return self.finish(self.nodes.add_op(Function(function), *plain), result, before)

    def is_converted(self, module: nn.Module) -> bool:
        """Whether autocast converts a layer's weights for the call: what it does is recorded then."""
        return is_autocast_on() and next(module.parameters(), None) is not None

    def call_script(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A call of a scripted module: the ops of torch's core that it runs."""
        path = "" if module is self.module else self.paths[id(module)]
        if path:
            self.nodes.enter(path, module)
        try:
            with self.pause(), KernelWatch(self) as watch:
                self.scripts.append(watch)
                return original(module, *args, **kwargs)
        finally:
            if path:
                self.nodes.leave()

    def record_kernel(self, call: Callable[..., Any], args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """An op that a scripted module runs."""
        before = self.versions((args, kwargs))
        known = self.reads_known((args, kwargs))
        plain = (self.argument(args), self.argument(kwargs)) if known else ((), {})
        result = run()
        if not known or next(tensors_in(result), None) is None:
            return result
        changed = [tensor for tensor, version in before if tensor._version != version]
        if changed and all(self.is_registered(tensor) for tensor in changed):
            return result
        layer = None if kwargs else kernel_as_function(call, plain[0])
        if layer is not None:
            name = self.nodes.add_op(Function(layer[0]), layer[1], {})
            self.finish(name, result[0] if isinstance(result, tuple) else result, before)
            return result
        try:
            name = self.nodes.add_op(Function(kernel_out_of_place(call)), *plain)
        except NotImplementedError as failure:
            raise CaptureError(str(failure)) from failure
        return self.finish(name, result, before)

    @property
    def is_listening(self) -> bool:
        """Whether calls are recorded: on the thread of the run, and not inside of what is one op."""
        return not self.paused and threading.get_ident() == self._thread

    @contextmanager
    def pause(self) -> Iterator[None]:
        paused, self.paused = self.paused, True
        try:
            yield
        finally:
            self.paused = paused

    # recording

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.paused:
            return func(*args, **kwargs)
        name = str(getattr(func, "__name__", ""))
        if name == "__get__":
            return self.read_attribute(func, args)
        if name == "size" and self.is_known(args[0]):
            return self.read_size(func, args, kwargs)
        before = self.versions((args, kwargs))
        known = self.reads_known((args, kwargs))
        plain: Any = None
        if known or name in _RANDOM:
            plain = (self.argument(args), self.argument(kwargs))
        result = func(*args, **kwargs)
        if plain is None:
            return result  # made from nothing but constants: a constant
        changed = [tensor for tensor, version in before if tensor._version != version]
        if not changed and next(tensors_in(result), None) is None:
            if name in _READS_VALUES:
                self.value_reads.append((self.nodes.innermost, name.strip("_")))
            return result
        if name == "__setitem__":
            self.assign(args[0], args[1], args[2])
            return result
        if all(self.is_registered(tensor) for tensor in changed) and changed:
            return result  # a counter or a running statistic of the module's own
        if not changed and name in _CONVERSIONS and any(result is value for value in args):
            return result
        op, plain_args, plain_kwargs = self.plain_call(func, *plain)
        op = sized_by_values(autocast_op(op, (args, kwargs), result), name, args, result)
        recorded = self.nodes.add_op(op, plain_args, plain_kwargs)
        return self.finish(recorded, result, before)

    def finish(self, name: str, result: Any, before: list[tuple[torch.Tensor, int]]) -> Any:
        """Say that a node holds a result, and what else it changed."""
        changed = [tensor for tensor, version in before if tensor._version != version]
        if changed:
            self.rebind(changed[0], name)
            if isinstance(result, torch.Tensor) and result is not changed[0]:
                self.bind(result, name)
            return result
        if isinstance(result, torch.Tensor) and any(result is tensor for tensor, _ in before):
            with self.pause():
                result = torch.ops.aten.alias.default(result)  # an op that did nothing has a result of its own
        self.bind(result, name)
        return result

    def plain_call(self, func: Any, args: Any, kwargs: Any) -> tuple[Op, tuple[Any, ...], dict[str, Any]]:
        try:
            return call_out_of_place(func, args, kwargs)
        except NotImplementedError as failure:
            raise CaptureError(str(failure)) from failure

    def read_attribute(self, func: Any, args: Any) -> Any:
        value = func(*args)
        attribute = str(getattr(func.__self__, "__name__", ""))
        if not self.is_known(args[0]):
            return value
        if attribute == "shape":
            return self.sized(args[0], value)
        if not isinstance(value, torch.Tensor):
            return value
        if attribute == "data":
            self.bind(value, self.name_of(args[0]))
        elif attribute != "grad":
            self.bind(value, self.nodes.add_op(Function(getattr), (self.argument(args[0]), attribute), {}))
        return value

    def read_size(self, func: Any, args: Any, kwargs: Any) -> Any:
        value = func(*args, **kwargs)
        if isinstance(value, torch.Size):
            return self.sized(args[0], value)
        dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
        return SizeInt(value, "size", self.name_of(args[0]), int(dim))

    def sized(self, tensor: torch.Tensor, size: torch.Size) -> torch.Size:
        name = self.name_of(tensor)
        return torch.Size([SizeInt(side, "size", name, dim) for dim, side in enumerate(size)])

    # in-place

    def assign(self, target: torch.Tensor, index: Any, value: Any) -> None:
        """`target[index] = value`, which has happened, as plain ops."""
        items = index if isinstance(index, tuple) else (index,)
        whole: Any = self.argument(target)
        if all(isinstance(item, (int, slice)) or item is Ellipsis for item in items):
            name = self.assign_to_slices(whole, _without_ellipsis(items, target.dim()), target, value)
        elif len(items) == 1 and isinstance(items[0], torch.Tensor) and items[0].dtype == torch.bool:
            mask: Any = self.argument(items[0])
            for _ in range(target.dim() - items[0].dim()):
                mask = Ref(self.nodes.add_op(Method("unsqueeze"), (mask, -1), {}))
            if isinstance(value, torch.Tensor) and value.dim():
                name = self.nodes.add_op(Method("masked_scatter"), (whole, mask, self.argument(value)), {})
            else:
                name = self.nodes.add_op(Method("masked_fill"), (whole, mask, self.argument(value)), {})
        elif all(isinstance(item, torch.Tensor) for item in items):
            if not isinstance(value, torch.Tensor):
                value = torch.tensor(value, dtype=target.dtype)
            name = self.nodes.add_op(Function(torch.index_put), (whole, self.argument(items), self.argument(value)), {})
        else:
            given = self.argument(index), self.argument(value)
            name = self.nodes.add_op(Function(with_items_set), (whole, *given), {})
        self.rebind(target, name)

    def assign_to_slices(self, whole: Any, items: tuple[Any, ...], target: torch.Tensor, value: Any) -> str:
        """Assignment to a box of a tensor: each level is read, the innermost written and put back level by level."""
        levels: list[tuple[Any, int, Any]] = []
        dim = 0
        for item in items:
            if item == slice(None):
                dim += 1
                continue
            levels.append((whole, dim, item))
            read = (*[slice(None)] * dim, self.argument(item))
            whole = Ref(self.nodes.add_op(Function(operator.getitem), (whole, read if dim else read[0]), {}))
            dim += not isinstance(item, int)
        if isinstance(value, torch.Tensor):
            new: Any = self.argument(value)
            if value.dtype != target.dtype:
                new = Ref(self.nodes.add_op(Method("to"), (new, target.dtype), {}))
            new = Ref(self.nodes.add_op(Method("expand_as"), (new, whole), {}))
        else:
            new = Ref(self.nodes.add_op(Function(torch.full_like), (whole, self.argument(value)), {}))
        for around, place, item in reversed(levels):
            put: tuple[Any, ...]
            if isinstance(item, int):
                op, put = Function(torch.select_scatter), (around, new, place, self.argument(item))
            else:
                start, stop, step = (self.argument(edge) for edge in (item.start, item.stop, item.step))
                op, put = Function(torch.slice_scatter), (around, new, place, start, stop, 1 if step is None else step)
            new = Ref(self.nodes.add_op(op, put, {}))
        return str(new.name)

    def rebind(self, target: torch.Tensor, name: str) -> None:
        """A tensor has been written to: it is another node now, and so are all that share its memory."""
        sharing = [t for t in self.share(target).alive() if t is not target]
        old = {id(t): self.names.get(t) for t in sharing}
        self.bind(target, name)
        if not sharing:
            return
        whole = max((target, *sharing), key=lambda tensor: tensor.numel())
        if whole is not target and not _same_place(whole, target):
            place = (tuple(target.shape), tuple(target.stride()), target.storage_offset() - whole.storage_offset())
            before = self.resolve(old[id(whole)])
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
                place = (tuple(tensor.shape), tuple(tensor.stride()), tensor.storage_offset() - whole.storage_offset())
                self.names[tensor] = _Later(base, place)

    # names

    def bind(self, value: Any, name: Any) -> None:
        """Say that a node, or a part of what it returned, holds a value."""
        if isinstance(value, torch.Tensor):
            self.names[value] = name
            members = self.share(value)
            if not any(tensor is value for tensor in members.alive()):
                members.members.append(weakref.ref(value))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                self.bind(item, _Item(self.resolve(name), key))
        elif isinstance(value, (tuple, list)):
            for index, item in enumerate(value):
                self.bind(item, _Item(self.resolve(name), index))

    def share(self, tensor: torch.Tensor) -> _Storage:
        try:
            place = tensor.untyped_storage().data_ptr()
        except (RuntimeError, NotImplementedError):
            return _Storage()
        return self.storages.setdefault(place, _Storage()) if place else _Storage()

    def resolve(self, name: Any) -> str:
        if isinstance(name, _Item):
            if name not in self.items:
                self.items[name] = self.nodes.add_op(Function(operator.getitem), (Ref(name.parent), name.index), {})
            return self.items[name]
        if isinstance(name, _Later):
            return self.nodes.add_op(Function(torch.as_strided), (Ref(name.base), *name.place), {})
        assert isinstance(name, str)
        return name

    def name_of(self, tensor: torch.Tensor) -> str:
        """The node that holds a tensor now."""
        held = self.names.get(tensor)
        if held is not None:
            name = self.resolve(held)
            if name is not held:
                self.names[tensor] = name
            return name
        path = self.registered.get(id(tensor))
        if path is not None:
            return self.nodes.add_tensor(path, tensor)
        known = self.constants.get(id(tensor))
        if known is not None and known[0]._version == known[2]:
            return known[1]
        name = self.nodes.add_constant(tensor)
        self.constants[id(tensor)] = (tensor, name, tensor._version)
        return name

    def is_known(self, tensor: Any) -> bool:
        return isinstance(tensor, torch.Tensor) and tensor in self.names

    def is_registered(self, tensor: torch.Tensor) -> bool:
        return id(tensor) in self.registered and tensor not in self.names

    def reads_known(self, value: Any) -> bool:
        if isinstance(value, torch.Tensor):
            return value in self.names or id(value) in self.registered
        if isinstance(value, SizeInt):
            return True
        if isinstance(value, Mapping):
            return any(self.reads_known(item) for item in value.values())
        if isinstance(value, (tuple, list)):
            return any(self.reads_known(item) for item in value)
        if isinstance(value, slice):
            return self.reads_known((value.start, value.stop, value.step))
        return False

    def versions(self, value: Any) -> list[tuple[torch.Tensor, int]]:
        return [(tensor, tensor._version) for tensor in tensors_in(value)]

    def argument(self, value: Any) -> Any:
        """A value as the argument of a node: tensors and sizes that are known as references."""
        if isinstance(value, torch.Tensor):
            return Ref(self.name_of(value))
        if isinstance(value, SizeInt):
            return Ref(self.size_node(value))
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
        return value

    def size_node(self, size: SizeInt) -> str:
        call, args = size.expression
        if call == "size":
            key: tuple[Any, ...] = (call, *args)
            op: Op = Method("size")
            plain: tuple[Any, ...] = (Ref(args[0]), args[1])
        else:
            plain = tuple(Ref(self.size_node(a)) if isinstance(a, SizeInt) else int(a) for a in args)
            key = (call, *plain)
            op = Function(call)
        if key not in self.sizes:
            self.sizes[key] = self.nodes.add_op(op, plain, {})
        return self.sizes[key]


def with_items_set(tensor: torch.Tensor, index: Any, value: Any) -> torch.Tensor:
    """Return a copy of a tensor with `tensor[index] = value` done."""
    result = tensor.clone()
    result[index] = value
    return result


#: What is never the same twice: recorded even when nothing known goes in.
_RANDOM = frozenset({"rand", "randn", "randint", "randperm", "normal", "bernoulli"})

#: What reads numbers out of a tensor, so that Python may branch on them.
_READS_VALUES = frozenset(
    {"item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__array__", "equal", "allclose"}
    | {"is_nonzero", "__contains__"}
)

#: What gives a tensor back as it is where nothing has to be done.
_CONVERSIONS = frozenset(
    {"contiguous", "to", "float", "double", "half", "bfloat16", "cpu", "type", "type_as", "detach", "requires_grad_"}
)


def _without_ellipsis(items: tuple[Any, ...], dims: int) -> tuple[Any, ...]:
    if Ellipsis not in items:
        return items
    at = items.index(Ellipsis)
    return (*items[:at], *[slice(None)] * (dims - len(items) + 1), *items[at + 1 :])


def _same_place(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (one.shape, one.stride(), one.storage_offset()) == (other.shape, other.stride(), other.storage_offset())
