"""Numbers of a tensor as a picture: the map of a channel, a table of tokens and channels, a vector in rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

PlaneCell = tuple[int, int]  # row, column


@dataclass(frozen=True, slots=True)
class PlaneAxes:
    """Which axes of a tensor are the channels, the rows and the columns of a picture; None: there is none such.

    A tensor without rows has `vector`, the axis along which its numbers are.
    """

    channel: int | None
    row: int | None
    column: int | None
    vector: int | None = None

    @classmethod
    def of(cls, shape: Sequence[int]) -> PlaneAxes:
        """Return the axes of a shape: (batch, channels, height, width), channels last as in Swin, (batch, tokens,
        channels), (batch, units), and others by their last axes."""
        axes = len(shape)
        if axes >= 3 and math.prod(shape[2:]) == 1:
            return cls(None, None, None, 1)
        if axes == 4 and shape[1] == shape[2] != shape[3]:
            return cls(3, 1, 2)
        if axes >= 4:
            return cls(axes - 3, axes - 2, axes - 1)
        if axes == 3:
            return cls(None, 1, 2)
        return cls(None, None, None, axes - 1)


@dataclass(frozen=True, eq=False)
class Plane:
    """A picture of numbers of shape (rows, columns), and where each stands in its tensor.

    A vector is wrapped into rows; what is left of the last one is NaN.
    """

    values: NDArray[Any] = field(repr=False)
    base: tuple[int, ...]  # the index of a number of it, wherever it stands
    axes: PlaneAxes
    count: int  # numbers in it

    @classmethod
    def at(cls, values: NDArray[Any], index: tuple[int, ...]) -> Plane:
        """Return the picture that the number at an index is on."""
        axes = PlaneAxes.of(values.shape)
        base = tuple(index)
        if axes.vector is not None:
            numbers = values[tuple(slice(None) if axis == axes.vector else at for axis, at in enumerate(base))]
            columns = max(math.ceil(math.sqrt(numbers.size)), 1)
            rows = max(math.ceil(numbers.size / columns), 1)
            grid = np.full(rows * columns, np.nan, np.float32)
            grid[: numbers.size] = numbers
            return cls(grid.reshape(rows, columns), base, axes, numbers.size)
        picture = values[tuple(slice(None) if a in (axes.row, axes.column) else at for a, at in enumerate(base))]
        return cls(picture, base, axes, picture.size)

    def cell_of(self, index: Sequence[int]) -> PlaneCell:
        """Return the row and the column of the number at an index."""
        if self.axes.vector is not None:
            row, column = divmod(index[self.axes.vector], self.values.shape[1])
            return row, column
        assert self.axes.row is not None
        assert self.axes.column is not None
        return index[self.axes.row], index[self.axes.column]

    def index_of(self, cell: PlaneCell) -> tuple[int, ...] | None:
        """Return the index of the number in a cell; None where there is none."""
        row, column = cell
        if not (0 <= row < self.values.shape[0] and 0 <= column < self.values.shape[1]):
            return None
        found = list(self.base)
        if self.axes.vector is not None:
            number = row * self.values.shape[1] + column
            if number >= self.count:
                return None
            found[self.axes.vector] = number
            return tuple(found)
        assert self.axes.row is not None
        assert self.axes.column is not None
        found[self.axes.row], found[self.axes.column] = row, column
        return tuple(found)

    def index_at(self, step: int) -> tuple[int, ...]:
        """Return the index of number `step`, counted row by row."""
        found = self.index_of((step // self.values.shape[1], step % self.values.shape[1]))
        assert found is not None
        return found

    def step_of(self, index: Sequence[int]) -> int:
        """Return which number it is, counted row by row."""
        row, column = self.cell_of(index)
        columns: int = self.values.shape[1]
        return row * columns + column
