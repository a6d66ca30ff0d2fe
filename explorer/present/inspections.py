"""The selected card in words, figures and switches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from explorer import numbers
from explorer.analysis.study import Study
from explorer.edits.edit import places
from explorer.edits.options import options
from explorer.graph import vocabulary
from explorer.graph.architecture import Node
from explorer.panels import Inspection
from explorer.present import titles
from explorer.present.formulas import formula
from explorer.weights.provenance import Told, provenance, summed_up

_WHAT = {
    "input": "The image as the network sees it: resized, cut to the centre, and normalised.",
    "output": "One number for each class (logits); softmax makes probabilities of them.",
    "conv": "Slides small filters over the map: one for each output channel, over all input channels of its group.",
    "depthwise": "One small filter for each channel alone: looks at neighbours, mixes no channels.",
    "linear": "Every output is a weighted sum of all inputs.",
    "norm": "Brings each channel to a common scale and centre, so that deep stacks can be trained.",
    "activation": "Bends the signal; without it two layers in a row would be no more than one.",
    "pool": "Sums up neighbouring places in one number; the map gets smaller, nothing is learned.",
    "add": "Adds two maps of one shape, number by number.",
    "concat": "Puts the channels of its inputs side by side.",
    "multiply": "Multiplies number by number: here one map weighs another.",
    "split": "Deals the channels out to several ways.",
    "shuffle": "Mixes the channels between the groups, so that each group hears the others.",
    "reshape": "The same numbers in another arrangement.",
    "dropout": "Silences random units while training; does nothing at inference.",
    "attention": "Every place looks at others and takes from them what fits.",
}


def inspection(study: Study, selected: str, told: Told = provenance) -> Inspection | None:
    """What the inspector shows for a card, for several separated by commas, or ("") for the network; None when the
    snapshot has none such.

    `told` says where the weights of a node come from, where that is not only a matter of edits.
    """
    if not selected:
        return _of_network(study, told)
    known = [id for id in places(selected) if id in study.architecture.live or id in study.hierarchy.groups]
    if len(known) > 1:
        return _of_several(study, known)
    selected = known[0] if known else selected
    if selected in study.hierarchy.groups:
        return _of_group(study, selected, told)
    if selected in study.architecture.live:
        return _of_node(study, study.architecture.live[selected], told)
    return None


def _of_network(study: Study, told: Told) -> Inspection:
    architecture, root = study.architecture, study.hierarchy.root
    batch, channels, height, width = architecture.input_shape
    image = f"{channels}×{height}×{width}" + (f", {batch} at once" if batch > 1 else "")
    answers = [str(shape) for name in architecture.output.inputs if (shape := study.figures.shape(name)) is not None]
    rows = [("Class", root.cls), ("Image", image), ("Output", " and ".join(answers))]
    blocks = [block for block in study.hierarchy.blocks if study.hierarchy.block_of(block.id) is block]
    rows += [("Blocks", str(len(blocks)))] if blocks else []
    return Inspection(
        title=architecture.title,
        path="",
        kind="network",
        what="Select a card on the canvas to see what it is and to change that alone.",
        rows=(*rows, *_weights((architecture.nodes[name] for name in root.all_nodes), told)),
        parts=_parts(study, root.all_nodes),
        options=options(study, ""),
    )


def _of_node(study: Study, node: Node, told: Told) -> Inspection:
    kind = vocabulary.kind(node)
    attributes = vocabulary.attributes(node)
    rows = [("Attributes", attributes)] if attributes else []
    rows += _rows(study, (node.name,))
    rows += _weights((node,), told)
    title = {"add": "Addition", "concat": "Concatenation", "multiply": "Multiplication"}.get(
        kind, vocabulary.title(node)
    )
    return Inspection(
        title=title,
        path=node.name,
        kind=kind,
        what=_WHAT.get(kind, "An op of this network."),
        rows=tuple(rows),
        formula=formula(study, node),
        options=options(study, node.name),
    )


def _of_group(study: Study, id: str, told: Told) -> Inspection:
    group = study.hierarchy.groups[id]
    nodes = [study.architecture.nodes[name] for name in group.nodes]
    weighted = [n for n in nodes if vocabulary.kind(n) in vocabulary.WEIGHTED]
    kind = group.role if group.role != "unit" else vocabulary.kind(weighted[0] if weighted else nodes[0])
    is_unit = group.role == "unit" and len(weighted) == 1
    rows = [("Made of", " · ".join(vocabulary.title(n) for n in nodes))] if group.role == "unit" else []
    if is_unit and vocabulary.attributes(weighted[0]):
        rows.append(("Attributes", vocabulary.attributes(weighted[0])))
    if group.cls and group.role != "unit":
        rows.append(("Class", group.cls))
    what = _WHAT.get(kind, "") if is_unit else study.pattern(group).what
    return Inspection(
        title=titles.with_remarks(study, group),
        path=group.path or group.id.removeprefix("unit:"),
        kind=kind,
        what=what,
        rows=(*rows, *_rows(study, group.all_nodes), *_weights(nodes, told)),
        formula=formula(study, weighted[0]) if is_unit else None,
        parts="" if is_unit else _parts(study, group.all_nodes),
        options=options(study, id),
    )


def _weights(nodes: Iterable[Node], told: Told) -> list[tuple[str, str]]:
    """Where the weights come from, when an edit has touched them or a file lacks them."""
    words = summed_up(nodes, told)
    return [("Weights", words)] if words else []


def _of_several(study: Study, ids: list[str]) -> Inspection:
    names = tuple(dict.fromkeys(name for id in ids for name in study.hierarchy.nodes_of(id)))
    return Inspection(
        title=f"{len(ids)} cards",
        path=", ".join(id.removeprefix("unit:") for id in ids),
        kind="selection",
        what="What is changed here is changed in all of them. Ctrl+click adds a card or takes it out.",
        rows=tuple(row for row in _rows(study, names) if row[0] not in ("Input", "Output", "Receptive field")),
        options=options(study, ",".join(ids)),
    )


def _rows(study: Study, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    figures = study.figures
    inputs = _entering(study, names)
    if inputs:
        yield "Input", " and ".join(inputs)
    live = [name for name in names if figures.shape(name) is not None]
    if live:
        last = max(live, key=list(figures.measures).index)
        shape = figures.shape(last)
        yield "Output", str(shape)
        field = figures.receptive_fields[last]
        yield "Receptive field", f"{int(field)} × {int(field)} px" if math.isfinite(field) else "whole image"
    total = figures.sum(names)
    yield "Parameters", _with_share(total.params, figures.total.params)
    yield "MACs", _with_share(total.macs, figures.total.macs)
    yield "FLOPs (2 × MACs)", numbers.exact(total.flops)
    yield "All ops", numbers.exact(total.all_ops)
    size = numbers.size(4 * total.activation_elements)
    yield "Activations", f"{numbers.exact(total.activation_elements)}  ({size})"


def _entering(study: Study, names: tuple[str, ...]) -> list[str]:
    inside = set(names)
    sources = dict.fromkeys(
        source
        for name in names
        if name in study.architecture.live
        for source in study.architecture.nodes[name].inputs
        if source not in inside
    )
    shapes = [str(shape) for source in sources if (shape := study.figures.shape(source)) is not None]
    return shapes if len(shapes) <= 4 else [*shapes[:3], f"{len(shapes) - 3} more"]


def _with_share(value: int, whole: int) -> str:
    if not whole or not value:
        return numbers.exact(value)
    return f"{numbers.exact(value)}  ({100 * value / whole:.1f} %)"


def _parts(study: Study, names: tuple[str, ...]) -> str:
    """MACs of a group as the sum over its layers, largest first."""
    parts = [study.figures.measures[name].cost.macs for name in names if name in study.figures.measures]
    parts = sorted((p for p in parts if p), reverse=True)
    if len(parts) < 2:
        return ""
    shown = " + ".join(numbers.short(p) for p in parts[:4]) + (f" + {len(parts) - 4} smaller" if len(parts) > 4 else "")
    return f"MACs = sum over {len(parts)} layers\n{shown} = {numbers.exact(sum(parts))}"
