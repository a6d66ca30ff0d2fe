"""Which channels of a layer as opened its present channels are: what an edit of widths records about weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

#: Stands for a channel that the layer as opened did not have.
NEW = -1


@dataclass(frozen=True, slots=True)
class ChannelSelection:
    """The channels on one side of a layer, in order, as runs (first index, length) of those it had when opened.

    A run that begins at `NEW` stands for channels that it did not have.
    """

    runs: tuple[tuple[int, int], ...]
    original_size: int

    @classmethod
    def from_indices(cls, indices: npt.NDArray[np.int64], original_size: int) -> ChannelSelection:
        """Compress the original index of each channel (`NEW` where there is none) into runs."""
        ends = np.where(indices[:-1] == NEW, indices[1:] != NEW, indices[1:] != indices[:-1] + 1)
        starts = np.concatenate([[0], np.flatnonzero(ends) + 1]) if len(indices) else np.empty(0, np.int64)
        lengths = np.diff(np.append(starts, len(indices)))
        return cls(tuple(zip(indices[starts].tolist(), lengths.tolist(), strict=True)), original_size)

    @property
    def size(self) -> int:
        """Number of present channels."""
        return sum(length for _, length in self.runs)

    @property
    def kept_size(self) -> int:
        """Number of present channels that the layer had when it was opened."""
        return sum(length for first, length in self.runs if first != NEW)

    @property
    def distinct_size(self) -> int:
        """Number of original channels that are among the present ones, each counted once."""
        return len({first + place for first, length in self.runs if first != NEW for place in range(length)})

    def indices(self) -> torch.Tensor:
        """Return the original index of each present channel, `NEW` for a new one: int64, shape (size,)."""
        return _expand_runs(self.runs)


@dataclass(frozen=True, slots=True)
class ChannelMap:
    """Where the channels that a layer reads and makes come from; None on a side where they are those it had, in order.

    A norm, a depthwise convolution and a constant make what they read: of them only `inputs` is used.
    """

    inputs: ChannelSelection | None = None
    outputs: ChannelSelection | None = None

    @property
    def sides(self) -> tuple[ChannelSelection, ...]:
        """The sides on which something changed."""
        return tuple(side for side in (self.inputs, self.outputs) if side is not None)


@lru_cache(maxsize=1024)
def _expand_runs(runs: tuple[tuple[int, int], ...]) -> torch.Tensor:
    pieces = [
        torch.full((length,), NEW) if first == NEW else torch.arange(first, first + length) for first, length in runs
    ]
    return torch.cat(pieces) if pieces else torch.empty(0, dtype=torch.int64)
