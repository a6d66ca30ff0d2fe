"""Exported programs (`torch.export`) as snapshots: their aten ops as the functions and layers that they came from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from explorer.analysis.example_inputs import Example
from explorer.analysis.other_sizes import hold_sizes, with_held_sides
from explorer.analysis.verification import VerifiedModule, verify_snapshot
from explorer.graph.size_reads import exported_size
from explorer.graph.trace import snapshot_of_graph


def open_program(program: Any, example: Example, title: str) -> VerifiedModule:
    """Return an exported program as a snapshot that was compared with it. Sides of its input that were not exported as
    dynamic stay as they are. Raises TraceError where it fails on the example."""
    found = _compare(program, example, title)
    inputs = zip(example.args, program_inputs(program).values(), strict=True)
    (shape,) = [value.shape for given, value in inputs if given is example.main]
    fixed = [axis for axis, side in enumerate(shape) if isinstance(side, int) and axis != 1]  # channels are a width
    return replace(found, architecture=with_held_sides(found.architecture, fixed, exported_size))


def program_inputs(program: Any) -> dict[str, Any]:
    """Return what an exported program takes, by name: tensors without numbers, or plain values."""
    names = [spec.arg.name for spec in program.graph_signature.input_specs if spec.kind.name == "USER_INPUT"]
    nodes = {node.name: node for node in program.graph.nodes}
    return {name: nodes[name].meta["val"] for name in names}


def open_script(module: nn.Module, example: Example, title: str) -> VerifiedModule:
    """Return a TorchScript program as a snapshot that was compared with it, at other sizes too. Raises TraceError where
    it fails on the example."""
    parameters = [path for path, _ in module.named_parameters()]
    found = _compare(_script_to_program(module, example.main), example, title, parameters)
    return replace(found, architecture=hold_sizes(found.architecture, module, example))


def _compare(program: Any, example: Example, title: str, parameters: Collection[str] = ()) -> VerifiedModule:
    """The program as a snapshot. `parameters`: paths of tensors that are trained, where it does not know it."""
    module: fx.GraphModule = program.module()
    for path in parameters:
        owner, _, name = path.rpartition(".")
        held = module.get_submodule(owner)
        if isinstance(tensor := held._buffers.pop(name, None), torch.Tensor):
            held.register_parameter(name, nn.Parameter(tensor))
    module.graph = _in_torch_functions(module)
    architecture = snapshot_of_graph(module, [example.ops[id(value)] for value in example.args], title)
    return verify_snapshot(architecture, program.module(check_guards=False), example, title)


def _in_torch_functions(module: fx.GraphModule) -> fx.Graph:
    """The graph with torch's own functions in the place of aten's ops, and without checks of the input."""
    graph = fx.Graph()
    made: dict[fx.Node, Any] = {}
    for node in module.graph.nodes:
        if node.op == "call_module" and str(node.target).startswith("_guards"):
            continue
        args = _plain(fx.map_arg(node.args, made.__getitem__))
        kwargs = fx.map_arg(node.kwargs, made.__getitem__)
        if node.op == "output":
            value = args[0]
            made[node] = graph.output(value[0] if isinstance(value, (tuple, list)) and len(value) == 1 else value)
            continue
        new = graph.create_node(node.op, *_call_of(node, args, kwargs)) if node.op == "call_function" else None
        made[node] = new = graph.create_node(node.op, node.target, args, kwargs, node.name) if new is None else new
        stack = node.meta.get("nn_module_stack") or {}
        new.meta["nn_module_stack"] = stack if any(path for path, _ in stack.values()) else _stack_of_weights(node)
    return graph


def _plain(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Sizes as the tuples that layers keep them as."""
    return tuple(tuple(arg) if isinstance(arg, list) and all(isinstance(i, int) for i in arg) else arg for arg in args)


def _stack_of_weights(node: fx.Node) -> dict[str, tuple[str, str]]:
    """Where a program says nothing of its modules (one that was TorchScript): inside those whose weights it reads."""
    read = [str(source.target) for source in node.all_input_nodes if source.op == "get_attr"]
    parts = read[0].split(".")[:-1] if read else []
    paths = [".".join(parts[: at + 1]) for at in range(len(parts))]
    return {path: (path, path.rpartition(".")[2]) for path in paths}


def _call_of(node: fx.Node, args: Any, kwargs: Any) -> tuple[Any, ...]:
    """Function, arguments and name of a call: of torch where aten's op is nothing else."""
    target: Any = node.target
    if not isinstance(target, torch._ops.OpOverload) or target.namespace != "aten":
        return target, args, kwargs, node.name
    name = target._schema.name.removeprefix("aten::")
    if name.endswith("_") and not name.endswith("__"):
        name = name[:-1]  # in place; its result is what is read afterwards
    if name in ("convolution", "_convolution") and not args[6]:
        convolution = (F.conv1d, F.conv2d, F.conv3d)[len(args[3]) - 1]
        return convolution, (*args[:6], args[8]), {}, name
    if name in _REORDERED:
        function, order = _REORDERED[name]
        said = dict(zip((argument.name for argument in target._schema.arguments), args, strict=False)) | kwargs
        return function, tuple(said.get(argument) for argument in order), {}, name
    for home in (torch, F):
        found = getattr(home, name, None)
        if callable(found) and name not in _OTHER_ARGUMENTS:
            return found, args, kwargs, name
    return target, args, kwargs, name


#: Functions whose arguments stand in another order than those of aten's op.
_REORDERED: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "batch_norm": (
        F.batch_norm,
        ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
    ),
    "layer_norm": (F.layer_norm, ("input", "normalized_shape", "weight", "bias", "eps")),
    "group_norm": (F.group_norm, ("input", "num_groups", "weight", "bias", "eps")),
    "linear": (F.linear, ("input", "weight", "bias")),
}

#: What torch calls alike and does not call alike.
_OTHER_ARGUMENTS = frozenset({"to", "tensor", "arange", "full", "zeros", "ones", "scalar_tensor", "normal", "split"})


def _script_to_program(module: Any, example: torch.Tensor) -> Any:
    """A TorchScript program as an exported one."""
    from torch._export.converter import TS2EPConverter

    return TS2EPConverter(module, (example,)).convert()
