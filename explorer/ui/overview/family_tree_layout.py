"""Where the boxes and lines of the family tree are.

What must always hold: every caption is whole in its box, in any language and size of type; no line touches a box but
those that it joins. Boxes stand in columns (years) and rows, with free ways between both; lines run along these ways,
each on a track of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF

from explorer.base.languages import Language
from explorer.guide.family_tree import FamilyTreeNode

_TITLE_WIDTH = 120.0  # least of a box's inside
_PADDING = (12.0, 5.0, 8.0, 6.0)  # left, top, right, bottom
_TRACK = 5.0  # between lines that run side by side
_WAY = 14.0  # beside the outermost tracks
_LEFT, _TOP = 16.0, 46.0
_LINES = 2  # of a caption


@dataclass(frozen=True)
class TreeBox:
    """A network: its box, and the lines of its caption."""

    rect: QRectF
    caption: tuple[str, ...]

    @property
    def inside(self) -> QRectF:
        """The part of the box that text may fill."""
        left, top, right, bottom = _PADDING
        return self.rect.adjusted(left, top, -right, -bottom)


@dataclass(frozen=True)
class TreeLayout:
    """Boxes by key, and for each (parent, child) the corners of its line."""

    boxes: Mapping[str, TreeBox]
    routes: Mapping[tuple[str, str], tuple[QPointF, ...]]
    size: QSizeF


@dataclass(frozen=True)
class _Cell:
    column: int
    row: int


def lay_out_tree(
    nodes: Sequence[FamilyTreeNode], language: Language, title_font: QFont, caption_font: QFont
) -> TreeLayout:
    """Return the layout of a tree whose parents come before their children."""
    cells = _place(nodes)
    titles, small = QFontMetricsF(title_font), QFontMetricsF(caption_font)
    captions = {node.key: _wrap(node.brought[language], small) for node in nodes}
    widest = max(
        *(titles.horizontalAdvance(node.title) for node in nodes),
        *(small.horizontalAdvance(line) for lines in captions.values() for line in lines),
        _TITLE_WIDTH,
    )
    lines = max(map(len, captions.values()))
    height = titles.height() + 2 + lines * small.height() + _PADDING[1] + _PADDING[3]
    size = QSizeF(round(widest) + 2 + _PADDING[0] + _PADDING[2], round(height))
    edges = [(parent, node.key) for node in nodes for parent in node.learned_from]
    upright, level = _tracks(edges, cells)
    lefts = _positions(_LEFT, size.width(), max(cell.column for cell in cells.values()) + 1, upright)
    tops = _positions(_TOP, size.height(), max(cell.row for cell in cells.values()) + 1, level)
    boxes = {
        key: TreeBox(QRectF(QPointF(lefts[cell.column], tops[cell.row]), size), captions[key])
        for key, cell in cells.items()
    }
    routes = {edge: _route(edge, cells, boxes, upright, level, lefts, tops) for edge in edges}
    bottom = tops[-1] + size.height() + _way(level, len(tops) - 1)
    return TreeLayout(boxes, routes, QSizeF(lefts[-1] + size.width() + _LEFT, bottom + _WAY))


def find_ancestry(nodes: Sequence[FamilyTreeNode], key: str) -> frozenset[str]:
    """Return a network of the tree with all that it goes back to; nothing for one that is not in it."""
    parents = {node.key: node.learned_from for node in nodes}
    found: set[str] = set()
    waiting = [key] if key in parents else []
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(parents[current])
    return frozenset(found)


def _place(nodes: Sequence[FamilyTreeNode]) -> dict[str, _Cell]:
    """A column for each year; a further one where two networks of a year share a row, or one learned from the other."""
    cells: dict[str, _Cell] = {}
    first = 0
    for year in sorted({node.year for node in nodes}):
        waiting = [node for node in nodes if node.year == year]
        taken: set[tuple[int, int]] = set()
        while waiting:
            later = {node.key for node in waiting}
            node = next((node for node in waiting if later.isdisjoint(node.learned_from)), waiting[0])
            waiting.remove(node)
            column = max((cells[p].column + 1 for p in node.learned_from if p in cells), default=first)
            column = max(column, first)
            while (column, node.row) in taken:
                column += 1
            taken.add((column, node.row))
            cells[node.key] = _Cell(column, node.row)
        first = max(cell.column for cell in cells.values()) + 1
    return cells


def _wrap(text: str, metrics: QFontMetricsF) -> tuple[str, ...]:
    """A caption in two lines, as even as its words allow; Chinese breaks anywhere."""
    if metrics.horizontalAdvance(text) <= _TITLE_WIDTH:
        return (text,)
    breaks = [n for n in range(1, len(text)) if text[n - 1] in " 、，" or (text[n - 1] > "⺀" and text[n] > "⺀")]
    if not breaks:
        return (text,)

    def width(at: int) -> float:
        return max(metrics.horizontalAdvance(text[:at].strip()), metrics.horizontalAdvance(text[at:].strip()))

    best = min(breaks, key=lambda at: (width(at), text[at - 1] not in " 、，"))
    return text[:best].strip(), text[best:].strip()


_Tracks = dict[int, list[tuple[str, str]]]  # of the way behind a column, or below a row: the lines in it


def _tracks(edges: Sequence[tuple[str, str]], cells: Mapping[str, _Cell]) -> tuple[_Tracks, _Tracks]:
    """Which lines run in which upright way (behind a column) and which level way (below a row; −1: above all)."""
    upright: _Tracks = {}
    level: _Tracks = {}
    for edge in edges:
        source, target = (cells[key] for key in edge)
        upright.setdefault(source.column, []).append(edge)
        if target.column - 1 != source.column:
            upright.setdefault(target.column - 1, []).append(edge)
            level.setdefault(_level_way(source, target), []).append(edge)

    def order(way: int, edge: tuple[str, str]) -> int:
        """Lines that leave for afar come first and those from afar last: beside a box they do not meet."""
        source, target = (cells[key].column for key in edge)
        return 1 if target - 1 == source else 0 if source == way else 2

    return {way: sorted(found, key=partial(order, way)) for way, found in upright.items()}, level


def _level_way(source: _Cell, target: _Cell) -> int:
    """The level way of a line over more than one column: on the target's side of its source."""
    return source.row if target.row > source.row else source.row - 1


