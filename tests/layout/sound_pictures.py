"""What every picture must satisfy, whatever the network."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from explorer.layout import Box, Geometry

Point = tuple[float, float]
NEAR = 0.01


def ancestors(children: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The open groups around each card and group, inner ones first."""
    parent = {child: group for group, inside in children.items() for child in inside}

    def above(name: str) -> list[str]:
        chain = []
        while name in parent:
            name = parent[name]
            chain.append(name)
        return chain

    return {name: above(name) for name in parent}


def segments(points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    yield from pairwise(points)


def crosses(one: Point, two: Point, box: Box) -> bool:
    """Whether a stretch runs through the inside of a box; along its border is fine."""
    left, right = sorted((one[0], two[0]))
    top, bottom = sorted((one[1], two[1]))
    return (
        left < box.x + box.width - NEAR
        and right > box.x + NEAR
        and top < box.y + box.height - NEAR
        and bottom > box.y + NEAR
    )


def check(
    geometry: Geometry,
    children: Mapping[str, Sequence[str]],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    root: str = "root",
) -> None:
    """Assert that boxes nest, nothing overlaps and every route leads from its source to its target around the rest."""
    boxes = geometry.boxes
    around = ancestors(children)
    assert set(boxes) == set(around)
    for name, (width, height) in sizes.items():
        assert (boxes[name].width, boxes[name].height) == (width, height)
    for group, inside in children.items():
        outer = boxes.get(group, Box(0, 0, geometry.width, geometry.height))
        for child in inside:
            assert_inside(boxes[child], outer)
        assert_apart([boxes[child] for child in inside])
    assert len(geometry.routes) == len(links)
    for (source, target), route in zip(links, geometry.routes, strict=True):
        assert_ends(route.points, boxes[source], boxes[target])
        passable = {source, target, *around[source], *around[target]}
        for one, two in segments(route.points):
            assert one != two
            assert one[0] == two[0] or one[1] == two[1]
            assert -NEAR <= two[0] <= geometry.width + NEAR
            assert -NEAR <= two[1] <= geometry.height + NEAR
            for name, box in boxes.items():
                on_its_way = name in passable and name in children
                assert on_its_way or not crosses(one, two, box), (source, target, name)


def assert_inside(inner: Box, outer: Box) -> None:
    assert inner.x >= outer.x - NEAR
    assert inner.y >= outer.y - NEAR
    assert inner.x + inner.width <= outer.x + outer.width + NEAR
    assert inner.y + inner.height <= outer.y + outer.height + NEAR


def assert_apart(boxes: list[Box]) -> None:
    for number, one in enumerate(boxes):
        for two in boxes[:number]:
            assert (
                one.x + one.width <= two.x + NEAR
                or two.x + two.width <= one.x + NEAR
                or one.y + one.height <= two.y + NEAR
                or two.y + two.height <= one.y + NEAR
            )


def assert_ends(points: Sequence[Point], source: Box, target: Box) -> None:
    (x, y), (u, v) = points[0], points[-1]
    below = abs(y - source.y - source.height) < NEAR and source.x <= x <= source.x + source.width
    right = abs(x - source.x - source.width) < NEAR and source.y <= y <= source.y + source.height
    assert below or right
    above = abs(v - target.y) < NEAR and target.x <= u <= target.x + target.width
    left = abs(u - target.x) < NEAR and target.y <= v <= target.y + target.height
    assert above or left


def shared_stretches(geometry: Geometry, links: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Pairs of links that run along the same line for a while, though nothing bundles them.

    Links from one source or to one target may share a line, and so may all links from some sources to some targets.
    """
    found = []
    joined = set(links)
    lines = [list(segments(route.points)) for route in geometry.routes]
    for a in range(len(links)):
        for b in range(a):
            if links[a][0] == links[b][0] or links[a][1] == links[b][1]:
                continue
            if (links[a][0], links[b][1]) in joined and (links[b][0], links[a][1]) in joined:
                continue
            if any(_along(one, two) for one in lines[a] for two in lines[b]):
                found.append((b, a))
    return found


def _along(one: tuple[Point, Point], two: tuple[Point, Point]) -> bool:
    for axis in (0, 1):
        level = {point[axis] for point in (*one, *two)}
        if len(level) == 1 or max(level) - min(level) < NEAR:
            (a, b), (c, d) = sorted(p[1 - axis] for p in one), sorted(p[1 - axis] for p in two)
            return min(b, d) - max(a, c) > NEAR
    return False
