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

from explorer.analysis.shapes import Shape
from explorer.analysis.study import Study
from explorer.edits.fitting import PaddedShortcut
from explorer.edits.norms import norm_kind
from explorer.edits.pooling import pooling_of
from explorer.graph import vocabulary
from explorer.graph.architecture import Node, Pass
from explorer.graph.remembered import remembered


class Line(NamedTuple):
    """The side of a map from that of another: ⌊(n + shift) / step⌋ + 1; or always `fixed`."""

    shift: int = -1
    step: int = 1
    fixed: int = 0

    def of(self, side: int) -> int:
        return self.fixed or (side + self.shift) // self.step + 1

    def then(self, other: Line) -> Line:
        if self.fixed or other.fixed:
            return Line(fixed=other.fixed or other.of(self.fixed))
        return Line(self.shift + self.step * (1 + other.shift), self.step * other.step)

    def least(self, places: int) -> int:
        """The smallest side from which it makes so many places."""
        return 0 if self.fixed else (places - 1) * self.step - self.shift


_SAME = Line()
_Map = tuple[Line, Line]  # its height and its width
_Meeting = tuple[Line, Line]


class Behind(NamedTuple):
    """What the maps behind a node ask of its own: a least side, and that unlike ways round it to the same."""

    least: int
    meetings: frozenset[_Meeting]


def fits(study: Study, name: str, side: int) -> bool:
    """Does all that is behind a node work when its own map is `side` × `side`? An unsure answer is no."""
    found = remembered(study, ("behind", name), lambda: _behind(study, name))
    if found is None or side < found.least:
        return False
    return all(one.of(side) == other.of(side) for one, other in found.meetings)


def side_after(node: Node, entering: int, **changed: int) -> int | None:
    """The side of the map a window makes of one of `entering`, with another stride or padding; None for no window."""
    window = _window(node)
    if window is None:
        return None
    kernel, stride, padding, dilation, ceil = window[0]
    line = _line(kernel, changed.get("stride", stride), changed.get("padding", padding), dilation, ceil)
    return line.of(entering) if line is not None else None


def _behind(study: Study, name: str) -> Behind | None:
    """What is behind a node, in one walk; None when something there is not understood."""
    maps: dict[str, _Map] = {name: (_SAME, _SAME)}
    reached, least, meetings = {name}, 1, set[_Meeting]()
    last: set[str] = set()  # maps whose channels are the last axis
    for node in study.architecture.live.values():
        if node.name == name or reached.isdisjoint(node.inputs):
            continue
        reached.add(node.name)
        if vocabulary.kind(node) in ("attention", "constant") or _is_written(node):
            return None
        made = _dims(study, node.name)
        if len(made) != 4 or maps.keys().isdisjoint(node.inputs):
            continue
        if len(node.inputs) == 1 and vocabulary.kind(node) in _PLAIN and norm_kind(node) != "instance":
            (only,) = node.inputs  # most nodes: quickly by
            maps[node.name] = maps[only]
            if only in last:
                last.add(node.name)
            continue
        given = [other for other in node.inputs if len(_dims(study, other)) == 4]
        if not given:
            return None
        read, entering = [maps.get(other) or _fixed(study, other) for other in given], _dims(study, given[0])
        was_last = not last.isdisjoint(node.inputs)
        turns = _order(node) == (_CHANNELS_FIRST if was_last else _CHANNELS_LAST)
        if was_last != turns:
            last.add(node.name)
        if turns or (was_last and len(read) == 1 and entering[1:3] == made[1:3]):  # at each place alone
            maps[node.name] = read[0]
            continue
        if was_last:
            return None
        if len(read) > 1:
            meetings.update(_joined(node, read))
            maps[node.name] = next(way for way in read if way[0].of(10_000) == max(r[0].of(10_000) for r in read))
            continue
        lines = _passed(node, entering, made)
        if lines is None:
            return None
        made_of = maps[node.name] = (read[0][0].then(lines[0]), read[0][1].then(lines[1]))
        places = _places(node)
        least = max(least, *(line.least(1) for line in made_of), *(line.least(places) for line in read[0]))
    return Behind(least, frozenset(meetings))


