"""Edits of a layer's own settings: kernel, stride, padding, dilation, groups, bias, pooling, dropout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr, tr_noop
from explorer.base.memo import per_object
from explorer.edits.edit import EditError, Repair, location_in_error, location_in_title, nodes_at, place_of
from explorer.edits.pooling import find_pooling, is_windowed_pooling, require_pooling, with_pooling
from explorer.edits.propagation import change_node, propagate
from explorer.edits.registry import register_edit
from explorer.edits.repairs import offering_repairs
from explorer.edits.subgraph import blocks_at
from explorer.edits.validation import check_integer, check_one_of
from explorer.edits.widths import SetWidth
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer, reconfigure
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Function, Layer

Value = bool | int | float | str

_LARGEST_WINDOW = 512  # side of a window

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
}


@register_edit("set_layer", formerly=("layer",))
@dataclass(frozen=True, slots=True)
class SetLayer:
    """Give layers another setting (a key of `SETTINGS`). A new kernel or dilation is padded so that the map keeps its
    size. `kind` (a key of `KINDS_OF_LAYERS`) narrows it to such layers of a larger place; a kernel then leaves windows
    alone that are 1×1, not square, or of even side. What was depthwise or grouped when the network was opened still
    counts as that: groups can go, and come back.
    With the mend "from NODE" that layer gets the setting this one had: a stride moves (ResNet v1.5 to v1)."""

    name: ClassVar[str]
    at: str
    setting: str
    value: Value
    kind: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Stride 2 in conv1", "Stride 2 in conv1, from conv2"."""
        setting, place = _setting_title(self.setting, self.value), location_in_title(self.at)
        if self.kind in LAYER_KINDS:
            setting = tr("{setting} of {layers}", setting=setting, layers=tr(LAYER_KINDS[self.kind]))
        title = tr("{setting} {place}", setting=setting, place=place)
        giver = self.mend.removeprefix("from ")
        return title if giver == self.mend else tr("{edit}, from {name}", edit=title, name=giver)

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with the setting of every such layer of the place. Raises EditError where no layer has
        it, or one cannot take the value; its repairs are values that fit."""
        check_one_of(self.kind, ("", *LAYER_KINDS), tr("kind of layer"))
        check_one_of(self.setting, SETTINGS, tr("setting"))
        if self.setting == "out_channels":
            return SetWidth(self.at, self.value).apply(architecture)  # type: ignore[arg-type]  # Width looks at it
        found = layers_with_setting(nodes_at(architecture, self.at), self.setting, self.kind)
        if not found:
            raise EditError(
                tr(
                    "no layer {place} has {setting} to set",
                    place=location_in_error(self.at),
                    setting=tr(_SETTING_NOUNS[self.setting]),
                )
            )
        wanted = [(node, self.value) for node in found] + self._donor_change(architecture, found[0])
        try:
            changed = [_SETTERS[self.setting](node, value) for node, value in wanted]
        except _InvalidSetting as misfit:
            repairs = [Repair(title, replace(self, value=value)) for title, value in misfit.alternatives]
            raise EditError(f"{misfit.node}: {misfit}", node=misfit.node, repairs=repairs) from misfit
        present = get_layer_settings(found[0]).get(self.setting)
        moves = self._swap_repairs(architecture, found[0]) if len(found) == 1 else ()
        with offering_repairs(self, architecture, [*moves, *self._nearby_values(present)]):
            return propagate(architecture.with_replaced(changed), repair=self.mend)

    def _donor_change(self, architecture: Architecture, node: Node) -> list[tuple[Node, Value]]:
        """The change of the layer that the setting is taken from: it gets the value this one had."""
        giver = self.mend.removeprefix("from ")
        if giver == self.mend or giver not in architecture.live:
            return []
        present = get_layer_settings(node).get(self.setting)
        return [] if present is None else [(architecture.live[giver], present)]

    def _swap_repairs(self, architecture: Architecture, node: Node) -> Iterator[tuple[str, SetLayer]]:
        """The other layers of the block that have this very stride, and could give it away."""
        if self.setting != "stride" or self.mend:
            return
        for block in blocks_at(architecture, place_of(node.name)):
            for other in block.layers:
                if other is not node and get_layer_settings(other).get("stride") == self.value:
                    yield (
                        tr("Move the stride here from {name}", name=other.name),
                        replace(self, mend=f"from {other.name}"),
                    )

    def _nearby_values(self, present: Value | None) -> Iterator[tuple[str, SetLayer]]:
        """Nearby values of a setting that is a number: first those on the way back to the present one."""
        if not isinstance(present, int) or not isinstance(self.value, int) or self.setting not in _INTEGER_SETTINGS:
            return
        step = 1 if present > self.value else -1
        least = 0 if self.setting == "padding" else 1
        further = (value for away in range(1, 5) for value in (self.value - step * away, present + step * away))
        for value in dict.fromkeys([*range(self.value + step, present, step), *further]):
            if least <= value and value != present:
                yield _setting_title(self.setting, value), replace(self, value=value)


def _setting_title(setting: str, value: Value) -> str:
    """A setting in the title of an edit: "Kernel 3×3", "Bias off"."""
    if isinstance(value, bool):
        words = tr("on") if value else tr("off")
    elif setting == "kernel" and isinstance(value, int):
        words = f"{value}×{value}"
    else:
        words = tr(_POOLINGS.get(str(value), str(value))) if setting == "pooling" else str(value)
    return tr(SETTINGS[setting], value=words) if setting in SETTINGS else f"{setting} {words}"


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
    return isinstance(side, int) and side > 1 and (side % 2 == 1 or not isinstance(node.layer, nn.Conv2d))


def is_layer_kind(node: Node, kind: str) -> bool:
    """Is this a layer of that kind (a key of `LAYER_KINDS`)? Every one is when `kind` is empty."""
    if kind == "windowed":
        return isinstance(node.layer, nn.Conv2d) and max(node.layer.kernel_size) > 1
    if kind == "windowed_pool":
        return is_windowed_pooling(node)
    if kind not in ("grouped", "depthwise"):
        return not kind or op_kinds.kind(node) == kind
    return any(_has_groups(known, kind) for known in (node, node.original) if known is not None)


def _has_groups(node: Node, kind: str) -> bool:
    if kind == "depthwise":
        return op_kinds.kind(node) == "depthwise"
    return get_layer_settings(node).get("groups", 1) != 1 and op_kinds.kind(node) in ("conv", "shuffle")


_INTEGER_SETTINGS = ("kernel", "stride", "padding", "dilation", "groups")
_SETTING_NOUNS = {
    "kernel": tr_noop("a kernel"),
    "stride": tr_noop("a stride"),
    "padding": tr_noop("padding"),
    "dilation": tr_noop("a dilation"),
    "groups": tr_noop("groups"),
    "bias": tr_noop("a bias"),
    "pooling": tr_noop("a kind of pooling"),
    "dropout": tr_noop("a dropout rate"),
}
_POOLINGS = {"max": tr_noop("maximum"), "average": tr_noop("average")}


class _InvalidSetting(ValueError):
    """A value a layer cannot take. `others` are (words, value) that it could."""

    def __init__(self, node: str, reason: str, alternatives: Iterable[tuple[str, Value]] = ()) -> None:
        super().__init__(reason)
        self.node = node
        self.alternatives = tuple(alternatives)


@per_object  # every topic of the options asks
def get_layer_settings(node: Node) -> Mapping[str, Value]:
    """The present settings of a layer, as `SetLayer` takes them; of square windows only."""
    return MappingProxyType(_read_settings(node))


def _read_settings(node: Node) -> dict[str, Value]:
    layer = node.layer
    if isinstance(layer, nn.Conv2d):
        found: dict[str, Value] = {"bias": layer.bias is not None, "groups": layer.groups}
        sides = [("kernel", layer.kernel_size), ("stride", layer.stride), ("dilation", layer.dilation)]
        if isinstance(layer.padding, tuple):
            sides.append(("padding", layer.padding))
        found |= {name: _format_window(pair) for name, pair in sides}
        return found | {"out_channels": layer.out_channels}
    if isinstance(layer, nn.Linear):
        return {"bias": layer.bias is not None, "out_channels": layer.out_features}
    window = find_pooling(node)
    if window is not None:
        kind, settings = window
        return {"pooling": kind} | {
            word: _format_window(as_pair(settings[name]))
            for word, name in (("kernel", "kernel_size"), ("stride", "stride"), ("padding", "padding"))
            if name in settings
        }
    if op_kinds.kind(node) == "shuffle" and not isinstance(node.op, Bypass):
        return {"groups": op_kinds.shuffle_groups(node)}
    rate = dropout_rate(node)
    return {"dropout": rate} if rate is not None else {}


def dropout_rate(node: Node) -> float | None:
    """The share of units a dropout silences while training; None when the node is none."""
    if isinstance(node.layer, (nn.Dropout, nn.Dropout2d, nn.AlphaDropout)):
        return float(node.layer.p)
    if isinstance(node.op, Function) and node.op.call is F.dropout:
        return float(node.kwargs.get("p", node.args[1] if len(node.args) > 1 else 0.5))
    return None


def _set_kernel(node: Node, value: Value) -> Node:
    return _set_window(node, kernel=_parse_window(node, value, 1))


def _set_dilation(node: Node, value: Value) -> Node:
    return _set_window(node, dilation=_parse_window(node, value, 1))


def _set_window(node: Node, **change: tuple[int, int]) -> Node:
    """A new kernel or dilation, with the padding that leaves the map its size where there is one."""
    layer = node.layer
    if isinstance(layer, nn.Conv2d):
        kernel, dilation = change.get("kernel", layer.kernel_size), change.get("dilation", layer.dilation)
        padding: Any = layer.padding
        if isinstance(padding, tuple):
            padding = tuple(
                max(p + (d * (k - 1) - old_d * (old_k - 1)) // 2, 0)
                for p, k, d, old_k, old_d in zip(
                    padding, kernel, dilation, layer.kernel_size, layer.dilation, strict=True
                )
            )
        return change_node(
            node, op=reconfigure(_layer_op(node), kernel_size=kernel, dilation=dilation, padding=padding)
        )
    kind, settings = require_pooling(node)
    old, kernel = as_pair(settings["kernel_size"]), change["kernel"]
    padding = tuple(max(p + (k - o) // 2, 0) for p, k, o in zip(as_pair(settings["padding"]), kernel, old, strict=True))
    return with_pooling(node, kind, settings | {"kernel_size": kernel, "padding": padding})


def _set_stride(node: Node, value: Value) -> Node:
    stride = _parse_window(node, value, 1)
    if isinstance(node.layer, nn.Conv2d):
        return change_node(node, op=reconfigure(_layer_op(node), stride=stride))
    kind, settings = require_pooling(node)
    return with_pooling(node, kind, settings | {"stride": stride})


def _set_padding(node: Node, value: Value) -> Node:
    padding = _parse_window(node, value, 0)
    if isinstance(node.layer, nn.Conv2d):
        return change_node(node, op=reconfigure(_layer_op(node), padding=padding))
    kind, settings = require_pooling(node)
    most = tuple(side // 2 for side in as_pair(settings["kernel_size"]))
    if padding[0] > most[0] or padding[1] > most[1]:
        raise _InvalidSetting(
            node.name,
            tr("a pooling can be padded by at most half its window, {most}", most=min(most)),
            [(_setting_title("padding", min(most)), min(most))],
        )
    return with_pooling(node, kind, settings | {"padding": padding})


def _set_groups(node: Node, value: Value) -> Node:
    layer = node.layer
    if not isinstance(layer, _ConvNd):
        return set_shuffle_groups(node, _parse_groups(node, value))
    groups = layer.in_channels if value == "depthwise" else _parse_groups(node, value)
    if layer.in_channels % groups or layer.out_channels % groups:
        common = math.gcd(layer.in_channels, layer.out_channels)
        near = sorted((g for g in range(1, common + 1) if common % g == 0), key=lambda g: abs(g - groups))[:3]
        raise _InvalidSetting(
            node.name,
            tr(
                "{groups} groups do not divide {inputs} → {outputs} channels",
                groups=groups,
                inputs=layer.in_channels,
                outputs=layer.out_channels,
            ),
            [(tr("1 group (standard)") if g == 1 else _setting_title("groups", g), g) for g in near],
        )
    return change_node(node, op=reconfigure(_layer_op(node), groups=groups))


def set_shuffle_groups(node: Node, groups: int) -> Node:
    """Whether they divide the channels is seen when the shapes are."""
    if isinstance(node.op, Layer):
        return change_node(node, op=build_layer(lambda: nn.ChannelShuffle(groups)))
    if len(node.args) > 1:
        return change_node(node, args=(node.args[0], groups, *node.args[2:]))
    return change_node(node, kwargs={**node.kwargs, "groups": groups})


def _set_bias(node: Node, value: Value) -> Node:
    if not isinstance(value, bool):
        raise _InvalidSetting(node.name, tr("a bias is on (true) or off (false), not {value!r}", value=value))
    return change_node(node, op=reconfigure(_layer_op(node), bias=value))


def _set_pooling(node: Node, value: Value) -> Node:
    if value not in ("max", "average"):
        raise _InvalidSetting(node.name, tr("{value!r} is not a kind of pooling; choose max or average", value=value))
    _, settings = require_pooling(node)
    return with_pooling(node, str(value), settings)


def _set_dropout(node: Node, value: Value) -> Node:
    if isinstance(value, (bool, str)) or not 0 <= value <= 1:
        raise _InvalidSetting(node.name, tr("a dropout rate must lie between 0 and 1; {value!r} does not", value=value))
    rate = float(value)
    if isinstance(node.op, Layer):
        return change_node(node, op=reconfigure(node.op, p=rate))
    return change_node(
        node, op=build_layer(lambda: nn.Dropout(rate)), args=(Ref(node.inputs[0]),), kwargs={}, path=node.name
    )


_SETTERS: dict[str, Callable[[Node, Value], Node]] = {
    "kernel": _set_kernel,
    "stride": _set_stride,
    "padding": _set_padding,
    "dilation": _set_dilation,
    "groups": _set_groups,
    "bias": _set_bias,
    "pooling": _set_pooling,
    "dropout": _set_dropout,
}


def _layer_op(node: Node) -> Layer:
    assert isinstance(node.op, Layer)
    return node.op


def _format_window(pair: tuple[int, ...]) -> Value:
    return pair[0] if len(set(pair)) == 1 else "×".join(map(str, pair))


def _parse_window(node: Node, value: Value, minimum: int) -> tuple[int, int]:
    """A window from a number, or from two as "1×7"."""
    parts = str(value).replace("x", "×").split("×") if isinstance(value, str) else [value]
    sides = [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]
    fits = [type(side) is int and minimum <= side <= _LARGEST_WINDOW for side in sides]
    if not all(fits) or len(sides) > 2:
        raise _InvalidSetting(
            node.name,
            tr(
                "{value!r} must be a whole number from {minimum} to {maximum}, or two such as “1×7”",
                value=value,
                minimum=minimum,
                maximum=_LARGEST_WINDOW,
            ),
        )
    return sides[0], sides[-1]  # type: ignore[return-value]


def _parse_groups(node: Node, value: Value) -> int:
    try:
        return check_integer(value, 1, 65_536, tr("the number of groups"))
    except EditError as failure:
        raise _InvalidSetting(node.name, str(failure)) from failure
