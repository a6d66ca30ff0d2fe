"""Attention in windows that is written out: which places of the map its matrix products mix.

A map (N, C, H, W) or (N, H, W, C) is cut by a reshape that splits H into a·p and W into b·q; permutes and reshapes move
these axes about, until a product over the axis that holds p and q mixes the places of each p × q window (Liu et al.,
"Swin Transformer", ICCV 2021; Tu et al., "MaxViT", ECCV 2022). So each axis of a tensor is followed as the parts of the
map's height and width that it holds. Where an op between is not understood, its places are no longer followed, and a
product is taken to see the whole map. So is one over the parts a and b, a grid: its places lie all over the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from explorer.analysis.figures.map_inputs import map_size
from explorer.analysis.figures.shape_inference import Measure
from explorer.analysis.figures.windows import SAME_PLACE, WHOLE_MAP, AxisWindow, MapWindow, map_axes
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.node import Node
from explorer.graph.ops import Function, Method


@dataclass(frozen=True, slots=True)
class _Part:
    """`size` places of the map's height (0) or width (1), `step` apart; of neither, None."""

    side: int | None
    size: int
    step: int = 1


_Axes = tuple[tuple[_Part, ...], ...]


@dataclass(frozen=True)
class Places:
    """How the places of maps lie in all tensors: what `windows` says of each op alone, and what only the whole
    network tells."""

    measures: Mapping[str, Measure]
    followed_sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    written_windows: Mapping[str, MapWindow] = field(default_factory=dict)

    def size(self, name: str) -> tuple[int, int] | None:
        """Height and width of the map whose places a node's tensor holds; None when it holds none."""
        return self.followed_sizes.get(name) or map_size(self.measures[name])

    def window(self, name: str) -> MapWindow:
        """The window through which a node reads the maps before it."""
        return self.written_windows.get(name) or self.measures[name].window

    @property
    def differ_by_place(self) -> bool:
        """Whether what a unit sees depends on where it lies."""
        windows = [*self.written_windows.values(), *(measure.window for measure in self.measures.values())]
        return any(axis is not None and axis.cell for window in windows for axis in window)


def follow_places(architecture: Architecture, measures: Mapping[str, Measure]) -> Places:
    """Return how the places of maps lie in all live tensors."""
    nodes = architecture.live.items()
    if not any(measures[name].window is WHOLE_MAP and op_kinds.kind(node) == "attention" for name, node in nodes):
        return Places(measures)
    axes: dict[str, _Axes] = {}
    sizes: dict[str, tuple[int, int]] = {}
    windows: dict[str, MapWindow] = {}
    for node in architecture.live.values():
        found = _follow(node, axes, measures)
        if found is None:
            continue
        source = next(name for name in node.inputs if name in axes or map_size(measures[name]) is not None)
        axes[node.name], sizes[node.name] = found, sizes.get(source) or map_size(measures[source]) or (0, 0)
        window = _mixed_window(node, axes, sizes[node.name])
        if window is not None:
            windows[node.name] = window
    return Places(measures, sizes, windows)


def _follow(node: Node, axes: Mapping[str, _Axes], measures: Mapping[str, Measure]) -> _Axes | None:
    """The axes of what a node makes; None where its places are those of a map as it is, or not understood."""
    dims = _dims(measures, node.name)
    known = [axes[name] for name in node.inputs if name in axes]
    if dims is None or not node.inputs:
        return known[0] if known and dims is None and _name(node) in _SPLITS else None
    if not known:
        start = _axes_of_map(measures, node.inputs[0]) if _is_reshape(node) else None
        cut = _reshaped(start, dims) if start is not None else None
        return cut if cut is not None and _cuts_a_side(cut) else None
    found = _moved(node, known[0], dims)
    return None if found is None or (len(dims) == 4 and _is_map(found)) else found


def _moved(node: Node, before: _Axes, dims: tuple[int, ...]) -> _Axes | None:
    if _name(node) in ("permute", "transpose", "swapaxes", "swapdims"):
        return _permuted(node, before)
    if _is_reshape(node):
        return _reshaped(before, dims)
    if len(dims) == len(before):
        return tuple(axis if _length(axis) == size else _plain(size) for axis, size in zip(before, dims, strict=True))
    if len(dims) == len(before) - 1 and tuple(map(_length, before[1:])) == dims:  # unbound along the first axis
        return before[1:]
    return None


