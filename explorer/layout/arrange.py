"""From names and sizes to absolute boxes and routes: solve each open group, inner ones first, and put them together."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from explorer.base.memo import bounded
from explorer.layout.columns import HIDDEN_PREFIX, count_open_links
from explorer.layout.geometry import Box, Geometry, Point, Route, Spacing
from explorer.layout.group_border import GroupStyle, SolvedGroup, add_border
from explorer.layout.nesting import GroupGraph, Nesting, build_nesting
from explorer.layout.problem import BOTTOM, TOP, Edge, LayoutNode, LayoutProblem, build_port
from explorer.layout.rows import ROW_GAP, break_into_rows
from explorer.layout.series_parallel import solve
from explorer.layout.track_routing import STRAIGHT_TOLERANCE
from explorer.viewmodels.diagram import Direction, ProgressCallback

MARGIN = 8.0
_PROGRESS_INTERVAL = 64  # groups from one word on how far it is to the next
TEXT_GAP = 6.0  # between a card and the text beside it


def arrange(
    root: str,
    children: Mapping[str, Sequence[str]],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    *,
    direction: Direction = "columns",
    text_widths: Mapping[str, float] = MappingProxyType({}),
    spacing: Spacing | None = None,
    on_progress: ProgressCallback = float,
) -> Geometry:
    """Place cards and open groups and draw the links between them.

    `children` lists the cards and open groups of each open group in execution order; `sizes` those of cards, and
    `beside` how wide the text to the right of a card is, where there is one.
    `step` hears how far it is.
    A self-loop, a cycle between siblings, a link that names no card and a card without a size are a ValueError.
    """
    space = spacing or Spacing()
    on_progress(0.0)
    if direction != "columns":
        whole = build_nesting(root, children, links, sizes)
        style_of = _styles(root, whole, direction)
        shells = solve_groups(whole, sizes, text_widths, style_of, space, on_progress)
        return to_absolute(root, whole, links, sizes, text_widths, shells)
    whole = build_nesting(root, children, links, sizes, space)
    style_of = _styles(root, whole, direction)
    shells = solve_groups(whole, sizes, text_widths, style_of, space, lambda done: on_progress(0.7 * done))
    starts = _choose_row_starts(whole.groups[root], shells, sizes, space)
    if starts:
        whole = build_nesting(root, children, links, sizes, space, starts)
        style_of = _styles(root, whole, direction, rows=True)
        shells = solve_groups(whole, sizes, text_widths, style_of, space, lambda done: on_progress(0.7 + 0.2 * done))
    on_progress(0.9)
    return to_absolute(root, whole, links, sizes, text_widths, shells)


def _styles(root: str, nesting: Nesting, direction: Direction, rows: bool = False) -> Callable[[str], GroupStyle]:
    """Return the direction and border of each open group; with `rows`, the root's children are rows."""
    tops = nesting.groups[root].children
    columns = {child for row in tops for child in nesting.groups[row].children} if rows else set(tops)

    def style_of(name: str) -> GroupStyle:
        if name == root:
            return GroupStyle.ROOT_DOWN if rows or direction == "down" else GroupStyle.ROOT_ACROSS
        if rows and name in tops:
            return GroupStyle.ROW
        if direction == "columns" and name in columns:
            return GroupStyle.BARE_COLUMN if name.startswith(HIDDEN_PREFIX) else GroupStyle.COLUMN
        return GroupStyle.ACROSS if direction == "right" else GroupStyle.DOWN

    return style_of


def solve_groups(
    nesting: Nesting,
    sizes: Mapping[str, tuple[float, float]],
    text_widths: Mapping[str, float],
    style_of: Callable[[str], GroupStyle],
    space: Spacing,
    on_progress: ProgressCallback = float,
) -> dict[str, SolvedGroup]:
    """Return all groups solved, inner ones first."""
    shells: dict[str, SolvedGroup] = {}
    for number, (name, group) in enumerate(nesting.groups.items()):
        if number % _PROGRESS_INTERVAL == 0:
            on_progress(number / len(nesting.groups))
        shells[name] = _solve_group(nesting, group, sizes, text_widths, shells, style_of(name), space)
    return shells


