"""Channel groups: which widths of a network change together.

The channels of every value are a row of *segments*. A convolution or a linear layer makes a segment of its own; norms,
activations, pooling and depthwise convolutions pass a row on; a concatenation joins rows; an addition or a product ties
the rows it reads, segment by segment, splitting a segment where the other side has a seam. Where a row is split
(`chunk`), mixed (a shuffle of unlike parts) or flattened, the result is a segment *derived* from it: so many times its
size. A segment whose size something fixes (attention, a reshape written for one number) is *locked*, with the reason.

Segments that are tied are one **coupling group**: their layers change width together or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.analysis import Analysis, analyse
from explorer.analysis.figures.shape_inference import Shape
from explorer.base.languages import Text, tr, tr_noop
from explorer.base.memo import per_object
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.layers import is_depthwise, norm_channels
from explorer.graph.node import Node
from explorer.graph.ops import Bypass, Constant, Input, Output

Row = tuple[int, ...]


class WidthError(ValueError):
    """A width that is not possible. `nearest` are the nearest widths that are."""

    def __init__(self, message: str, nearest: Sequence[int]) -> None:
        super().__init__(message)
        self.nearest = tuple(nearest)


@dataclass(slots=True)
class ChannelSegment:
    """A run of channels of one layer that change their number together."""

    size: int
    order: int  # place in the execution order of the first layer that makes it
    pieces: tuple[int, int] | None = None  # it turned out to be two
    derived: tuple[Row, Fraction] | None = None  # so many times the size of a row
    lock_reason: Text | str = ""  # why its size is fixed
    multiple: int = 1  # its size must be a multiple of this


@dataclass
class ChannelGroups:
    """The rows of segments of a snapshot. Get it with `find_channel_groups()`."""

    segments: list[ChannelSegment] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)  # by node: the channels of its value
    axes: dict[str, int] = field(default_factory=dict)  # which dimension they are, counted from the end
    producers: dict[str, Row] = field(default_factory=dict)  # by layer that chooses its width: the row it makes
    order: dict[str, int] = field(default_factory=dict)  # place of every live node in the execution order
    divisibility: list[tuple[Row, int]] = field(
        default_factory=list
    )  # rows that must be a multiple of something: groups

    resolved: dict[Row, Row] = field(default_factory=dict)  # what `resolve` found, once it is finished
    linear_forms: dict[Row, dict[int, Fraction]] = field(default_factory=dict)  # what `linear_form` found
    is_finished: bool = False

    # rows and segments

    def find_root(self, segment: int) -> int:
        """Return the segment that stands for all that this one is tied to (union-find, with path halving)."""
        while self.parents[segment] != segment:
            self.parents[segment] = self.parents[self.parents[segment]]
            segment = self.parents[segment]
        return segment

    def resolve(self, row: Iterable[int]) -> Row:
        """The row in terms of segments that are not split, each the root of its group."""
        key = tuple(row)
        known = self.resolved.get(key)
        if known is None:
            known = self._resolve(key)
            if self.is_finished:
                self.resolved[key] = known
        return known

    def _resolve(self, row: Row) -> Row:
        found: list[int] = []
        for segment in row:
            root = self.find_root(segment)
            parts = self.segments[root].pieces
            found.extend(self.resolve(parts) if parts else (root,))
        return tuple(found)

    def size(self, row: Iterable[int]) -> int:
        """Number of channels of a row."""
        return sum(self.segments[segment].size for segment in self.resolve(row))

    def linear_form(self, row: Iterable[int]) -> dict[int, Fraction]:
        """A width as a sum over free segments: how often each counts. Locked segments stand for themselves."""
        key = tuple(row)
        if key not in self.linear_forms:
            total = self._compute_linear_form(key)
            if not self.is_finished:
                return total
            self.linear_forms[key] = total
        return self.linear_forms[key]

    def _compute_linear_form(self, row: Row) -> dict[int, Fraction]:
        total: dict[int, Fraction] = {}
        for segment in self.resolve(row):
            derived = self.segments[segment].derived
            inside = {segment: Fraction(1)} if derived is None else self.linear_form(derived[0])
            times = Fraction(1) if derived is None else derived[1]
            for inner, count in inside.items():
                total[inner] = total.get(inner, Fraction(0)) + count * times
        return total

    def producers_of(self, segment: int) -> list[str]:
        """The layers that make a segment, in execution order."""
        return [name for name, row in self.producers.items() if segment in self.linear_form(row)]

    def solve_width(self, row: Row, width: int, inside: Collection[int] = ()) -> dict[int, int]:
        """Sizes that make a row `width` channels wide: of its segments first made at one of the places `inside`, in
        proportion; of the newest one when there is none such.

        Raises WidthError: nothing of it can change, or no whole numbers do it.
        """
        counts, chosen = self.adjustable_segments(row, inside)
        if not chosen:
            reason = next(self.segments[atom].lock_reason for atom in counts)
            raise WidthError(tr("its width is fixed: {reason}", reason=reason), ())
        rest = sum((n * self.segments[a].size for a, n in counts.items() if a not in chosen), Fraction(0))
        whole = sum((counts[segment] * self.segments[segment].size for segment in chosen), Fraction(0))
        left, found = width - rest, dict[int, int]()
        for at, segment in enumerate(chosen):
            last = at == len(chosen) - 1
            share = left / counts[segment] if last else (width - rest) * self.segments[segment].size / whole
            step = self.segments[segment].multiple
            size = share if last else Fraction(max(round(share / step), 1) * step)
            if size < 1 or size.denominator != 1 or size % step:
                raise WidthError(*self._explain_misfit(width, rest, counts, chosen))
            found[segment] = int(size)
            left -= counts[segment] * size
        if not self.is_divisible(found):
            raise WidthError(*self._explain_misfit(width, rest, counts, chosen))
        return found

    def adjustable_segments(self, row: Row, inside: Collection[int] = ()) -> tuple[dict[int, Fraction], list[int]]:
        """A row as a sum, and the segments that change when its width does: see `solve_width`."""
        counts = self.linear_form(row)
        free = [segment for segment in counts if not self.segments[segment].lock_reason]
        within = [segment for segment in free if self.segments[segment].order in inside]
        newest = [max(free, key=lambda segment: self.segments[segment].order)] if free else []
        return counts, within or newest

    def is_divisible(self, sizes: Mapping[int, int], known: Collection[int] | None = None) -> bool:
        """Do all rows that must divide evenly still do so with these sizes? With `known`, only rows made of these
        segments are asked."""
        for row, multiple in self.divisibility:
            counts = self.linear_form(row)
            if sizes.keys().isdisjoint(counts) or (known is not None and not counts.keys() <= set(known)):
                continue
            total = sum((n * sizes.get(a, self.segments[a].size) for a, n in counts.items()), Fraction(0))
            if total % multiple:
                return False
        return True

    def finish(self) -> None:
        """Turn what must divide evenly and is one segment into the step of that segment. Nothing is tied afterwards."""
        rest: list[tuple[Row, int]] = []
        for row, multiple in dict.fromkeys((self.resolve(row), multiple) for row, multiple in self.divisibility):
            counts = self.linear_form(row)
            if len(counts) == 1:
                ((segment, count),) = counts.items()
                step = multiple * count.denominator
                known = self.segments[segment]
                known.multiple = math.lcm(known.multiple, step // math.gcd(step, count.numerator))
            elif multiple > 1:
                rest.append((row, multiple))
        self.divisibility = rest
        self.is_finished = True
        self.spread_multiples()

    def spread_multiples(self) -> None:
        """Give a segment the step of a row whose other segments are multiples of it already."""
        changed = True
        while changed:
            changed = False
            for row, multiple in self.divisibility:
                loose = [a for a, n in self.linear_form(row).items() if n * self.segments[a].multiple % multiple]
                if len(loose) == 1 and self.linear_form(row)[loose[0]] == 1 and not self.segments[loose[0]].lock_reason:
                    known = self.segments[loose[0]]
                    known.multiple = math.lcm(known.multiple, multiple)
                    changed = True

    def _explain_misfit(
        self, width: int, rest: Fraction, counts: Mapping[int, Fraction], chosen: Sequence[int]
    ) -> tuple[str, tuple[int, ...]]:
        """Why no whole numbers make that width, and the nearest widths that can be made."""
        step = math.lcm(*(self.segments[segment].multiple for segment in chosen)) * sum(
            counts[segment] for segment in chosen
        )
        step = max(step, Fraction(1))
        below = rest + (width - rest) // step * step
        below = max(below, rest)
        near = tuple(int(w) for w in (below, below + step) if w > rest and w.denominator == 1 and w != width)
        allowed = tr("a multiple of {step}", step=step)
        if rest:
            allowed = tr("{rest} plus a multiple of {step}", rest=rest, step=step)
        return tr("{count} channels do not work: the width must be {allowed}", count=width, allowed=allowed), near

    # building

    def add_segment(self, size: int, born: int, **more: Any) -> Row:
        """Add a segment first made at place `born` of the execution order, and return the row of it alone. `more` are
        fields of `ChannelSegment`."""
        self.segments.append(ChannelSegment(size, born, **more))
        self.parents.append(len(self.parents))
        return (len(self.parents) - 1,)

    def lock(self, row: Iterable[int], reason: Text | str) -> None:
        """Fix the size of the segments of a row, for a reason that an error will give."""
        for segment in self.linear_form(row):
            self.segments[segment].lock_reason = self.segments[segment].lock_reason or reason

    def tie(self, a: Row, b: Row) -> None:
        """Make two rows one width from now on. Rows of different size, or with a derived segment across a seam, are
        locked instead."""
        left, right = list(reversed(self.resolve(a))), list(reversed(self.resolve(b)))
        while left and right:
            one, other = self._pop_segment(left), self._pop_segment(right)
            if one == other:
                continue
            gap = self.segments[one].size - self.segments[other].size
            if gap > 0:
                one = self._split(one, self.segments[other].size, left)
            elif gap < 0:
                other = self._split(other, self.segments[one].size, right)
            if one < 0 or other < 0:
                break
            self._join(one, other)
        if left or right:
            self.lock((*a, *b), Text(tr_noop("it meets another width where their parts do not line up")))

    def _pop_segment(self, waiting: list[int]) -> int:
        """The next segment of a row; it may have been split since."""
        *_, segment = waiting
        del waiting[-1]
        waiting.extend(reversed(self.resolve((segment,))))
        return waiting.pop()

    def _split(self, segment: int, size: int, waiting: list[int]) -> int:
        """Cut a segment after `size` channels; the rest goes back to the row. -1 when it cannot be cut."""
        known = self.segments[segment]
        if known.derived is not None:
            waiting.append(segment)
            return -1
        (first,) = self.add_segment(size, known.order, lock_reason=known.lock_reason)
        (rest,) = self.add_segment(known.size - size, known.order, lock_reason=known.lock_reason)
        known.pieces = (first, rest)
        waiting.append(rest)
        return first

    def _join(self, one: int, other: int) -> None:
        a, b = self.segments[one], self.segments[other]
        if a.derived is not None and b.derived is not None:
            if self.linear_form((one,)) != self.linear_form((other,)):
                self.lock((one, other), Text(tr_noop("two widths that follow from others meet here")))
            return
        kept, gone = (
            (one, other) if a.derived is not None or (b.derived is None and a.order <= b.order) else (other, one)
        )
        keeper, leaver = self.segments[kept], self.segments[gone]
        keeper.lock_reason = keeper.lock_reason or leaver.lock_reason
        if leaver.lock_reason and keeper.derived is not None:
            self.lock((kept,), leaver.lock_reason)
        self.parents[gone] = kept

    def derive(self, row: Row, times: Fraction, born: int) -> Row:
        """The row mixed, dealt out or multiplied: a width that follows from it."""
        if times == 1 and len(set(self.resolve(row))) == 1 and len(self.resolve(row)) == 1:
            return row
        return self.add_segment(int(self.size(row) * times), born, derived=(row, times))


@per_object
def find_channel_groups(architecture: Architecture) -> ChannelGroups:
    """The coupled widths of a snapshot; computed once and kept with it."""
    return _ChannelWalk(analyse(architecture)).result


class _ChannelWalk:
    """One walk over the nodes in execution order."""

    def __init__(self, analysis: Analysis) -> None:
        self.result = ChannelGroups()
        self.measures: Mapping[str, Any] = analysis.figures.measures
        self.pieces: dict[str, list[Row]] = {}  # by node whose value is a tuple
        self.constants: dict[str, Node] = {}
        for born, node in enumerate(analysis.architecture.live.values()):
            self.order = self.result.order[node.name] = born
            self.visit(node)
        self.result.finish()

    def shape(self, name: str) -> tuple[int, ...]:
        value = self.measures[name].value
        return value.dims if isinstance(value, Shape) else ()

    def visit(self, node: Node) -> None:
        c, shape, layer = self.result, self.shape(node.name), node.layer
        read = [name for name in node.inputs if name in c.rows]
        if isinstance(node.op, Input):
            if len(shape) > 1:  # a single number, or a row of numbers without a batch, has no channels
                reason = Text(tr_noop("it is the number of channels of the image"))
                self.set_row(node, c.add_segment(shape[1], self.order, lock_reason=reason), 1)
        elif isinstance(node.op, Constant):
            self.constants[node.name] = node
        elif isinstance(layer, _ConvNd) and not layer.transposed and len(shape) == 4 and not is_depthwise(layer):
            self.add_producer(node, layer.out_channels, layer.groups, 1, read)
        elif isinstance(layer, nn.Linear) and shape:
            self.add_producer(node, layer.out_features, 1, len(shape) - 1, read)
        elif not read or isinstance(node.op, Output):
            return
        elif is_depthwise(layer):
            times = Fraction(layer.out_channels, layer.in_channels)  # type: ignore[union-attr, arg-type]
            self.set_row(node, c.derive(c.rows[read[0]], times, self.order), 1)
        elif node.name in self.handle_getitem(node):
            return
        else:
            self.propagate(node, read, shape)

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
        if kind in ("add", "multiply"):
            self.elementwise(node, sources, shape)
        elif kind == "concat":
            self.concat(node, sources, shape)
        elif kind == "split" and self.split(node, first, axis, entering):
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
            for name in sources:
                c.lock(c.rows[name], Text(tr_noop("{name} is written for exactly this width"), {"name": node.name}))
            if shape:
                place = self.guess_axis(shape, entering, axis)
                lock = Text(tr_noop("{name} is written for exactly this width"), {"name": node.name})
                self.set_row(node, c.add_segment(shape[place], self.order, lock_reason=lock), place)

    @staticmethod
    def guess_axis(shape: tuple[int, ...], entering: tuple[int, ...], axis: int) -> int:
        """The axis of the channels after an op nothing is known about: one of their size."""
        if entering[axis] in shape:
            return shape.index(entering[axis])
        return 1 if len(shape) in (2, 4) else len(shape) - 1

    def preserves_channels(self, node: Node, axis: int, entering: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Does the op leave the channels where and as they are?"""
        kind = op_kinds.kind(node)
        plain = kind in ("norm", "activation", "pool", "dropout") and len(shape) == len(entering)
        if plain and isinstance(node.layer, nn.Module) and kind == "norm":
            plain = norm_channels(node.layer) in (None, entering[axis])
        padded = getattr(node.op, "name", "") in ("pad", "contiguous", "clone", "to", "float") or (
            isinstance(node.layer, nn.ZeroPad2d)
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
        rows = [c.rows[name] if name in c.rows else self.constant_row(name, c.axes[sources[0]]) for name in node.inputs]
        axis, entering = c.axes[sources[0]], self.shape(sources[0])
        grew = [i for i, (old, new) in enumerate(zip(entering, shape, strict=True)) if old != new]
        if grew == [len(shape) + axis] or not grew:
            self.set_row(node, tuple(segment for row in rows for segment in row), len(shape) + axis)
            return
        for row in rows[1:]:
            c.tie(rows[0], row)
        self.set_row(node, rows[0], len(shape) + axis)

    def constant_row(self, name: str, axis: int) -> Row:
        """The row of a value that comes from no image: a constant."""
        shape = self.shape(name)
        size = shape[axis] if len(shape) >= -axis else 1
        return self.result.add_segment(
            size, self.order, lock_reason=Text(tr_noop("it is joined to {name}"), {"name": name})
        )

    def split(self, node: Node, row: Row, axis: int, entering: tuple[int, ...]) -> bool:
        """`chunk` into equal parts along the channels. False for any other way of splitting."""
        value = self.measures[node.name].value
        widths = [piece.dims[axis] for piece in value] if isinstance(value, tuple) else []
        if len(set(widths)) != 1 or widths[0] * len(widths) != entering[axis]:
            return False
        if getattr(node.op, "name", "") != "chunk":
            return False
        part = self.result.derive(row, Fraction(1, len(widths)), self.order)
        self.pieces[node.name] = [part] * len(widths)
        self.result.rows[node.name], self.result.axes[node.name] = row, axis
        self.result.divisibility.append((row, len(widths)))
        return True

    def reshape(self, node: Node, row: Row, axis: int, entering: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Flattening, averaging away and permuting, which keep the channels countable."""
        name = getattr(node.op, "name", "") or type(node.layer).__name__.lower()
        place = len(entering) + axis
        if name == "permute":
            order = node.args[1] if isinstance(node.args[1], (tuple, list)) else node.args[1:]
            order = [int(i) % len(entering) for i in order]
            self.set_row(node, row, order.index(place))
            return True
        if name == "flatten" and place == 1 and len(shape) == 2:
            self.set_row(node, self.result.derive(row, Fraction(math.prod(entering[2:])), self.order), 1)
            return True
        if name == "flatten" and place == 1 and len(shape) == 3 and shape[1] == entering[1]:
            self.set_row(node, row, 1)
            return True
        if name in ("mean", "sum", "squeeze", "unsqueeze") and shape[:2] == entering[:2] and place == 1:
            self.set_row(node, row, 1)
            return True
        return False
