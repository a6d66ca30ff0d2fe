"""The nodes of a snapshot while it is being made: unique names, scopes, and which parameters are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.functional_layers import functional_as_layer, layer_key_at
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Function, Input, Layer, Op, Output
from explorer.graph.recording.refusals import refuse_tensor
from explorer.graph.size_reads import SizeRead, SizeReads, size_read_of


def shared_parameters(module: nn.Module) -> dict[str, str]:
    """Paths of parameters that also have another, earlier path, and that path."""
    first = {id(parameter): path for path, parameter in module.named_parameters()}
    every = module.named_parameters(remove_duplicate=False)
    return {path: first[id(parameter)] for path, parameter in every if first[id(parameter)] != path}


class NodeList:
    """Nodes in execution order. Ops are added inside the module that was entered last."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.nodes: dict[str, Node] = {}
        self.classes: dict[str, str] = {"": type(module).__name__}
        self._scope: list[str] = []
        self._used: set[str] = set()
        self._parameters = {path for path, _ in module.named_parameters(remove_duplicate=False)}
        self._canonical = {id(p): path for path, p in module.named_parameters()}  # the first path of a shared one
        self._registered = {
            path
            for path, _ in (
                *module.named_parameters(remove_duplicate=False),
                *module.named_buffers(remove_duplicate=False),
            )
        }
        self._counts: dict[str, int] = {}
        self._tensors: dict[str, tuple[str, torch.Tensor]] = {}  # (path, tensor) of parameters and buffers, by node
        self._layers: dict[str, Any] = {}  # key of the layer at each path
        self._size_reads: dict[tuple[SizeRead, tuple[str, ...]], tuple[str, ...]] = {}  # the scope of each

    @property
    def innermost(self) -> str:
        """Path of the module whose forward is running; empty for the outermost."""
        return self._scope[-1] if self._scope else ""

    def enter(self, path: str, module: nn.Module) -> None:
        """Ops from now on are inside this module."""
        self._scope.append(path)
        self.classes[path] = type(module).__name__

    def move_into(self, modules: Iterable[tuple[str, str]]) -> None:
        """Ops from now on are inside these modules, given by path and class name, outermost first."""
        around = dict(modules)
        self.classes.update(around)
        self._scope = [path for path in around if path]

    def leave(self) -> None:
        """The innermost module has returned."""
        self._scope.pop()

    def add_input(self, op: Input) -> str:
        """An input of the network. Returns the name of its node."""
        return self._add(f"input:{op.name}" if op.name else "input", op, (), {}, "")

    def add_output(self, value: Any) -> str:
        """What the network returns: `Ref`s, in tuples, lists and dicts."""
        self._scope.clear()
        return self._add("output", Output(), (value,), {}, "")

    def add_layer(self, path: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """A call of a layer that is kept whole."""
        self.classes[path] = type(module).__name__
        self._used.update(self._canonical.get(id(p), f"{path}.{name}") for name, p in module.named_parameters())
        layer = Layer.from_module(module)
        self._layers.setdefault(path, layer.key)
        return self._add(path, layer, args, kwargs, path)

    def add_op(self, op: Op, args: tuple[Any, ...], kwargs: dict[str, Any], dims: int = 4) -> str:
        """A call of a function or method, on a tensor of so many dims; of the functional form of a layer on the
        module's own tensors, that layer."""
        if isinstance(op, Function):
            owned = functional_as_layer(op.call, args, kwargs, self._tensors, dims)
            if owned is not None:
                layer = Layer.from_module(owned.layer)
                expected = layer_key_at(self.module, owned.path, layer.key)
                if layer.key == expected and self._layers.setdefault(owned.path, layer.key) == layer.key:
                    return self._add(owned.path, layer, (owned.input,), {}, owned.path)
        title = str(getattr(op, "name", "op")).partition(".")[0].strip("_") or "op"
        return self._add(f"{self.innermost}.{title}" if self._scope else title, op, args, kwargs, "")

    def add_tensor(self, path: str, tensor: torch.Tensor) -> str:
        """A tensor of a module that the code reads itself. The same node for every reader. One that is neither a
        parameter nor a buffer was made while tracing, and keeps its numbers. Raises CaptureError for a sparse one."""
        if path in self.nodes and isinstance(self.nodes[path].op, Constant):
            return path
        refuse_tensor(tensor, path)
        self._used.add(self._canonical.get(id(tensor), path))
        value = None if path in self._registered or tensor.is_meta else tensor.detach().cpu().clone()
        is_parameter = isinstance(tensor, nn.Parameter) or path in self._parameters  # a scripted module forgets it
        op = Constant(tensor.detach().to("meta"), is_parameter, value)
        name = self._add(path, op, (), {}, path)
        self._tensors[name] = (path, tensor)
        return name

    def add_constant(self, tensor: torch.Tensor) -> str:
        """A tensor that is neither a parameter nor a buffer: it keeps its numbers. Raises CaptureError for one that
        torch.func follows, or a sparse one."""
        refuse_tensor(tensor)
        path = self._unique("_".join((*self.innermost.split("."), "constant")).lstrip("_"), "_")
        value = tensor.detach().cpu().clone()
        return self._add(path, Constant(value.to("meta"), False, value), (), {}, path)

    def add_size_read(self, read: SizeRead, names: tuple[str, ...]) -> None:
        """The code has read sizes of what these nodes hold, in this order."""
        self._size_reads.setdefault((read, names), tuple(self._scope))

    def build(self, title: str, key: str) -> Architecture:
        """The snapshot. A constant that was only read by what became a layer is left out."""
        read = {name for node in self.nodes.values() for name in node.inputs}
        kept = {n: node for n, node in self.nodes.items() if n in read or not isinstance(node.op, Constant)}
        nodes = with_size_reads(_keep_discarded(kept), self._size_reads)
        return Architecture(title, nodes, self.classes, self.unused_params(), key, shared_parameters(self.module))

    def unused_params(self) -> Mapping[str, int]:
        """Parameters that the forward never reads, summed by the outermost module that holds only such."""
        found: dict[str, int] = {}
        for path, parameter in self.module.named_parameters():
            if path not in self._used:
                top = path.split(".", 1)[0]
                found[top] = found.get(top, 0) + parameter.numel()
        return found

    def _add(self, title: str, op: Op, args: tuple[Any, ...], kwargs: dict[str, Any], path: str) -> str:
        name = self._unique(title, ":")
        self.nodes[name] = Node(name, op, args, kwargs, tuple(p for p in self._scope if p != path), path)
        return name

    def _unique(self, name: str, mark: str) -> str:
        while name in self.nodes:
            count = self._counts[name] = self._counts.get(name, 1) + 1
            if (numbered := f"{name}{mark}{count}") not in self.nodes:
                return numbered
        return name


def with_size_reads(nodes: Mapping[str, Node], reads: SizeReads) -> dict[str, Node]:
    """Nodes with what was read of their sizes, before the output."""
    *body, output = nodes.values()
    taken = sum(size_read_of(node.op) is not None for node in body)
    for number, ((read, names), scope) in enumerate(reads.items(), taken + 1):
        name = ".".join((*scope[-1:], f"size_read:{number}"))
        body.append(Node(name, Function(read), tuple(map(Ref, names)), scope=scope))
    return {node.name: node for node in (*body, output)}


def _keep_discarded(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """Nodes as traced, with layers that run although their result is not returned tied to the output: they cost what
    they cost, and hold their parameters."""
    reached: set[str] = set()
    for node in reversed(list(nodes.values())):
        if node.name in reached or isinstance(node.op, Output):
            reached.update((node.name, *node.inputs))
    read = {name for node in nodes.values() for name in node.inputs}
    trained = {node.name for node in nodes.values() if isinstance(node.op, Constant) and node.op.is_parameter}
    runs: set[str] = set()  # a layer, or an op on parameters, whose result is not returned, and what is made of it
    for node in nodes.values():
        layer = isinstance(node.op, Layer) and node.op.has_tensors
        if node.name not in reached and (layer or not (runs | trained).isdisjoint(node.inputs)):
            runs.add(node.name)
    if not runs:
        return dict(nodes)
    discarded = [Ref(name) for name in nodes if name in runs and name not in read]
    return {
        name: node.replace(kwargs={"discarded": discarded}) if isinstance(node.op, Output) else node
        for name, node in nodes.items()
    }
