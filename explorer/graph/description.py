"""A piece of a network as plain data: what JSON can hold, read back without running anything that it names.

What is described is read back as the very same layers, or it is refused when it is described: each layer is built anew
from the settings that are written and compared. When it is read, classes are torch's, torchvision's and ours only, and
functions and methods are those of a list.
"""

from __future__ import annotations

import importlib
import inspect
import math
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.overrides import get_overridable_functions

from explorer.base.languages import tr
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.groups import PLAIN_CONTAINERS
from explorer.graph.layers import build_layer, building_as
from explorer.graph.module_copy import module_key
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Function, Input, Layer, Method, Op, Output

#: What a description holds at most: nodes, numbers of one tensor, and letters of a text.
MAX_NODES, MAX_NUMBERS, MAX_NAME = 5000, 2**32, 300
_MAX_WRITTEN = 64  # numbers of a tensor of the code
_VERSION = 1

#: Where layers of other packages are looked for. All of them are classes that torchvision or we define.
_LAYER_HOMES = (
    "torchvision.",
    "explorer.networks.",
    "explorer.parts.",
    "explorer.edits.",
    "explorer.design.",
    "explorer.graph.channel_norms",
)
#: Functions of other packages that blocks call: single ones, as their modules hold others that read files.
_FOREIGN_FUNCTIONS = (
    ("torchvision.models.shufflenetv2", "channel_shuffle"),
    ("torchvision.models.swin_transformer", "_get_relative_position_bias"),
    ("torchvision.models.swin_transformer", "_patch_merging_pad"),
    ("torchvision.models.swin_transformer", "shifted_window_attention"),
    ("torchvision.ops.stochastic_depth", "stochastic_depth"),
)
_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "getitem", "matmul")
_FUNCTIONS = (
    *("add", "sub", "mul", "div", "cat", "concat", "stack", "chunk", "split", "flatten", "permute", "transpose"),
    *("reshape", "squeeze", "unsqueeze", "mean", "sum", "amax", "max", "min", "clamp", "sqrt", "rsqrt", "exp", "log"),
    *("sigmoid", "tanh", "relu", "softmax", "matmul", "bmm", "einsum", "roll", "abs", "pow", "var", "std"),
    *("channel_shuffle", "pixel_shuffle", "conv2d", "batch_norm", "layer_norm", "group_norm", "dropout"),
)
#: Of `torch.nn.functional`, those that call another function of it without saying so to torch.
_FUNCTIONAL = frozenset(("hardsigmoid", "hardswish", "sigmoid", "tanh", "upsample"))
_METHODS = (
    *("view", "reshape", "permute", "transpose", "contiguous", "flatten", "chunk", "split", "squeeze", "unsqueeze"),
    *("expand", "expand_as", "view_as", "repeat", "mean", "sum", "amax", "max", "min", "std", "var", "size", "dim"),
    *("sigmoid", "tanh", "relu", "softmax", "clamp", "sqrt", "rsqrt", "pow", "abs", "exp", "mul", "add", "sub", "div"),
    *("matmul", "type_as", "to", "float", "half", "roll", "narrow", "select", "swapaxes", "masked_fill"),
)


class DescriptionError(ValueError):
    """A piece that cannot be described, or a description that cannot be read. The message names the op."""


def describe_piece(architecture: Architecture) -> dict[str, Any]:
    """Return a network of one image and one output as plain data. Raises DescriptionError, which names what is only
    known where it was made."""
    body = [node for node in architecture.nodes.values() if not isinstance(node.op, (Input, Output))]
    if len(body) > MAX_NODES:
        raise DescriptionError(tr("more than {most:,} operations are not kept as one part", most=MAX_NODES))
    paths = {path for node in body for path in node.scope}
    return {
        "version": _VERSION,
        "shape": list(architecture.input_shape),
        "input": architecture.input.name,
        "output": architecture.output.inputs[0],
        "dtype": _dtype_name(architecture.dtype),
        "nodes": [_describe_node(node) for node in body],
        "classes": {path: name for path, name in architecture.module_classes.items() if path in paths},
    }


def read_piece(found: Any) -> Architecture:
    """Return the network that a description is of. Raises DescriptionError."""
    try:
        return _read_piece(found)
    except DescriptionError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError, OverflowError) as failure:
        raise DescriptionError(tr("this is no description of a block: {reason}", reason=failure)) from failure


