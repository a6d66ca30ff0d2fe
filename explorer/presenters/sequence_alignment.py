"""Order-preserving alignment of two sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")

_MAX_PAIRS = 250_000  # pairs that are weighed; larger rows meet place by place


def align_sequences(
    left: Sequence[_T], right: Sequence[_T], similarity: Callable[[_T, _T], float], min_similarity: float
) -> Iterator[tuple[_T | None, _T | None]]:
    """Yield pairs in order; None where one sequence has no counterpart. The sum of similarities is maximal.

    Pairs less similar than `min_similarity` are never aligned; among equals, the first ones are. Long sequences are
    aligned by position.
    """
    if len(left) * len(right) > _MAX_PAIRS:
        yield from _align_by_position(left, right, similarity, min_similarity)
        return
    alike = [[value if (value := similarity(a, b)) >= min_similarity else 0.0 for b in right] for a in left]
    best = _best_sums(alike, len(left), len(right))
    i = j = 0
    while i < len(left) and j < len(right):
        if alike[i][j] and best[i][j] <= alike[i][j] + best[i + 1][j + 1] + 1e-9:
            yield left[i], right[j]
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            yield left[i], None
            i += 1
        else:
            yield None, right[j]
            j += 1
    yield from ((a, None) for a in left[i:])
    yield from ((None, b) for b in right[j:])


def _best_sums(similarities: list[list[float]], n: int, m: int) -> list[list[float]]:
    """The largest sum that can be had from each place on to the ends."""
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        row, below, values = best[i], best[i + 1], similarities[i]
        for j in range(m - 1, -1, -1):
            met = values[j] + below[j + 1] if values[j] else 0.0
            row[j] = max(met, below[j], row[j + 1])
    return best


def _align_by_position(
    left: Sequence[_T], right: Sequence[_T], similarity: Callable[[_T, _T], float], min_similarity: float
) -> Iterator[tuple[_T | None, _T | None]]:
    for a, b in zip(left, right, strict=False):
        if similarity(a, b) >= min_similarity:
            yield a, b
        else:
            yield a, None
            yield None, b
    shared = min(len(left), len(right))
    yield from ((a, None) for a in left[shared:])
    yield from ((None, b) for b in right[shared:])
