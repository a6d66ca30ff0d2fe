"""Spatial index of rectangles: those in a region are found without testing each in Python."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF


class RectIndex:
    """Rectangles as arrays of their sides, queried by region."""

    def __init__(self, rects: Sequence[QRectF]) -> None:
        import numpy as np  # here, for the window is up before there is anything to draw

        sides = [side for rect in rects for side in (rect.left(), rect.top(), rect.right(), rect.bottom())]
        self._left, self._top, self._right, self._bottom = np.array(sides, float).reshape(-1, 4).T.copy()
        self._longer_side = np.maximum(self._right - self._left, self._bottom - self._top)

    def query(self, region: QRectF, min_side: float = 0.0) -> list[int]:
        """Return indices of the rectangles that intersect a region, in order; those with a longer side below `min_side`
        are left out."""
        inside = (self._left < region.right()) & (self._right > region.left())
        inside &= (self._top < region.bottom()) & (self._bottom > region.top())
        if min_side:
            inside &= self._longer_side >= min_side
        found: list[int] = inside.nonzero()[0].tolist()
        return found
