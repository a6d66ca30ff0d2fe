"""Which widths of a network belong together.

The channels of every value are written as a row of *atoms*. A convolution or a linear layer makes an atom of its own;
norms, activations, pooling and depthwise convolutions pass a row on; a concatenation puts rows side by side; an
addition or a product ties the rows it joins, atom by atom, splitting an atom where the other side has a seam. Where a
row is dealt out (`chunk`), mixed (a shuffle of unlike parts) or flattened, the result is an atom *derived* from it: so
many times its size. An atom whose size something fixes (attention, a reshape written for one number) is *locked*, with
the reason.

Atoms that are tied are one **coupling group**: their layers change width together or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from explorer.analysis.shapes import Shape
from explorer.analysis.study import Study, study
from explorer.graph import vocabulary
from explorer.graph.architecture import Architecture, Constant, Input, Node, Output, Pass
from explorer.graph.layers import channels_of, is_depthwise

Row = tuple[int, ...]


class WidthError(ValueError):
    """A width that cannot be. `near` are the nearest that can."""

    def __init__(self, message: str, near: Sequence[int]) -> None:
        super().__init__(message)
        self.near = tuple(near)


@dataclass(slots=True)
class _Atom:
    size: int
    born: int  # place in the execution order of the first layer that makes it
    parts: tuple[int, int] | None = None  # it turned out to be two
    derived: tuple[Row, Fraction] | None = None  # so many times the size of a row
    locked: str = ""  # why its size is fixed
    multiple: int = 1  # its size must be a multiple of this


@dataclass
class Channels:
    """The rows of a snapshot. Get it with `channels()`."""

    atoms: list[_Atom] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)  # by node: the channels of its value
    axes: dict[str, int] = field(default_factory=dict)  # which dimension they are, counted from the end
    makers: dict[str, Row] = field(default_factory=dict)  # by layer that chooses its width: the row it makes
    born: dict[str, int] = field(default_factory=dict)  # place of every live node in the execution order
    even: list[tuple[Row, int]] = field(default_factory=list)  # rows that must be a multiple of something: groups

    whole: dict[Row, Row] = field(default_factory=dict)  # what `row` found, once all is known
    sums: dict[Row, dict[int, Fraction]] = field(default_factory=dict)  # what `linear` found
    settled: bool = False

    # rows and atoms

    def find(self, atom: int) -> int:
        while self.parents[atom] != atom:
            self.parents[atom] = self.parents[self.parents[atom]]
            atom = self.parents[atom]
        return atom

    def row(self, row: Iterable[int]) -> Row:
        """The row in terms of atoms that are whole and their own group's."""
        key = tuple(row)
        known = self.whole.get(key)
        if known is None:
            known = self._whole(key)
            if self.settled:
                self.whole[key] = known
        return known

    def _whole(self, row: Row) -> Row:
        found: list[int] = []
        for atom in row:
            root = self.find(atom)
            parts = self.atoms[root].parts
            found.extend(self.row(parts) if parts else (root,))
        return tuple(found)

    def size(self, row: Iterable[int]) -> int:
        return sum(self.atoms[atom].size for atom in self.row(row))

    def linear(self, row: Iterable[int]) -> dict[int, Fraction]:
        """A width as a sum over free atoms: how often each counts. Locked atoms stand for themselves."""
        key = tuple(row)
        if key not in self.sums:
            total = self._summed(key)
            if not self.settled:
                return total
            self.sums[key] = total
        return self.sums[key]

    def _summed(self, row: Row) -> dict[int, Fraction]:
        total: dict[int, Fraction] = {}
        for atom in self.row(row):
            derived = self.atoms[atom].derived
            inside = {atom: Fraction(1)} if derived is None else self.linear(derived[0])
            times = Fraction(1) if derived is None else derived[1]
            for inner, count in inside.items():
                total[inner] = total.get(inner, Fraction(0)) + count * times
        return total

    def group(self, atom: int) -> list[str]:
        """The layers that make an atom, in execution order."""
        return [name for name, row in self.makers.items() if atom in self.linear(row)]

    def solved(self, row: Row, width: int, inside: Collection[int] = ()) -> dict[int, int]:
        """Sizes that make a row `width` channels wide: of its atoms born at one of the places `inside`, in proportion;
        of the newest one when there is none such.

        Raises WidthError: nothing of it can change, or no whole numbers do it.
        """
        counts, chosen = self.chosen(row, inside)
        if not chosen:
            raise WidthError(f"its width is fixed: {next(self.atoms[atom].locked for atom in counts)}", ())
        rest = sum((n * self.atoms[a].size for a, n in counts.items() if a not in chosen), Fraction(0))
        whole = sum((counts[atom] * self.atoms[atom].size for atom in chosen), Fraction(0))
        left, found = width - rest, dict[int, int]()
        for at, atom in enumerate(chosen):
            last = at == len(chosen) - 1
            share = left / counts[atom] if last else (width - rest) * self.atoms[atom].size / whole
            step = self.atoms[atom].multiple
            size = share if last else Fraction(max(round(share / step), 1) * step)
            if size < 1 or size.denominator != 1 or size % step:
                raise WidthError(*self._misfit(width, rest, counts, chosen))
            found[atom] = int(size)
            left -= counts[atom] * size
        if not self.holds(found):
            raise WidthError(*self._misfit(width, rest, counts, chosen))
        return found

    def chosen(self, row: Row, inside: Collection[int] = ()) -> tuple[dict[int, Fraction], list[int]]:
        """A row as a sum, and the atoms that change when its width does: see `solved`."""
        counts = self.linear(row)
        free = [atom for atom in counts if not self.atoms[atom].locked]
        within = [atom for atom in free if self.atoms[atom].born in inside]
        newest = [max(free, key=lambda atom: self.atoms[atom].born)] if free else []
        return counts, within or newest

    def holds(self, sizes: Mapping[int, int], known: Collection[int] | None = None) -> bool:
        """Do all rows that must divide evenly still do so with these sizes? With `known`, only rows made of these atoms
        are asked."""
        for row, multiple in self.even:
            counts = self.linear(row)
            if sizes.keys().isdisjoint(counts) or (known is not None and not counts.keys() <= set(known)):
                continue
            total = sum((n * sizes.get(a, self.atoms[a].size) for a, n in counts.items()), Fraction(0))
            if total % multiple:
                return False
        return True

    def settle(self) -> None:
        """What must divide evenly and is one atom becomes that atom's own step."""
        rest: list[tuple[Row, int]] = []
        for row, multiple in dict.fromkeys((self.row(row), multiple) for row, multiple in self.even):
            counts = self.linear(row)
            if len(counts) == 1:
                ((atom, count),) = counts.items()
                step = multiple * count.denominator
                known = self.atoms[atom]
                known.multiple = math.lcm(known.multiple, step // math.gcd(step, count.numerator))
            elif multiple > 1:
                rest.append((row, multiple))
        self.even = rest
        self.settled = True
        self.spread()

    def spread(self) -> None:
        """Where a row must be a multiple and all of its atoms but one are such, that one must be, too."""
        changed = True
        while changed:
            changed = False
            for row, multiple in self.even:
                loose = [a for a, n in self.linear(row).items() if n * self.atoms[a].multiple % multiple]
                if len(loose) == 1 and self.linear(row)[loose[0]] == 1 and not self.atoms[loose[0]].locked:
                    known = self.atoms[loose[0]]
                    known.multiple = math.lcm(known.multiple, multiple)
                    changed = True

    def _misfit(
        self, width: int, rest: Fraction, counts: Mapping[int, Fraction], chosen: Sequence[int]
    ) -> tuple[str, tuple[int, ...]]:
        """Why no whole numbers make that width, and the nearest widths that can be made."""
        step = math.lcm(*(self.atoms[atom].multiple for atom in chosen)) * sum(counts[atom] for atom in chosen)
        step = max(step, Fraction(1))
        below = rest + (width - rest) // step * step
        below = max(below, rest)
        near = tuple(int(w) for w in (below, below + step) if w > rest and w.denominator == 1 and w != width)
        what = f"a multiple of {step}" if not rest else f"{rest} plus a multiple of {step}"
        return f"{width} channels do not work: the width must be {what}", near

    # building

    def new(self, size: int, born: int, **more: Any) -> Row:
        self.atoms.append(_Atom(size, born, **more))
        self.parents.append(len(self.parents))
        return (len(self.parents) - 1,)

    def lock(self, row: Iterable[int], reason: str) -> None:
        for atom in self.linear(row):
            self.atoms[atom].locked = self.atoms[atom].locked or reason

    def tie(self, a: Row, b: Row) -> None:
        """The two rows are one width from now on. Rows of different size, or with a derived atom across a seam, are
        locked instead."""
        left, right = list(reversed(self.row(a))), list(reversed(self.row(b)))
        while left and right:
            one, other = self._next(left), self._next(right)
            if one == other:
                continue
            gap = self.atoms[one].size - self.atoms[other].size
            if gap > 0:
                one = self._split(one, self.atoms[other].size, left)
            elif gap < 0:
                other = self._split(other, self.atoms[one].size, right)
            if one < 0 or other < 0:
                break
            self._join(one, other)
        if left or right:
            self.lock((*a, *b), "it meets another width at a place where their parts do not line up")

    def _next(self, waiting: list[int]) -> int:
        """The next atom of a row; it may have been split since."""
        *_, atom = waiting
        del waiting[-1]
        waiting.extend(reversed(self.row((atom,))))
        return waiting.pop()

    def _split(self, atom: int, size: int, waiting: list[int]) -> int:
        """Cut an atom after `size` channels; the rest goes back to the row. -1 when it cannot be cut."""
        known = self.atoms[atom]
        if known.derived is not None:
            waiting.append(atom)
            return -1
        (first,) = self.new(size, known.born, locked=known.locked)
        (rest,) = self.new(known.size - size, known.born, locked=known.locked)
        known.parts = (first, rest)
        waiting.append(rest)
        return first

    def _join(self, one: int, other: int) -> None:
        a, b = self.atoms[one], self.atoms[other]
        if a.derived is not None and b.derived is not None:
            if self.linear((one,)) != self.linear((other,)):
                self.lock((one, other), "two widths that follow from others meet here")
            return
        kept, gone = (one, other) if a.derived is not None or (b.derived is None and a.born <= b.born) else (other, one)
        keeper, leaver = self.atoms[kept], self.atoms[gone]
        keeper.locked = keeper.locked or leaver.locked
        if leaver.locked and keeper.derived is not None:
            self.lock((kept,), leaver.locked)
        self.parents[gone] = kept

    def derive(self, row: Row, times: Fraction, born: int) -> Row:
        """The row mixed, dealt out or multiplied: a width that follows from it."""
        if times == 1 and len(set(self.row(row))) == 1 and len(self.row(row)) == 1:
            return row
        return self.new(int(self.size(row) * times), born, derived=(row, times))


def channels(architecture: Architecture) -> Channels:
    """The coupled widths of a snapshot; found once, then kept with it."""
    known = architecture.__dict__.get("_channels")
    if known is None:
        known = architecture.__dict__["_channels"] = _Walk(study(architecture)).channels
    assert isinstance(known, Channels)
    return known


class _Walk:
    """One walk over the nodes in execution order."""

    def __init__(self, known: Study) -> None:
        self.channels = Channels()
        self.dims: Mapping[str, Any] = known.figures.measures
        self.pieces: dict[str, list[Row]] = {}  # by node whose value is a tuple
        self.constants: dict[str, Node] = {}
        for born, node in enumerate(known.architecture.live.values()):
            self.born = self.channels.born[node.name] = born
            self.visit(node)
        self.channels.settle()

    def shape(self, name: str) -> tuple[int, ...]:
        value = self.dims[name].value
        return value.dims if isinstance(value, Shape) else ()

    def visit(self, node: Node) -> None:
        c, shape, layer = self.channels, self.shape(node.name), node.layer
        read = [name for name in node.inputs if name in c.rows]
        if isinstance(node.op, Input):
            self.keep(node, c.new(shape[1], self.born, locked="it is the number of channels of the image"), 1)
        elif isinstance(node.op, Constant):
            self.constants[node.name] = node
        elif isinstance(layer, _ConvNd) and not layer.transposed and len(shape) == 4 and not is_depthwise(layer):
            self.make(node, layer.out_channels, layer.groups, 1, read)
        elif isinstance(layer, nn.Linear) and shape:
            self.make(node, layer.out_features, 1, len(shape) - 1, read)
        elif not read or isinstance(node.op, Output):
            return
        elif is_depthwise(layer):
            times = Fraction(layer.out_channels, layer.in_channels)  # type: ignore[union-attr, arg-type]
            self.keep(node, c.derive(c.rows[read[0]], times, self.born), 1)
        elif node.name in self.picked(node):
            return
        else:
            self.pass_on(node, read, shape)

    def make(self, node: Node, width: int, groups: int, axis: int, read: list[str]) -> None:
        if not read:  # it works on constants: no width of the network
            return
        row = self.channels.new(width, self.born)
        self.channels.makers[node.name] = row
        self.keep(node, row, axis)
        if groups > 1:  # what is read must be dealt out evenly as well
            self.channels.even.append((row, groups))
            self.channels.even.extend((self.channels.rows[name], groups) for name in read)

    def keep(self, node: Node, row: Row, axis: int) -> None:
        self.channels.rows[node.name] = row
        self.channels.axes[node.name] = axis - len(self.shape(node.name))

    def picked(self, node: Node) -> set[str]:
        """Handle an item picked from a tuple; the node itself when it was one."""
        if getattr(node.op, "name", "") == "getitem" and node.inputs[0] in self.pieces:
            pieces, item = self.pieces[node.inputs[0]], node.args[1]
            if isinstance(item, int) and -len(pieces) <= item < len(pieces):
                self.channels.rows[node.name] = pieces[item]
                self.channels.axes[node.name] = self.channels.axes[node.inputs[0]]
                return {node.name}
        return set()

    def pass_on(self, node: Node, read: list[str], shape: tuple[int, ...]) -> None:
        c, kind = self.channels, vocabulary.kind(node)
        first, axis = c.rows[read[0]], c.axes[read[0]]
        entering = self.shape(read[0])
        if kind in ("add", "multiply"):
            self.elementwise(node, read, shape)
        elif kind == "concat":
            self.concat(node, read, shape)
        elif kind == "split" and self.split(node, first, axis, entering):
            return
        elif kind == "shuffle":
            row = c.derive(first, Fraction(1), self.born)
            if not isinstance(node.op, Pass):
                c.even.append((row, vocabulary.shuffle_groups(node)))
            self.keep(node, row, len(shape) + axis)
        elif isinstance(node.op, Pass) or (len(read) == 1 and self.keeps(node, axis, entering, shape)):
            c.rows[node.name], c.axes[node.name] = first, axis
        elif len(read) == 1 and kind in ("reshape", "pool") and self.reshape(node, first, axis, entering, shape):
            return
        else:
            for name in read:
                c.lock(c.rows[name], f"{node.name} is written for exactly this width")
            if shape:
                place = self.axis_of(shape, entering, axis)
                lock = f"{node.name} is written for exactly this width"
                self.keep(node, c.new(shape[place], self.born, locked=lock), place)

    @staticmethod
    def axis_of(shape: tuple[int, ...], entering: tuple[int, ...], axis: int) -> int:
        """Where the channels are after an op nothing is known about: where a dimension of their size is."""
        if entering[axis] in shape:
            return shape.index(entering[axis])
        return 1 if len(shape) in (2, 4) else len(shape) - 1

    def keeps(self, node: Node, axis: int, entering: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Does the op leave the channels where and as they are?"""
        kind = vocabulary.kind(node)
        plain = kind in ("norm", "activation", "pool", "dropout") and len(shape) == len(entering)
        if plain and isinstance(node.layer, nn.Module) and kind == "norm":
            plain = channels_of(node.layer) in (None, entering[axis])
        padded = getattr(node.op, "name", "") in ("pad", "contiguous", "clone", "to", "float") or (
            isinstance(node.layer, nn.ZeroPad2d)
        )
        return (plain or padded) and len(shape) == len(entering) and shape[axis] == entering[axis]

    def elementwise(self, node: Node, read: list[str], shape: tuple[int, ...]) -> None:
        c = self.channels
        widest = max(read, key=lambda name: (len(self.shape(name)), math.prod(self.shape(name) or (0,))))
        axis = c.axes[widest]
        for name in read:
            if name == widest:
                continue
            if c.axes[name] == axis and self.shape(name)[axis] == self.shape(widest)[axis]:
                c.tie(c.rows[widest], c.rows[name])
            elif len(self.shape(name)) >= -axis and self.shape(name)[axis] != 1:
                c.lock((*c.rows[widest], *c.rows[name]), f"{node.name} joins maps in an unusual way")
        self.keep(node, c.rows[widest], len(shape) + axis)

    def concat(self, node: Node, read: list[str], shape: tuple[int, ...]) -> None:
        c = self.channels
        rows = [c.rows[name] if name in c.rows else self.fixed(name, c.axes[read[0]]) for name in node.inputs]
        axis, entering = c.axes[read[0]], self.shape(read[0])
        grew = [i for i, (old, new) in enumerate(zip(entering, shape, strict=True)) if old != new]
        if grew == [len(shape) + axis] or not grew:
            self.keep(node, tuple(atom for row in rows for atom in row), len(shape) + axis)
            return
        for row in rows[1:]:
            c.tie(rows[0], row)
        self.keep(node, rows[0], len(shape) + axis)

    def fixed(self, name: str, axis: int) -> Row:
        """The row of a value that comes from no image: a constant."""
        shape = self.shape(name)
        size = shape[axis] if len(shape) >= -axis else 1
        return self.channels.new(size, self.born, locked=f"it is joined to {name}")

    def split(self, node: Node, row: Row, axis: int, entering: tuple[int, ...]) -> bool:
        """`chunk` into equal parts along the channels. False for any other way of splitting."""
        value = self.dims[node.name].value
        widths = [piece.dims[axis] for piece in value] if isinstance(value, tuple) else []
        if len(set(widths)) != 1 or widths[0] * len(widths) != entering[axis]:
            return False
        if getattr(node.op, "name", "") != "chunk":
            return False
        part = self.channels.derive(row, Fraction(1, len(widths)), self.born)
        self.pieces[node.name] = [part] * len(widths)
        self.channels.rows[node.name], self.channels.axes[node.name] = row, axis
        self.channels.even.append((row, len(widths)))
        return True

    def reshape(self, node: Node, row: Row, axis: int, entering: tuple[int, ...], shape: tuple[int, ...]) -> bool:
        """Flattening, averaging away and permuting, which keep the channels countable."""
        name = getattr(node.op, "name", "") or type(node.layer).__name__.lower()
        place = len(entering) + axis
        if name == "permute":
            order = node.args[1] if isinstance(node.args[1], (tuple, list)) else node.args[1:]
            order = [int(i) % len(entering) for i in order]
            self.keep(node, row, order.index(place))
            return True
        if name == "flatten" and place == 1 and len(shape) == 2:
            self.keep(node, self.channels.derive(row, Fraction(math.prod(entering[2:])), self.born), 1)
            return True
        if name == "flatten" and place == 1 and len(shape) == 3 and shape[1] == entering[1]:
            self.keep(node, row, 1)
            return True
        if name in ("mean", "sum", "squeeze", "unsqueeze") and shape[:2] == entering[:2] and place == 1:
            self.keep(node, row, 1)
            return True
        return False
