"""What makes a map meet another of other size or width at a join: pooling, upsampling, a 1×1 convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import nn

from explorer.base.languages import tr_noop
from explorer.edits.bridges import projection_stride
from explorer.edits.norm_act_style import NormActStyle, build_conv_norm_act, most_common_style
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import build_layer, build_pointwise
from explorer.graph.node import Node
from explorer.graph.ops import Layer

#: What makes a map meet another of other size or width, and how that is said.
FIT_TITLES: Mapping[str, str] = {
    "project": tr_noop("Project it with a 1×1 convolution"),
    "pool": tr_noop("Average it down to the smaller size"),
    "upsample": tr_noop("Enlarge it by upsampling"),
}


def possible_fits(
    have: tuple[int, ...], want: tuple[int, ...], join: str, are_signals: bool = False
) -> tuple[str, ...]:
    """Keys of `FIT_TITLES` that make one shape meet another, cheapest first; none where they meet already, ("",) where
    nothing does. Of three dimensions only signals (batch, channels, length) can be fitted."""
    if join == "multiply" and len(have) == len(want) == (3 if are_signals else 4) and _weighs(have, want):
        return ()
    same_width = join == "concat" or have[1:2] == want[1:2]
    if len(have) != len(want) or len(have) != (3 if are_signals else 4):
        return () if len(have) == len(want) and have[2:] == want[2:] and same_width else ("",)
    if have[2:] == want[2:]:
        return () if same_width else ("project",)
    if all(a >= b for a, b in zip(have[2:], want[2:], strict=True)):
        return ("pool", "project") if _stride(have, want) else ("pool",)
    return ("upsample",) if all(a <= b for a, b in zip(have[2:], want[2:], strict=True)) else ("",)


def _weighs(have: tuple[int, ...], want: tuple[int, ...]) -> bool:
    """Whether one of two maps has one value for each channel or for each place of the other, or is as it is."""
    return any(
        small[1] in (1, large[1]) and small[2:] in (large[2:], (1,) * len(large[2:]))
        for small, large in ((have, want), (want, have))
    )


def _stride(have: tuple[int, ...], want: tuple[int, ...]) -> int:
    strides = {projection_stride(a, b) for a, b in zip(have[2:], want[2:], strict=True)}
    return strides.pop() if len(strides) == 1 else 0


def fitting_nodes(
    architecture: Architecture,
    value: str,
    have: tuple[int, ...],
    want: tuple[int, ...],
    fit: str,
    join: str,
    scope: tuple[str, ...],
    path_of: Callable[[str], str],
) -> list[Node]:
    """Return the nodes that make a value of one shape meet another (`fit`, a key of `FIT_TITLES`), in order.

    A 1×1 follows where widths differ and are not concatenated; it has the norm of the network behind it, or a bias
    where that has none. `path_of` gives an unused path for a title ("pool", "upsample", "projection").
    """
    nodes: list[Node] = []
    width = have[1] if join == "concat" else want[1]
    sides, size = list(zip(have[2:], want[2:], strict=True)), want[2:] if len(want) > 3 else want[2]

    def add(title: str, op: Layer) -> None:
        path = path_of(title)
        reads = nodes[-1].name if nodes else value
        nodes.append(Node(path, op, (Ref(reads),), scope=scope, path=path, added=True))

    if fit == "pool":
        step = _stride(have, want) if not any(a % b for a, b in sides) else 0
        window, whole = (
            (nn.AvgPool1d, nn.AdaptiveAvgPool1d) if len(sides) == 1 else (nn.AvgPool2d, nn.AdaptiveAvgPool2d)
        )
        add("pool", build_layer(lambda: window(step) if step else whole(size)))
    if fit == "upsample":
        factors = {b // a if b % a == 0 else 0 for a, b in sides}
        factor = factors.pop() if len(factors) == 1 else 0
        add("upsample", build_layer(lambda: nn.Upsample(scale_factor=factor) if factor else nn.Upsample(size)))
    if fit == "project" or width != have[1]:
        norm, stride = most_common_style(architecture).norm, _stride(have, want) if fit == "project" else 1
        op = build_pointwise(have[1], width, len(sides), stride=stride, bias=norm is None)  # a norm has a shift
        style = NormActStyle(norm, None)
        reads = nodes[-1].name if nodes else value
        nodes += build_conv_norm_act(path_of("projection"), op, reads, width, style, scope)
    return nodes


def possible_resizings(shapes: Sequence[tuple[int, ...]], join: str, are_signals: bool = False) -> tuple[str, ...]:
    """Keys of `FIT_TITLES` that bring maps of several sizes to that of the smallest or of the largest, for a join; none
    where they have one size."""
    ranked = sorted(shapes, key=lambda shape: shape[2:])
    if ranked[0][2:] == ranked[-1][2:]:
        return ()
    return tuple(
        fit
        for fit, want in (("pool", ranked[0]), ("upsample", ranked[-1]))
        if all(shape[2:] == want[2:] or fit in possible_fits(shape, want, join, are_signals) for shape in shapes)
    )
