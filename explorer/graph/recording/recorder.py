"""What torch is asked to do while a module runs, as nodes.

Every function of torch passes through a `TorchFunctionMode`, every layer of torch.nn is one op; scripted code is
watched at its kernels (`scripted`).
"""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence
from torch.overrides import TorchFunctionMode

from explorer.graph.arguments import Ref, tensors_in
from explorer.graph.call_arguments import map_tensors
from explorer.graph.missing_devices import MissingDevices
from explorer.graph.node_list import NodeList
from explorer.graph.ops import Function, Input, Method, Op
from explorer.graph.out_of_place import call_out_of_place
from explorer.graph.recording.assignment import note_view, record_assignment, record_write
from explorer.graph.recording.autocast import autocast_op, is_autocast_on
from explorer.graph.recording.call_interception import (
    intercept_functions,
    intercept_modules,
    is_single_op,
    run_hooks,
    run_pre_hooks,
)
from explorer.graph.recording.held_tensors import HeldTensors
from explorer.graph.recording.refusals import (
    CaptureError,
    refuse_gradients,
    refuse_operators_of_functions,
    refuse_output,
)
from explorer.graph.recording.scripted import KernelWatch, kernel_as_function, kernel_out_of_place
from explorer.graph.recording.size_int import SizeInt, listening
from explorer.graph.recording.sized_by_values import sized_by_values
from explorer.graph.size_reads import ReadSide, SizeRead


