"""Links as painter paths: routes bundled by source, shared stretches drawn once, corners rounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from explorer.drawing.theme import Theme
from explorer.layout import Point, Route

_CORNER_RADIUS = 6.0
_ARROW_MARGIN = 6.0  # around a strand, for its heads
BUNDLE_MARGIN = 2 * _ARROW_MARGIN  # what its bounds are larger than its lines
FAINT_BELOW_SCALE = 0.4  # the scale below which links are faint
_MIN_ARROW_SCALE = 0.3  # and below which they have no arrow heads
_MERGE_THRESHOLD = 6  # routes from one source from which on shared stretches are merged: DenseNet has dozens


@dataclass(frozen=True)
class LinkBundle:
    """All links of one kind (main path or shortcuts) that leave one card."""

    source: str
    is_skip: bool
    path: QPainterPath
    arrow_heads: QPainterPath
    bounds: QRectF
    link_indices: tuple[int, ...]  # of its links, in the order of the diagram


@dataclass(frozen=True, slots=True)
class LinkLines:
    """What one link is drawn as: axis-parallel lines, curves (start, two control points, end), and axis-parallel lines
    without arrow heads that run into another."""

    lines: tuple[tuple[Point, ...], ...]
    curves: tuple[tuple[Point, Point, Point, Point], ...] = ()
    merging: tuple[tuple[Point, ...], ...] = ()


def bundle_links(
    sources: Sequence[str], routes: Sequence[Route], drawn: Sequence[LinkLines] | None = None
) -> list[LinkBundle]:
    """Return routes bundled by source, in painting order. `sources` are given in the order of the routes, and `drawn`
    what each is drawn as where it is not the route itself."""
    drawn = drawn or [LinkLines((route.points,)) for route in routes]
    bundles: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for number, (source, route) in enumerate(zip(sources, routes, strict=True)):
        bundles[source, route.skip].append(number)
    mains = {source: [routes[n].points for n in numbers] for (source, skip), numbers in bundles.items() if not skip}
    found = []
    for (source, skip), numbers in bundles.items():
        whole = [points for n in numbers for points in drawn[n].lines]
        curves = [curve for n in numbers for curve in drawn[n].curves]
        beneath = mains.get(source, []) if skip else []
        path = (
            _merged_path(whole)
            if len(whole) > _MERGE_THRESHOLD
            else _rounded_path(_without_shared_stretches(whole, beneath))
        )
        path.addPath(_rounded_path(points for n in numbers for points in drawn[n].merging))
        heads = QPainterPath()
        heads.setFillRule(Qt.FillRule.WindingFill)  # heads that meet are one, no hole
        path.addPath(_curved_path(curves))
        for points in (*whole, *curves):
            heads.addPolygon(_arrow_head(points))
        bounds = path.boundingRect().adjusted(-_ARROW_MARGIN, -_ARROW_MARGIN, _ARROW_MARGIN, _ARROW_MARGIN)
        found.append(LinkBundle(source, skip, path, heads, bounds, tuple(numbers)))
    # Shortcuts first: where one crosses the main path, that one is seen.
    return sorted(found, key=lambda strand: not strand.is_skip)


def link_pens(theme: Theme, scale: float) -> tuple[QPen, QPen]:
    """Return the pens for the main path and for shortcuts. Below `FAINT_BELOW_SCALE` lines are one pixel wide and
    faint, so that cards dominate."""
    far = scale < FAINT_BELOW_SCALE
    width = 0.0 if far else 1.4
    return QPen(theme.faint_colour("link") if far else theme.named_colour("link"), width), theme.skip_pen(width, far)


def paint_link_path(painter: QPainter, path: QPainterPath, arrow_heads: QPainterPath, pen: QPen, scale: float) -> None:
    """Paint a link and, at scales where they are visible, its arrow heads."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawPath(path)
    if scale >= _MIN_ARROW_SCALE:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pen.color())
        painter.drawPath(arrow_heads)


def _rounded_path(routes: Iterable[Sequence[Point]]) -> QPainterPath:
    path = QPainterPath()
    for points in dict.fromkeys(map(tuple, routes)):
        path.moveTo(QPointF(*points[0]))
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            entry, leave = _corner_point(corner, before), _corner_point(corner, after)
            path.lineTo(entry)
            path.quadTo(QPointF(*corner), leave)
        path.lineTo(QPointF(*points[-1]))
    return path


