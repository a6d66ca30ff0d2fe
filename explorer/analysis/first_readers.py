"""Which layer of a module reads which of its inputs first, and how much of it: found by following the forward with
values that have no numbers, as far as it lets itself be followed."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.conv import _ConvNd


@dataclass(frozen=True)
class Reading:
    """The first layer that an input reaches."""

    layer: nn.Module
    width: int  # channels or features that the input has there; of an embedding how many numbers there are
    passes: frozenset[str]  # functions and methods on the way: "view", "cat"


def find_first_readers(module: nn.Module) -> dict[str, Reading]:
    """Return what reads each input first, by the name of the argument; without those that reach no such layer."""
    tracer = _Follower()
    with suppress(Exception):  # whatever the module's own code does with a value without numbers: what was seen counts
        tracer.trace(module)
    parts = dict(module.named_modules())
    found = ((node.target, _follow(node, parts)) for node in tracer.graph.nodes if node.op == "placeholder")
    return {str(name): reading for name, reading in found if reading is not None}


class _Follower(fx.Tracer):
    """Goes the way of inputs that fit: sizes that are compared are equal, and maps have four sides."""

    def to_bool(self, obj: fx.Proxy) -> bool:
        return obj.node.target is operator.eq

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        try:
            return super().iter(obj)
        except fx.proxy.TraceError:
            return iter([operator.getitem(obj, place) for place in range(4)])


def _follow(start: fx.Node, parts: dict[str, nn.Module]) -> Reading | None:
    """Follow an input to the first layer that says what it takes."""
    waiting: list[tuple[fx.Node, frozenset[str]]] = [(start, frozenset())]
    seen: set[fx.Node] = set()
    while waiting:
        node, passes = waiting.pop(0)
        for reader in node.users:
            if reader in seen or _reads_size(reader):
                continue
            seen.add(reader)
            layer = parts.get(str(reader.target)) if reader.op == "call_module" else None
            if isinstance(layer, (nn.Embedding, nn.RNNBase, nn.Linear, _ConvNd)):
                return Reading(layer, _share(start, reader.args[0], layer, parts), passes)
            known = _partner_width(start, reader, parts)
            if known:
                return Reading(nn.Identity(), known, passes)
            waiting.append((reader, passes | {_name(reader)}))
    return None


def _reads_size(node: fx.Node) -> bool:
    return _name(node) in ("size", "dim", "getattr", "len")


def _name(node: fx.Node) -> str:
    return str(getattr(node.target, "__name__", node.target)) if node.op != "call_module" else ""


def _taken_by(layer: nn.Module) -> int:
    for setting in ("in_features", "in_channels", "input_size", "num_embeddings"):
        if isinstance(width := getattr(layer, setting, None), int):
            return width
    return 0


def _share(start: fx.Node, value: Any, layer: nn.Module, parts: dict[str, nn.Module]) -> int:
    """What one input has of the width that a layer takes, where several values are joined before it."""
    width, is_map = _taken_by(layer), isinstance(layer, _ConvNd)
    while isinstance(value, fx.Node) and _name(value) not in ("cat", "concat", "concatenate"):
        value = value.args[0] if value.args and value is not start else None
    if not isinstance(value, fx.Node) or not value.args or not isinstance(value.args[0], (list, tuple)):
        return width
    joined = [item for item in value.args[0] if isinstance(item, fx.Node)]
    widths = [_width(item, parts) for item in joined]
    unknown = [item for item, known in zip(joined, widths, strict=True) if not known]
    rest = width - sum(widths)
    if len(unknown) < 2 or rest < len(unknown):
        return rest
    place = next(place for place, item in enumerate(unknown) if start in _sources(item))
    own, equal = rest % len(unknown), rest // len(unknown)
    if is_map and rest > _IMAGE:  # an image comes first, and with it what is known of it
        own, equal = _IMAGE, (rest - _IMAGE) // (len(unknown) - 1)
        return equal if place else own
    return equal if place else equal + own


_IMAGE = 3  # channels of an image


def _partner_width(start: fx.Node, node: fx.Node, parts: dict[str, nn.Module]) -> int:
    """How wide the other value is that an input is multiplied with or added to; 0 where that is not known."""
    if node.target not in (operator.mul, operator.add, torch.mul, torch.add, "mul", "add"):
        return 0
    others = [arg for arg in node.args if isinstance(arg, fx.Node) and start not in _sources(arg)]
    return _width(others[0], parts) if len(others) == 1 else 0


def _sources(node: fx.Node) -> set[fx.Node]:
    found, waiting = {node}, [node]
    while waiting:
        for inner in waiting.pop().all_input_nodes:
            if inner not in found:
                found.add(inner)
                waiting.append(inner)
    return found


def _width(node: fx.Node, parts: dict[str, nn.Module]) -> int:
    """Channels or features of a value as the layer says that made it; 0 where none did."""
    layer = parts.get(str(node.target)) if node.op == "call_module" else None
    for setting in ("out_features", "out_channels", "embedding_dim", "hidden_size"):
        if isinstance(width := getattr(layer, setting, None), int):
            return width
    keeps = layer is not None or _name(node) in ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "dropout")
    return _width(node.args[0], parts) if keeps and node.args and isinstance(node.args[0], fx.Node) else 0
