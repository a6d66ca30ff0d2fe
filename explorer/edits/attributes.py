"""Edits of a layer's own settings: kernel, stride, padding, dilation, groups, bias, pooling, dropout, norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import nn
from torch.nn.modules.conv import _ConvNd
from torchvision.models.convnext import LayerNorm2d

from explorer.analysis.shapes import Shape
from explorer.analysis.study import study
from explorer.edits.channels import channels
from explorer.edits.checks import named, whole
from explorer.edits.edit import EditError, Repair, nodes_at, place, where
from explorer.edits.fitting import as_it_was, fitted, settled
from explorer.edits.mending import mending, working
from explorer.edits.parts import blocks_at
from explorer.edits.widths import Width
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Function, Layer, Node, Pass
from explorer.graph.arguments import Ref
from explorer.graph.layers import made, reconfigured

Value = bool | int | float | str

_LARGEST = 512  # side of a window

#: The settings by name, and how a sentence says them.
SETTINGS: dict[str, str] = {
    "kernel": "Kernel {}×{}",
    "stride": "Stride {}",
    "padding": "Padding {}",
    "dilation": "Dilation {}",
    "groups": "{} groups",
    "bias": "Bias {}",
    "out_channels": "{} channels",
    "pooling": "{} pooling",
    "dropout": "Dropout rate {}",
}


@dataclass(frozen=True, slots=True)
class SetLayer:
    """Give layers another setting (a key of `SETTINGS`). A new kernel or dilation is padded so that the map keeps its
    size. `kind` (a key of `KINDS_OF_LAYERS`) narrows it to such layers of a larger place; a kernel then leaves windows
    alone that are 1×1, not square, or of even side. What was depthwise or grouped when the network was opened still
    counts as that: groups can go, and come back.
    With the mend "from NODE" that layer gets the setting this one had: a stride moves (ResNet v1.5 to v1)."""

    name: ClassVar[str] = "layer"
    at: str
    setting: str
    value: Value
    kind: str = ""
    mend: str = ""

    @property
    def title(self) -> str:
        words = {True: "on", False: "off"}.get(self.value) if isinstance(self.value, bool) else f"{self.value}"
        said = SETTINGS.get(self.setting, self.setting + " {}").format(words, words)
        of = KINDS_OF_LAYERS.get(self.kind, "")
        return f"{said[:1].upper()}{said[1:]}{of and f' of {of}'} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.kind, ("", *KINDS_OF_LAYERS), "kind of layer")
        named(self.setting, SETTINGS, "setting")
        if self.setting == "out_channels":
            return Width(self.at, self.value).apply(architecture)  # type: ignore[arg-type]  # Width looks at it
        found = meant(nodes_at(architecture, self.at), self.setting, self.kind)
        if not found:
            raise EditError(f"nothing {where(self.at)} has {_AN.get(self.setting, 'a ' + self.setting)} to set")
        wanted = [(node, self.value) for node in found] + self._given_away(architecture, found[0])
        try:
            changed = [_CHANGES[self.setting](node, value) for node, value in wanted]
        except _Unfit as misfit:
            repairs = [Repair(title, replace(self, value=value)) for title, value in misfit.others]
            raise EditError(f"{misfit.node}: {misfit}", node=misfit.node, repairs=repairs) from misfit
        present = settings_of(found[0]).get(self.setting)
        moves = self._moves(architecture, found[0]) if len(found) == 1 else ()
        with mending(self, architecture, [*moves, *self._others(present)]):
            return fitted(architecture.with_nodes(changed), mend=self.mend)

    def _given_away(self, architecture: Architecture, node: Node) -> list[tuple[Node, Value]]:
        """What the layer that a setting is taken from gets for it."""
        giver = self.mend.removeprefix("from ")
        if giver == self.mend or giver not in architecture.live:
            return []
        present = settings_of(node).get(self.setting)
        return [] if present is None else [(architecture.live[giver], present)]

    def _moves(self, architecture: Architecture, node: Node) -> Iterator[tuple[str, SetLayer]]:
        """The other layers of the block that have this very stride, and could give it away."""
        if self.setting != "stride" or self.mend:
            return
        for block in blocks_at(architecture, node.name):
            for other in block.layers:
                if other is not node and settings_of(other).get("stride") == self.value:
                    yield f"Move the stride here from {other.name}", replace(self, mend=f"from {other.name}")

    def _others(self, present: Value | None) -> Iterator[tuple[str, SetLayer]]:
        """Nearby values of a setting that is a number: first those on the way back to the present one."""
        if not isinstance(present, int) or not isinstance(self.value, int) or self.setting not in _SIDES:
            return
        step = 1 if present > self.value else -1
        least = 0 if self.setting == "padding" else 1
        further = (value for away in range(1, 5) for value in (self.value - step * away, present + step * away))
        for value in dict.fromkeys([*range(self.value + step, present, step), *further]):
            if least <= value and value != present:
                yield SETTINGS[self.setting].format(value, value), replace(self, value=value)


#: The kinds of layers an edit can be narrowed to, and how a sentence says them.
KINDS_OF_LAYERS: dict[str, str] = {
    "conv": "convolutions",
    "depthwise": "depthwise convolutions",
    "grouped": "group convolutions and shuffles",
    "windowed": "convolutions with a window",
    "linear": "linear layers",
    "pool": "poolings",
    "windowed_pool": "poolings with a window",
    "dropout": "dropouts",
    "shuffle": "channel shuffles",
}


def meant(nodes: Iterable[Node], setting: str, kind: str) -> list[Node]:
    """The layers among these that `SetLayer` would give that setting."""
    found = [node for node in nodes if is_of_kind(node, kind) and setting in settings_of(node)]
    return [node for node in found if setting != "kernel" or not kind or _has_odd_square(node)]


def _has_odd_square(node: Node) -> bool:
    side = settings_of(node)["kernel"]
    return isinstance(side, int) and side > 1 and (side % 2 == 1 or not isinstance(node.layer, nn.Conv2d))


def is_of_kind(node: Node, kind: str) -> bool:
    """Is this a layer of the kind an edit is narrowed to? Every one is when `kind` is empty."""
    if kind == "windowed":
        return isinstance(node.layer, nn.Conv2d) and max(node.layer.kernel_size) > 1
    if kind == "windowed_pool":
        return is_windowed_pooling(node)
    if kind not in ("grouped", "depthwise"):
        return not kind or vocabulary.kind(node) == kind
    return any(_has_groups(known, kind) for known in (node, node.was) if known is not None)


def _has_groups(node: Node, kind: str) -> bool:
    if kind == "depthwise":
        return vocabulary.kind(node) == "depthwise"
    return settings_of(node).get("groups", 1) != 1 and vocabulary.kind(node) in ("conv", "shuffle")


_SIDES = ("kernel", "stride", "padding", "dilation", "groups")
_AN = {"groups": "groups", "padding": "padding", "pooling": "a kind of pooling", "dropout": "a dropout rate"}


class _Unfit(ValueError):
    """A value a layer cannot take. `others` are (words, value) that it could."""

    def __init__(self, node: str, reason: str, others: Iterable[tuple[str, Value]] = ()) -> None:
        super().__init__(reason)
        self.node = node
        self.others = tuple(others)


def settings_of(node: Node) -> Mapping[str, Value]:
    """The present settings of a layer, as `SetLayer` takes them; of square windows only. Kept with the node, which
    never changes: every topic of the options asks."""
    known: Mapping[str, Value] | None = node.__dict__.get("_settings")
    if known is None:
        known = node.__dict__["_settings"] = MappingProxyType(_found_settings(node))
    return known


def _found_settings(node: Node) -> dict[str, Value]:
    layer = node.layer
    if isinstance(layer, nn.Conv2d):
        found: dict[str, Value] = {"bias": layer.bias is not None, "groups": layer.groups}
        sides = [("kernel", layer.kernel_size), ("stride", layer.stride), ("dilation", layer.dilation)]
        if isinstance(layer.padding, tuple):
            sides.append(("padding", layer.padding))
        found |= {name: _shown(pair) for name, pair in sides}
        return found | {"out_channels": layer.out_channels}
    if isinstance(layer, nn.Linear):
        return {"bias": layer.bias is not None, "out_channels": layer.out_features}
    window = pooling_of(node)
    if window is not None:
        kind, settings = window
        return {"pooling": kind} | {
            word: _shown(_pair(settings[name]))
            for word, name in (("kernel", "kernel_size"), ("stride", "stride"), ("padding", "padding"))
            if name in settings
        }
    if vocabulary.kind(node) == "shuffle" and not isinstance(node.op, Pass):
        return {"groups": vocabulary.shuffle_groups(node)}
    rate = dropout_rate(node)
    return {"dropout": rate} if rate is not None else {}


def dropout_rate(node: Node) -> float | None:
    """The share of units a dropout silences while training; None when the node is none."""
    if isinstance(node.layer, (nn.Dropout, nn.Dropout2d, nn.AlphaDropout)):
        return float(node.layer.p)
    if isinstance(node.op, Function) and node.op.call is F.dropout:
        return float(node.kwargs.get("p", node.args[1] if len(node.args) > 1 else 0.5))
    return None


def pooling_of(node: Node) -> tuple[str, dict[str, Any]] | None:
    """("max" or "average", settings) of a pooling with a window, or of a global one; None for anything else."""
    layer = node.layer
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        kind = "max" if isinstance(layer, nn.MaxPool2d) else "average"
        stride = layer.stride if layer.stride is not None else layer.kernel_size
        return kind, {
            "kernel_size": layer.kernel_size,
            "stride": stride,
            "padding": layer.padding,
            "ceil_mode": layer.ceil_mode,
        }
    if isinstance(layer, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        return "max" if isinstance(layer, nn.AdaptiveMaxPool2d) else "average", {"output_size": layer.output_size}
    if isinstance(node.op, Function) and node.op.call in _POOLS:
        kind, names = _POOLS[node.op.call]
        settings = dict(zip(names, node.args[1:], strict=False)) | {k: v for k, v in node.kwargs.items() if k in names}
        if settings.pop("return_indices", False):
            return None
        settings.pop("dilation", None)
        settings.pop("count_include_pad", None)
        if "kernel_size" in settings:
            settings = {"padding": 0, "ceil_mode": False} | settings
            settings["stride"] = settings.get("stride") or settings["kernel_size"]
        return kind, settings
    return None


_WINDOW = ("kernel_size", "stride", "padding")
_POOLS: dict[Any, tuple[str, tuple[str, ...]]] = {
    F.max_pool2d: ("max", (*_WINDOW, "dilation", "ceil_mode", "return_indices")),
    F.avg_pool2d: ("average", (*_WINDOW, "ceil_mode", "count_include_pad")),
    F.adaptive_avg_pool2d: ("average", ("output_size",)),
    F.adaptive_max_pool2d: ("max", ("output_size",)),
}


def is_windowed_pooling(node: Node) -> bool:
    """Does it pool with a window of its own, not the whole map at once?"""
    found = pooling_of(node)
    return found is not None and "kernel_size" in found[1]


def pooled_in_place(node: Node) -> Node:
    """The pooling with stride 1, padded so that the map keeps its size (windows of odd side)."""
    kind, settings = _pooling(node)
    change = {"stride": 1, "padding": tuple(side // 2 for side in _pair(settings["kernel_size"]))}
    if isinstance(node.op, Layer):  # with all that no edit speaks of: what it counts at the border, its dilation
        return node.replace(op=reconfigured(node.op, **change))
    return _with_pooling(node, kind, settings | change)


def _with_pooling(node: Node, kind: str, settings: dict[str, Any]) -> Node:
    windowed = "kernel_size" in settings
    cls: Callable[..., nn.Module]
    if kind == "max":
        cls = nn.MaxPool2d if windowed else nn.AdaptiveMaxPool2d
    else:
        cls = nn.AvgPool2d if windowed else nn.AdaptiveAvgPool2d
    origin = node.was or node
    if origin is not node and pooling_of(origin) == (kind, settings):
        return as_it_was(node)
    return settled(node, op=made(lambda: cls(**settings)), args=(Ref(node.inputs[0]),), kwargs={}, path=node.name)


def _set_kernel(node: Node, value: Value) -> Node:
    return _set_window(node, kernel=_sides(node, value, 1))


def _set_dilation(node: Node, value: Value) -> Node:
    return _set_window(node, dilation=_sides(node, value, 1))


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
        return settled(node, op=reconfigured(_op(node), kernel_size=kernel, dilation=dilation, padding=padding))
    kind, settings = _pooling(node)
    old, kernel = _pair(settings["kernel_size"]), change["kernel"]
    padding = tuple(max(p + (k - o) // 2, 0) for p, k, o in zip(_pair(settings["padding"]), kernel, old, strict=True))
    return _with_pooling(node, kind, settings | {"kernel_size": kernel, "padding": padding})


def _set_stride(node: Node, value: Value) -> Node:
    stride = _sides(node, value, 1)
    if isinstance(node.layer, nn.Conv2d):
        return settled(node, op=reconfigured(_op(node), stride=stride))
    kind, settings = _pooling(node)
    return _with_pooling(node, kind, settings | {"stride": stride})


def _set_padding(node: Node, value: Value) -> Node:
    padding = _sides(node, value, 0)
    if isinstance(node.layer, nn.Conv2d):
        return settled(node, op=reconfigured(_op(node), padding=padding))
    kind, settings = _pooling(node)
    most = tuple(side // 2 for side in _pair(settings["kernel_size"]))
    if padding[0] > most[0] or padding[1] > most[1]:
        raise _Unfit(
            node.name,
            f"a pooling can be padded by half its window at most, {min(most)}",
            [(f"Padding {min(most)}", min(most))],
        )
    return _with_pooling(node, kind, settings | {"padding": padding})


def _set_groups(node: Node, value: Value) -> Node:
    layer = node.layer
    if not isinstance(layer, _ConvNd):
        return with_shuffle_groups(node, _whole(node, value))
    groups = layer.in_channels if value == "depthwise" else _whole(node, value)
    if layer.in_channels % groups or layer.out_channels % groups:
        common = math.gcd(layer.in_channels, layer.out_channels)
        near = sorted((g for g in range(1, common + 1) if common % g == 0), key=lambda g: abs(g - groups))[:3]
        raise _Unfit(
            node.name,
            f"{groups} groups do not divide {layer.in_channels} → {layer.out_channels} channels",
            [("1 group (standard)" if g == 1 else f"{g} groups", g) for g in near],
        )
    return settled(node, op=reconfigured(_op(node), groups=groups))


def with_shuffle_groups(node: Node, groups: int) -> Node:
    """Whether they divide the channels is seen when the shapes are."""
    if isinstance(node.op, Layer):
        return settled(node, op=made(lambda: nn.ChannelShuffle(groups)))
    if len(node.args) > 1:
        return settled(node, args=(node.args[0], groups, *node.args[2:]))
    return settled(node, kwargs={**node.kwargs, "groups": groups})


def _set_bias(node: Node, value: Value) -> Node:
    if not isinstance(value, bool):
        raise _Unfit(node.name, f"a bias is there (true) or not (false), not {value!r}")
    return settled(node, op=reconfigured(_op(node), bias=value))


def _set_pooling(node: Node, value: Value) -> Node:
    if value not in ("max", "average"):
        raise _Unfit(node.name, f"{value!r} is no pooling; there are max and average")
    _, settings = _pooling(node)
    return _with_pooling(node, str(value), settings)


def _set_dropout(node: Node, value: Value) -> Node:
    if isinstance(value, (bool, str)) or not 0 <= value <= 1:
        raise _Unfit(node.name, f"a dropout rate lies between 0 and 1, and {value!r} does not")
    rate = float(value)
    if isinstance(node.op, Layer):
        return settled(node, op=reconfigured(node.op, p=rate))
    return settled(node, op=made(lambda: nn.Dropout(rate)), args=(Ref(node.inputs[0]),), kwargs={}, path=node.name)


_CHANGES: dict[str, Callable[[Node, Value], Node]] = {
    "kernel": _set_kernel,
    "stride": _set_stride,
    "padding": _set_padding,
    "dilation": _set_dilation,
    "groups": _set_groups,
    "bias": _set_bias,
    "pooling": _set_pooling,
    "dropout": _set_dropout,
}


#: Norms by the name the edits use, and how each is written for people.
NORM_TITLES: dict[str, str] = {
    "batch": "BatchNorm",
    "group": "GroupNorm",
    "instance": "InstanceNorm",
    "layer": "LayerNorm",
    "local_response": "Local response norm",
    "none": "none",
}


@dataclass(frozen=True, slots=True)
class Norm:
    """Put another kind of norm in the place of those there are, or one behind every convolution where there is none.
    "none" takes them out."""

    name: ClassVar[str] = "norm"
    at: str
    to: str

    @property
    def title(self) -> str:
        return f"Norm {NORM_TITLES.get(self.to, self.to)} {place(self.at)}"

    def apply(self, architecture: Architecture) -> Architecture:
        named(self.to, NORM_TITLES, "norm")
        norms, bare = norms_at(architecture, nodes_at(architecture, self.at))
        if not norms and not bare:
            raise EditError(f"there is no norm {where(self.at)}, and no convolution that could have one")
        if norms:
            done = self._swapped(architecture, norms)
        else:
            done = architecture if self.to == "none" else self._put_in(architecture, bare)
        try:
            return done if done is architecture else fitted(done)
        except EditError as failure:
            others = [(f"Norm {NORM_TITLES[to]}", replace(self, to=to)) for to in ("batch", "layer") if to != self.to]
            raise EditError(str(failure), node=failure.node, repairs=working(architecture, others)) from failure

    def _swapped(self, architecture: Architecture, norms: list[Node]) -> Architecture:
        measures = study(architecture).figures.measures
        changed = [
            _with_norm(node, self.to, measures[node.inputs[0]].value.dims)
            for node in norms
            if norm_kind(node) != self.to
        ]
        return architecture.with_nodes(changed) if changed else architecture

    def _put_in(self, architecture: Architecture, bare: list[Node]) -> Architecture:
        measures = study(architecture).figures.measures
        for node in bare:
            name = architecture.free(f"{node.name}_norm")
            op = made(lambda node=node: _norm_module(self.to, measures[node.name].value.dims))  # type: ignore[misc]
            new = Node(name, op, (Ref(node.name),), scope=node.scope, path=name, added=True, neutral=True)
            architecture = architecture.with_inserted(node.name, new)
        return architecture


def norms_at(architecture: Architecture, nodes: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """The norms over channels among these nodes; where there are none, those right behind their convolutions. And the
    convolutions that have none behind them."""
    found = list(nodes)
    norms = [node for node in found if norm_kind(node) is not None and over_channels(architecture, node)]
    behind = {node.name: _norm_behind(architecture, node) for node in found if isinstance(node.layer, nn.Conv2d)}
    bare = [architecture.nodes[name] for name, norm in behind.items() if norm is None]
    return norms or [norm for norm in behind.values() if norm is not None], bare


def _norm_behind(architecture: Architecture, node: Node) -> Node | None:
    users = architecture.users[node.name]
    norm = architecture.nodes[users[0]] if len(users) == 1 else None
    return norm if norm is not None and norm_kind(norm) is not None else None


def norm_kind(node: Node) -> str | None:
    """Which norm a node is (a key of `NORM_TITLES`; "none" when an edit took it out), or None."""
    if isinstance(node.op, Pass):
        return "none" if node.was is not None and norm_kind(node.was) is not None else None
    layer = node.layer
    if isinstance(layer, nn.GroupNorm):
        return "group"
    for kind, cls in _NORM_CLASSES.items():
        if isinstance(layer, cls):
            return kind
    return None


def over_channels(architecture: Architecture, node: Node) -> bool:
    """Does the norm work on the channels of a map (batch, channels, height, width)?"""
    name = node.inputs[0]
    value = study(architecture).figures.measures[name].value
    coupled = channels(architecture)
    return isinstance(value, Shape) and len(value.dims) == 4 and coupled.axes.get(name) == -3


_NORM_CLASSES: dict[str, type[nn.Module]] = {
    "batch": nn.modules.batchnorm._BatchNorm,
    "instance": nn.modules.instancenorm._InstanceNorm,
    "layer": nn.LayerNorm,
    "local_response": nn.LocalResponseNorm,
}


def _with_norm(node: Node, to: str, entering: tuple[int, ...]) -> Node:
    origin = node.was or node
    if not node.added and norm_kind(origin) == to:
        return as_it_was(node)
    if to == "none":
        return node.replace(op=Pass(), args=node.args[:1], kwargs={}, was=origin)
    return settled(node, op=made(lambda: _norm_module(to, entering)), neutral=True)


def _norm_module(to: str, entering: tuple[int, ...]) -> nn.Module:
    width = entering[1]
    if to == "batch":
        return nn.BatchNorm2d(width)
    if to == "group":
        return nn.GroupNorm(math.gcd(width, 32), width)
    if to == "instance":
        return nn.InstanceNorm2d(width, affine=True)
    if to == "layer":
        over_each_place: nn.Module = LayerNorm2d(width)
        return over_each_place
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)  # AlexNet's, in torch's terms


def _op(node: Node) -> Layer:
    assert isinstance(node.op, Layer)
    return node.op


def _pooling(node: Node) -> tuple[str, dict[str, Any]]:
    found = pooling_of(node)
    assert found is not None
    return found


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[-1])) if isinstance(value, (tuple, list)) else (int(value), int(value))


def _shown(pair: tuple[int, ...]) -> Value:
    return pair[0] if len(set(pair)) == 1 else "×".join(map(str, pair))


def _sides(node: Node, value: Value, least: int) -> tuple[int, int]:
    """A window from a number, or from two as "1×7"."""
    parts = str(value).replace("x", "×").split("×") if isinstance(value, str) else [value]
    sides = [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]
    fits = [type(side) is int and least <= side <= _LARGEST for side in sides]
    if not all(fits) or len(sides) > 2:
        raise _Unfit(node.name, f'{value!r} is no whole number from {least} to {_LARGEST}, nor two as "1×7"')
    return sides[0], sides[-1]  # type: ignore[return-value]


def _whole(node: Node, value: Value) -> int:
    try:
        return whole(value, 1, 65_536, "the number of groups")
    except EditError as failure:
        raise _Unfit(node.name, str(failure)) from failure


__all__ = ["NORM_TITLES", "SETTINGS", "Norm", "SetLayer", "dropout_rate", "norm_kind", "pooling_of", "settings_of"]