#: What works on each place, or on all of a channel, and leaves the map its size.
_PLAIN = frozenset({"norm", "activation", "dropout"})
_CHANNELS_LAST, _CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def _order(node: Node) -> tuple[int, ...] | None:
    """The order a permutation puts the axes in; None for any other op."""
    if getattr(node.op, "name", "") != "permute":
        return None
    order = node.args[1] if len(node.args) == 2 and isinstance(node.args[1], (list, tuple)) else node.args[1:]
    return tuple(axis % 4 for axis in order if isinstance(axis, int))


def _is_written(node: Node) -> bool:
    """A reshape with sizes written into the code."""
    name = getattr(node.op, "name", "")
    return name in ("view", "reshape") or (name == "getitem" and not isinstance(node.args[1], int))


def _places(node: Node) -> int:
    """How many places an axis of what a node reads must have, whatever it makes of them."""
    layer: Any = node.layer
    if norm_kind(node) == "instance":
        return 2  # the spread over a single place is nothing
    around = layer.padding if isinstance(layer, nn.Conv2d) else 0
    if not isinstance(around, tuple) or layer.padding_mode == "zeros":
        return 1
    return int(max(around) + (layer.padding_mode == "reflect"))  # padded with what is there, so that must be there


def _joined(node: Node, read: list[_Map]) -> Iterator[_Meeting]:
    for way in read[1:]:
        for one, other in zip(read[0], way, strict=True):
            spread = 1 in (one.fixed, other.fixed) and vocabulary.kind(node) != "concat"
            if one != other and not spread:
                yield one, other


def _passed(node: Node, entering: tuple[int, ...], made: tuple[int, ...]) -> _Map | None:
    """What an op with one map as input does to its height and width."""
    layer: Any = node.layer
    if isinstance(layer, nn.ZeroPad2d):
        left, right, top, bottom = layer.padding
        return Line(top + bottom - 1), Line(left + right - 1)
    if isinstance(layer, PaddedShortcut):
        return Line(-1, layer.stride), Line(-1, layer.stride)
    window = _window(node)
    if window is not None:
        high, wide = _line(*window[0]), _line(*window[1])
        return (high, wide) if high is not None and wide is not None else None
    if pooling_of(node) is not None or vocabulary.kind(node) == "pool":
        return Line(fixed=made[2]), Line(fixed=made[3])
    return (_SAME, _SAME) if entering[2:] == made[2:] else None


_Window = tuple[int, int, int, int, bool]  # kernel, stride, padding, dilation, rounded up


def _window(node: Node) -> tuple[_Window, _Window] | None:
    """The window of a convolution or a pooling, along the height and along the width. Kept with the node, which never
    changes."""
    known: dict[str, Any] = node.__dict__
    if "_side_window" not in known:
        known["_side_window"] = _found_window(node)
    found: tuple[_Window, _Window] | None = known["_side_window"]
    return found


def _found_window(node: Node) -> tuple[_Window, _Window] | None:
    layer: Any = node.layer
    if isinstance(layer, nn.Conv2d) and not isinstance(node.op, Pass):
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
    pool = pooling_of(node)
    if pool is None or "kernel_size" not in pool[1]:
        return None
    named = [_pair(pool[1][name]) for name in ("kernel_size", "stride", "padding")]
    ceil = bool(pool[1].get("ceil_mode"))
    high, wide = ((k, s, p, 1, ceil) for k, s, p in zip(*named, strict=True))
    return high, wide


def _line(kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> Line | None:
    """Source: the shape formulas of torch.nn.Conv2d and MaxPool2d. None where torch leaves out a last window."""
    if ceil and padding > kernel - stride:
        return None
    return Line(2 * padding - dilation * (kernel - 1) - 1 + (stride - 1 if ceil else 0), stride)


def _fixed(study: Study, name: str) -> _Map:
    """A map from elsewhere, which stays as it is."""
    _, _, high, wide = _dims(study, name)
    return Line(fixed=high), Line(fixed=wide)


def _dims(study: Study, name: str) -> tuple[int, ...]:
    value = study.figures.measures[name].value
    return value.dims if isinstance(value, Shape) else ()


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[-1])) if isinstance(value, (tuple, list)) else (int(value), int(value))
