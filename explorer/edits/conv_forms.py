"""Edits of how a convolution is made: full or depthwise separable, one large window or several small ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from explorer.analysis.figures.windows import as_pair
from explorer.base.languages import tr, tr_noop
from explorer.edits.edit import EditError, location_in_error, location_in_title, nodes_at
from explorer.edits.node_changes import change_node, layer_op
from explorer.edits.norm_act_style import NORM_ACT_SUFFIXES, build_conv_norm_act, find_style, following_norm_act
from explorer.edits.propagation import propagate
from explorer.edits.registry import register_edit
from explorer.edits.validation import check_one_of
from explorer.graph.architecture import Architecture
from explorer.graph.layers import build_conv, is_depthwise, reconfigure
from explorer.graph.node import Node, rename_inputs

#: The forms, and how a sentence says them.
FORMS: dict[str, str] = {
    "full": tr_noop("Full convolution"),
    "separable": tr_noop("Depthwise separable"),
    "two_3x3": tr_noop("5×5 as two 3×3"),
    "three_3x3": tr_noop("7×7 as three 3×3"),
    "1xn_nx1": tr_noop("n×n as 1×n and n×1"),
}


@register_edit("set_conv_form", formerly=("conv_form",), former_classes=("ConvForm",))
@dataclass(frozen=True, slots=True)
class SetConvForm:
    """Make convolutions in another form (a key of `FORMS`), each new layer with the norm and activation of the old.

    "separable" turns every full convolution with a window into a depthwise one and a 1×1; "full" turns every such pair
    back into one. Sources: MobileNet, 2017, §3.1; VGG, 2014, §2.3; "Rethinking the Inception architecture", 2015, §3.
    """

    name: ClassVar[str]
    at: str
    to: str

    @property
    def title(self) -> str:
        """Sentence for menus and the history: "Depthwise separable in layer1"."""
        return tr("{form} {place}", form=tr(FORMS.get(self.to, self.to)), place=location_in_title(self.at))

    def apply(self, architecture: Architecture) -> Architecture:
        """Return the snapshot with every convolution of the place that can take the form in it. Raises EditError where
        none can."""
        check_one_of(self.to, FORMS, tr("form of convolution"))
        names = [node.name for node in nodes_at(architecture, self.at)]
        if self.to == "full":
            return self._merge_separable(architecture, set(names))
        found = [name for name in names if can_take_form(architecture.nodes[name], self.to)]
        if not found:
            raise EditError(
                tr(
                    "“{form}” needs {requirement}, and there is none {place}",
                    form=tr(FORMS[self.to]),
                    requirement=tr(_REQUIREMENTS[self.to]),
                    place=location_in_error(self.at),
                )
            )
        for name in found:
            architecture = (
                _split_separable(architecture, name)
                if self.to == "separable"
                else _split_stacked(architecture, name, self.to)
            )
        return propagate(architecture)

    def _merge_separable(self, architecture: Architecture, names: set[str]) -> Architecture:
        pairs = [pair for pair in separable_pairs(architecture) if not names.isdisjoint(pair)]
        if not pairs:
            raise EditError(
                tr("there is no depthwise convolution followed by a 1×1 {place}", place=location_in_error(self.at))
            )
        for depthwise, *between, pointwise in pairs:
            architecture = _merge_pair(architecture, depthwise, between, pointwise)
        return propagate(architecture)


_REQUIREMENTS = {
    "separable": tr_noop("a full convolution with a window"),
    "two_3x3": tr_noop("a 5×5 window"),
    "three_3x3": tr_noop("a 7×7 window"),
    "1xn_nx1": tr_noop("a square window of at least 2×2"),
}


def is_windowed_conv(node: Node) -> bool:
    """A 2-D convolution with a window, not depthwise."""
    return isinstance(node.layer, nn.Conv2d) and max(node.layer.kernel_size) > 1 and not is_depthwise(node.layer)


def is_pointwise(node: Node) -> bool:
    """A 1×1 over all channels that leaves the map its size."""
    layer = node.layer
    return isinstance(layer, nn.Conv2d) and layer.kernel_size == layer.stride == (1, 1) and layer.groups == 1


def can_take_form(node: Node, form: str) -> bool:
    """Can this convolution take that form? ("full" is a matter of pairs: see `separable_pairs`.)"""
    layer = node.layer
    if not isinstance(layer, nn.Conv2d) or not isinstance(layer.padding, tuple) or layer.padding_mode != "zeros":
        return False
    square = layer.kernel_size[0] == layer.kernel_size[1] and layer.padding[0] == layer.padding[1]
    plain = layer.dilation == (1, 1)
    if form == "separable":
        return is_windowed_conv(node) and layer.groups == 1 and layer.in_channels > 1
    if form in ("two_3x3", "three_3x3"):
        return square and plain and layer.kernel_size[0] == {"two_3x3": 5, "three_3x3": 7}[form]
    return form == "1xn_nx1" and square and plain and layer.kernel_size[0] > 1


def separable_pairs(architecture: Architecture) -> Iterator[list[str]]:
    """Each depthwise convolution with a window that nothing but a 1×1 reads: its name, those of the norm and
    activation between, and the 1×1's."""
    for node in architecture.live.values():
        layer = node.layer
        if not is_depthwise(layer) or max(layer.kernel_size) == 1:  # type: ignore[union-attr, arg-type]
            continue
        chain = [node.name, *(after.name for after in following_norm_act(architecture, node.name))]
        users = architecture.users[chain[-1]]
        last = architecture.nodes[users[0]] if len(users) == 1 else None
        if last is not None and is_pointwise(last):
            yield [*chain, last.name]


