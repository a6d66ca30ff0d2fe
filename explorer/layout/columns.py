"""Columns for cards that lie in the root without a group around them.

Left to right they would make a long thin line; as columns without a border they line up with the groups beside them.
"""

from collections.abc import Hashable, Mapping, Sequence
from math import sqrt

from explorer.layout.geometry import Spacing

MIN_COLUMN_HEIGHT = 1000.0  # a column is not split below this height
HIDDEN_PREFIX = "\0column "  # no card or group is named like this


def bundle_columns(
    order: Sequence[str],
    links: Sequence[tuple[str, str]],
    sizes: Mapping[str, tuple[float, float]],
    spacing: Spacing,
    highest: float | None = None,
) -> dict[str, list[str]]:
    """Split the root's children, in topological order, into runs of cards and single groups, by hidden name.

    A run of one card stays as it is. No column is much higher than `highest`; without it, than wide. Neighbours in a
    topological order can be joined without making a cycle.
    """
    place = {name: number for number, name in enumerate(order)}
    crossing = count_open_links(len(order), [(a, place[a], place[b]) for a, b in links])
    runs: dict[str, list[str]] = {}
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and order[end] in sizes:
            end += 1
        for run in _split_run(range(start, end), order, crossing, sizes, spacing, highest):
            if len(run) == 1:
                runs[run[0]] = []
            else:
                runs[f"{HIDDEN_PREFIX}{run[0]}"] = run
        if end < len(order):
            runs[order[end]] = []
        start = end + 1
    return runs


def count_open_links(count: int, spans: Sequence[tuple[Hashable, int, int]]) -> list[int]:
    """Return how many different values are still in use after each position; `spans` are (value, source, target)."""
    last: dict[tuple[Hashable, int], int] = {}
    for what, source, target in spans:
        last[what, source] = max(last.get((what, source), source), target)
    change = [0] * (count + 1)
    for (_, source), target in last.items():
        change[source] += 1
        change[target] -= 1
    open_, result = 0, []
    for step in change[:-1]:
        open_ += step
        result.append(open_)
    return result


def _split_run(
    run: range,
    order: Sequence[str],
    crossing: Sequence[int],
    sizes: Mapping[str, tuple[float, float]],
    spacing: Spacing,
    highest: float | None,
) -> list[list[str]]:
    """Break a run that would be much higher than wide, where only one link crosses the break."""
    between = spacing.stub + spacing.arrow
    area = sum((sizes[order[n]][0] + spacing.gutter) * (sizes[order[n]][1] + between) for n in run)
    highest = max(MIN_COLUMN_HEIGHT, sqrt(area)) if highest is None else highest
    parts: list[list[str]] = []
    part: list[str] = []
    height = 0.0
    for number in run:
        part.append(order[number])
        height += sizes[order[number]][1] + between
        if height > highest and crossing[number] == 1:
            parts.append(part)
            part, height = [], 0.0
    return [*parts, part] if part else parts