def _way(tracks: _Tracks, number: int) -> float:
    return 2 * _WAY + _TRACK * max(len(tracks.get(number, ())) - 1, 0)


def _positions(start: float, side: float, count: int, tracks: _Tracks) -> list[float]:
    """Where columns or rows begin, each behind the way of the one before."""
    found = [start + (_way(tracks, -1) if tracks.get(-1) else 0.0)]
    for number in range(count - 1):
        found.append(found[-1] + side + _way(tracks, number))
    return found


def _route(
    edge: tuple[str, str],
    cells: Mapping[str, _Cell],
    boxes: Mapping[str, TreeBox],
    upright: _Tracks,
    level: _Tracks,
    lefts: Sequence[float],
    tops: Sequence[float],
) -> tuple[QPointF, ...]:
    source, target = (boxes[key].rect for key in edge)
    one, other = (cells[key] for key in edge)
    begin, end = QPointF(source.right(), source.center().y()), QPointF(target.left(), target.center().y())

    def x_behind(column: int) -> float:
        return lefts[column] + source.width() + _WAY + _TRACK * upright[column].index(edge)

    first = x_behind(one.column)
    if other.column - 1 == one.column:
        return (begin, QPointF(first, begin.y()), QPointF(first, end.y()), end)
    way = _level_way(one, other)
    below = tops[way] + source.height() if way >= 0 else tops[0] - _way(level, -1)
    y, last = below + _WAY + _TRACK * level[way].index(edge), x_behind(other.column - 1)
    return (
        begin,
        QPointF(first, begin.y()),
        QPointF(first, y),
        QPointF(last, y),
        QPointF(last, end.y()),
        end,
    )
