"""Copies of a module that keep its settings and nothing else, and the key that tells two configurations apart."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import torch
from torch import nn


def module_key(module: nn.Module) -> Hashable:
    """Equal for two modules of the same class and configuration, whatever their weights."""
    held = {name: value for name, value in module.__dict__.items() if name not in _NO_SETTINGS} | listed_sides(module)
    settings = tuple((name, value if isinstance(value, Hashable) else repr(value)) for name, value in held.items())
    tensors = tuple(
        (name, None if t is None else (tuple(t.shape), t.dtype))
        for own in (module._parameters, module._buffers)
        for name, t in own.items()
    )
    inside = tuple((name, module_key(child)) for name, child in module._modules.items() if child is not None)
    return (type(module), settings, tensors, inside)


#: What torch itself keeps in every module, and what says nothing of its result. Whatever else stands there, a leading
#: underscore or not, is a setting.
_NO_SETTINGS = frozenset(nn.Module().__dict__) | {"inplace", "_flat_weights", "_flat_weight_refs"}


#: What torch's layers have a number of for each side, or one for all.
_SIDES = frozenset({"kernel_size", "stride", "padding", "dilation", "output_size", "size", "scale_factor"})


def listed_sides(module: nn.Module) -> dict[str, tuple[int | float | None, ...]]:
    """The settings of one of torch's own layers that were given as lists (`MaxPool2d([2, 2])`), as the tuples that they
    are read as everywhere."""
    if not type(module).__module__.startswith("torch.nn.modules"):
        return {}
    return {name: tuple(value) for name, value in module.__dict__.items() if name in _SIDES and isinstance(value, list)}


def copy_module(
    module: nn.Module,
    parameters: dict[str, nn.Parameter | None],
    buffers: dict[str, torch.Tensor | None],
    children: dict[str, nn.Module | None],
) -> nn.Module:
    """A copy of one module with these tensors and children and the same settings. `copy.copy` would ask the module,
    and a parametrized one refuses; hooks that are not torch's own (weight norm's are) have been recorded as ops."""
    twin = type(module).__new__(type(module))
    hooks = {
        name: OrderedDict((k, h) for k, h in held.items() if type(h).__module__.startswith("torch.nn.utils"))
        for name, held in module.__dict__.items()
        if name in ("_forward_hooks", "_forward_pre_hooks")
    }
    twin.__dict__.update(module.__dict__)
    twin.__dict__.update(hooks, _parameters=parameters, _buffers=buffers, _modules=children)
    if "_flat_weights_names" in module.__dict__:  # a recurrent layer lists its parameters a second time
        twin.__dict__["_flat_weights"] = [parameters.get(name) for name in module.__dict__["_flat_weights_names"]]
    return twin


def named_tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """The parameters of a module, then its buffers, by name, those of modules inside it among them."""
    if module._modules:
        return dict([*module.named_parameters(), *module.named_buffers()])
    own = (*module._parameters.items(), *module._buffers.items())  # a tenth of the time: most layers hold no other
    return {name: tensor for name, tensor in own if tensor is not None}


def has_tensors(module: nn.Module) -> bool:
    """Whether the module or one inside it has parameters or buffers."""
    own = (*module._parameters.values(), *module._buffers.values())
    inside = module._modules.values()
    return any(tensor is not None for tensor in own) or any(
        child is not None and has_tensors(child) for child in inside
    )


def copy_to_meta(module: nn.Module) -> nn.Module:
    """A copy that shares nothing mutable with `module` and holds no numbers."""
    twin = copy_module(
        module,
        {n: None if p is None else nn.Parameter(_to_meta(p), p.requires_grad) for n, p in module._parameters.items()},
        {n: None if b is None else _to_meta(b) for n, b in module._buffers.items()},
        {n: None if m is None else copy_to_meta(m) for n, m in module._modules.items()},
    )
    twin.__dict__.update(listed_sides(module), training=False)
    if getattr(twin, "inplace", False):
        twin.__dict__["inplace"] = False
    return twin


def _to_meta(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach() if tensor.is_meta else torch.empty_like(tensor, device="meta")
