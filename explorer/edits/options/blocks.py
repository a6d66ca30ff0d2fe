"""Options of blocks: shortcut, channel shuffle, cardinality, linear bottleneck, squeeze-and-excitation."""

from __future__ import annotations

from collections.abc import Iterator

from explorer.base.languages import tr
from explorer.edits.branches import AddShortcut, lacks_shortcut
from explorer.edits.cardinality import (
    SetCardinality,
    common_groups,
    find_shuffle_position,
    group_candidates,
    require_conv,
)
from explorer.edits.edit import Edit
from explorer.edits.gate_position import GATE_POSITIONS, MoveGate, find_map, gates_in_blocks
from explorer.edits.gates import (
    SetSqueezeRatio,
    ToggleSqueezeExcitation,
    find_gate_position,
    gate_products_at,
    squeezes_at,
)
from explorer.edits.norm_order import SetPreActivation, find_residuals
from explorer.edits.options.block_widths import ratio_choices
from explorer.edits.options.scope import OptionScope, common_value
from explorer.edits.post_activation import SetPostActivation, find_pre_activated
from explorer.edits.repairs import is_applicable
from explorer.edits.subgraph import Subgraph
from explorer.edits.switches import SetBottleneckActivation, ToggleChannelShuffle, ToggleShortcut, projections_at
from explorer.graph import op_kinds
from explorer.graph.layers import is_depthwise
from explorer.graph.node import Node
from explorer.graph.op_kinds import ACTIVATION_TITLES
from explorer.graph.ops import Bypass
from explorer.graph.recognition.shortcuts import find_shortcuts
from explorer.viewmodels.panels import Option


def shuffle_options(scope: OptionScope) -> Iterator[Option]:
    """Channel shuffle: on or off."""
    tip = tr("Permutes the channels across groups. Without it, no information passes between groups.")
    found = [not isinstance(node.op, Bypass) for node in scope.nodes if op_kinds.kind(node) == "shuffle"]
    if not found and any(find_shuffle_position(block) for block in scope.blocks):
        found = [False]
    if found:
        if (
            False in found
            and True not in found
            and not is_applicable(ToggleChannelShuffle(scope.at, on=True), scope.architecture)
        ):
            yield scope.disabled_option(tr("Channel shuffle"), tr("Its groups no longer divide the channels."), tip)
            return
        yield scope.switch_option(tr("Channel shuffle"), found, lambda on: ToggleChannelShuffle(scope.at, on), tip)
    else:
        yield scope.disabled_option(
            tr("Channel shuffle"),
            tr("There are no group convolutions {place} to shuffle between.", place=scope.location),
            tip,
        )


def shortcut_options(scope: OptionScope) -> Iterator[Option]:
    """Shortcut: on or off, or added where a block has none."""
    tip = tr("Adds the input of the block to the output of its layers. Without it, a deep network is hard to train.")
    known = find_shortcuts(scope.architecture)
    found = [known[node.name].enabled for node in scope.nodes if node.name in known]
    if found:
        back = _find_restoring_edit(scope) if False in found else ToggleShortcut(scope.at, on=True)
        if back is None and True not in found:
            yield scope.disabled_option(
                tr("Shortcut"), tr("The two maps it would add no longer have the same shape."), tip
            )
            return
        on = back or ToggleShortcut(scope.at, on=True)
        yield scope.switch_option(
            tr("Shortcut"), found, lambda state: on if state else ToggleShortcut(scope.at, on=False), tip
        )
        return
    bare = [block for block in scope.blocks if lacks_shortcut(block)]
    if not bare:
        joined = "concat" in scope.kinds
        reason = (
            tr("The branches {place} are joined by concatenation, not addition.", place=scope.location)
            if joined
            else tr("There is no block {place} with a single input and a single output.", place=scope.location)
        )
        yield scope.disabled_option(tr("Shortcut"), reason, tip)
        return
    ways = shortcut_projections(bare)
    words = {"identity": tr("add identity"), "pad": tr("add zero padding"), "project": tr("add 1×1")}
    if not ways:
        yield scope.disabled_option(tr("Shortcut"), tr("The input is smaller than the output: no shortcut fits."), tip)
    else:
        yield scope.action_option(tr("Shortcut"), [(words[way], AddShortcut(scope.at, way)) for way in ways], tip)


