"""Channel groups: which widths of a network change together.

The channels of every value are a row of *segments*. A convolution or a linear layer makes a segment of its own; norms,
activations, pooling and depthwise convolutions pass a row on; a concatenation joins rows; an addition or a product ties
the rows it reads, segment by segment, splitting a segment where the other side has a seam. Where a row is split
(`chunk`, `split`, a slice), mixed (a shuffle of unlike parts) or flattened, the result is a segment *derived* from it:
so many times its size. A segment whose size something fixes (attention, a reshape written for one number) is *locked*,
with the reason.

Segments that are tied are one **coupling group**: their layers change width together or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from explorer.base.languages import Text, tr, tr_noop
from explorer.edits.channel_parts import ChannelParts
from explorer.edits.edit import place_names, place_of

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
    parts: dict[str, ChannelParts] = field(default_factory=dict)  # by op that cuts channels: those it gives out
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
            raise WidthError(*self._explain_misfit(width, rest, counts, chosen, is_made=True))
        return found

    def size_with(self, row: Iterable[int], sizes: Mapping[int, int]) -> Fraction:
        """Number of channels of a row with other sizes of segments; no whole number where they do not divide evenly."""
        counts = self.linear_form(row)
        return sum((n * sizes.get(a, self.segments[a].size) for a, n in counts.items()), Fraction(0))

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
        self,
        width: int,
        rest: Fraction,
        counts: Mapping[int, Fraction],
        chosen: Sequence[int],
        *,
        is_made: bool = False,
    ) -> tuple[str, tuple[int, ...]]:
        """Why no whole numbers make that width (or, where it `is_made`, fails further on), and the nearest widths that
        can be made."""
        least = math.lcm(*(self.segments[segment].multiple for segment in chosen))
        step = (least * sum((counts[segment] for segment in chosen), Fraction(0))).numerator  # so that all is whole
        below = max(rest + (width - rest) // step * step, rest)
        near = tuple(int(w) for w in (below, below + step) if w > rest and w.denominator == 1 and w != width)
        if is_made and not (width - rest) % step:
            return tr("{count} channels do not work: further on they would not divide evenly", count=width), near
        others = [name for segment in counts if segment not in chosen for name in self.producers_of(segment)[:1]]
        return _misfit_text(width, rest, step, place_names(place_of(*dict.fromkeys(others)))), near

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
        if keeper.derived is not None and gone in self.linear_form((kept,)):
            self.lock((kept,), Text(tr_noop("it is tied to a part of itself")))  # half of it can be no wider than it is
            return
        keeper.lock_reason = keeper.lock_reason or leaver.lock_reason
        if leaver.lock_reason and keeper.derived is not None:
            self.lock((kept,), leaver.lock_reason)
        self.parents[gone] = kept

    def derive(self, row: Row, times: Fraction, born: int) -> Row:
        """The row mixed, dealt out or multiplied: a width that follows from it."""
        if times == 1 and len(set(self.resolve(row))) == 1 and len(self.resolve(row)) == 1:
            return row
        return self.add_segment(int(self.size(row) * times), born, derived=(row, times))


def _misfit_text(width: int, rest: Fraction, step: int, others: str) -> str:
    """Why a width cannot be made of `rest` channels of other layers and a multiple of `step`."""
    allowed = tr("a multiple of {step}", step=step) if step > 1 else tr("one or more")
    if not rest:
        return tr("{count} channels do not work: the width must be {allowed}", count=width, allowed=allowed)
    return tr(
        "{count} channels do not work: beside the {rest} channels of {others} there must be {allowed}",
        count=width,
        rest=rest,
        others=others or tr("other layers"),
        allowed=allowed,
    )