def _conv_layer(node: Node) -> nn.Conv2d:
    assert isinstance(node.layer, nn.Conv2d)
    return node.layer


def _window_settings(layer: nn.Conv2d) -> dict[str, object]:
    return {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}


def _split_separable(architecture: Architecture, name: str) -> Architecture:
    node, style = architecture.nodes[name], find_style(architecture, name)
    layer, reads, width = _conv_layer(node), node.inputs[0], _conv_layer(node).in_channels
    depthwise = build_conv(
        width, width, as_pair(layer.kernel_size), groups=width, bias=False, **_window_settings(layer)
    )
    base = architecture.unused_name(f"{name}_depthwise", *NORM_ACT_SUFFIXES)
    new = build_conv_norm_act(base, depthwise, reads, width, style, node.scope)
    plain = {"kernel_size": (1, 1), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    pointwise = change_node(rename_inputs(node, {reads: new[-1].name}), op=reconfigure(layer_op(node), **plain))
    return architecture.with_changes([pointwise], {reads: new})


def _merge_pair(architecture: Architecture, depthwise: str, between: list[str], pointwise: str) -> Architecture:
    first, last = architecture.nodes[depthwise], architecture.nodes[pointwise]
    window = {"kernel_size": _conv_layer(first).kernel_size, **_window_settings(_conv_layer(first))}
    reads = (between or [depthwise])[-1]
    full = change_node(rename_inputs(last, {reads: first.inputs[0]}), op=reconfigure(layer_op(last), **window))
    return architecture.with_changes([full], removed={depthwise, *between})


def _smaller_kernels(form: str, side: int) -> list[tuple[int, int]]:
    """The windows that look at the same places as one of `side` × `side`."""
    if form == "1xn_nx1":
        return [(1, side), (side, 1)]
    return [(3, 3)] * (2 if form == "two_3x3" else 3)


def _distribute_padding(total: int, sides: list[int]) -> list[int]:
    """Distribute the padding of one window over smaller ones, along one axis."""
    found: list[int] = []
    for side in sides:
        found.append(min((side - 1) // 2, total - sum(found)))
    found[0] += total - sum(found)
    return found


def _split_stacked(architecture: Architecture, name: str, form: str) -> Architecture:
    """One window as several smaller ones that look at the same places; the last keeps the stride."""
    node, style = architecture.nodes[name], find_style(architecture, name)
    layer, reads = _conv_layer(node), node.inputs[0]
    kernels = _smaller_kernels(form, layer.kernel_size[0])
    total = int(layer.padding[0])
    pads = list(
        zip(*(_distribute_padding(total, [kernel[axis] for kernel in kernels]) for axis in (0, 1)), strict=True)
    )
    width = layer.in_channels if is_depthwise(layer) else layer.out_channels
    new: list[Node] = []
    entering = layer.in_channels
    for number, (kernel, padding) in enumerate(zip(kernels[:-1], pads[:-1], strict=True), 1):
        groups = entering if is_depthwise(layer) else layer.groups
        op = build_conv(entering, width, kernel, padding=padding, groups=groups, bias=layer.bias is not None)
        base = f"{name}_before{number}" if len(kernels) > 2 else f"{name}_before"
        base = architecture.unused_name(base, *NORM_ACT_SUFFIXES)
        new += build_conv_norm_act(base, op, new[-1].name if new else reads, width, style, node.scope)
        entering = width
    last = reconfigure(layer_op(node), kernel_size=kernels[-1], padding=pads[-1], in_channels=width)
    return architecture.with_changes([change_node(rename_inputs(node, {reads: new[-1].name}), op=last)], {reads: new})
