"""Layers as terms: by the call of their constructor, inside what parametrizes them, or attribute by attribute.

A layer is written as the call that made it where the call can be found and makes the same layer again. One that does
not keep what its constructor was given is made without it: `restored_layer(Crop, side=8)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize, prune

from explorer.base.languages import tr
from explorer.export.page import ExportError
from explorer.export.python_code.layers import layer_call, plain_settings, python_literal
from explorer.export.python_code.repeats import sequential
from explorer.export.python_code.sources import Sources
from explorer.export.python_code.terms import Literal, Term, Value
from explorer.graph.arguments import tensors_in
from explorer.graph.module_copy import copy_module

_MAX_WRITTEN = 32  # numbers of a tensor of the code that are written out


class LayerTerms:
    """Writes layers; `dtype` is the number format of the whole network."""

    def __init__(self, sources: Sources, dtype: torch.dtype = torch.float32) -> None:
        self.sources, self.dtype = sources, dtype

    def term(self, path: str, module: nn.Module) -> Term:
        """What makes a layer like this one. Raises ExportError for one that cannot be made again."""
        plain, wrappings = unwrapped(module)
        term = self._plain(path, plain)
        for function, keywords in wrappings:
            parts = tuple(self._value(path, value) for value in keywords.values())
            term = Term(("wrapped", self._wrapper(function), tuple(keywords)), (term, *parts))
        formats = {t.dtype for t in _tensors(module) if t.dtype.is_floating_point or t.dtype.is_complex}
        return self._in_format(term, formats.pop()) if len(formats) == 1 else term

    def _in_format(self, term: Term, dtype: torch.dtype) -> Term:
        """A layer with numbers of its own format. Complex ones are made so: torch warns of what becomes complex."""
        if dtype == self.dtype:
            return term
        if dtype.is_complex and term.sort == "layer":
            kind, name, names, stateless = term.tag
            return Term((kind, name, (*names, "dtype"), stateless), (*term.parts, Literal(str(dtype))))
        return Term(("to",), (term, Literal(str(dtype))))

    def _plain(self, path: str, module: nn.Module) -> Term:
        if type(module) in (nn.Sequential, nn.ModuleList, nn.ModuleDict):
            return self._container(path, module)
        if any(part._non_persistent_buffers_set for part in module.modules()):
            return self._restored(path, module)  # its weights hold these too: see `complete_state`
        try:
            call = layer_call(path, module)
            name = self.sources.layer(path, call)
        except ExportError as refusal:
            try:
                return self._restored(path, module)
            except ExportError as second:
                raise refusal from second
        stateless = not any(True for _ in _tensors(module))
        names = tuple(argument.name for argument in call.arguments)
        return Term(("layer", name, names, stateless), tuple(Literal(a.text, a.value) for a in call.arguments))

    def _container(self, path: str, module: nn.Module) -> Term:
        items = [
            (name, self.term(f"{path}.{name}", part)) for name, part in module._modules.items() if part is not None
        ]
        if type(module) is nn.Sequential and items:
            return sequential(items)
        return Term(("modules", type(module).__name__, tuple(name for name, _ in items)), tuple(m for _, m in items))

    def _restored(self, path: str, module: nn.Module) -> Term:
        """A layer made without its constructor."""
        cls = self.sources.class_name(type(module), f"{path} ({type(module).__name__})")
        held = plain_settings(module) | module._parameters | module._buffers | module._modules
        if not all(name.isidentifier() and name != "cls" for name in held):
            raise ExportError(
                tr(
                    "{path} cannot be written as Python: {kind} has attributes without name",
                    path=path,
                    kind=type(module).__name__,
                )
            )
        parts = tuple(self._value(f"{path}.{name}", value) for name, value in held.items())
        return Term(("wrapped", self._wrapper(restored_layer), tuple(held)), (Literal(cls), *parts))

    def _wrapper(self, function: Any) -> str:
        return self.sources.function(function, function.__name__)

    def _value(self, path: str, value: Any) -> Value:
        if isinstance(value, nn.Module):
            return self.term(path, value)
        if isinstance(value, torch.Tensor):
            return self.tensor(value, is_parameter=isinstance(value, nn.Parameter))
        if isinstance(value, dict) and next(tensors_in(value), None) is not None:
            return Literal("{}")  # what it remembers of earlier calls: made again
        if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
            return Literal(self.sources.reference(value, path))
        return Literal(python_literal(value, path), value)

    def tensor(
        self, tensor: torch.Tensor, *, is_parameter: bool, written: torch.Tensor | None = None, path: str = ""
    ) -> Term:
        """A parameter or buffer with fresh numbers; with those of `written` where few differ."""
        shape = tuple(Literal(str(side), side) for side in tensor.shape)
        if written is not None and (different := _without_repeats(written)).numel() <= _MAX_WRITTEN:
            plain = _plain_numbers(different)
            numbers = Literal(python_literal(plain, path), plain)
            if different.shape == written.shape:
                return Term(("buffer", str(written.dtype), "written"), (numbers,))
            if different.any():
                sides = zip(written.shape, different.shape, strict=True)
                times = [Literal(str(side // own), side // own) for side, own in sides]
                return Term(("buffer", str(written.dtype), "spread"), (numbers, *times))
        if not is_parameter:
            return Term(("buffer", str(tensor.dtype)), shape)
        return Term(("parameter",) if tensor.dtype == self.dtype else ("parameter", str(tensor.dtype)), shape)


def _without_repeats(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor with one place of each dim along which it repeats itself: a blur has one kernel for all channels."""
    for dim in range(tensor.dim()):
        first = tensor.narrow(dim, 0, min(1, tensor.shape[dim]))
        tensor = first if bool((tensor == first).all()) else tensor
    return tensor


