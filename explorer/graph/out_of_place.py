"""Calls that write into a tensor as calls that return a new one: in-place ops would spoil remembered values."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from explorer.graph.ops import Function, Method, Op

_TWINS: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    torch.relu_: torch.relu,
    F.relu_: F.relu,
    F.leaky_relu_: F.leaky_relu,
    F.elu_: F.elu,
    F.hardtanh_: F.hardtanh,
}

#: Methods of a tensor that Python's operators stand for, by name.
_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "true_divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
    "matmul": operator.matmul,
    "getitem": operator.getitem,
    "neg": operator.neg,
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
}

_REFLECTED = {
    "radd": "add",
    "rsub": "sub",
    "rmul": "mul",
    "rdiv": "truediv",
    "rtruediv": "truediv",
    "rfloordiv": "floordiv",
    "rmod": "mod",
    "rpow": "pow",
    "rmatmul": "matmul",
}

#: Functions for methods that write and have no twin without the underscore, by name.
_FILLS: dict[str, Callable[..., Any]] = {
    "zero_": torch.zeros_like,
    "fill_": torch.full_like,
    "normal_": torch.ops.aten.normal_functional.default,
    "uniform_": torch.ops.aten.uniform.default,
    "exponential_": torch.ops.aten.exponential.default,
    "log_normal_": torch.ops.aten.log_normal.default,
    "cauchy_": torch.ops.aten.cauchy.default,
    "geometric_": torch.ops.aten.geometric.default,
}


def function_out_of_place(
    call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Function, tuple[Any, ...], dict[str, Any]]:
    """A call of a free function, with what makes it write into its input taken away."""
    call = _TWINS.get(call, call)
    if kwargs.get("inplace"):
        kwargs = kwargs | {"inplace": False}
    elif getattr(F, getattr(call, "__name__", ""), None) is call and any(a is True for a in args):
        bound = _bind(call, args, kwargs)
        if bound is not None and bound.arguments.get("inplace"):
            bound.arguments["inplace"] = False
            args, kwargs = bound.args, dict(bound.kwargs)
    return Function(call), args, kwargs


def _bind(call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.BoundArguments | None:
    try:
        return inspect.signature(call).bind(*args, **kwargs)
    except ValueError:  # a function of torch's core, which does not say its arguments; none of these has an `inplace`
        return None


def method_out_of_place(name: str) -> Method:
    """A method of a tensor, by the name of its twin that returns a new tensor."""
    in_place = name.endswith("_") and not name.endswith("__")
    return Method(name[:-1] if in_place else name)


def call_out_of_place(
    call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Op, tuple[Any, ...], dict[str, Any]]:
    """A call as torch announces it to a `TorchFunctionMode`, in the terms of a traced graph: Python's operators for
    what they stand for, methods by name, and nothing that writes into a tensor.

    Raises NotImplementedError for a method that writes and has no twin.
    """
    name = str(getattr(call, "__name__", ""))
    is_method = getattr(torch.Tensor, name, None) is call  # abs is __abs__ as well, and called by its name
    if not is_method and getattr(torch.Tensor, f"__{name.removesuffix('_')}__", None) is call:
        name = f"__{name}__"  # torch wraps these, and lets them forget their own name
    elif getattr(torch.Tensor, f"__i{name.removesuffix('_')}__", None) is call:
        name = f"__i{name.removesuffix('_')}__"
    elif getattr(torch.Tensor, name, None) != call:
        written = getattr(torch, name[:-1], None) if name.endswith("_") and not name.endswith("__") else None
        if "out" in kwargs:
            kwargs = {key: value for key, value in kwargs.items() if key != "out"}
        return function_out_of_place(written or call, args, kwargs)
    if name in _FILLS:
        return Function(_FILLS[name]), args, kwargs
    if name == "copy_":
        return Method("expand_as"), (args[1], args[0]), {}
    plain = name.strip("_")
    if plain.startswith("i") and name.startswith("__") and plain[1:] in _OPERATORS:
        plain = plain[1:]  # __iadd__
    if not kwargs and plain in _REFLECTED and len(args) == 2:
        return Function(_OPERATORS[_REFLECTED[plain]]), (args[1], args[0]), {}
    if not kwargs and plain in _OPERATORS and len(args) <= 2:
        return Function(_OPERATORS[plain]), args, {}
    twin = method_out_of_place(name)
    if twin.name != name and not hasattr(torch.Tensor, twin.name):
        raise NotImplementedError(f"{name} writes into a tensor and has no twin that returns a new one")
    return twin, args, kwargs
