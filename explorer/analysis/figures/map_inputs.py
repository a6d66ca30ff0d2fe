"""Which inputs of an op are maps that it looks through at the image, and how large maps are."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.analysis.figures.shape_inference import Measure
from explorer.analysis.figures.windows import height_and_width
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Constant, Method

#: Of the second tensor these read the size only.
_TAKE_SIZE_OF = ("expand_as", "view_as", "reshape_as", "type_as")


def image_inputs(node: Node, nodes: Mapping[str, Node], measures: Mapping[str, Measure]) -> list[str]:
    """Return the inputs through which a node sees the image: no constants, and no gates.

    What multiplies a map and is spread over its height or width (squeeze-and-excitation, coordinate attention) only
    scales it, so the gated unit sees what it saw before.
    """
    inputs = node.inputs[:1] if isinstance(node.op, Method) and node.op.name in _TAKE_SIZE_OF else node.inputs
    if len(inputs) == 1:
        return [] if isinstance(nodes[inputs[0]].op, Constant) else [inputs[0]]
    reads = [name for name in dict.fromkeys(inputs) if not isinstance(nodes[name].op, Constant)]
    if op_kinds.kind(node) != "multiply" or (own := map_size(measures[node.name])) is None:
        return reads
    return [name for name in reads if map_size(measures[name]) == own] or reads


def map_size(measure: Measure) -> tuple[int, int] | None:
    """Return height and width of a map, channels first or last; None for what has no places."""
    return height_and_width(measure.shape.dims) if measure.shape is not None and len(measure.shape.dims) == 4 else None
