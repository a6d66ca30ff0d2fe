"""Functional calls on a module's own tensors, seen as the layers they are.

`F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, …)`, as timm's norm-and-activation layers
write it, is a batch norm like any other: kept as one, it is recognised, counted, edited and given weights in one way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from explorer.graph.arguments import Ref
from explorer.graph.module_copy import module_key


@dataclass(frozen=True, slots=True)
class FunctionalLayer:
    """A functional call as a layer: what it reads, and the path of the module that owns the tensors."""

    layer: nn.Module  # on the meta device
    input: Ref
    path: str


def functional_as_layer(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tensors: Mapping[str, tuple[str, Any]],
    dims: int = 4,
) -> FunctionalLayer | None:
    """The layer a call amounts to, or None when it is anything else.

    Args:
        tensors: (path, tensor) of the arguments that are parameters and buffers, by the name their `Ref` has.
        dims: how many dims the input has.
    """
    make = _BUILDERS.get(function)
    if make is None:
        return None
    bound = inspect.signature(_BUILTIN_SIGNATURES.get(function, function)).bind(*args, **kwargs)
    bound.apply_defaults()
    values = bound.arguments
    reads = values.pop("input")
    owned = {name: tensors[v.name] for name, v in values.items() if isinstance(v, Ref) and v.name in tensors}
    loose = any(isinstance(v, Ref) and name not in owned for name, v in values.items())
    owners = {path.rpartition(".")[0] for path, _ in owned.values()}
    named_alike = all(path.rpartition(".")[2] == name for name, (path, _) in owned.items())
    if (
        not isinstance(reads, Ref)
        or reads.name in tensors
        or loose
        or len(owners) != 1
        or "" in owners
        or not named_alike
    ):
        return None
    held = {name: tensor for name, (_, tensor) in owned.items()}
    with torch.device("meta"):
        layer = make(held, {name: v for name, v in values.items() if name not in owned} | {"dims": dims})
    return FunctionalLayer(layer, reads, owners.pop()) if layer is not None else None


def layer_key_at(module: nn.Module, path: str, fallback: Hashable) -> Hashable:
    """The configuration that a layer made of a functional call must have to be the one at `path`: that of the layer
    there, where it is one of torch's own. The same weight with another stride is another op."""
    owner = reduce(getattr, path.split("."), module)  # get_submodule is not there on scripted modules
    is_layer = type(owner).__module__.startswith("torch.nn.modules") and type(owner) is not nn.Module
    return module_key(owner) if is_layer else fallback


def _build_batch_norm(tensors: Mapping[str, torch.Tensor], settings: dict[str, Any]) -> nn.Module | None:
    kinds = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
    if (
        not {"running_mean", "running_var"} <= tensors.keys()
        or settings.get("training")
        or _has_one_affine_tensor(tensors)
        or settings["dims"] not in kinds
    ):
        return None
    kind = kinds[settings["dims"]]
    return kind(len(tensors["running_mean"]), eps=settings["eps"], affine="weight" in tensors).eval()


def _build_conv2d(tensors: Mapping[str, torch.Tensor], settings: dict[str, Any]) -> nn.Module | None:
    if "weight" not in tensors:
        return None
    width, fed, high, wide = tensors["weight"].shape
    groups = settings["groups"]
    window = {name: settings[name] for name in ("stride", "padding", "dilation")}
    return nn.Conv2d(fed * groups, width, (high, wide), groups=groups, bias="bias" in tensors, **window)


def _build_linear(tensors: Mapping[str, torch.Tensor], settings: dict[str, Any]) -> nn.Module | None:
    if "weight" not in tensors:
        return None
    width, fed = tensors["weight"].shape
    return nn.Linear(fed, width, bias="bias" in tensors)


def _build_layer_norm(tensors: Mapping[str, torch.Tensor], settings: dict[str, Any]) -> nn.Module | None:
    if _has_one_affine_tensor(tensors) or "weight" not in tensors:
        return None
    return nn.LayerNorm(settings["normalized_shape"], eps=settings["eps"])


def _build_group_norm(tensors: Mapping[str, torch.Tensor], settings: dict[str, Any]) -> nn.Module | None:
    if _has_one_affine_tensor(tensors) or "weight" not in tensors:
        return None
    return nn.GroupNorm(settings["num_groups"], len(tensors["weight"]), eps=settings["eps"])


def _has_one_affine_tensor(tensors: Mapping[str, torch.Tensor]) -> bool:
    return ("weight" in tensors) != ("bias" in tensors)


def _conv2d_signature(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> None: ...


def _linear_signature(input: Any, weight: Any, bias: Any = None) -> None: ...


#: What torch writes in C++ has no signature to be read; these do, as its documentation gives them.
_BUILTIN_SIGNATURES: dict[Any, Callable[..., None]] = {
    F.conv2d: _conv2d_signature,
    torch.conv2d: _conv2d_signature,
    F.linear: _linear_signature,
}

_BUILDERS: dict[Any, Callable[[Mapping[str, torch.Tensor], dict[str, Any]], nn.Module | None]] = {
    F.batch_norm: _build_batch_norm,
    F.layer_norm: _build_layer_norm,
    F.group_norm: _build_group_norm,
    torch.conv2d: _build_conv2d,
    F.conv2d: _build_conv2d,
    F.linear: _build_linear,
}
