"""Layers, functions and values as they are written: `nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)`."""

from __future__ import annotations

import ast
import inspect
import math
import sys
import textwrap
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, cast

import torch
from torch import nn

from explorer.base.languages import tr
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
    where = f"{path} ({cls.__name__})"
    for parameter in _constructor_parameters(cls):
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
    for name, value in _further_keywords(cls, module).items():
        values[name] = value
        arguments.append(Argument(name, python_literal(value, where), value, ""))  # by its name: no default is that
    call = LayerCall(cls, tuple(arguments))
    _verify_call(path, module, call, values)
    return call


def class_reference(cls: type[nn.Module]) -> str:
    """How a class is called in the file."""
    return f"nn.{cls.__name__}" if getattr(nn, cls.__name__, None) is cls else cls.__name__


def _constructor_parameters(cls: type[nn.Module]) -> Iterable[inspect.Parameter]:
    """The arguments that say what layer it is. torch's recurrent layers take those of their common base."""
    signature = inspect.signature(cls)
    skipped = _SKIPPED_PARAMETERS
    if issubclass(cls, nn.RNNBase) and cls.__module__.startswith("torch."):
        signature, skipped = inspect.signature(nn.RNNBase), skipped | {"mode"}
    for parameter in signature.parameters.values():
        if parameter.name not in skipped and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            yield parameter
    if cls is nn.RNN:
        yield inspect.Parameter("nonlinearity", inspect.Parameter.KEYWORD_ONLY, default="tanh")


def _further_keywords(cls: type[nn.Module], module: nn.Module) -> dict[str, Any]:
    """What a layer was given by `**keywords`, where it keeps these as a dict of that name."""
    for parameter in inspect.signature(cls).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            kept = getattr(module, _stored_arguments(cast("Hashable", cls)).get(parameter.name, parameter.name), None)
            if isinstance(kept, dict) and all(isinstance(name, str) and name.isidentifier() for name in kept):
                return kept
    return {}


@cache
def _stored_arguments(cls: Hashable) -> Mapping[str, str]:
    """Attributes that a constructor stores its arguments in, by argument: `self._side = side`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cast("Any", cls).__init__)))
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            both = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            targets = target.elts if both and isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if both and isinstance(node.value, ast.Tuple) else [node.value]
            for one, value in zip(targets, values, strict=False):
                if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "self" and isinstance(value, ast.Name):
                    found.setdefault(value.id, one.attr)
    return found


def python_literal(value: Any, location: str) -> str:
    """A value as Python reads it. Raises ExportError for one that has no such form."""
    if value is None or value is Ellipsis or isinstance(value, (bool, int, str)):
        return "..." if value is Ellipsis else _quoted(value) if isinstance(value, str) else repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
        return str(value)
    if isinstance(value, torch.device):
        return f'torch.device("{value}")'
    if isinstance(value, (complex, bytes, range)) and not isinstance(value, Enum):
        return repr(value)
    if isinstance(value, (tuple, list, set, frozenset)):
        items = [python_literal(item, location) for item in value]
        if isinstance(value, list):
            return f"[{', '.join(items)}]"
        if isinstance(value, (set, frozenset)):
            return f"{type(value).__name__}([{', '.join(sorted(items))}])"
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, dict):
        pairs = (f"{python_literal(k, location)}: {python_literal(v, location)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise ExportError(
        tr(
            "{location} cannot be written as Python: it holds {value!r}, which has no literal form",
            location=location,
            value=value,
        )
    )


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
            tr(
                "{location} cannot be written as Python: {name!r} cannot be imported from any module",
                location=location,
                name=name or thing,
            )
        )
    return f"from {module} import {name}"


def _argument_value(path: str, module: nn.Module, parameter: inspect.Parameter) -> Any:
    name = parameter.name
    if isinstance(module, nn.MultiheadAttention) and name in ("bias", "add_bias_kv"):
        return (module.in_proj_bias if name == "bias" else module.bias_k) is not None
    kept = (
        _stored_arguments(cast("Hashable", type(module))).get(name)
        if not type(module).__module__.startswith("torch.nn")
        else None
    )
    if kept is not None and hasattr(module, kept):
        return getattr(module, kept)
    learned = getattr(module, "affine", True) and getattr(module, "elementwise_affine", True)
    if name == "bias" and "bias" in module._parameters and learned:
        return module._parameters["bias"] is not None
    if hasattr(module, name) and (name != "bias" or learned):
        return getattr(module, name)
    if parameter.default is not parameter.empty:
        return parameter.default
    raise ExportError(
        tr(
            "{path} cannot be written as Python: {kind} does not keep its argument {name!r}; "
            "save it as an attribute of that name",
            path=path,
            kind=type(module).__name__,
            name=name,
        )
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
            raise ExportError(
                tr(
                    "{path} cannot be written as Python: {call} fails: {reason}",
                    path=path,
                    call=call.text,
                    reason=failure,
                )
            ) from failure
    verify_twin(path, module, twin, call.text)


def verify_twin(path: str, module: nn.Module, twin: nn.Module, text: str) -> None:
    """Raise ExportError unless the layer that `text` makes has the tensors and settings of `module`."""
    shapes = [{name: tuple(t.shape) for name, t in m.state_dict().items()} for m in (twin, module)]
    if shapes[0] != shapes[1]:
        raise ExportError(
            tr(
                "{path} cannot be written as Python: {call} has other weights: {shape}, not {other}",
                path=path,
                call=text,
                shape=shapes[0],
                other=shapes[1],
            )
        )
    differing = _differing_setting(twin, module)
    if differing:
        raise ExportError(
            tr(
                "{path} cannot be written as Python: {call} has another {setting}",
                path=path,
                call=text,
                setting=differing,
            )
        )


#: What torch keeps in every module, and what says nothing of what a layer computes.
_NO_SETTINGS = frozenset(nn.Module().__dict__) | {"inplace", "_flat_weights", "_flat_weight_refs"}


def plain_settings(module: nn.Module) -> dict[str, Any]:
    """The attributes of a layer itself that are neither tensors nor modules, nor torch's own of every module."""
    return {name: value for name, value in module.__dict__.items() if name not in _NO_SETTINGS}


def _differing_setting(one: nn.Module, two: nn.Module, before: str = "") -> str:
    """Name of the first setting in which two modules differ; empty where they are alike."""
    mine, theirs = plain_settings(one), plain_settings(two)
    if type(two).__module__.startswith("torch.nn.modules"):  # its code reads nothing that was noted on it from outside
        theirs = {name: value for name, value in theirs.items() if name in mine or callable(value)}
    for name in {**theirs, **mine}:
        if name not in mine or name not in theirs or not _alike(mine[name], theirs[name]):
            return f"{before}{name}"
    if list(one._modules) != list(two._modules):
        return f"{before}set of layers"
    for name, inner in one._modules.items():
        other = two._modules[name]
        if type(inner) is not type(other):
            return f"{before}{name}"
        if inner is not None and other is not None and (found := _differing_setting(inner, other, f"{before}{name}.")):
            return found
    return ""


def _alike(one: Any, two: Any) -> bool:
    """Are two settings equal? Of objects that only equal themselves, their classes have to do."""
    if isinstance(one, (tuple, list)) and isinstance(two, (tuple, list)):
        return len(one) == len(two) and all(_alike(a, b) for a, b in zip(one, two, strict=True))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_alike(one[key], two[key]) for key in one)
    if isinstance(one, (int, float, str, bytes, torch.dtype, type(None))):
        return bool(one == two or one != one)
    return type(one) is type(two)
