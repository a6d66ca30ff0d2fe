"""What every picture must satisfy, whatever the network."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

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
    twins = Counter(links)
    for (source, target), route in zip(links, geometry.routes, strict=True):
        assert_ends(route.points, boxes[source], boxes[target], twins[source, target])
        for one, two in segments(route.points):
            assert one != two
            assert one[0] == two[0] or one[1] == two[1]
            assert -NEAR <= two[0] <= geometry.width + NEAR
            assert -NEAR <= two[1] <= geometry.height + NEAR
    for link, name in crossed(geometry):
        source, target = links[link]
        on_its_way = name in children and name in (*around[source], *around[target])
        assert on_its_way, (source, target, name)


def crossed(geometry: Geometry) -> list[tuple[int, str]]:
    """Links, by number, and the boxes through whose inside they run; all at once, as there are many."""
    names = list(geometry.boxes)
    boxes = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in geometry.boxes.values()]).reshape(-1, 4)
    owners = [n for n, route in enumerate(geometry.routes) for _ in route.points[1:]]
    lines = np.array([(*one, *two) for route in geometry.routes for one, two in segments(route.points)]).reshape(-1, 4)
    found = []
    for first in range(0, len(lines), 1000):
        part = lines[first : first + 1000, None, :]
        low, high = np.minimum(part[..., :2], part[..., 2:]), np.maximum(part[..., :2], part[..., 2:])
        through = (low < boxes[None, :, 2:] - NEAR) & (high > boxes[None, :, :2] + NEAR)
        hits = np.argwhere(through.all(axis=-1))
        found += [(owners[first + int(line)], names[int(box)]) for line, box in hits]
    return found


def assert_inside(inner: Box, outer: Box) -> None:
    assert inner.x >= outer.x - NEAR
    assert inner.y >= outer.y - NEAR
    assert inner.x + inner.width <= outer.x + outer.width + NEAR
    assert inner.y + inner.height <= outer.y + outer.height + NEAR


def assert_apart(boxes: list[Box]) -> None:
    sides = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes]).reshape(-1, 4)
    for number, box in enumerate(sides):
        others = sides[:number]
        apart = (box[2:] <= others[:, :2] + NEAR) | (others[:, 2:] <= box[:2] + NEAR)
        assert apart.any(axis=1).all(), boxes[number]


def assert_ends(points: Sequence[Point], source: Box, target: Box, twins: int = 1) -> None:
    """A link leaves in the middle of the side where the flow goes on, and ends in the middle of the side where it
    comes from; `twins`, links from one card to one and the same other, end beside each other around the middle."""
    (x, y), (u, v) = points[0], points[-1]
    below = near(y, source.y + source.height) and near(x, source.x + source.width / 2)
    right = near(x, source.x + source.width) and near(y, source.y + source.height / 2)
    assert below or right
    slack = 0.0 if twins == 1 else 1.0
    above = near(v, target.y) and near(u, target.x + target.width / 2, slack * target.width / 2)
    left = near(u, target.x) and near(v, target.y + target.height / 2, slack * target.height / 2)
    assert above or left


def near(one: float, two: float, slack: float = 0.0) -> bool:
    return abs(one - two) <= NEAR + slack


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