def _read_piece(found: Any) -> Architecture:
    if not isinstance(found, dict) or found.get("version") != _VERSION or len(found["nodes"]) > MAX_NODES:
        raise DescriptionError(tr("this is no description of a block: {reason}", reason="version"))
    shape = tuple(_whole(side) for side in found["shape"])
    nodes = {found["input"]: Node(_text(found["input"]), Input(shape))}
    with building_as(_dtype(found["dtype"])):
        for item in found["nodes"]:
            node = _read_node(item)
            if node.name in nodes or not set(node.inputs) <= nodes.keys():
                raise DescriptionError(tr("{name} reads what is not computed before it", name=node.name))
            nodes[node.name] = node
    if found["output"] not in nodes:
        raise DescriptionError(tr("{name} reads what is not computed before it", name="output"))
    nodes["output"] = Node("output", Output(), (Ref(found["output"]),))
    return Architecture("", nodes, {_text(path): _text(name) for path, name in found["classes"].items()})


# nodes


def _describe_node(node: Node) -> dict[str, Any]:
    made: dict[str, Any] = {"name": node.name, **_describe_op(node), "args": _encode(node, node.args)}
    if node.kwargs:
        made["kwargs"] = _encode(node, dict(node.kwargs))
    for name, value in (("scope", list(node.scope)), ("path", node.path), ("own", list(node.own_blocks))):
        if value:
            made[name] = value
    return made


def _read_node(item: Mapping[str, Any]) -> Node:
    scope, own = (tuple(map(_text, item.get(name, ()))) for name in ("scope", "own"))
    args, kwargs = _decode(item["args"]), _decode(item.get("kwargs", {"dict": {}}))
    return Node(
        _text(item["name"]),
        _read_op(item),
        args,
        kwargs,
        scope,
        _text(item.get("path", "")),
        added=True,
        own_blocks=own,
    )


def _describe_op(node: Node) -> dict[str, Any]:
    op = node.op
    if isinstance(op, Layer):
        return {"layer": _describe_layer(node, op)}
    if isinstance(op, Function):
        for home, name in _homes_of(op.call):
            if find_function(home, name) is op.call:
                return {"function": [home, name]}
        raise DescriptionError(
            tr("{name} is code that only its own network knows: {call}", name=node.name, call=op.name)
        )
    if isinstance(op, Method) and op.name in _METHODS:
        return {"method": op.name}
    if isinstance(op, Bypass):
        return {"bypass": True}
    if isinstance(op, Constant) and (op.value is None or op.value.numel() <= _MAX_WRITTEN):
        made = {"shape": list(op.tensor.shape), "dtype": _dtype_name(op.tensor.dtype), "is_parameter": op.is_parameter}
        return {"constant": made | ({"value": op.value.tolist()} if op.value is not None else {})}
    raise DescriptionError(tr("{name} is code that only its own network knows: {call}", name=node.name, call=op))


def _read_op(item: Mapping[str, Any]) -> Op:
    if "layer" in item:
        return _read_layer(item["layer"])
    if "function" in item:
        home, name = item["function"]
        call = find_function(_text(home), _text(name))
        if call is None:
            raise DescriptionError(tr("a block does not call {name}", name=f"{home}.{name}"))
        return Function(call)
    if "method" in item:
        if item["method"] not in _METHODS:
            raise DescriptionError(tr("a block does not call {name}", name=item["method"]))
        return Method(item["method"])
    if item.get("bypass") is True:
        return Bypass()
    found = item["constant"]
    shape, dtype = tuple(_whole(side) for side in found["shape"]), _dtype(found["dtype"])
    if math.prod(shape) > MAX_NUMBERS:
        raise DescriptionError(tr("a tensor of more than {most:,} numbers is not built", most=MAX_NUMBERS))
    value = torch.tensor(found["value"], dtype=dtype).reshape(shape) if "value" in found else None
    return Constant(torch.empty(shape, dtype=dtype, device="meta"), bool(found["is_parameter"]), value)


# layers


def _describe_layer(node: Node, layer: Layer) -> list[Any]:
    cls, settings = type(layer.module), _settings_of(layer.module)
    home = "torch.nn" if getattr(nn, cls.__name__, None) is cls else cls.__module__
    dtype = next((t.dtype for t in layer.named_tensors.values() if t.dtype.is_floating_point), torch.float32)
    made = [
        home,
        cls.__qualname__,
        {name: _encode(node, value) for name, value in settings.items()},
        _dtype_name(dtype),
    ]
    try:
        same = _read_layer(made).key == layer.key
    except (DescriptionError, TypeError, ValueError, RuntimeError):
        same = False
    if not same:
        raise DescriptionError(
            tr("{name} is code that only its own network knows: {call}", name=node.name, call=cls.__name__)
        )
    return made


