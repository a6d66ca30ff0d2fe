"""From a list of inputs to the arguments of a forward: by position where that is possible, by name where it must be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from explorer.base.languages import join_list, tr
from explorer.networks.input_spec import InputError, InputSpec

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def arrange_arguments(
    module: nn.Module, values: Iterable[tuple[InputSpec, Any]]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and the keyword arguments that hold these values, each in the place that its name says.

    Raises InputError for an argument that the forward does not have, or where it takes none at all.
    """
    if _takes_nothing(module):
        raise InputError(
            tr(
                "{module} takes no input, and a network is shown by what becomes of one: give its forward an argument",
                module=type(module).__name__,
            )
        )
    found: dict[str, Any] = {}
    for spec, value in values:
        _put(found, (spec.argument, *spec.places), value, spec.name)
    named = {name: _as_lists(value) for name, value in found.items()}
    unnamed = (named.pop(""),) if "" in named else ()
    if unnamed and not named:
        return unnamed, {}
    parameters = forward_parameters(module)
    args: list[Any] = list(unnamed)
    open_end = True  # no parameter before was left out: this one can be given by position
    for parameter in parameters[len(unnamed) :]:
        if parameter.kind in _POSITIONAL and open_end and parameter.name in named:
            args.append(named.pop(parameter.name))
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL and open_end and parameter.name in named:
            given = named.pop(parameter.name)
            args.extend(given if isinstance(given, list) else [given])
        elif parameter.kind in _POSITIONAL:
            open_end = False
    _check_names(module, parameters, named)
    return tuple(args), named


def forward_parameters(module: nn.Module) -> list[inspect.Parameter]:
    """Return the parameters of a module's forward; none where it does not say them."""
    if isinstance(module, torch.jit.ScriptModule):
        given = module._c._get_method("forward").schema.arguments[1:]  # the first is the module
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        empty = inspect.Parameter.empty
        defaults = [a.default_value if a.has_default_value() else empty for a in given]
        return [inspect.Parameter(a.name, kind, default=d) for a, d in zip(given, defaults, strict=True)]
    try:
        return list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return []


def _takes_nothing(module: nn.Module) -> bool:
    try:
        return not inspect.signature(module.forward).parameters
    except (TypeError, ValueError):  # it does not say
        return False


def required_parameters(module: nn.Module) -> list[str]:
    """Return the names of the arguments that a module's forward cannot do without."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in forward_parameters(module) if p.kind not in variable and p.default is p.empty]


def map_tensors(value: Any, change: Callable[[torch.Tensor], Any]) -> Any:
    """Return a value with each tensor in it, in tuples, lists and dicts, replaced by what `change` makes of it."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, tuple):
        items = [map_tensors(item, change) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [map_tensors(item, change) for item in value]
    if isinstance(value, dict):
        return {key: map_tensors(item, change) for key, item in value.items()}
    return value


def _check_names(module: nn.Module, parameters: list[inspect.Parameter], named: Mapping[str, Any]) -> None:
    known = [p.name for p in parameters]
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters) or not parameters:
        return
    for name in named:
        if name not in known:
            raise InputError(
                tr(
                    "the forward of {kind} has no argument {name!r}; it takes {names}",
                    kind=type(module).__name__,
                    name=name,
                    names=join_list(known),
                )
            )


def _put(holder: dict[Any, Any], places: tuple[Any, ...], value: Any, name: str) -> None:
    for place in places[:-1]:
        holder = holder.setdefault(place, {})
        if not isinstance(holder, dict):
            raise InputError(tr("{name} is part of an input that is one tensor", name=name))
    holder[places[-1]] = value


def _as_lists(value: Any) -> Any:
    """A dict of numbers from 0 on is a list."""
    if not isinstance(value, dict):
        return value
    items = {key: _as_lists(item) for key, item in value.items()}
    return [items[index] for index in range(len(items))] if items.keys() == set(range(len(items))) else items
