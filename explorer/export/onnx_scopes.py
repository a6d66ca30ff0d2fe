"""The groups of a network in its ONNX file: every node says which modules it is in.

torch's exporter writes into a node's metadata the modules that were being called. A function between layers, such as
the addition of a shortcut or a channel shuffle, is called by none and would lie outside of its block. So it is called
by a module of its own while torch exports, and what is written is the snapshot's own scopes and classes, which viewers
show and `explorer.opening.onnx_groups` reads.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import fx, nn

from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Input, Layer, Output
from explorer.graph.plain_paths import with_plain_paths

#: What torch's exporter calls the paths and classes of the modules around a node, outermost first, and the op itself.
SCOPES, CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"


class _Call(nn.Module):
    """A function, or a method of its first argument, as a module."""

    def __init__(self, call: Callable[..., Any] | str) -> None:
        super().__init__()
        self.call = call

    def forward(self, first: Any, *args: Any, **kwargs: Any) -> Any:
        call = getattr(first, self.call) if isinstance(self.call, str) else self.call
        return call(*args, **kwargs) if isinstance(self.call, str) else call(first, *args, **kwargs)


@dataclass(frozen=True)
class NodesByPath:
    """The nodes of a snapshot by the path of the module that calls them in an export."""

    architecture: Architecture
    nodes: Mapping[str, Node]

    def find(self, paths: Iterable[str]) -> Node | None:
        """Return the node that runs in the innermost of some modules, by what torch calls these."""
        found = (self.nodes.get(path.removeprefix("module.")) for path in reversed([*paths]))
        return next((node for node in found if node is not None), None)

    def class_of(self, path: str) -> str:
        """Return the class of a module around layers; empty where it is not known."""
        return self.architecture.module_classes.get(path, "")


def call_functions_by_modules(module: fx.GraphModule, architecture: Architecture) -> NodesByPath:
    """Let each function of a module that was built of a snapshot be called by a module of its own."""
    architecture = with_plain_paths(architecture)
    live = [node for node in architecture.live.values() if not isinstance(node.op, (Input, Output))]
    calls = [call for call in module.graph.nodes if call.op not in ("placeholder", "output")]
    if len(live) != len(calls):  # an op that was written in several
        return NodesByPath(architecture, {})
    nodes: dict[str, Node] = {}
    for number, (node, call) in enumerate(zip(live, calls, strict=True)):
        if call.op in ("call_function", "call_method") and call.args:
            path = f"_call_{number}"
            module.add_module(path, _Call(call.target))
            call.op, call.target = "call_module", path
        nodes.setdefault(str(call.target), node)
    module.recompile()
    return NodesByPath(architecture, nodes)


def write_scopes(model: Any, nodes: NodesByPath) -> None:
    """Write into each node of an `onnx_ir.Model` that torch has exported which modules of the snapshot it is in.

    What the exporter's optimisation has made is in those that all of its readers are in.
    """
    scopes: dict[Any, tuple[str, ...]] = {}
    for op in reversed(list(model.graph)):
        node = nodes.find(_paths_in(op))
        if node is not None:
            scopes[op] = tuple(filter(None, node.scope))
        else:
            readers = [scopes.get(use.node, ()) for output in op.outputs for use in output.uses()]
            scopes[op] = _shared(readers)
        modules = [(path, nodes.class_of(path)) for path in scopes[op]]
        if node is not None and isinstance(node.op, Layer):
            modules.append((node.path, type(node.op.module).__name__))
        op.metadata_props[SCOPES] = repr(["", *(path for path, _ in modules), op.name or op.op_type])
        op.metadata_props[CLASSES] = repr([nodes.architecture.title, *(kind for _, kind in modules), op.op_type])
        op.metadata_props.pop("namespace", None)


def _shared(scopes: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What several scopes begin with."""
    levels = zip(*scopes, strict=False)
    return tuple(level[0] for level in itertools.takewhile(lambda level: len(set(level)) == 1, levels))


def _paths_in(op: Any) -> list[str]:
    """The modules that torch says an op is in, outermost first; none for what its optimisation has made."""
    try:
        *paths, _ = ast.literal_eval(op.metadata_props.get(SCOPES, ""))
    except (ValueError, SyntaxError):
        return []
    return [str(path) for path in paths]
