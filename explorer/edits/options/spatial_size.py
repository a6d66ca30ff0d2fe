"""Does everything behind a map still work when that map has another side?

A window makes ⌊(n + a) / s⌋ + 1 places of n, and so does a chain of windows, with another a and s: ⌊(⌊x / s⌋ + b) / t⌋
is ⌊(x + s·b) / (s·t)⌋. So each map behind a node is one such pair for each axis, found in one walk. It says exactly
from which side on a window has a place to stand; and only where maps of unlike pairs meet does it depend on the side
whether they fit: 3×3 with stride 2 and 2×2 pooling round odd sides differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import nn

from explorer.analysis.analysis import Analysis
from explorer.analysis.figures.shape_inference import Shape
from explorer.analysis.figures.windows import as_pair
from explorer.base.memo import memoise, per_object
from explorer.edits.bridges import PaddedShortcut
from explorer.edits.channel_parts import slices_of
from explorer.edits.norms import norm_kind
from explorer.edits.pooling import find_pooling
from explorer.graph import op_kinds
from explorer.graph.node import Node
from explorer.graph.ops import Bypass


class SizeFunction(NamedTuple):
    """The side of a map from that of another: ⌊(n + shift) / step⌋ + 1; or always `fixed`."""

    shift: int = -1
    step: int = 1
    fixed: int = 0

    def evaluate(self, side: int) -> int:
        """The side of the map, from the side of the other."""
        return self.fixed or (side + self.shift) // self.step + 1

    def compose(self, other: SizeFunction) -> SizeFunction:
        """This function followed by another."""
        if self.fixed or other.fixed:
            return SizeFunction(fixed=other.fixed or other.evaluate(self.fixed))
        return SizeFunction(self.shift + self.step * (1 + other.shift), self.step * other.step)

    def smallest_input(self, size: int) -> int:
        """The smallest side from which it makes so many places."""
        return 0 if self.fixed else (size - 1) * self.step - self.shift


_IDENTITY = SizeFunction()
_MapSize = tuple[SizeFunction, SizeFunction]  # its height and its width
_SizeEquality = tuple[SizeFunction, SizeFunction]


class SizeRequirements(NamedTuple):
    """Requirements of the maps behind a node on its own size: a minimum, and sizes that must come out equal."""

    minimum: int
    equalities: frozenset[_SizeEquality]


def accepts_size(analysis: Analysis, name: str, size: int) -> bool:
    """Do all layers behind a node work when its own map is `size` × `size`? False where that is not certain."""
    found = memoise(analysis, ("behind", name), lambda: _find_requirements(analysis, name))
    if found is None or size < found.minimum:
        return False
    return all(one.evaluate(size) == other.evaluate(size) for one, other in found.equalities)


def is_too_small(analysis: Analysis, name: str, size: int) -> bool:
    """Has a window behind a node no place to stand when its own map is `size` × `size`? False where that is not
    certain."""
    found = memoise(analysis, ("behind", name), lambda: _find_requirements(analysis, name))
    return found is not None and size < found.minimum


def size_after(node: Node, entering: int, **changed: int) -> int | None:
    """The side of the map a window makes of one of `entering`, with another stride or padding; None for no window."""
    window = _window(node)
    if window is None:
        return None
    kernel, stride, padding, dilation, ceil = window[0]
    line = _window_size_function(kernel, changed.get("stride", stride), changed.get("padding", padding), dilation, ceil)
    return line.evaluate(entering) if line is not None else None


def _find_requirements(analysis: Analysis, name: str) -> SizeRequirements | None:
    """Find the requirements of what is behind a node, in one walk; None when an op there is not understood."""
    maps: dict[str, _MapSize] = {name: (_IDENTITY, _IDENTITY)}
    reached, least, meetings = {name}, 1, set[_SizeEquality]()
    last: set[str] = set()  # maps whose channels are the last axis
    for node in analysis.architecture.live.values():
        if node.name == name or reached.isdisjoint(node.inputs):
            continue
        reached.add(node.name)
        first, made = node.inputs[0], _dims(analysis, node.name)
        if _is_of_one_size(node, _dims(analysis, first)):
            return None
        if first in maps and (_shares_out(analysis, node) or not _dims(analysis, first)):
            maps[node.name] = maps[first]  # parts of the channels, and one of them
            continue
        if len(made) != 4 or maps.keys().isdisjoint(node.inputs):
            continue
        if len(node.inputs) == 1 and op_kinds.kind(node) in _POINTWISE_KINDS and norm_kind(node) != "instance":
            (only,) = node.inputs  # most nodes: quickly by
            maps[node.name] = maps[only]
            if only in last:
                last.add(node.name)
            continue
        given = [other for other in node.inputs if len(_dims(analysis, other)) == 4]
        if not given:
            return None
        read = [maps.get(other) or _constant_size(analysis, other) for other in given]
        entering = _dims(analysis, given[0])
        was_last = not last.isdisjoint(node.inputs)
        turns = _permutation(node) == (_CHANNELS_FIRST if was_last else _CHANNELS_LAST)
        if was_last != turns:
            last.add(node.name)
        if turns or (was_last and len(read) == 1 and entering[1:3] == made[1:3]):  # at each place alone
            maps[node.name] = read[0]
            continue
        if was_last:
            return None
        if len(read) > 1:
            meetings.update(_join_equalities(node, read))
            maps[node.name] = max(read, key=lambda way: way[0].evaluate(10_000))
            continue
        lines = _size_functions(node, entering, made)
        if lines is None:
            return None
        made_of = maps[node.name] = (read[0][0].compose(lines[0]), read[0][1].compose(lines[1]))
        places = _minimum_input_size(node)
        least = max(
            least, *(line.smallest_input(1) for line in made_of), *(line.smallest_input(places) for line in read[0])
        )
    return SizeRequirements(least, frozenset(meetings))


#: What works on each place, or on all of a channel, and leaves the map its size.
_POINTWISE_KINDS = frozenset({"norm", "activation", "dropout"})
_CHANNELS_LAST, _CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def _permutation(node: Node) -> tuple[int, ...] | None:
    """The order a permutation puts the axes in; None for any other op."""
    if getattr(node.op, "name", "") != "permute":
        return None
    order = node.args[1] if len(node.args) == 2 and isinstance(node.args[1], (list, tuple)) else node.args[1:]
    return tuple(axis % 4 for axis in order if isinstance(axis, int))


def _shares_out(analysis: Analysis, node: Node) -> bool:
    """Whether an op gives maps of the size of its own, as a tuple."""
    value, entering = analysis.figures.measures[node.name].value, _dims(analysis, node.inputs[0])
    return isinstance(value, tuple) and all(
        isinstance(part, Shape) and len(part.dims) == len(entering) == 4 and part.dims[2:] == entering[2:]
        for part in value
    )


def _is_of_one_size(node: Node, entering: tuple[int, ...]) -> bool:
    """Attention, a tensor of the code, or a reshape or slice with sizes written into the code."""
    if op_kinds.kind(node) in ("attention", "constant"):
        return True
    name = getattr(node.op, "name", "")
    if name == "getitem" and not isinstance(node.args[1], int):
        return _slices(node, entering) is None
    return name in ("view", "reshape") or (name == "narrow" and node.args[1] not in (1, -3))


def _slices(node: Node, entering: tuple[int, ...]) -> _MapSize | None:
    """The height and the width of a slice of a map (`x[..., ::2, ::2]`), from those of the map; None for an index that
    leaves no map, or that counts from the one end in numbers that belong to one size."""
    whole = slices_of(node.args[1], 4) if len(entering) == 4 else None
    if whole is None:
        return None
    high, wide = map(_slice_size_function, whole[2:])
    return (high, wide) if high is not None and wide is not None else None


def _slice_size_function(part: slice) -> SizeFunction | None:
    start, stop, step = part.start or 0, part.stop or 0, part.step or 1
    if not all(isinstance(number, int) for number in (start, stop, step)):
        return None  # computed
    cut = -stop
    if min(start, cut) < 0 or step < 1:
        return None
    return SizeFunction(-1 - start - cut, step)


def _minimum_input_size(node: Node) -> int:
    """The least size of a map that the node can read, whatever it makes of it."""
    layer: Any = node.layer
    if norm_kind(node) == "instance":
        return 2  # the spread over a single place is nothing
    around = layer.padding if isinstance(layer, nn.Conv2d) else 0
    if not isinstance(around, tuple) or layer.padding_mode == "zeros":
        return 1
    return int(max(around) + (layer.padding_mode == "reflect"))  # padded with what is there, so that must be there


def _join_equalities(node: Node, read: list[_MapSize]) -> Iterator[_SizeEquality]:
    for way in read[1:]:
        for one, other in zip(read[0], way, strict=True):
            spread = 1 in (one.fixed, other.fixed) and op_kinds.kind(node) != "concat"
            if one != other and not spread:
                yield one, other


def _size_functions(node: Node, entering: tuple[int, ...], leaving: tuple[int, ...]) -> _MapSize | None:
    """The height and the width of an op with one map as input, from those of the map."""
    layer: Any = node.layer
    if getattr(node.op, "name", "") == "getitem":
        return _slices(node, entering)
    if isinstance(layer, nn.ZeroPad2d):
        left, right, top, bottom = layer.padding
        return SizeFunction(top + bottom - 1), SizeFunction(left + right - 1)
    if isinstance(layer, PaddedShortcut):
        return SizeFunction(-1, layer.stride), SizeFunction(-1, layer.stride)
    window = _window(node)
    if window is not None:
        high, wide = _window_size_function(*window[0]), _window_size_function(*window[1])
        return (high, wide) if high is not None and wide is not None else None
    if find_pooling(node) is not None or op_kinds.kind(node) == "pool":
        return SizeFunction(fixed=leaving[2]), SizeFunction(fixed=leaving[3])
    return (_IDENTITY, _IDENTITY) if entering[2:] == leaving[2:] else None


_Window = tuple[int, int, int, int, bool]  # kernel, stride, padding, dilation, rounded up


@per_object
def _window(node: Node) -> tuple[_Window, _Window] | None:
    """The window of a convolution or a pooling, along the height and along the width."""
    layer: Any = node.layer
    if isinstance(layer, nn.Conv2d) and not isinstance(node.op, Bypass):
        if isinstance(layer.padding, str):
            same = layer.padding == "same"
            padding = tuple(
                d * (k - 1) / 2 if same else 0 for k, d in zip(layer.kernel_size, layer.dilation, strict=True)
            )
            if any(side != int(side) for side in padding):
                padding = (0, 0)
        else:
            padding = layer.padding
        sides = zip(layer.kernel_size, layer.stride, padding, layer.dilation, strict=True)
        high, wide = ((k, s, int(p), d, False) for k, s, p, d in sides)
        return high, wide
    pool = find_pooling(node)
    if pool is None or "kernel_size" not in pool[1]:
        return None
    named = [as_pair(pool[1][name]) for name in ("kernel_size", "stride", "padding")]
    ceil = bool(pool[1].get("ceil_mode"))
    high, wide = ((k, s, p, 1, ceil) for k, s, p in zip(*named, strict=True))
    return high, wide


def _window_size_function(kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> SizeFunction | None:
    """Source: the shape formulas of torch.nn.Conv2d and MaxPool2d. None where torch leaves out a last window."""
    if ceil and padding > kernel - stride:
        return None
    return SizeFunction(2 * padding - dilation * (kernel - 1) - 1 + (stride - 1 if ceil else 0), stride)


def _constant_size(analysis: Analysis, name: str) -> _MapSize:
    """A map from elsewhere, which stays as it is."""
    _, _, high, wide = _dims(analysis, name)
    return SizeFunction(fixed=high), SizeFunction(fixed=wide)


def _dims(analysis: Analysis, name: str) -> tuple[int, ...]:
    value = analysis.figures.measures[name].value
    return value.dims if isinstance(value, Shape) else ()
