"""The settings of a layer by name, read from it: kernel, stride, padding, dilation, groups, bias, pooling, dropout …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import torch.nn.functional as F
from torch import nn

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr_noop
from explorer.base.memo import per_object
from explorer.edits.pooling import find_pooling, is_windowed_pooling
from explorer.graph import op_kinds
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function

SettingValue = bool | int | float | str

#: Convolutions that have settings: of signals, and of maps.
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)

#: The settings by name, and how a sentence says them.
SETTINGS: dict[str, str] = {
    "kernel": tr_noop("Kernel {value}"),
    "stride": tr_noop("Stride {value}"),
    "padding": tr_noop("Padding {value}"),
    "dilation": tr_noop("Dilation {value}"),
    "groups": tr_noop("{value} groups"),
    "bias": tr_noop("Bias {value}"),
    "out_channels": tr_noop("{value} channels"),
    "pooling": tr_noop("Pooling: {value}"),
    "dropout": tr_noop("Dropout rate {value}"),
    "ceil_mode": tr_noop("Output size rounded up: {value}"),
    "eps": tr_noop("Epsilon {value}"),
    "slope": tr_noop("Slope below zero {value}"),
    "multiplier": tr_noop("Depthwise multiplier {value}"),
}

#: The kinds of layers an edit can be narrowed to, and how a sentence says them.
LAYER_KINDS: dict[str, str] = {
    "conv": tr_noop("convolutions"),
    "depthwise": tr_noop("depthwise convolutions"),
    "grouped": tr_noop("group convolutions and shuffles"),
    "windowed": tr_noop("convolutions with a window"),
    "linear": tr_noop("linear layers"),
    "pool": tr_noop("poolings"),
    "windowed_pool": tr_noop("poolings with a window"),
    "dropout": tr_noop("dropouts"),
    "shuffle": tr_noop("channel shuffles"),
}


def layers_with_setting(nodes: Iterable[Node], setting: str, kind: str) -> list[Node]:
    """The layers among these that `SetLayer` would give that setting."""
    found = [node for node in nodes if is_layer_kind(node, kind) and setting in get_layer_settings(node)]
    return [node for node in found if setting != "kernel" or not kind or _has_odd_square_window(node)]


def _has_odd_square_window(node: Node) -> bool:
    side = get_layer_settings(node)["kernel"]
    return isinstance(side, int) and side > 1 and (side % 2 == 1 or not isinstance(node.layer, CONVOLUTIONS))


def is_layer_kind(node: Node, kind: str) -> bool:
    """Is this a layer of that kind (a key of `LAYER_KINDS`)? Every one is when `kind` is empty."""
    if kind == "windowed":
        return isinstance(node.layer, CONVOLUTIONS) and max(node.layer.kernel_size) > 1
    if kind == "windowed_pool":
        return is_windowed_pooling(node)
    if kind not in ("grouped", "depthwise"):
        return not kind or op_kinds.kind(node) == kind
    return any(_has_groups(known, kind) for known in (node, node.original) if known is not None)


def _has_groups(node: Node, kind: str) -> bool:
    if kind == "depthwise":
        return op_kinds.kind(node) == "depthwise"
    return get_layer_settings(node).get("groups", 1) != 1 and op_kinds.kind(node) in ("conv", "shuffle")


@per_object  # every topic of the options asks
def get_layer_settings(node: Node) -> Mapping[str, SettingValue]:
    """The present settings of a layer, as `SetLayer` takes them; of square windows only."""
    return MappingProxyType(_read_settings(node))


def _read_settings(node: Node) -> dict[str, SettingValue]:
    layer = node.layer
    if isinstance(layer, CONVOLUTIONS):
        found: dict[str, SettingValue] = {"bias": layer.bias is not None, "groups": layer.groups}
        sides = [("kernel", layer.kernel_size), ("stride", layer.stride), ("dilation", layer.dilation)]
        if isinstance(layer.padding, tuple):
            sides.append(("padding", layer.padding))
        found |= {name: _format_window(pair) for name, pair in sides}
        if is_depthwise(layer):
            found["multiplier"] = layer.out_channels // layer.in_channels
        return found | {"out_channels": layer.out_channels}
    if isinstance(layer, nn.Linear):
        return {"bias": layer.bias is not None, "out_channels": layer.out_features}
    window = find_pooling(node)
    if window is not None:
        kind, settings = window
        return (
            {"pooling": kind}
            | {
                word: _format_window(as_pair(settings[name]))
                for word, name in (("kernel", "kernel_size"), ("stride", "stride"), ("padding", "padding"))
                if name in settings
            }
            | ({"ceil_mode": bool(settings["ceil_mode"])} if "ceil_mode" in settings else {})
        )
    if op_kinds.kind(node) == "shuffle" and not isinstance(node.op, Bypass):
        return {"groups": op_kinds.shuffle_groups(node)}
    eps = getattr(layer, "eps", None)
    if op_kinds.kind(node) == "norm" and isinstance(eps, float):
        return {"eps": eps}
    slope = leaky_slope(node)
    if slope is not None:
        return {"slope": slope}
    rate = dropout_rate(node)
    return {"dropout": rate} if rate is not None else {}


def dropout_rate(node: Node) -> float | None:
    """The share of units a dropout silences while training; None when the node is none."""
    if isinstance(node.layer, (nn.Dropout, nn.Dropout2d, nn.AlphaDropout)):
        return float(node.layer.p)
    if isinstance(node.op, Function) and node.op.call is F.dropout:
        return float(node.kwargs.get("p", node.args[1] if len(node.args) > 1 else 0.5))
    return None


def leaky_slope(node: Node) -> float | None:
    """The slope below zero of a leaky ReLU; None when the node is none, or the code computes it."""
    if isinstance(node.layer, nn.LeakyReLU):
        return float(node.layer.negative_slope)
    if isinstance(node.op, Function) and node.op.call is F.leaky_relu:
        slope = node.kwargs.get("negative_slope", node.args[1] if len(node.args) > 1 else 0.01)
        return float(slope) if isinstance(slope, (int, float)) else None
    return None


def _format_window(pair: tuple[int, ...]) -> SettingValue:
    return pair[0] if len(set(pair)) == 1 else "×".join(map(str, pair))


def square_window(layers: Iterable[Node], side: int) -> SettingValue:
    """A window of one side as an edit of these layers holds it: of signals a text, which its title says once."""
    return str(side) if all(isinstance(node.layer, nn.Conv1d) for node in layers) else side
