"""From a network to classes that are not shared yet: one body for each module call, every value literal."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from explorer.export.python_code.calls import Calls, Frame
from explorer.export.python_code.layer_terms import LayerTerms
from explorer.export.python_code.layers import python_literal
from explorer.export.python_code.repeats import sequential, without_gaps
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Body, Child, Literal, Step, Term, Value, Var
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.channel_norms import CHANNEL_LAYER_NORMS
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Function, Input, Layer, Method, Output
from explorer.graph.recording.autocast import InAutocast, call_in_autocast
from explorer.graph.recording.sized_by_values import plain_op
from explorer.graph.to_module import follow_mode

_INFIX_OPERATORS: Mapping[Any, str] = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.matmul: "@",
}

_PERMUTING = frozenset({"movedim", "moveaxis", "permute", "swapaxes", "swapdims", "transpose"})


def number_format(architecture: Architecture) -> torch.dtype:
    """The number format of all fractions that the network holds; torch's own default where there are several."""
    found: set[torch.dtype] = set()
    for node in architecture.live.values():
        if isinstance(node.op, Layer):
            found |= {tensor.dtype for tensor in node.op.named_tensors.values()}
        elif isinstance(node.op, Constant):
            found.add(node.op.tensor.dtype)
    found = {dtype for dtype in found if dtype.is_floating_point or dtype.is_complex}
    only = found.pop() if len(found) == 1 else torch.float32
    return torch.float32 if only.is_complex else only


def is_channels_first(architecture: Architecture) -> bool:
    """Whether every map lies with its channels first in memory; only what permutes axes lays it otherwise."""
    for node in architecture.live.values():
        if isinstance(node.layer, CHANNEL_LAYER_NORMS) or getattr(node.op, "name", "") in _PERMUTING:
            return False
    return True


class ModuleTree:
    """Modules by the parts of their paths."""

    def __init__(self) -> None:
        self.inside: dict[str, ModuleTree] = {}
        self.layer: nn.Module | None = None
        self.tensors: dict[str, Constant] = {}

    def place(self, path: str) -> ModuleTree:
        """The module of that path below this one; made where there is none."""
        found = self
        for part in filter(None, path.split(".")):
            found = found.inside.setdefault(part, ModuleTree())
        return found


class Reader:
    """Reads a network into bodies. Raises ExportError for what has no form in Python."""

    def __init__(
        self, architecture: Architecture, dims: Mapping[str, tuple[int, ...] | None], *, in_one_class: bool = False
    ) -> None:
        self.architecture, self.dims = architecture, dims
        self.calls = Calls(architecture, in_one_class=in_one_class)
        self.seams: dict[Var, str] = {}  # values of the outermost forward pass that a block makes, with their nodes
        self.sources = Sources(is_channels_first(architecture))
        self.dtype = number_format(architecture)
        self.layers = LayerTerms(self.sources, self.dtype)
        self.frames: dict[str, Frame] = {}  # the first call of each module, innermost first
        for frame in self.calls.root.frames():
            if frame.path:
                self.frames.setdefault(frame.path, frame)
        self.paths = self.calls.paths
        self.tree = ModuleTree()
        self._hold(self.calls.root)

    def _hold(self, frame: Frame) -> None:
        for event in frame.events:
            if isinstance(event, Frame):
                self.tree.place(event.path)
                self._hold(event)
                continue
            for name in self.calls.reads(event):
                node = self.architecture.nodes[name]
                if isinstance(node.op, Constant):
                    owner, _, tensor = self.paths[name].rpartition(".")
                    self.tree.place(owner).tensors[tensor] = node.op
            if isinstance(event.op, Layer):
                self.tree.place(self.paths[event.name]).layer = event.op.module

    def channels_into(self, frame: Frame) -> int | None:
        """Channels (or features) of the value that a call takes; None where it takes another."""
        entering = frame.inputs[0] if frame.inputs else ""
        dims = self.dims.get(entering) if isinstance(entering, str) else None
        if dims is None or len(dims) < 2:
            return None
        return dims[1] if len(dims) == 4 else dims[-1]

    # constructors

    def body(self, frame: Frame, make_of: Callable[[Frame], Term]) -> Body:
        """The class of a call; `make_of` gives what makes the calls inside."""
        tree = self.tree.place(frame.path)
        children = [Child(name, self._make(frame.path, name, inside, make_of)) for name, inside in tree.inside.items()]
        children += [Child(name, self.tensor(constant, frame.path)) for name, constant in tree.tensors.items()]
        return _Forward(self, frame).body(tuple(children))

    def _make(self, owner: str, name: str, tree: ModuleTree, make_of: Callable[[Frame], Term]) -> Term:
        path = f"{owner}.{name}" if owner else name
        if path in self.frames:
            return make_of(self.frames[path])
        inside = [(child, self._make(path, child, below, make_of)) for child, below in tree.inside.items()]
        inside += [(child, self.tensor(constant, path)) for child, constant in tree.tensors.items()]
        row = without_gaps(inside) if tree.layer is None and not tree.tensors else None
        if row is not None:
            inside = [(str(number), make) for number, make in enumerate(row)]
        names, makes = tuple(n for n, _ in inside), tuple(m for _, m in inside)
        if tree.layer is None:
            return self._only_weights(tree, path) or Term(("holder", names), makes)
        layer = self.layer(path, tree.layer)
        return Term(("extended", names), (layer, *makes)) if inside else layer

    def bring_classes(self) -> None:
        """Let the file have the classes of layers that are none of torch's, before other names are chosen."""
        for node in self.architecture.live.values():
            layer = node.layer
            if layer is not None and not type(layer).__module__.startswith("torch."):
                self.layer(self.paths[node.name], layer)

    def layer(self, path: str, module: nn.Module) -> Term:
        """What makes a layer."""
        return self.layers.term(path, module)

    def tensor(self, constant: Constant, path: str) -> Term:
        """What makes a tensor that the code reads itself."""
        return self.layers.tensor(
            constant.tensor, is_parameter=constant.is_parameter, written=constant.value, path=path
        )

    def _only_weights(self, tree: ModuleTree, path: str) -> Term | None:
        """A linear layer of which only the weights are read."""
        weight, bias = tree.tensors.get("weight"), tree.tensors.get("bias")
        known = {"weight", "bias"}.issuperset(tree.tensors) and not tree.inside
        if weight is None or not known or weight.tensor.dim() != 2 or not weight.is_parameter:
            return None
        out, entering = weight.tensor.shape
        if bias is not None and not (bias.is_parameter and bias.tensor.shape == (out,)):
            return None
        with torch.device("meta"):
            return self.layer(path, nn.Linear(entering, out, bias=bias is not None))