def _mixed_window(node: Node, axes: Mapping[str, _Axes], size: tuple[int, int]) -> MapWindow | None:
    """The window that a matrix product mixes; None where the node is none, or mixes all of the map."""
    second = axes.get(node.inputs[1]) if len(node.inputs) > 1 else None
    if op_kinds.kind(node) != "attention":
        return SAME_PLACE
    if second is None or node.layer is not None:
        return None
    mixed = [part for axis in _mixed_axes(node, second) for part in axis if part.side is not None]
    ways = [_cell([part for part in mixed if part.side == side], size[side]) for side in (0, 1)]
    return ways[0], ways[1]


def _mixed_axes(node: Node, second: _Axes) -> _Axes:
    """The axes of the second operand that one unit of the product reads along: those that the first operand and the
    product do not both have."""
    equation = node.args[0] if node.args and isinstance(node.args[0], str) else ""
    left, arrow, right = equation.replace(" ", "").partition("->")
    operands = left.split(",")
    if not arrow or len(operands) != 2 or len(operands[1]) != len(second):
        return second[-2:]
    shared = {*operands[0]} & {*right}
    return tuple(axis for label, axis in zip(operands[1], second, strict=True) if label not in shared)


def _cell(parts: list[_Part], side: int) -> AxisWindow | None:
    if not parts:
        return SAME_PLACE[0]
    places = prod(part.size for part in parts)
    if min(part.step for part in parts) > 1 or places >= side:
        return None
    return AxisWindow(places - 1, 1, 0, cell=places)


_SPLITS = frozenset({"chunk", "split", "unbind", "tensor_split"})


def _name(node: Node) -> str:
    return node.op.name if isinstance(node.op, (Function, Method)) else ""


def _is_reshape(node: Node) -> bool:
    return _name(node) in ("reshape", "view", "flatten", "unflatten")


def _dims(measures: Mapping[str, Measure], name: str) -> tuple[int, ...] | None:
    shape = measures[name].shape
    return shape.dims if shape is not None else None


def _length(axis: tuple[_Part, ...]) -> int:
    return prod(part.size for part in axis)


def _plain(size: int) -> tuple[_Part, ...]:
    return (_Part(None, size),)


def _cuts_a_side(axes: _Axes) -> bool:
    return any(part.step > 1 for axis in axes for part in axis)


def _axes_of_map(measures: Mapping[str, Measure], name: str) -> _Axes | None:
    dims = _dims(measures, name)
    if dims is None or len(dims) != 4:
        return None
    down, across = map_axes(dims)
    return tuple((_Part({down: 0, across: 1}.get(place), size),) for place, size in enumerate(dims))


def _is_map(axes: _Axes) -> bool:
    """Whether height and width lie whole in an axis each, so that `windows` understands the tensor again."""
    whole = sum(len(axis) == 1 and axis[0].side is not None for axis in axes)
    return whole == 2 and not _cuts_a_side(axes)


def _permuted(node: Node, before: _Axes) -> _Axes | None:
    given: list[Any] = [*node.args[1:], *node.kwargs.values()]
    order = given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given
    if not all(isinstance(place, int) and -len(before) <= place < len(before) for place in order):
        return None
    places = [place % len(before) for place in order]
    if _name(node) != "permute":
        if len(places) != 2:
            return None
        swapped = dict(zip(places, reversed(places), strict=True))
        places = [swapped.get(place, place) for place in range(len(before))]
    return tuple(before[place] for place in places) if len(places) == len(before) else None


def _reshaped(before: _Axes, dims: tuple[int, ...]) -> _Axes | None:
    """The axes after a reshape, which cuts and joins neighbours; None where a part cannot be cut so."""
    waiting = [part for axis in before for part in axis if part.size > 1]
    found: list[tuple[_Part, ...]] = []
    for size in dims:
        taken: list[_Part] = []
        missing = size
        while missing > 1:
            if not waiting:
                return None
            part = waiting.pop(0)
            if missing % part.size == 0:
                taken.append(part)
                missing //= part.size
            elif part.size % missing == 0:
                rest = part.size // missing
                taken.append(_Part(part.side, missing, part.step * rest if part.side is not None else 1))
                waiting.insert(0, _Part(part.side, rest, part.step))
                missing = 1
            else:
                return None
        found.append(_joined(taken) or _plain(1))
    return tuple(found)


def _joined(parts: list[_Part]) -> tuple[_Part, ...]:
    """Neighbours that are one side of the map again, as one."""
    found: list[_Part] = []
    for part in parts:
        last = found[-1] if found else None
        if last is not None and last.side == part.side and (part.side is None or last.step == part.step * part.size):
            found[-1] = _Part(part.side, last.size * part.size, part.step)
        else:
            found.append(part)
    return tuple(found)
