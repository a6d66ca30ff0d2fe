"""Layers, functions and values as they are written: `nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)`."""

from __future__ import annotations

import inspect
import math
import sys
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from explorer.export.page import ExportError

_SKIPPED_PARAMETERS = frozenset({"self", "device", "dtype", "inplace"})  # not configuration, or not in a snapshot
_WINDOW_PARAMETERS = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})


@dataclass(frozen=True, slots=True)
class Argument:
    """A constructor argument; `default` is None where it has none."""

    name: str
    text: str
    value: Any
    default: str | None


@dataclass(frozen=True, slots=True)
class LayerCall:
    """The call that makes a layer."""

    cls: type[nn.Module]
    arguments: tuple[Argument, ...]

    @property
    def text(self) -> str:
        written = [a.text if a.default is None else f"{a.name}={a.text}" for a in self.arguments if a.text != a.default]
        return f"{class_reference(self.cls)}({', '.join(written)})"


def layer_call(path: str, module: nn.Module) -> LayerCall:
    """The call that makes a layer like this one.

    Raises ExportError for a layer that cannot be made again from what it says of itself.
    """
    cls = type(module)
    if not class_reference(cls).startswith("nn."):
        import_line(cls, path)
    arguments = []
    values: dict[str, Any] = {}
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.name in _SKIPPED_PARAMETERS or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        where = f"{path} ({cls.__name__})"
        value = _argument_value(path, module, parameter)
        optional = parameter.default is not parameter.empty
        if optional and _is_default(module, parameter.name, value, parameter.default):
            value = parameter.default
        else:
            value = _shorten_square(module, parameter.name, value)
            values[parameter.name] = value
        default = None
        if optional:
            try:
                default = python_literal(parameter.default, where)
            except ExportError:
                if value is not parameter.default:
                    raise
                continue  # a default that cannot be written need not be
        arguments.append(Argument(parameter.name, python_literal(value, where), value, default))
    call = LayerCall(cls, tuple(arguments))
    _verify_call(path, module, call, values)
    return call


def class_reference(cls: type[nn.Module]) -> str:
    """How a class is called in the file."""
    return f"nn.{cls.__name__}" if getattr(nn, cls.__name__, None) is cls else cls.__name__


def python_literal(value: Any, location: str) -> str:
    """A value as Python reads it. Raises ExportError for one that has no such form."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
        return "..." if value is Ellipsis else _quoted(value) if isinstance(value, str) else repr(value)
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


def _quoted(text: str) -> str:
    """As formatters write it: in double quotes unless that needs more escapes."""
    single = repr(text)
    if single.startswith("'") and '"' not in text and "'" not in text:
        return f'"{single[1:-1]}"'
    return single


def import_line(thing: Any, location: str) -> str:
    """How a class or function is imported. Raises ExportError for one that no module lends out."""
    module, name = getattr(thing, "__module__", ""), getattr(thing, "__name__", "")
    held = getattr(sys.modules.get(module), name, None)
    if held is not thing or module == "__main__":
        raise ExportError(
            f"{location} cannot be written as Python: {name or thing!r} cannot be imported from any module"
        )
    return f"from {module} import {name}"


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
    """A square window's one side, and a norm's one dimension: torch makes tuples of them itself."""
    if isinstance(module, nn.LayerNorm) and name == "normalized_shape" and len(value) == 1:
        return value[0]
    square = isinstance(value, tuple) and len(set(value)) == 1 and name in _WINDOW_PARAMETERS
    return value[0] if square and isinstance(module, nn.modules.conv._ConvNd) else value


def _verify_call(path: str, module: nn.Module, call: LayerCall, values: dict[str, Any]) -> None:
    """Does the call make the same layer?"""
    with torch.device("meta"):
        try:
            twin = call.cls(**values)
        except Exception as failure:
            raise ExportError(f"{path} cannot be written as Python: {call.text} fails: {failure}") from failure
    shapes = [{name: tuple(t.shape) for name, t in m.state_dict().items()} for m in (twin, module)]
    if shapes[0] != shapes[1]:
        raise ExportError(
            f"{path} cannot be written as Python: {call.text} has other weights: {shapes[0]}, not {shapes[1]}"
        )