def as_sequential(body: Body) -> Term | None:
    """The `nn.Sequential` that a body is, if each child is called once, in order, on what the one before gave."""
    if body.inputs != (False,) or len(body.results) != 1 or len(body.steps) != len(body.children) or not body.children:
        return None
    before: Value = Var(0)
    for child, step in zip(body.children, body.steps, strict=True):
        if step.value != Term(("call", (child.name,), ()), (before,)) or not isinstance(child.make, Term):
            return None
        if child.make.sort in ("parameter", "buffer"):
            return None
        before = step.target
    return sequential([(c.name, c.make) for c in body.children]) if body.results == (before,) else None  # type: ignore


class _Forward:
    """Writes one frame's ops as steps."""

    def __init__(self, reader: Reader, frame: Frame) -> None:
        self.reader, self.frame, self.calls = reader, frame, reader.calls
        self.known: dict[str, Value] = {}
        self.lists: dict[tuple[str, ...], Var] = {}
        self.steps: list[Step] = []
        self.next = len(frame.inputs)
        for number, entering in enumerate(frame.inputs):
            if isinstance(entering, tuple):
                self.lists[entering] = Var(number)
            else:
                self.known[entering] = Var(number)

    def body(self, children: tuple[Child, ...]) -> Body:
        results: tuple[Value, ...] = ()
        if not self.frame.path:
            for number, given in enumerate(self.calls.architecture.inputs):
                self.known[given.name] = Var(number)
            self.next = len(self.calls.architecture.inputs)
        for event in self.frame.events:
            if isinstance(event, Frame):
                self._call_frame(event)
            elif isinstance(event.op, Output):
                results = (self.value(event.args[0], event),)
            elif not isinstance(event.op, Input):
                self.known[event.name] = self._add(self._call(event))
        if self.frame.path:
            results = tuple(self.known[name] for name in self.frame.results)
        inputs = tuple(isinstance(entering, tuple) for entering in self.frame.inputs)
        if not self.frame.path:
            inputs = (False,) * len(self.calls.architecture.inputs)
        return Body(inputs, children, tuple(self.steps), results)

    def _add(self, value: Term) -> Var:
        target = Var(self.next)
        self.next += 1
        self.steps.append(Step(target, value))
        return target

    def _call_frame(self, frame: Frame) -> None:
        args: list[Value] = []
        for entering in frame.inputs:
            if isinstance(entering, tuple):
                known = self.lists.get(entering)
                args.append(known or Term(("list",), tuple(self.known[name] for name in entering)))
            else:
                args.append(self.known[entering])
        count = len(frame.results)
        several = (count,) if count > 1 else ()
        result = self._add(Term(("call", self._relative(frame.path), (), *several), tuple(args)))
        if count == 1:
            self.known[frame.results[0]] = result
            if not self.frame.path:
                self.reader.seams[result] = frame.results[0]
            return
        for number, name in enumerate(frame.results):
            self.known[name] = self._add(Term(("item",), (result, Literal(str(number), number))))

    def _relative(self, path: str) -> tuple[str, ...]:
        return tuple(path.removeprefix(f"{self.frame.path}." if self.frame.path else "").split("."))

    def _call(self, node: Node) -> Term:
        args = [self.value(arg, node) for arg in node.args]
        kwargs = {name: self.value(value, node) for name, value in node.kwargs.items()}
        if isinstance(node.op, Layer):
            path = self._relative(self.reader.paths[node.name])
            return Term(("call", path, tuple(kwargs)), (*args, *kwargs.values()))
        op = plain_op(node.op)
        if isinstance(op, Method) and op.name == "size" and len(args) + len(kwargs) <= 2:
            shape = Term(("attribute", "shape", *self._rank(node)), (args[0],))
            sides = (*args[1:], *kwargs.values())  # x.size(0) is written x.shape[0], as it is mostly written today
            return Term(("item",), (self._add(shape), *sides)) if sides else shape
        if isinstance(op, Method):
            return Term(("method", op.name, tuple(kwargs)), (*args, *kwargs.values()))
        assert isinstance(op, Function)
        call = op.call
        if call in _INFIX_OPERATORS and len(args) == 2 and not kwargs:
            return Term(("infix", _INFIX_OPERATORS[call]), tuple(args))
        if call is operator.getitem:
            return Term(("item",), tuple(args))
        if call is getattr and isinstance(node.args[1], str) and node.args[1].isidentifier():
            rank = self._rank(node) if node.args[1] == "shape" else ()
            return Term(("attribute", node.args[1], *rank), (args[0],))
        if isinstance(call, InAutocast):
            return self._call_in_autocast(call, args, kwargs, node.name)
        name = self.reader.sources.function(call, node.name)
        args, kwargs = _following_mode(call, args, kwargs)
        kwargs = _without_defaults(call, kwargs)
        return Term(("function", name, tuple(kwargs)), (*args, *kwargs.values()))

    def _call_in_autocast(self, op: InAutocast, args: list[Value], kwargs: dict[str, Value], where: str) -> Term:
        """A call that converts what it reads, by a function: `call_in_autocast(F.relu, torch.bfloat16, x)`."""
        sources, method = self.reader.sources, getattr(torch.Tensor, op.__name__, None)
        called = f"torch.Tensor.{op.__name__}" if op.call is method else sources.function(op.call, where)
        if called.startswith("F."):
            sources.imports["F"] = "import torch.nn.functional as F"
        name = sources.function(call_in_autocast, where)
        first = (Literal(called), Literal(str(op.dtype)))
        return Term(("function", name, tuple(kwargs)), (*first, *args, *kwargs.values()))

    def _rank(self, node: Node) -> tuple[int, ...]:
        """How many sides the tensor has whose shape is read, where that is known."""
        dims = self.reader.dims.get(self.calls.source(node.inputs[0])) if node.inputs else None
        return (len(dims),) if dims is not None else ()

    def value(self, value: Any, node: Node) -> Value:
        """An argument of an op."""
        if isinstance(value, Ref):
            name = self.calls.source(value.name)
            if self.calls.is_constant(name):
                return Term(("tensor", self._relative(self.reader.paths[name])))
            return self.known[name]
        if isinstance(value, (list, tuple)):
            names = tuple(self.calls.source(v.name) for v in value if isinstance(v, Ref))
            if len(names) == len(value) and names in self.lists:
                return self.lists[names]
        if isinstance(value, (list, tuple, Mapping, slice)) and not _is_plain(value):
            if isinstance(value, slice):
                return Term(("slice",), tuple(self.value(v, node) for v in (value.start, value.stop, value.step)))
            if isinstance(value, Mapping):
                keys = tuple(python_literal(key, node.name) for key in value)
                return Term(("dict", keys), tuple(self.value(v, node) for v in value.values()))
            sort = "list" if isinstance(value, list) else "tuple"
            return Term((sort,), tuple(self.value(v, node) for v in value))
        return Literal(python_literal(value, node.name), value)


