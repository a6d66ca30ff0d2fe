"""Options of single layers: activation, norm, window, groups, bias, width, form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from torch import nn

from explorer.base.languages import tr, tr_noop
from explorer.edits.conv_forms import FORMS, SetConvForm, can_take_form, separable_pairs
from explorer.edits.gates import GATE_TITLES, SwapGate, gate_kind, is_gate_activation
from explorer.edits.kept_channels import KeepChannels, cut_layers, find_batch_norm, find_keep
from explorer.edits.layer_settings import SetLayer, get_layer_settings, is_layer_kind
from explorer.edits.norms import NORM_TITLES, SwapNorm, norm_kind, norms_at
from explorer.edits.options.dominators import find_width_constraint, is_dominator
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.options.spatial_size import accepts_size, size_after
from explorer.edits.pointwise_reduction import SetReduction, find_pointwise_before, is_windowed_depthwise
from explorer.edits.shared_layers import UnshareLayer
from explorer.edits.subgraph import Subgraph, subgraphs_at
from explorer.edits.switches import SwapActivation, swappable_activations
from explorer.edits.widths import MAX_WIDTH, SetWidth
from explorer.graph import op_kinds
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.op_kinds import ACTIVATION_TITLES
from explorer.viewmodels.panels import Option


def layer_options(scope: OptionScope) -> Iterator[Option]:
    """Everything about the one layer (or few) of a card."""
    yield from activation_options(scope, quiet=True)
    yield from gate_options(scope)
    yield from norm_options(scope, quiet=True)
    yield from window_options(scope)
    yield from group_options(scope)
    yield from width_options(scope)
    yield from kept_channel_options(scope)
    yield from sharing_options(scope)
    yield from bias_options(scope)
    yield from conv_form_options(scope, quiet=True)
    yield from reduction_options(scope)
    yield from pooling_options(scope)
    yield from dropout_options(scope)


def activation_options(scope: OptionScope, quiet: bool = False) -> Iterator[Option]:
    """Activation, of all that are not gates."""
    found = list(swappable_activations(scope.architecture, scope.at))
    if not found:
        if not quiet:
            yield scope.disabled_option(
                tr("Activation"), tr("There is no activation {place}.", place=scope.location), tr(_ACTIVATION_TIP)
            )
        return
    present = common_value(op_kinds.activation_name(node) for node in found)
    yield scope.choice_option(
        tr("Activation"),
        present,
        [(name, tr(title), SwapActivation(scope.at, name)) for name, title in ACTIVATION_TITLES.items()],
        tr(_ACTIVATION_TIP),
    )


def gate_options(scope: OptionScope) -> Iterator[Option]:
    """Activation at the end of a squeeze-and-excitation gate."""
    found = [node for node in scope.nodes if is_gate_activation(node, scope.architecture)]
    if found:
        present = common_value(gate_kind(node) for node in found)
        tip = tr("Function that limits the gate to 0…1; the hard sigmoid is a cheap approximation of the sigmoid.")
        yield scope.choice_option(
            tr("Gate"), present, [(n, tr(title), SwapGate(scope.at, n)) for n, title in GATE_TITLES.items()], tip
        )


def norm_options(scope: OptionScope, quiet: bool = False) -> Iterator[Option]:
    """Kind of norm, or none."""
    norms, bare = norms_at(scope.architecture, scope.nodes)
    if not norms and not bare:
        if not quiet:
            yield scope.disabled_option(
                tr("Norm"),
                tr("There is no norm over channels {place}, and no convolution.", place=scope.location),
                tr(_NORM_TIP),
            )
        return
    present = common_value(norm_kind(node) for node in norms) if norms else "none"
    maps = [scope.dims(node.inputs[0]) for node in norms] or [scope.dims(node.name) for node in bare]
    single = any(math.prod(dims[2:]) <= 1 for dims in maps)  # a norm over the places of one place is nothing
    kinds = [kind for kind in NORM_TITLES if not (kind in ("instance", "group") and single)]
    yield scope.choice_option(
        tr("Norm"), present, [(k, tr(NORM_TITLES[k]), SwapNorm(scope.at, k)) for k in kinds], tr(_NORM_TIP)
    )


def window_options(scope: OptionScope) -> Iterator[Option]:
    """Kernel, stride, padding, dilation of the only layer with a window."""
    node = _only_layer_with(scope, "kernel")
    if node is None:
        return
    present = get_layer_settings(node)
    if not isinstance(present.get("kernel"), int):
        return
    kernel, dilation = int(present["kernel"]), present.get("dilation", 1)
    padding = present.get("padding")
    is_conv = isinstance(node.layer, nn.Conv2d)
    if isinstance(padding, int) and isinstance(dilation, int):
        sides = [k for k in range(1, 14) if _keeps_spatial_size(kernel, k, padding, dilation, is_conv)]
        if len(sides) > 1:
            found = [(k, f"{k}×{k}", SetLayer(scope.at, "kernel", k)) for k in sides]
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
    entering = min(scope.dims(node.inputs[0])[2:])

    def works(**changed: int) -> bool:
        side = size_after(node, entering, **changed)
        return side is not None and accepts_size(scope.analysis, node.name, side)

    strides = [s for s in (1, 2, 3, 4) if s == stride or works(stride=s)]
    yield scope.choice_option(
        tr("Stride"), stride, [(s, str(s), SetLayer(scope.at, "stride", s)) for s in strides], tip
    )
    if isinstance(padding, int) and isinstance(kernel, int):
        most = kernel // 2 if not isinstance(node.layer, nn.Conv2d) else max(kernel - 1, padding)
        found = [p for p in range(most + 1) if p == padding or works(padding=p)]
        yield scope.choice_option(
            tr("Padding"), padding, [(p, str(p), SetLayer(scope.at, "padding", p)) for p in found], pad_tip
        )


def group_options(scope: OptionScope) -> Iterator[Option]:
    """Groups of the only convolution or shuffle."""
    node = _only_layer_with(scope, "groups")
    if node is None:
        return
    layer = node.layer
    if op_kinds.kind(node) == "shuffle":
        width = scope.dims(node.name)[1]
        even = [g for g in range(2, 65) if width % g == 0]
        choices = [(g, str(g), SetLayer(scope.at, "groups", g)) for g in even]
        yield scope.choice_option(
            tr("Groups"), op_kinds.shuffle_groups(node), choices, tr("Number of groups that the shuffle mixes.")
        )
        return
    if not isinstance(layer, nn.Conv2d):
        return
    common = math.gcd(layer.in_channels, layer.out_channels)
    if common == 1:
        reason = tr(
            "No number of groups divides both {inputs} and {outputs} channels.",
            inputs=layer.in_channels,
            outputs=layer.out_channels,
        )
        yield scope.disabled_option(tr("Groups"), reason, tr(_GROUPS_TIP))
        return
    divisors = [g for g in range(1, common + 1) if common % g == 0]
    kept = [g for g in divisors if g in (1, layer.groups, layer.in_channels)]
    kept += [g for g in divisors if g <= 64 and g not in kept]
    words = {1: tr("1 (standard)"), layer.in_channels: tr("{count} (depthwise)", count=layer.in_channels)}
    found = [(g, words.get(g, str(g)), SetLayer(scope.at, "groups", g)) for g in sorted(kept)]
    yield scope.choice_option(tr("Groups"), layer.groups, found, tr(_GROUPS_TIP))


def width_options(scope: OptionScope) -> Iterator[Option]:
    """Number of channels that leave the place."""
    tip = tr(
        "Number of output channels. Coupled layers (norms, additions, the next layers) are adapted. Where there are "
        "fewer, the channels that stay can be chosen then."
    )
    try:
        (target,) = subgraphs_at(scope.architecture, scope.at)
    except ValueError:  # several cards
        return
    channel_groups, row = scope.channel_groups, produced_row(scope, target)
    if row is None:
        return
    found = possible_widths(scope, target, row)
    if len(found) > 1:
        yield scope.slider_option(
            tr("Width"), channel_groups.size(row), [(w, str(w), SetWidth(scope.at, w)) for w in found], tip
        )
    else:
        locked = next(
            (
                channel_groups.segments[a].lock_reason
                for a in channel_groups.linear_form(row)
                if channel_groups.segments[a].lock_reason
            ),
            "",
        )
        reason = (
            tr("Its {count} channels are fixed: {locked}.", count=channel_groups.size(row), locked=locked)
            if locked
            else tr("No other width divides evenly.")
        )
        yield scope.disabled_option(tr("Width"), reason, tip)


def kept_channel_options(scope: OptionScope) -> Iterator[Option]:
    """Which channels stay where widths were cut."""
    found = cut_layers(scope.architecture, scope.nodes)
    if not found:
        return
    measured = all(find_batch_norm(scope.architecture, node.name) is not None for node in found)
    labels = {"first": tr("the first"), "l1": tr("largest L1 norm"), "norm_scale": tr("largest batch-norm scale")}
    kinds = [keep for keep in labels if measured or keep != "norm_scale"]
    tip = tr(
        "Which channels of the original stay in layers that are narrower now, and in those "
        "coupled with them: the first ones, or the most important by the size of their "
        "filters or of their scale in the batch norm. With trained weights the output loses "
        "less when the important ones stay."
    )
    entries = [(keep, labels[keep], KeepChannels(scope.at, keep)) for keep in kinds]
    yield scope.choice_option(tr("Kept channels"), common_value(map(find_keep, found)), entries, tip)


def sharing_options(scope: OptionScope) -> Iterator[Option]:
    """Weights of its own for a call of a layer that is called at several places."""
    shared = scope.architecture.shared_layers
    calls = next((shared[node.path] for node in scope.nodes if node.name in shared.get(node.path, ())), ())
    if calls:
        tip = tr(
            "One layer is called at {count} places, {calls}: an edit of one changes all of them.",
            count=len(calls),
            calls=", ".join(calls),
        )
        yield scope.action_option(tr("Shared weights"), [(tr("separate"), UnshareLayer(scope.at))], tip)


def produced_row(scope: OptionScope, target: Subgraph) -> tuple[int, ...] | None:
    """The channels that leave a part with a layer that makes some; None for any other."""
    channel_groups, nodes = scope.channel_groups, scope.architecture.nodes
    ends = [name for name in target.exits if name in channel_groups.rows]
    makes = any(name in channel_groups.producers or is_depthwise(nodes[name].layer) for name in target.nodes)
    return channel_groups.rows[ends[-1]] if ends and makes else None


def possible_widths(scope: OptionScope, target: Subgraph, row: tuple[int, ...]) -> list[int]:
    """Widths a row could have, about fifty from an eighth to four times of what it has, none wider than any may be."""
    channel_groups, present = scope.channel_groups, scope.channel_groups.size(row)
    counts, chosen = channel_groups.adjustable_segments(row, {channel_groups.order[name] for name in target.nodes})
    if not chosen:
        return [present]
    segments = {segment: channel_groups.segments[segment] for segment in chosen}
    if len(chosen) == 1:
        (segment,) = chosen
        size, step = segments[segment].size, segments[segment].multiple
        while 4 * size // step > 64:
            step *= 2
        sizes = [{segment: size + (n - size // step) * step} for n in range(1, 4 * size // step + 1)]
    else:  # several widths change in proportion
        sizes = [{a: known.size * eighths // 8 for a, known in segments.items()} for eighths in range(1, 33)]
        exact = [
            all(known.size * eighths % (8 * known.multiple) == 0 for known in segments.values())
            for eighths in range(1, 33)
        ]
        sizes = [size for size, fits in zip(sizes, exact, strict=True) if fits]
    found = {present}
    common = math.lcm(*(n.denominator for n in counts.values()))  # whole numbers are ten times as quick as fractions
    times = {segment: int(n * common) for segment, n in counts.items()}
    rest = sum(n * channel_groups.segments[segment].size for segment, n in times.items() if segment not in segments)
    for changed in sizes:
        total, over = divmod(rest + sum(times[segment] * size for segment, size in changed.items()), common)
        if (
            min(changed.values()) > 0
            and total <= MAX_WIDTH
            and not over
            and (not channel_groups.divisibility or channel_groups.is_divisible(changed))
        ):
            found.add(total)
    return sorted(found)


def bias_options(scope: OptionScope) -> Iterator[Option]:
    """Bias: on or off."""
    known = [get_layer_settings(node) for node in scope.nodes]
    states = [bool(settings["bias"]) for settings in known if "bias" in settings]
    if states:
        tip = tr("A constant added to each channel. Before a norm it has no effect, so most networks omit it there.")
        yield scope.switch_option(tr("Bias"), states, lambda on: SetLayer(scope.at, "bias", on), tip)


def conv_form_options(scope: OptionScope, quiet: bool = False) -> Iterator[Option]:
    """Form of the convolutions: separable, stacked, factorised."""
    names = {node.name for node in scope.nodes}
    pairs = any(not names.isdisjoint(pair) for pair in separable_pairs(scope.architecture))
    found = [
        name for name in FORMS if (pairs if name == "full" else any(can_take_form(node, name) for node in scope.nodes))
    ]
    if found:
        choices = [("", tr("as it is"), SetConvForm(scope.at, ""))]
        choices += [(name, tr(FORMS[name]), SetConvForm(scope.at, name)) for name in found]
        yield scope.choice_option(tr("Convolution form"), "", choices, tr(_FORM_TIP))
    elif not quiet:
        yield scope.disabled_option(
            tr("Convolution form"),
            tr("There is no convolution with a window {place}.", place=scope.location),
            tr(_FORM_TIP),
        )


def reduction_options(scope: OptionScope) -> Iterator[Option]:
    """The 1×1 before the only convolution with a window: a reduction, or before a depthwise one an expansion."""
    node = _only_layer_with(scope, "kernel")
    layer = node.layer if node is not None else None
    if not isinstance(layer, nn.Conv2d) or max(layer.kernel_size) == 1 or node is None:
        return
    chain = find_pointwise_before(scope.architecture, node.name)
    first = scope.architecture.nodes[chain[0]].layer if chain else None
    present, entering = (
        (first.out_channels, first.in_channels) if isinstance(first, nn.Conv2d) else (0, layer.in_channels)
    )
    fixed = scope.channel_groups.rows.get(chain[0] if chain else node.inputs[0], ())
    if chain and len(scope.channel_groups.producers_of(next(iter(scope.channel_groups.linear_form(fixed)), -1))) > 1:
        return  # other layers make the same width
    if is_windowed_depthwise(node):
        yield from _expansion_options(scope, node, present, entering)
        return
    if (not chain and layer.groups > 1) or (chain and entering % layer.groups):
        return
    sizes = sorted({0, present, *(entering * share // 8 for share in (1, 2, 4, 6))})
    sizes = [size for size in sizes if size % layer.groups == 0]
    tip = tr("A 1×1 convolution to few channels before an expensive window, as in GoogLeNet.")
    yield scope.choice_option(tr("1×1 reduction"), present, _reduction_choices(scope, sizes), tip)


def _expansion_options(scope: OptionScope, node: Node, present: int, entering: int) -> Iterator[Option]:
    if not find_width_constraint(scope.architecture, node.name):
        sizes = sorted({0, present, *(entering * times for times in (1, 2, 3, 4, 6))})
        tip = tr(
            "A 1×1 convolution to many channels before the depthwise one, as in MobileNetV2: more channels to filter."
        )
        yield scope.choice_option(tr("1×1 expansion"), present, _reduction_choices(scope, sizes), tip)


def _reduction_choices(scope: OptionScope, sizes: list[int]) -> Iterator[tuple[int, str, SetReduction]]:
    return ((size, str(size) if size else tr("none"), SetReduction(scope.at, size)) for size in sizes)


def pooling_options(scope: OptionScope) -> Iterator[Option]:
    """Maximum or mean, of poolings."""
    found = [get_layer_settings(node)["pooling"] for node in scope.nodes if "pooling" in get_layer_settings(node)]
    if found and all(is_layer_kind(node, "pool") for node in scope.nodes if "pooling" in get_layer_settings(node)):
        choices = [(kind, label, SetLayer(scope.at, "pooling", kind)) for kind, label in pooling_labels().items()]
        yield scope.choice_option(
            tr("Pooling"), common_value(found), choices, tr("Maximum or average of neighbouring positions.")
        )


def pooling_labels() -> dict[str, str]:
    """The kinds of pooling, as edits and as users call them."""
    return {"max": tr("max"), "average": tr("average")}


def dropout_options(scope: OptionScope) -> Iterator[Option]:
    """Dropout rate, in steps of 0.05."""
    found = [get_layer_settings(node)["dropout"] for node in scope.nodes if "dropout" in get_layer_settings(node)]
    if found:
        present = common_value(found)
        rates = sorted({*(n / 20 for n in range(20)), *((float(present),) if isinstance(present, float) else ())})
        choices = [(rate, f"{rate:g}", SetLayer(scope.at, "dropout", rate)) for rate in rates]
        yield scope.slider_option(
            tr("Dropout rate"),
            present,
            choices,
            tr("Share of values set to zero during training; no effect at inference."),
        )


def _only_layer_with(scope: OptionScope, setting: str) -> Node | None:
    """The one layer of the place with that setting; None when there are none or several."""
    found = [node for node in scope.nodes if setting in get_layer_settings(node)]
    return found[0] if len(found) == 1 else None


_ACTIVATION_TIP = tr_noop(
    "Non-linear function after a layer. “linear” removes it: two layers without one are equivalent to a single layer."
)
_NORM_TIP = tr_noop(
    "Normalises channels to a common scale, so that deep networks can be trained. New norms start as identity."
)
_GROUPS_TIP = tr_noop(
    "Each group reads only its share of the channels: g groups cost 1/g. One group per channel is depthwise."
)
_FORM_TIP = tr_noop("The same receptive field with fewer multiply-adds: depthwise and 1×1, or several small kernels.")