class Recorder(TorchFunctionMode):
    """Records what torch is asked to do while a module runs."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.nodes = NodeList(module)
        self.held = HeldTensors(module, self.nodes)
        self.value_reads: list[tuple[str, str]] = []
        self._kept = (*module.parameters(), *module.buffers())  # a scripted module makes them anew when let go
        self._scripts: list[KernelWatch] = []  # hold what scripted modules computed
        self._paused = False
        self._thread = threading.get_ident()
        self._paths: dict[int, str] = {}
        for path, part in module.named_modules():
            self._paths.setdefault(id(part), path)

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: Mapping[int, Input]) -> None:
        """Run the module on copies of the tensors in its arguments. `inputs`: what each stands for, by its id."""
        count = 0

        def enter(value: torch.Tensor) -> torch.Tensor:
            nonlocal count
            given = value.clone()
            count += 1
            like = Input(tuple(value.shape), value.dtype, f"input_{count}" if count > 1 else "", is_main=count == 1)
            self.held.bind(given, self.nodes.add_input(inputs.get(id(value), like)))
            return given

        args, kwargs = map_tensors((args, kwargs), enter)
        with intercept_modules(self), intercept_functions(self), listening(self.note_size_read), self, MissingDevices():
            result = self.module(*args, **kwargs)
        output = self.held.argument(result)
        refuse_output(output)
        self.nodes.add_output(output)

    def call_module(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A call of a module while recording: one op if it is a layer of torch.nn, else what happens inside it."""
        if not self.is_listening:
            return original(module, *args, **kwargs)
        path = self._paths.get(id(module))
        if module is self.module and isinstance(module, torch.jit.ScriptModule):
            return self._call_script(original, module, args, kwargs)
        if module is self.module or not path or not is_single_op(module) or self._is_written_out(module, args):
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
            return self._call_script(original, module, args, kwargs)
        args, kwargs = run_pre_hooks(module, args, kwargs)
        before = _versions((args, kwargs))
        with self._pause():  # what is asked of torch to keep the layer is none of the module's
            plain = (self.held.argument(args), self.held.argument(kwargs))
            result = module.forward(*args, **kwargs)
            name = self.nodes.add_layer(path, module, *plain)
        result = self._finish(name, result, before)
        return run_hooks(module, args, kwargs, result)

    def call_function(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A call of a function that torch does not announce: a scripted one, or one that is kept whole."""
        before = _versions((args, kwargs))
        with self._pause():
            plain = (self.held.argument(args), self.held.argument(kwargs))
            result = function(*args, **kwargs)
        op = sized_by_values(Function(function), str(getattr(function, "__name__", "")), args, result)
        return self._finish(self.nodes.add_op(op, *plain), result, before)

    def measure_length(self, value: Any) -> int:
        """Return the length of anything; of a tensor that is recorded, a size that knows how it was found."""
        length = len(value)
        if not self.is_listening or not self.held.is_known(value):
            return length
        return SizeInt(length, "size", self.held.name_of(value), 0)

    def record_kernel(self, call: Callable[..., Any], args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """An op that a scripted module runs."""
        before = _versions((args, kwargs))
        known = self.held.reads_known((args, kwargs))
        plain = (self.held.argument(args), self.held.argument(kwargs)) if known else ((), {})
        result = run()
        if not known or next(tensors_in(result), None) is None:
            return result
        changed = [tensor for tensor, version in before if tensor._version != version]
        if changed and all(self.held.is_registered(tensor) for tensor in changed):
            return result
        layer = None if kwargs else kernel_as_function(call, plain[0])
        if layer is not None:
            name = self.nodes.add_op(Function(layer[0]), layer[1], {})
            self._finish(name, result[0] if isinstance(result, tuple) else result, before)
            return result
        try:
            name = self.nodes.add_op(Function(kernel_out_of_place(call)), *plain)
        except NotImplementedError as failure:
            raise CaptureError(str(failure)) from failure
        return self._finish(name, result, before)

    def note_size_read(self, call: Callable[..., Any], args: tuple[Any, ...], result: Any) -> None:
        """The code has read a number of sizes: what is recorded holds where it reads the same."""
        if self.is_listening:
            names: list[str] = []
            expressions = tuple(_in_sides(arg, names) for arg in args)
            self.nodes.add_size_read(SizeRead(call, expressions, result), tuple(names))

    @property
    def is_listening(self) -> bool:
        """Whether calls are recorded: on the thread of the run, and not inside of what is one op."""
        return not self._paused and threading.get_ident() == self._thread

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._paused:
            return func(*args, **kwargs)
        name = str(getattr(func, "__name__", ""))
        refuse_gradients(name)
        refuse_operators_of_functions(func)
        func = _WRITTEN.get(func, func)
        if name == "__get__":
            return self._read_attribute(func, args)
        if name == "size" and self.held.is_known(args[0]):
            return self._read_size(func, args, kwargs)
        if name in ("numel", "nelement") and self.held.is_known(args[0]):
            return math.prod(self._sized(args[0], args[0].shape))
        before = _versions((args, kwargs))
        known = self.held.reads_known((args[1:] if name == "new_tensor" else args, kwargs))
        plain: Any = None
        if known or name in _RANDOM:
            plain = (self.held.argument_of_call(args), self.held.argument(kwargs))
        result = func(*args, **kwargs)
        if plain is None:
            return result  # made from nothing but constants: a constant
        changed = [tensor for tensor, version in before if tensor._version != version]
        if not changed and next(tensors_in(result), None) is None:
            if name in _READS_VALUES:
                self.value_reads.append((self.nodes.innermost, name.strip("_")))
            return result
        if name == "__setitem__":
            record_assignment(self.held, args[0], args[1], args[2])
            return result
        if changed and all(map(self.held.is_own, changed)) and not any(result is tensor for tensor in changed):
            before = []  # statistics of the module's own on the way to something else
            changed = []
        if not changed and name in _CONVERSIONS and any(result is value for value in args):
            return result
        op, plain_args, plain_kwargs = self._plain_call(func, *plain)
        op = sized_by_values(autocast_op(op, (args, kwargs), result), name, args, result)
        dims = args[0].dim() if args and isinstance(args[0], torch.Tensor) else 4
        recorded = self.nodes.add_op(op, plain_args, plain_kwargs, dims)
        if changed and any(t.dtype != changed[0].dtype for t in tensors_in((args, kwargs))):
            recorded = self.nodes.add_op(Method("to"), (Ref(recorded), changed[0].dtype), {})  # it keeps its format
        result = self._finish(recorded, result, before)
        if name in _PARTS and self.is_listening:
            self.nodes.add_size_read(
                SizeRead(operator.pos, (ReadSide(0, None, len(result)),), len(result)), (recorded,)
            )
        if name == "__getitem__" and isinstance(result, torch.Tensor):
            note_view(self.held, result, args[0], args[1])
        return result

    @contextmanager
    def _pause(self) -> Iterator[None]:
        paused, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = paused

    def _is_written_out(self, module: nn.Module, args: Any) -> bool:
        """Whether a call of a layer is recorded as what it does: autocast converts its weights for the call, its
        weights are others than its own (`torch.func.functional_call`), or it takes packed sequences."""
        weights = [tensor for tensor in module._parameters.values() if tensor is not None]
        converted = is_autocast_on() and next(module.parameters(), None) is not None
        packed = any(isinstance(value, PackedSequence) for value in args)
        script = isinstance(module, torch.jit.ScriptModule)
        return converted or packed or (not script and not all(map(self.held.is_own, weights)))

    def _call_script(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        """A call of a scripted module: the ops of torch's core that it runs."""
        path = "" if module is self.module else self._paths[id(module)]
        if path:
            self.nodes.enter(path, module)
        try:
            with self._pause(), KernelWatch(self) as watch:
                self._scripts.append(watch)
                return original(module, *args, **kwargs)
        finally:
            if path:
                self.nodes.leave()

    def _finish(self, name: str, result: Any, before: list[tuple[torch.Tensor, int]]) -> Any:
        """Say that a node holds a result, and what else it changed."""
        changed = [tensor for tensor, version in before if tensor._version != version]
        if changed:
            record_write(self.held, changed[0], name)
            if isinstance(result, torch.Tensor) and result is not changed[0]:
                self.held.bind(result, name)
            return result
        if isinstance(result, torch.Tensor) and any(result is tensor for tensor, _ in before):
            with self._pause():
                result = torch.ops.aten.alias.default(result)  # an op that did nothing has a result of its own
        self.held.bind(result, name)
        return result

    def _plain_call(self, func: Any, args: Any, kwargs: Any) -> tuple[Op, tuple[Any, ...], dict[str, Any]]:
        try:
            return call_out_of_place(func, args, kwargs)
        except NotImplementedError as failure:
            raise CaptureError(str(failure)) from failure

    def _read_attribute(self, func: Any, args: Any) -> Any:
        value = func(*args)
        attribute = str(getattr(func.__self__, "__name__", ""))
        if attribute == "data" and self.held.is_registered(args[0]):
            self.held.bind(value, self.held.name_of(args[0]))
        if not self.held.is_known(args[0]):
            return value
        if attribute == "shape":
            return self._sized(args[0], value)
        if not isinstance(value, torch.Tensor):
            return value
        if attribute == "data":
            self.held.bind(value, self.held.name_of(args[0]))
        elif attribute != "grad":
            self.held.bind(value, self.nodes.add_op(Function(getattr), (self.held.argument(args[0]), attribute), {}))
        return value

    def _read_size(self, func: Any, args: Any, kwargs: Any) -> Any:
        value = func(*args, **kwargs)
        if isinstance(value, torch.Size):
            return self._sized(args[0], value)
        dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
        return SizeInt(value, "size", self.held.name_of(args[0]), int(dim))

    def _sized(self, tensor: torch.Tensor, size: torch.Size) -> torch.Size:
        name = self.held.name_of(tensor)
        return torch.Size([SizeInt(side, "size", name, dim) for dim, side in enumerate(size)])


def _in_sides(value: Any, names: list[str]) -> Any:
    """A size as what it was found by: sides of tensors, whose names are added, and functions with arguments."""
    if not isinstance(value, SizeInt):
        return value
    call, args = value.expression
    if call != "size":
        return call, tuple(_in_sides(arg, names) for arg in args)
    name, axis = args
    if name not in names:
        names.append(name)
    return ReadSide(names.index(name), axis, int.__int__(value))


def _versions(value: Any) -> list[tuple[torch.Tensor, int]]:
    return [(tensor, tensor._version) for tensor in tensors_in(value)]


#: What is never the same twice: recorded even when nothing known goes in.
_RANDOM = frozenset(
    {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson", "normal_", "uniform_"}
    | {"bernoulli_", "random_", "exponential_", "log_normal_", "cauchy_", "geometric_", "rand_like", "randn_like"}
    | {"randint_like", "dropout", "gumbel_softmax"}
)

#: Memory that nobody has written to yet has no numbers that could be shown: zeros, the same each time.
_WRITTEN: dict[Any, Any] = {
    torch.empty: torch.zeros,
    torch.empty_like: torch.zeros_like,
    torch.Tensor.new_empty: torch.Tensor.new_zeros,
}

#: What reads numbers out of a tensor, so that Python may branch on them.
_READS_VALUES = frozenset(
    {"item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__array__", "equal", "allclose"}
    | {"is_nonzero", "__contains__"}
)

#: What makes as many tensors as a size says.
_PARTS = frozenset({"unbind", "split", "chunk", "tensor_split", "hsplit", "vsplit", "dsplit"})

#: What gives a tensor back as it is where nothing has to be done.
_CONVERSIONS = frozenset(
    {"contiguous", "to", "float", "double", "half", "bfloat16", "cpu", "type", "type_as", "detach", "requires_grad_"}
)
