"""Shape and dtype of a tensor, without its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Shape:
    """Dims and dtype of a tensor; dim 0 is the batch, but for what `has_no_batch`."""

    dims: tuple[int, ...]
    dtype: torch.dtype
    has_no_batch: bool = field(default=False, compare=False)  # only for its text: nothing is counted otherwise

    @property
    def elements(self) -> int:
        """Number of elements, the batch included."""
        return prod(self.dims)

    @property
    def bytes(self) -> int:
        """Bytes of the elements at the tensor's dtype."""
        return self.elements * self.dtype.itemsize

    @property
    def image_dims(self) -> tuple[int, ...]:
        """The dims of one image: without the batch, where there is one."""
        return self.dims if self.has_no_batch else self.dims[1:]

    def __str__(self) -> str:
        """Without the batch: "64×56×56"; of a vector, whose only dim is not that of one image, its length."""
        return "×".join(map(str, self.image_dims or [dim for dim in self.dims if dim > 1])) or "scalar"


def first_shape(value: Any) -> Shape | None:
    """Return the first Shape in a nested value, None when there is none."""
    if isinstance(value, Shape):
        return value
    if isinstance(value, (tuple, list)):
        return next((shape for item in value if (shape := first_shape(item)) is not None), None)
    return None


def all_shapes(value: Any) -> Iterator[Shape]:
    """Yield every Shape in a nested tuple."""
    if isinstance(value, Shape):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from all_shapes(item)


def without_batch(value: Any) -> Any:
    """Return a nested value with every Shape in it as one whose first dim is no batch."""
    if isinstance(value, Shape):
        return replace(value, has_no_batch=True)
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return type(value)(map(without_batch, value))
    return value
