"""Equal neighbours as one card: ResNet-50's `layer3.1` to `layer3.5` are "Residual bottleneck × 5".

Equal means equal in every attribute, rates of dropout aside, and in how the ops inside are linked, and one after the
other, each fed by nothing but the one before. A stack is made by structure and only here: edits know nothing of it. Its
id is a `StackId`, which knows its members: edits and the inspector take these as "all of them". A stack counts as
expanded when any of its members was in a stack that was expanded, so it stays so whatever edits take out of it or put
into it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property

from explorer.analysis.analysis import Analysis
from explorer.base.memo import bounded, memoise
from explorer.graph import op_kinds
from explorer.graph.groups import Group
from explorer.viewmodels.card_ids import StackId, card_id_of, members_of

Item = str | Group


@dataclass(frozen=True, eq=False)
class Stack:
    """Two or more equal neighbours."""

    members: tuple[Item, ...]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids of the members."""
        return tuple(_item_id(member) for member in self.members)

    @cached_property
    def id(self) -> StackId:
        """Id of the card that stands for all members."""
        return StackId(self.ids)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes of all members."""
        return tuple(name for member in self.members for name in _item_nodes(member))


def stack_children(analysis: Analysis, group: Group) -> tuple[Item | Stack, ...]:
    """Return the children of a group, equal neighbours as stacks."""
    return memoise(analysis, ("rows", group.id), lambda: tuple(_stack_equal_neighbours(analysis, group)))


def find_stack(analysis: Analysis, id: str) -> Stack | None:
    """Return the stack that a card is in, or that has this id; None when there is none (any more)."""
    first = members_of(id)[0]
    parent = analysis.hierarchy.groups.get(analysis.hierarchy.parent.get(first, "\0"))
    if parent is None:
        return None
    return memoise(analysis, ("stack of", parent.id), lambda: _stacks_by_member(analysis, parent)).get(first)


def _stacks_by_member(analysis: Analysis, group: Group) -> dict[str, Stack]:
    stacks = [row for row in stack_children(analysis, group) if isinstance(row, Stack)]
    return {member: stack for stack in stacks for member in stack.ids}


def is_expanded(stack: Stack, expanded: frozenset[str]) -> bool:
    """Return whether any member was in a stack that was expanded."""
    return not _expanded_stack_members(expanded).isdisjoint(stack.ids)


@bounded(8)
def _expanded_stack_members(expanded: frozenset[str]) -> frozenset[str]:
    """All that are in a stack that was opened."""
    return frozenset(member for id in expanded if isinstance(id, StackId) for member in id.members)


def all_stack_ids(analysis: Analysis) -> frozenset[str]:
    """Return the ids of all stacks: expand them, and every card is shown alone."""
    groups = analysis.hierarchy.groups.values()
    return frozenset(row.id for group in groups for row in stack_children(analysis, group) if isinstance(row, Stack))


def toggle_expanded(analysis: Analysis, expanded: frozenset[str], id: str) -> frozenset[str]:
    """Return the expanded groups after a card is expanded or collapsed."""
    stack = find_stack(analysis, id) if isinstance(id, StackId) else None
    if stack is None:
        return expanded ^ {id}
    return _collapse_stack(expanded, stack) if is_expanded(stack, expanded) else expanded | {stack.id}


def reveal(analysis: Analysis, expanded: frozenset[str], id: str) -> frozenset[str]:
    """Return the expanded groups with those that hide a card."""
    around = {name for name in analysis.hierarchy.ancestors(members_of(id)[0]) if name}
    stacks = {
        stack.id for name in (id, *around) if (stack := find_stack(analysis, name)) and not is_expanded(stack, expanded)
    }
    return expanded | around | (stacks - {id} if isinstance(id, StackId) else stacks)


def find_visible_card(analysis: Analysis, expanded: frozenset[str], id: str) -> str:
    """Return the id of the card that shows a node or group: its own, or that of the group or stack around it."""
    shown = id
    for inner in (id, *analysis.hierarchy.ancestors(id)):
        if inner != id and inner and inner not in expanded:
            shown = inner
        stack = find_stack(analysis, inner)
        if stack is not None and not is_expanded(stack, expanded):
            shown = stack.id
    return shown


def _collapse_stack(expanded: frozenset[str], stack: Stack) -> frozenset[str]:
    """Without the members of a stack; what else was in the same stack once stays open."""
    kept = set[str]()
    for id in expanded:
        rest = tuple(member for member in members_of(id) if member not in stack.ids)
        if not isinstance(id, StackId) or rest == id.members:
            kept.add(id)
        elif len(rest) > 1:
            kept.add(card_id_of(rest))
    return frozenset(kept)


def _stack_equal_neighbours(analysis: Analysis, group: Group) -> Iterator[Item | Stack]:
    run: list[Item] = []
    for child in group.children:
        if run and not _continues_run(analysis, run[-1], child):
            yield from _stack_run(run)
            run = []
        run.append(child)
    yield from _stack_run(run)


def _stack_run(run: list[Item]) -> Iterator[Item | Stack]:
    if len(run) > 1:
        yield Stack(tuple(run))
    else:
        yield from run


def _continues_run(analysis: Analysis, one: Item, two: Item) -> bool:
    """Return whether the second item equals the first and has no input but its output."""
    if len(_item_nodes(one)) != len(_item_nodes(two)) or not _is_same_structure(analysis, one, two):
        return False
    first, second = set(_item_nodes(one)), set(_item_nodes(two))
    nodes, users = analysis.architecture.nodes, analysis.architecture.users
    entering = {read for name in second for read in nodes[name].inputs if read not in second}
    if len(entering) != 1 or not entering <= first:
        return False
    leaving = {user for name in first for user in users[name] if user not in first}
    return leaving <= second


def _is_same_structure(analysis: Analysis, one: Item, two: Item) -> bool:
    """Return whether two items differ in nothing but their names and weights; stops at the first difference."""
    return all(
        a == b for a, b in zip(_op_signatures(analysis, one), _op_signatures(analysis, two), strict=True)
    ) and _group_outline(one) == _group_outline(two)


def _op_signatures(analysis: Analysis, item: Item) -> Iterator[Hashable]:
    names = _item_nodes(item)
    place = {name: number for number, name in enumerate(names)}
    for name in names:
        node, shape = analysis.architecture.nodes[name], analysis.figures.shape(name)
        wires = tuple(place.get(read, -1) for read in node.inputs)
        # Rates of dropout grow with depth in networks whose blocks are alike (EfficientNet's stochastic depth).
        signature = op_kinds.title(node) if op_kinds.kind(node) == "dropout" else node.signature
        yield signature, wires, shape, node.added, node.original is not None


def _group_outline(item: Item) -> Hashable:
    return (item.role, item.class_name, *map(_group_outline, item.children)) if isinstance(item, Group) else ""


def _item_id(item: Item) -> str:
    return item if isinstance(item, str) else item.id


def _item_nodes(item: Item) -> tuple[str, ...]:
    return (item,) if isinstance(item, str) else item.all_nodes
