"""Options of single layers: activation, norm, groups, bias, form, reduction, dropout."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import nn

from explorer.base.languages import join_list, tr, tr_noop
from explorer.edits.conv_forms import FORMS, SetConvForm, can_take_form, separable_pairs
from explorer.edits.gates import GATE_TITLES, SwapGate, gate_kind, is_gate_activation
from explorer.edits.layer_settings import CONVOLUTIONS, get_layer_settings
from explorer.edits.norms import NORM_TITLES, SwapNorm, norm_kind, norms_at
from explorer.edits.options.dominators import find_width_constraint
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.options.widths import width_options
from explorer.edits.options.windows import (
    only_layer_with,
    pooling_options,
    rounding_options,
    subsampling_options,
    window_options,
)
from explorer.edits.pointwise_reduction import SetReduction, find_pointwise_before, is_windowed_depthwise
from explorer.edits.repairs import is_applicable
from explorer.edits.set_layer import SetLayer
from explorer.edits.shared_layers import UnshareLayer
from explorer.edits.switches import SwapActivation, swappable_activations
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.op_kinds import ACTIVATION_TITLES
from explorer.viewmodels.panels import Option


def layer_options(scope: OptionScope) -> Iterator[Option]:
    """Everything about the one layer (or few) of a card."""
    yield from activation_options(scope, quiet=True)
    yield from gate_options(scope)
    yield from norm_options(scope, quiet=True)
    yield from epsilon_options(scope)
    yield from slope_options(scope)
    yield from window_options(scope)
    yield from group_options(scope)
    yield from depthwise_multiplier_options(scope)
    yield from width_options(scope)
    yield from sharing_options(scope)
    yield from bias_options(scope)
    yield from conv_form_options(scope, quiet=True)
    yield from reduction_options(scope)
    yield from pooling_options(scope)
    yield from rounding_options(scope)
    yield from subsampling_options(scope)
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


def group_options(scope: OptionScope) -> Iterator[Option]:
    """Groups of the only convolution or shuffle."""
    node = only_layer_with(scope, "groups")
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
    if not isinstance(layer, CONVOLUTIONS):
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


def epsilon_options(scope: OptionScope) -> Iterator[Option]:
    """What is added to the variance by the only norm."""
    node = only_layer_with(scope, "eps")
    if node is None:
        return
    present = get_layer_settings(node)["eps"]
    values = sorted({1e-6, 1e-5, 1e-4, 1e-3, 1e-2, float(present)})
    tip = tr("Added to the variance before its root is taken; TensorFlow's networks use 0.001, PyTorch's 0.00001.")
    yield scope.choice_option(
        tr("Epsilon"), present, [(eps, f"{eps:g}", SetLayer(scope.at, "eps", eps)) for eps in values], tip
    )


def slope_options(scope: OptionScope) -> Iterator[Option]:
    """What the only leaky ReLU lets through below zero."""
    node = only_layer_with(scope, "slope")
    if node is None:
        return
    present = get_layer_settings(node)["slope"]
    values = sorted({0.0, 0.01, 0.1, 0.2, float(present)})
    tip = tr("What is below zero is multiplied by this: 0.01 in PyTorch, 0.1 in Darknet, 0.2 in most GANs.")
    yield scope.choice_option(
        tr("Slope below zero"),
        present,
        [(slope, f"{slope:g}", SetLayer(scope.at, "slope", slope)) for slope in values],
        tip,
    )


def depthwise_multiplier_options(scope: OptionScope) -> Iterator[Option]:
    """Maps that the only depthwise convolution makes of each channel."""
    node = only_layer_with(scope, "multiplier")
    if node is None:
        return
    tip = tr("Filters of each channel: a depthwise convolution makes so many maps of every channel it reads.")
    present = get_layer_settings(node)["multiplier"]
    edits = {times: SetLayer(scope.at, "multiplier", times) for times in (1, 2, 3, 4)}
    found = [
        (times, str(times), edit)
        for times, edit in edits.items()
        if times == present or is_applicable(edit, scope.architecture)
    ]
    if len(found) > 1:
        yield scope.choice_option(tr("Depthwise multiplier"), present, found, tip)


def sharing_options(scope: OptionScope) -> Iterator[Option]:
    """Weights of its own for a call of a layer that is called at several places."""
    shared = scope.architecture.shared_layers
    calls = next((shared[node.path] for node in scope.nodes if node.name in shared.get(node.path, ())), ())
    if calls:
        tip = tr(
            "One layer is called at {count} places, {calls}: an edit of one changes all of them.",
            count=len(calls),
            calls=join_list(calls),
        )
        yield scope.action_option(tr("Shared weights"), [(tr("separate"), UnshareLayer(scope.at))], tip)


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
    node = only_layer_with(scope, "kernel")
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
