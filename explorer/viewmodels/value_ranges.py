"""Value ranges of colour scales."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ValueRange = tuple[float, float]


def finite_range(values: NDArray[Any], signed: bool = False) -> ValueRange:
    """Return the least and the largest finite value; symmetric around zero where `signed`."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    least, most = float(finite.min()), float(finite.max())
    if signed:
        return symmetric((least, most))
    return (least, most) if most > least else (least, least + 1.0)


def has_both_signs(limits: ValueRange) -> bool:
    """Return whether the range extends notably to both sides of zero."""
    low, high = limits
    return low < 0 < high and min(-low, high) >= 0.15 * max(-low, high)


def symmetric(limits: ValueRange) -> ValueRange:
    """Return the smallest range around zero that contains this one."""
    most = max(abs(limits[0]), abs(limits[1])) or 1.0
    return -most, most


def union(*ranges: ValueRange) -> ValueRange:
    """Return the smallest range that contains all of them."""
    return min(low for low, _ in ranges), max(high for _, high in ranges)
