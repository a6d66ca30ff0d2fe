"""Content of the inspector: description, figures and options of what is selected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.receptive_field import describe_field
from explorer.base import number_format
from explorer.base.languages import join_list, join_with_and, tr, tr_n, tr_noop
from explorer.edits.channel_carrying import carry_channels
from explorer.edits.options import find_options
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Function, Input
from explorer.graph.recording.sized_by_values import SizedByValues
from explorer.presenters import titles
from explorer.presenters.cost_formula import build_cost_formula
from explorer.viewmodels.panels import Inspection
from explorer.weights.provenance import ProvenanceOf, infer_provenance, summarise_provenance

_KIND_DESCRIPTIONS = {
    "input": tr_noop("The input image: resized, cropped to the centre and normalised."),
    "output": tr_noop("One score (logit) per class; softmax turns them into probabilities."),
    "conv": tr_noop("Slides small filters over the map: one per output channel, over all input channels of its group."),
    "depthwise": tr_noop("One small filter per channel: it combines neighbouring positions, but no channels."),
    "linear": tr_noop("Each output is a weighted sum of all inputs."),
    "norm": tr_noop("Normalises each channel to a common mean and scale, so that deep networks can be trained."),
    "activation": tr_noop(
        "A non-linear function of each value; without it, consecutive layers would collapse into one linear layer."
    ),
    "pool": tr_noop("Reduces neighbouring positions to one value, by maximum or average; it has no weights."),
    "add": tr_noop("Adds two maps of the same shape element by element."),
    "concat": tr_noop("Concatenates the channels of its inputs."),
    "multiply": tr_noop("Multiplies two maps element by element: one weights the other."),
    "split": tr_noop("Splits the channels between several branches."),
    "shuffle": tr_noop("Permutes the channels across the groups, so that information passes between them."),
    "reshape": tr_noop("Rearranges the same values into another shape."),
    "dropout": tr_noop("Sets random values to zero during training; does nothing at inference."),
    "attention": tr_noop("Each position combines the values of other positions, weighted by how well they match."),
}


def build_inspection(
    analysis: Analysis, selection: tuple[str, ...], provenance_of: ProvenanceOf = infer_provenance
) -> Inspection | None:
    """Return the content of the inspector for one or several ids, or for the network when `selection` is empty; None
    when the snapshot has none of them.

    `provenance_of` tells where the weights of a node come from, where that is not only a matter of edits.
    """
    if not selection:
        return _inspect_network(analysis, provenance_of)
    known = [id for id in selection if id in analysis.architecture.live or id in analysis.hierarchy.groups]
    if len(known) > 1:
        return _inspect_multiple(analysis, known)
    if not known:
        return None
    (selected,) = known
    if selected in analysis.hierarchy.groups:
        return _inspect_group(analysis, selected, provenance_of)
    return _inspect_node(analysis, analysis.architecture.live[selected], provenance_of)


def _inspect_network(analysis: Analysis, provenance_of: ProvenanceOf) -> Inspection:
    architecture, root = analysis.architecture, analysis.hierarchy.root
    answers = [str(shape) for name in architecture.output.inputs if (shape := analysis.figures.shape(name)) is not None]
    rows = [(tr("Class"), root.class_name), *_input_rows(architecture), (tr("Output"), join_with_and(answers))]
    blocks = [block for block in analysis.hierarchy.blocks if analysis.hierarchy.block_of(block.id) is block]
    rows += [(tr("Blocks"), str(len(blocks)))] if blocks else []
    return Inspection(
        title=architecture.shown_title,
        path="",
        kind="network",
        description=tr("Select a card on the canvas to inspect and edit it."),
        rows=(*rows, *_weights_row(analysis, root.all_nodes, provenance_of)),
        cost_breakdown=_cost_breakdown(analysis, root.all_nodes),
        options=find_options(analysis, ()),
    )


def _input_rows(architecture: Architecture) -> list[tuple[str, str]]:
    """A row for each input: its shape without the batch, where it has one."""
    rows = []
    for node in architecture.inputs:
        op = node.op
        assert isinstance(op, Input)
        image = len(op.shape) == 4 and op.dtype.is_floating_point
        sides = "×".join(map(str, op.shape[1:] if image else op.shape)) or "1"
        if image and op.shape[0] > 1:
            sides = tr("{image}, {count} at once", image=sides, count=op.shape[0])
        number_format = "" if op.dtype == torch.float32 else f", {str(op.dtype).removeprefix('torch.')}"
        rows.append((op.name or (tr("Image") if image else tr("Input")), f"{sides}{number_format}"))
    return rows


_JOINT_DESCRIPTIONS = {
    "−": tr_noop("Subtracts the second map, or number, from the first, element by element."),
    "÷": tr_noop("Divides the first map by the second, or by a number, element by element."),
}


def _inspect_node(analysis: Analysis, node: Node, provenance_of: ProvenanceOf) -> Inspection:
    kind = op_kinds.kind(node)
    attributes = op_kinds.attributes(node)
    rows = [(tr("Attributes"), attributes)] if attributes else []
    rows += _figure_rows(analysis, (node.name,))
    if isinstance(node.op, Function) and isinstance(node.op.call, SizedByValues):
        rows.append((tr("Size"), tr("depends on values: it cannot be edited, and is shown as the example gave it")))
    rows += _weights_row(analysis, (node.name,), provenance_of)
    rows += _shared_row(analysis, (node.name,))
    title = titles.join_label(node) or op_kinds.label(node)
    description = _JOINT_DESCRIPTIONS.get(op_kinds.title(node)) or _KIND_DESCRIPTIONS.get(
        kind, tr_noop("An operation of this network.")
    )
    return Inspection(
        title=title,
        path=node.name,
        kind=kind,
        description=tr(description),
        rows=tuple(rows),
        formula=build_cost_formula(analysis, node),
        options=find_options(analysis, (node.name,)),
    )


def _inspect_group(analysis: Analysis, id: str, provenance_of: ProvenanceOf) -> Inspection:
    group = analysis.hierarchy.groups[id]
    nodes = [analysis.architecture.nodes[name] for name in group.nodes]
    weighted = [n for n in nodes if op_kinds.kind(n) in op_kinds.WEIGHTED]
    kind = group.role if group.role != "unit" else op_kinds.kind(weighted[0] if weighted else nodes[0])
    is_unit = group.role == "unit" and len(weighted) == 1
    rows = [(tr("Made of"), " · ".join(op_kinds.label(n) for n in nodes))] if group.role == "unit" else []
    if is_unit and op_kinds.attributes(weighted[0]):
        rows.append((tr("Attributes"), op_kinds.attributes(weighted[0])))
    if group.class_name and group.role != "unit":
        rows.append((tr("Class"), group.class_name))
    what = tr(_KIND_DESCRIPTIONS.get(kind, "")) if is_unit else analysis.pattern(group).description
    return Inspection(
        title=titles.group_title_with_remarks(analysis, group),
        path=group.path or group.id.removeprefix("unit:"),
        kind=kind,
        description=what,
        rows=(
            *rows,
            *_figure_rows(analysis, group.all_nodes),
            *_weights_row(analysis, group.nodes, provenance_of),
            *(_shared_row(analysis, group.nodes) if is_unit else ()),
        ),
        formula=build_cost_formula(analysis, weighted[0]) if is_unit else None,
        cost_breakdown="" if is_unit else _cost_breakdown(analysis, group.all_nodes),
        options=find_options(analysis, (id,)),
    )


def _shared_row(analysis: Analysis, names: Iterable[str]) -> list[tuple[str, str]]:
    """The calls of a layer that is called at several places."""
    nodes, shared = analysis.architecture.nodes, analysis.architecture.shared_layers
    calls = next((shared[nodes[name].path] for name in names if name in shared.get(nodes[name].path, ())), ())
    return [(tr("Shared"), tr("by {n} calls: {names}", n=len(calls), names=join_list(calls)))] if calls else []


def _weights_row(analysis: Analysis, names: Iterable[str], provenance_of: ProvenanceOf) -> list[tuple[str, str]]:
    """Where the weights come from, also where all are kept: a row that an edit brings would push the options."""
    nodes = carry_channels(analysis.architecture).nodes
    weighted = [nodes[name] for name in names if provenance_of(nodes[name]) is not None]
    return [(tr("Weights"), summarise_provenance(weighted, provenance_of) or tr("as opened"))] if weighted else []


def _inspect_multiple(analysis: Analysis, ids: list[str]) -> Inspection:
    names = tuple(dict.fromkeys(name for id in ids for name in analysis.hierarchy.nodes_of(id)))
    return Inspection(
        title=tr_n("{n} card", "{n} cards", len(ids)),
        path=", ".join(id.removeprefix("unit:") for id in ids),
        kind="selection",
        description=tr("Changes apply to all selected cards. Ctrl+click adds a card to the selection or removes it."),
        rows=tuple(_total_rows(analysis, names)),
        options=find_options(analysis, tuple(ids)),
    )


def _figure_rows(analysis: Analysis, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    figures = analysis.figures
    inputs = _input_shapes(analysis, names)
    if inputs:
        yield tr("Input"), join_with_and(inputs)
    live = [name for name in names if figures.shape(name) is not None]
    if live:
        last = max(live, key=list(figures.measures).index)
        shape = figures.shape(last)
        yield tr("Output"), str(shape)
        height, width = field = figures.receptive_field_sizes[last]
        square = height == width and math.isfinite(height)
        yield tr("Receptive field"), f"{int(height)} × {int(width)} px" if square else describe_field(field)
    yield from _total_rows(analysis, names)


def _total_rows(analysis: Analysis, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    figures, total = analysis.figures, analysis.figures.sum(names)
    yield tr("Parameters"), _count_with_share(total.params, figures.total.params)
    yield "MACs", _count_with_share(total.macs, figures.total.macs)
    yield "FLOPs (2 × MACs)", number_format.format_exact(total.flops)
    yield tr("All ops"), number_format.format_exact(total.all_ops)
    size = number_format.format_bytes(4 * total.activation_elements)
    yield tr("Activations"), f"{number_format.format_exact(total.activation_elements)}  ({size})"


def _input_shapes(analysis: Analysis, names: tuple[str, ...]) -> list[str]:
    inside = set(names)
    sources = dict.fromkeys(
        source
        for name in names
        if name in analysis.architecture.live
        for source in analysis.architecture.nodes[name].inputs
        if source not in inside
    )
    shapes = [str(shape) for source in sources if (shape := analysis.figures.shape(source)) is not None]
    return shapes if len(shapes) <= 4 else [*shapes[:3], tr("{count} more", count=len(shapes) - 3)]


def _count_with_share(value: int, whole: int) -> str:
    if not whole or not value:
        return number_format.format_exact(value)
    return f"{number_format.format_exact(value)}  ({100 * value / whole:.1f} %)"


def _cost_breakdown(analysis: Analysis, names: tuple[str, ...]) -> str:
    """MACs of a group as the sum over its layers, largest first."""
    parts = [analysis.figures.measures[name].cost.macs for name in names if name in analysis.figures.measures]
    parts = sorted((p for p in parts if p), reverse=True)
    if len(parts) < 2:
        return ""
    shown = " + ".join(number_format.format_short(p) for p in parts[:4])
    if len(parts) > 4:
        shown = tr("{sum} + {count} smaller", sum=shown, count=len(parts) - 4)
    total = number_format.format_exact(sum(parts))
    return tr("MACs = sum over {count} layers", count=len(parts)) + f"\n{shown} = {total}"