def _settings_of(module: nn.Module) -> dict[str, Any]:
    """The arguments of a layer's constructor, as far as it keeps them."""
    found: dict[str, Any] = {}
    for parameter in inspect.signature(type(module)).parameters.values():
        name = parameter.name
        if name in ("device", "dtype", "inplace") or not hasattr(module, name):
            continue
        value = getattr(module, name)
        is_switch = name in module._parameters or isinstance(parameter.default, bool)
        value = value is not None and value is not False if is_switch else value
        if value is not parameter.default and not (
            value == parameter.default and type(value) is type(parameter.default)
        ):
            found[name] = value
    return found


def _read_layer(found: Any) -> Layer:
    home, name, settings, dtype = found
    cls = _find_class(_text(home), _text(name))
    arguments = {_text(key): _decode(value) for key, value in settings.items()}
    with building_as(_dtype(dtype)):
        layer = build_layer(lambda: cls(**arguments))
    if sum(math.prod(shape) for shape in layer.tensor_shapes.values()) > MAX_NUMBERS:
        raise DescriptionError(tr("a tensor of more than {most:,} numbers is not built", most=MAX_NUMBERS))
    return Layer(layer.module, module_key(layer.module))


def _find_class(home: str, name: str) -> type[nn.Module]:
    if home != "torch.nn" and not home.startswith(_LAYER_HOMES):
        raise DescriptionError(tr("a block does not call {name}", name=f"{home}.{name}"))
    cls = getattr(nn if home == "torch.nn" else _import(home), name, None)
    own = isinstance(cls, type) and issubclass(cls, nn.Module) and cls.__name__ not in PLAIN_CONTAINERS
    if not own or (home != "torch.nn" and cls.__module__ != home):
        raise DescriptionError(tr("a block does not call {name}", name=f"{home}.{name}"))
    return cls  # type: ignore[return-value]


# functions


def _homes_of(call: Any) -> Iterable[tuple[str, str]]:
    """Where a function may be found again."""
    name = str(getattr(call, "__name__", ""))
    yield from (("operator", name), ("torch", name), ("torch.nn.functional", name))
    yield str(getattr(call, "__module__", "") or ""), name


def find_function(home: str, name: str) -> Callable[..., Any] | None:
    """Return a function that a block may call; None for any other."""
    found: Any = None
    if home == "operator" and name in _OPERATORS:
        found = getattr(operator, name)
    elif home == "torch" and name in _FUNCTIONS:
        found = getattr(torch, name, None)
    elif home == "torch.nn.functional" and name in _functional_names():
        found = getattr(nn.functional, name, None)
    elif (home, name) in _FOREIGN_FUNCTIONS:
        found = getattr(_import(home), name, None)
    return found if callable(found) and not isinstance(found, type) else None


@cache
def _functional_names() -> frozenset[str]:
    """The functions of `torch.nn.functional` that compute with tensors; its helpers do other things."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch looks at functions that are deprecated
        tensor_functions = get_overridable_functions()[nn.functional]
    return frozenset(function.__name__ for function in tensor_functions) | _FUNCTIONAL


def _import(home: str) -> Any:
    try:
        return importlib.import_module(home)
    except ImportError as failure:
        raise DescriptionError(tr("a block does not call {name}", name=home)) from failure


# values


def _encode(node: Node, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Ref):
        return {"ref": value.name}
    if isinstance(value, torch.dtype):
        return {"dtype": _dtype_name(value)}
    if isinstance(value, slice):
        return {"slice": [_encode(node, part) for part in (value.start, value.stop, value.step)]}
    if isinstance(value, tuple):
        return {"tuple": [_encode(node, item) for item in value]}
    if isinstance(value, list):
        return [_encode(node, item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _encode(node, item) for key, item in value.items()}}
    if value is Ellipsis:
        return {"ellipsis": True}
    raise DescriptionError(
        tr("{name} has a setting that is no plain value: {value}", name=node.name, value=repr(value)[:80])
    )


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "ref":
        return Ref(_text(held))
    if kind == "dtype":
        return _dtype(held)
    if kind == "slice":
        return slice(*(_decode(part) for part in held))
    if kind == "tuple":
        return tuple(_decode(item) for item in held)
    if kind == "dict":
        return {_text(key): _decode(item) for key, item in held.items()}
    if kind == "ellipsis":
        return Ellipsis
    raise DescriptionError(tr("this is no description of a block: {reason}", reason=str(kind)[:40]))


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _dtype(name: Any) -> torch.dtype:
    found = getattr(torch, _text(name), None)
    if not isinstance(found, torch.dtype):
        raise DescriptionError(tr("this is no description of a block: {reason}", reason=str(name)[:40]))
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_NAME:
        raise DescriptionError(tr("this is no description of a block: {reason}", reason=repr(value)[:40]))
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**20:
        raise DescriptionError(tr("this is no description of a block: {reason}", reason=repr(value)[:40]))
    return value
