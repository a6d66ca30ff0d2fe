"""Receptive fields followed place by place, where they differ from one unit to the next (attention in windows)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from explorer.analysis.figures.map_inputs import image_inputs
from explorer.analysis.figures.windows import SAME_PLACE, AxisWindow
from explorer.analysis.figures.written_windows import Places
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Input

#: First and last pixel that each place along an axis sees; None: all pixels.
_Places = Sequence[tuple[int, int]] | None
_MapField = tuple[_Places, _Places]


def compute_fields_by_place(architecture: Architecture, places: Places) -> dict[str, tuple[float, float]]:
    """Return height and width of the largest field in each live node's map, in input pixels; infinite for the whole
    image, 1 × 1 for constants."""
    fields: dict[str, _MapField | None] = {}
    for node in architecture.live.values():
        fields[node.name] = _map_field(node, fields, architecture, places)
    sides = places.size(architecture.input.name) or (0, 0)
    return {
        name: (1.0, 1.0) if field is None else (_largest(field[0], sides[0]), _largest(field[1], sides[1]))
        for name, field in fields.items()
    }


def _map_field(
    node: Node, fields: Mapping[str, _MapField | None], architecture: Architecture, places: Places
) -> _MapField | None:
    size, window = places.size(node.name), places.window(node.name)
    if isinstance(node.op, Input):
        return (_pixels(size[0]), _pixels(size[1])) if size is not None else (None, None)
    if places.measures[node.name].shape is None and node.name not in places.followed_sizes:
        return None
    found: _MapField | None = None
    for name in image_inputs(node, architecture.nodes, places.measures):
        read = fields[name]
        if read is not None and window is not SAME_PLACE:
            sides = size or (1, 1)
            read = _through(read[0], window[0], sides[0]), _through(read[1], window[1], sides[1])
        if found is None or read is None:
            found = found or read
        elif read is not found:
            found = _union(found[0], read[0]), _union(found[1], read[1])
    return found


def _pixels(side: int) -> _Places:
    return [(pixel, pixel) for pixel in range(side)]


def _through(field: _Places, window: AxisWindow | None, side: int) -> _Places:
    if field is None or window is None:
        return None
    ends = [window.read(place, place, len(field)) for place in range(side)]
    return [(field[first][0], field[last][1]) for first, last in ends]


def _union(one: _Places, other: _Places) -> _Places:
    if one is None or other is None or len(one) != len(other):
        return None
    return [(min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(one, other, strict=True)]


def _largest(field: _Places, side: int) -> float:
    size = max(last - first + 1 for first, last in field) if field else side
    return math.inf if size >= side else float(size)