def _choose_row_starts(
    top: GroupGraph, solved_groups: Mapping[str, SolvedGroup], sizes: Mapping[str, tuple[float, float]], space: Spacing
) -> list[int]:
    """The columns with which rows begin: only where a single link leads on."""
    extents = [
        (solved_groups[child].width, solved_groups[child].height) if child in solved_groups else sizes[child]
        for child in top.children
    ]
    crossing = count_open_links(len(top.children), [(edge[:2], edge[0], edge[2]) for edge in top.edges])
    widths, heights = [width for width, _ in extents], [height for _, height in extents]
    return break_into_rows(widths, heights, [count == 1 for count in crossing], space.gutter)


def _solve_group(
    nesting: Nesting,
    group: GroupGraph,
    sizes: Mapping[str, tuple[float, float]],
    text_widths: Mapping[str, float],
    solved_groups: Mapping[str, SolvedGroup],
    style: GroupStyle,
    space: Spacing,
) -> SolvedGroup:
    """Solve one group and put its border around it."""
    sources = {edge[0] for edge in group.edges}
    across = style.is_horizontal
    nodes = _build_ports(TOP, group, space)
    for number, child in enumerate(group.children, group.input_count):
        if child in solved_groups:
            nodes.append(_build_group_node(solved_groups[child], across, space))
        else:
            text, parallel = text_widths.get(child, 0.0), nesting.parallel_links.get(child, 1)
            nodes.append(_build_card(sizes[child], text, parallel, number in sources, across, space))
    nodes += _build_ports(BOTTOM, group, space)
    return solve_cached(
        LayoutProblem(tuple(nodes), tuple(group.edges), space), group.input_count, group.output_count, style
    )


@bounded(4096)
def solve_cached(problem: LayoutProblem, ins: int, outs: int, style: GroupStyle) -> SolvedGroup:
    """Solve a group and add its border. Cached by content: opening a group solves that group and those around it again,
    and no other."""
    shell = add_border(solve(problem), ins, outs, style, problem.spacing)
    return _straighten_exit(shell, problem) if style is GroupStyle.ROW and outs == 1 else shell


def _straighten_exit(solved_group: SolvedGroup, problem: LayoutProblem) -> SolvedGroup:
    """Return a row whose last line goes straight on where nothing is in its way, not up to the axis and down again."""
    last = [number for number, edge in enumerate(problem.edges) if edge[2] == len(problem.nodes) - 1]
    wire = simplify_polyline([*solved_group.polylines[last[0]]]) if len(last) == 1 else ()
    rise = wire[:-1] if len(wire) > 3 and wire[-1][1] == wire[-2][1] else wire
    if len(rise) < 3:
        return solved_group
    (x, y), (across, _), (end, _) = rise[-2], rise[-1], wire[-1]
    boxes = [
        (at, node) for at, node in zip(solved_group.corners, problem.nodes, strict=True) if node.width and node.height
    ]
    # nodes lie as the row flows: what is their height there is their width here
    free = all(left + node.height <= x or not top < y < top + node.width for (left, top), node in boxes)
    if x != across or not free:
        return solved_group
    (_, _), (right, _), foot = solved_group.exit_lines[0]
    wires = [*solved_group.polylines]
    wires[last[0]] = (*rise[:-1], (end, y))
    return replace(solved_group, polylines=tuple(wires), exit_lines=(((end, y), (right, y), foot),))


def _build_ports(pin: int, group: GroupGraph, space: Spacing) -> list[LayoutNode]:
    """Return ports with space for a bend where one may be needed, so that no track inside meets one outside."""
    end, first, count = (
        (0, 0, group.input_count) if pin == TOP else (2, group.input_count + len(group.children), group.output_count)
    )
    degree = Counter(edge[end] for edge in group.edges)
    return [build_port(pin, space.track if count > 1 or degree[first + number] > 1 else 0) for number in range(count)]


def _build_card(
    size: tuple[float, float], text: float, parallel_links: int, feeds: bool, across: bool, space: Spacing
) -> LayoutNode:
    width, height = size[::-1] if across else size
    middle = width / 2
    pins = [middle]
    if parallel_links > 1:
        pitch = min(space.twin, width / (parallel_links + 1))
        pins += [middle + (number - (parallel_links - 1) / 2) * pitch for number in range(parallel_links)]
    stub, reach = space.stub if feeds else 0.0, width
    if text and across:
        stub += text + TEXT_GAP
    elif text:
        reach += text + TEXT_GAP
    return LayoutNode(width, height, tuple(pins), (middle,), middle, space.arrow, stub, reach)


