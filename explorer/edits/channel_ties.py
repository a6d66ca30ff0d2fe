"""Labels of the channels of an edited snapshot, where layers follow what they are tied to.

The channels of two layers are tied where their maps are added or multiplied. Of a gate behind a concatenation that lost
a branch, those of that branch go, though the gate itself was not edited.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from explorer.edits.channel_labels import RESERVED, ChannelLabels, Labels, label_channels, own_labels
from explorer.graph.architecture import Architecture
from explorer.graph.channel_map import NEW

_MAX_PASSES = 8  # in which layers are made to follow what they are tied to; two are usual where one is not enough


def label_edited(architecture: Architecture, before: ChannelLabels) -> ChannelLabels:
    """Label the channels of an edited snapshot: a layer whose channels are tied to those of an earlier one makes what
    that makes."""
    fixed: dict[str, Labels] = {}
    for _ in range(_MAX_PASSES):
        after = label_channels(architecture, before, fixed)
        following = _follow_ties(after, before, fixed)
        if not following:
            break
        fixed |= following
    return after


def _follow_ties(after: ChannelLabels, before: ChannelLabels, fixed: Mapping[str, Labels]) -> dict[str, Labels]:
    """The labels of layers that do not make what they are tied to, and did when the network was opened."""
    classes, found, owners = before.classes, dict[str, Labels](), None
    reserved = RESERVED - sum(map(len, fixed.values()))
    for one, other in after.ties:
        if (one.tobytes(), other.tobytes()) in before.tie_contents:
            continue
        apart = classes.of(one) != classes.of(other)
        if not apart.any():
            continue
        owners = owners or _Owners(after)
        makers = np.sort([owners.of(one), owners.of(other)], axis=0)
        swapped = makers[0] != owners.of(one)
        earlier, later = np.where(swapped, other, one), np.where(swapped, one, other)
        for maker in np.unique(makers[1][apart & (makers[0] >= 0) & (makers[0] < makers[1])]):
            name, at = owners.names[maker], apart & (makers[1] == maker) & (makers[0] >= 0)
            if name in fixed or name not in before.produced:
                continue
            was_there = np.array([owners.names[first] in before.produced for first in makers[0][at]])
            row, known = found.get(name, after.produced[name]), before.produced[name]
            reserved -= len(row)
            followed = _followed(row, known, earlier[at], later[at], was_there, before, reserved)
            if not np.array_equal(followed, row):
                found[name] = followed
    return found


def _followed(
    row: Labels, known: Labels, earlier: Labels, later: Labels, was_there: Labels, before: ChannelLabels, reserved: int
) -> Labels:
    """The labels of a layer with `later` ones replaced by those of the channels that were tied to `earlier` ones.

    Where these are new (of a layer that `was_there`), so are those tied to them, with labels from `reserved` on.
    """
    counterpart = positions(before.classes.of(earlier), before.classes.of(known))
    was_tied = not np.array_equal(before.classes.of(known), known)
    is_new = (counterpart == NEW) & (own_labels(earlier) >= before.count) & was_there & was_tied
    places, result = positions(later, row), row.copy()
    old = (places != NEW) & (counterpart != NEW)
    result[places[old]] = known[counterpart[old]]
    new = places[(places != NEW) & is_new]
    result[new] = reserved + np.arange(len(new))
    return result


class _Owners:
    """The node that makes each label, as its place among those that make any."""

    def __init__(self, labels: ChannelLabels) -> None:
        self.names = list(labels.produced)
        rows = list(labels.produced.values())
        every = np.concatenate(rows)
        order = np.argsort(every, kind="stable")
        self.labels = every[order]
        self.makers = np.repeat(np.arange(len(rows)), [len(row) for row in rows])[order]

    def of(self, row: Labels) -> Labels:
        """The place of the node that makes each label; -1 for parts of channels."""
        at = np.minimum(np.searchsorted(self.labels, row), len(self.labels) - 1)
        return np.where(self.labels[at] == row, self.makers[at], -1)


def positions(now: Labels, then: Labels) -> Labels:
    """Return where each label is in another row, `NEW` where it is not; of equal ones the first with the first."""
    if not len(then) or not len(now):
        return np.full(len(now), NEW)
    order = np.argsort(then, kind="stable")
    ordered = then[order]
    begin, end = np.searchsorted(ordered, now, "left"), np.searchsorted(ordered, now, "right")
    if np.any(end - begin > 1):
        begin = np.minimum(begin + _occurrences(now), np.maximum(end - 1, begin))
    return np.where(begin < end, order[np.minimum(begin, len(order) - 1)], NEW)


def _occurrences(row: Labels) -> Labels:
    """How often each label stands further left in the row."""
    order = np.argsort(row, kind="stable")
    ordered = row[order]
    found = np.empty(len(row), dtype=np.int64)
    found[order] = np.arange(len(row)) - np.searchsorted(ordered, ordered, "left")
    return found
