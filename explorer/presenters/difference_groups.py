"""Differences between two networks by the block that they are in, for a list that folds."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.analysis import Analysis
from explorer.presenters.differences import Difference, Differences
from explorer.presenters.search_index import card_title

_ROLES = frozenset({"stem", "stage", "block", "head"})


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """Differences in one block, or in a stage beside its blocks."""

    title: str  # "Residual block · layer1.0"; empty for what is in neither
    left_card: str  # the block on the left; empty where only the right has it
    right_card: str
    rows: tuple[Difference, ...]  # in execution order

    @property
    def params(self) -> int:
        """Parameters more on the right than on the left."""
        return sum(row.params for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-adds more on the right than on the left."""
        return sum(row.macs for row in self.rows)


def group_differences(differences: Differences, left: Analysis, right: Analysis) -> tuple[DifferenceGroup, ...]:
    """Return the differences by the block around them, in the order of the first of each. Every one is in one group."""
    back = {there: here for here, there in differences.pairs.items()}
    found: dict[tuple[str, str], list[Difference]] = {}
    for row in differences.rows:
        if row.right_card:
            block = _block_around(right, row.right_card)
            key = (back.get(block, ""), block)
        else:
            block = _block_around(left, row.left_card)
            key = (block, differences.pairs.get(block, ""))
        found.setdefault(key, []).append(row)
    return tuple(
        DifferenceGroup(_title(right, there) or _title(left, here), here, there, tuple(rows))
        for (here, there), rows in found.items()
    )


def _block_around(analysis: Analysis, id: str) -> str:
    """The innermost block, stage, stem or head that a part is in; empty for none."""
    groups = analysis.hierarchy.groups
    around = (name for name in analysis.hierarchy.ancestors(id) if name in groups)
    return next((name for name in around if groups[name].role in _ROLES), "")


def _title(analysis: Analysis, id: str) -> str:
    if id not in analysis.hierarchy.groups:
        return ""
    title, path = card_title(analysis, id), analysis.hierarchy.groups[id].path
    return f"{title} · {path}" if path and path != title else title
