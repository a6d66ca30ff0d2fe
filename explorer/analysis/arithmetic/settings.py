"""Settings of an op, alike for the layer and for the function: `nn.AvgPool2d(3)` and `F.avg_pool2d(x, 3)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F

from explorer.graph.node import Node
from explorer.graph.ops import Function, Method


def function_name(node: Node) -> str:
    """Return the name of a function or method without the mark of in-place ops; empty for a layer.

    Functions of `torch.nn.functional` that choose between two others are called after the first: "max_pool2d".
    """
    if not isinstance(node.op, (Function, Method)):
        return ""
    if isinstance(node.op, Function) and node.op.name in ("fn", "boolean_dispatch"):
        return next((name for name in _DISPATCHED if getattr(F, name) is node.op.call), node.op.name)
    return node.op.name.removesuffix("_")


def bind_settings(node: Node, names: Sequence[str], defaults: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a function or a layer is called with, by name: attributes of the layer, or arguments after the first
    in the order of `names`. None where an argument is computed, or given by an unknown name."""
    if node.layer is not None:
        return {name: getattr(node.layer, name, defaults.get(name)) for name in names}
    given = dict(zip(names, node.args[1:], strict=False)) | dict(node.kwargs)
    if not given.keys() <= set(names) or len(node.inputs) != 1:
        return None
    return {name: given.get(name, defaults.get(name)) for name in names}


def repeat(value: Any, axes: int) -> tuple[int, ...]:
    """Return a setting for each axis: 2 and (2,) are (2, 2)."""
    if not isinstance(value, (tuple, list)):
        return (int(value),) * axes
    return tuple(map(int, value)) if len(value) == axes else (int(value[0]),) * axes


_DISPATCHED = (
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
)