def _find_restoring_edit(scope: OptionScope) -> ToggleShortcut | None:
    """The edit that brings shortcuts back, with a projection where widths have changed meanwhile."""
    ways = [ToggleShortcut(scope.at, on=True, mend=mend) for mend in ("", "project")]
    return next((way for way in ways if is_applicable(way, scope.architecture)), None)


def shortcut_projections(blocks: list[Subgraph]) -> list[str]:
    """The ways around that fit all of these blocks, cheapest first."""
    ends = [(block.shape(block.entry), block.shape(block.exit)) for block in blocks]
    uneven = [(before, after) for before, after in ends if before != after]
    ways = ["pad", "project"] if uneven else ["identity", "project"]
    for before, after in uneven:
        strides = {-(-a // b) for a, b in zip(before[2:], after[2:], strict=True)}
        fits = len(strides) == 1 and all(
            -(-a // s) == b for s in strides for a, b in zip(before[2:], after[2:], strict=True)
        )
        possible = (["pad", "project"] if before[1] <= after[1] else ["project"]) if fits else []
        ways = [way for way in ways if way in possible]
    return ways


def cardinality_options(scope: OptionScope) -> Iterator[Option]:
    """Standard, grouped or depthwise: of the convolutions with a window, and of the 1×1s."""
    tip = tr(
        "Number of groups of the convolutions with a window, which are many narrow branches "
        "in parallel: 1 is a standard convolution, one per channel a depthwise one."
    )
    found = group_candidates(scope.blocks, "windows")
    if found:
        yield _group_option(scope, tr("Cardinality"), found, "windows", tip)
    else:
        yield scope.disabled_option(
            tr("Cardinality"), tr("No block {place} has a convolution with a window.", place=scope.location), tip
        )
    tip = tr("Number of groups of the 1×1 convolutions. A channel shuffle then passes information between groups.")
    found = group_candidates(scope.blocks, "pointwise")
    if found:
        yield _group_option(scope, tr("1×1 groups"), found, "pointwise", tip)


def _group_option(scope: OptionScope, title: str, found: list[Node], of: str, tip: str) -> Option:
    layers = [require_conv(node) for node in found]
    present = common_value("depthwise" if is_depthwise(layer) else layer.groups for layer in layers)
    most = min(layer.in_channels for layer in layers) - 1  # as many as channels is another thing
    values: list[int | str] = [g for g in common_groups(found, max(most, 1)) if g in _GROUP_COUNTS or g == present]
    if of == "windows" and most and not any(layer.out_channels % layer.in_channels for layer in layers):
        values.append("depthwise")
    if len(values) < 2:
        return scope.disabled_option(title, tr("No number of groups divides all the widths here."), tip)
    edits = [(g, _group_label(g), SetCardinality(scope.at, g, of)) for g in values]
    return scope.choice_option(title, present, edits, tip)


def _group_label(groups: int | str) -> str:
    if groups == 1:
        return tr("1 (standard)")
    return tr("depthwise") if groups == "depthwise" else str(groups)


_GROUP_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)


def linear_bottleneck_options(scope: OptionScope) -> Iterator[Option]:
    """Linear bottleneck: an activation behind the projection, or none."""
    found = projections_at(scope.architecture, scope.at)
    states = [inserted is None for _, (_, inserted) in found]
    own = _main_activation([scope.architecture.nodes[name] for name in found[0][0].nodes]) if found else "relu6"
    tip = tr(
        "The 1×1 projection has no activation. Off adds {activation} after it.", activation=tr(ACTIVATION_TITLES[own])
    )
    if found:
        made = lambda on: SetBottleneckActivation(scope.at, "linear" if on else own)  # noqa: E731
        yield scope.switch_option(tr("Linear bottleneck"), states, made, tip)
        return
    reason = tr("There is no linear projection behind a depthwise convolution {place}.", place=scope.location)
    if "depthwise" in scope.kinds:
        reason = tr(
            "The projections {place} are followed by an activation, at the latest after the addition.",
            place=scope.location,
        )
    yield scope.disabled_option(tr("Linear bottleneck"), reason, tip)


def _main_activation(nodes: list[Node]) -> str:
    """The activation a block uses itself: what one would put behind its projection."""
    gates = ("linear", "sigmoid", "hardsigmoid")
    names = [name for node in nodes if (name := op_kinds.activation_name(node)) and name not in gates]
    return names[0] if names else "relu6"


def squeeze_excitation_options(scope: OptionScope) -> Iterator[Option]:
    """Squeeze-and-excitation: on or off, and its ratio."""
    tip = tr("Weights each channel by a gate: pooled, passed through two small layers, and multiplied with the map.")
    present = gate_products_at(scope.architecture, scope.at)
    if present:
        states = [not isinstance(node.op, Bypass) for node in present]
        yield scope.switch_option(
            tr("Squeeze-and-excitation"), states, lambda on: ToggleSqueezeExcitation(scope.at, on), tip
        )
    elif any(find_gate_position(block) is not None for block in scope.blocks):
        yield scope.switch_option(
            tr("Squeeze-and-excitation"), [False], lambda on: ToggleSqueezeExcitation(scope.at, on), tip
        )
    else:
        reason = tr("There is no block {place} with a map that a gate could weight.", place=scope.location)
        yield scope.disabled_option(tr("Squeeze-and-excitation"), reason, tip)
        return
    squeezes = list(squeezes_at(scope.architecture, scope.at))
    if squeezes:
        channel_groups = scope.channel_groups
        ratios = [
            channel_groups.size(channel_groups.rows[w]) / channel_groups.size(channel_groups.rows[s])
            for s, w in squeezes
        ]
        current, values = ratio_choices(ratios, [1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0])
        found = [(v, f"1/{v:.3g}", SetSqueezeRatio(scope.at, round(v))) for v in values]
        yield scope.slider_option(
            tr("Squeeze ratio"), current, found, tr("Factor by which the first layer of the gate reduces the channels.")
        )


def gate_position_options(scope: OptionScope) -> Iterator[Option]:
    """Where in its block the gate of squeeze-and-excitation sits."""
    found = gates_in_blocks(scope.architecture, scope.at)
    if not found:
        return
    positions = [
        next((to for to in GATE_POSITIONS if find_map(block, gate, to) == gate.feature_map), None)
        for block, gate in found
    ]
    able = [to for to in GATE_POSITIONS if all(find_map(block, gate, to) is not None for block, gate in found)]
    if len(able) > 1:
        tip = tr("Which map the gate weights: what enters the block, what its window made, or what leaves it.")
        choices = [(to, tr(GATE_POSITIONS[to]), MoveGate(scope.at, to)) for to in able]
        yield scope.choice_option(tr("Position of the gate"), common_value(positions), choices, tip)


def norm_order_options(scope: OptionScope) -> Iterator[Option]:
    """Norm and activation before or behind the convolutions of residual blocks."""
    names = {node.name for node in scope.nodes}
    post = any(block.known.add in names for block in find_residuals(scope.architecture))
    pre = any(block.add in names for block in find_pre_activated(scope.architecture))
    tip = tr("Behind each convolution as in ResNet, or before it as in ResNet v2, which leaves the shortcut free.")
    edits: list[tuple[str, str, Edit]] = [
        ("post", tr("behind convolutions"), SetPostActivation(scope.at)),
        ("pre", tr("before convolutions"), SetPreActivation(scope.at)),
    ]
    if post or pre:
        present = None if post and pre else "post" if post else "pre"
        yield scope.choice_option(tr("Norm and activation"), present, edits, tip)
