"""From names and sizes to absolute boxes and routes: solve each open group, inner ones first, and put them together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from explorer.diagram import Direction, Step
from explorer.layout.channel import EXACT
from explorer.layout.columns import UNSEEN, crossings
from explorer.layout.frame import BOTTOM, TOP, Edge, Frame, Node, port
from explorer.layout.geometry import Box, Geometry, Point, Route, Spacing
from explorer.layout.nest import Group, Nest, nest
from explorer.layout.rows import ROW_GAP, broken
from explorer.layout.series import solve
from explorer.layout.shell import Shell, Style, enclose

MARGIN = 8.0
_OFTEN = 64  # groups from one word on how far it is to the next
TEXT_GAP = 6.0  # between a card and the text beside it


def arrange(
    root: str,
    children: Mapping[str, Sequence[str]],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    *,
    direction: Direction = "columns",
    beside: Mapping[str, float] = MappingProxyType({}),
    spacing: Spacing | None = None,
    step: Step = float,
) -> Geometry:
    """Place cards and open groups and draw the links between them.

    `children` lists the cards and open groups of each open group in execution order; `sizes` those of cards, and
    `beside` how wide the text to the right of a card is, where there is one.
    `step` hears how far it is.
    A self-loop, a cycle between siblings, a link that names no card and a card without a size are a ValueError.
    """
    space = spacing or Spacing()
    step(0.0)
    if direction != "columns":
        whole = nest(root, children, links, sizes)
        return _absolute(root, whole, links, sizes, beside, _shells(root, whole, sizes, beside, direction, space, step))
    whole = nest(root, children, links, sizes, space)
    shells = _shells(root, whole, sizes, beside, direction, space, lambda done: step(0.7 * done))
    starts = _starts(whole.groups[root], shells, sizes, space)
    if starts:
        whole = nest(root, children, links, sizes, space, starts)
        shells = _shells(root, whole, sizes, beside, direction, space, lambda done: step(0.7 + 0.2 * done), True)
    step(0.9)
    return _absolute(root, whole, links, sizes, beside, shells)


def _shells(
    root: str,
    whole: Nest,
    sizes: Mapping[str, tuple[float, float]],
    beside: Mapping[str, float],
    direction: Direction,
    space: Spacing,
    step: Step,
    rows: bool = False,
) -> dict[str, Shell]:
    """All groups solved, inner ones first."""
    tops = whole.groups[root].children
    columns = {child for row in tops for child in whole.groups[row].children} if rows else set(tops)
    shells: dict[str, Shell] = {}
    for number, (name, group) in enumerate(whole.groups.items()):
        if number % _OFTEN == 0:
            step(number / len(whole.groups))
        style = Style.ACROSS if direction == "right" else Style.DOWN
        if name == root:
            style = Style.ROOT_DOWN if rows or direction == "down" else Style.ROOT_ACROSS
        elif rows and name in tops:
            style = Style.ROW
        elif direction == "columns" and name in columns:
            style = Style.BARE_COLUMN if name.startswith(UNSEEN) else Style.COLUMN
        shells[name] = _shell(whole, group, sizes, beside, shells, style, space)
    return shells


def _starts(
    top: Group, shells: Mapping[str, Shell], sizes: Mapping[str, tuple[float, float]], space: Spacing
) -> list[int]:
    """The columns with which rows begin: only where a single link leads on."""
    extents = [
        (shells[child].width, shells[child].height) if child in shells else sizes[child] for child in top.children
    ]
    crossing = crossings(len(top.children), [(edge[:2], edge[0], edge[2]) for edge in top.edges])
    widths, heights = [width for width, _ in extents], [height for _, height in extents]
    return broken(widths, heights, [count == 1 for count in crossing], space.gutter)


def _shell(
    whole: Nest,
    group: Group,
    sizes: Mapping[str, tuple[float, float]],
    beside: Mapping[str, float],
    shells: Mapping[str, Shell],
    style: Style,
    space: Spacing,
) -> Shell:
    """Solve one group and put its border around it."""
    sources = {edge[0] for edge in group.edges}
    nodes = _ports(TOP, group, space)
    for number, child in enumerate(group.children, group.ins):
        if child in shells:
            nodes.append(_group_node(shells[child], style.across, space))
        else:
            text = beside.get(child, 0.0)
            nodes.append(_card(sizes[child], text, whole.twins.get(child, 1), number in sources, style.across, space))
    nodes += _ports(BOTTOM, group, space)
    return solved(Frame(tuple(nodes), tuple(group.edges), space), group.ins, len(group.outs), style)


@lru_cache(maxsize=4096)
def solved(frame: Frame, ins: int, outs: int, style: Style) -> Shell:
    """Remembered by content: opening a group solves that group and those around it again, and no other."""
    shell = enclose(solve(frame), ins, outs, style, frame.spacing)
    return _direct(shell, frame) if style is Style.ROW and outs == 1 else shell


def _direct(shell: Shell, frame: Frame) -> Shell:
    """A row whose last line goes straight on where nothing is in its way, not up to the axis and down again."""
    last = [number for number, edge in enumerate(frame.edges) if edge[2] == len(frame.nodes) - 1]
    wire = simplify([*shell.wires[last[0]]]) if len(last) == 1 else ()
    rise = wire[:-1] if len(wire) > 3 and wire[-1][1] == wire[-2][1] else wire
    if len(rise) < 3:
        return shell
    (x, y), (across, _), (end, _) = rise[-2], rise[-1], wire[-1]
    boxes = [(at, node) for at, node in zip(shell.at, frame.nodes, strict=True) if node.width and node.height]
    # nodes lie as the row flows: what is their height there is their width here
    free = all(left + node.height <= x or not top < y < top + node.width for (left, top), node in boxes)
    if x != across or not free:
        return shell
    (_, _), (right, _), foot = shell.leave[0]
    wires = [*shell.wires]
    wires[last[0]] = (*rise[:-1], (end, y))
    return replace(shell, wires=tuple(wires), leave=(((end, y), (right, y), foot),))


def _ports(pin: int, group: Group, space: Spacing) -> list[Node]:
    """Ports with room for a bend where one may be needed, so that no track inside meets one outside."""
    end, first, count = (0, 0, group.ins) if pin == TOP else (2, group.ins + len(group.children), len(group.outs))
    degree = Counter(edge[end] for edge in group.edges)
    return [port(pin, space.track if count > 1 or degree[first + number] > 1 else 0) for number in range(count)]


def _card(size: tuple[float, float], text: float, twins: int, feeds: bool, across: bool, space: Spacing) -> Node:
    width, height = size[::-1] if across else size
    middle = width / 2
    pins = [middle]
    if twins > 1:
        pitch = min(space.twin, width / (twins + 1))
        pins += [middle + (number - (twins - 1) / 2) * pitch for number in range(twins)]
    stub, reach = space.stub if feeds else 0.0, width
    if text and across:
        stub += text + TEXT_GAP
    elif text:
        reach += text + TEXT_GAP
    return Node(width, height, tuple(pins), (middle,), middle, space.arrow, stub, reach)


def _group_node(shell: Shell, across: bool, space: Spacing) -> Node:
    width, height = (shell.height, shell.width) if across else (shell.width, shell.height)
    ins = tuple(points[0][1 if across else 0] for points in shell.enter)
    outs = tuple(points[-1][1 if across else 0] for points in shell.leave)
    half = space.gutter / 2 if shell.style in (Style.COLUMN, Style.BARE_COLUMN) else space.arrow
    half = ROW_GAP / 2 if shell.style is Style.ROW else half
    return Node(width, height, ins, outs, shell.axis, half, half if outs else 0, width)


def _absolute(
    root: str,
    whole: Nest,
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    beside: Mapping[str, float],
    shells: Mapping[str, Shell],
) -> Geometry:
    corner: dict[str, Point] = {root: (MARGIN, MARGIN)}
    boxes: dict[str, Box] = {}
    across: dict[str, bool] = {}
    for name in reversed(whole.groups):
        shell, (x, y) = shells[name], corner[name]
        for child, (dx, dy) in zip(whole.groups[name].children, shell.at[whole.groups[name].ins :], strict=False):
            corner[child] = (x + dx, y + dy)
            inner = shells.get(child)
            width, height = (inner.width, inner.height) if inner else sizes[child]
            across[child] = shell.style.across
            if not child.startswith(UNSEEN):
                boxes[child] = Box(x + dx, y + dy, width, height)
    routes = tuple(_route(trail, whole, shells, corner) for trail in whole.trails)
    texts = {name: _text(boxes[name], across[name]) for name in beside if name in boxes}
    frame = shells[root]
    return Geometry(boxes, routes, frame.width + 2 * MARGIN, frame.height + 2 * MARGIN, texts)


def _text(box: Box, across: bool) -> Point:
    """Where the text beside a card begins: to its right, above the line that leaves it there."""
    return box.x + box.width + TEXT_GAP, box.y + box.height / 2 + (-5 if across else 4)


def _route(
    trail: list[tuple[str, int]],
    whole: Nest,
    shells: Mapping[str, Shell],
    corner: Mapping[str, Point],
) -> Route:
    points: list[Point] = []
    skip = False
    for name, number in trail:
        shell, (x, y) = shells[name], corner[name]
        edge: Edge = whole.groups[name].edges[number]
        group = whole.groups[name]
        if edge[0] < group.ins:
            points += [(x + dx, y + dy) for dx, dy in shell.enter[edge[0]]]
        points += [(x + dx, y + dy) for dx, dy in shell.wires[number]]
        foot = group.ins + len(group.children)
        if edge[2] >= foot:
            points += [(x + dx, y + dy) for dx, dy in shell.leave[edge[2] - foot]]
        skip = skip or shell.skips[number]
    return Route(simplify(points), skip)


def simplify(points: list[Point]) -> tuple[Point, ...]:
    """Drop repeated points and points within a straight stretch; keep stretches exactly axis-parallel."""
    kept: list[Point] = []
    for x, y in points:
        if kept:
            px, py = kept[-1]
            x = px if abs(x - px) < EXACT else x
            y = py if abs(y - py) < EXACT else y
            if (x, y) == (px, py):
                continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == x or kept[-2][1] == kept[-1][1] == y):
            kept[-1] = (x, y)
        else:
            kept.append((x, y))
    return tuple(kept)
