"""From a live `nn.Module` to an `Architecture`.

torch.fx does the tracing. Around it: functional ops stay nodes, `channel_shuffle` stays one node (traced through it
would be eight of view and transpose), one ReLU object called at three places becomes three nodes, in-place ops become
plain ones, and a submodule that fx cannot follow becomes one opaque node instead of an error.
"""

from __future__ import annotations

import copy
import inspect
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from torch import fx, nn
from torchvision.models.shufflenetv2 import channel_shuffle
from torchvision.ops import StochasticDepth

from explorer.base.gc_pause import gc_paused
from explorer.base.languages import join_list, tr
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref, plain_value
from explorer.graph.channel_norms import CHANNEL_LAYER_NORMS
from explorer.graph.interception import INTERCEPTING
from explorer.graph.node_list import NodeList
from explorer.graph.ops import Input
from explorer.graph.out_of_place import function_out_of_place, method_out_of_place

#: Modules kept whole although they are not torch.nn's own: inside they are noise.
LEAF_MODULES: tuple[type[nn.Module], ...] = (StochasticDepth, *CHANNEL_LAYER_NORMS)


class TraceError(ValueError):
    """A module that cannot be followed. The message says where and why."""


@gc_paused()
def trace(
    module: nn.Module,
    input_shape: tuple[int, ...],
    *,
    title: str = "",
    key: str = "",
    input_op: Input | None = None,
) -> Architecture:
    """Follow `module` on an input of shape (batch, channels, height, width) and keep its graph.

    The module is traced in the mode it is in, except that a network in training mode as a whole is put in eval mode
    first and back afterwards: a trace in train mode would bake dropout in. Nothing is run and no weight is read.

    Raises:
        TraceFailure: the forward pass depends on the values of a tensor at the outermost level, or raised.
    """
    modes = {part: part.training for part in module.modules()}
    if all(modes.values()):
        module.eval()
    try:
        with _without_proxies(module):
            graph = _trace_with_opaque(module)
    finally:
        for part, training in modes.items():
            part.training = training
    return _GraphConverter(module, graph, [input_op or Input(input_shape)]).build(title or type(module).__name__, key)


def snapshot_of_graph(module: nn.Module, input_ops: Sequence[Input], title: str = "") -> Architecture:
    """Keep a graph that is there already, `module.graph`, with the modules that its nodes say they come from.

    `input_ops` stand for its placeholders, in order. Raises TraceError where these are others.
    """
    graph: Any = module.graph
    return _GraphConverter(module, graph, input_ops).build(title or type(module).__name__, "")


class _Tracer(fx.Tracer):
    def __init__(self, opaque: frozenset[str], wrap: tuple[Callable[..., Any], ...]) -> None:
        super().__init__(autowrap_functions=(channel_shuffle, *wrap))
        self.opaque = opaque
        self.active_modules: list[str] = []  # the modules being followed, so that a failure can name the innermost
        self._thread = threading.get_ident()

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if module_qualified_name in self.opaque or isinstance(m, LEAF_MODULES):
            return True
        return super().is_leaf_module(m, module_qualified_name)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if threading.get_ident() != self._thread:  # torch.fx takes over the calls of all modules there are
            return forward(*args, **kwargs)
        self.active_modules.append(self.path_of_module(m))
        result = super().call_module(m, forward, args, kwargs)
        self.active_modules.pop()  # not in a finally: after a failure the stack must still say where it was
        return result

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """The value of an attribute of a module: a proxy of a parameter only in the thread that traces."""
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def _trace_with_opaque(module: nn.Module) -> fx.Graph:
    """Trace, making each submodule that refuses opaque, innermost first, until it works."""
    opaque: frozenset[str] = frozenset()
    wrap = _find_shuffle_functions(module)
    while True:
        tracer = _Tracer(opaque, wrap)
        try:
            with INTERCEPTING:
                return tracer.trace(module)
        except Exception as failure:
            if not tracer.active_modules or tracer.active_modules[-1] in opaque:
                raise TraceError(_explain_failure(module, failure)) from failure
            opaque |= {tracer.active_modules[-1]}


@contextmanager
def _without_proxies(module: nn.Module) -> Iterator[None]:
    """What the forward keeps in attributes of its own is a proxy while it is traced: put back what was there, which a
    run would read."""
    before = {
        part: {name: copy.copy(held) if type(held) in (list, dict) else held for name, held in part.__dict__.items()}
        for part in module.modules()
    }
    try:
        yield
    finally:
        for part, kept in before.items():
            for name in [name for name, held in part.__dict__.items() if _holds_proxy(held)]:
                del part.__dict__[name]
                if name in kept:
                    part.__dict__[name] = kept[name]


def _holds_proxy(value: Any) -> bool:
    if type(value) in (list, tuple, dict):
        return any(map(_holds_proxy, value.values() if isinstance(value, dict) else value))
    return isinstance(value, fx.Proxy)


def _find_shuffle_functions(module: nn.Module) -> tuple[Callable[..., Any], ...]:
    """Every function called `channel_shuffle` that the module's own code can see."""
    found: dict[int, Callable[..., Any]] = {}
    for part in module.modules():
        seen = getattr(getattr(type(part), "forward", None), "__globals__", {}).get("channel_shuffle")
        if inspect.isfunction(seen):
            found[id(seen)] = seen
    return tuple(found.values())


