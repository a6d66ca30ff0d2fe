"""Networks with layers in several number formats: a new layer has that of what it reads."""

from __future__ import annotations

import torch

from explorer.analysis.analysis import analyse
from explorer.base.memo import per_object
from explorer.edits.node_changes import change_node
from explorer.graph.architecture import Architecture
from explorer.graph.module_copy import copy_to_meta
from explorer.graph.node import Node
from explorer.graph.ops import Layer


def match_number_formats(before: Architecture, after: Architecture) -> Architecture:
    """Return an edited snapshot whose new and changed layers take the numbers that come to them. Of a network that
    computes in one format all layers were built in it already.

    Raises ShapeError where the edited snapshot does not hold together.
    """
    if len(before.number_formats | _computed_formats(before)) < 2:
        return after
    for name in after.live:
        node, opened = after.nodes[name], before.nodes.get(name)
        if opened is None or opened.op.key != node.op.key:
            changed = _in_format_of_input(after, node)
            after = after if changed is None else after.with_replaced([changed])
    return after


@per_object
def _computed_formats(architecture: Architecture) -> frozenset[torch.dtype]:
    """The types of numbers with fractions that its ops make: of some, as under autocast, no layer is made."""
    shapes = (measure.shape for measure in analyse(architecture).figures.measures.values())
    return frozenset(shape.dtype for shape in shapes if shape is not None and shape.dtype.is_floating_point)


def _in_format_of_input(architecture: Architecture, node: Node) -> Node | None:
    """The node with a layer in the format of its first input; None where it has that, or no numbers."""
    if not isinstance(node.op, Layer) or not node.op.has_tensors or not node.inputs:
        return None
    shape = analyse(architecture).figures.measures[node.inputs[0]].shape
    types = {p.dtype for p in node.op.module._parameters.values() if p is not None}
    if shape is None or not shape.dtype.is_floating_point or types <= {shape.dtype}:
        return None
    return change_node(node, op=Layer.from_module(copy_to_meta(node.op.module).to(shape.dtype)))