def _plain_numbers(tensor: torch.Tensor) -> Any:
    """The numbers as people write them: 0.1, not the 0.10000000149011612 that is nearest to it in float32."""
    if tensor.dtype not in (torch.float32, torch.float16):
        return tensor.tolist()
    if tensor.dim():
        return [_plain_numbers(part) for part in tensor]
    return float(str(tensor.numpy()))


def restored_layer(cls: type[nn.Module], **attributes: object) -> nn.Module:
    """Return a layer with these attributes, made without its constructor."""
    layer = cls.__new__(cls)
    nn.Module.__init__(layer)
    for name, value in attributes.items():
        if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
            layer.register_buffer(name, value)
        else:
            setattr(layer, name, value)
    return layer


def unwrapped(module: nn.Module) -> tuple[nn.Module, list[tuple[Any, dict[str, Any]]]]:
    """The layer without what makes its weights from others, and the functions with which that is put around it again,
    each with the arguments after the layer."""
    if parametrize.is_parametrized(module):
        return _without_parametrizations(module)
    found: list[tuple[Any, dict[str, Any]]] = []
    parameters, buffers = dict(module._parameters), dict(module._buffers)
    attributes: set[str] = set()
    for hook in module._forward_pre_hooks.values():
        kind, name = type(hook).__name__, getattr(hook, "name", "")
        if type(hook).__module__ == "torch.nn.utils.weight_norm":
            tensor: Any = parameters.pop(f"{name}_v")
            del parameters[f"{name}_g"]
            found.append((nn.utils.weight_norm, _changed({"name": (name, "weight"), "dim": (hook.dim, 0)})))  # type: ignore[attr-defined]
        elif kind == "SpectralNorm":
            tensor = parameters.pop(f"{name}_orig")
            buffers = {n: b for n, b in buffers.items() if n not in (f"{name}_u", f"{name}_v")}
            settings: Any = hook
            found.append((nn.utils.spectral_norm, _changed(_spectral_settings(module, settings, name))))
        elif isinstance(hook, prune.BasePruningMethod):
            name = hook._tensor_name
            tensor = parameters.pop(f"{name}_orig")
            del buffers[f"{name}_mask"]  # `identity` makes one that hides nothing; it is loaded with the weights
            found.append((prune.identity, {"name": name}))
        else:
            continue
        parameters[name] = nn.Parameter(torch.empty_like(tensor, device="meta"))
        attributes.add(name)
    if not found:
        return module, []
    plain = copy_module(module, parameters, buffers, dict(module._modules))
    plain._forward_pre_hooks.clear()
    for name in attributes:
        plain.__dict__.pop(name, None)
    return plain, found


def _without_parametrizations(module: nn.Module) -> tuple[nn.Module, list[tuple[Any, dict[str, Any]]]]:
    lists: Any = module.parametrizations
    parameters = dict(module._parameters)
    found: list[tuple[Any, dict[str, Any]]] = []
    for name, steps in lists.items():
        with torch.no_grad():
            parameters[name] = nn.Parameter(torch.empty_like(getattr(module, name), device="meta"))
        for step in steps:
            found.append(_parametrization(module, name, step))
    children = {name: child for name, child in module._modules.items() if name != "parametrizations"}
    plain = copy_module(module, parameters, dict(module._buffers), children)
    plain.__class__ = parametrize.type_before_parametrizations(module)
    return plain, found


def _parametrization(module: nn.Module, name: str, step: Any) -> tuple[Any, dict[str, Any]]:
    """The function that puts one parametrization around a layer."""
    known = torch.nn.utils.parametrizations
    kind = type(step).__name__ if type(step).__module__ == known.__name__ else ""
    if kind == "_WeightNorm":
        return known.weight_norm, _changed({"name": (name, "weight"), "dim": (step.dim, 0)})
    if kind == "_SpectralNorm":
        return known.spectral_norm, _changed(_spectral_settings(module, step, name))
    if kind == "_Orthogonal":
        trivial = hasattr(step, "base")
        return known.orthogonal, {
            **_changed({"name": (name, "weight")}),
            "orthogonal_map": step.orthogonal_map.name,
            **_changed({"use_trivialization": (trivial, True)}),
        }
    return parametrize.register_parametrization, {"tensor_name": name, "parametrization": step}


def _spectral_settings(module: nn.Module, step: Any, name: str) -> dict[str, tuple[Any, Any]]:
    outputs = int(isinstance(module, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)))
    return {
        "name": (name, "weight"),
        "n_power_iterations": (getattr(step, "n_power_iterations", 1), 1),
        "eps": (step.eps, 1e-12),
        "dim": (step.dim, outputs),
    }


def _changed(settings: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Settings that are not the default; each is given with its own."""
    return {name: value for name, (value, default) in settings.items() if value != default}


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()