def _build_group_node(solved_group: SolvedGroup, across: bool, space: Spacing) -> LayoutNode:
    width, height = (solved_group.height, solved_group.width) if across else (solved_group.width, solved_group.height)
    ins = tuple(points[0][1 if across else 0] for points in solved_group.entry_lines)
    outs = tuple(points[-1][1 if across else 0] for points in solved_group.exit_lines)
    is_column = solved_group.style in (GroupStyle.COLUMN, GroupStyle.BARE_COLUMN)
    half = space.gutter / 2 if is_column else space.arrow
    half = ROW_GAP / 2 if solved_group.style is GroupStyle.ROW else half
    stub = half if outs else 0
    return LayoutNode(width, height, ins, outs, solved_group.axis, half, stub, width, is_column=is_column)


def to_absolute(
    root: str,
    nesting: Nesting,
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    text_widths: Mapping[str, float],
    solved_groups: Mapping[str, SolvedGroup],
) -> Geometry:
    """Return solved groups in coordinates of the whole, and the route of each link."""
    corner: dict[str, Point] = {root: (MARGIN, MARGIN)}
    boxes: dict[str, Box] = {}
    is_across: dict[str, bool] = {}
    for name in reversed(nesting.groups):
        solved_group, group, (x, y) = solved_groups[name], nesting.groups[name], corner[name]
        horizontal = solved_group.style.is_horizontal
        for child, (dx, dy) in zip(group.children, solved_group.corners[group.input_count :], strict=False):
            corner[child] = (x + dx, y + dy)
            inner = solved_groups.get(child)
            width, height = (inner.width, inner.height) if inner else sizes[child]
            is_across[child] = horizontal
            if not child.startswith(HIDDEN_PREFIX):
                boxes[child] = Box(x + dx, y + dy, width, height)
    routes = tuple(_build_route(trail, nesting, solved_groups, corner) for trail in nesting.link_paths)
    texts = {name: _text_position(boxes[name], is_across[name]) for name in text_widths if name in boxes}
    frame = solved_groups[root]
    return Geometry(boxes, routes, frame.width + 2 * MARGIN, frame.height + 2 * MARGIN, texts)


def _text_position(box: Box, across: bool) -> Point:
    """Return where the text beside a card begins: to its right, above the line that leaves it there."""
    return box.x + box.width + TEXT_GAP, box.y + box.height / 2 + (-5 if across else 4)


def _build_route(
    link_path: list[tuple[str, int]],
    nesting: Nesting,
    solved_groups: Mapping[str, SolvedGroup],
    corner: Mapping[str, Point],
) -> Route:
    points: list[Point] = []
    skip = False
    for name, number in link_path:
        shell, (x, y) = solved_groups[name], corner[name]
        edge: Edge = nesting.groups[name].edges[number]
        group = nesting.groups[name]
        if edge[0] < group.input_count:
            points += [(x + dx, y + dy) for dx, dy in shell.entry_lines[edge[0]]]
        points += [(x + dx, y + dy) for dx, dy in shell.polylines[number]]
        foot = group.input_count + len(group.children)
        if edge[2] >= foot:
            points += [(x + dx, y + dy) for dx, dy in shell.exit_lines[edge[2] - foot]]
        skip = skip or shell.uses_lane[number]
    return Route(simplify_polyline(points), skip)


def simplify_polyline(points: list[Point]) -> tuple[Point, ...]:
    """Drop repeated points and points within a straight stretch; keep stretches exactly axis-parallel."""
    kept: list[Point] = []
    for x, y in points:
        if kept:
            px, py = kept[-1]
            x = px if abs(x - px) < STRAIGHT_TOLERANCE else x
            y = py if abs(y - py) < STRAIGHT_TOLERANCE else y
            if (x, y) == (px, py):
                continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == x or kept[-2][1] == kept[-1][1] == y):
            kept[-1] = (x, y)
        else:
            kept.append((x, y))
    return tuple(kept)
