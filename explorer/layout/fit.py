"""Layouts that fill a page: long ways are wrapped, as text is, into rows and columns.

Of several ways to wrap, the one is taken in which the drawing can be largest on the page. A way is wrapped only where
a single link leads on, or one rail as in a dense block, so that no bundle of links runs from the end of a row to the
beginning of the next; a drawing that is too small to be read otherwise, such as that of a U-Net, also where a few do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from types import MappingProxyType

from explorer.layout.arrange import solve_groups, to_absolute
from explorer.layout.breaks import break_evenly, may_end
from explorer.layout.columns import HIDDEN_PREFIX, bundle_columns
from explorer.layout.geometry import Geometry, Spacing
from explorer.layout.group_border import GroupStyle, SolvedGroup
from explorer.layout.nesting import GroupGraph, build_nesting
from explorer.layout.rows import ROW_GAP
from explorer.viewmodels.diagram import Direction, ProgressCallback

_ROW, _COLUMN = f"{HIDDEN_PREFIX}row ", f"{HIDDEN_PREFIX}part "
_LIMITS = (inf, 2.0, 1.4, 1.0, 0.75, 0.55, 0.4, 0.3)  # of how long a way may be, beside the ideal page
_MAX_WIDTHS = 48  # row widths to try
_SHORT_ROW, _WORTH_A_SHORT_ROW = 0.35, 1.25  # a row this short looks left over: the drawing must gain this much by it
_SMALL = 0.5  # of the largest zoom: a drawing that stays below it may break where a bundle of links leads on
_HALF = 0.55  # of the room: a drawing that fills less may break there too, and beside shortcuts
_BUNDLE, _WORTH_A_BUNDLE = 5, 1.3  # links in such a bundle, and what the drawing must gain by it
_MAX_STRETCH = 2.2  # gaps grow no further than this to fill a page


@dataclass(frozen=True, slots=True)
class Fit:
    """Room for a drawing, and how much larger than its natural size it may be there."""

    width: float
    height: float
    max_zoom: float

    def zoom(self, width: float, height: float) -> float:
        """Return how large a drawing of this size can be in the room."""
        return min(self.width / width, self.height / height, self.max_zoom)


@dataclass(frozen=True)
class _Wrapping:
    """Children of each group with hidden groups for rows and columns, and what the groups are."""

    children: Mapping[str, Sequence[str]]
    styles: Mapping[str, GroupStyle]


def arrange_to_fit(
    root: str,
    children: Mapping[str, Sequence[str]],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    fit: Fit,
    *,
    direction: Direction = "columns",
    text_widths: Mapping[str, float] = MappingProxyType({}),
    spacing: Spacing | None = None,
    on_progress: ProgressCallback = float,
) -> Geometry:
    """Place cards and open groups as `arrange` does, wrapped such that they are as large as can be in the room of
    `fit`; where that leaves a choice, as low as can be. Raises ValueError as `arrange` does."""
    search = _Search(root, children, links, sizes, fit, direction, text_widths, spacing or Spacing())
    best, chosen = search.find_best(on_progress)
    if search.rate(best)[0] < _SMALL * fit.max_zoom or search.leaves_half_empty(best):
        search.most_links = _BUNDLE
        other, way = search.find_best(on_progress)
        if search.rate(other)[0] > _WORTH_A_BUNDLE * search.rate(best)[0]:
            best, chosen = other, way
    return search.stretch(best, chosen)


class _Search:
    """Ways to wrap one diagram."""

    def __init__(
        self,
        root: str,
        children: Mapping[str, Sequence[str]],
        links: Sequence[tuple[str, str]],
        sizes: Mapping[str, tuple[float, float]],
        fit: Fit,
        direction: Direction,
        text_widths: Mapping[str, float],
        space: Spacing,
    ) -> None:
        self.root, self.links, self.sizes, self.fit = root, links, sizes, fit
        self.direction, self.text_widths, self.space = direction, text_widths, space
        self.most_links = 1  # that run from the end of a row to the beginning of the next
        nesting = build_nesting(root, children, links, sizes)
        self.groups = nesting.groups
        self.children: dict[str, Sequence[str]] = {name: group.children for name, group in nesting.groups.items()}
        self.place = {name: number for number, name in enumerate(self.children[root])}
        self.plain = {name: self._plain_style(name) for name in self.groups}
        self.solved = solve_groups(nesting, sizes, text_widths, self.plain.__getitem__, space)

    def _plain_style(self, name: str) -> GroupStyle:
        if name == self.root:
            return GroupStyle.ROOT_ACROSS
        if self.direction == "columns" and name in self.place:
            return GroupStyle.COLUMN
        return GroupStyle.ACROSS if self.direction == "right" else GroupStyle.DOWN

    def find_best(self, on_progress: ProgressCallback) -> tuple[Geometry, _Wrapping]:
        """Return the layout that is best, and the wrapping that it has."""
        best: tuple[Geometry, _Wrapping] | None = None
        tried = list(self.wrappings())
        for number, wrapping in enumerate(tried):
            on_progress(number / len(tried))
            found = self.solve(wrapping, self.space)
            if best is None or self.rate(found) > self.rate(best[0]):
                best = found, wrapping
        assert best is not None  # one way is not to wrap at all
        return best

    def rate(self, geometry: Geometry) -> tuple[float, float]:
        """Return what is better the larger it is: the zoom on the page, then lowness."""
        return round(self.fit.zoom(geometry.width, geometry.height), 3), -geometry.height

    def leaves_half_empty(self, geometry: Geometry) -> bool:
        """Whether a layout could be larger on the page, and fills half of it at most."""
        zoom = self.fit.zoom(geometry.width, geometry.height)
        filled = zoom**2 * geometry.width * geometry.height / (self.fit.width * self.fit.height)
        return zoom < self.fit.max_zoom and filled < _HALF

    def solve(self, wrapping: _Wrapping, space: Spacing) -> Geometry:
        """Return the layout of a wrapping."""
        nesting = build_nesting(self.root, wrapping.children, self.links, self.sizes)
        shells = solve_groups(nesting, self.sizes, self.text_widths, wrapping.styles.__getitem__, space)
        return to_absolute(self.root, nesting, self.links, self.sizes, self.text_widths, shells)

    def stretch(self, geometry: Geometry, wrapping: _Wrapping) -> Geometry:
        """Return the layout with wider gaps between columns where the page is wider than it; else as it is."""
        zoom = self.fit.zoom(geometry.width, geometry.height)
        spare = self.fit.width / zoom / geometry.width
        if spare < 1.08 or self.direction == "right":
            return geometry
        best = geometry
        for factor in (1.3, 1.7, _MAX_STRETCH):
            space = replace(self.space, gutter=self.space.gutter * factor, column=self.space.column * factor)
            wider = self.solve(wrapping, space)
            if self.fit.zoom(wider.width, wider.height) >= zoom - 1e-6:
                best = wider
        return best

    def wrappings(self) -> Iterator[_Wrapping]:
        """Yield different ways to wrap, the first of them as little as can be."""
        sides = [self._extent(child, self.solved) for child in self.children[self.root]]
        area = sum((width + self.space.gutter) * (height + self.space.stub) for width, height in sides)
        height = sqrt(area * self.fit.height / self.fit.width)
        ideal = height * self.fit.width / self.fit.height if self.direction == "right" else height
        seen: set[object] = set()
        for share in _LIMITS:
            for wrapping in self._wrap(share * ideal):
                key = *((name, *inside) for name, inside in wrapping.children.items()), *wrapping.styles.items()
                if key not in seen:
                    seen.add(key)
                    yield wrapping

    def _extent(self, name: str, solved: Mapping[str, SolvedGroup]) -> tuple[float, float]:
        return (solved[name].width, solved[name].height) if name in solved else self.sizes[name]

    def _wrap(self, limit: float) -> Iterator[_Wrapping]:
        """Yield ways in which nothing, where it can be broken, is much longer than `limit` along its flow."""
        if self.direction == "down":
            yield self._newspaper(limit)
            return
        children, styles = dict(self.children), dict(self.plain)
        for name in self.children[self.root]:
            if name in self.groups:
                self._split(name, limit, children, styles)
        if self.direction == "columns":
            self._bundle_loose(limit, children, styles)
        yield from self._break_rows(_Wrapping(children, styles))

    def _split(
        self, name: str, limit: float, children: dict[str, Sequence[str]], styles: dict[str, GroupStyle]
    ) -> None:
        """Make columns of a stage that is too high, or rows of one that is too wide."""
        across = self.direction == "right"
        parts = self._parts(self.groups[name], limit, across)
        if len(parts) < 2 and not self._holds_one_long_group(name, limit):
            return
        styles[name] = GroupStyle.COLUMN if across else GroupStyle.ACROSS
        inside = []
        for part in parts:
            if len(part) == 1 and part[0] in self.groups and not across:
                styles[part[0]] = GroupStyle.COLUMN
                self._split(part[0], limit, children, styles)
                inside.append(part[0])
            else:
                inside.append(f"{_COLUMN}{part[0]}")
                children[inside[-1]] = part
                styles[inside[-1]] = GroupStyle.ROW if across else GroupStyle.BARE_COLUMN
        children[name] = inside

    def _holds_one_long_group(self, name: str, limit: float) -> bool:
        """Whether a group has nothing but another one that is too high: that one can be split instead."""
        inside = self.groups[name].children
        if len(inside) != 1 or inside[0] not in self.groups or self.direction == "right":
            return False
        return self._extent(inside[0], self.solved)[1] > limit

    def _parts(self, group: GroupGraph, limit: float, across: bool) -> list[list[str]]:
        gap = self.space.stub + self.space.arrow
        lengths = [self._extent(child, self.solved)[0 if across else 1] + gap for child in group.children]
        return break_evenly(group.children, lengths, may_end(group, beside_shortcuts=self.most_links > 1), limit)

    def _bundle_loose(self, limit: float, children: dict[str, Sequence[str]], styles: dict[str, GroupStyle]) -> None:
        """Make columns of the cards that lie in the root without a group around them."""
        tops = self.children[self.root]
        links = [(tops[a], tops[b]) for a, b in _inner_edges(self.groups[self.root])]
        loose = {name: self.sizes[name] for name in tops if name not in self.groups}
        runs = bundle_columns(tops, links, loose, self.space, limit)
        children[self.root] = list(runs)
        for name, run in runs.items():
            if run:
                children[name], styles[name] = run, GroupStyle.BARE_COLUMN

    def _newspaper(self, limit: float) -> _Wrapping:
        """Return columns from top to bottom, one beside the other."""
        parts = self._parts(self.groups[self.root], limit, across=False)
        children, styles = dict(self.children), dict(self.plain)
        if len(parts) < 2:
            return _Wrapping(children, styles | {self.root: GroupStyle.ROOT_DOWN})
        children[self.root] = [f"{_COLUMN}{part[0]}" for part in parts]
        children |= {f"{_COLUMN}{part[0]}": part for part in parts}
        styles |= {f"{_COLUMN}{part[0]}": GroupStyle.BARE_COLUMN for part in parts}
        return _Wrapping(children, styles)

    def _break_rows(self, wrapping: _Wrapping) -> Iterator[_Wrapping]:
        """Yield the wrapping as one row, and in the rows in which it can be largest."""
        yield wrapping
        nesting = build_nesting(self.root, wrapping.children, self.links, self.sizes)
        solved = solve_groups(nesting, self.sizes, self.text_widths, wrapping.styles.__getitem__, self.space)
        top = nesting.groups[self.root]
        sides = [self._extent(child, solved) for child in top.children]
        gap = self.space.gutter if self.direction == "columns" else self.space.stub + self.space.arrow
        starts = _choose_starts(sides, may_end(top, self.most_links), gap, self.fit)
        if not starts:
            return
        ends = [*starts, len(top.children)]
        rows = {f"{_ROW}{a}": top.children[a:b] for a, b in zip([0, *starts], ends, strict=True)}
        styles = {**wrapping.styles, self.root: GroupStyle.ROOT_DOWN, **dict.fromkeys(rows, GroupStyle.ROW)}
        yield _Wrapping({**wrapping.children, self.root: list(rows), **rows}, styles)


def _inner_edges(group: GroupGraph) -> list[tuple[int, int]]:
    """The edges between the children of a group that has no ports, by number."""
    return [(edge[0], edge[2]) for edge in group.edges]


def _choose_starts(sides: Sequence[tuple[float, float]], may_end: Sequence[bool], gap: float, fit: Fit) -> list[int]:
    """The first child of each row but the first, such that the whole is largest on the page; none for one row."""
    best: list[int] = []
    most = fit.zoom(_row_width(sides, gap), max(height for _, height in sides))
    spans = sorted({_row_width(sides[a:b], gap) for a in range(len(sides)) for b in range(a + 1, len(sides) + 1)})
    for width in spans[:: max(1, len(spans) // _MAX_WIDTHS)]:
        starts = _fill_rows(sides, may_end, gap, width)
        ends = [*starts, len(sides)]
        rows = [sides[a:b] for a, b in zip([0, *starts], ends, strict=True)]
        height = sum(max(height for _, height in row) for row in rows) + ROW_GAP * (len(rows) - 1)
        widths = [_row_width(row, gap) for row in rows]
        zoom = fit.zoom(max(widths), height)
        if zoom > most * (1.02 if min(widths) > _SHORT_ROW * max(widths) else _WORTH_A_SHORT_ROW):
            best, most = starts, zoom
    return best


def _row_width(row: Sequence[tuple[float, float]], gap: float) -> float:
    return sum(width for width, _ in row) + gap * (len(row) - 1)


def _fill_rows(sides: Sequence[tuple[float, float]], may_end: Sequence[bool], gap: float, width: float) -> list[int]:
    """Rows of at most this width where they can end."""
    starts: list[int] = []
    begin, end = 0, 0  # of the row, and the last place at which it may end
    for number in range(len(sides)):
        if _row_width(sides[begin : number + 1], gap) > width and end > begin:
            starts.append(end)
            begin = end
        if may_end[number]:
            end = number + 1
    return starts
