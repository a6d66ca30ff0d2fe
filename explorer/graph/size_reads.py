"""Sizes that code read as plain numbers while a run of it was recorded.

A branch on a size, a loop over one, a number computed of one outside of torch: what was recorded is what happens where
the same is read again. So a `SizeRead` stays with the snapshot, as an op that nothing reads: it follows edits as other
ops do, is on no card and in no file, and a snapshot in which it would read anything else does not hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReadSide:
    """The size of a tensor along one axis, of the tensors that a `SizeRead` is given; without an axis, how many parts
    an op made."""

    slot: int
    axis: int | None
    was: int  # in the run that was recorded

    def measure(self, values: tuple[Any, ...]) -> int:
        """Return the size, of these tensors."""
        value = values[self.slot]
        return len(value) if self.axis is None else int(value.shape[self.axis])


@dataclass(frozen=True, slots=True)
class SizeRead:
    """What the code read, of which sizes: a function, its arguments (`ReadSide`s, functions with arguments, numbers),
    and what came of it."""

    call: Callable[..., Any]
    args: tuple[Any, ...]
    result: Any

    @property
    def __name__(self) -> str:
        """The name of the op."""
        return "size_read"

    @property
    def first(self) -> ReadSide:
        """The first size that is read."""
        return next(_sides(self.args))

    def __call__(self, *values: Any) -> Any:
        """Read it of the tensors of another run."""
        return _evaluate((self.call, self.args), values)


def exported_size(size: int) -> int:
    """Return a size that a program was exported for: it takes no other."""
    return size


def size_read_of(op: object) -> SizeRead | None:
    """Return what an op reads of sizes; None for all other ops."""
    call = getattr(op, "call", None)
    return call if isinstance(call, SizeRead) else None


#: Reads with the names of the nodes whose sizes they are, and the modules around them, outermost first.
SizeReads = Mapping[tuple[SizeRead, tuple[str, ...]], tuple[str, ...]]


def _evaluate(expression: Any, values: tuple[Any, ...]) -> Any:
    if isinstance(expression, ReadSide):
        return expression.measure(values)
    if isinstance(expression, tuple):
        call, args = expression
        return call(*(_evaluate(arg, values) for arg in args))
    return expression


def _sides(expression: Any) -> Iterator[ReadSide]:
    for part in expression if isinstance(expression, tuple) else ():
        if isinstance(part, ReadSide):
            yield part
        else:
            yield from _sides(part)