def _is_plain(value: Any) -> bool:
    """Is it a list or tuple of numbers and the like, which has a literal form?"""
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return not isinstance(value, (Ref, Mapping, slice))


def _without_defaults(call: Any, kwargs: dict[str, Value]) -> dict[str, Value]:
    """Keywords that say something."""
    try:
        parameters = inspect.signature(call).parameters
    except (TypeError, ValueError):
        return kwargs
    defaults = {
        name: Literal(python_literal(parameter.default, name))
        for name, parameter in parameters.items()
        if parameter.default is None or isinstance(parameter.default, (bool, int, float, str))
    }
    return {name: value for name, value in kwargs.items() if name not in defaults or value != defaults[name]}


def _following_mode(call: Any, args: list[Value], kwargs: dict[str, Value]) -> tuple[list[Value], dict[str, Value]]:
    """Arguments with `self.training` where the network as recorded, in eval mode, has False for it."""
    off, mode = Literal("False", False), Term(("training",))

    def plain(value: Value) -> Any:
        return False if value == off else value

    found = follow_mode(call, tuple(map(plain, args)), {name: plain(value) for name, value in kwargs.items()}, mode)
    if found is None:
        return args, kwargs
    rest, named = found
    back = {name: off if value is False else value for name, value in named.items()}
    return [off if value is False else value for value in rest], back
