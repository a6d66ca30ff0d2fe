"""Which places of its input a unit of an op reads: windows as positions, clipped by nothing, with what lies inside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.analysis.arithmetic.explanation import Positions, TapWindow


def window_at(
    unit: Sequence[int],
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    before: Sequence[int],
    dilation: Sequence[int],
    padding_mode: str = "zeros",
) -> TapWindow:
    """Return what unit `unit` of a convolution or pooling reads of an input of these sizes: o·s − p + d·(0 … k − 1).

    One number in each sequence for each spatial axis; `before` is the padding at the beginning. Padding that repeats
    the input ("reflect", "replicate", "circular") reads it where it repeats it.
    """
    positions, inside = [], []
    for at, size, taps, step, pad, apart in zip(unit, sizes, kernel, stride, before, dilation, strict=True):
        read = _wrap(at * step - pad + apart * np.arange(taps), size, padding_mode)
        positions.append(read)
        inside.append((read >= 0) & (read < size))
    return TapWindow(tuple(positions), tuple(inside))


def transposed_window_at(
    unit: Sequence[int],
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    before: Sequence[int],
    dilation: Sequence[int],
) -> TapWindow:
    """Return the inputs that reach a unit of a transposed convolution: through tap k comes (o + p − d·k) ÷ s, where
    that is whole; a tap through which none comes is not inside, and its position −1."""
    positions, inside = [], []
    for at, size, taps, step, pad, apart in zip(unit, sizes, kernel, stride, before, dilation, strict=True):
        source, rest = np.divmod(at + pad - apart * np.arange(taps), step)
        meets = (rest == 0) & (source >= 0) & (source < size)
        positions.append(np.where(meets, source, -1))
        inside.append(meets)
    return TapWindow(tuple(positions), tuple(inside))


def adaptive_window_at(unit: Sequence[int], sizes: Sequence[int], outputs: Sequence[int]) -> TapWindow:
    """Return what a unit of adaptive pooling reads: ⌊o·n ÷ m⌋ … ⌈(o + 1)·n ÷ m⌉ − 1 of n places for m units."""
    ranges = [
        np.arange(at * size // count, -((-(at + 1) * size) // count))
        for at, size, count in zip(unit, sizes, outputs, strict=True)
    ]
    return whole_window(ranges)


def whole_window(ranges: Sequence[Positions]) -> TapWindow:
    """Return a window over these places, all of them inside."""
    return TapWindow(tuple(ranges), tuple(np.ones(len(places), np.bool_) for places in ranges))


def window_indices(window: TapWindow, before: Sequence[int], channels: Positions) -> Positions:
    """Return the indices of what a window reads, (channels × taps, axes): `before`, the channel, the places. Taps that
    are not inside are there too, as they stand in `window`."""
    grid = np.meshgrid(channels, *window.positions, indexing="ij")
    lead = [np.full(grid[0].size, at, np.int64) for at in before]
    return np.stack([*lead, *(axis.ravel() for axis in grid)], axis=1)


def _wrap(places: Positions, size: int, mode: str) -> Positions:
    if mode == "replicate":
        return np.clip(places, 0, size - 1)
    if mode == "circular":
        return places % size
    if mode == "reflect" and size > 1:
        period = 2 * (size - 1)
        folded = places % period
        return np.minimum(folded, period - folded)
    return places
