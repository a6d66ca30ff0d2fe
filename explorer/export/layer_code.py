"""A layer as the call that makes it: `nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)`."""

from __future__ import annotations

import inspect
import math
import sys
from typing import Any

import torch
from torch import nn

from explorer.export.page import ExportError

_SKIPPED_PARAMETERS = frozenset(
    {"self", "device", "dtype", "inplace"}
)  # not configuration, or never kept in a snapshot
_WINDOW_PARAMETERS = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})


def layer_call(path: str, module: nn.Module) -> tuple[str, str]:
    """The call that makes a layer like this one, and the line that imports its class (empty for those of torch.nn).

    Raises ExportError for a layer that cannot be made again from what it says of itself.
    """
    cls = type(module)
    name, line = _class_reference(path, cls)
    written = []
    given: list[Any] = []
    named: dict[str, Any] = {}
    plain = True  # as long as arguments come in order, without names
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.name in _SKIPPED_PARAMETERS or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        value = _argument_value(path, module, parameter)
        if parameter.default is not parameter.empty and _is_default(module, parameter.name, value, parameter.default):
            plain = False
            continue
        value = _shorten_square(module, parameter.name, value)
        text = python_literal(value, f"{path} ({cls.__name__})")
        if plain and parameter.default is parameter.empty:
            given.append(value)
            written.append(text)
        else:
            named[parameter.name] = value
            written.append(f"{parameter.name}={text}")
    code = f"{name}({', '.join(written)})"
    _verify_call(path, module, code, given, named)
    return code, line


def python_literal(value: Any, location: str) -> str:
    """A value as Python reads it. Raises ExportError for one that has no such form."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
        return "..." if value is Ellipsis else repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, torch.dtype):
        return str(value)
    if isinstance(value, (tuple, list)):
        items = [python_literal(item, location) for item in value]
        if isinstance(value, list):
            return f"[{', '.join(items)}]"
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    raise ExportError(f"{location} cannot be written as Python: it holds {value!r}, which has no literal form")


def import_line(thing: Any, location: str) -> str:
    """How a class or function is imported. Raises ExportError for one that no module lends out."""
    module, name = getattr(thing, "__module__", ""), getattr(thing, "__name__", "")
    held = getattr(sys.modules.get(module), name, None)
    if held is not thing or module == "__main__":
        raise ExportError(
            f"{location} cannot be written as Python: {name or thing!r} cannot be imported from any module"
        )
    return f"from {module} import {name}"


def _class_reference(path: str, cls: type[nn.Module]) -> tuple[str, str]:
    if getattr(nn, cls.__name__, None) is cls:
        return f"nn.{cls.__name__}", ""
    return cls.__name__, import_line(cls, path)


def _argument_value(path: str, module: nn.Module, parameter: inspect.Parameter) -> Any:
    name = parameter.name
    if isinstance(module, nn.MultiheadAttention) and name in ("bias", "add_bias_kv"):
        return (module.in_proj_bias if name == "bias" else module.bias_k) is not None
    learned = getattr(module, "affine", True) and getattr(module, "elementwise_affine", True)
    if name == "bias" and "bias" in module._parameters and learned:
        return module._parameters["bias"] is not None
    if hasattr(module, name) and (name != "bias" or learned):
        return getattr(module, name)
    if parameter.default is not parameter.empty:
        return parameter.default
    raise ExportError(
        f"{path} cannot be written as Python: {type(module).__name__} does not keep its argument {name!r}; "
        "save it as an attribute of that name"
    )


def _is_default(module: nn.Module, name: str, value: Any, default: Any) -> bool:
    if isinstance(module, nn.MultiheadAttention) and name in ("kdim", "vdim"):
        return bool(value == module.embed_dim)
    if isinstance(value, tuple) and isinstance(default, int):
        return all(item == default for item in value) and isinstance(module, nn.modules.conv._ConvNd)
    if name == "stride" and default is None:  # a pooling's is its kernel's then
        return bool(value == getattr(module, "kernel_size", None))
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)


def _shorten_square(module: nn.Module, name: str, value: Any) -> Any:
    """A square window's one side: convolutions make a pair of it themselves."""
    square = isinstance(value, tuple) and len(set(value)) == 1 and name in _WINDOW_PARAMETERS
    return value[0] if square and isinstance(module, nn.modules.conv._ConvNd) else value


def _verify_call(path: str, module: nn.Module, code: str, positional: list[Any], keywords: dict[str, Any]) -> None:
    """Does the call make the same layer?"""
    with torch.device("meta"):
        try:
            made = type(module)(*positional, **keywords)
        except Exception as failure:
            raise ExportError(f"{path} cannot be written as Python: {code} fails: {failure}") from failure
    shapes = [{name: tuple(t.shape) for name, t in m.state_dict().items()} for m in (made, module)]
    if shapes[0] != shapes[1]:
        raise ExportError(f"{path} cannot be written as Python: {code} has other weights: {shapes[0]}, not {shapes[1]}")
