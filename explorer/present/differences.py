"""What differs between two networks, layer by layer, and which part of one answers to which of the other.

Two states of one network are told apart by the names of their ops, which edits leave as they are. Two networks are laid
beside each other from the outside in: first the stages, then the blocks of two stages that answer to each other, then
their layers, each time so that what is alike meets, in order (Needleman and Wunsch, J. Mol. Biol. 48(3), 1970).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from explorer import numbers
from explorer.analysis.study import Study
from explorer.graph import vocabulary
from explorer.graph.architecture import Node, Pass
from explorer.graph.groups import Group
from explorer.present import titles
from explorer.present.alignment import aligned
from explorer.present.places import attributes_of

What = Literal["changed", "added", "removed"]

_WORDS = {"add": "Addition", "concat": "Concatenation", "multiply": "Multiplication"}
_LEAST = 0.25  # two parts that are less alike are not the same part changed


@dataclass(frozen=True, slots=True)
class Difference:
    """One layer that differs, or a part that only one of the two has."""

    what: What
    place: str  # its path, or its title where it has none
    left: str  # id of the card on the left; empty for what was added
    right: str  # and on the right; empty for what was removed
    was: str  # "Conv 3×3 · 64 → 64"
    now: str
    details: str  # "groups 1 → 32, output 64×56×56 → 128×56×56"
    params: int  # more on the right than on the left
    macs: int


@dataclass(frozen=True)
class Differences:
    rows: tuple[Difference, ...]  # in execution order
    pairs: Mapping[str, str]  # ops and groups of the left -> those of the right that answer to them
    params: int  # of the whole network, more on the right
    macs: int

    def count(self, what: What) -> int:
        return sum(row.what == what for row in self.rows)


def since_baseline(before: Study, after: Study) -> Differences:
    """What edits have made of a network: ops are the same when their names are."""
    return _finished(before, after, _ByNames(before, after))


def between(left: Study, right: Study) -> Differences:
    """What differs between two networks that may have nothing in common but their structure."""
    return _finished(left, right, _ByStructure(left, right))


class _Comparison:
    """Rows and pairs while they are being collected."""

    def __init__(self, left: Study, right: Study) -> None:
        self.left, self.right = left, right
        self.rows: list[Difference] = []
        self.pairs: dict[str, str] = {}

    def pair(self, left: str, right: str) -> None:
        """Two ops that answer to each other: a row if they differ."""
        self.pairs[left] = right
        old, new = self.left.architecture.nodes[left], self.right.architecture.nodes[right]
        was, now = _cost(self.left, left), _cost(self.right, right)
        same = vocabulary.title(old) == vocabulary.title(new) and _state(old) == _state(new)
        if same and was == now and _settings(old) == _settings(new):
            return
        details = ", ".join(_details(self.left, self.right, old, new))
        params, macs = now[0] - was[0], now[1] - was[1]
        self.rows.append(Difference("changed", right, left, right, _words(old), _words(new), details, params, macs))

    def alone(self, item: str | Group, study: Study) -> None:
        """An op or a group that only one of the two has."""
        id = item if isinstance(item, str) else item.id
        params, macs = _cost(study, item)
        if isinstance(item, str):
            place, words = item, _words(study.architecture.nodes[item])
        else:
            place, words = item.path or titles.title(study, item), _group_words(study, item)
        if study is self.right:
            self.rows.append(Difference("added", place, "", id, "", words, _output(study, item), params, macs))
        else:
            self.rows.append(Difference("removed", place, id, "", words, "", _output(study, item), -params, -macs))


class _ByNames(_Comparison):
    def __init__(self, left: Study, right: Study) -> None:
        super().__init__(left, right)
        old, new = left.hierarchy, right.hierarchy
        known = set(old.root.nodes)
        self.pairs = {id: id for id in old.groups if id in new.groups}
        gone = _removed_after(old.root.nodes, set(new.root.nodes))
        lost = {id: list(_outermost(left, names)) for id, names in gone.items()}
        added = {_first(item): item for item in _outermost(right, [n for n in new.root.nodes if n not in known])}
        for item in lost.get("", []):
            self.alone(item, left)
        for name in new.root.nodes:
            if name in known:
                self.pair(name, name)
            elif name in added:
                self.alone(added[name], right)
            for item in lost.get(name, []):
                self.alone(item, left)


class _ByStructure(_Comparison):
    def __init__(self, left: Study, right: Study) -> None:
        super().__init__(left, right)
        self._profiles: dict[tuple[bool, str], Counter[tuple[str, str]]] = {}
        self.answer(left.hierarchy.root, right.hierarchy.root)

    def answer(self, a: str | Group, b: str | Group) -> None:
        """Two parts answer to each other, whatever is in them."""
        self.pairs[_id(a)] = _id(b)
        self.meet(_inside(a), _inside(b))
        was, now = (item.hidden if isinstance(item, Group) else () for item in (a, b))
        before, after = self.left.figures.sum(was).params, self.right.figures.sum(now).params
        if before != after:  # class tokens, positions, layer scales: read by the code, drawn nowhere
            old, new = (f"{numbers.exact(count)} trained constants" for count in (before, after))
            self.rows.append(Difference("changed", _id(b), _id(a), _id(b), old, new, "", after - before, 0))

    def meet(self, left: tuple[str | Group, ...], right: tuple[str | Group, ...]) -> None:
        for a, b in aligned(left, right, self.likeness, _LEAST):
            if b is None:
                assert a is not None
                self.alone(a, self.left)
            elif a is None:
                self.alone(b, self.right)
            elif isinstance(a, str) and isinstance(b, str):
                self.pair(a, b)
            else:
                self.answer(a, b)

    def likeness(self, a: str | Group, b: str | Group) -> float:
        """From 0 (nothing in common) to 1 (the same)."""
        if isinstance(a, str) and isinstance(b, str):
            return _likeness(self.left.architecture.nodes[a], self.right.architecture.nodes[b])
        if isinstance(a, str) or isinstance(b, str):
            group = b if isinstance(a, str) else a
            unit = isinstance(group, Group) and group.role == "unit"
            return 0.8 * max(self.likeness(x, y) for x in _inside(a) for y in _inside(b)) if unit else 0.0
        mine, other = self.profile(a, self.left), self.profile(b, self.right)
        shared = 2 * (mine & other).total() / (mine.total() + other.total())
        named = titles.title(self.left, a) == titles.title(self.right, b)
        return 0.6 * shared + (0.25 if a.role == b.role else 0) + (0.15 if named else 0)

    def profile(self, group: Group, study: Study) -> Counter[tuple[str, str]]:
        """How many there are of each kind of op, and of each title."""
        key = (study is self.left, group.id)
        if key not in self._profiles:
            nodes = [study.architecture.nodes[name] for name in group.nodes]
            found = Counter((vocabulary.kind(node), "") for node in nodes)
            self._profiles[key] = found + Counter((vocabulary.kind(n), vocabulary.title(n)) for n in nodes)
        return self._profiles[key]


def _finished(left: Study, right: Study, found: _Comparison) -> Differences:
    was, now = left.figures.total, right.figures.total
    return Differences(tuple(found.rows), found.pairs, now.params - was.params, now.macs - was.macs)


# by names


def _removed_after(old: tuple[str, ...], kept: set[str]) -> dict[str, list[str]]:
    """Ops that are gone, by the last op before them that is not."""
    found: dict[str, list[str]] = {}
    last = ""
    for name in old:
        if name in kept:
            last = name
        else:
            found.setdefault(last, []).append(name)
    return found


def _outermost(study: Study, names: list[str]) -> Iterator[str | Group]:
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

    return walk(study.hierarchy.root)


# parts


def _id(item: str | Group) -> str:
    return item if isinstance(item, str) else item.id


def _first(item: str | Group) -> str:
    return item if isinstance(item, str) else item.nodes[0]


def _inside(item: str | Group) -> tuple[str | Group, ...]:
    return (item,) if isinstance(item, str) else item.children


def _likeness(a: Node, b: Node) -> float:
    kinds = {vocabulary.kind(a), vocabulary.kind(b)}
    if len(kinds) > 1 and kinds != {"conv", "depthwise"}:
        return 0.0
    named = 0.25 if vocabulary.title(a) == vocabulary.title(b) else 0.0
    return 0.5 + named + (0.25 if attributes_of(a) == attributes_of(b) else 0.0)


# words


def _words(node: Node) -> str:
    title = _WORDS.get(vocabulary.kind(node), vocabulary.title(node))
    if _state(node) == "off":
        return f"{title} off"
    return " · ".join(filter(None, (title, attributes_of(node))))


def _group_words(study: Study, group: Group) -> str:
    count = len(group.nodes)
    return f"{titles.title(study, group)} · {count} op{'s' if count > 1 else ''}"


def _state(node: Node) -> str:
    return "off" if isinstance(node.op, Pass) and vocabulary.activation(node) is None else ""


def _details(left: Study, right: Study, old: Node, new: Node) -> Iterator[str]:
    was, now = _settings(old), _settings(new)
    if type(old.layer) is type(new.layer):
        for name in dict.fromkeys((*was, *now)):
            if was.get(name) != now.get(name):
                yield f"{name} {was.get(name, 'none')} → {now.get(name, 'none')}"
    before, after = _output(left, old.name), _output(right, new.name)
    if before != after:
        yield f"output {before or 'none'} → {after or 'none'}"


_SHORT = {
    "in_channels": "in",
    "out_channels": "out",
    "in_features": "in",
    "out_features": "out",
    "kernel_size": "kernel",
    "num_features": "channels",
    "num_channels": "channels",
    "output_size": "size",
}


def _settings(node: Node) -> dict[str, str]:
    """What a layer was told, by name."""
    layer = node.layer
    if layer is None:
        return {}
    told = {name: value for name, value in vars(layer).items() if not name.startswith("_")}
    found = {
        _SHORT.get(name, name): _said(value)
        for name, value in told.items()
        if name not in ("training", "inplace") and isinstance(value, (bool, int, float, str, tuple))
    }
    if "bias" in layer._parameters:
        found["bias"] = "no" if layer._parameters["bias"] is None else "yes"
    return found


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return "×".join(map(_said, value)) if len(set(value)) > 1 else _said(value[0]) if value else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _output(study: Study, item: str | Group) -> str:
    shape = study.figures.shape(item if isinstance(item, str) else item.nodes[-1])
    return str(shape) if shape is not None else ""


def _cost(study: Study, item: str | Group) -> tuple[int, int]:
    total = study.figures.sum((item,) if isinstance(item, str) else item.all_nodes)
    return total.params, total.macs


__all__ = ["Difference", "Differences", "between", "since_baseline"]
