"""Which channels of a layer as opened its present channels are: what an edit of widths records about weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from explorer.base.memo import bounded

if TYPE_CHECKING:
    from explorer.graph.node import Node

#: Stands for a channel that the layer as opened did not have.
NEW = -1


Runs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ChannelRanking:
    """The channels of some coupled layers that stay when their width is cut: the most important of each group.

    Which these are depends on weights, so it is known only when weights are carried over.
    """

    layers: tuple[Node, ...]  # as opened; a channel is as important as what they hold for it together
    size: int  # channels that stay
    groups: int  # equal parts that the channels are dealt out to

    def order(self, importance: torch.Tensor) -> torch.Tensor:
        """Return the channels in an order in which those that stay are the first of each group. Shape (channels,)."""
        parts = importance.reshape(self.groups, -1)
        each = self.size // self.groups
        best = parts.argsort(dim=1, descending=True, stable=True)
        order = torch.cat([best[:, :each].sort(dim=1).values, best[:, each:].sort(dim=1).values], dim=1)
        return (order + torch.arange(self.groups)[:, None] * parts.shape[1]).reshape(-1)


#: Says how important each channel of a ranking is: shape (channels,).
Importance = Callable[[ChannelRanking], torch.Tensor]


class ChannelIndex:
    """Which channels of those at opening stand at which places at present, ready to select with. Never changed."""

    def __init__(self, indices: torch.Tensor) -> None:
        #: Original index of each present channel, `NEW` for a new one: int64, shape (size,).
        self.indices = indices
        self.size = indices.shape[0]
        is_kept = indices != NEW
        all_kept = bool(is_kept.all())
        #: Original indices of the channels that were there.
        self.sources = indices if all_kept else indices[is_kept]
        #: Places of the channels that were there; None where all were.
        self.places = None if all_kept else torch.nonzero(is_kept).flatten()
        #: How many channels were there.
        self.kept_size = self.sources.shape[0]  # `len` of a tensor takes as long as an operation on a small one
        first = int(self.sources[0]) if self.kept_size else 0
        side_by_side = torch.equal(self.sources, torch.arange(first, first + self.kept_size))
        #: The first original index where they stand side by side, else None.
        self.first = first if side_by_side else None

    def select(self, source: torch.Tensor, dim: int) -> torch.Tensor:
        """Return the entries of a tensor as opened along a dimension; a view where they stand side by side."""
        if self.first is not None:
            return source.narrow(dim, self.first, self.kept_size)
        return source.index_select(dim, self.sources)


@dataclass(frozen=True, slots=True)
class ChannelSelection:
    """The channels on one side of a layer, in order, as runs (first index, length) of those it had when opened.

    A run that begins at `NEW` stands for channels that it did not have. Where channels were cut by importance, the runs
    are those of a cut of the last ones, and `rankings` say, with runs over the original channels, which of these are
    which channels of a ranking.
    """

    runs: Runs
    original_size: int
    rankings: tuple[tuple[ChannelRanking, Runs], ...] = ()

    @classmethod
    def from_indices(
        cls,
        indices: npt.NDArray[np.int64],
        original_size: int,
        rankings: tuple[tuple[ChannelRanking, Runs], ...] = (),
    ) -> ChannelSelection:
        """Compress the original index of each channel (`NEW` where there is none) into runs."""
        return cls(compress_runs(indices), original_size, rankings)

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

    def indices(self, importance: Importance) -> torch.Tensor:
        """Return the original index of each present channel, `NEW` for a new one: int64, shape (size,)."""
        return self.index(importance).indices

    def index(self, importance: Importance) -> ChannelIndex:
        """Return where the present channels come from."""
        return ChannelIndex(self._ranked(importance)) if self.rankings else _index_of(self.runs)

    def _ranked(self, importance: Importance) -> torch.Tensor:
        found = _expand_runs(self.runs)
        for ranking, runs in self.rankings:
            places = _expand_runs(runs)  # by original index: its channel in the ranking
            order = ranking.order(importance(ranking))
            ranked = torch.nonzero(places != NEW).flatten()
            by_channel = ranked[places[ranked].argsort(stable=True)].reshape(len(order), -1)
            moved = torch.arange(self.original_size)
            moved[by_channel.reshape(-1)] = by_channel[order].reshape(-1)
            found = torch.where(found == NEW, NEW, moved[found.clamp(min=0)])
        return found


@dataclass(frozen=True, slots=True)
class ChannelMap:
    """Where the channels that a layer reads and makes come from; None on a side where they are those it had, in order.

    A norm, a depthwise convolution and a constant make what they read: of them only `inputs` is used. `keep` says which
    channels stayed when the width of this very layer was cut: the "first", those whose filters have the largest "l1"
    norm, or those with the largest scale in the batch norm behind it ("norm_scale").
    """

    inputs: ChannelSelection | None = None
    outputs: ChannelSelection | None = None
    keep: str = "first"
    is_around_centre: bool = False  # it reads a flattened map of another size: places are those around the centre

    @property
    def sides(self) -> tuple[ChannelSelection, ...]:
        """The sides on which something changed."""
        return tuple(side for side in (self.inputs, self.outputs) if side is not None)


def compress_runs(indices: npt.NDArray[np.int64]) -> Runs:
    """Return indices as runs (first index, length); those that are `NEW` make runs of their own."""
    ends = np.where(indices[:-1] == NEW, indices[1:] != NEW, indices[1:] != indices[:-1] + 1)
    starts = np.concatenate([[0], np.flatnonzero(ends) + 1]) if len(indices) else np.empty(0, np.int64)
    lengths = np.diff(np.append(starts, len(indices)))
    return tuple(zip(indices[starts].tolist(), lengths.tolist(), strict=True))


def _expand_runs(runs: Runs) -> torch.Tensor:
    pieces = [
        torch.full((length,), NEW) if first == NEW else torch.arange(first, first + length) for first, length in runs
    ]
    return torch.cat(pieces) if pieces else torch.empty(0, dtype=torch.int64)


@bounded(256)  # more than one network has at a time; a flattened map takes 200 kB
def _index_of(runs: Runs) -> ChannelIndex:
    return ChannelIndex(_expand_runs(runs))
