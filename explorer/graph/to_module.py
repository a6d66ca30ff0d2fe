"""From a snapshot back to a live `nn.Module`: the edited network, to run, train, save or trace again."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Hashable, Mapping
from keyword import iskeyword
from typing import Any
from unicodedata import normalize

import torch
from torch import fx, nn

from explorer.graph.architecture import Architecture
from explorer.graph.module_copy import copy_module
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Input, Layer, Method, Output
from explorer.graph.plain_paths import with_plain_paths


def build_module(
    architecture: Architecture, tensors: Mapping[str, Mapping[str, torch.Tensor]] | None = None
) -> fx.GraphModule:
    """The network as a module of its own, in eval mode, with the paths its layers have.

    Args:
        tensors: numbers for each node that holds any, by name of the node and of the tensor in it; without them the
            module is on the meta device.
    """
    architecture = with_plain_paths(architecture)
    root = nn.Module()
    graph = fx.Graph()
    paths = {name: _speakable(path) for name, path in module_paths(architecture).items()}
    made: dict[str, fx.Node] = {}
    held = {name: node for name, node in architecture.live.items() if isinstance(node.op, (Layer, Constant))}
    for name, node in sorted(held.items(), key=lambda item: paths[item[0]].count(".")):  # outer modules first
        _register(root, node, paths[name], tensors.get(name) if tensors is not None else None)
    for node in architecture.live.values():
        made[node.name] = _emit(graph, root, node, paths.get(node.name, ""), made)
    graph.lint()
    _tie(root, architecture, paths)
    module = fx.GraphModule(root, graph, class_name=to_class_name(architecture.title)).eval()
    _restore_keywords(module)
    return module


def _speakable(path: str) -> str:
    """A path as torch.fx can write it in code: it forgets that `self.class` is none."""
    return ".".join(f"{part}_" if iskeyword(part) else part for part in path.split("."))


def _restore_keywords(module: nn.Module) -> None:
    """Give modules and tensors whose name is a keyword of Python their own name in the state; the code finds them by
    the other."""
    for part in list(module.modules()):
        for held in (part._modules, part._parameters, part._buffers):
            for name in [name for name in held if name.endswith("_") and iskeyword(name[:-1])]:
                value = held[name]
                renamed = {(key[:-1] if key == name else key): item for key, item in held.items()}
                held.clear()
                held.update(renamed)  # type: ignore[arg-type]
                part.__dict__[name] = value


def argument_name(op: Input) -> str:
    """The name of an input as an argument of `forward`: "x" for the only one."""
    name = re.sub(r"\W+", "_", op.name).strip("_")
    return f"x_{name}" if name[:1].isdigit() or iskeyword(name) or name in ("self", "torch", "nn", "F") else name or "x"


def complete_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict with the buffers that torch leaves out of it: without them a layer that is made anew, and not by
    its constructor, would compute something else."""
    found = dict(module.state_dict())
    for path, part in module.named_modules():
        for name in part._non_persistent_buffers_set:
            buffer = part._buffers.get(name)
            if buffer is not None:
                found[f"{path}.{name}" if path else name] = buffer
    return found


def speak_keywords(module: nn.Module) -> None:
    """Give modules and tensors that `build_module` left with a keyword of Python for a name one that can stand in
    code, `class_`: programs that write code of the module need it."""
    for part in list(module.modules()):
        for held in (part._modules, part._parameters, part._buffers):
            for name in [name for name in held if iskeyword(name)]:
                renamed = {(f"{key}_" if key == name else key): item for key, item in held.items()}
                held.clear()
                held.update(renamed)  # type: ignore[arg-type]
                part.__dict__.pop(f"{name}_", None)


def module_paths(architecture: Architecture) -> dict[str, str]:
    """Return where each layer and tensor lives in the module that is built, by name of its node.

    A layer that is called at several places is one module, unless an edit gave one of the calls other settings: that
    call has a layer of its own then. A tensor that tracing put at the outermost level belongs to whom reads it. A
    weight that the code reads as well is no longer the layer's once an edit changed the layer. A layer around which an
    edit made a block lives in that. Copies have names that can be written.
    """
    architecture = with_plain_paths(architecture)
    held: dict[str, Hashable] = {}
    paths: dict[str, str] = {}
    readers: dict[str, list[Node]] = {}
    for node in architecture.live.values():
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    edited = {
        node.path
        for node in architecture.live.values()
        if isinstance(node.op, Layer) and (node.added or node.original is not None)
    }
    for node in architecture.live.values():
        path = node.home or node.path
        if isinstance(node.op, Constant) and path.startswith("_tensor_constant"):
            scopes = [reader.scope for reader in readers.get(node.name, ()) if reader.scope]
            if scopes and len(scopes) == len(readers[node.name]) and all(scope == scopes[0] for scope in scopes):
                path = f"{scopes[0][-1]}.tensor_constant"
        if isinstance(node.op, Constant) and path.rpartition(".")[0] in edited:
            path = "_".join(path.rsplit(".", 1))  # an edited layer has a weight of its own under that name
        if isinstance(node.op, (Layer, Constant)):
            wished, count = path, 1
            own = isinstance(node.op, Constant) or node.op.has_tensors  # two paths are two sets of weights
            mine = (node.path if own else "", node.op.key)
            while held.setdefault(path, mine) != mine:
                count += 1
                path = f"{wished}_{count}"
            paths[node.name] = path
    return paths


