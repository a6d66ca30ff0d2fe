"""Letting every call of a module, and of what torch does not announce, pass through a recorder while a module runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Protocol

import torch
from torch import nn

from explorer.graph.recording.size_int import RangeOfSizes, choose_size
from explorer.graph.trace import LEAF_MODULES


class CallRecorder(Protocol):
    """The receiver of the calls."""

    module: nn.Module

    @property
    def is_listening(self) -> bool:
        """Whether calls are to be recorded now."""
        ...

    def call_module(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        """Make a call of a module, and record it."""
        ...

    def call_function(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Make a call of a function, and record it as one op."""
        ...

    def measure_length(self, value: Any) -> int:
        """Return the length of anything; of a tensor that is recorded, a size that knows how it was found."""
        ...


#: Functions of torchvision that do something as often as there are detections, or classes among these.
_FOR_EACH_DETECTION = frozenset({"batched_nms", "paste_masks_in_image", "heatmaps_to_keypoints"})


@contextmanager
def intercept_modules(recorder: CallRecorder) -> Iterator[None]:
    """Let every call of a module pass through the recorder."""
    original = nn.Module.__call__

    def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return recorder.call_module(original, module, args, kwargs)

    function_apply = torch.autograd.Function.__dict__.get("apply")

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        run = function_apply.__get__(None, cls)  # type: ignore[union-attr]
        if not recorder.is_listening:
            return run(*args, **kwargs)
        return recorder.call_function(run, args, kwargs)

    nn.Module.__call__ = call  # type: ignore[method-assign]
    if function_apply is not None:
        torch.autograd.Function.apply = classmethod(apply)
    try:
        yield
    finally:
        nn.Module.__call__ = original  # type: ignore[method-assign]
        if function_apply is not None:
            torch.autograd.Function.apply = function_apply


@contextmanager
def intercept_functions(recorder: CallRecorder) -> Iterator[None]:
    """Let what the module's code can see, and torch does not announce, pass through the recorder: scripted functions,
    those that are kept whole, what makes a size of sizes (`len`, `min`, `max`), and loops over sizes (`range`)."""
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    added: list[tuple[dict[str, Any], str]] = []
    of_sizes: dict[str, Any] = {"len": recorder.measure_length, "min": _least_size, "max": _largest_size}
    of_sizes["range"] = RangeOfSizes
    for namespace in _namespaces(recorder.module):
        for name, value in of_sizes.items():
            if name not in namespace:
                added.append((namespace, name))
                namespace[name] = value
        for name, value in list(namespace.items()):
            if isinstance(value, torch.jit.ScriptFunction):
                replaced.append((namespace, name, value))
                namespace[name] = getattr(value, "_torchdynamo_inline", None) or _wrapped(recorder, value)
            elif inspect.isfunction(value) and _is_opaque(value):
                replaced.append((namespace, name, value))
                namespace[name] = _wrapped(recorder, value)
    try:
        yield
    finally:
        for namespace, name, value in replaced:
            namespace[name] = value
        for namespace, name in added:
            namespace.pop(name, None)


def _wrapped(recorder: CallRecorder, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not recorder.is_listening:
            return function(*args, **kwargs)
        return recorder.call_function(function, args, kwargs)

    return call


def _is_opaque(function: Callable[..., Any]) -> bool:
    if function.__name__ == "channel_shuffle":
        return True
    return function.__name__ in _FOR_EACH_DETECTION and function.__module__.startswith("torchvision.")


def _least_size(*values: Any, **options: Any) -> Any:
    return choose_size(min, values, options)


def _largest_size(*values: Any, **options: Any) -> Any:
    return choose_size(max, values, options)


def _namespaces(module: nn.Module) -> list[dict[str, Any]]:
    """Return the global names that the module's code sees, and those of what it calls from its own package."""
    waiting = [found for found in map(_globals_of, module.modules()) if found is not None]
    reached = {id(found): found for found in waiting}
    while waiting:
        names = waiting.pop()
        package = _package(names)
        for value in list(names.values()):
            inner = value.__dict__ if isinstance(value, ModuleType) else getattr(value, "__globals__", None)
            if isinstance(inner, dict) and id(inner) not in reached and package and _package(inner) == package:
                reached[id(inner)] = inner
                waiting.append(inner)
    return list(reached.values())


def _package(names: dict[str, Any]) -> str:
    return str(names.get("__name__", "")).partition(".")[0]


def _globals_of(module: nn.Module) -> dict[str, Any] | None:
    found = getattr(getattr(module.forward, "__func__", module.forward), "__globals__", None)
    return found if isinstance(found, dict) and _package(found) != "torch" else None


def is_single_op(module: nn.Module) -> bool:
    """Return whether a module is one op: a layer of torch's own, with the forward that torch gave it."""
    if isinstance(module, (*LEAF_MODULES, torch.jit.ScriptModule)):
        return True
    ours = type(module).__module__.startswith(("torch.nn.modules", "torch.ao.nn", "torch.nn.utils"))
    return ours and not isinstance(module, _CONTAINERS) and "forward" not in module.__dict__


#: Classes of torch that only call what they hold; those of transformers look at the values of masks on their way.
_CONTAINERS = (
    *(nn.Sequential, nn.ModuleList, nn.ModuleDict),
    *(nn.Transformer, nn.TransformerEncoder, nn.TransformerDecoder),
)


def run_pre_hooks(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and keyword arguments of a layer after its own forward pre-hooks."""
    for number, hook in module._forward_pre_hooks.items():
        if type(hook).__module__.startswith("torch.nn.utils"):
            hook(module, args)  # weight norm and its like: makes the weight anew, changes no argument
        elif number in module._forward_pre_hooks_with_kwargs:
            changed = hook(module, args, kwargs)
            args, kwargs = (args, kwargs) if changed is None else changed
        else:
            result = hook(module, args)
            args = args if result is None else result if isinstance(result, tuple) else (result,)
    return args, kwargs


def run_hooks(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    """Return the result of a layer after its own forward hooks."""
    for number, hook in module._forward_hooks.items():
        with_kwargs = number in module._forward_hooks_with_kwargs
        changed = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
        result = result if changed is None else changed
    return result
