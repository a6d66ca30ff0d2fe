"""Horizontal tracks in the gap between two ranks.

Links that leave one pin for several, or reach one pin from several, share a track like the branches of a tree;
anything else has a track of its own wherever it would run along another.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

TrackLink = tuple[Hashable, float, Hashable, float]  # pin above and its x, pin below and its x

STRAIGHT_TOLERANCE = 0.01  # a link this straight needs no track
VERTICAL_TOLERANCE = 0.5  # two verticals nearer than this count as one
TRACK_CLEARANCE = 12.0  # between the ends of two stretches in one track


@dataclass(slots=True)
class _Net:
    lo: float = float("inf")
    hi: float = float("-inf")
    drift: float = 0
    tops: set[int] = field(default_factory=set)
    bottoms: set[int] = field(default_factory=set)

    def add(self, above: float, below: float) -> None:
        """Add a link between these two x."""
        self.lo = min(self.lo, above, below)
        self.hi = max(self.hi, above, below)
        self.drift += below - above
        self.tops.add(round(above / VERTICAL_TOLERANCE))
        self.bottoms.add(round(below / VERTICAL_TOLERANCE))


def assign_tracks(links: Sequence[TrackLink]) -> tuple[list[int | None], int]:
    """Return the track of each link, counted from above (None: it runs straight down), and the number of tracks."""
    fan_out, fan_in = Counter(link[0] for link in links), Counter(link[2] for link in links)
    nets: dict[Hashable, _Net] = {}
    chosen: list[Hashable] = []
    for above, x0, below, x1 in links:
        if abs(x0 - x1) < STRAIGHT_TOLERANCE:
            chosen.append(None)
            continue
        key = (0, above) if fan_out[above] >= fan_in[below] else (1, below)
        nets.setdefault(key, _Net()).add(x0, x1)
        chosen.append(key)
    if not nets:
        return [None] * len(links), 0
    index = {key: number for number, key in enumerate(nets)}
    levels = _assign_levels(list(nets.values()))
    return [None if key is None else levels[index[key]] for key in chosen], max(levels) + 1


def _assign_levels(nets: list[_Net]) -> list[int]:
    """Give each net a track: where a net comes down at the x at which another goes on, it must turn off above it."""
    if len(nets) == 1:
        return [0]
    after, waiting = _vertical_constraints(nets)
    ready = [(_turn_priority(net), number) for number, net in enumerate(nets) if not waiting[number]]
    heapq.heapify(ready)
    levels, floor = [-1] * len(nets), [0] * len(nets)
    rows: list[list[_Net]] = []
    todo = len(nets)
    while todo:
        if not ready:  # two nets change places: no order of straight tracks is right, so take the next one
            stuck = min(number for number in range(len(nets)) if levels[number] < 0)
            ready.append((0.0, stuck))
        _, number = heapq.heappop(ready)
        if levels[number] >= 0:
            continue
        levels[number] = _find_level(rows, nets[number], floor[number])
        todo -= 1
        for later in after[number]:
            floor[later] = max(floor[later], levels[number] + 1)
            waiting[later] -= 1
            if waiting[later] == 0 and levels[later] < 0:
                heapq.heappush(ready, (_turn_priority(nets[later]), later))
    return levels


def _vertical_constraints(nets: list[_Net]) -> tuple[list[list[int]], list[int]]:
    starts: dict[int, list[int]] = defaultdict(list)
    for number, net in enumerate(nets):
        for x in sorted(net.tops):
            starts[x].append(number)
    after: list[list[int]] = [[] for _ in nets]
    waiting = [0] * len(nets)
    for number, net in enumerate(nets):
        for first in sorted({first for x in net.bottoms for first in starts.get(x, ())} - {number}):
            after[first].append(number)
            waiting[number] += 1
    return after, waiting


def _turn_priority(net: _Net) -> float:
    """Return the order in which nets turn off, such that neighbours going the same way do not cross."""
    return -net.lo if net.drift > 0 else net.hi


def _find_level(rows: list[list[_Net]], net: _Net, floor: int) -> int:
    level = floor
    while level < len(rows) and any(
        net.lo <= other.hi + TRACK_CLEARANCE and net.hi >= other.lo - TRACK_CLEARANCE for other in rows[level]
    ):
        level += 1
    while len(rows) <= level:
        rows.append([])
    rows[level].append(net)
    return level
