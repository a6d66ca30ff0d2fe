"""Rectangles by where they are: what a part of the drawing holds is found without asking every one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from PySide6.QtCore import QRectF

_CELL = 600.0  # pixels of the drawing
_MANY = 64  # cells; what covers more is asked every time


class Nearby:
    def __init__(self, rects: Sequence[QRectF]) -> None:
        self._rects = rects
        self._cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._large: list[int] = []
        for number, rect in enumerate(rects):
            across, down = _span(rect)
            if len(across) * len(down) > _MANY:
                self._large.append(number)
                continue
            for x in across:
                for y in down:
                    self._cells[x, y].append(number)

    def within(self, part: QRectF) -> list[int]:
        """Numbers of the rectangles that lie, at least in part, in `part`; in order."""
        across, down = _span(part)
        if len(across) * len(down) > max(_MANY, len(self._cells)):
            return [number for number, rect in enumerate(self._rects) if rect.intersects(part)]
        near = {number for x in across for y in down for number in self._cells.get((x, y), ())}
        near.update(self._large)
        return [number for number in sorted(near) if self._rects[number].intersects(part)]


def _span(rect: QRectF) -> tuple[range, range]:
    """The columns and rows of cells that a rectangle covers."""
    across = range(int(rect.left() // _CELL), int(rect.right() // _CELL) + 1)
    return across, range(int(rect.top() // _CELL), int(rect.bottom() // _CELL) + 1)