def describe_place(failure: Exception) -> str:
    """Return the innermost line of a module's code that led to a failure, neither of torch's nor ours:
    " at line 12 of net.py (return self.fc(x))". Empty where that is not known."""
    for frame in reversed(traceback.extract_tb(failure.__traceback__)):
        file = Path(frame.filename)
        if "torch" not in file.parts and _OURS not in file.parents:
            return tr(" at line {line} of {file} ({code})", line=frame.lineno, file=file.name, code=frame.line or "…")
    return ""


#: The folder of our own code.
_OURS = Path(__file__).parents[1]


def _explain_failure(module: nn.Module, failure: Exception) -> str:
    reason = str(failure).strip().splitlines()[0] if str(failure).strip() else type(failure).__name__
    return tr(
        "{kind} cannot be traced{where}: {reason}. Its forward must not branch or loop on "
        "the values of tensors; move that part into a submodule, which is then shown as one "
        "card.",
        kind=type(module).__name__,
        where=describe_place(failure),
        reason=reason,
    )


class _GraphConverter:
    """Turns one traced fx graph into frozen nodes."""

    def __init__(self, module: nn.Module, graph: fx.Graph, input_ops: Sequence[Input]) -> None:
        self.module = module
        self.graph = graph
        self.input_ops = list(input_ops)  # those to come
        self.nodes = NodeList(module)
        self.names: dict[fx.Node, str] = {}
        self.tuples: dict[fx.Node, tuple[Any, ...]] = {}

    def build(self, title: str, key: str) -> Architecture:
        inputs = [node for node in self.graph.nodes if node.op == "placeholder"]
        required = [node for node in inputs if not node.args]
        if len(required) > len(self.input_ops):
            names = join_list(str(node.target) for node in required)
            raise TraceError(
                tr(
                    "{kind} takes {count} inputs ({names}); one image is needed.",
                    kind=type(self.module).__name__,
                    count=len(required),
                    names=names,
                )
            )
        for node in self.graph.nodes:
            self.add_node(node)
        return self.nodes.build(title, key)

    def add_node(self, node: fx.Node) -> None:
        if node.op == "placeholder" and not self.input_ops:  # an optional second argument: keep its default
            self.names[node] = ""
            return
        if self.is_identity(node):
            self.names[node] = self.names[node.all_input_nodes[0]]  # says nothing, and would tear units apart
            return
        if isinstance(node.target, type) and issubclass(node.target, tuple):  # outputs with names are a plain tuple
            self.tuples[node] = tuple(self.convert_arguments(value) for value in (*node.args, *node.kwargs.values()))
            return
        self.nodes.move_into(self.find_scope(node))
        self.names[node] = self.convert(node)

    def is_identity(self, node: fx.Node) -> bool:
        """Whether it gives back the tensor that it takes: `nn.Identity`, and `x.data`."""
        if node.op == "call_module":
            return type(self.module.get_submodule(str(node.target))) is nn.Identity
        return bool(node.target is getattr and node.args[1] == "data" and isinstance(node.args[0], fx.Node))

    def find_scope(self, node: fx.Node) -> list[tuple[str, str]]:
        """Path and class name of each module around a node, outermost first."""
        stack = (node.meta.get("nn_module_stack") or {}).values()
        return [
            (path, kind.__name__ if isinstance(kind, type) else str(kind).rsplit(".", 1)[-1]) for path, kind in stack
        ]

    def convert(self, node: fx.Node) -> str:
        """Add what stands for an fx node. Returns its name."""
        args, kwargs = self.convert_arguments(node.args), self.convert_arguments(dict(node.kwargs))
        path = str(node.target)
        if node.op == "placeholder":
            return self.nodes.add_input(self.input_ops.pop(0))
        if node.op == "output":
            return self.nodes.add_output(args[0])
        if node.op == "call_module":
            return self.nodes.add_layer(path, self.module.get_submodule(path), args, kwargs)
        if node.op == "get_attr":
            owner, _, name = path.rpartition(".")
            return self.nodes.add_tensor(path, getattr(self.module.get_submodule(owner), name))
        if node.op == "call_method":
            return self.nodes.add_op(method_out_of_place(path), args, kwargs)
        assert callable(node.target)
        return self.nodes.add_op(*function_out_of_place(node.target, args, kwargs))

    def convert_arguments(self, value: Any) -> Any:
        if isinstance(value, fx.Node):
            if value in self.tuples:
                return self.tuples[value]
            name = self.names[value]
            return Ref(name) if name else (value.args[0] if value.args else None)
        if isinstance(value, tuple):
            items = [self.convert_arguments(v) for v in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if isinstance(value, list):
            return [self.convert_arguments(v) for v in value]
        if isinstance(value, dict):
            return {k: self.convert_arguments(v) for k, v in value.items()}
        if isinstance(value, slice):
            return slice(*(self.convert_arguments(v) for v in (value.start, value.stop, value.step)))
        if isinstance(value, np.ndarray):
            raise TraceError(tr("an array of numpy is known by its numbers, which only a run tells"))
        return plain_value(value)
