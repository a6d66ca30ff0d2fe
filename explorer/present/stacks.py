"""Equal neighbours as one card: ResNet-50's `layer3.1` to `layer3.5` are "Residual bottleneck × 5".

Equal means equal in every attribute and in how the ops inside are linked, and one after the other, each fed by nothing
but the one before. A stack is made by structure and only here: edits know nothing of it. Its id is that of its members,
separated by commas, which is what edits and the inspector take as "all of these". A stack counts as open when any of
its members was in a stack that was opened, so it stays open whatever edits take out of it or put into it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from explorer.analysis.study import Study
from explorer.graph.groups import Group
from explorer.graph.remembered import remembered

Item = str | Group


@dataclass(frozen=True, eq=False)
class Stack:
    """Two or more equal neighbours."""

    members: tuple[Item, ...]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(_id(member) for member in self.members)

    @cached_property
    def id(self) -> str:
        return ",".join(self.ids)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(name for member in self.members for name in _nodes(member))


def rows(study: Study, group: Group) -> tuple[Item | Stack, ...]:
    """What a group holds, with equal neighbours stacked."""
    return remembered(study, ("rows", group.id), lambda: tuple(_stacked(study, group)))


def stack_of(study: Study, id: str) -> Stack | None:
    """The stack that a card is in, or that has this id; None when there is none (any more)."""
    first = id.split(",")[0]
    parent = study.hierarchy.groups.get(study.hierarchy.parent.get(first, "\0"))
    if parent is None:
        return None
    return remembered(study, ("stack of", parent.id), lambda: _by_member(study, parent)).get(first)


def _by_member(study: Study, group: Group) -> dict[str, Stack]:
    stacks = [row for row in rows(study, group) if isinstance(row, Stack)]
    return {member: stack for stack in stacks for member in stack.ids}


def is_open(stack: Stack, opened: frozenset[str]) -> bool:
    return not _in_stacks(opened).isdisjoint(stack.ids)


@lru_cache(maxsize=8)
def _in_stacks(opened: frozenset[str]) -> frozenset[str]:
    """All that are in a stack that was opened."""
    return frozenset(member for id in opened if "," in id for member in id.split(","))


def all_stacks(study: Study) -> frozenset[str]:
    """Ids of all stacks: what to open so that every card is seen alone."""
    groups = study.hierarchy.groups.values()
    return frozenset(row.id for group in groups for row in rows(study, group) if isinstance(row, Stack))


def toggled(study: Study, opened: frozenset[str], id: str) -> frozenset[str]:
    """The open groups after a folded card unfolds or an open one folds."""
    stack = stack_of(study, id) if "," in id else None
    if stack is None:
        return opened ^ {id}
    return _folded(opened, stack) if is_open(stack, opened) else opened | {stack.id}


def revealed(study: Study, opened: frozenset[str], id: str) -> frozenset[str]:
    """The open groups with those that hide a card."""
    around = {name for name in study.hierarchy.ancestors(id.split(",")[0]) if name}
    stacks = {stack.id for name in (id, *around) if (stack := stack_of(study, name)) and not is_open(stack, opened)}
    return opened | around | (stacks if "," not in id else stacks - {id})


def shown_on(study: Study, opened: frozenset[str], id: str) -> str:
    """The card that shows a node or group: its own, or that of the folded group or stack it is in."""
    shown = id
    for inner in (id, *study.hierarchy.ancestors(id)):
        if inner != id and inner and inner not in opened:
            shown = inner
        stack = stack_of(study, inner)
        if stack is not None and not is_open(stack, opened):
            shown = stack.id
    return shown


def _folded(opened: frozenset[str], stack: Stack) -> frozenset[str]:
    """Without the members of a stack; what else was in the same stack once stays open."""
    kept = set()
    for id in opened:
        rest = [member for member in id.split(",") if member not in stack.ids]
        if "," not in id or len(rest) == id.count(",") + 1:
            kept.add(id)
        elif len(rest) > 1:
            kept.add(",".join(rest))
    return frozenset(kept)


def _stacked(study: Study, group: Group) -> Iterator[Item | Stack]:
    run: list[Item] = []
    for child in group.children:
        if run and not _continues(study, run[-1], child):
            yield from _row(run)
            run = []
        run.append(child)
    yield from _row(run)


def _row(run: list[Item]) -> Iterator[Item | Stack]:
    if len(run) > 1:
        yield Stack(tuple(run))
    else:
        yield from run


def _continues(study: Study, one: Item, two: Item) -> bool:
    """Is the second the same as the first, and fed by it alone?"""
    if len(_nodes(one)) != len(_nodes(two)) or not _alike(study, one, two):
        return False
    first, second = set(_nodes(one)), set(_nodes(two))
    nodes, users = study.architecture.nodes, study.architecture.users
    entering = {read for name in second for read in nodes[name].inputs if read not in second}
    if len(entering) != 1 or not entering <= first:
        return False
    leaving = {user for name in first for user in users[name] if user not in first}
    return leaving <= second


def _alike(study: Study, one: Item, two: Item) -> bool:
    """Can the two not be told apart but by their names and weights? The first difference settles it."""
    return all(a == b for a, b in zip(_ops(study, one), _ops(study, two), strict=True)) and _outline(one) == _outline(
        two
    )


def _ops(study: Study, item: Item) -> Iterator[Hashable]:
    names = _nodes(item)
    place = {name: number for number, name in enumerate(names)}
    for name in names:
        node, shape = study.architecture.nodes[name], study.figures.shape(name)
        wires = tuple(place.get(read, -1) for read in node.inputs)
        yield node.signature, wires, shape, node.added, node.was is not None


def _outline(item: Item) -> Hashable:
    return (item.role, item.cls, *map(_outline, item.children)) if isinstance(item, Group) else ""


def _id(item: Item) -> str:
    return item if isinstance(item, str) else item.id


def _nodes(item: Item) -> tuple[str, ...]:
    return (item,) if isinstance(item, str) else item.all_nodes