def _register(root: nn.Module, node: Node, path: str, tensors: Mapping[str, torch.Tensor] | None) -> None:
    owner_path, _, name = path.rpartition(".")
    owner = _find_owner(root, owner_path)
    if isinstance(node.op, Constant):
        held = tensors[""] if tensors else node.op.tensor
        value = held if node.op.value is None else node.op.value
        if node.op.is_parameter:
            owner.register_parameter(name, nn.Parameter(value))
        else:
            owner.register_buffer(name, value)
        return
    assert isinstance(node.op, Layer)
    if name not in owner._modules:  # several nodes may call one layer
        owner.add_module(name, _copy_with_tensors(node.op.module, tensors))


def _tie(root: nn.Module, architecture: Architecture, paths: Mapping[str, str]) -> None:
    """Let layers that no edit touched share the parameters that they shared, also with what the code reads itself."""
    read = {node.path: paths[name] for name, node in architecture.live.items() if isinstance(node.op, Constant)}
    edited = {_speakable(node.path) for node in architecture.live.values() if node.added or node.original is not None}
    for path, first in architecture.shared_params.items():
        (owner, _, name), (holder, _, held) = (
            _speakable(known).rpartition(".") for known in (path, read.get(first, first))
        )
        parameters, others = (_parameters_at(root, place) for place in (owner, holder))
        if name in parameters and held in others and not edited & {owner, holder}:
            parameters[name] = others[held]


def _parameters_at(root: nn.Module, path: str) -> dict[str, nn.Parameter | None]:
    for part in filter(None, path.split(".")):
        inner = root._modules.get(part)
        if inner is None:
            return {}
        root = inner
    return root._parameters


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
    twin = copy_module(module, parameters, buffers, children)
    twin.__dict__.update({name: copy.copy(held) for name, held in twin.__dict__.items() if "_hooks" in name})
    return twin


def _emit(graph: fx.Graph, root: nn.Module, node: Node, path: str, fx_nodes: Mapping[str, fx.Node]) -> fx.Node:
    op = node.op
    args, kwargs = node.bind_arguments(fx_nodes)
    if isinstance(op, Input):
        return graph.placeholder(argument_name(op))
    if isinstance(op, Output):
        returned: fx.Node = graph.output(args[0])  # torch leaves it untyped
        return returned
    if isinstance(op, Bypass):
        passed: fx.Node = args[0]
        return passed
    if isinstance(op, Constant):
        return graph.get_attr(path)
    if isinstance(op, Layer):
        return graph.call_module(path, args, kwargs)
    if isinstance(op, Method):
        return graph.call_method(op.name, args, kwargs)
    assert isinstance(op, Function)
    mode = graph.get_attr("training") if follow_mode(op.call, args, kwargs, None) is not None else None
    args, kwargs = follow_mode(op.call, args, kwargs, mode) or (args, kwargs)
    made_call: fx.Node = graph.call_function(_named(op.call), args, kwargs)
    return made_call


def _named(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function as torch.fx can name it in code: the `apply` of an autograd function is built in, and of no module."""
    owner = getattr(call, "__self__", None)
    if not isinstance(owner, type) or getattr(call, "__module__", "") is not None:
        return call

    def named(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    named.__module__, named.__name__ = owner.__module__, f"{owner.__name__}_{call.__name__}"
    return named


#: Where functions that torch writes in C++ have the mode: their signatures do not say.
_MODE_PLACES: Mapping[Any, tuple[int, str]] = {
    torch.dropout: (2, "train"),
    torch.alpha_dropout: (2, "train"),
    torch.feature_dropout: (2, "train"),
    torch.feature_alpha_dropout: (2, "train"),
    torch.rrelu: (3, "training"),
}


def follow_mode(
    call: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], mode: Any
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Return the arguments of a call with `mode` in the place of the mode it was recorded in; None where it has none.

    Networks are recorded in eval mode: what has the value of `self.training` there is False. A branch on the mode is
    recorded as it goes in eval mode, and cannot be followed.
    """
    place, name = _MODE_PLACES.get(call) or _find_mode(call)
    if not name:
        return None
    if name in kwargs:
        return (args, {**kwargs, name: mode}) if kwargs[name] is False else None
    if place >= len(args) or args[place] is not False:
        return None
    if call in _MODE_PLACES:
        return (*args[:place], mode, *args[place + 1 :]), dict(kwargs)
    names = list(inspect.signature(call).parameters)
    return args[:place], {**dict(zip(names[place:], args[place:], strict=False)), **kwargs, name: mode}


def _find_mode(call: Callable[..., Any]) -> tuple[int, str]:
    """The place of the parameter `training` of a function, and its name; "" where it has none."""
    try:
        names = list(inspect.signature(call).parameters)
    except (TypeError, ValueError):  # what torch writes in C++ does not say
        return 0, ""
    return (names.index("training"), "training") if "training" in names else (0, "")


def to_class_name(title: str) -> str:
    """A title as the name of a class: "MobileNet v2" as MobileNetV2. Letters of any language are kept."""
    letters = normalize("NFKC", title)  # as Python reads names
    words = "".join(mark if mark.isalnum() and f"a{mark}".isidentifier() else " " for mark in letters).split()
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Network{name}"
