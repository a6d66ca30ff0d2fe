"""From a snapshot back to a live `nn.Module`: the network as edited, to run, train, save or trace again."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import fx, nn

from explorer.graph.architecture import Architecture, Bypass, Constant, Function, Input, Layer, Method, Node, Output


def build_module(
    architecture: Architecture, tensors: Mapping[str, Mapping[str, torch.Tensor]] | None = None
) -> fx.GraphModule:
    """The network as a module of its own, in eval mode, with the paths its layers have.

    Args:
        tensors: numbers for each node that holds any, by name of the node and of the tensor in it; without them the
            module is on the meta device.
    """
    root = nn.Module()
    graph = fx.Graph()
    made: dict[str, fx.Node] = {}
    held = {name: node for name, node in architecture.live.items() if isinstance(node.op, (Layer, Constant))}
    for name, node in sorted(held.items(), key=lambda item: item[1].path.count(".")):  # outer modules first
        _register(root, node, tensors.get(name) if tensors is not None else None)
    for node in architecture.live.values():
        made[node.name] = _emit(graph, node, made)
    graph.lint()
    return fx.GraphModule(root, graph, class_name=to_class_name(architecture.title)).eval()


def _register(root: nn.Module, node: Node, tensors: Mapping[str, torch.Tensor] | None) -> None:
    owner_path, _, name = node.path.rpartition(".")
    owner = _find_owner(root, owner_path)
    if isinstance(node.op, Constant):
        value = tensors[""] if tensors is not None else node.op.tensor
        if node.op.is_parameter:
            owner.register_parameter(name, nn.Parameter(value))
        else:
            owner.register_buffer(name, value)
        return
    assert isinstance(node.op, Layer)
    if name not in owner._modules:  # several nodes may call one layer
        owner.add_module(name, _copy_with_tensors(node.op.module, tensors))


def _find_owner(root: nn.Module, path: str) -> nn.Module:
    owner = root
    for part in filter(None, path.split(".")):
        if part not in owner._modules:
            owner.add_module(part, nn.Module())
        inner = owner._modules[part]
        assert inner is not None
        owner = inner
    return owner


def _copy_with_tensors(module: nn.Module, tensors: Mapping[str, torch.Tensor] | None, prefix: str = "") -> nn.Module:
    """A copy that shares nothing mutable with the snapshot's, with these numbers in it."""
    twin = copy.copy(module)
    parameters: dict[str, nn.Parameter | None] = {}
    for name, like in module._parameters.items():
        value = like if tensors is None or like is None else tensors[prefix + name]
        parameters[name] = None if value is None else nn.Parameter(value.detach(), requires_grad=True)
    buffers = {
        name: like if tensors is None or like is None else tensors.get(prefix + name)
        for name, like in module._buffers.items()
    }
    children = {
        name: None if child is None else _copy_with_tensors(child, tensors, f"{prefix}{name}.")
        for name, child in module._modules.items()
    }
    hooks = {name: copy.copy(held) for name, held in module.__dict__.items() if "_hooks" in name}
    twin.__dict__.update(_parameters=parameters, _buffers=buffers, _modules=children, **hooks)
    return twin


def _emit(graph: fx.Graph, node: Node, fx_nodes: Mapping[str, fx.Node]) -> fx.Node:
    op = node.op
    args, kwargs = node.bind_arguments(fx_nodes)
    if isinstance(op, Input):
        return graph.placeholder("x")
    if isinstance(op, Output):
        returned: fx.Node = graph.output(args[0])  # torch leaves it untyped
        return returned
    if isinstance(op, Bypass):
        passed: fx.Node = args[0]
        return passed
    if isinstance(op, Constant):
        return graph.get_attr(node.path)
    if isinstance(op, Layer):
        return graph.call_module(node.path, args, kwargs)
    if isinstance(op, Method):
        return graph.call_method(op.name, args, kwargs)
    assert isinstance(op, Function)
    made_call: fx.Node = graph.call_function(op.call, args, kwargs)
    return made_call


def to_class_name(title: str) -> str:
    """A title as the name of a class: "MobileNet v2" as MobileNetV2."""
    words = "".join(mark if mark.isalnum() and mark.isascii() else " " for mark in title).split()
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Network{name}"
