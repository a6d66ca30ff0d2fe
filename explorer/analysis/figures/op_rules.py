"""Output shapes of the common functions and methods in closed form.

A run on the meta device takes a tenth of a millisecond and more; a rule a few microseconds, so that an edit that makes
hundreds of layers new still fits a frame or two. A rule knows the ordinary cases only: for any other it gives None, and
the meta device decides.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torchvision.models.shufflenetv2 import channel_shuffle

from explorer.analysis.figures.layer_rules import (
    Dims,
    infer_adaptive_pool,
    infer_flatten,
    infer_layer_shape,
    infer_pool,
    infer_shuffle,
)
from explorer.analysis.figures.shape import Shape
from explorer.graph.arguments import Ref
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function, Layer, Method, Output

#: (arguments, keyword arguments, dims of the inputs) -> dims of the result.
_CallRule = Callable[[tuple[Any, ...], Mapping[str, Any], Sequence[Dims]], Dims | None]

_LARGEST = 2**40  # elements: beyond that, torch may refuse to count


def infer_shape(node: Node, inputs: tuple[Any, ...]) -> Shape | None:
    """Return the output shape of an op that makes exactly one tensor, out of place; None when no rule applies."""
    for given in inputs:
        if type(given) is not Shape or given.dtype is not torch.float32 or 0 in given.dims:
            return None
    try:
        dims = _dims(node, [given.dims for given in inputs])
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # an odd configuration, or arguments that do not fit: torch's own words say what is the matter
    if dims is None:
        return None
    shape = Shape(dims, torch.float32)
    return shape if shape.elements < _LARGEST else None


def _dims(node: Node, inputs: list[Dims]) -> Dims | None:
    op, args = node.op, node.args
    if isinstance(op, Layer):
        plain = len(args) == 1 and type(args[0]) is Ref and not node.kwargs
        return infer_layer_shape(op.module, inputs[0]) if plain else None
    if isinstance(op, Function):
        rule = _FUNCTIONS.get(op.call)
        return rule(args, node.kwargs, inputs) if rule is not None else None
    if isinstance(op, Method):
        rule = _METHODS.get(op.name)
        return rule(args, node.kwargs, inputs) if rule is not None else None
    if isinstance(op, (Output, Bypass)):
        return inputs[0] if type(args[0]) is Ref else None
    return None


def _elementwise(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    plain = not kwargs or (len(kwargs) == 1 and kwargs.get("inplace") is False)
    return inputs[0] if plain and len(args) == 1 and type(args[0]) is Ref else None


def _broadcast(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    if kwargs or len(args) != 2 or type(args[0]) is not Ref:
        return None
    if type(args[1]) is not Ref:
        number = type(args[1]) in (int, float) and abs(args[1]) < 2**31
        return inputs[0] if number and len(inputs) == 1 else None
    one, other = inputs
    return one if one == other else _broadcast_dims(one, other)


def _broadcast_dims(one: Dims, other: Dims) -> Dims | None:
    """Both at the size of the larger one, axis by axis from the last; None where neither side is 1."""
    rank = max(len(one), len(other))
    pairs = list(zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(other)) + other, strict=True))
    return tuple(map(max, pairs)) if all(a == b or 1 in (a, b) for a, b in pairs) else None


def _concat(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    parts, dim = args[0], _settings(args, kwargs, {"dim": 0})["dim"]
    if type(parts) not in (list, tuple) or {type(part) for part in parts} != {Ref}:
        return None
    rank = len(inputs[0])
    if type(dim) is not int or not -rank <= dim < rank:
        return None
    at = dim % rank
    around = {(dims[:at], dims[at + 1 :]) for dims in inputs}
    return (*inputs[0][:at], sum([dims[at] for dims in inputs]), *inputs[0][at + 1 :]) if len(around) == 1 else None


def _flatten(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    found = _settings(args, kwargs, {"start_dim": 0, "end_dim": -1})
    return infer_flatten(found["start_dim"], found["end_dim"], inputs[0]) if type(args[0]) is Ref else None


def _adaptive(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    size = _settings(args, kwargs, {"output_size": None})["output_size"]
    return infer_adaptive_pool(size, inputs[0]) if type(args[0]) is Ref and size is not None else None


def _avg_pool(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    return _pool(args, _settings(args, kwargs, {**_WINDOW, "ceil_mode": False}), inputs)


def _max_pool(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    found = _settings(args, kwargs, {**_WINDOW, "dilation": 1, "ceil_mode": False, "return_indices": False})
    return None if found["return_indices"] else _pool(args, found, inputs)


def _pool(args: tuple[Any, ...], found: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    kernel = found["kernel_size"]
    stride = kernel if found["stride"] is None else found["stride"]
    window = (kernel, stride, found["padding"], found.get("dilation", 1))
    return infer_pool(window, found["ceil_mode"], inputs[0]) if type(args[0]) is Ref else None


def _shuffle(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    groups = _settings(args, kwargs, {"groups": None})["groups"]
    return infer_shuffle(groups, inputs[0]) if type(args[0]) is Ref else None


def _permute(args: tuple[Any, ...], kwargs: Mapping[str, Any], inputs: Sequence[Dims]) -> Dims | None:
    order = args[1] if len(args) == 2 and type(args[1]) in (list, tuple) else args[1:]
    rank = len(inputs[0])
    plain = not kwargs and type(args[0]) is Ref and {type(axis) for axis in order} == {int}
    if not plain or len(order) != rank or {axis % rank for axis in order if -rank <= axis < rank} != set(range(rank)):
        return None
    return tuple([inputs[0][axis] for axis in order])


def _settings(args: tuple[Any, ...], kwargs: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What is set behind the first argument, by place or name, and the usual values of the rest.

    Raises TypeError for what the call does not take.
    """
    placed = dict(zip(defaults, args[1:], strict=False))
    if len(args) > 1 + len(defaults) or not kwargs.keys() <= defaults.keys() - placed.keys():
        raise TypeError("another way to call it")
    return {**defaults, **placed, **kwargs}


#: In the order of their places. A kernel has no usual size; without one there is no rule either.
_WINDOW: dict[str, Any] = {"kernel_size": None, "stride": None, "padding": 0}

_FUNCTIONS: dict[Any, _CallRule] = {
    **dict.fromkeys((F.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish), _elementwise),
    **dict.fromkeys((F.hardswish, F.hardsigmoid, F.hardtanh, F.sigmoid, F.tanh, F.logsigmoid), _elementwise),
    **dict.fromkeys((F.softplus, torch.relu, torch.sigmoid, torch.tanh), _elementwise),
    **dict.fromkeys((operator.add, operator.sub, operator.mul, operator.truediv), _broadcast),
    **dict.fromkeys((torch.add, torch.sub, torch.mul, torch.div), _broadcast),
    **dict.fromkeys((torch.cat, torch.concat), _concat),
    torch.flatten: _flatten,
    torch.permute: _permute,
    F.adaptive_avg_pool2d: _adaptive,
    F.avg_pool2d: _avg_pool,
    F.max_pool2d: _max_pool,
    **dict.fromkeys((channel_shuffle, torch.channel_shuffle), _shuffle),
}

_METHODS: dict[str, _CallRule] = {
    **dict.fromkeys(("relu", "sigmoid", "tanh"), _elementwise),
    **dict.fromkeys(("add", "sub", "mul", "div"), _broadcast),
    "flatten": _flatten,
    "permute": _permute,
}
