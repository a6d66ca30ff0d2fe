"""How each setting of a layer is changed, and which values it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr, tr_noop
from explorer.edits.edit import EditError
from explorer.edits.layer_settings import CONVOLUTIONS, SETTINGS, SettingValue
from explorer.edits.node_changes import change_node, layer_op
from explorer.edits.pooling import require_pooling, with_pooling
from explorer.edits.validation import check_integer
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer, reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Layer

_LARGEST_WINDOW = 512  # side of a window


def setting_title(setting: str, value: SettingValue) -> str:
    """A setting in the title of an edit: "Kernel 3×3", "Bias off"."""
    if isinstance(value, bool):
        words = tr("on") if value else tr("off")
    elif setting == "kernel" and isinstance(value, int):
        words = f"{value}×{value}"
    else:
        words = tr(_POOLINGS.get(str(value), str(value))) if setting == "pooling" else str(value)
    return tr(SETTINGS[setting], value=words) if setting in SETTINGS else f"{setting} {words}"


_POOLINGS = {"max": tr_noop("maximum"), "average": tr_noop("average")}


class InvalidSetting(ValueError):
    """A value a layer cannot take. `alternatives` are (words, value) that it could."""

    def __init__(self, node: str, reason: str, alternatives: Iterable[tuple[str, SettingValue]] = ()) -> None:
        super().__init__(reason)
        self.node = node
        self.alternatives = tuple(alternatives)


def _set_kernel(node: Node, value: SettingValue) -> Node:
    return _set_window(node, kernel=_parse_window(node, value, 1))


def _set_dilation(node: Node, value: SettingValue) -> Node:
    return _set_window(node, dilation=_parse_window(node, value, 1))


def _set_window(node: Node, **change: tuple[int, ...]) -> Node:
    """A new kernel or dilation, with the padding that leaves the map its size where there is one."""
    layer = node.layer
    if isinstance(layer, CONVOLUTIONS):
        kernel, dilation = change.get("kernel", layer.kernel_size), change.get("dilation", layer.dilation)
        padding: Any = layer.padding
        if isinstance(padding, tuple):
            padding = tuple(
                max(p + (d * (k - 1) - old_d * (old_k - 1)) // 2, 0)
                for p, k, d, old_k, old_d in zip(
                    padding, kernel, dilation, layer.kernel_size, layer.dilation, strict=True
                )
            )
        return change_node(node, op=reconfigure(layer_op(node), kernel_size=kernel, dilation=dilation, padding=padding))
    kind, settings = require_pooling(node)
    old, kernel = as_pair(settings["kernel_size"]), change["kernel"]
    padding = tuple(max(p + (k - o) // 2, 0) for p, k, o in zip(as_pair(settings["padding"]), kernel, old, strict=True))
    return with_pooling(node, kind, settings | {"kernel_size": kernel, "padding": padding})


def _set_stride(node: Node, value: SettingValue) -> Node:
    stride = _parse_window(node, value, 1)
    if isinstance(node.layer, CONVOLUTIONS):
        return change_node(node, op=reconfigure(layer_op(node), stride=stride))
    kind, settings = require_pooling(node)
    return with_pooling(node, kind, settings | {"stride": stride})


def _set_padding(node: Node, value: SettingValue) -> Node:
    padding = _parse_window(node, value, 0)
    if isinstance(node.layer, CONVOLUTIONS):
        return change_node(node, op=reconfigure(layer_op(node), padding=padding))
    kind, settings = require_pooling(node)
    most = tuple(side // 2 for side in as_pair(settings["kernel_size"]))
    if padding[0] > most[0] or padding[1] > most[1]:
        raise InvalidSetting(
            node.name,
            tr("a pooling can be padded by at most half its window, {most}", most=min(most)),
            [(setting_title("padding", min(most)), min(most))],
        )
    return with_pooling(node, kind, settings | {"padding": padding})


def _set_groups(node: Node, value: SettingValue) -> Node:
    layer = node.layer
    if not isinstance(layer, _ConvNd):
        return set_shuffle_groups(node, _parse_groups(node, value))
    groups = layer.in_channels if value == "depthwise" else _parse_groups(node, value)
    if layer.in_channels % groups or layer.out_channels % groups:
        common = math.gcd(layer.in_channels, layer.out_channels)
        near = sorted((g for g in range(1, common + 1) if common % g == 0), key=lambda g: abs(g - groups))[:3]
        raise InvalidSetting(
            node.name,
            tr(
                "{groups} groups do not divide {inputs} → {outputs} channels",
                groups=groups,
                inputs=layer.in_channels,
                outputs=layer.out_channels,
            ),
            [(tr("1 group (standard)") if g == 1 else setting_title("groups", g), g) for g in near],
        )
    return change_node(node, op=reconfigure(layer_op(node), groups=groups))


def set_shuffle_groups(node: Node, groups: int) -> Node:
    """Whether they divide the channels is seen when the shapes are."""
    if isinstance(node.op, Layer):
        return change_node(node, op=build_layer(lambda: nn.ChannelShuffle(groups)))
    if len(node.args) > 1:
        return change_node(node, args=(node.args[0], groups, *node.args[2:]))
    return change_node(node, kwargs={**node.kwargs, "groups": groups})


def _set_bias(node: Node, value: SettingValue) -> Node:
    if not isinstance(value, bool):
        raise InvalidSetting(node.name, tr("a bias is on (true) or off (false), not {value!r}", value=value))
    return change_node(node, op=reconfigure(layer_op(node), bias=value))


def _set_pooling(node: Node, value: SettingValue) -> Node:
    if value not in ("max", "average"):
        raise InvalidSetting(node.name, tr("{value!r} is not a kind of pooling; choose max or average", value=value))
    _, settings = require_pooling(node)
    return with_pooling(node, str(value), settings)


def _set_dropout(node: Node, value: SettingValue) -> Node:
    if isinstance(value, (bool, str)) or not 0 <= value <= 1:
        raise InvalidSetting(node.name, tr("a dropout rate must lie between 0 and 1; {value!r} does not", value=value))
    rate = float(value)
    if isinstance(node.op, Layer):
        return change_node(node, op=reconfigure(node.op, p=rate))
    return change_node(
        node, op=build_layer(lambda: nn.Dropout(rate)), args=(Ref(node.inputs[0]),), kwargs={}, path=node.name
    )


def _set_ceil_mode(node: Node, value: SettingValue) -> Node:
    if not isinstance(value, bool):
        raise InvalidSetting(node.name, tr("rounding up is on (true) or off (false), not {value!r}", value=value))
    if isinstance(node.op, Layer):  # with all that no edit speaks of: what it counts at the border, its dilation
        return change_node(node, op=reconfigure(node.op, ceil_mode=value))
    kind, settings = require_pooling(node)
    return with_pooling(node, kind, settings | {"ceil_mode": value})


def _set_eps(node: Node, value: SettingValue) -> Node:
    if isinstance(value, (bool, str)) or not 0 < value <= 1:
        raise InvalidSetting(
            node.name,
            tr("an epsilon must lie above 0 and at most at 1; {value!r} does not", value=value),
            [(setting_title("eps", eps), eps) for eps in (1e-5, 1e-3)],
        )
    return change_node(node, op=reconfigure(layer_op(node), eps=float(value)))


def _set_slope(node: Node, value: SettingValue) -> Node:
    if isinstance(value, (bool, str)) or not 0 <= value <= 1:
        raise InvalidSetting(
            node.name,
            tr("a slope below zero must lie between 0 and 1; {value!r} does not", value=value),
            [(setting_title("slope", slope), slope) for slope in (0.01, 0.2)],
        )
    if isinstance(node.op, Layer):
        return change_node(node, op=reconfigure(node.op, negative_slope=float(value)))
    return change_node(node, args=node.args[:1], kwargs={"negative_slope": float(value)})


def _set_multiplier(node: Node, value: SettingValue) -> Node:
    layer = node.layer
    assert isinstance(layer, _ConvNd)
    try:
        times = check_integer(value, 1, 64, tr("a depthwise multiplier"))
    except EditError as failure:
        raise InvalidSetting(
            node.name, str(failure), [(setting_title("multiplier", n), n) for n in (1, 2)]
        ) from failure
    return change_node(node, op=reconfigure(layer_op(node), out_channels=layer.in_channels * times))


#: The function that gives a node another value of a setting, by the name of the setting.
SETTERS: dict[str, Callable[[Node, SettingValue], Node]] = {
    "kernel": _set_kernel,
    "stride": _set_stride,
    "padding": _set_padding,
    "dilation": _set_dilation,
    "groups": _set_groups,
    "bias": _set_bias,
    "pooling": _set_pooling,
    "dropout": _set_dropout,
    "ceil_mode": _set_ceil_mode,
    "eps": _set_eps,
    "slope": _set_slope,
    "multiplier": _set_multiplier,
}


def _parse_window(node: Node, value: SettingValue, minimum: int) -> tuple[int, ...]:
    """A window from a number, or from two as "1×7"; of a signal it has one side."""
    parts = str(value).replace("x", "×").split("×") if isinstance(value, str) else [value]
    sides = [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]
    fits = [type(side) is int and minimum <= side <= _LARGEST_WINDOW for side in sides]
    if not all(fits) or len(sides) > (1 if isinstance(node.layer, nn.Conv1d) else 2):
        raise InvalidSetting(
            node.name,
            tr(
                "{value!r} must be a whole number from {minimum} to {maximum}, or two such as “1×7”",
                value=value,
                minimum=minimum,
                maximum=_LARGEST_WINDOW,
            ),
        )
    if isinstance(node.layer, nn.Conv1d):
        return (sides[0],)  # type: ignore[return-value]
    return sides[0], sides[-1]  # type: ignore[return-value]


def _parse_groups(node: Node, value: SettingValue) -> int:
    try:
        return check_integer(value, 1, 65_536, tr("the number of groups"))
    except EditError as failure:
        raise InvalidSetting(node.name, str(failure)) from failure
