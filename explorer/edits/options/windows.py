"""Options of the window of a layer: kernel, stride, padding, dilation, kind of pooling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import nn

from explorer.base.languages import tr
from explorer.edits.layer_settings import CONVOLUTIONS, get_layer_settings, is_layer_kind, square_window
from explorer.edits.options.dominators import is_dominator
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.options.spatial_size import accepts_size, size_after
from explorer.edits.repairs import is_applicable
from explorer.edits.set_layer import SetLayer
from explorer.edits.subsampling import SUBSAMPLINGS, SwapSubsampling, find_subsamplings
from explorer.graph.node import Node
from explorer.viewmodels.panels import Option


def window_options(scope: OptionScope) -> Iterator[Option]:
    """Kernel, stride, padding, dilation of the only layer with a window."""
    node = only_layer_with(scope, "kernel")
    if node is None:
        return
    present = get_layer_settings(node)
    if not isinstance(present.get("kernel"), int):
        return
    kernel, dilation = int(present["kernel"]), present.get("dilation", 1)
    padding = present.get("padding")
    is_conv = isinstance(node.layer, CONVOLUTIONS)
    if isinstance(padding, int) and isinstance(dilation, int):
        sides = [k for k in range(1, 14) if _keeps_spatial_size(kernel, k, padding, dilation, is_conv)]
        if len(sides) > 1:
            found = [(k, _window_text(node, k), SetLayer(scope.at, "kernel", square_window((node,), k))) for k in sides]
            yield scope.slider_option(
                tr("Kernel"), kernel, found, tr("Kernel size. Padding is adapted, so that the map keeps its size.")
            )
    yield from _stride_options(scope, node, present)
    if is_conv and isinstance(padding, int) and isinstance(dilation, int) and kernel > 1:
        far = [d for d in range(1, 7) if not ((d - dilation) * (kernel - 1)) % 2]
        far = [d for d in far if padding + (d - dilation) * (kernel - 1) // 2 >= 0]
        if len(far) > 1:
            found = [(d, str(d), SetLayer(scope.at, "dilation", d)) for d in far]
            yield scope.slider_option(
                tr("Dilation"),
                dilation,
                found,
                tr("Spacing of the positions a kernel reads: a wider receptive field at the same cost."),
            )


def _window_text(node: Node, side: int) -> str:
    return str(side) if isinstance(node.layer, nn.Conv1d) else f"{side}×{side}"


def _keeps_spatial_size(kernel: int, other: int, padding: int, dilation: int, is_conv: bool) -> bool:
    """Can the window become `other` wide while the map keeps its size?"""
    more = dilation * (other - kernel)
    if more % 2 or padding + more // 2 < 0:
        return False
    return is_conv or padding + more // 2 <= other // 2


def _stride_options(scope: OptionScope, node: Node, present: Mapping[str, object]) -> Iterator[Option]:
    stride, padding, kernel = present.get("stride"), present.get("padding"), present.get("kernel")
    if not isinstance(stride, int):
        return
    tip = tr("Step of the kernel: 2 halves the map, and everything after it costs a quarter.")
    pad_tip = tr("Zeros added around the map.")
    if not is_dominator(scope.architecture, node.name):
        reason = tr("Parallel branches are joined with the output of this layer: all must keep the same size.")
        yield scope.disabled_option(tr("Stride"), reason, tip)
        yield scope.disabled_option(tr("Padding"), reason, pad_tip)
        return
    axes = 1 if isinstance(node.layer, nn.Conv1d) else 2
    entering = min(scope.dims(node.inputs[0])[-axes:])  # without a batch, too

    def works(**changed: int) -> bool:
        side = size_after(node, entering, **changed)
        return side is not None and accepts_size(scope.analysis, node.name, side)

    strides = [s for s in (1, 2, 3, 4) if s == stride or works(stride=s)]
    yield scope.choice_option(
        tr("Stride"), stride, [(s, str(s), SetLayer(scope.at, "stride", s)) for s in strides], tip
    )
    if isinstance(padding, int) and isinstance(kernel, int):
        most = kernel // 2 if not isinstance(node.layer, CONVOLUTIONS) else max(kernel - 1, padding)
        found = [p for p in range(most + 1) if p == padding or works(padding=p)]
        yield scope.choice_option(
            tr("Padding"), padding, [(p, str(p), SetLayer(scope.at, "padding", p)) for p in found], pad_tip
        )


def pooling_options(scope: OptionScope) -> Iterator[Option]:
    """Maximum or mean, of poolings."""
    found = [get_layer_settings(node)["pooling"] for node in scope.nodes if "pooling" in get_layer_settings(node)]
    if found and all(is_layer_kind(node, "pool") for node in scope.nodes if "pooling" in get_layer_settings(node)):
        choices = [(kind, label, SetLayer(scope.at, "pooling", kind)) for kind, label in pooling_labels().items()]
        yield scope.choice_option(
            tr("Pooling"), common_value(found), choices, tr("Maximum or average of neighbouring positions.")
        )


def rounding_options(scope: OptionScope) -> Iterator[Option]:
    """Whether a pooling rounds the size of its output up."""
    node = only_layer_with(scope, "ceil_mode")
    if node is None:
        return
    tip = tr("Rounds the output size up instead of down (ceil_mode): the last window may hang over the edge.")
    if not is_dominator(scope.architecture, node.name):
        reason = tr("Parallel branches are joined with the output of this layer: all must keep the same size.")
        yield scope.disabled_option(tr("Round size up"), reason, tip)
        return
    present = bool(get_layer_settings(node)["ceil_mode"])
    other = SetLayer(scope.at, "ceil_mode", not present)
    if is_applicable(other, scope.architecture):
        yield scope.switch_option(tr("Round size up"), [present], lambda on: SetLayer(scope.at, "ceil_mode", on), tip)


def subsampling_options(scope: OptionScope) -> Iterator[Option]:
    """What makes a map smaller."""
    names = {node.name for node in scope.nodes}
    found = [step for step in find_subsamplings(scope.architecture) if not names.isdisjoint(step.nodes)]
    if not found:
        return
    tip = tr("What makes the map smaller. A blur before the stride lets the output change less when the image moves.")
    choices = [(kind, tr(words), SwapSubsampling(scope.at, kind)) for kind, words in SUBSAMPLINGS.items()]
    present = common_value(step.kind for step in found)
    choices = [
        choice
        for choice in choices
        if choice[0] in (present, "max", "average", "blur") or is_applicable(choice[2], scope.architecture)
    ]
    yield scope.choice_option(tr("Smaller by"), present, choices, tip)


def pooling_labels() -> dict[str, str]:
    """The kinds of pooling, as edits and as users call them."""
    return {"max": tr("max"), "average": tr("average")}


def only_layer_with(scope: OptionScope, setting: str) -> Node | None:
    """The one layer of the place with that setting; None when there are none or several."""
    found = [node for node in scope.nodes if setting in get_layer_settings(node)]
    return found[0] if len(found) == 1 else None
