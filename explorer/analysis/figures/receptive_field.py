"""Receptive field: height and width, in input pixels, of the rectangle that one unit of a feature map can see.

Along an axis, unit i of a map sees the pixels i·j + lo … i·j + hi. An op with kernel k, stride s, padding p and
dilation d turns (lo, hi, j) into (lo − p·j, hi + ((k − 1)·d − p)·j, j·s); where paths meet the pixels of all of them
count (Araujo et al., "Computing receptive fields of convolutional neural networks", Distill 2019). Borders of the image
are left aside. Global pooling, flatten, linear layers and attention see the whole image; squeeze-and-excitation gates
too, but as a factor only scales, the field of the gated map is that of the map itself.

Attention in windows, also where it is written out with reshapes (`written_windows`), sees the window that a unit lies
in. How many windows the next op reaches then depends on the place, so such a network is followed place by place,
borders included, and the largest field of a map counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from explorer.analysis.figures.map_inputs import image_inputs
from explorer.analysis.figures.shape_inference import Measure
from explorer.analysis.figures.windows import SAME_PLACE, AxisWindow
from explorer.analysis.figures.windows_by_place import compute_fields_by_place
from explorer.analysis.figures.written_windows import follow_places
from explorer.base.languages import tr
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Input

#: First and last pixel that unit 0 sees along an axis, and the distance between neighbours; None: all pixels.
_AxisField = tuple[float, float, float] | None
_Field = tuple[_AxisField, _AxisField]

#: Height and width in input pixels; infinite where the whole image is seen.
FieldSize = tuple[float, float]

_PIXEL: _Field = ((0, 0, 1), (0, 0, 1))


def compute_receptive_fields(architecture: Architecture, measures: Mapping[str, Measure]) -> dict[str, FieldSize]:
    """Return height and width of the receptive field of every live node, in input pixels; 1 × 1 for constants."""
    places = follow_places(architecture, measures)
    if places.differ_by_place:
        return compute_fields_by_place(architecture, places)
    fields: dict[str, _Field | None] = {}
    for node in architecture.live.values():
        fields[node.name] = _field(node, fields, architecture, measures)
    return {name: (1.0, 1.0) if field is None else (_size(field[0]), _size(field[1])) for name, field in fields.items()}


def network_receptive_field(
    architecture: Architecture, measures: Mapping[str, Measure], fields: Mapping[str, FieldSize]
) -> FieldSize:
    """Return the field of the last feature map before everything is pooled or flattened: the largest finite one, or
    the whole image where what saw all of it goes on as a map: behind attention, or joined to a map that saw a part
    (the pooled branch of DeepLab, a global context that is added)."""
    finite = [field for field in fields.values() if math.isfinite(max(field))]
    for name, node in architecture.live.items():
        read = [max(fields[source]) for source in image_inputs(node, architecture.nodes, measures)]
        is_joined = math.inf in read and any(1 < field < math.inf for field in read)
        if math.isinf(max(fields[name])) and (is_joined or op_kinds.kind(node) == "attention"):
            return math.inf, math.inf
    if not finite:
        return math.inf, math.inf
    return max(field[0] for field in finite), max(field[1] for field in finite)


def describe_field(size: FieldSize) -> str:
    """Format a field: "212 px", "9 × 3 px" where the sides differ, "full height × 33 px", "whole image"."""
    height, width = size
    if math.isinf(height) and math.isinf(width):
        return tr("whole image")
    if height == width:
        return f"{height:.0f} px"
    if math.isinf(height):
        return tr("full height × {width:.0f} px", width=width)
    if math.isinf(width):
        return tr("{height:.0f} px × full width", height=height)
    return f"{height:.0f} × {width:.0f} px"


def _field(
    node: Node, fields: Mapping[str, _Field | None], architecture: Architecture, measures: Mapping[str, Measure]
) -> _Field | None:
    """The field of one node; None for one that does not see the image (constants, sizes)."""
    if isinstance(node.op, Input):
        return _PIXEL
    measure = measures[node.name]
    if measure.shape is None:
        return None
    field: _Field | None = None
    for name in image_inputs(node, architecture.nodes, measures):
        read = fields[name]
        if field is None or read is None:
            field = field or read
        elif read is not field:
            join = _scaled if op_kinds.kind(node) == "multiply" else _union
            field = join(field[0], read[0]), join(field[1], read[1])
    window = measure.window
    if field is None or window is SAME_PLACE:
        return field
    return _through(field[0], window[0]), _through(field[1], window[1])


def _union(one: _AxisField, other: _AxisField) -> _AxisField:
    if one is None or other is None:
        return None
    return min(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2])


def _scaled(one: _AxisField, other: _AxisField) -> _AxisField:
    """Of a product: a factor that sees the whole image, also one that was spread to a map, scales the other."""
    return _union(one, other) if one is not None and other is not None else one or other


def _through(field: _AxisField, window: AxisWindow | None) -> _AxisField:
    if field is None or window is None:
        return None
    low, high, jump = field
    padding, stride = float(window.padding), float(window.stride)
    return low - padding * jump, high + (window.reach - padding) * jump, jump * stride


def _size(field: _AxisField) -> float:
    return math.inf if field is None else math.floor(field[1] - field[0] + 1e-9) + 1.0
