"""Differences between two networks, layer by layer, and the counterpart of each part.

Two states of one network are matched by the names of their ops, which edits leave as they are. Two networks are aligned
from the outside in: first the stages, then the blocks of matched stages, then their layers, each time as the
order-preserving alignment of the largest similarity (Needleman and Wunsch, J. Mol. Biol. 48(3), 1970). Where names mean
the same in both (one of them edited in another tab, versions of one's own code), the match is taken that leaves fewer
parts alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from explorer.analysis.analysis import Analysis
from explorer.analysis.probes.activation_drift import removed_by_predecessor
from explorer.base import number_format
from explorer.base.languages import join_list, tr, tr_n
from explorer.graph import op_kinds
from explorer.graph.architecture import Architecture
from explorer.graph.groups import Group
from explorer.graph.node import Node
from explorer.graph.ops import Bypass
from explorer.presenters import titles
from explorer.presenters.counterparts import match_groups
from explorer.presenters.layer_settings import layer_settings, setting_changes
from explorer.presenters.search_index import op_attributes
from explorer.presenters.sequence_alignment import align_sequences
from explorer.presenters.titles import join_label

ChangeType = Literal["changed", "added", "removed"]

_MIN_SIMILARITY = 0.25  # two parts that are less alike are not the same part changed
_MIN_SHARED_NAMES = 0.6  # of the ops of the smaller network, for names to mean anything
_MIN_SAME_KIND = 0.8  # of the ops of one name: numbers in a row of layers are names of other layers elsewhere


@dataclass(frozen=True, slots=True)
class Difference:
    """Layer that differs, or a part that only one of the two networks has."""

    change: ChangeType
    location: str  # its path, or its title where it has none
    left_card: str  # id of the card on the left; empty for what was added
    right_card: str  # and on the right; empty for what was removed
    left_text: str  # "Conv 3×3 · 64 → 64"
    right_text: str
    details: str  # "groups 1 → 32, output 64×56×56 → 128×56×56"
    params: int  # more on the right than on the left
    macs: int


@dataclass(frozen=True)
class Differences:
    """All differences between two networks, and which parts correspond."""

    rows: tuple[Difference, ...]  # in execution order
    pairs: Mapping[str, str]  # ops and groups of the left -> those of the right that answer to them
    params: int  # of the whole network, more on the right
    macs: int

    def count(self, what: ChangeType) -> int:
        """Return the number of rows of a type."""
        return sum(row.change == what for row in self.rows)

    @property
    def unmatched_count(self) -> int:
        """The number of parts that only one of the two has."""
        return self.count("added") + self.count("removed")


def compare_with_baseline(baseline: Analysis, edited: Analysis) -> Differences:
    """Return what edits changed in a network; ops correspond when their names are equal."""
    return _build_differences(baseline, edited, _NameComparison(baseline, edited))


def compare_networks(left: Analysis, right: Analysis) -> Differences:
    """Return the differences between two networks: matched by structure, or by names where these mean the same."""
    found = _build_differences(left, right, _StructureComparison(left, right))
    if found.unmatched_count and _have_same_names(left.architecture, right.architecture):
        return min(compare_with_baseline(left, right), found, key=lambda matched: matched.unmatched_count)
    return found


class _ComparisonBuilder:
    """Rows and pairs while they are being collected."""

    def __init__(self, left: Analysis, right: Analysis) -> None:
        self.left, self.right = left, right
        self.rows: list[Difference] = []
        self.pairs: dict[str, str] = {}

    def match_ops(self, left: str, right: str) -> None:
        """Two ops that answer to each other: a row if they differ."""
        self.pairs[left] = right
        old, new = self.left.architecture.nodes[left], self.right.architecture.nodes[right]
        was, now = _cost(self.left, left), _cost(self.right, right)
        same = op_kinds.title(old) == op_kinds.title(new) and _off_state(old) == _off_state(new)
        if same and was == now and layer_settings(old) == layer_settings(new):
            return
        details = join_list(_changes(self.left, self.right, old, new))
        params, macs = now[0] - was[0], now[1] - was[1]
        self.rows.append(Difference("changed", right, left, right, _op_text(old), _op_text(new), details, params, macs))

    def add_unmatched(self, item: str | Group, analysis: Analysis) -> None:
        """An op or a group that only one of the two has."""
        id = item if isinstance(item, str) else item.id
        params, macs = _cost(analysis, item)
        if isinstance(item, str):
            place, words = item, _op_text(analysis.architecture.nodes[item])
        else:
            place, words = item.path or titles.group_title(analysis, item), _group_text(analysis, item)
        if analysis is self.right:
            self.rows.append(Difference("added", place, "", id, "", words, _output_text(analysis, item), params, macs))
        else:
            self.rows.append(
                Difference("removed", place, id, "", words, "", _output_text(analysis, item), -params, -macs)
            )


class _NameComparison(_ComparisonBuilder):
    def __init__(self, left: Analysis, right: Analysis) -> None:
        super().__init__(left, right)
        old, new = left.hierarchy, right.hierarchy
        known = set(old.root.nodes)
        self.pairs = match_groups(left, right)
        gone = removed_by_predecessor(old.root.nodes, set(new.root.nodes))
        lost = {id: list(_outermost(left, names)) for id, names in gone.items()}
        added = {_first_node(item): item for item in _outermost(right, [n for n in new.root.nodes if n not in known])}
        for item in lost.get("", []):
            self.add_unmatched(item, left)
        for name in new.root.nodes:
            if name in known:
                self.match_ops(name, name)
            elif name in added:
                self.add_unmatched(added[name], right)
            for item in lost.get(name, []):
                self.add_unmatched(item, left)


class _StructureComparison(_ComparisonBuilder):
    def __init__(self, left: Analysis, right: Analysis) -> None:
        super().__init__(left, right)
        self._op_counts: dict[tuple[bool, str], Counter[tuple[str, str]]] = {}
        self.match_parts(left.hierarchy.root, right.hierarchy.root)

    def match_parts(self, a: str | Group, b: str | Group) -> None:
        """Two parts answer to each other, whatever is in them."""
        self.pairs[_item_id(a)] = _item_id(b)
        self.align_children(_children(a), _children(b))
        was, now = (item.hidden if isinstance(item, Group) else () for item in (a, b))
        before, after = self.left.figures.sum(was).params, self.right.figures.sum(now).params
        if before != after:  # class tokens, positions, layer scales: read by the code, drawn nowhere
            old, new = (
                tr("{count} trained parameters", count=number_format.format_exact(count)) for count in (before, after)
            )
            self.rows.append(
                Difference("changed", _item_id(b), _item_id(a), _item_id(b), old, new, "", after - before, 0)
            )

    def align_children(self, left: tuple[str | Group, ...], right: tuple[str | Group, ...]) -> None:
        for a, b in align_sequences(left, right, self.similarity, _MIN_SIMILARITY):
            if b is None:
                assert a is not None
                self.add_unmatched(a, self.left)
            elif a is None:
                self.add_unmatched(b, self.right)
            elif isinstance(a, str) and isinstance(b, str):
                self.match_ops(a, b)
            else:
                self.match_parts(a, b)

    def similarity(self, a: str | Group, b: str | Group) -> float:
        """Return a similarity from 0 (nothing in common) to 1 (equal)."""
        if isinstance(a, str) and isinstance(b, str):
            return _op_similarity(self.left.architecture.nodes[a], self.right.architecture.nodes[b])
        if isinstance(a, str) or isinstance(b, str):
            group = b if isinstance(a, str) else a
            unit = isinstance(group, Group) and group.role == "unit"
            return 0.8 * max(self.similarity(x, y) for x in _children(a) for y in _children(b)) if unit else 0.0
        mine, other = self.op_counts(a, self.left), self.op_counts(b, self.right)
        shared = 2 * (mine & other).total() / (mine.total() + other.total())
        named = titles.group_title(self.left, a) == titles.group_title(self.right, b)
        return 0.6 * shared + (0.25 if a.role == b.role else 0) + (0.15 if named else 0)

    def op_counts(self, group: Group, analysis: Analysis) -> Counter[tuple[str, str]]:
        """How many there are of each kind of op, and of each title."""
        key = (analysis is self.left, group.id)
        if key not in self._op_counts:
            nodes = [analysis.architecture.nodes[name] for name in group.nodes]
            found = Counter((op_kinds.kind(node), "") for node in nodes)
            self._op_counts[key] = found + Counter((op_kinds.kind(n), op_kinds.title(n)) for n in nodes)
        return self._op_counts[key]


def _build_differences(left: Analysis, right: Analysis, builder: _ComparisonBuilder) -> Differences:
    was, now = left.figures.total, right.figures.total
    return Differences(tuple(builder.rows), builder.pairs, now.params - was.params, now.macs - was.macs)


# by names


def _have_same_names(left: Architecture, right: Architecture) -> bool:
    shared = left.nodes.keys() & right.nodes.keys()
    alike = sum(_is_same_kind(left.nodes[name], right.nodes[name]) for name in shared)
    enough = len(shared) >= _MIN_SHARED_NAMES * min(len(left.nodes), len(right.nodes))
    return enough and alike >= _MIN_SAME_KIND * len(shared)


def _outermost(analysis: Analysis, names: list[str]) -> Iterator[str | Group]:
    """The ops, with those that make up whole groups as these groups."""
    wanted = set(names)

    def walk(group: Group) -> Iterator[str | Group]:
        for child in group.children:
            if isinstance(child, str):
                if child in wanted:
                    yield child
            elif wanted.issuperset(child.nodes):
                yield child
            elif not wanted.isdisjoint(child.nodes):
                yield from walk(child)

    return walk(analysis.hierarchy.root)


# parts


def _item_id(item: str | Group) -> str:
    return item if isinstance(item, str) else item.id


def _first_node(item: str | Group) -> str:
    return item if isinstance(item, str) else item.nodes[0]


def _children(item: str | Group) -> tuple[str | Group, ...]:
    return (item,) if isinstance(item, str) else item.children


def _is_same_kind(a: Node, b: Node) -> bool:
    kinds = {op_kinds.kind(a), op_kinds.kind(b)}
    return len(kinds) == 1 or kinds == {"conv", "depthwise"}


def _op_similarity(a: Node, b: Node) -> float:
    if not _is_same_kind(a, b):
        return 0.0
    named = 0.25 if op_kinds.title(a) == op_kinds.title(b) else 0.0
    return 0.5 + named + (0.25 if op_attributes(a) == op_attributes(b) else 0.0)


# words


def _op_text(node: Node) -> str:
    title = join_label(node) or op_kinds.label(node)
    if _off_state(node) == "off":
        return tr("{layer} off", layer=title)
    return " · ".join(filter(None, (title, op_attributes(node))))


def _group_text(analysis: Analysis, group: Group) -> str:
    count = tr_n("{n} op", "{n} ops", len(group.nodes))
    return f"{titles.group_title(analysis, group)} · {count}"


def _off_state(node: Node) -> str:
    return "off" if isinstance(node.op, Bypass) and op_kinds.activation_name(node) is None else ""


def _changes(left: Analysis, right: Analysis, old: Node, new: Node) -> Iterator[str]:
    yield from setting_changes(old, new)
    before, after = _output_text(left, old.name), _output_text(right, new.name)
    if before != after:
        yield tr("output {before} → {after}", before=before or tr("none"), after=after or tr("none"))


def _output_text(analysis: Analysis, item: str | Group) -> str:
    shape = analysis.figures.shape(item if isinstance(item, str) else item.nodes[-1])
    return str(shape) if shape is not None else ""


def _cost(analysis: Analysis, item: str | Group) -> tuple[int, int]:
    total = analysis.figures.sum((item,) if isinstance(item, str) else item.all_nodes)
    return total.params, total.macs


__all__ = ["Difference", "Differences", "compare_networks", "compare_with_baseline"]
