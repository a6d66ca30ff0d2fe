"""Line icons of the kinds of op, on a grid of 14 × 14."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from explorer.base.memo import bounded
from explorer.viewmodels.diagram import Kind

ICON_SIDE = 14.0

_Polyline = Sequence[tuple[float, float]]

#: Polylines; circles are (x, y, radius), rectangles (x, y, width, height).
_POLYLINES: dict[str, list[_Polyline]] = {
    "conv": [[(5, 1), (5, 13)], [(9, 1), (9, 13)], [(1, 5), (13, 5)], [(1, 9), (13, 9)]],
    "activation": [[(1, 11), (6, 11), (13, 3)]],
    "norm": [[(1, 12), (3.5, 11), (5.5, 6), (7, 3), (8.5, 6), (10.5, 11), (13, 12)]],
    "pool": [[(2, 3), (12, 3), (7, 11), (2, 3)]],
    "linear": [[(3, 3), (11, 3), (3, 11), (11, 11), (3, 3)]],
    "depthwise": [
        [(2, 5), (7, 2.5), (12, 5), (7, 7.5), (2, 5)],
        [(2, 8), (7, 10.5), (12, 8)],
        [(2, 10.5), (7, 13), (12, 10.5)],
    ],
    "shuffle": [[(1, 3), (4, 3), (10, 11), (13, 11)], [(1, 11), (4, 11), (10, 3), (13, 3)]],
    "add": [[(7, 2), (7, 12)], [(2, 7), (12, 7)]],
    "multiply": [[(3, 3), (11, 11)], [(11, 3), (3, 11)]],
    "concat": [[(3, 2), (3, 12)], [(7, 2), (7, 12)], [(11, 2), (11, 12)]],
    "split": [[(1, 7), (5, 7), (12, 3)], [(5, 7), (12, 11)]],
    "reshape": [[(2, 5), (12, 5), (9, 2)], [(12, 9), (2, 9), (5, 12)]],
    "dropout": [[(2, 12), (12, 2)]],
    "attention": [[(7, 7), (2, 2)], [(7, 7), (12, 2)], [(7, 7), (2, 12)], [(7, 7), (12, 12)]],
    "input": [[(1, 11), (5, 6), (8, 9), (10, 7), (13, 11)]],
    "output": [[(2, 12), (2, 8)], [(6, 12), (6, 3)], [(10, 12), (10, 6)]],
    "gate": [[(1, 11), (4, 10.5), (7, 7), (10, 3.5), (13, 3)]],
}
_RECTS: dict[str, list[tuple[float, float, float, float]]] = {
    "conv": [(1, 1, 12, 12)],
    "input": [(1, 2, 12, 10)],
    "stage": [(1, 2, 12, 4), (1, 8, 12, 4)],
    "block": [(2, 2, 10, 10)],
    "branch": [(2, 2, 4, 10), (8, 2, 4, 10)],
    "stem": [(1, 4, 12, 6)],
    "head": [(4, 1, 6, 12)],
    "network": [(1, 1, 12, 12)],
    "unit": [(1, 4, 12, 6)],
    "constant": [(4, 4, 6, 6)],
    "other": [(3, 3, 8, 8)],
}
_CIRCLES: dict[str, list[tuple[float, float, float]]] = {"dropout": [(7, 7, 5.5)], "attention": [(7, 7, 2)]}


@bounded(64)
def icon_path(kind: Kind) -> QPainterPath:
    """Return the outline of a kind's icon, to be stroked."""
    path = QPainterPath()
    for line in _POLYLINES.get(kind, ()):
        path.moveTo(QPointF(*line[0]))
        for point in line[1:]:
            path.lineTo(QPointF(*point))
    for rect in _RECTS.get(kind, ()):
        path.addRoundedRect(QRectF(*rect), 1, 1)
    for x, y, radius in _CIRCLES.get(kind, ()):
        path.addEllipse(QPointF(x, y), radius, radius)
    return path