def _corner_point(corner: Point, other: Point) -> QPointF:
    """The point where a rounded corner begins, at most half-way to the next."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    step = min(_CORNER_RADIUS, length / 2) / length if length else 0
    return QPointF(corner[0] + dx * step, corner[1] + dy * step)


def single_link_path(drawn: LinkLines) -> tuple[QPainterPath, QPainterPath]:
    """Return the path and the arrow heads of one complete link, for a highlighted one."""
    path, heads = _rounded_path((*drawn.lines, *drawn.merging)), QPainterPath()
    heads.setFillRule(Qt.FillRule.WindingFill)
    path.addPath(_curved_path(drawn.curves))
    for points in (*drawn.lines, *drawn.curves):
        heads.addPolygon(_arrow_head(points))
    return path, heads


def _curved_path(curves: Iterable[tuple[Point, Point, Point, Point]]) -> QPainterPath:
    path = QPainterPath()
    for start, control, other, end in curves:
        path.moveTo(QPointF(*start))
        path.cubicTo(QPointF(*control), QPointF(*other), QPointF(*end))
    return path


def passes_near(points: Sequence[Point], x: float, y: float, tolerance: float) -> bool:
    """Return whether a route passes within `tolerance` of a point."""
    return any(
        min(x1, x2) - tolerance <= x <= max(x1, x2) + tolerance
        and min(y1, y2) - tolerance <= y <= max(y1, y2) + tolerance
        for (x1, y1), (x2, y2) in pairwise(points)
    )


def _without_shared_stretches(
    routes: Sequence[Sequence[Point]], beneath: Sequence[Sequence[Point]]
) -> list[Sequence[Point]]:
    """Lines from one card, each from where it parts from those before it: a stretch painted twice looks heavier, and
    a shortcut painted beneath the main path colours that one's edges."""
    unlike = list(dict.fromkeys(map(tuple, routes)))
    return [_after_shared_stretch(points, [*beneath, *unlike[:n]]) for n, points in enumerate(unlike)]


def _after_shared_stretch(points: Sequence[Point], mains: Iterable[Sequence[Point]]) -> Sequence[Point]:
    """A line without the longest stretch that it shares with others."""
    shortest = points
    for main in mains:
        parted = _after_parting(points, main)
        if len(parted) < len(shortest) or _length(parted) < _length(shortest):
            shortest = parted
    return shortest


def _after_parting(points: Sequence[Point], main: Sequence[Point]) -> Sequence[Point]:
    if points[0] != main[0]:
        return points
    for n in range(min(len(points), len(main)) - 1):
        start, own, other = points[n], points[n + 1], main[n + 1]
        if own == other:
            continue
        if _direction(start, own) != _direction(start, other):
            return (_before_corner(points[n - 1], start), *points[n:]) if n else points
        # Who has the shorter way turns there, rounding it off a little before.
        turn = other if _length((start, other)) < _length((start, own)) else own
        return (_before_corner(start, turn), *points[n + 1 :])
    return points


def _before_corner(start: Point, corner: Point) -> Point:
    point = _corner_point(corner, start)
    return point.x(), point.y()


def _direction(start: Point, end: Point) -> tuple[int, int]:
    return (end[0] > start[0]) - (end[0] < start[0]), (end[1] > start[1]) - (end[1] < start[1])


def _length(points: Sequence[Point]) -> float:
    return sum(abs(x2 - x1) + abs(y2 - y1) for (x1, y1), (x2, y2) in pairwise(points))


def _merged_path(routes: Iterable[Sequence[Point]]) -> QPainterPath:
    """Overlapping stretches on one line become one stretch."""
    across: dict[tuple[bool, float], list[tuple[float, float]]] = defaultdict(list)
    for points in routes:
        for (x1, y1), (x2, y2) in pairwise(points):
            upright = x1 == x2
            key, span = ((True, x1), (y1, y2)) if upright else ((False, y1), (x1, x2))
            across[key].append((min(span), max(span)))
    path = QPainterPath()
    for (upright, place), spans in across.items():
        for start, end in _merge_spans(spans):
            path.moveTo(QPointF(place, start) if upright else QPointF(start, place))
            path.lineTo(QPointF(place, end) if upright else QPointF(end, place))
    return path


def _merge_spans(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _arrow_head(points: Sequence[Point]) -> QPolygonF:
    (x2, y2) = points[-1]
    dx, dy = _direction(points[-2], points[-1])
    base = QPointF(x2 - 7 * dx, y2 - 7 * dy)
    side = QPointF(3.4 * dy, 3.4 * dx)
    return QPolygonF([QPointF(x2, y2), base + side, base - side, QPointF(x2, y2)])
