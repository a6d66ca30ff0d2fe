"""Breaking a long row of columns into several, as text is broken into lines, to fill a page or screen."""

from collections.abc import Sequence

PAGE_ASPECT = 1.6  # width of what is looked at beside its height
ROW_GAP = 44.0
MAX_RELATIVE_EXTENT = 0.88  # a break must make the whole at least this much smaller
MAX_ROWS = 8


def break_into_rows(
    widths: Sequence[float], heights: Sequence[float], may_end: Sequence[bool], gap: float
) -> list[int]:
    """Return the index of the first column of each row but the first; none where one row serves as well.

    `may_end` says for each column whether a row may end behind it.
    """
    best: list[int] = []
    least = _page_width([], widths, heights, gap) * MAX_RELATIVE_EXTENT
    for count in range(2, min(MAX_ROWS, len(widths)) + 1):
        starts = _even_starts(widths, may_end, gap, count)
        size = _page_width(starts, widths, heights, gap)
        if size < least:
            best, least = starts, size * MAX_RELATIVE_EXTENT
    return best


def _page_width(starts: Sequence[int], widths: Sequence[float], heights: Sequence[float], gap: float) -> float:
    """The width of the smallest page that holds all rows."""
    ends = [*starts, len(widths)]
    rows = list(zip([0, *starts], ends, strict=True))
    width = max(sum(widths[a:b]) + gap * (b - a - 1) for a, b in rows)
    height = sum(max(heights[a:b], default=0.0) for a, b in rows) + ROW_GAP * (len(rows) - 1)
    return max(width, PAGE_ASPECT * height)


def _even_starts(widths: Sequence[float], may_end: Sequence[bool], gap: float, count: int) -> list[int]:
    """At most `count` rows, about equally wide."""
    target = (sum(widths) + gap * len(widths)) / count
    starts: list[int] = []
    done = 0.0
    for number, width in enumerate(widths[:-1]):
        done += width + gap
        # Break where the next column would carry the row further past its share than it falls short now.
        if may_end[number] and len(starts) < count - 1 and done + widths[number + 1] / 2 > target * (len(starts) + 1):
            starts.append(number + 1)
    return starts
