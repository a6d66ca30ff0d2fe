"""Finding the channel groups of a snapshot: one walk over its nodes in execution order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import Text, tr_noop
from explorer.base.memo import per_object
from explorer.edits.channel_groups import ChannelGroups, Row
from explorer.edits.channel_parts import find_parts, is_flattening, is_product
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.arguments import Ref
from explorer.graph.layers import is_depthwise, norm_channels
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Input, Output


@per_object
def find_channel_groups(architecture: Architecture) -> ChannelGroups:
    """The coupled widths of a snapshot; computed once and kept with it."""
    return _ChannelWalk(analyse(architecture)).result


class _ChannelWalk:
    """One walk over the nodes in execution order."""

    def __init__(self, analysis: Analysis) -> None:
        self.result = ChannelGroups()
        self.measures: Mapping[str, Any] = analysis.figures.measures
        self.nodes = analysis.architecture.nodes
        self.pieces: dict[str, list[Row]] = {}  # by node whose value is a tuple
        self.constants: dict[str, Node] = {}
        for born, node in enumerate(analysis.architecture.live.values()):
            self.order = self.result.order[node.name] = born
            self.visit(node)
        self.result.finish()

    def shape(self, name: str) -> tuple[int, ...]:
        value = self.measures[name].value
        return value.dims if isinstance(value, Shape) else ()

    def has_maps(self, name: str) -> bool:
        """Whether a value is, or holds, a map: sizes and other numbers do not."""
        value = self.measures[name].value
        return isinstance(value, Shape) or (isinstance(value, tuple) and any(isinstance(v, Shape) for v in value))

    def visit(self, node: Node) -> None:
        c, shape, layer = self.result, self.shape(node.name), node.layer
        read = [name for name in node.inputs if name in c.rows]
        if isinstance(node.op, Input):
            if len(shape) > 1:  # a single number, or a row of numbers without a batch, has no channels
                reason = Text(tr_noop("it is the number of channels of the image"))
                self.set_row(node, c.add_segment(shape[1], self.order, lock_reason=reason), 1)
        elif isinstance(node.op, Constant):
            self.constants[node.name] = node
        elif isinstance(layer, _ConvNd) and self.slides_along_channels(read):
            self.slide(node, read[0], shape)
        elif isinstance(layer, _ConvNd) and len(shape) == len(layer.kernel_size) + 2 and _chooses_width(layer):
            self.add_producer(node, layer.out_channels, layer.groups, 1, read)
        elif isinstance(layer, nn.Linear) and shape:
            self.add_producer(node, layer.out_features, 1, len(shape) - 1, read)
        elif not read or isinstance(node.op, Output) or not self.has_maps(node.name):
            return  # sizes that the code reads are read anew at another width
        elif is_depthwise(layer):
            times = Fraction(layer.out_channels, layer.in_channels)  # type: ignore[union-attr, arg-type]
            self.set_row(node, c.derive(c.rows[read[0]], times, self.order), 1)
        elif node.name in self.handle_getitem(node):
            return
        else:
            self.propagate(node, read, shape)

    def slides_along_channels(self, sources: list[str]) -> bool:
        """Whether the channels are where the window of a convolution moves, as in ECA."""
        return bool(sources) and self.result.axes[sources[0]] + len(self.shape(sources[0])) > 1

    def slide(self, node: Node, source: str, shape: tuple[int, ...]) -> None:
        """A window that moves along the channels leaves as many, or the width is fixed."""
        row, axis = self.result.rows[source], self.result.axes[source]
        if shape[axis] == self.shape(source)[axis]:
            self.set_row(node, row, len(shape) + axis)
        else:
            self.lock_at(node, [source], shape)

    def add_producer(self, node: Node, width: int, groups: int, axis: int, sources: list[str]) -> None:
        if not sources:  # it works on constants: no width of the network
            return
        row = self.result.add_segment(width, self.order)
        self.result.producers[node.name] = row
        self.set_row(node, row, axis)
        if groups > 1:  # what is read must be dealt out evenly as well
            self.result.divisibility.append((row, groups))
            self.result.divisibility.extend((self.result.rows[name], groups) for name in sources)

    def set_row(self, node: Node, row: Row, axis: int) -> None:
        self.result.rows[node.name] = row
        self.result.axes[node.name] = axis - len(self.shape(node.name))

    def handle_getitem(self, node: Node) -> set[str]:
        """Handle an item picked from a tuple; the node itself when it was one."""
        if getattr(node.op, "name", "") == "getitem" and node.inputs[0] in self.pieces:
            pieces, item = self.pieces[node.inputs[0]], node.args[1]
            if isinstance(item, int) and -len(pieces) <= item < len(pieces):
                self.result.rows[node.name] = pieces[item]
                self.result.axes[node.name] = self.result.axes[node.inputs[0]]
                return {node.name}
        return set()

    def propagate(self, node: Node, sources: list[str], shape: tuple[int, ...]) -> None:
        c, kind = self.result, op_kinds.kind(node)
        first, axis = c.rows[sources[0]], c.axes[sources[0]]
        entering = self.shape(sources[0])
        if kind == "concat":
            self.concat(node, sources, shape)
        elif any(name in self.pieces for name in sources):  # a list of maps is followed item by item, or joined
            self.lock_at(node, sources, shape)
        elif kind in ("add", "multiply"):
            self.elementwise(node, sources, shape)
        elif (kind == "split" and self.chunk(node, first, axis, entering)) or self.cut(node, sources, entering):
            return
        elif kind == "shuffle":
            row = c.derive(first, Fraction(1), self.order)
            if not isinstance(node.op, Bypass):
                c.divisibility.append((row, op_kinds.shuffle_groups(node)))
            self.set_row(node, row, len(shape) + axis)
        elif isinstance(node.op, Bypass) or (
            len(sources) == 1 and self.preserves_channels(node, axis, entering, shape)
        ):
            c.rows[node.name], c.axes[node.name] = first, axis
        elif len(sources) == 1 and kind in ("reshape", "pool") and self.reshape(node, first, axis, entering, shape):
            return
        else:
            self.lock_at(node, sources, shape)

    def lock_at(self, node: Node, sources: list[str], shape: tuple[int, ...]) -> None:
        """Fix the widths that an op reads: nothing is known of what it does with them."""
        c = self.result
        lock = Text(tr_noop("{name} is written for exactly this width"), {"name": node.name})
        for name in sources:
            c.lock(c.rows[name], lock)
        value = self.measures[node.name].value
        if isinstance(value, tuple) and all(isinstance(piece, Shape) and piece.dims for piece in value):
            dims, axis = self.shape(sources[0]), c.axes[sources[0]]
            places = [self.guess_axis(piece.dims, dims, axis) for piece in value]
            # ways of unlike kinds are not followed
            if len({place - len(piece.dims) for place, piece in zip(places, value, strict=True)}) == 1:
                pieces = [
                    c.add_segment(piece.dims[place], self.order, lock_reason=lock)
                    for place, piece in zip(places, value, strict=True)
                ]
                self.give_pieces(node, c.rows[sources[0]], places[0] - len(value[0].dims), pieces)
        elif shape:
            place = self.guess_axis(shape, self.shape(sources[0]), c.axes[sources[0]])
            self.set_row(node, c.add_segment(shape[place], self.order, lock_reason=lock), place)

    @staticmethod
    def guess_axis(shape: tuple[int, ...], entering: tuple[int, ...], axis: int) -> int:
        """The axis of the channels after an op nothing is known about: one of their size. A list of maps has none."""
        if entering and entering[axis] in shape:
            return shape.index(entering[axis])
        return 1 if len(shape) in (2, 4) else len(shape) - 1

    def preserves_channels(self, node: Node, axis: int, entering: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Does the op leave the channels where and as they are?"""
        kind = op_kinds.kind(node)
        plain = kind in ("norm", "activation", "pool", "dropout") and len(shape) == len(entering)
        if plain and isinstance(node.layer, nn.Module) and kind == "norm":
            plain = norm_channels(node.layer) in (None, entering[axis])
        padded = getattr(node.op, "name", "") in ("pad", "contiguous", "clone", "to", "float") or (
            isinstance(node.layer, op_kinds.PADDINGS)
        )
        return (plain or padded) and len(shape) == len(entering) and shape[axis] == entering[axis]

    def elementwise(self, node: Node, sources: list[str], shape: tuple[int, ...]) -> None:
        c = self.result
        widest = max(sources, key=lambda name: (len(self.shape(name)), math.prod(self.shape(name) or (0,))))
        axis = c.axes[widest]
        for name in sources:
            if name == widest:
                continue
            if c.axes[name] == axis and self.shape(name)[axis] == self.shape(widest)[axis]:
                c.tie(c.rows[widest], c.rows[name])
            elif len(self.shape(name)) >= -axis and self.shape(name)[axis] != 1:
                c.lock(
                    (*c.rows[widest], *c.rows[name]),
                    Text(tr_noop("{name} joins maps in an unusual way"), {"name": node.name}),
                )
        self.set_row(node, c.rows[widest], len(shape) + axis)

    def concat(self, node: Node, sources: list[str], shape: tuple[int, ...]) -> None:
        c = self.result
        axis, value = c.axes[sources[0]], self.measures[sources[0]].value
        entering = (value[0] if isinstance(value, tuple) else value).dims
        rows = [row for name in node.inputs for row in self.rows_of(name, axis)]
        grew = [i for i, (old, new) in enumerate(zip(entering, shape, strict=True)) if old != new]
        if grew == [len(shape) + axis] or not grew:
            self.set_row(node, tuple(segment for row in rows for segment in row), len(shape) + axis)
            return
        for row in rows[1:]:
            c.tie(rows[0], row)
        self.set_row(node, rows[0], len(shape) + axis)

    def rows_of(self, name: str, axis: int) -> list[Row]:
        """The rows of what is joined: of each map of a list, or of one value."""
        if name in self.pieces:
            return self.pieces[name]
        return [self.result.rows[name] if name in self.result.rows else self.constant_row(name, axis)]

    def constant_row(self, name: str, axis: int) -> Row:
        """The row of a value that comes from no image: a constant."""
        shape = self.shape(name)
        size = shape[axis] if len(shape) >= -axis else 1
        reason = Text(tr_noop("it is joined to {name}"), {"name": name})
        return self.result.add_segment(size, self.order, lock_reason=reason)

    def chunk(self, node: Node, row: Row, axis: int, entering: tuple[int, ...]) -> bool:
        """`chunk` into equal parts along the channels. False for any other way of splitting."""
        value = self.measures[node.name].value
        widths = [piece.dims[axis] for piece in value] if isinstance(value, tuple) else []
        if len(set(widths)) != 1 or widths[0] * len(widths) != entering[axis]:
            return False
        if getattr(node.op, "name", "") != "chunk":
            return False
        part = self.result.derive(row, Fraction(1, len(widths)), self.order)
        self.give_pieces(node, row, axis, [part] * len(widths))
        self.result.divisibility.append((row, len(widths)))
        return True

    def cut(self, node: Node, sources: list[str], entering: tuple[int, ...]) -> bool:
        """Parts of the channels, each a share of them: `split`, slices. False where the op is none of that kind."""
        c, row, axis = self.result, self.result.rows[sources[0]], self.result.axes[sources[0]]
        if len(sources) > 1 or len(entering) < -axis:
            return False
        found = find_parts(node, entering, len(entering) + axis, self.share)
        if found is None or not found.are_shares:
            return False
        c.parts[node.name] = found
        shares = [Fraction(stop - start, found.width) for start, stop in found.bounds]
        parts = {share: row if share == 1 else c.derive(row, share, self.order) for share in shares}
        c.divisibility.append((row, found.multiple))
        if found.is_tuple:
            self.give_pieces(node, row, axis, [parts[share] for share in shares])
        else:
            c.rows[node.name], c.axes[node.name] = parts[shares[0]], axis
        return True

    def share(self, name: str) -> Any:
        """The value of a size, or of a number that is always the same share of one (`x.shape[1] // 4`); None for others
        (`x.shape[1] - 4`)."""
        node = self.nodes[name]
        known = getattr(node.op, "name", "")
        if known in ("getattr", "size"):
            return self.measures[name].value
        is_first = len(node.inputs) == 1 and isinstance(node.args[0], Ref)
        is_share = is_first and known in ("getitem", "floordiv", "truediv", "mul", "int")
        return self.measures[name].value if is_share and self.share(node.inputs[0]) is not None else None

    def is_size(self, name: str) -> bool:
        """Whether a number is a size, or a product of sizes."""
        node = self.nodes[name]
        return all(map(self.is_size, node.inputs)) if is_product(node) else self.share(name) is not None

    def give_pieces(self, node: Node, row: Row, axis: int, pieces: list[Row]) -> None:
        self.pieces[node.name] = pieces
        self.result.rows[node.name], self.result.axes[node.name] = row, axis

    def reshape(self, node: Node, row: Row, axis: int, entering: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Flattening, averaging away and permuting, which keep the channels countable."""
        name = getattr(node.op, "name", "") or type(node.layer).__name__.lower()
        place = len(entering) + axis
        if name == "permute":
            order = node.args[1] if isinstance(node.args[1], (tuple, list)) else node.args[1:]
            order = [int(i) % len(entering) for i in order]
            self.set_row(node, row, order.index(place))
            return True
        if name == "transpose" and len(node.args) == 3:
            first, second = (int(i) % len(entering) for i in node.args[1:])
            self.set_row(node, row, {first: second, second: first}.get(place, place))
            return True
        if place == 1 and is_flattening(node, entering, shape, self.is_size):
            self.set_row(node, self.result.derive(row, Fraction(math.prod(entering[2:])), self.order), 1)
            return True
        if name in ("flatten", "mean", "sum", "squeeze", "unsqueeze") and shape[:2] == entering[:2] and place == 1:
            self.set_row(node, row, 1)
            return True
        return False


def _chooses_width(layer: _ConvNd) -> bool:
    """Whether a convolution has a width of its own: not a depthwise one, nor a transposed one in groups, whose weights
    do not follow their channels."""
    return layer.groups == 1 if layer.transposed else not is_depthwise(layer)
