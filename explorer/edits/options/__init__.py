"""Edits that a selection can have, as options, and the reason where one cannot.

The inspector shows these; it knows nothing else about edits. An option that is offered is applicable: where that cannot
be told quickly and for sure, it is not offered. Where layers with weights are called at several places, an edit may be
one that would change only some of the calls; and in a network that is not of the catalogue there may be anything: a
weight that is computed, a size that is written into the code. There each choice is tried before it is offered.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.figures.shape_inference import ShapeError
from explorer.base.languages import translator
from explorer.base.memo import memoise
from explorer.edits.channel_walk import find_channel_groups
from explorer.edits.edit import EVERYWHERE, EditError, place_of, split_places
from explorer.edits.options import block_widths, blocks, branches, bulk, depth, layers, network_options, widths
from explorer.edits.options.scope import OptionScope
from explorer.edits.shared_layers import apply_to_calls
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.layers import has_computed_weights
from explorer.graph.node import Node
from explorer.graph.ops import Input
from explorer.viewmodels.card_ids import members_of
from explorer.viewmodels.panels import Option

OptionBuilder = Callable[[OptionScope], Iterator[Option]]

_BLOCK_OPTIONS: tuple[OptionBuilder, ...] = (
    blocks.shortcut_options,
    branches.join_options,
    layers.activation_options,
    layers.norm_options,
    block_widths.hidden_width_options,
    block_widths.growth_rate_options,
    blocks.cardinality_options,
    layers.conv_form_options,
    blocks.shuffle_options,
    blocks.linear_bottleneck_options,
    blocks.squeeze_excitation_options,
    blocks.gate_position_options,
    blocks.norm_order_options,
    layers.gate_options,
    depth.inversion_options,
    bulk.bulk_kernel_options,
    bulk.bulk_pooling_options,
    layers.bias_options,
)

#: The topics of each scope, in the order they are shown. What only an edit brings comes last: what is under the pointer
#: stays there.
OPTION_BUILDERS: dict[str, tuple[OptionBuilder, ...]] = {
    "this layer": (layers.layer_options, branches.join_options, branches.branch_options, depth.depth_options),
    "this part": (
        *(
            widths.width_options,
            layers.activation_options,
            layers.norm_options,
            layers.conv_form_options,
            bulk.bulk_kernel_options,
            bulk.bulk_pooling_options,
            layers.bias_options,
        ),
        *(branches.branch_options, depth.depth_options),
    ),
    "these cards": (*_BLOCK_OPTIONS, bulk.bulk_width_options, layers.dropout_options, depth.depth_options),
    "this block": (
        *_BLOCK_OPTIONS,
        widths.width_options,
        branches.branch_options,
        branches.parallel_branch_options,
        depth.depth_options,
        depth.auxiliary_head_options,
    ),
    "this stage": (
        *_BLOCK_OPTIONS,
        widths.width_options,
        network_options.multiplier_options,
        depth.auxiliary_head_options,
    ),
    "whole network": (
        *_BLOCK_OPTIONS,
        network_options.multiplier_options,
        network_options.compound_scaling_options,
        network_options.head_options,
        depth.auxiliary_head_options,
        network_options.input_options,
        layers.dropout_options,
    ),
}


def find_options(analysis: Analysis, selection: str | tuple[str, ...]) -> tuple[Option, ...]:
    """Return the controls for what is selected (the id of a card, or several ids): for itself, for the block and the
    stage around it, and for the whole network."""
    found: list[Option] = []
    ids = members_of(selection) if isinstance(selection, str) else selection
    for scope, at in find_scopes(analysis, ids):  # the card next to it lies in the same block, stage, network
        found.extend(
            memoise(analysis, ("options", (at, translator.language)), partial(_build_options, analysis, scope, at))
        )
    return tuple(found)


def _build_options(analysis: Analysis, scope: str, at: str) -> tuple[Option, ...]:
    place = OptionScope(analysis, scope, at)
    topics = (*OPTION_BUILDERS[scope], widths.kept_channel_options)
    found = tuple(option for topic in topics for option in topic(place))
    architecture = analysis.architecture
    if not memoise(architecture, ("may refuse", ""), partial(_may_refuse, architecture)):
        return found
    return tuple(_try_choices(option, architecture) for option in found)


#: Nodes of a network that nobody here knows, up to which trying everything takes no time.
_FEW_NODES = 80
#: Kinds of functions that read sizes and weights in ways of their own; of these, some are understood.
_OF_THEIR_OWN = frozenset({"other", "conv", "linear", "attention", "reshape", "constant"})
_UNDERSTOOD = ("flatten", "contiguous")


def _may_refuse(architecture: Architecture) -> bool:
    """Whether an edit could be refused that the options take to be possible."""
    if architecture.key or architecture.shared_layers:
        return bool(architecture.shared_layers)
    live = architecture.live
    if architecture.size_reads:
        return True
    inputs = sum(isinstance(node.op, Input) for node in live.values())
    if len(live) <= _FEW_NODES or inputs > 1 or architecture.shared_params or architecture.dtype is not torch.float32:
        return True
    groups = find_channel_groups(architecture)
    parts = set[str]() if groups.divisibility else groups.parts.keys()  # shares of widths that several layers make
    return any(_is_of_its_own(node) and parts.isdisjoint((node.name, *node.inputs)) for node in live.values())


def _is_of_its_own(node: Node) -> bool:
    if node.layer is not None:
        return has_computed_weights(node.layer)
    return op_kinds.kind(node) in _OF_THEIR_OWN and getattr(node.op, "name", "") not in _UNDERSTOOD


def _try_choices(option: Option, architecture: Architecture) -> Option:
    """Return the option with the choices that can be made; with the reason, where none of them can."""
    if option.reason:
        return option
    refusals = [_refusal(choice.edit, architecture) for choice in option.choices]
    if not any(refusals):
        return option
    kept = tuple(choice for choice, refusal in zip(option.choices, refusals, strict=True) if not refusal)
    if option.control == "switch" or not any(choice.edit for choice in kept):
        return replace(option, reason=next(filter(None, refusals)))
    current = option.choices[option.current] if option.current >= 0 else None
    return replace(option, choices=kept, current=kept.index(current) if current in kept else -1)


#: Edits of everything alike, which set no calls apart, and are dear to try.
_OF_ALL_CALLS = ("multiply_depth", "apply_compound_scaling", "set_input_size")


def _refusal(edit: Any, architecture: Architecture) -> str:
    """Why an edit that would be offered cannot be made; "" where it can."""
    try:
        if edit is not None and not (architecture.key and edit.name in _OF_ALL_CALLS):
            analyse(apply_to_calls(edit, architecture)).figures.measures  # noqa: B018 - raises where shapes do not meet
    except (EditError, ShapeError) as refusal:
        return str(refusal)
    return ""


def find_scopes(analysis: Analysis, selection: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(words for the place, what edits call it), from the narrowest."""
    hierarchy = analysis.hierarchy
    if len(selection) > 1:
        yield "these cards", place_of(*selection)
        yield "whole network", EVERYWHERE
        return
    selected = "".join(selection)
    group = hierarchy.groups.get(selected)
    block = hierarchy.block_of(selected)
    around = (selected, *hierarchy.ancestors(selected))
    stage = next((id for id in around if id in hierarchy.groups and hierarchy.groups[id].role == "stage"), None)
    ends = (analysis.architecture.input.name, analysis.architecture.output.name)
    if (group is None and selected in analysis.architecture.live) or (group is not None and group.role == "unit"):
        if selected not in ends:
            yield "this layer", place_of(selected)
    elif group is not None and selected and group is not block and group.role not in ("stage", "network"):
        yield "this part", place_of(selected)
    if block is not None:
        yield "this block", place_of(block.id)
    if stage is not None:
        yield "this stage", place_of(stage)
    yield "whole network", EVERYWHERE


def __getattr__(name: str) -> Any:
    """Return what had another name until release 0.1, with a DeprecationWarning."""
    if name != "options":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn("options is deprecated: use find_options", DeprecationWarning, stacklevel=2)
    return lambda analysis, selected: find_options(analysis, split_places(selected))


__all__ = ["OPTION_BUILDERS", "find_options", "find_scopes"]
